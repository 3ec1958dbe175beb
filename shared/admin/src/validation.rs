//! Rules for the input of callers, common to all resources.

use crate::FieldErrors;
use std::{collections::BTreeSet, str::FromStr};
use vestibule_domain::{
    access::request::NOTE_MAX_CHARS,
    routing::demand::{SKILL_MAX_CHARS, SKILLS_MAX, Skill},
    text::{clean_name, is_invisible},
};

/// Maximum length of a record's name, in characters.
pub const NAME_MAX_CHARS: usize = 100;

/// Cleans a name for storage, and checks its length.
pub fn name(field: &str, given: Option<&str>, errors: &mut FieldErrors) -> Option<String> {
    let cleaned = clean_name(given?);
    match cleaned {
        Some(name) if name.chars().count() <= NAME_MAX_CHARS => Some(name),
        _ => {
            errors.add(field, format!("must be 1 to {NAME_MAX_CHARS} characters"));
            None
        }
    }
}

/// Like [`name`], for a required field.
pub fn required_name(field: &str, given: Option<&str>, errors: &mut FieldErrors) -> Option<String> {
    errors.required(field, given)?;
    name(field, given, errors)
}

/// Whether two names look the same to a reader.
#[must_use]
pub fn same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Cleans a note for storage; a blank one is `None`. Line breaks stay; characters that could deceive a
/// reader are removed.
pub fn note(field: &str, given: Option<&str>, errors: &mut FieldErrors) -> Option<String> {
    let note = clean_text(given?)?;
    if note.chars().count() > NOTE_MAX_CHARS {
        errors.add(
            field,
            format!("must be at most {NOTE_MAX_CHARS} characters"),
        );
        return None;
    }
    Some(note)
}

