//! Published and invented requests from 360dialog, and what they are parsed into.

use super::*;
use crate::{
    dialog360::{
        Dialog360,
        fixtures::{any_json, bsuid, connector, phone},
    },
    fields::{EVENT_KEY_MAX_BYTES, TEXT_MAX_CHARS},
    reason::REASON_MAX_CHARS,
    webhook::{KIND_MAX_CHARS, RawRequest, WebhookProvider},
};
use http::HeaderMap;
use serde_json::json;
use std::{collections::BTreeSet, fs, path::PathBuf};
use vestibule_domain::{
    chat::content::Parts,
    chat::message::{Attachment, AttachmentKind, Identity},
    chat::profile::Profile,
    ports::FailureClass,
    text::is_blank,
};

mod hostile;
mod kinds;
mod shapes;
mod taken;
mod unwritten;

/// The time, in seconds, of the messages in the files.
const WRITTEN_AT: i64 = 1_697_043_223;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/360dialog")
}

fn captured(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.json"))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Names of the captured requests with this prefix.
fn captured_names(prefix: &str) -> BTreeSet<String> {
    let names: BTreeSet<_> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".json").map(str::to_owned)
        })
        .filter(|name| name.starts_with(prefix))
        .collect();
    assert!(!names.is_empty(), "no {prefix}*");
    names
}

/// Calls the trait, as the intake does, this many seconds after the messages were written.
fn parse_later(
    body: &[u8],
    connector: &Connector,
    seconds: i64,
) -> Result<Vec<Event>, &'static str> {
    let headers = HeaderMap::new();
    let request = RawRequest {
        headers: &headers,
        query: None,
        body,
    };
    let now = Timestamp::from_millis((WRITTEN_AT + seconds) * 1000);
    let parsed = Dialog360
        .parse(&request, connector, now)
        .map_err(|refusal| refusal.reason)?;
    assert_eq!(parsed.reply, Reply::empty());
    assert!(!parsed.events.is_empty());
    Ok(parsed.events)
}

fn events(body: &[u8]) -> Vec<Event> {
    parse_later(body, &connector(), 5).unwrap()
}

fn only_event(body: &[u8]) -> Event {
    let mut events = events(body);
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

fn message_of(body: &[u8]) -> InboundMessage {
    match only_event(body) {
        Event::Message(message) => *message,
        other => panic!("no message but {other:?}"),
    }
}

fn kind_of(event: &Event) -> &str {
    match event {
        Event::Ignored { kind } => kind,
        other => panic!("not ignored but {other:?}"),
    }
}

/// The kind of each event, with the id of a message.
fn outline(events: &[Event]) -> Vec<String> {
    let line = |event: &Event| match event {
        Event::Message(message) => message.provider_event_id.clone(),
        Event::Placeholder(message) => format!("placeholder {}", message.provider_event_id),
        Event::Ignored { kind } => format!("ignored {kind}"),
        Event::Unreadable { .. } => "unreadable".to_owned(),
        Event::SendFailed(failure) => format!("failed {}", failure.message_id),
        other => panic!("{other:?}"),
    };
    events.iter().map(line).collect()
}

/// A request with the value of its change modified.
fn changed_from(name: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut payload: Value = serde_json::from_slice(&captured(name)).unwrap();
    change(&mut payload["entry"][0]["changes"][0]["value"]);
    payload.to_string().into_bytes()
}

/// `message_text` with its message modified.
fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    changed_from("message_text", |value| change(&mut value["messages"][0]))
}

#[test]
fn a_message_is_read_as_it_was_written() {
    let expected = InboundMessage {
        sender: bsuid(),
        also_known_as: Some(phone()),
        profile: Profile::from_raw(Some("Test Name"), None, None, None),
        conversation: ConversationRef::new(
            connector().id,
            ConversationKind::Direct,
            "972987654321".into(),
            None,
        ),
        text: "Body Text".into(),
        attachments: Vec::new(),
        parts: Parts::default(),
        entities: Entities::default(),
        provider_event_id: "wamid.xyzxyz".into(),
        event_keys: vec!["360dialog:wamid.xyzxyz".into()],
        sent_at: Timestamp::from_millis(WRITTEN_AT * 1000),
    };
    assert_eq!(message_of(&captured("message_text")), expected);
}

