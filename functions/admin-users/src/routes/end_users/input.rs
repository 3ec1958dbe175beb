//! Rules for what callers say of a user (SPEC C05–C21). The rules are the messages that people read.

use std::collections::BTreeSet;
use vestibule_admin::{FieldErrors, Nullable, validation};
use vestibule_domain::{
    account::email_address::EmailAddress, directory::phone::PhoneNumber, ids::EnvironmentId,
    text::clean_name,
};
use vestibule_phone::{self as phone, PhoneProblem};

/// Most environments of one user: each is checked in the transaction that changes the user.
pub const ENVIRONMENTS_MAX: usize = 50;

const FIRST_NAME_MISSING: &str = "First name is required";
const LAST_NAME_MISSING: &str = "Last name is required";
const INVALID_EMAIL: &str = "Invalid Email";
const NO_ENVIRONMENT_CHOSEN: &str = "Please select at least one environment";
const NO_ENVIRONMENT_LEFT: &str = "User must have at least one environment";
/// The rule of environments that do not exist.
pub const UNKNOWN_ENVIRONMENT: &str = "must be ids of environments of this project";

/// Converts a field of a creation: one that is left out is like one that is null.
pub fn stated(given: Option<String>) -> Nullable<String> {
    given.map_or(Nullable::Null, Nullable::Value)
}

/// Records a rule, unless the field broke one already.
fn refuse(field: &str, rule: &str, errors: &mut FieldErrors) {
    if !errors.names(field) {
        errors.add(field, rule);
    }
}

/// A field as it is to be: its text without what is blank, or the stored value.
enum Wanted<'a, T> {
    Stored(Option<T>),
    Nothing,
    Text(&'a str),
}

fn wanted<'a, T: Clone>(given: &'a Nullable<String>, stored: Option<&T>) -> Wanted<'a, T> {
    match given {
        Nullable::Absent => Wanted::Stored(stored.cloned()),
        Nullable::Null => Wanted::Nothing,
        Nullable::Value(text) if clean_name(text).is_none() => Wanted::Nothing,
        Nullable::Value(text) => Wanted::Text(text),
    }
}

/// Reads a phone number. One that is given as it is stored or shown stays as it is, even if nobody would type it so;
/// so does one that is the same in another form. `is_required` is false of people who registered by writing.
pub fn read_phone(
    given: &Nullable<String>,
    stored: Option<&PhoneNumber>,
    is_required: bool,
    errors: &mut FieldErrors,
) -> Option<PhoneNumber> {
    let text = match wanted(given, stored) {
        Wanted::Stored(number) => return number,
        Wanted::Nothing if !is_required => return None,
        Wanted::Nothing => {
            refuse("phone", &PhoneProblem::Missing.to_string(), errors);
            return None;
        }
        Wanted::Text(text) => text.trim(),
    };
    let is_stored =
        |number: &&PhoneNumber| text == number.as_str() || text == phone::display(number);
    if let Some(stored) = stored.filter(is_stored) {
        return Some(stored.clone());
    }
    match phone::read(text) {
        Ok(typed) => {
            let same = stored.filter(|stored| stored.key() == typed.number.key());
            Some(same.cloned().unwrap_or(typed.number))
        }
        Err(problem) => {
            refuse("phone", &problem.to_string(), errors);
            None
        }
    }
}

/// Reads an e-mail address, which may be blank.
pub fn read_email(
    given: &Nullable<String>,
    stored: Option<&EmailAddress>,
    errors: &mut FieldErrors,
) -> Option<EmailAddress> {
    match wanted(given, stored) {
        Wanted::Stored(address) => address,
        Wanted::Nothing => None,
        Wanted::Text(text) => {
            let address = EmailAddress::parse(text).ok();
            if address.is_none() {
                refuse("email", INVALID_EMAIL, errors);
            }
            address
        }
    }
}

/// Reads a name, which may be blank unless `missing` says what is wrong then.
fn read_name(
    field: &str,
    given: &Nullable<String>,
    stored: Option<&String>,
    missing: Option<&str>,
    errors: &mut FieldErrors,
) -> Option<String> {
    match (wanted(given, stored), missing) {
        (Wanted::Stored(name), _) => name,
        (Wanted::Text(text), _) => validation::name(field, Some(text), errors),
        (Wanted::Nothing, Some(rule)) => {
            refuse(field, rule, errors);
            None
        }
        (Wanted::Nothing, None) => None,
    }
}

