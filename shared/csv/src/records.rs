//! Records of a file, each with the line on which it begins.

use crate::encoding::Encoding;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use encoding_rs::Decoder;
use std::fmt;

/// Longest record, in bytes of UTF-8.
const RECORD_MAX_BYTES: usize = 64 * 1024;
/// Most cells of a record.
const CELLS_MAX: usize = 256;
/// Characters that may stand between cells. Of those that are as frequent, the first counts.
const DELIMITERS: [char; 3] = [',', ';', '\t'];
/// Start of a first line in which some spreadsheets name the delimiter.
const DECLARATION: &str = "sep=";

/// The reason why the cells of a record are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The file ends within quotation marks.
    OpenQuote,
    /// The record is longer than is read.
    TooLong,
    /// The record has more cells than are read.
    TooManyCells,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line on which it begins, from 1. CR, LF and CRLF end a line.
    pub line: u64,
    /// The line on which it ends.
    pub last_line: u64,
    /// The cells. None with a fault.
    pub cells: Vec<String>,
    /// The fault of the record as a whole.
    pub fault: Option<Fault>,
}

impl Record {
    /// Whether there is nothing in it, as in rows that a spreadsheet writes below the last one.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.fault.is_none() && self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// Reads the records of a file, which is pushed in pieces.
pub struct Records {
    decoder: Decoder,
    /// Text that waits until its first line tells the delimiter.
    text: String,
    parser: Option<Reader>,
    output: Vec<u8>,
    written: usize,
    ends: Vec<usize>,
    ended: usize,
    fault: Option<Fault>,
    lines: Lines,
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records")
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

impl Records {
    /// Makes a reader for a file in this encoding.
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        Self {
            decoder: encoding.decoder(),
            text: String::new(),
            parser: None,
            output: vec![0; RECORD_MAX_BYTES],
            written: 0,
            ends: vec![0; CELLS_MAX],
            ended: 0,
            fault: None,
            lines: Lines::default(),
        }
    }

    /// Takes the next piece, and returns the records that it ends.
    pub fn push(&mut self, piece: &[u8]) -> Vec<Record> {
        self.decode(piece, false);
        let mut records = Vec::new();
        self.parse(false, &mut records);
        records
    }

    /// Returns the records that the end of the file ends.
    #[must_use]
    pub fn finish(mut self) -> Vec<Record> {
        self.decode(&[], true);
        let mut records = Vec::new();
        self.parse(true, &mut records);
        // This ends a record, unless it stands within quotation marks.
        self.feed(b"\n", &mut records);
        self.close(&mut records);
        records
    }

    fn decode(&mut self, piece: &[u8], is_end: bool) {
        let size = self.decoder.max_utf8_buffer_length(piece.len());
        self.text.reserve(size.unwrap_or(piece.len() * 4 + 16));
        // There is room for all of it, and what cannot be read becomes U+FFFD.
        let _ = self.decoder.decode_to_string(piece, &mut self.text, is_end);
    }

    fn parse(&mut self, is_end: bool, records: &mut Vec<Record>) {
        if self.parser.is_none() {
            if let Some(delimiter) = declared_delimiter(&self.text) {
                let behind = self.text.split_off(DECLARATION.len() + 1);
                self.lines.skip(self.text.as_bytes());
                self.text = behind;
                self.begin(delimiter);
            } else if let Some(delimiter) = likely_delimiter(&self.text, is_end) {
                self.begin(delimiter);
            } else {
                return;
            }
        }
        let text = std::mem::take(&mut self.text);
        self.feed(text.as_bytes(), records);
    }

    fn begin(&mut self, delimiter: char) {
        let delimiter = u8::try_from(delimiter).unwrap_or(b',');
        self.parser = Some(ReaderBuilder::new().delimiter(delimiter).build());
    }

    fn feed(&mut self, text: &[u8], records: &mut Vec<Record>) {
        let mut input = text;
        while let Some(parser) = self.parser.as_mut().filter(|_| !input.is_empty()) {
            let output = self.output.get_mut(self.written..).unwrap_or_default();
            let ends = self.ends.get_mut(self.ended..).unwrap_or_default();
            let (result, read, written, ended) = parser.read_record(input, output, ends);
            let (done, rest) = input.split_at_checked(read).unwrap_or((input, &[]));
            self.lines.pass(done);
            input = rest;
            self.written += written;
            self.ended += ended;
            match result {
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
                ReadRecordResult::OutputFull => self.discard(Fault::TooLong),
                ReadRecordResult::OutputEndsFull => self.discard(Fault::TooManyCells),
                ReadRecordResult::Record => records.extend(self.take_record()),
            }
        }
    }

    /// Forgets the cells of a record that does not end in time.
    fn discard(&mut self, fault: Fault) {
        self.fault = self.fault.or(Some(fault));
        self.written = 0;
        self.ended = 0;
    }

