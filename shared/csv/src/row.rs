//! A row, and the person that it makes.

use crate::{
    columns::{Columns, Field},
    records::Record,
    rules::{RowError, Rule},
    spoiled,
};
use std::collections::{BTreeMap, BTreeSet};
use vestibule_domain::{
    account::email_address::EmailAddress,
    directory::{
        end_user::{EndUser, NAME_MAX_CHARS, Names},
        phone::PhoneNumber,
    },
    ids::EnvironmentId,
    text::clean_name,
};
use vestibule_phone::{self as phone, PhoneProblem};

/// Most environments of one person: each is checked in the transaction that stores the person.
const ENVIRONMENTS_MAX: usize = 50;
/// Characters between environments in a cell.
const SEPARATORS: [char; 2] = [';', '|'];

/// The environments of a project by their names, whose case does not matter.
#[derive(Debug, Clone, Default)]
pub struct EnvironmentNames(BTreeMap<String, EnvironmentId>);

impl EnvironmentNames {
    /// Makes the names of these environments.
    #[must_use]
    pub fn new(environments: impl IntoIterator<Item = (String, EnvironmentId)>) -> Self {
        let mut names = BTreeMap::new();
        for (name, id) in environments {
            names.entry(folded(&name)).or_insert(id);
        }
        Self(names)
    }

    fn get(&self, name: &str) -> Option<EnvironmentId> {
        self.0.get(&folded(name)).copied()
    }
}

fn folded(name: &str) -> String {
    clean_name(name).unwrap_or_default().to_lowercase()
}

/// A row without errors of its own. What is `None` or empty was blank and leaves what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line on which it begins.
    pub line: u64,
    /// The phone number, which names the person.
    pub phone: PhoneNumber,
    /// The e-mail address.
    pub email: Option<EmailAddress>,
    /// The names.
    pub names: Names,
    /// The environments.
    pub environments: BTreeSet<EnvironmentId>,
}

/// A person as a row describes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The phone number.
    pub phone: PhoneNumber,
    /// The e-mail address.
    pub email: Option<EmailAddress>,
    /// The names.
    pub names: Names,
    /// The environments.
    pub environments: BTreeSet<EnvironmentId>,
}

impl Row {
    /// Reads a record. All that is wrong with it is told at once. The number is returned even of a row that breaks a
    /// rule, so that a second row of the person is known.
    pub fn read(
        record: &Record,
        columns: &Columns,
        environments: &EnvironmentNames,
    ) -> (Option<PhoneNumber>, Result<Self, Vec<RowError>>) {
        if let Some(fault) = columns.fault_of(record) {
            return (None, Err(vec![fault]));
        }
        let mut cells = Cells {
            record,
            columns,
            errors: Vec::new(),
        };
        let phone = cells.phone();
        let email = cells.email();
        let names = Names {
            first: cells.name(Field::FirstName),
            middle: cells.name(Field::MiddleName),
            last: cells.name(Field::LastName),
        };
        let environments = cells.environments(environments);
        let row = match &phone {
            Some(phone) if cells.errors.is_empty() => Ok(Self {
                line: record.line,
                phone: phone.clone(),
                email,
                names,
                environments,
            }),
            _ => Err(cells.errors),
        };
        (phone, row)
    }

    /// Returns the person that the row makes of the one who is stored, or of nobody.
    pub fn make(
        &self,
        stored: Option<&EndUser>,
        columns: &Columns,
    ) -> Result<Person, Vec<RowError>> {
        let given = Person {
            phone: self.phone.clone(),
            email: self.email.clone(),
            names: self.names.clone(),
            environments: self.environments.clone(),
        };
        let Some(stored) = stored else {
            let missing = self.missing(columns);
            return if missing.is_empty() {
                Ok(given)
            } else {
                Err(missing)
            };
        };
        let environments = if given.environments.is_empty() {
            stored.environments.clone()
        } else {
            given.environments
        };
        Ok(Person {
            phone: stored.phone.clone().unwrap_or(given.phone),
            email: given.email.or_else(|| stored.email.clone()),
            names: Names {
                first: given.names.first.or_else(|| stored.names.first.clone()),
                middle: given.names.middle.or_else(|| stored.names.middle.clone()),
                last: given.names.last.or_else(|| stored.names.last.clone()),
            },
            environments,
        })
    }

    /// Values that a new person lacks (SPEC C05–C10, C19).
    fn missing(&self, columns: &Columns) -> Vec<RowError> {
        let lacks = [
            (
                self.names.first.is_none(),
                Field::FirstName,
                Rule::FirstNameMissing,
                "First name is required",
            ),
            (
                self.names.last.is_none(),
                Field::LastName,
                Rule::LastNameMissing,
                "Last name is required",
            ),
            (
                self.environments.is_empty(),
                Field::Environments,
                Rule::EnvironmentMissing,
                "Please select at least one environment",
            ),
        ];
        lacks
            .into_iter()
            .filter(|(lacks, ..)| *lacks)
            .map(|(_, field, rule, message)| {
                RowError::new(self.line, columns.name(field), rule, message)
            })
            .collect()
    }
}

