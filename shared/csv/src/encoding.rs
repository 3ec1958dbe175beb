//! The encoding of a file: its byte order mark tells; else it is UTF-8 if all of it is, and Windows-1252 if not.

use encoding_rs::{Decoder, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes of the longest byte order mark.
const MARK_MAX: usize = 3;

/// An encoding that spreadsheets write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, the lower byte first.
    Utf16Le,
    /// UTF-16, the higher byte first.
    Utf16Be,
    /// Windows-1252.
    Windows1252,
}

impl Encoding {
    /// All encodings.
    pub const ALL: [Self; 4] = [Self::Utf8, Self::Utf16Le, Self::Utf16Be, Self::Windows1252];

    /// The key, as stored and on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// Parses a key.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }

    /// The decoder, which leaves out a byte order mark.
    pub(crate) fn decoder(self) -> Decoder {
        let encoding = match self {
            Self::Utf8 => UTF_8,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Windows1252 => WINDOWS_1252,
        };
        encoding.new_decoder_with_bom_removal()
    }
}

/// Finds the encoding of a file, which is pushed in pieces.
#[derive(Debug, Default)]
pub struct Detector {
    start: Vec<u8>,
    /// The beginning of a character whose rest is in the next piece.
    cut: Vec<u8>,
    is_other: bool,
}

impl Detector {
    /// Takes the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        let missing = MARK_MAX.saturating_sub(self.start.len());
        self.start.extend(piece.iter().take(missing));
        if self.is_other {
            return;
        }
        let mut bytes = std::mem::take(&mut self.cut);
        bytes.extend_from_slice(piece);
        if let Err(error) = str::from_utf8(&bytes) {
            self.is_other = error.error_len().is_some();
            self.cut = bytes.split_off(error.valid_up_to());
        }
    }

    /// Returns the encoding of all that was pushed.
    #[must_use]
    pub fn finish(self) -> Encoding {
        match encoding_rs::Encoding::for_bom(&self.start) {
            Some((marked, _)) if marked == UTF_16LE => Encoding::Utf16Le,
            Some((marked, _)) if marked == UTF_16BE => Encoding::Utf16Be,
            None if self.is_other || !self.cut.is_empty() => Encoding::Windows1252,
            Some(_) | None => Encoding::Utf8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pieces: &[&[u8]]) -> Encoding {
        let mut detector = Detector::default();
        for piece in pieces {
            detector.push(piece);
        }
        detector.finish()
    }

    #[test]
    fn a_mark_tells_the_encoding_and_without_one_the_whole_file_does() {
        for (pieces, expected) in [
            (&[b"\xEF\xBB\xBFphone".as_slice()][..], Encoding::Utf8),
            (&[b"\xEF".as_slice(), b"\xBB\xBF\xFF"], Encoding::Utf8),
            (&[b"\xFF".as_slice(), b"\xFEp\0"], Encoding::Utf16Le),
            (&[b"\xFE\xFF\0p".as_slice()], Encoding::Utf16Be),
            (&["Zoë, 北".as_bytes()], Encoding::Utf8),
            (&[b"".as_slice()], Encoding::Utf8),
            (&[b"Zo\xEB,".as_slice()], Encoding::Windows1252),
            (&[b"Zo".as_slice(), b"\xC3"], Encoding::Windows1252),
            (&[b"Zo\xC3".as_slice(), b"\xAB"], Encoding::Utf8),
            (&[b"Zo\xC3".as_slice(), b",\xAB"], Encoding::Windows1252),
        ] {
            assert_eq!(found(pieces), expected, "{pieces:?}");
        }
    }

    #[test]
    fn every_encoding_reads_back_from_its_key() {
        for encoding in Encoding::ALL {
            assert_eq!(Encoding::parse(encoding.key()), Some(encoding));
        }
        assert_eq!(Encoding::parse("latin-9"), None);
    }
}
