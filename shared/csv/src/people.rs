//! A file of people, from bytes to rows.

use crate::{
    columns::{Columns, Field, Mapping},
    encoding::Encoding,
    records::{Record, Records},
    row::{EnvironmentNames, Row},
    rules::{RowError, Rule},
};
use std::collections::HashMap;
use vestibule_domain::directory::phone::{PhoneKey, PhoneNumber};

/// A row as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Its place among the file's rows, from 1. Blank rows do not count.
    pub number: u64,
    /// The line on which it begins.
    pub line: u64,
    /// The row, or all that is wrong with it.
    pub row: Result<Row, Vec<RowError>>,
}

/// Reads the people of a file, which is pushed in pieces. It remembers the phone numbers, and nothing else.
#[derive(Debug)]
pub struct People {
    records: Option<Records>,
    mapping: Mapping,
    environments: EnvironmentNames,
    columns: Option<Columns>,
    /// The lines of the people that were read.
    seen: HashMap<PhoneKey, u64>,
    rows: u64,
}

impl People {
    /// Makes a reader for a file in this encoding.
    #[must_use]
    pub fn new(encoding: Encoding, mapping: Mapping, environments: EnvironmentNames) -> Self {
        Self {
            records: Some(Records::new(encoding)),
            mapping,
            environments,
            columns: None,
            seen: HashMap::new(),
            rows: 0,
        }
    }

    /// The columns, once the first row was read.
    #[must_use]
    pub const fn columns(&self) -> Option<&Columns> {
        self.columns.as_ref()
    }

    /// Takes the next piece, and returns the rows that it ends. The error is about the first row, without which no
    /// other can be read.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<Reading>, Vec<RowError>> {
        let records = self.records.as_mut();
        let records = records.map(|records| records.push(piece));
        self.read(records.unwrap_or_default())
    }

    /// Returns the rows that the end of the file ends.
    pub fn finish(&mut self) -> Result<Vec<Reading>, Vec<RowError>> {
        let records = self.records.take().map(Records::finish);
        let readings = self.read(records.unwrap_or_default())?;
        if self.columns.is_none() {
            let title = Field::Phone.title();
            let error = RowError::new(1, title, Rule::PhoneColumnMissing, "The file is empty");
            return Err(vec![error]);
        }
        Ok(readings)
    }

    fn read(&mut self, records: Vec<Record>) -> Result<Vec<Reading>, Vec<RowError>> {
        let mut readings = Vec::new();
        for record in records.into_iter().filter(|record| !record.is_blank()) {
            let Some(columns) = &self.columns else {
                self.columns = Some(Columns::recognise(&record, &self.mapping)?);
                continue;
            };
            self.rows += 1;
            let (phone, row) = Row::read(&record, columns, &self.environments);
            let column = columns.name(Field::Phone);
            let twice = phone.and_then(|phone| again(&mut self.seen, &phone, &record, column));
            let row = match (row, twice) {
                (row, None) => row,
                (Ok(_), Some(error)) => Err(vec![error]),
                (Err(mut errors), Some(error)) => {
                    errors.push(error);
                    Err(errors)
                }
            };
            readings.push(Reading {
                number: self.rows,
                line: record.line,
                row,
            });
        }
        Ok(readings)
    }
}