/// The cells of a row, with what is wrong with them.
struct Cells<'a> {
    record: &'a Record,
    columns: &'a Columns,
    errors: Vec<RowError>,
}

impl<'a> Cells<'a> {
    fn refuse(&mut self, field: Field, rule: Rule, message: impl std::fmt::Display) {
        let column = self.columns.name(field);
        self.errors
            .push(RowError::new(self.record.line, column, rule, message));
    }

    /// The text of a cell; `None` if it is blank or cannot be what somebody wrote.
    fn text(&mut self, field: Field) -> Option<&'a str> {
        let text = self.columns.cell(self.record, field);
        if text.contains(['\0', '\u{FFFD}']) {
            let message = "The cell holds characters that cannot be read; save the file as UTF-8";
            self.refuse(field, Rule::CharacterUnreadable, message);
            return None;
        }
        if spoiled::is_error(text) {
            let message = format!("“{text}” is an error of the spreadsheet");
            self.refuse(field, Rule::SpreadsheetError, message);
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    fn phone(&mut self) -> Option<PhoneNumber> {
        let known = self.errors.len();
        let text = self.text(Field::Phone);
        if self.errors.len() > known {
            return None;
        }
        match phone::read(text.unwrap_or_default()) {
            Ok(typed) => Some(typed.number),
            Err(problem) => {
                let (rule, message) = phone_problem(text.unwrap_or_default(), problem);
                self.refuse(Field::Phone, rule, message);
                None
            }
        }
    }

    fn email(&mut self) -> Option<EmailAddress> {
        let text = self.text(Field::Email)?;
        let address = EmailAddress::parse(text).ok();
        if address.is_none() {
            self.refuse(Field::Email, Rule::EmailInvalid, "Invalid Email");
        }
        address
    }

    fn name(&mut self, field: Field) -> Option<String> {
        let text = self.text(field)?;
        if spoiled::is_date(text) {
            let message = format!("“{text}” is a date; did the spreadsheet make it of a name?");
            self.refuse(field, Rule::NameDate, message);
            return None;
        }
        let name = clean_name(text)?;
        if name.chars().count() > NAME_MAX_CHARS {
            let message = format!("A name has at most {NAME_MAX_CHARS} characters");
            self.refuse(field, Rule::NameTooLong, message);
            return None;
        }
        Some(name)
    }

    fn environments(&mut self, known: &EnvironmentNames) -> BTreeSet<EnvironmentId> {
        const FIELD: Field = Field::Environments;
        let Some(text) = self.text(FIELD) else {
            return BTreeSet::new();
        };
        // A name may hold what stands between names.
        if let Some(id) = known.get(text) {
            return BTreeSet::from([id]);
        }
        let mut ids = BTreeSet::new();
        for name in text
            .split(SEPARATORS)
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            if let Some(id) = known.get(name) {
                ids.insert(id);
            } else {
                let shown = clean_name(name).unwrap_or_default();
                let message = format!("The project has no environment “{shown}”");
                self.refuse(FIELD, Rule::EnvironmentUnknown, message);
            }
        }
        if ids.len() > ENVIRONMENTS_MAX {
            let message = format!("A user has at most {ENVIRONMENTS_MAX} environments");
            self.refuse(FIELD, Rule::EnvironmentsTooMany, message);
        }
        ids
    }
}

/// The reason why a text is no phone number, as far as it shows.
fn phone_problem(text: &str, problem: PhoneProblem) -> (Rule, String) {
    let told = |rule, message: &str| (rule, message.to_owned());
    if problem == PhoneProblem::Missing {
        return (Rule::PhoneMissing, problem.to_string());
    }
    if spoiled::is_scientific(text) {
        let message =
            format!("The spreadsheet cut the number to {text}; format the column as text");
        return (Rule::PhoneScientific, message);
    }
    if spoiled::is_date(text) {
        let message = format!("“{text}” is a date; did the spreadsheet make it of a number?");
        return (Rule::PhoneDate, message);
    }
    let end = text.find(|one: char| one.is_alphabetic() || matches!(one, '#' | ';' | ','));
    let is_extended = end
        .and_then(|end| text.get(..end))
        .is_some_and(|start| phone::read(start).is_ok());
    if is_extended {
        return told(Rule::PhoneExtension, "The number must have no extension");
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_plain = text.starts_with(|one: char| one.is_ascii_digit() || one == '(')
        && !text.contains(|one: char| one.is_alphabetic() || one == '+');
    if is_plain && !digits.starts_with('0') {
        return told(
            Rule::PhonePlusMissing,
            "The number begins without +; was the plus sign lost?",
        );
    }
    if is_plain && !digits.starts_with("00") {
        return told(
            Rule::PhoneNational,
            "The number begins with 0 and lacks the code of its country, such as +49",
        );
    }
    (Rule::PhoneInvalid, problem.to_string())
}

#[cfg(test)]
mod tests;