#[test]
fn whoever_writes_is_known_by_every_id_that_there_is() {
    for (name, sender, also_known_as, address) in [
        ("message_text", bsuid(), Some(phone()), "972987654321"),
        ("message_phone_only", phone(), None, "972987654321"),
        (
            "message_bsuid_only",
            bsuid(),
            None,
            "US.13491208655302741918",
        ),
        (
            "message_bsuid_in_from",
            bsuid(),
            None,
            "US.13491208655302741918",
        ),
        ("message_invalid_user_id", phone(), None, "972987654321"),
        (
            "message_without_contacts",
            bsuid(),
            Some(phone()),
            "972987654321",
        ),
    ] {
        let message = message_of(&captured(name));
        assert_eq!(message.sender, sender, "{name}");
        assert_eq!(message.also_known_as, also_known_as, "{name}");
        let conversation = message.conversation;
        assert_eq!(conversation.provider_conversation_id, address, "{name}");
        assert_eq!(conversation.kind, ConversationKind::Direct, "{name}");
    }
}

#[test]
fn a_name_comes_with_the_contact() {
    for (name, expected) in [
        ("message_text", Some("Test Name")),
        ("message_bsuid_only", Some("Test Name")),
        ("message_bsuid_in_from", Some("Test Name")),
        ("message_invalid_user_id", Some("Test Name")),
        ("message_username_only", Some("tname")),
        ("message_without_contacts", None),
        ("hostile_bidi_name", Some("ada Lovelace")),
        ("hostile_control_text", Some("A [2Jda Love lace")),
    ] {
        let profile = message_of(&captured(name)).profile;
        assert_eq!(profile.display_name.as_deref(), expected, "{name}");
    }
}

#[test]
fn every_type_has_its_text() {
    let expected = [
        ("message_audio", ""),
        ("message_bsuid_in_from", "Body Text"),
        ("message_bsuid_only", "Body Text"),
        ("message_button", "Yes, please"),
        ("message_contacts", ""),
        ("message_contacts_several", ""),
        ("message_document", "Our invoice"),
        (
            "message_formatted_text",
            "*Bold*, _italic_, ~gone~ and ```code```: https://example.com/?a=1",
        ),
        ("message_forwarded", "forwarded text"),
        ("message_frequently_forwarded", ""),
        ("message_image", "Look"),
        ("message_image_without_caption", ""),
        ("message_interactive_address_reply", ""),
        ("message_interactive_button_reply", "First button"),
        ("message_interactive_call_permission_accepted", ""),
        ("message_interactive_call_permission_rejected", ""),
        ("message_interactive_flow_answers", ""),
        ("message_interactive_flow_reply", ""),
        ("message_interactive_list_reply", "First row"),
        ("message_invalid_user_id", "Body Text"),
        ("message_location", ""),
        ("message_location_chosen", ""),
        ("message_location_current", ""),
        ("message_order", "Please"),
        ("message_order_several", ""),
        ("message_phone_only", "Body Text"),
        ("message_reaction", ""),
        ("message_referral", "I saw your advertisement"),
        ("message_referred_product", "Is this still there?"),
        ("message_reply", "Body Text"),
        ("message_sticker", ""),
        ("message_sticker_animated", ""),
        ("message_text", "Body Text"),
        ("message_unicode", "Grüße 世界 👋 שלום"),
        ("message_username_only", "Body Text"),
        ("message_video", "Watch"),
        ("message_voice", ""),
        ("message_without_contacts", "Body Text"),
    ];
    for (name, text) in expected {
        assert_eq!(message_of(&captured(name)).text, text, "{name}");
    }
    let covered: BTreeSet<_> = expected.map(|(name, _)| name.to_owned()).into();
    assert_eq!(captured_names("message_"), covered);
}

