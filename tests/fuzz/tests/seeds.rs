//! Checks that the captured events are valid seeds for the fuzzers.

use std::{fs, path::Path};
use vestibule_fuzz::{
    event, exercise,
    inbound::is_taken,
    input::{Input, Request},
    platform::{Fixture, NOW, Platform, Signer},
    platforms::{Dialog360, Slack, Teams, Telegram, Twilio},
};
use vestibule_providers::webhook::Event;

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
fn every_captured_message_is_signed_taken_and_read_and_breaks_no_rule() {
    let platforms: [&'static dyn Platform; 5] = [&Slack, &Teams, &Telegram, &Dialog360, &Twilio];
    for platform in platforms {
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
