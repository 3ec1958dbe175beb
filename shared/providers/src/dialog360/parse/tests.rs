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
use proptest::prelude::*;
use serde_json::json;
use std::{collections::BTreeSet, fs, path::PathBuf};
use vestibule_domain::{
    chat::content::Parts,
    chat::message::{Attachment, AttachmentKind, Identity},
    chat::profile::Profile,
    ports::FailureClass,
    text::is_blank,
};

mod kinds;
mod shapes;

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
fn what_no_person_wrote_is_ignored_by_its_name() {
    let expected = [
        ("ignored_account_update", "account_update"),
        ("ignored_calls", "calls"),
        ("ignored_ephemeral", "message:ephemeral"),
        ("ignored_errors", "errors"),
        ("ignored_group_message", "message:group"),
        ("ignored_history", "history"),
        ("ignored_message_echoes", "message_echoes"),
        (
            "ignored_message_template_status_update",
            "message_template_status_update",
        ),
        ("ignored_no_changes", "no_changes"),
        ("ignored_no_messages", "no_messages"),
        ("ignored_own_number", "message:own"),
        (
            "ignored_phone_number_quality_update",
            "phone_number_quality_update",
        ),
        ("ignored_reaction_removed", "message:reaction"),
        ("ignored_reaction_to_nothing", "message:reaction"),
        ("ignored_request_welcome", "message:request_welcome"),
        ("ignored_smb_app_state_sync", "smb_app_state_sync"),
        ("ignored_smb_message_echoes", "smb_message_echoes"),
        ("ignored_something_new", "something_new"),
        ("ignored_status_deleted", "status:deleted"),
        ("ignored_status_delivered", "status:delivered"),
        ("ignored_status_failed_group", "status:failed"),
        ("ignored_status_played", "status:played"),
        ("ignored_status_read", "status:read"),
        ("ignored_status_sent", "status:sent"),
        (
            "ignored_system_user_changed_number",
            "message:system:user_changed_number",
        ),
        ("ignored_system_without_type", "message:system:unnamed"),
        (
            "ignored_template_category_update",
            "template_category_update",
        ),
        ("ignored_unsupported_pin", "message:unsupported"),
        ("ignored_unsupported_template", "message:unsupported"),
        ("ignored_user_preferences", "user_preferences"),
    ];
    for (name, kind) in expected {
        assert_eq!(kind_of(&only_event(&captured(name))), kind, "{name}");
    }
    let covered: BTreeSet<_> = expected.map(|(name, _)| name.to_owned()).into();
    assert_eq!(captured_names("ignored_"), covered);
}

#[test]
fn every_type_that_is_no_persons_is_ignored_whatever_it_holds() {
    for kind in NO_PERSONS_TYPES {
        let body = changed(|message| message["type"] = kind.into());
        let event = only_event(&body);
        assert!(
            kind_of(&event).starts_with(&format!("message:{kind}")),
            "{event:?}"
        );
    }
}

#[test]
fn content_that_whatsapp_keeps_to_itself_is_a_placeholder_of_whoever_wrote_it() {
    for name in captured_names("placeholder_") {
        let Event::Placeholder(message) = only_event(&captured(&name)) else {
            panic!("{name} is no placeholder");
        };
        assert_eq!(message.sender, bsuid(), "{name}");
        let keys = ["360dialog:withheld:wamid.xyzxyz"];
        assert_eq!(message.event_keys, keys, "{name}");
        assert_eq!((message.text.as_str(), message.attachments.len()), ("", 0));
    }
}

#[test]
fn a_placeholder_is_not_in_the_way_of_the_message_that_follows_under_its_id() {
    let body = |is_withheld: &[bool]| {
        changed_from("message_text", |value| {
            let written = value["messages"][0].take();
            let mut placeholder = written.clone();
            placeholder["type"] = "unsupported".into();
            let one = |is_withheld: &bool| {
                if *is_withheld {
                    placeholder.clone()
                } else {
                    written.clone()
                }
            };
            value["messages"] = is_withheld.iter().map(one).collect();
        })
    };
    let read = events(&body(&[true, true, false, true]));
    let expected = [
        "placeholder wamid.xyzxyz",
        "ignored duplicate",
        "wamid.xyzxyz",
        "ignored duplicate",
    ];
    assert_eq!(outline(&read), expected);
    let Event::Placeholder(placeholder) = &read[0] else {
        panic!("{read:?}");
    };
    let written = message_of(&body(&[false]));
    assert_ne!(placeholder.event_keys, written.event_keys);
}