    /// Takes a record that the end of the file alone ends: it stands within quotation marks.
    fn close(&mut self, records: &mut Vec<Record>) {
        let Some(parser) = self.parser.as_mut() else {
            return;
        };
        let mut end = [0];
        let (result, ..) = parser.read_record(&[], &mut [], &mut end);
        if result == ReadRecordResult::Record {
            self.fault = Some(Fault::OpenQuote);
            records.extend(self.take_record());
        }
    }

    fn take_record(&mut self) -> Option<Record> {
        let fault = self.fault.take();
        let mut cells = Vec::new();
        if fault.is_none() {
            let mut start = 0;
            for end in self.ends.iter().take(self.ended) {
                let cell = self.output.get(start..*end).unwrap_or_default();
                cells.push(String::from_utf8_lossy(cell).into_owned());
                start = *end;
            }
        }
        self.written = 0;
        self.ended = 0;
        let (line, last_line) = self.lines.take_record()?;
        Some(Record {
            line,
            last_line,
            cells,
            fault,
        })
    }
}

/// Counts lines.
#[derive(Debug)]
struct Lines {
    line: u64,
    is_behind_cr: bool,
    /// The line on which the record begins that is being read.
    begun: Option<u64>,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            line: 1,
            is_behind_cr: false,
            begun: None,
        }
    }
}

impl Lines {
    fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' if self.is_behind_cr => self.is_behind_cr = false,
                b'\n' | b'\r' => {
                    self.line += 1;
                    self.is_behind_cr = *byte == b'\r';
                }
                _ => {
                    self.is_behind_cr = false;
                    self.begun = self.begun.or(Some(self.line));
                }
            }
        }
    }

    /// Passes over what belongs to no record.
    fn skip(&mut self, bytes: &[u8]) {
        self.pass(bytes);
        self.begun = None;
    }

    /// Returns the first and the last line of the record that a line break has just ended.
    fn take_record(&mut self) -> Option<(u64, u64)> {
        let begun = self.begun.take()?;
        Some((begun, self.line.saturating_sub(1).max(begun)))
    }
}

/// The delimiter that the first line names.
fn declared_delimiter(text: &str) -> Option<char> {
    let mut rest = text.strip_prefix(DECLARATION)?.chars();
    let delimiter = rest.next().filter(|one| DELIMITERS.contains(one))?;
    matches!(rest.next(), Some('\r' | '\n')).then_some(delimiter)
}

