//! The files of messages, which stay with the platforms until somebody asks for them (SPEC F13).

use super::FailureClass;
use crate::{PortError, chat::message::Attachment, connector::Connector};
use async_trait::async_trait;
use std::time::Duration;

/// The largest stretch of a file that is read at once, in bytes. An answer of AWS Lambda has at most 6 MB,
/// in base64 (AWS Lambda Developer Guide, Quotas).
pub const FILE_RANGE_MAX: usize = 4 * 1024 * 1024;

/// The stretch of a file that is wanted (RFC 9110 §14.1.2). No more than [`FILE_RANGE_MAX`] bytes are read,
/// whatever it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileRange {
    /// The whole file, or nothing if it is longer than [`FILE_RANGE_MAX`].
    Whole,
    /// From this byte on.
    From {
        /// The position of the first byte, from 0.
        first: u64,
        /// The position of the last byte; `None` for the end of the file.
        last: Option<u64>,
    },
    /// This many bytes at the end, at least one.
    Last(u64),
}

impl FileRange {
    /// Reads the value of a `Range` header. `None` if it is malformed, in another unit than bytes or has
    /// several ranges; a server may answer such a call as if it had no `Range` (RFC 9110 §14.2).
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let (unit, range) = header.split_once('=')?;
        let (first, last) = range.trim().split_once('-')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        match (first, last) {
            ("", last) => position(last).filter(|length| *length > 0).map(Self::Last),
            (first, "") => Some(Self::From {
                first: position(first)?,
                last: None,
            }),
            (first, last) => {
                let (first, last) = (position(first)?, position(last)?);
                let last = Some(last);
                (Some(first) <= last).then_some(Self::From { first, last })
            }
        }
    }

    /// The range as a platform is asked for it, no longer than [`FILE_RANGE_MAX`]; `None` for the whole file.
    #[must_use]
    pub fn header(&self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::From { first, last } => {
                let most = first.saturating_add(RANGE_MAX - 1);
                let last = last.map_or(most, |last| last.min(most));
                Some(format!("bytes={first}-{last}"))
            }
            Self::Last(length) => Some(format!("bytes=-{}", length.min(&RANGE_MAX))),
        }
    }

    /// The position of the first byte and the number of bytes that are read of a file with this size. `None`
    /// if the position needs the size, and the size is unknown.
    #[must_use]
    pub fn stretch(&self, size: Option<u64>) -> Option<(u64, usize)> {
        match self {
            Self::Whole => Some((0, FILE_RANGE_MAX)),
            Self::From { first, last } => {
                let asked = last.map_or(RANGE_MAX, |last| {
                    last.saturating_sub(*first).saturating_add(1)
                });
                let length = usize::try_from(asked).unwrap_or(FILE_RANGE_MAX);
                Some((*first, length.min(FILE_RANGE_MAX)))
            }
            Self::Last(length) => {
                let length = (*length).min(RANGE_MAX);
                let first = size?.saturating_sub(length);
                Some((first, usize::try_from(length).unwrap_or(FILE_RANGE_MAX)))
            }
        }
    }
}

/// [`FILE_RANGE_MAX`] as a position in a file.
const RANGE_MAX: u64 = 4 * 1024 * 1024;

fn position(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

/// A query for a file.
#[derive(Debug, Clone, Copy)]
pub struct FileQuery<'a> {
    /// The file.
    pub attachment: &'a Attachment,
    /// The address for calls about the conversation, where the platform named one (Teams).
    pub reply_url: Option<&'a str>,
    /// The stretch that is wanted.
    pub range: FileRange,
}

/// A stretch of a file. Its `Debug` hides the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct FilePart {
    /// The position of the first byte in the file.
    pub first: u64,
    /// The bytes; there are none only if the whole file is empty.
    pub bytes: Vec<u8>,
    /// The size of the whole file, if the platform tells it.
    pub size: Option<u64>,
    /// The media type, as the platform states it with the content.
    pub media_type: Option<String>,
}

