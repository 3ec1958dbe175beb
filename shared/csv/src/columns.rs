//! The columns of a file, which its first row names.

use crate::{
    records::{Fault, Record},
    rules::{RowError, Rule},
};
use std::collections::BTreeMap;

/// Longest name of a column that is shown, in characters.
const NAME_MAX_CHARS: usize = 100;

/// The content of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The phone number.
    Phone,
    /// The e-mail address.
    Email,
    /// The first name.
    FirstName,
    /// The middle name.
    MiddleName,
    /// The last name.
    LastName,
    /// Names of environments.
    Environments,
}

impl Field {
    /// All fields, in the order of a file that is written.
    pub const ALL: [Self; 6] = [
        Self::Phone,
        Self::Email,
        Self::FirstName,
        Self::MiddleName,
        Self::LastName,
        Self::Environments,
    ];

    /// The key, as stored and on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::FirstName => "first_name",
            Self::MiddleName => "middle_name",
            Self::LastName => "last_name",
            Self::Environments => "environments",
        }
    }

    /// Parses a key.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.key() == key)
    }

    /// The name of the column in a file that is written.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Phone => "Phone",
            Self::Email => "E-mail",
            Self::FirstName => "First name",
            Self::MiddleName => "Middle name",
            Self::LastName => "Last name",
            Self::Environments => "Environments",
        }
    }

    /// The field of a column with this name.
    #[must_use]
    pub fn of_header(name: &str) -> Option<Self> {
        Some(match folded(name).as_str() {
            "phone" | "phonenumber" | "phoneno" | "phonenr" | "telephone" | "telephonenumber"
            | "telephoneno" | "tel" | "mobile" | "mobilenumber" | "mobileno" | "mobilephone"
            | "mobilephonenumber" | "cell" | "cellnumber" | "cellphone" | "cellphonenumber"
            | "whatsapp" | "whatsappnumber" | "msisdn" => Self::Phone,
            "email" | "emailaddress" | "mail" | "mailaddress" => Self::Email,
            "firstname" | "first" | "givenname" | "given" | "forename" => Self::FirstName,
            "middlename" | "middle" | "middlenames" | "secondname" => Self::MiddleName,
            "lastname" | "last" | "surname" | "familyname" | "family" => Self::LastName,
            "environment" | "environments" | "environmentname" | "environmentnames" | "env"
            | "envs" => Self::Environments,
            _ => return None,
        })
    }
}

/// A name without case, spaces and punctuation.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The fields of columns by their names in the file; `None` for a column that is to be left out. It wins over what the
/// name tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping(BTreeMap<String, Option<Field>>);

impl Mapping {
    /// Makes a mapping of these columns.
    #[must_use]
    pub fn new(columns: impl IntoIterator<Item = (String, Option<Field>)>) -> Self {
        let mut mapping = BTreeMap::new();
        for (name, field) in columns {
            mapping.insert(folded(&name), field);
        }
        Self(mapping)
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in the file.
    pub name: String,
    /// Its content; `None` if that is not known, or of no use.
    pub field: Option<Field>,
    /// Whether the name told nothing, and no mapping did.
    pub is_unknown: bool,
}

/// The columns of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

impl Columns {
    /// Recognises the columns by the first record of a file.
    pub fn recognise(header: &Record, mapping: &Mapping) -> Result<Self, Vec<RowError>> {
        let line = header.line;
        if let Some(fault) = header.fault {
            return Err(vec![fault_error(header, fault)]);
        }
        let mut columns = Vec::new();
        let mut errors = Vec::new();
        let mut left = mapping.0.clone();
        for cell in &header.cells {
            let name: String = cell.trim().chars().take(NAME_MAX_CHARS).collect();
            let mapped = left.remove(&folded(&name));
            let told = Field::of_header(&name);
            let field = mapped.unwrap_or(told);
            let is_twice = |column: &Column| field.is_some() && column.field == field;
            if let Some(first) = columns.iter().find(|column| is_twice(column)) {
                let message = format!("“{}” holds this already", first.name);
                errors.push(RowError::new(line, &name, Rule::ColumnTwice, message));
            }
            columns.push(Column {
                is_unknown: mapped.is_none() && told.is_none() && !name.is_empty(),
                name,
                field,
            });
        }
        for name in left.into_keys() {
            let message = "The file has no column of this name";
            errors.push(RowError::new(line, &name, Rule::ColumnMissing, message));
        }
        let columns = Self(columns);
        if columns.place(Field::Phone).is_none() {
            let title = Field::Phone.title();
            let message = "The first row names no column of phone numbers";
            errors.push(RowError::new(
                line,
                title,
                Rule::PhoneColumnMissing,
                message,
            ));
        }
        if errors.is_empty() {
            Ok(columns)
        } else {
            Err(errors)
        }
    }