/// The most frequent delimiter of the first line that is not blank, outside of quotation marks; `None` while that line
/// has not ended.
fn likely_delimiter(text: &str, is_end: bool) -> Option<char> {
    let mut counts = [0_usize; DELIMITERS.len()];
    let (mut is_quoted, mut has_begun) = (false, false);
    let mut is_over = is_end || text.len() > RECORD_MAX_BYTES;
    for character in text.chars() {
        match character {
            '\r' | '\n' if is_quoted => {}
            '\r' | '\n' if has_begun => {
                is_over = true;
                break;
            }
            '\r' | '\n' => {}
            '"' => {
                is_quoted = !is_quoted;
                has_begun = true;
            }
            other => {
                has_begun = true;
                let place = DELIMITERS.iter().position(|one| *one == other);
                if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                    *count += usize::from(!is_quoted);
                }
            }
        }
    }
    let mut best = (',', 0);
    for (delimiter, count) in DELIMITERS.into_iter().zip(counts) {
        if count > best.1 {
            best = (delimiter, count);
        }
    }
    is_over.then_some(best.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_in_pieces(bytes: &[u8], encoding: Encoding, size: usize) -> Vec<Record> {
        let mut reader = Records::new(encoding);
        let mut records: Vec<_> = bytes
            .chunks(size)
            .flat_map(|piece| reader.push(piece))
            .collect();
        records.extend(reader.finish());
        records
    }

    fn read(text: &str) -> Vec<Record> {
        read_in_pieces(text.as_bytes(), Encoding::Utf8, 7)
    }

    /// The lines and cells of records without a fault.
    fn cells(text: &str) -> Vec<(u64, Vec<String>)> {
        let records = read(text).into_iter();
        records
            .map(|record| {
                assert_eq!(record.fault, None);
                (record.line, record.cells)
            })
            .collect()
    }

    fn expected(records: &[(u64, &[&str])]) -> Vec<(u64, Vec<String>)> {
        let owned = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        records
            .iter()
            .map(|(line, cells)| (*line, owned(cells)))
            .collect()
    }

    /// SPEC C61.
    #[test]
    fn a_record_is_at_the_line_on_which_it_begins_whatever_ends_lines() {
        for end in ["\n", "\r", "\r\n"] {
            let text = [
                "phone,name",
                "1,\"Ada",
                "Lovelace\"",
                "",
                "",
                "2,Bob",
                "3,Eve",
            ]
            .join(end);
            let ada = format!("Ada{end}Lovelace");
            let records = [
                (1, &["phone", "name"][..]),
                (2, &["1", ada.as_str()]),
                (6, &["2", "Bob"]),
                (7, &["3", "Eve"]),
            ];
            assert_eq!(cells(&text), expected(&records), "{end:?}");
            assert_eq!(
                cells(&format!("{text}{end}")),
                expected(&records),
                "{end:?}"
            );
        }
        let mixed = cells("a\r\nb\rc\nd");
        let lines: Vec<u64> = mixed.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 3, 4]);
    }

    /// SPEC C61.
    #[test]
    fn the_first_line_tells_what_stands_between_cells() {
        for (text, records) in [
            (
                "a,b;c,d\n1,2,3",
                [(1, &["a", "b;c", "d"][..]), (2, &["1", "2", "3"])],
            ),
            (
                "a;b;\"c,,,\"\n1;2;3",
                [(1, &["a", "b", "c,,,"]), (2, &["1", "2", "3"])],
            ),
            ("\n\na\tb\n1,5\t2", [(3, &["a", "b"]), (4, &["1,5", "2"])]),
            ("phone\n+1", [(1, &["phone"]), (2, &["+1"])]),
            (
                "sep=;\r\na,b;c\r\n1;2",
                [(2, &["a,b", "c"]), (3, &["1", "2"])],
            ),
        ] {
            assert_eq!(cells(text), expected(&records), "{text:?}");
        }
        assert_eq!(cells(""), []);
        assert_eq!(cells("sep=1"), expected(&[(1, &["sep=1"])]));
    }

    /// SPEC C61.
    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "name;phone\r\nZoë €;1\r\n";
        let units: Vec<u16> = format!("\u{FEFF}{text}").encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let marked = format!("\u{FEFF}{text}").into_bytes();
        let windows = b"name;phone\r\nZo\xEB \x80;1\r\n".to_vec();
        let plain = read(text);
        assert_eq!(plain.len(), 2);
        for (bytes, encoding) in [
            (little, Encoding::Utf16Le),
            (big, Encoding::Utf16Be),
            (marked, Encoding::Utf8),
            (windows, Encoding::Windows1252),
        ] {
            for size in [1, 3, 100] {
                let found = read_in_pieces(&bytes, encoding, size);
                assert_eq!(found, plain, "{encoding:?} {size}");
            }
        }
    }

    #[test]
    fn quotation_marks_that_stay_open_and_records_without_end_are_told_with_their_lines() {
        let open = read("a,b\n1,2\n3,\"4\n5,6\n");
        assert_eq!(open.len(), 3);
        let last = open.last().unwrap();
        assert_eq!((last.line, last.last_line), (3, 5));
        assert_eq!(last.fault, Some(Fault::OpenQuote));
        let long = "x".repeat(RECORD_MAX_BYTES + 10);
        let records = read(&format!("a,b\n1,{long}\n3,4\n"));
        let faults: Vec<_> = records
            .iter()
            .map(|record| (record.line, record.fault))
            .collect();
        assert_eq!(faults, [(1, None), (2, Some(Fault::TooLong)), (3, None)]);
        assert_eq!(records.last().unwrap().cells, ["3", "4"]);
        let many = ",".repeat(CELLS_MAX + 10);
        let records = read(&format!("a,b\n{many}\n3,4\n"));
        let faults: Vec<_> = records.iter().map(|record| record.fault).collect();
        assert_eq!(faults, [None, Some(Fault::TooManyCells), None]);
        assert_eq!(records.last().unwrap().cells, ["3", "4"]);
    }

    #[test]
    fn a_quotation_mark_within_a_cell_is_text() {
        let records = [(1, &["a", "b"][..]), (2, &["5\" pipe", "say \"hi\""])];
        assert_eq!(
            cells("a,b\n5\" pipe,\"say \"\"hi\"\"\"\n"),
            expected(&records)
        );
    }

    #[test]
    fn rows_of_blank_cells_are_blank() {
        let records = read("a,b\n ,\t\n\"\",\n1,\n");
        let blank: Vec<_> = records.iter().map(Record::is_blank).collect();
        assert_eq!(blank, [false, true, true, false]);
    }

    proptest! {
        #[test]
        fn the_size_of_the_pieces_does_not_matter(text in "[a,;\"\r\n]{0,60}", size in 1..20_usize) {
            let whole = read_in_pieces(text.as_bytes(), Encoding::Utf8, 1000);
            let pieces = read_in_pieces(text.as_bytes(), Encoding::Utf8, size);
            prop_assert_eq!(&whole, &pieces);
            prop_assert!(whole.is_sorted_by_key(|record| record.line));
        }
    }
}