impl std::fmt::Debug for FilePart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilePart")
            .field("first", &self.first)
            .field("bytes", &self.bytes.len())
            .field("size", &self.size)
            .field("media_type", &self.media_type)
            .finish()
    }
}

/// The outcome of a query for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileOutcome {
    /// The platform gave the stretch.
    Read(FilePart),
    /// The file is too long to be read at once.
    TooLong {
        /// The size of the file, if the platform tells it.
        size: Option<u64>,
    },
    /// The file ends before the range begins.
    OutOfRange {
        /// The size of the file, if the platform tells it.
        size: Option<u64>,
    },
    /// The platform does not give this file to a bot, or no longer.
    Gone {
        /// The platform's own reason.
        reason: String,
    },
    /// The platform does not give files of this size to a bot.
    TooLarge {
        /// The platform's own reason.
        reason: String,
    },
    /// Try again.
    Retry {
        /// The wait that the platform asked for, if any.
        after: Option<Duration>,
        /// The platform's own reason.
        reason: String,
    },
    /// The platform refused the call.
    Failed {
        /// The part at fault.
        class: FailureClass,
        /// The platform's own reason.
        reason: String,
    },
}

/// Reads files from the chat platforms.
#[async_trait]
pub trait FileReader: Send + Sync {
    /// Reads a stretch of a file, with the connector's credentials. Fails when these cannot be opened.
    async fn read_file(
        &self,
        connector: &Connector,
        query: FileQuery<'_>,
    ) -> Result<FileOutcome, PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(first: u64, last: Option<u64>) -> FileRange {
        FileRange::From { first, last }
    }

    #[test]
    fn a_range_is_read_in_each_of_its_three_forms() {
        for (header, expected) in [
            ("bytes=0-499", from(0, Some(499))),
            ("bytes=500-", from(500, None)),
            ("bytes=7-7", from(7, Some(7))),
            ("bytes=-500", FileRange::Last(500)),
            ("Bytes = 0-1 ", from(0, Some(1))),
            ("bytes=0-18446744073709551615", from(0, Some(u64::MAX))),
        ] {
            assert_eq!(FileRange::parse(header), Some(expected), "{header}");
        }
    }

    #[test]
    fn a_range_that_is_none_or_more_than_one_is_ignored() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=-0",
            "bytes=5-4",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=0-1,3-4",
            "bytes=1",
            "bytes=0-1-2",
            "items=0-1",
            "bytes=18446744073709551616-",
        ] {
            assert_eq!(FileRange::parse(header), None, "{header}");
        }
    }

    #[test]
    fn no_platform_is_asked_for_more_than_is_read_at_once() {
        for (range, header, stretch) in [
            (FileRange::Whole, None, (0, FILE_RANGE_MAX)),
            (from(0, Some(9)), Some("bytes=0-9"), (0, 10)),
            (from(5, None), Some("bytes=5-4194308"), (5, FILE_RANGE_MAX)),
            (
                from(0, Some(u64::MAX)),
                Some("bytes=0-4194303"),
                (0, FILE_RANGE_MAX),
            ),
            (FileRange::Last(10), Some("bytes=-10"), (90, 10)),
            (FileRange::Last(1000), Some("bytes=-1000"), (0, 1000)),
            (
                FileRange::Last(u64::MAX),
                Some("bytes=-4194304"),
                (0, FILE_RANGE_MAX),
            ),
        ] {
            assert_eq!(range.header().as_deref(), header, "{range:?}");
            assert_eq!(range.stretch(Some(100)), Some(stretch), "{range:?}");
        }
        assert_eq!(FileRange::Last(10).stretch(None), None);
        assert_eq!(
            from(u64::MAX, None).stretch(None),
            Some((u64::MAX, FILE_RANGE_MAX))
        );
    }

    #[test]
    fn the_bytes_of_a_file_are_not_shown() {
        let part = FilePart {
            first: 0,
            bytes: b"canary".to_vec(),
            size: Some(6),
            media_type: None,
        };
        assert!(format!("{part:?}").contains("bytes: 6"));
        assert!(!format!("{part:?}").contains("canary"));
    }
}