    /// The columns, in the file's order.
    #[must_use]
    pub fn all(&self) -> &[Column] {
        &self.0
    }

    fn place(&self, field: Field) -> Option<usize> {
        self.0.iter().position(|column| column.field == Some(field))
    }

    /// The cell of a field; empty in a row that is short.
    #[must_use]
    pub fn cell<'a>(&self, record: &'a Record, field: Field) -> &'a str {
        self.place(field)
            .and_then(|place| record.cells.get(place))
            .map(|cell| unguarded(cell).trim())
            .unwrap_or_default()
    }

    /// The name of a field's column in the file, or the common one.
    #[must_use]
    pub fn name(&self, field: Field) -> &str {
        self.place(field)
            .and_then(|place| self.0.get(place))
            .map_or(field.title(), |column| column.name.as_str())
    }

    /// The fault of a record as a whole.
    pub(crate) fn fault_of(&self, record: &Record) -> Option<RowError> {
        if let Some(fault) = record.fault {
            return Some(fault_error(record, fault));
        }
        let mut cells = record.cells.iter().enumerate().skip(self.0.len());
        let (place, _) = cells.find(|(_, cell)| !cell.trim().is_empty())?;
        let column = (place + 1).to_string();
        let message = format!(
            "The row has more cells than the file has columns{}",
            lines(record)
        );
        let line = record.line;
        Some(RowError::new(line, &column, Rule::TooManyCells, message))
    }
}

/// The cell without the sign that keeps a spreadsheet from running it, as files are written.
fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'')
        .filter(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']))
        .unwrap_or(cell)
}

fn fault_error(record: &Record, fault: Fault) -> RowError {
    let (rule, message) = match fault {
        Fault::OpenQuote => (Rule::QuoteOpen, "A quotation mark is not closed"),
        Fault::TooLong => (Rule::RowTooLong, "The row is too long"),
        Fault::TooManyCells => (
            Rule::TooManyCells,
            "The row has more cells than the file has columns",
        ),
    };
    let message = format!("{message}{}", lines(record));
    RowError::new(record.line, "", rule, message)
}

