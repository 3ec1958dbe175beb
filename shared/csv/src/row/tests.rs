//! Rows and the people whom they make.

use super::*;
use crate::columns::Mapping;
use vestibule_domain::{
    Timestamp,
    directory::end_user::EndUserSource,
    ids::{AccountId, EndUserId, ProjectId},
    scope::AccountScope,
};

const HEADER: [&str; 6] = [
    "Phone",
    "E-mail",
    "First name",
    "Middle name",
    "Last name",
    "Environments",
];

fn record(cells: [&str; 6]) -> Record {
    Record {
        line: 7,
        last_line: 7,
        cells: cells.map(str::to_owned).to_vec(),
        fault: None,
    }
}

fn columns() -> Columns {
    Columns::recognise(&record(HEADER), &Mapping::default()).unwrap()
}

fn environment(name: &str) -> EnvironmentId {
    EnvironmentId::derive(&[name])
}

fn read(cells: [&str; 6]) -> Result<Row, Vec<RowError>> {
    let names = ["Production", "UAT", "A|B"];
    let names = names.map(|name| (name.to_owned(), environment(name)));
    Row::read(&record(cells), &columns(), &EnvironmentNames::new(names)).1
}

fn rules(result: Result<impl std::fmt::Debug, Vec<RowError>>) -> Vec<(String, Rule, String)> {
    let errors = result.unwrap_err().into_iter();
    errors
        .map(|error| {
            assert_eq!(error.line, 7);
            (error.column, error.rule, error.message)
        })
        .collect()
}

fn phone_rule(phone: &str) -> Rule {
    let found = rules(read([phone, "", "", "", "", ""]));
    assert_eq!(found.len(), 1, "{phone} {found:?}");
    found[0].1
}

fn stored() -> EndUser {
    let project = ProjectId::derive(&["p"]);
    EndUser {
        id: EndUserId::derive(&["u"]),
        scope: AccountScope::of_verified(AccountId::derive(&["a"])).project(project),
        source: EndUserSource::Invited,
        names: Names {
            first: Some("Ada".into()),
            middle: Some("King".into()),
            last: Some("Lovelace".into()),
        },
        phone: PhoneNumber::parse("+5215512345678").ok(),
        email: EmailAddress::parse("ada@example.com").ok(),
        environments: BTreeSet::from([environment("UAT")]),
        chat_users: BTreeSet::new(),
        version: 3,
        links_version: 1,
        created_at: Timestamp::from_millis(1),
        updated_at: Timestamp::from_millis(2),
    }
}

/// SPEC C14, C18, C61.
#[test]
fn what_a_spreadsheet_made_of_a_number_is_told_and_not_guessed() {
    for (text, rule) in [
        ("", Rule::PhoneMissing),
        ("-", Rule::PhoneMissing),
        ("12015550123", Rule::PhonePlusMissing),
        ("(201) 555-0123", Rule::PhonePlusMissing),
        ("0151 23456789", Rule::PhoneNational),
        ("4.91511E+12", Rule::PhoneScientific),
        ("2026-03-04", Rule::PhoneDate),
        ("+1 201-555-0123 x12", Rule::PhoneExtension),
        ("+1 201-555-0123;ext=12", Rule::PhoneExtension),
        ("+1 201-555-0123 +1 201-555-0124", Rule::PhoneInvalid),
        ("+1 201", Rule::PhoneInvalid),
        ("00 1 201", Rule::PhoneInvalid),
        ("Ada", Rule::PhoneInvalid),
        ("#N/A", Rule::SpreadsheetError),
    ] {
        assert_eq!(phone_rule(text), rule, "{text}");
    }
    for text in ["+1 201-555-0123", "'+12015550123", "001 201 555 0123"] {
        let row = read([text, "", "", "", "", ""]).unwrap();
        assert_eq!(row.phone.as_str(), "+12015550123");
    }
}