/// Cleans free text of several lines: removes control characters, and characters that reorder or hide
/// the text around them. `None` when nothing is left.
#[must_use]
pub fn clean_text(raw: &str) -> Option<String> {
    let text: String = raw
        .replace("\r\n", "\n")
        .chars()
        .filter(|c| matches!(c, '\n' | '\t') || !is_invisible(*c))
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Reads skills that are asked of a member.
pub fn skills(field: &str, given: &[String], errors: &mut FieldErrors) -> BTreeSet<Skill> {
    if given.len() > SKILLS_MAX {
        errors.add(field, format!("must have at most {SKILLS_MAX} items"));
        return BTreeSet::new();
    }
    let mut skills = BTreeSet::new();
    for (index, text) in given.iter().enumerate() {
        let skill = Skill::new(text);
        if skill.is_none() {
            let rule = format!("must be 1 to {SKILL_MAX_CHARS} characters");
            errors.add(format!("{field}.{index}"), rule);
        }
        skills.extend(skill);
    }
    skills
}

/// Parses an id of another record in a body or query.
pub fn id<T: FromStr>(field: &str, given: Option<&str>, errors: &mut FieldErrors) -> Option<T> {
    let id = given?.parse().ok();
    if id.is_none() {
        errors.add(field, "must be an id: 26 characters of 0-9 and A-Z");
    }
    id
}

/// Parses one of a few spellings.
pub fn one_of<T>(
    field: &str,
    given: Option<&str>,
    spellings: &[&str],
    parse: fn(&str) -> Option<T>,
    errors: &mut FieldErrors,
) -> Option<T> {
    let value = parse(given?);
    if value.is_none() {
        let all: Vec<_> = spellings.iter().map(|one| format!("`{one}`")).collect();
        errors.add(field, format!("must be one of {}", all.join(", ")));
    }
    value
}

/// Reads up to `most` values that are separated by commas, each with `read`.
pub fn several<T>(
    field: &str,
    given: Option<&str>,
    most: usize,
    errors: &mut FieldErrors,
    mut read: impl FnMut(&str, &mut FieldErrors) -> Option<T>,
) -> Vec<T> {
    let parts: Vec<&str> = given.map_or_else(Vec::new, |given| given.split(',').collect());
    if parts.len() > most {
        let rule = format!("must be at most {most} values, separated by commas");
        errors.add(field, rule);
        return Vec::new();
    }
    // One error for a field is enough.
    let values = parts.into_iter().map_while(|part| read(part, errors));
    values.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skills_that_are_asked_for_are_not_too_many_and_each_is_named_that_is_none() {
        let texts = |texts: &[&str]| -> Vec<String> {
            texts.iter().map(|text| (*text).to_owned()).collect()
        };
        let mut errors = FieldErrors::default();
        let read = skills("skills", &texts(&["German", "Billing"]), &mut errors);
        assert_eq!(read.len(), 2);
        assert!(skills("skills", &[], &mut errors).is_empty());
        assert!(errors.is_empty());
        let too_long = "x".repeat(51);
        skills("skills", &texts(&["German", " ", &too_long]), &mut errors);
        assert!(errors.names("skills.1") && errors.names("skills.2"));
        assert!(!errors.names("skills.0"));
        let too_many = vec!["German".to_owned(); SKILLS_MAX + 1];
        skills("skills", &too_many, &mut errors);
        assert!(errors.names("skills"));
    }

    #[test]
    fn a_name_is_cleaned_and_has_1_to_100_characters() {
        let mut errors = FieldErrors::default();
        let long = "é".repeat(100);
        assert_eq!(
            name("name", Some("  Help \u{202E}desk\n"), &mut errors).as_deref(),
            Some("Help desk")
        );
        assert_eq!(
            name("name", Some(&long), &mut errors).as_deref(),
            Some(long.as_str())
        );
        assert!(errors.is_empty());
        for wrong in ["", " \u{200B}\n", &"é".repeat(101), &"x".repeat(5000)] {
            let mut errors = FieldErrors::default();
            assert_eq!(name("name", Some(wrong), &mut errors), None);
            assert!(errors.names("name"));
        }
        assert_eq!(required_name("name", None, &mut errors), None);
        assert!(errors.names("name"));
    }

    #[test]
    fn a_note_keeps_its_lines_and_loses_what_could_deceive() {
        let mut errors = FieldErrors::default();
        assert_eq!(
            note(
                "note",
                Some(" known\r\n\tfrom \u{0}the \u{202E}fair "),
                &mut errors
            )
            .as_deref(),
            Some("known\n\tfrom the fair")
        );
        assert_eq!(note("note", Some(" \n"), &mut errors), None);
        assert_eq!(note("note", None, &mut errors), None);
        let longest = "x".repeat(NOTE_MAX_CHARS);
        assert!(note("note", Some(&longest), &mut errors).is_some());
        assert!(errors.is_empty());
        assert_eq!(
            note("note", Some(&format!("{longest}x")), &mut errors),
            None
        );
        assert!(errors.names("note"));
    }

    #[test]
    fn names_are_compared_without_case() {
        assert!(same_name("PRODUCTION", "Production"));
        assert!(same_name("Ärzte", "ÄRZTE"));
        assert!(!same_name("Staging", "Stage"));
    }

    #[test]
    fn several_values_are_separated_by_commas_and_one_that_is_wrong_is_told_once() {
        let read = |given: Option<&str>| {
            let mut errors = FieldErrors::default();
            let number = |part: &str, errors: &mut FieldErrors| {
                let number: Option<u8> = part.parse().ok();
                if number.is_none() {
                    errors.add("n", "must be a number");
                }
                number
            };
            (several("n", given, 3, &mut errors, number), errors)
        };
        let (none, errors) = read(None);
        assert!(none.is_empty() && errors.is_empty());
        assert_eq!(read(Some("1,2,3")).0, [1, 2, 3]);
        for wrong in ["", "1,", "1,x,y", "1,2,3,4"] {
            let (_, errors) = read(Some(wrong));
            let error = errors.check_parameters().unwrap_err();
            assert_eq!(error.errors().len(), 1, "{wrong}");
        }
    }
}
