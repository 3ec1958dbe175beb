//! Checks that the captured events are valid seeds for the fuzzers.

use std::{collections::BTreeSet, fs, path::Path};
use vestibule_domain::connector::Provider;
use vestibule_fuzz::{
    event, exercise,
    inbound::is_taken,
    input::{Input, Request},
    platform::{Fixture, NOW, Signer},
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
    let known: BTreeSet<Provider> = connector_kinds()
        .iter()
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