/// Reads the first name.
pub fn read_first_name(
    given: &Nullable<String>,
    stored: Option<&String>,
    errors: &mut FieldErrors,
) -> Option<String> {
    read_name(
        "first_name",
        given,
        stored,
        Some(FIRST_NAME_MISSING),
        errors,
    )
}

/// Reads the middle name, which may be blank.
pub fn read_middle_name(
    given: &Nullable<String>,
    stored: Option<&String>,
    errors: &mut FieldErrors,
) -> Option<String> {
    read_name("middle_name", given, stored, None, errors)
}

/// Reads the last name. `is_required` is false of people who registered by writing.
pub fn read_last_name(
    given: &Nullable<String>,
    stored: Option<&String>,
    is_required: bool,
    errors: &mut FieldErrors,
) -> Option<String> {
    let missing = is_required.then_some(LAST_NAME_MISSING);
    read_name("last_name", given, stored, missing, errors)
}

/// Reads the environments of a new user.
pub fn read_environments(
    given: Option<Vec<String>>,
    errors: &mut FieldErrors,
) -> BTreeSet<EnvironmentId> {
    read_ids(given.unwrap_or_default(), NO_ENVIRONMENT_CHOSEN, errors)
}

/// Reads the environments that a user is to have; `None` to keep them.
pub fn read_changed_environments(
    given: Option<Vec<String>>,
    errors: &mut FieldErrors,
) -> Option<BTreeSet<EnvironmentId>> {
    given.map(|given| read_ids(given, NO_ENVIRONMENT_LEFT, errors))
}