/// The lines of a record that has several: rows that a quotation mark swallowed are not lost in silence.
fn lines(record: &Record) -> String {
    if record.last_line > record.line {
        format!(
            " (lines {} to {} are read as one row)",
            record.line, record.last_line
        )
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(cells: &[&str]) -> Record {
        Record {
            line: 1,
            last_line: 1,
            cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
            fault: None,
        }
    }

    fn recognised(
        cells: &[&str],
        mapping: &[(&str, Option<Field>)],
    ) -> Result<Columns, Vec<RowError>> {
        let mapping = mapping
            .iter()
            .map(|(name, field)| ((*name).to_owned(), *field));
        Columns::recognise(&record(cells), &Mapping::new(mapping))
    }

    fn rules(result: Result<Columns, Vec<RowError>>) -> Vec<(String, Rule)> {
        let errors = result.unwrap_err().into_iter();
        errors.map(|error| (error.column, error.rule)).collect()
    }

    /// SPEC C61.
    #[test]
    fn columns_are_known_by_their_names_in_any_order_and_spelling() {
        for (field, names) in [
            (
                Field::Phone,
                ["Phone", "PHONE NUMBER", "mobile", "Tel.", "Cell-phone"],
            ),
            (
                Field::Email,
                ["E-mail", "email", "E-Mail Address", "EMAIL_ADDRESS", "mail"],
            ),
            (
                Field::FirstName,
                [
                    "First name",
                    "first_name",
                    "Given Name",
                    "forename",
                    "FirstName",
                ],
            ),
            (
                Field::MiddleName,
                [
                    "Middle name",
                    "middle_name",
                    "MIDDLE",
                    "MiddleName",
                    "Middle names",
                ],
            ),
            (
                Field::LastName,
                [
                    "Last name",
                    "Surname",
                    "Family name",
                    "last_name",
                    "LastName",
                ],
            ),
            (
                Field::Environments,
                [
                    "Environments",
                    "environment",
                    "Env",
                    "ENVS",
                    "Environment name",
                ],
            ),
        ] {
            for name in names {
                assert_eq!(Field::of_header(name), Some(field), "{name}");
            }
            assert_eq!(Field::of_header(field.title()), Some(field));
            assert_eq!(Field::parse(field.key()), Some(field));
        }
        let columns = recognised(&["Surname", " Notes ", "Mobile", ""], &[]).unwrap();
        let fields: Vec<_> = columns.all().iter().map(|column| column.field).collect();
        assert_eq!(
            fields,
            [Some(Field::LastName), None, Some(Field::Phone), None]
        );
        let unknown: Vec<_> = columns.all().iter().filter(|one| one.is_unknown).collect();
        assert_eq!(unknown.len(), 1);
        assert_eq!(unknown.first().map(|one| one.name.as_str()), Some("Notes"));
        let row = record(&["Lovelace", "", " '+1 2 ", "x"]);
        assert_eq!(columns.cell(&row, Field::LastName), "Lovelace");
        assert_eq!(columns.cell(&row, Field::Email), "");
        assert_eq!(columns.name(Field::LastName), "Surname");
        assert_eq!(columns.name(Field::Email), "E-mail");
    }

    /// SPEC C61, U410.
    #[test]
    fn a_given_mapping_wins_over_the_names() {
        let mapping = [
            ("nummer", Some(Field::Phone)),
            ("Phone", None),
            ("Name", Some(Field::FirstName)),
        ];
        let columns = recognised(&["Phone", "Nummer", "Name"], &mapping).unwrap();
        let fields: Vec<_> = columns.all().iter().map(|column| column.field).collect();
        assert_eq!(fields, [None, Some(Field::Phone), Some(Field::FirstName)]);
        assert!(!columns.all().iter().any(|column| column.is_unknown));
        let missing = recognised(&["Phone"], &[("Nummer", Some(Field::Phone))]);
        assert_eq!(rules(missing), [("nummer".to_owned(), Rule::ColumnMissing)]);
    }

    /// SPEC C61.
    #[test]
    fn a_file_without_phone_numbers_or_with_two_columns_of_them_is_refused() {
        let missing = rules(recognised(&["First name", "Last name"], &[]));
        assert_eq!(missing, [("Phone".to_owned(), Rule::PhoneColumnMissing)]);
        let twice = rules(recognised(&["Phone", "Mobile"], &[]));
        assert_eq!(twice, [("Mobile".to_owned(), Rule::ColumnTwice)]);
        let open = Record {
            fault: Some(Fault::OpenQuote),
            ..record(&[])
        };
        let open = rules(Columns::recognise(&open, &Mapping::default()));
        assert_eq!(open, [(String::new(), Rule::QuoteOpen)]);
    }

    #[test]
    fn cells_beyond_the_last_column_are_told_unless_they_are_blank() {
        let columns = recognised(&["Phone", "Email"], &[]).unwrap();
        assert_eq!(columns.fault_of(&record(&["1", "2", "", " "])), None);
        let fault = columns.fault_of(&record(&["1", "2", "", "4"])).unwrap();
        assert_eq!(
            (fault.column.as_str(), fault.rule),
            ("4", Rule::TooManyCells)
        );
        let swallowed = Record {
            last_line: 7,
            ..record(&["1", "2", "3"])
        };
        let fault = columns.fault_of(&swallowed).unwrap();
        assert!(
            fault
                .message
                .ends_with("(lines 1 to 7 are read as one row)")
        );
    }

    /// ASVS 1.2.10.
    #[test]
    fn the_sign_before_a_formula_is_taken_away() {
        for (cell, expected) in [
            ("'+49", "+49"),
            ("'=1", "=1"),
            ("'tHooft", "'tHooft"),
            ("''", "''"),
        ] {
            assert_eq!(unguarded(cell), expected);
        }
    }
}