/// The error of a second row of the same person.
fn again(
    seen: &mut HashMap<PhoneKey, u64>,
    phone: &PhoneNumber,
    record: &Record,
    column: &str,
) -> Option<RowError> {
    let first = *seen.entry(phone.key()).or_insert(record.line);
    if first == record.line {
        return None;
    }
    let message = format!("The same number is on line {first}");
    Some(RowError::new(
        record.line,
        column,
        Rule::PhoneTwice,
        message,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::Detector;
    use proptest::prelude::*;
    use vestibule_domain::ids::EnvironmentId;

    fn people(bytes: &[u8], size: usize) -> Result<Vec<Reading>, Vec<RowError>> {
        let mut detector = Detector::default();
        bytes.chunks(size).for_each(|piece| detector.push(piece));
        let names = [("Production".to_owned(), EnvironmentId::derive(&["e"]))];
        let environments = EnvironmentNames::new(names);
        let mut reader = People::new(detector.finish(), Mapping::default(), environments);
        let mut readings = Vec::new();
        for piece in bytes.chunks(size) {
            readings.extend(reader.push(piece)?);
        }
        readings.extend(reader.finish()?);
        Ok(readings)
    }

    /// Line, column and rule of everything that is wrong.
    fn errors(readings: &[Reading]) -> Vec<(u64, &str, Rule)> {
        let wrong = readings
            .iter()
            .filter_map(|reading| reading.row.as_ref().err());
        wrong
            .flatten()
            .map(|error| (error.line, error.column.as_str(), error.rule))
            .collect()
    }

    /// SPEC C61.
    #[test]
    fn each_mistake_is_told_with_its_line_and_column_and_the_other_rows_are_read() {
        let text = "Mobile;First name;Surname;E-mail;Environments\r\n\
                    +1 201-555-0123;Ada;Lovelace;ada@example.com;production\r\n\
                    12015550124;Ada;Lovelace;;\r\n\
                    1.20156E+10;Ada;Lovelace;;\r\n\
                    ;Ada;Lovelace;;\r\n\
                    0151 2345678;Ada;Lovelace;;\r\n\
                    +1 201-555-0125 ext 7;Ada;Lovelace;;\r\n\
                    04.03.2026;Ada;Lovelace;;\r\n\
                    +1 201;Ada;Lovelace;;\r\n\
                    \"+1 201-555-0126\r\n\";Ada;04.03.2026;ada@;Live | production\r\n\
                    +12015550123;#REF!;Lovelace;;\r\n\
                    +1 201-555-0127;Ada;Lovelace;;;x\r\n\
                    +1 201-555-0128;Ada;Love\0lace;;\r\n\
                    +1 201-555-0129;Eve;Noor;;PRODUCTION\r\n\
                    \"+1 201;Eve;Noor;;";
        let readings = people(text.as_bytes(), 11).unwrap();
        assert_eq!(
            errors(&readings),
            [
                (3, "Mobile", Rule::PhonePlusMissing),
                (4, "Mobile", Rule::PhoneScientific),
                (5, "Mobile", Rule::PhoneMissing),
                (6, "Mobile", Rule::PhoneNational),
                (7, "Mobile", Rule::PhoneExtension),
                (8, "Mobile", Rule::PhoneDate),
                (9, "Mobile", Rule::PhoneInvalid),
                (10, "E-mail", Rule::EmailInvalid),
                (10, "Surname", Rule::NameDate),
                (10, "Environments", Rule::EnvironmentUnknown),
                (12, "First name", Rule::SpreadsheetError),
                (12, "Mobile", Rule::PhoneTwice),
                (13, "6", Rule::TooManyCells),
                (14, "Surname", Rule::CharacterUnreadable),
                (16, "", Rule::QuoteOpen),
            ]
        );
        let right = readings
            .iter()
            .filter_map(|reading| reading.row.as_ref().ok());
        let right: Vec<_> = right.map(|row| (row.line, row.names.full())).collect();
        let expected = [(2, "Ada Lovelace".to_owned()), (15, "Eve Noor".to_owned())];
        assert_eq!(right, expected);
        let numbers: Vec<_> = readings.iter().map(|reading| reading.number).collect();
        assert_eq!(numbers, (1..=14).collect::<Vec<_>>());
    }

    /// SPEC C61.
    #[test]
    fn a_person_who_is_in_the_file_twice_is_an_error_that_names_the_first_line() {
        let text = "phone\n+5215512345678\n\n+525512345678\n+52 55 1234 5678\n";
        let readings = people(text.as_bytes(), 1000).unwrap();
        assert_eq!(
            errors(&readings),
            [
                (4, "phone", Rule::PhoneTwice),
                (5, "phone", Rule::PhoneTwice)
            ]
        );
        for reading in readings.iter().skip(1) {
            let errors = reading.row.as_ref().unwrap_err();
            let message = errors.first().map(|error| error.message.as_str());
            assert_eq!(message, Some("The same number is on line 2"));
        }
    }

    #[test]
    fn an_empty_file_has_no_column_of_phone_numbers() {
        for text in ["", "\n\n", "\u{FEFF}"] {
            let errors = people(text.as_bytes(), 5).unwrap_err();
            let rules: Vec<_> = errors.iter().map(|error| error.rule).collect();
            assert_eq!(rules, [Rule::PhoneColumnMissing], "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_file_breaks_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "phone,email\n\\PC{0,200}") {
            let _ = people(&bytes, 7);
            let whole = people(text.as_bytes(), 1000);
            prop_assert_eq!(people(text.as_bytes(), 3), whole);
        }
    }
}