#[test]
fn files_are_taken_over_as_references() {
    for (name, kind, id, file_name, mime_type) in [
        (
            "message_image",
            AttachmentKind::Image,
            "1234567890",
            None,
            "image/jpeg",
        ),
        (
            "message_video",
            AttachmentKind::Video,
            "1234567891",
            None,
            "video/mp4",
        ),
        (
            "message_audio",
            AttachmentKind::Audio,
            "1234567892",
            None,
            "audio/mpeg",
        ),
        (
            "message_voice",
            AttachmentKind::Voice,
            "1234567893",
            None,
            "audio/ogg",
        ),
        (
            "message_document",
            AttachmentKind::File,
            "1234567894",
            Some("invoice.pdf"),
            "application/pdf",
        ),
        (
            "message_sticker",
            AttachmentKind::Sticker,
            "1234567895",
            None,
            "image/webp",
        ),
    ] {
        let expected = Attachment {
            kind,
            provider_id: id.into(),
            name: file_name.map(str::to_owned),
            mime_type: Some(mime_type.into()),
            url: None,
        };
        assert_eq!(message_of(&captured(name)).attachments, [expected]);
    }
    for name in ["message_text", "message_location", "message_contacts"] {
        assert!(message_of(&captured(name)).attachments.is_empty(), "{name}");
    }
}

#[test]
fn a_file_that_cannot_be_referred_to_does_not_spoil_its_message() {
    for image in [
        json!({}),
        json!(null),
        json!("x"),
        json!({"id": 7}),
        json!({"id": "../7"}),
    ] {
        let body = changed_from("message_image", |value| {
            value["messages"][0]["image"] = image.clone();
        });
        let Event::Placeholder(message) = only_event(&body) else {
            panic!("{image} is content");
        };
        assert!(message.attachments.is_empty(), "{image}");
    }
    let body = changed_from("message_image", |value| {
        value["messages"][0]["image"]["id"] = "../7".into();
    });
    let message = message_of(&body);
    assert_eq!(
        (message.text.as_str(), message.attachments),
        ("Look", vec![])
    );
    let body = changed_from("message_image", |value| {
        value["messages"][0]["image"]["mime_type"] = "; charset=x".into();
        value["messages"][0]["image"]["filename"] = "\u{202E}fdp.exe".into();
    });
    let attachments = message_of(&body).attachments;
    assert_eq!(attachments[0].mime_type, None);
    assert_eq!(attachments[0].name.as_deref(), Some("fdp.exe"));
}

#[test]
fn a_batch_of_several_people_gives_each_their_own_name() {
    for name in ["batch_two_people", "batch_two_entries"] {
        let events = events(&captured(name));
        let messages: Vec<_> = events
            .iter()
            .map(|event| match event {
                Event::Message(message) => message,
                other => panic!("{name}: {other:?}"),
            })
            .collect();
        for message in messages {
            let (sender, known_as) = if message.provider_event_id == "wamid.second" {
                ("DE.2Ab3Cd4Ef", "Second Person")
            } else {
                ("US.13491208655302741918", "Test Name")
            };
            assert_eq!(message.sender.identifier, sender, "{name}");
            let display_name = message.profile.display_name.as_deref();
            assert_eq!(display_name, Some(known_as), "{name}");
        }
    }
}

#[test]
fn every_part_of_a_batch_is_an_event_in_its_order() {
    for (name, expected) in [
        ("batch_two_people", vec!["wamid.xyzxyz", "wamid.second"]),
        (
            "batch_two_entries",
            vec!["wamid.xyzxyz", "wamid.third", "wamid.second"],
        ),
        (
            "batch_messages_and_statuses",
            vec!["wamid.xyzxyz", "ignored status:read"],
        ),
        (
            "batch_one_bad_message",
            vec!["unreadable", "unreadable", "wamid.xyzxyz"],
        ),
        (
            "batch_mixed_numbers",
            vec!["ignored other_number", "wamid.xyzxyz"],
        ),
        (
            "duplicate_in_batch",
            vec!["wamid.xyzxyz", "ignored duplicate", "ignored duplicate"],
        ),
    ] {
        assert_eq!(outline(&events(&captured(name))), expected, "{name}");
    }
}