fn read_ids(
    given: Vec<String>,
    missing: &str,
    errors: &mut FieldErrors,
) -> BTreeSet<EnvironmentId> {
    const FIELD: &str = "environment_ids";
    if given.is_empty() {
        refuse(FIELD, missing, errors);
    }
    if given.len() > ENVIRONMENTS_MAX {
        let rule = format!("must be at most {ENVIRONMENTS_MAX} ids");
        refuse(FIELD, &rule, errors);
        return BTreeSet::new();
    }
    let mut ids = BTreeSet::new();
    for text in given {
        match text.parse() {
            Ok(id) => {
                ids.insert(id);
            }
            Err(_) => refuse(FIELD, UNKNOWN_ENVIRONMENT, errors),
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Nullable<String> {
        Nullable::Value(text.to_owned())
    }

    /// The rule that a field breaks.
    fn rule(errors: FieldErrors, field: &str) -> Option<String> {
        let errors = errors.into_validation();
        let found = errors.errors().iter().find(|error| error.field == field);
        found.map(|error| error.rule.clone())
    }

    fn phone_of(
        given: &Nullable<String>,
        stored: Option<&PhoneNumber>,
        is_required: bool,
    ) -> Result<Option<PhoneNumber>, String> {
        let mut errors = FieldErrors::default();
        let number = read_phone(given, stored, is_required, &mut errors);
        match rule(errors, "phone") {
            Some(rule) => Err(rule),
            None => Ok(number),
        }
    }

    /// SPEC C05, C14, C18.
    #[test]
    fn a_phone_number_is_required_of_whoever_is_invited_and_has_ten_digits() {
        let missing = Err("Phone number is required".to_owned());
        for blank in [value(""), value("  "), Nullable::Null] {
            assert_eq!(phone_of(&blank, None, true), missing);
            assert_eq!(phone_of(&blank, None, false), Ok(None));
        }
        let wrong = phone_of(&value("0151 2345678"), None, true).unwrap_err();
        assert!(
            wrong.starts_with("Enter the number in international format"),
            "{wrong}"
        );
        let number = PhoneNumber::parse("+15551234567").ok();
        assert_eq!(phone_of(&value("+1 555-123-4567"), None, true), Ok(number));
    }

    /// SPEC C14: a number that a platform asserted is kept, at any length.
    #[test]
    fn a_number_that_is_given_as_it_is_stored_or_shown_stays() {
        let short = PhoneNumber::parse("+376312345").unwrap();
        for same in [
            Nullable::Absent,
            value("+376312345"),
            value(" +376 312 345 "),
        ] {
            assert_eq!(phone_of(&same, Some(&short), true), Ok(Some(short.clone())));
        }
        let of_old = PhoneNumber::parse("+5212221234567").unwrap();
        let same = phone_of(&value("+52 222 123 4567"), Some(&of_old), true);
        assert_eq!(same, Ok(Some(of_old.clone())));
        let other = PhoneNumber::parse("+15551234567").ok();
        assert_eq!(
            phone_of(&value("+1 555 123 4567"), Some(&of_old), true),
            Ok(other)
        );
    }

    /// SPEC C15, C20.
    #[test]
    fn an_address_is_valid_or_blank() {
        let stored = EmailAddress::parse("ada@example.com").unwrap();
        for (given, expected) in [
            (Nullable::Absent, Some("ada@example.com")),
            (Nullable::Null, None),
            (value(" "), None),
            (value("Bob@Example.com"), Some("bob@example.com")),
        ] {
            let mut errors = FieldErrors::default();
            let read = read_email(&given, Some(&stored), &mut errors);
            assert_eq!(read.as_ref().map(EmailAddress::as_str), expected);
            assert!(errors.is_empty());
        }
        let mut errors = FieldErrors::default();
        assert_eq!(read_email(&value("ada@"), Some(&stored), &mut errors), None);
        assert_eq!(rule(errors, "email").as_deref(), Some("Invalid Email"));
    }

    /// SPEC C07–C09.
    #[test]
    fn first_and_last_name_are_required_and_the_middle_name_is_not() {
        for blank in [value(" "), Nullable::Null] {
            let mut errors = FieldErrors::default();
            read_first_name(&blank, None, &mut errors);
            read_middle_name(&blank, None, &mut errors);
            read_last_name(&blank, None, true, &mut errors);
            assert_eq!(
                rule(errors.clone(), "first_name").as_deref(),
                Some("First name is required")
            );
            assert!(!errors.names("middle_name"));
            assert_eq!(
                rule(errors, "last_name").as_deref(),
                Some("Last name is required")
            );
            let mut errors = FieldErrors::default();
            read_last_name(&blank, None, false, &mut errors);
            assert!(errors.is_empty());
        }
        let mut errors = FieldErrors::default();
        let stored = "Ada".to_owned();
        let kept = read_first_name(&Nullable::Absent, Some(&stored), &mut errors);
        assert_eq!(kept.as_deref(), Some("Ada"));
        let cleaned = read_first_name(&value(" Ana\u{202E} Maria "), Some(&stored), &mut errors);
        assert_eq!(cleaned.as_deref(), Some("Ana Maria"));
        assert!(errors.is_empty());
        assert_eq!(
            read_first_name(&value(&"x".repeat(101)), None, &mut errors),
            None
        );
        assert!(errors.names("first_name"));
    }

    /// SPEC C10, C19, C21, C39.
    #[test]
    fn a_user_has_an_environment_at_least() {
        let id = EnvironmentId::derive(&["e"]);
        for (given, expected) in [
            (None, Some("Please select at least one environment")),
            (Some(vec![]), Some("Please select at least one environment")),
            (
                Some(vec!["production".to_owned()]),
                Some(UNKNOWN_ENVIRONMENT),
            ),
            (Some(vec![id.to_string(), id.to_string()]), None),
        ] {
            let mut errors = FieldErrors::default();
            let read = read_environments(given, &mut errors);
            assert_eq!(rule(errors, "environment_ids").as_deref(), expected);
            assert_eq!(read.contains(&id), expected.is_none());
        }
        let mut errors = FieldErrors::default();
        assert_eq!(read_changed_environments(None, &mut errors), None);
        assert!(errors.is_empty());
        read_changed_environments(Some(vec![]), &mut errors);
        assert_eq!(
            rule(errors, "environment_ids").as_deref(),
            Some("User must have at least one environment")
        );
        let mut errors = FieldErrors::default();
        read_environments(Some(vec![id.to_string(); 51]), &mut errors);
        assert!(errors.names("environment_ids"));
    }
}
