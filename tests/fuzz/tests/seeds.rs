//! Checks that the captured events are valid seeds for the fuzzers, and that they bring what the agent's
//! documentation says.

use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};
use vestibule_domain::{chat::content::Part, connector::Provider};
use vestibule_fuzz::{
    event, exercise,
    inbound::is_taken,
    input::{Input, Request},
    platform::{Fixture, NOW, Platform, Signer},
    platforms,
};
use vestibule_providers::{catalogue::connector_kinds, webhook::Event};

/// The captured request in the form that `seed.py` writes.
fn seed(event: &Path) -> Vec<u8> {
    let is_form = event.extension().is_some_and(|end| end == "form");
    let media_type = if is_form {
        "application/x-www-form-urlencoded"
    } else {
        "application/json"
    };
    let head = format!("\ncontent-type: {media_type}\n\n");
    [head.into_bytes(), fs::read(event).unwrap()].concat()
}

fn is_message(fixture: &Fixture, mut request: Request) -> bool {
    fixture.platform.sign(&mut request, Signer::Platform)
        && is_taken(fixture, &request)
        && fixture
            .platform
            .webhook()
            .parse(&request.raw(), &fixture.connector, NOW)
            .is_ok_and(|parsed| {
                let mut events = parsed.events.iter();
                events.any(|event| matches!(event, Event::Message(_)))
            })
}

#[test]
fn every_provider_is_fuzzed() {
    let fuzzed = platforms::ALL.iter().map(|platform| platform.key());
    let fuzzed: BTreeSet<Provider> = fuzzed.map(Provider::new).collect();
    // A customer's own system has no webhook, and only the status of its answers counts.
    let known: BTreeSet<Provider> = connector_kinds()
        .iter()
        .filter(|kind| kind.own_system().is_none())
        .map(|kind| kind.provider())
        .collect();
    assert_eq!(fuzzed, known);
}

#[test]
fn every_platform_has_answers_and_a_target_of_its_own() {
    let platforms = stems("src/platforms");
    assert_eq!(platforms.len(), platforms::ALL.len());
    assert_eq!(stems("answers"), platforms);
    let mut targets = stems("libfuzzer/fuzz_targets");
    assert!(targets.remove("event"));
    assert_eq!(targets, platforms);
}

/// The names of the files of a folder, without their extensions.
fn stems(folder: &str) -> BTreeSet<String> {
    fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[test]
fn every_captured_message_is_signed_taken_and_read_and_breaks_no_rule() {
    for &platform in platforms::ALL {
        let fixture = Fixture::of(platform);
        let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
        let mut missed = Vec::new();
        for entry in fs::read_dir(events.join(platform.key())).unwrap() {
            let path = entry.unwrap().path();
            let data = seed(&path);
            exercise(&fixture, &data);
            let event = format!("/webhooks/{}/01\n", platform.key()).into_bytes();
            event::exercise(&[event, data.clone()].concat());
            let name = path.file_name().unwrap().to_str().unwrap();
            let Input::Request(request) = Input::read(&data) else {
                panic!("{name} is no request");
            };
            if name.starts_with("message_") && !is_message(&fixture, request) {
                missed.push(name.to_owned());
            }
        }
        assert!(missed.is_empty(), "{}: {missed:?}", platform.key());
    }
}

/// The part of the agent's documentation that says which platform gives which kind of content.
fn documented() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/agent-api.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, section) = text.split_once("### Which platform gives what").unwrap();
    let (section, _) = section.split_once("\n`message.entities`").unwrap();
    section.to_owned()
}

/// The cells of a row of a table.
fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

/// The kinds of content in the captured events of a platform.
fn kinds_from(platform: &'static dyn Platform) -> BTreeSet<String> {
    let fixture = Fixture::of(platform);
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let mut kinds = BTreeSet::new();
    for entry in fs::read_dir(events.join(platform.key())).unwrap() {
        let path = entry.unwrap().path();
        let Input::Request(request) = Input::read(&seed(&path)) else {
            continue;
        };
        let parsed = platform
            .webhook()
            .parse(&request.raw(), &fixture.connector, NOW);
        for event in parsed.into_iter().flat_map(|parsed| parsed.events) {
            if let Event::Message(message) | Event::Placeholder(message) = event {
                let content = serde_json::to_value(message.content()).unwrap();
                let parts = content.as_array().unwrap().iter();
                kinds.extend(parts.map(|part| part["kind"].as_str().unwrap().to_owned()));
            }
        }
    }
    kinds
}

#[test]
fn the_table_of_kinds_says_what_each_platform_brings() {
    let section = documented();
    let mut rows = section
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(cells);
    let head: Vec<String> = rows
        .next()
        .unwrap()
        .iter()
        .map(|cell| cell.to_lowercase())
        .collect();
    let rows: Vec<Vec<&str>> = rows.skip(1).collect();
    for &platform in platforms::ALL {
        let column = head.iter().position(|cell| cell.contains(platform.key()));
        let column = column.unwrap_or_else(|| panic!("{} has no column", platform.key()));
        let given = rows.iter().filter(|row| !row[column].starts_with('–'));
        let given: BTreeSet<String> = given
            .map(|row| row[0].trim_matches('`').to_owned())
            .collect();
        assert_eq!(kinds_from(platform), given, "{}", platform.key());
    }
}

#[test]
fn every_kind_has_an_example_in_the_form_of_the_envelope() {
    let section = documented();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let expected: Vec<String> = rows
        .map(|row| cells(row)[0].trim_matches('`').to_owned())
        .collect();
    let mut kinds = Vec::new();
    for line in section.lines().filter(|line| line.starts_with('{')) {
        let example: Value = serde_json::from_str(line).unwrap();
        let part: Part = serde_json::from_value(example.clone()).unwrap();
        assert_eq!(serde_json::to_value(&part).unwrap(), example);
        kinds.push(example["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds, expected);
}