/// SPEC C15, C18–C20.
#[test]
fn the_messages_are_those_of_the_form() {
    let wrong = rules(read(["", "ada@", "", "", "", ""]));
    let messages: Vec<_> = wrong
        .iter()
        .map(|(_, _, message)| message.as_str())
        .collect();
    assert_eq!(messages, ["Phone number is required", "Invalid Email"]);
    let blank = read(["+12015550123", "", "", "", "", ""]).unwrap();
    let missing = rules(blank.make(None, &columns()));
    let messages: Vec<_> = missing
        .iter()
        .map(|(column, _, message)| (column.as_str(), message.as_str()))
        .collect();
    assert_eq!(
        messages,
        [
            ("First name", "First name is required"),
            ("Last name", "Last name is required"),
            ("Environments", "Please select at least one environment"),
        ]
    );
}

/// SPEC C61.
#[test]
fn environments_stand_in_one_cell_and_are_known_by_name() {
    for (cell, names) in [
        ("production", &["Production"][..]),
        (" UAT ; PRODUCTION;", &["Production", "UAT"]),
        ("uat|Production", &["Production", "UAT"]),
        ("a|b", &["A|B"]),
        ("", &[]),
    ] {
        let row = read(["+12015550123", "", "", "", "", cell]).unwrap();
        let expected: BTreeSet<_> = names.iter().map(|name| environment(name)).collect();
        assert_eq!(row.environments, expected, "{cell}");
    }
    let unknown = rules(read(["+12015550123", "", "", "", "", "UAT;Live;Test"]));
    let messages: Vec<_> = unknown.into_iter().map(|(_, _, message)| message).collect();
    let expected = ["Live", "Test"].map(|name| format!("The project has no environment “{name}”"));
    assert_eq!(messages, expected);
}

/// SPEC C07–C09.
#[test]
fn names_are_cleaned_and_neither_dates_nor_too_long() {
    let row = read([
        "+12015550123",
        "",
        " Ana\u{202E}  Maria ",
        "",
        "'=Lovelace",
        "",
    ])
    .unwrap();
    assert_eq!(row.names.full(), "Ana Maria =Lovelace");
    let long = "x".repeat(NAME_MAX_CHARS + 1);
    let wrong = rules(read(["+12015550123", "", "1-May", &long, "#NAME?", ""]));
    let found: Vec<_> = wrong
        .iter()
        .map(|(column, rule, _)| (column.as_str(), *rule))
        .collect();
    assert_eq!(
        found,
        [
            ("First name", Rule::NameDate),
            ("Middle name", Rule::NameTooLong),
            ("Last name", Rule::SpreadsheetError),
        ]
    );
}

/// SPEC C61.
#[test]
fn a_blank_cell_leaves_what_is_stored_and_another_one_replaces_it() {
    let stored = stored();
    let same = Person {
        phone: stored.phone.clone().unwrap(),
        email: stored.email.clone(),
        names: stored.names.clone(),
        environments: stored.environments.clone(),
    };
    let blank = read(["+525512345678", "", "", " ", "", ""]).unwrap();
    assert_eq!(blank.make(Some(&stored), &columns()), Ok(same.clone()));
    let partial = read(["+525512345678", "", "", "", "Noor", "production"]).unwrap();
    let expected = Person {
        names: Names {
            last: Some("Noor".into()),
            ..same.names.clone()
        },
        environments: BTreeSet::from([environment("Production")]),
        ..same
    };
    assert_eq!(partial.make(Some(&stored), &columns()), Ok(expected));
    let full = ["+12015550123", "b@example.com", "Bob", "B", "Noor", "UAT"];
    let new = read(full).unwrap().make(None, &columns()).unwrap();
    assert_eq!(
        (new.names.full().as_str(), new.phone.as_str()),
        ("Bob B Noor", "+12015550123")
    );
    assert_eq!(new.environments, BTreeSet::from([environment("UAT")]));
}
