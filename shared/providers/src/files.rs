//! The files of messages: where each is at its platform, and the meaning of what comes from there.
//!
//! [`FileProvider::file`] names calls, as sending does, until it knows where the content is. The caller
//! fetches that, with a limit on its size that no other call needs, and asks what the answer means:
//!
//! ```text
//! let source = loop {
//!     match provider.file(&query, &credentials, &so_far) {
//!         NextCall::Call(call) => so_far.push(make(call).await),
//!         NextCall::Done(Ok(source)) => break source,
//!         NextCall::Done(Err(outcome)) => return outcome,
//!     }
//! };
//! provider.content(&query, fetch(source, query.range).await)
//! ```

use crate::{
    outgoing::{CallError, CallResult, ChatProvider, NextCall, OutgoingCall, RETRY_AFTER_MAX},
    reason::clean_reason,
    webhook::Credentials,
};
use async_trait::async_trait;
use std::time::Duration;
use vestibule_domain::{
    ports::{FailureClass, FileOutcome, FilePart, FileQuery, FileRange},
    secret::Secret,
};

/// The files of one chat platform.
pub trait FileProvider: ChatProvider {
    /// Returns the next call that finds the file, or where it is. MUST terminate, and MUST NOT let
    /// credentials go to an address that is not the platform's: addresses in messages are a stranger's
    /// words.
    fn file(
        &self,
        query: &FileQuery<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<Result<FileSource, FileOutcome>>;

    /// Whether a redirect from the content's address leads to the content. It is followed without
    /// credentials.
    fn redirects(&self) -> bool {
        false
    }

    /// Says what an answer with content, or the lack of one, means.
    fn content(&self, query: &FileQuery<'_>, fetched: Fetched) -> FileOutcome {
        content(query, fetched)
    }
}

/// The place of a file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileSource {
    /// At the platform's API, which wants credentials.
    Call(OutgoingCall),
    /// At an address that is its own proof, so that it counts as secret. The transport makes the call only
    /// if the address is public, or that of a platform's API.
    Address(Secret),
}

/// The port through which content is fetched.
#[async_trait]
pub trait FileTransport: Send + Sync {
    /// Fetches a stretch of a file, and reads no more than that into memory. MUST NOT follow redirects, and
    /// MUST limit the time.
    async fn fetch(&self, source: FileSource, range: FileRange) -> Fetched;
}

/// The result of a fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The platform gave the stretch.
    Part(FilePart),
    /// The file is longer than is read at once, and no range was asked for.
    TooLong {
        /// The size of the file, if the platform tells it.
        size: Option<u64>,
    },
    /// The file ends before the range begins.
    OutOfRange {
        /// The size of the file, if the platform tells it.
        size: Option<u64>,
    },
    /// The platform points elsewhere.
    Moved {
        /// The address, absolute, which may be its own proof.
        to: Secret,
    },
    /// The platform refused.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The `Retry-After` header, if present and readable.
        after: Option<Duration>,
    },
    /// The platform did not answer, or broke off.
    NoReply {
        /// Why, without the address.
        reason: String,
    },
    /// The call was not made, because its destination is forbidden.
    Forbidden {
        /// The rule.
        reason: String,
    },
}

/// The meaning that most platforms share. A platform that knows a file no more answers 404 or 410.
pub(crate) fn content(query: &FileQuery<'_>, fetched: Fetched) -> FileOutcome {
    match fetched {
        Fetched::Part(part) if part.bytes.is_empty() && query.range != FileRange::Whole => {
            FileOutcome::OutOfRange { size: part.size }
        }
        Fetched::Part(part) => FileOutcome::Read(part),
        Fetched::TooLong { size } => FileOutcome::TooLong { size },
        Fetched::OutOfRange { size } => FileOutcome::OutOfRange { size },
        Fetched::Moved { .. } => later(None, "moved"),
        Fetched::Refused { status, after } => refused(status, after),
        Fetched::NoReply { reason } => later(None, &reason),
        Fetched::Forbidden { reason } => gone(&reason),
    }
}

fn refused(status: u16, after: Option<Duration>) -> FileOutcome {
    let reason = format!("http_{status}");
    match status {
        404 | 410 => gone(&reason),
        401..=403 => failed(FailureClass::Connector, &reason),
        400..=407 | 411..=424 | 426..=428 | 430..=499 => failed(FailureClass::Request, &reason),
        _ => later(after, &reason),
    }
}

/// The platform does not give the file, or no longer.
pub(crate) fn gone(reason: &str) -> FileOutcome {
    FileOutcome::Gone {
        reason: clean_reason(reason),
    }
}