#[test]
fn a_placeholder_is_a_persons_unless_it_names_an_action_an_error_or_a_businesss_message() {
    for kind in ["unsupported", "unknown"] {
        for (named, is_persons) in [
            (json!({"type": "gif"}), true),
            (json!({"type": "poll_creation"}), true),
            (json!({"type": "media_placeholder"}), true),
            (json!({"type": "something_new"}), true),
            (json!({}), true),
            (json!(null), true),
            (json!({"type": "reaction"}), false),
            (json!({"type": "poll_update"}), false),
            (json!({"type": "keep_in_chat"}), false),
            (json!({"type": "hsm"}), false),
            (json!({"type": "errors"}), false),
        ] {
            let event = only_event(&changed(|message| {
                message["type"] = kind.into();
                message["unsupported"] = named.clone();
            }));
            if is_persons {
                assert!(matches!(event, Event::Placeholder(_)), "{kind} {named}");
            } else {
                assert_eq!(kind_of(&event), format!("message:{kind}"), "{named}");
            }
        }
    }
}

#[test]
fn errors_do_not_take_content_away_that_is_there() {
    let errors = json!([{"code": 131_052, "title": "Media download error"}]);
    let with_caption = changed_from("message_image", |value| {
        value["messages"][0]["errors"] = errors.clone();
    });
    assert!(!message_of(&with_caption).attachments.is_empty());
    let text = changed(|message| message["errors"] = errors);
    assert_eq!(message_of(&text).text, "Body Text");
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

#[test]
fn a_message_of_ours_that_did_not_arrive_is_reported() {
    let to = |recipient: Vec<Identity>, class, reason: &str| SendFailure {
        recipient,
        message_id: "wamid.ours==".into(),
        class,
        reason: reason.into(),
    };
    let undeliverable = "131026: cannot be delivered to this person";
    let expected = [
        (
            "status_failed_bsuid_only",
            to(vec![bsuid()], FailureClass::Recipient, undeliverable),
        ),
        (
            "status_failed_undeliverable",
            to(vec![phone()], FailureClass::Recipient, undeliverable),
        ),
        (
            "status_failed_window",
            to(
                vec![bsuid(), phone()],
                FailureClass::Recipient,
                "131047: outside the 24-hour window",
            ),
        ),
        (
            "status_failed_without_code",
            to(
                vec![bsuid(), phone()],
                FailureClass::Request,
                "unnamed_error",
            ),
        ),
    ];
    for (name, failure) in &expected {
        let event = Event::SendFailed(Box::new(failure.clone()));
        assert_eq!(only_event(&captured(name)), event, "{name}");
    }
    let covered: BTreeSet<_> = expected.map(|(name, _)| name.to_owned()).into();
    assert_eq!(captured_names("status_"), covered);
}

#[test]
fn a_status_of_an_unnamed_recipient_still_names_the_message() {
    let body = changed_from("status_failed_undeliverable", |value| {
        value["statuses"][0]["recipient_id"] = json!(null);
    });
    let Event::SendFailed(failure) = only_event(&body) else {
        panic!("not reported");
    };
    assert!(failure.recipient.is_empty());
    assert_eq!(failure.message_id, "wamid.ours==");
}

#[test]
fn a_request_that_is_all_for_another_number_is_refused() {
    let refused = Err("the request is for another number");
    assert_eq!(
        parse_later(&captured("other_number"), &connector(), 5),
        refused
    );
    // Two bad ones are no better than one.
    let mut payload: Value = serde_json::from_slice(&captured("other_number")).unwrap();
    let entry = payload["entry"][0].clone();
    payload["entry"] = json!([entry, entry]);
    let body = payload.to_string().into_bytes();
    assert_eq!(parse_later(&body, &connector(), 5), refused);
}

#[test]
fn of_a_mixed_request_nothing_of_the_other_number_is_taken() {
    for field in ["messages", "calls"] {
        let mut payload: Value = serde_json::from_slice(&captured("batch_mixed_numbers")).unwrap();
        payload["entry"][0]["changes"][0]["field"] = field.into();
        let events = events(payload.to_string().as_bytes());
        let expected = ["ignored other_number", "wamid.xyzxyz"];
        assert_eq!(outline(&events), expected);
    }
}

#[test]
fn a_number_is_another_unless_it_is_the_same_to_the_letter() {
    for number in ["", "1122334455668", "1122334455667 ", "+1122334455667"] {
        let body = changed_from("message_text", |value| {
            value["metadata"]["phone_number_id"] = number.into();
        });
        assert!(parse_later(&body, &connector(), 5).is_err(), "{number:?}");
    }
    for number in [json!(null), json!(1_122_334_455_667_i64), json!([])] {
        let body = changed_from("message_text", |value| {
            value["metadata"]["phone_number_id"] = number.clone();
        });
        let event = only_event(&body);
        assert!(matches!(event, Event::Unreadable { .. }), "{number}");
    }
}

#[test]
fn a_connector_without_a_number_gets_nothing() {
    let mut connector = connector();
    for number in [Some(""), None] {
        connector.settings.remove(PHONE_NUMBER_ID);
        if let Some(number) = number {
            connector
                .settings
                .insert(PHONE_NUMBER_ID.into(), number.into());
        }
        for name in ["message_text", "unreadable_not_json"] {
            let refused = Err("the connector has no phone number id");
            assert_eq!(parse_later(&captured(name), &connector, 5), refused);
        }
        let body = changed_from("message_text", |value| {
            value["metadata"]["phone_number_id"] = "".into();
        });
        assert!(parse_later(&body, &connector, 5).is_err());
    }
}

#[test]
fn a_message_is_taken_for_eight_days_and_not_for_a_second_more() {
    let days = 24 * 60 * 60;
    for (seconds, expected) in [
        (-300, "wamid.xyzxyz"),
        (0, "wamid.xyzxyz"),
        (7 * days, "wamid.xyzxyz"),
        (8 * days, "wamid.xyzxyz"),
        (8 * days + 1, "ignored too_old"),
        (400 * days, "ignored too_old"),
    ] {
        let events = parse_later(&captured("message_text"), &connector(), seconds).unwrap();
        assert_eq!(outline(&events), [expected], "{seconds}");
    }
}

#[test]
fn an_old_message_does_not_keep_a_new_one_from_being_taken() {
    let body = changed_from("message_text", |value| {
        let mut old = value["messages"][0].clone();
        old["id"] = "wamid.old".into();
        old["timestamp"] = "1690000000".into();
        let new = value["messages"][0].take();
        value["messages"] = json!([old, new]);
    });
    assert_eq!(outline(&events(&body)), ["ignored too_old", "wamid.xyzxyz"]);
}

#[test]
fn a_time_is_seconds_in_a_string() {
    for good in [json!("1697043223"), json!(1_697_043_223)] {
        let body = changed(|message| message["timestamp"] = good);
        let expected = Timestamp::from_millis(WRITTEN_AT * 1000);
        assert_eq!(message_of(&body).sent_at, expected);
    }
    for bad in [
        json!(""),
        json!(" 1697043223"),
        json!("+1697043223"),
        json!("-1697043223"),
        json!("1697043223.5"),
        json!(1_697_043_223.5),
        json!(-1),
        json!("99999999999999999999"),
        json!(i64::MAX),
        json!([]),
    ] {
        let body = changed(|message| message["timestamp"] = bad.clone());
        let event = only_event(&body);
        assert!(matches!(event, Event::Unreadable { .. }), "{bad}");
    }
}

#[test]
fn ids_with_the_signs_of_base64_are_ids() {
    let id = "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0+/==";
    let message = message_of(&changed(|message| message["id"] = id.into()));
    assert_eq!(message.provider_event_id, id);
    assert_eq!(message.event_keys, [format!("360dialog:{id}")]);
    let (longest, too_long) = ("w".repeat(256), "w".repeat(257));
    let keys = message_of(&changed(|message| message["id"] = longest.into())).event_keys;
    assert!(keys[0].len() <= EVENT_KEY_MAX_BYTES);
    for bad in [too_long.as_str(), "", "a b", "a\n", "é"] {
        let event = only_event(&changed(|message| message["id"] = bad.into()));
        assert!(matches!(event, Event::Unreadable { .. }), "{bad}");
    }
}

#[test]
fn a_second_delivery_is_known_by_the_same_key() {
    let first = message_of(&captured("message_text"));
    // Their phone number may be hidden by then.
    let second = message_of(&captured("message_bsuid_only"));
    assert_eq!(first.event_keys, second.event_keys);
    assert_eq!(first.sender, second.sender);
}

#[test]
fn a_text_is_cut_where_it_is_endless_and_has_no_nul() {
    let text = "é".repeat(TEXT_MAX_CHARS + 9);
    let body = changed(|message| message["text"]["body"] = text.into());
    assert_eq!(message_of(&body).text.chars().count(), TEXT_MAX_CHARS);
    let text = message_of(&captured("hostile_control_text")).text;
    assert!(text.starts_with("ab") && !text.contains('\0'));
}

#[test]
fn fields_that_are_null_are_not_there() {
    let body = changed_from("message_text", |value| {
        for field in ["statuses", "errors"] {
            value[field] = Value::Null;
        }
        for field in ["group_id", "context", "image"] {
            value["messages"][0][field] = Value::Null;
        }
    });
    assert_eq!(message_of(&body), message_of(&captured("message_text")));
}

/// Asserts that the events can be stored, queued and logged.
fn assert_fit(events: &[Event]) {
    for event in events {
        match event {
            Event::Message(message) | Event::Placeholder(message) => {
                assert!(!is_blank(&message.words()));
                assert!(!message.event_keys.is_empty());
                for key in &message.event_keys {
                    assert!(is_short_graphic(key, EVENT_KEY_MAX_BYTES), "{key}");
                }
                assert!(is_short_graphic(
                    &message.provider_event_id,
                    MESSAGE_ID_MAX_BYTES
                ));
                assert!(is_short_graphic(&message.sender.identifier, 140));
                assert!(message.text.chars().count() <= TEXT_MAX_CHARS);
            }
            Event::Ignored { kind } => assert!(kind.chars().count() <= KIND_MAX_CHARS),
            Event::SendFailed(failure) => {
                assert!(failure.reason.chars().count() <= REASON_MAX_CHARS);
            }
            _ => {}
        }
    }
}

#[test]
fn a_message_with_half_a_surrogate_pair_or_a_byte_order_mark_is_read() {
    let message = message_of(&captured("hostile_lone_surrogate"));
    assert_eq!(message.text, "half \u{FFFD} of it");
    let marked = [b"\xEF\xBB\xBF".as_slice(), &captured("message_text")].concat();
    assert_eq!(message_of(&marked), message_of(&captured("message_text")));
}

#[test]
fn a_malformed_element_of_any_list_does_not_lose_the_others_and_is_reported() {
    let good: Value = serde_json::from_slice(&captured("message_text")).unwrap();
    let expected = outline(&events(&captured("message_text")));
    for list in [
        "/entry",
        "/entry/0/changes",
        "/entry/0/changes/0/value/messages",
        "/entry/0/changes/0/value/statuses",
    ] {
        for bad in [Value::Null, json!({}), json!([]), json!("a"), json!(7)] {
            let mut payload = good.clone();
            payload["entry"][0]["changes"][0]["value"]["statuses"] = json!([]);
            let elements = payload.pointer_mut(list).and_then(Value::as_array_mut);
            elements.unwrap().insert(0, bad.clone());
            let mut lines = outline(&events(payload.to_string().as_bytes()));
            lines.retain(|line| *line != "unreadable");
            assert_eq!(lines, expected, "{list} {bad}");
            let all = outline(&events(payload.to_string().as_bytes()));
            assert_eq!(all.len(), expected.len() + 1, "{list} {bad}");
        }
    }
    let contacts = changed_from("message_text", |value| {
        value["contacts"]
            .as_array_mut()
            .unwrap()
            .insert(0, Value::Null);
    });
    assert_eq!(message_of(&contacts), message_of(&captured("message_text")));
}

#[test]
fn nothing_hostile_does_harm() {
    for name in captured_names("hostile_") {
        if let Ok(events) = parse_later(&captured(&name), &connector(), 5) {
            assert_fit(&events);
        }
    }
    for name in [
        "hostile_long_ids",
        "hostile_long_bsuid",
        "hostile_key_separators",
        "hostile_null_fields",
        "hostile_empty_strings",
        "hostile_huge_timestamp",
    ] {
        let events = events(&captured(name));
        let lines = outline(&events);
        assert!(
            lines.iter().all(|line| line == "unreadable"),
            "{name}: {lines:?}"
        );
    }
    assert_eq!(events(&captured("hostile_many_messages")).len(), 500);
}

proptest! {
    #[test]
    fn no_bytes_make_us_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(events) = parse_later(&body, &connector(), 5) {
            assert_fit(&events);
        }
    }

    #[test]
    fn no_json_makes_us_panic(payload in any_json()) {
        if let Ok(events) = parse_later(payload.to_string().as_bytes(), &connector(), 5) {
            assert_fit(&events);
        }
    }

    #[test]
    fn no_value_makes_us_panic(value in any_json(), field in "messages|calls") {
        let mut value = value;
        if value.is_object() {
            value["metadata"] = json!({"phone_number_id": "1122334455667"});
        }
        let payload = json!({"entry": [{"changes": [{"field": field, "value": value}]}]});
        let events = parse_later(payload.to_string().as_bytes(), &connector(), 5);
        assert_fit(&events.unwrap_or_default());
    }

    #[test]
    fn no_part_makes_us_panic(message in any_json(), contact in any_json(), status in any_json()) {
        let body = changed_from("message_text", |value| {
            value["messages"] = json!([message, value["messages"][0]]);
            value["contacts"] = json!([contact, value["contacts"][0]]);
            value["statuses"] = json!([status]);
        });
        let events = events(&body);
        assert_fit(&events);
        // The good message survives the bad ones next to it.
        prop_assert!(outline(&events).contains(&"wamid.xyzxyz".to_owned()));
    }
}