#[test]
fn an_id_whose_first_message_was_unreadable_is_no_duplicate() {
    let body = changed_from("message_text", |value| {
        let mut bad = value["messages"][0].clone();
        bad["timestamp"] = "soon".into();
        let good = value["messages"][0].take();
        value["messages"] = json!([bad, good]);
    });
    assert_eq!(outline(&events(&body)), ["unreadable", "wamid.xyzxyz"]);
}

#[test]
fn an_edit_and_a_deletion_name_the_message_and_the_person_and_bring_the_new_content() {
    for (name, kind, key, text) in [
        ("changed_edit", ChangeKind::Edited, "edited", "Edited"),
        ("changed_revoke", ChangeKind::Deleted, "deleted", ""),
    ] {
        let Event::Changed(change) = only_event(&captured(name)) else {
            panic!("{name} is no change");
        };
        assert_eq!(change.kind, kind);
        assert_eq!(change.original_key, "360dialog:wamid.earlier");
        assert_eq!(change.message.text, text);
        assert_eq!(change.message.sent_at.seconds(), WRITTEN_AT);
        assert_eq!(change.written_at, None);
        assert_eq!(
            change.message.event_keys,
            [
                format!("360dialog:wamid.earlier:{key}:wamid.xyzxyz"),
                "360dialog:wamid.xyzxyz".to_owned(),
            ]
        );
    }
}

#[test]
fn a_change_that_names_no_message_or_no_content_cannot_be_read() {
    for (name, pointer) in [
        ("changed_edit", "/edit/original_message_id"),
        ("changed_edit", "/edit/message/type"),
        ("changed_revoke", "/revoke/original_message_id"),
    ] {
        let mut body: Value = serde_json::from_slice(&captured(name)).unwrap();
        let message = body
            .pointer_mut("/entry/0/changes/0/value/messages/0")
            .unwrap();
        *message.pointer_mut(pointer).unwrap() = Value::Null;
        let event = only_event(body.to_string().as_bytes());
        assert!(matches!(event, Event::Unreadable { .. }), "{pointer}");
    }
}

#[test]
fn a_changed_number_names_nobody_new() {
    let events = events(&captured("ignored_system_user_changed_number"));
    assert!(!format!("{events:?}").contains("972500000001"));
}

#[test]
fn our_own_number_is_known_however_it_is_written() {
    for written in ["972123456789", "+972 12-345 6789"] {
        let body = changed_from("ignored_own_number", |value| {
            value["metadata"]["display_phone_number"] = written.into();
        });
        assert_eq!(kind_of(&only_event(&body)), "message:own", "{written}");
    }
    let body = changed_from("ignored_own_number", |value| {
        value["metadata"]["display_phone_number"] = "+55 11 98765-4321".into();
        value["contacts"] = json!([]);
        value["messages"][0]["from"] = "551187654321".into();
    });
    assert_eq!(kind_of(&only_event(&body)), "message:own");
    for unknown in [json!(null), json!(""), json!(7)] {
        let body = changed_from("message_text", |value| {
            value["metadata"]["display_phone_number"] = unknown;
        });
        message_of(&body);
    }
}

#[test]
fn what_cannot_be_read_is_kept_and_not_refused() {
    for name in captured_names("unreadable_") {
        let event = only_event(&captured(&name));
        assert!(matches!(event, Event::Unreadable { .. }), "{name}");
    }
}

#[test]
fn why_something_is_unreadable_does_not_repeat_what_it_holds() {
    let secretive = [
        captured("unreadable_timestamp_is_text"),
        changed(|message| message["id"] = "canary id".into()),
        changed(|message| message["timestamp"] = "canary".into()),
        changed(|message| message["text"]["body"] = json!(["canary"])),
    ];
    for body in secretive {
        let Event::Unreadable { detail } = only_event(&body) else {
            panic!("readable");
        };
        assert!(!detail.contains("canary") && !detail.contains("yesterday"));
    }
}