/// The platform refused for this reason.
pub(crate) fn failed(class: FailureClass, reason: &str) -> FileOutcome {
    FileOutcome::Failed {
        class,
        reason: clean_reason(reason),
    }
}

fn later(after: Option<Duration>, reason: &str) -> FileOutcome {
    FileOutcome::Retry {
        after: after.map(|after| after.min(RETRY_AFTER_MAX)),
        reason: clean_reason(reason),
    }
}

/// The outcome of a query whose calls failed.
pub(crate) fn unfound(problem: CallError) -> FileOutcome {
    match problem {
        CallError::Later { after, reason, .. } => later(after, &reason),
        CallError::Never { class, reason } => failed(class, &reason),
    }
}

/// The path of an address at this origin, if it is written as it is called: segments that lead nowhere
/// else, without query and fragment.
pub(crate) fn path_at<'a>(origin: &str, url: &'a str) -> Option<&'a str> {
    let path = url.strip_prefix(origin)?;
    is_plain_path(path).then_some(path)
}

/// Whether a path has segments only that stay what they are when they are called (RFC 3986 §3.3).
pub(crate) fn is_plain_path(path: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~%!$&'()*+,;=:@/".contains(c);
    let is_segment = |segment: &str| {
        let written = segment.replace("%2e", ".").replace("%2E", ".");
        !matches!(written.as_str(), "" | "." | "..")
    };
    path.strip_prefix('/')
        .is_some_and(|rest| rest.split('/').all(is_segment))
        && path.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::file;

    fn meaning(range: FileRange, fetched: Fetched) -> FileOutcome {
        let attachment = file(None);
        let query = FileQuery {
            attachment: &attachment,
            reply_url: None,
            range,
        };
        content(&query, fetched)
    }

    fn part(bytes: usize) -> FilePart {
        FilePart {
            first: 0,
            bytes: vec![0; bytes],
            size: Some(10),
            media_type: None,
        }
    }

    #[test]
    fn a_stretch_without_bytes_lies_behind_the_end_unless_the_file_is_empty() {
        let range = FileRange::From {
            first: 9,
            last: None,
        };
        let size = part(0).size;
        assert_eq!(
            meaning(range, Fetched::Part(part(0))),
            FileOutcome::OutOfRange { size }
        );
        assert_eq!(
            meaning(FileRange::Whole, Fetched::Part(part(0))),
            FileOutcome::Read(part(0))
        );
        assert_eq!(
            meaning(range, Fetched::Part(part(1))),
            FileOutcome::Read(part(1))
        );
    }

    #[test]
    fn a_refusal_says_whether_the_file_the_connector_or_the_moment_is_to_blame() {
        let after = Some(Duration::from_secs(9));
        let reason = |status: u16| format!("http_{status}");
        for status in [404, 410] {
            let reason = reason(status);
            assert_eq!(refused(status, after), FileOutcome::Gone { reason });
        }
        for (status, class) in [
            (401, FailureClass::Connector),
            (402, FailureClass::Connector),
            (403, FailureClass::Connector),
            (400, FailureClass::Request),
            (405, FailureClass::Request),
            (418, FailureClass::Request),
            (451, FailureClass::Request),
        ] {
            let reason = reason(status);
            assert_eq!(
                refused(status, after),
                FileOutcome::Failed { class, reason }
            );
        }
        for status in [302, 408, 409, 425, 429, 500, 503] {
            let reason = reason(status);
            assert_eq!(refused(status, after), FileOutcome::Retry { after, reason });
        }
    }

    #[test]
    fn a_path_is_taken_only_if_it_stays_at_its_origin_and_as_it_is_written() {
        for (url, expected) in [
            ("https://a.example/b/c%20d.png", Some("/b/c%20d.png")),
            ("https://a.example/b..c/..d", Some("/b..c/..d")),
            ("https://a.example", None),
            ("https://a.example/", None),
            ("https://a.example/b//c", None),
            ("https://a.example/b/../c", None),
            ("https://a.example/b/%2e%2E/c", None),
            ("https://a.example/b/.%2e", None),
            ("https://a.example/b?c", None),
            ("https://a.example/b#c", None),
            ("https://a.example/b\\c", None),
            ("https://a.example/b<c", None),
            ("https://a.example/b\tc", None),
            ("https://a.example/é", None),
            ("https://a.example.evil.example/b", None),
            ("https://a.example@evil.example/b", None),
            ("https://a.example:8443/b", None),
            ("http://a.example/b", None),
        ] {
            assert_eq!(path_at("https://a.example", url), expected, "{url}");
        }
    }
}
