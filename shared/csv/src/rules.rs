//! The rules that a file can break.

use std::fmt;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $key:literal,)*) => {
        /// A rule that a row, or a file, breaks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        impl Rule {
            /// All rules.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The key, as stored and on the wire.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }
        }
    };
}

rules! {
    /// A person has a phone number.
    PhoneMissing = "phone_missing",
    /// A phone number is in international format and can exist.
    PhoneInvalid = "phone_invalid",
    /// A phone number begins with a plus sign, which spreadsheets take away.
    PhonePlusMissing = "phone_plus_missing",
    /// A phone number has the code of its country.
    PhoneNational = "phone_national",
    /// A phone number has all its digits.
    PhoneScientific = "phone_scientific",
    /// A phone number is no date.
    PhoneDate = "phone_date",
    /// A phone number has no extension.
    PhoneExtension = "phone_extension",
    /// A person is in a file once.
    PhoneTwice = "phone_twice",
    /// An address is valid.
    EmailInvalid = "email_invalid",
    /// A new person has a first name.
    FirstNameMissing = "first_name_missing",
    /// A new person has a last name.
    LastNameMissing = "last_name_missing",
    /// A name is not too long.
    NameTooLong = "name_too_long",
    /// A name is no date.
    NameDate = "name_date",
    /// A new person has an environment.
    EnvironmentMissing = "environment_missing",
    /// The project has the environment.
    EnvironmentUnknown = "environment_unknown",
    /// A person does not have too many environments.
    EnvironmentsTooMany = "environments_too_many",
    /// A cell holds no error of a spreadsheet.
    SpreadsheetError = "spreadsheet_error",
    /// A cell holds readable characters.
    CharacterUnreadable = "character_unreadable",
    /// A row has as many cells as there are columns.
    TooManyCells = "too_many_cells",
    /// A row is not too long.
    RowTooLong = "row_too_long",
    /// Quotation marks are closed.
    QuoteOpen = "quote_open",
    /// A file has a column of phone numbers.
    PhoneColumnMissing = "phone_column_missing",
    /// Nothing is in two columns.
    ColumnTwice = "column_twice",
    /// The mapping names columns of the file.
    ColumnMissing = "column_missing",
    /// A file has no more rows than are taken.
    TooManyRows = "too_many_rows",
    /// The file is there.
    FileMissing = "file_missing",
    /// The person could be stored.
    NotStored = "not_stored",
}

/// A rule that a row breaks, with the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The line on which the row begins.
    pub line: u64,
    /// The column's name in the file; of a column that it lacks, the common name; empty for a row as a whole.
    pub column: String,
    /// The rule.
    pub rule: Rule,
    /// The message for whoever made the file.
    pub message: String,
}

impl RowError {
    /// Makes an error.
    #[must_use]
    pub fn new(line: u64, column: &str, rule: Rule, message: impl fmt::Display) -> Self {
        Self {
            line,
            column: column.to_owned(),
            rule,
            message: message.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// SPEC C61.
    #[test]
    fn every_rule_has_a_key_of_its_own() {
        let keys: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.key()).collect();
        assert_eq!(keys.len(), Rule::ALL.len());
        assert!(keys.len() >= 12);
    }
}
