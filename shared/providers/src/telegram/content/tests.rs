//! Every row of content is read as it says, and nothing that a person sends is blank.

mod rows;

use super::*;
use crate::telegram::{fixtures::connector, parse};
use serde_json::{Map, json};
use std::{collections::BTreeSet, fs, path::PathBuf};
use vestibule_domain::{
    chat::{
        content::{PARTS_MAX_BYTES, WORDS_MAX_CHARS},
        message::InboundMessage,
    },
    text::is_invisible,
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/telegram")
}

fn captured(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.json"))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn read(name: &str) -> Option<InboundMessage> {
    match parse::update(&captured(name), &connector()) {
        Event::Message(message) | Event::Placeholder(message) => Some(*message),
        _ => None,
    }
}

/// The value without its parts that are null, false or empty, and with the kinds of files only.
fn told(value: &Value) -> Value {
    let is_told = |value: &Value| {
        !matches!(value, Value::Null | Value::Bool(false))
            && *value != json!([])
            && *value != json!("")
    };
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let value: Value = if name == "files" {
                    let files = value.as_array().unwrap();
                    files.iter().map(|file| file["kind"].clone()).collect()
                } else {
                    told(value)
                };
                (name.clone(), value)
            });
            let told: Map<_, _> = fields.filter(|(_, value)| is_told(value)).collect();
            Value::Object(told)
        }
        Value::Array(values) => values.iter().map(told).collect(),
        value => value.clone(),
    }
}

fn told_of(message: &InboundMessage) -> Value {
    let words = Some(message.words()).filter(|words| *words != message.text);
    told(&json!({
        "text": message.text,
        "entities": message.entities,
        "files": message.attachments,
        "parts": message.parts,
        "words": words,
        "withheld": message.is_withheld(),
    }))
}

/// The source of an event, in the last column of the README's tables.
fn source(readme: &str, event: &str) -> String {
    let line = readme
        .lines()
        .find(|line| line.starts_with(&format!("| `{event}` |")))
        .unwrap_or_else(|| panic!("{event} is not in the README"));
    line.trim_matches(['|', ' '])
        .rsplit('|')
        .next()
        .unwrap()
        .trim()
        .to_owned()
}

#[test]
#[expect(clippy::print_stdout, reason = "the number of rows is a result")]
fn every_field_that_a_person_can_send_is_read_and_none_is_blank() {
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    let rows = rows::all();
    for (field, event, expected) in &rows {
        let message = read(event).unwrap_or_else(|| panic!("{event} is no message"));
        assert_eq!(told_of(&message), *expected, "{event}");
        assert!(!is_blank(&message.words()), "{event}");
        let body: Value = serde_json::from_slice(&captured(event)).unwrap();
        assert!(!body["message"][field].is_null(), "{event} has no {field}");
        let source = source(&readme, event);
        let origins = ["documented: ", "published: ", "constructed"];
        assert!(
            origins.iter().any(|origin| source.starts_with(origin)),
            "{event}: {source}"
        );
    }
    let proved: BTreeSet<&str> = rows.iter().map(|(field, _, _)| *field).collect();
    for field in FIELDS {
        assert!(proved.contains(field), "{field}");
    }
    println!("Telegram: {} rows of content", rows.len());
}

#[test]
fn no_captured_event_of_a_person_is_blank_or_beyond_the_bounds() {
    let mut count = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = name.strip_suffix(".json") else {
            continue;
        };
        let Some(message) = read(name) else {
            continue;
        };
        count += 1;
        assert!(!is_blank(&message.words()), "{name}");
        assert!(!message.content().is_empty(), "{name}");
        let parts = message.parts.as_slice();
        let size = serde_json::to_vec(&message.parts).unwrap().len();
        assert!(size <= PARTS_MAX_BYTES + 2, "{name}: {size}");
        for words in parts.iter().map(Part::words) {
            assert!(words.chars().count() <= WORDS_MAX_CHARS, "{name}");
            let is_visible = |c: char| c == '\n' || !is_invisible(c);
            assert!(words.chars().all(is_visible), "{name}: {words:?}");
        }
    }
    assert!(count > 60, "{count}");
}

#[test]
fn entities_that_make_no_sense_leave_the_text_as_it_is() {
    let message = read("hostile_entities").unwrap();
    assert_eq!(message.text, "👋 @ann hello");
    let marks = told(&serde_json::to_value(&message.entities).unwrap());
    let marks = marks.as_array().unwrap();
    assert!(marks.contains(&rows::mention(2, 4, "ann")), "{marks:?}");
}

#[test]
fn only_a_link_has_a_parameter_and_only_the_person_who_follows_it_comes_by_it() {
    for (text, parameter) in [
        ("/start a", Some("a")),
        ("/start@ada_bot a-Z_9", Some("a-Z_9")),
        ("/start", None),
        ("/start ", None),
        ("/start two words", None),
        ("/started a", None),
        (" /start a", None),
        ("/start é", None),
        ("say /start a", None),
    ] {
        let expected = parameter
            .map(|parameter| json!({"kind": "referral", "source": "start", "payload": parameter}));
        let part = referral(text).map(|part| told(&serde_json::to_value(part).unwrap()));
        assert_eq!(part, expected, "{text}");
    }
    let longest = "x".repeat(START_PARAMETER_MAX);
    assert!(referral(&format!("/start {longest}")).is_some());
    assert!(referral(&format!("/start {longest}x")).is_none());
    let message = json!({
        "text": "/start a",
        "forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Ann"},
    });
    let Ok(content) = of(&message, false) else {
        panic!("unreadable");
    };
    assert_eq!(content.parts.as_slice().len(), 1);
}

#[test]
fn what_cannot_be_read_is_named() {
    let name_of = |message: Value| match of(&message, false) {
        Ok(content) => told(&serde_json::to_value(content.parts).unwrap()),
        Err(event) => panic!("{event:?}"),
    };
    for (message, name) in [
        (json!({"photo": [{"file_id": 7}]}), Some("photo")),
        (
            json!({"message_id": 1, "date": 1, "hologram": {}, "aura": {}}),
            Some("hologram"),
        ),
        (json!({"message_id": 1, "date": 1, "hologram": null}), None),
        (json!({"text": "\u{200B}"}), Some("text")),
        (json!({"users_shared": {"users": []}}), Some("users_shared")),
    ] {
        let part = told(&json!({"kind": "unsupported", "name": name}));
        assert_eq!(name_of(message), json!([part]));
    }
}
