//! Malformed and hostile activities, which nobody promised to send.

use super::*;
use proptest::prelude::*;

#[test]
fn one_malformed_attachment_or_entity_does_not_lose_the_others_and_an_attachment_is_reported() {
    let image = |name: &str| {
        let url = format!("https://smba.trafficmanager.net/amer/v3/attachments/{name}");
        json!({"contentType": "image/png", "contentUrl": url, "name": name})
    };
    let body = changed(|activity| {
        activity["attachments"] = json!([image("one"), null, image("two")]);
    });
    let (message, report) = message_and_report(&body);
    let names: Vec<_> = message
        .attachments
        .iter()
        .map(|file| file.name.as_deref())
        .collect();
    assert_eq!(names, [Some("one"), Some("two")]);
    let expected = Event::unreadable("an element of attachments is malformed");
    assert_eq!(report, expected);
    let body = changed(|activity| {
        activity["text"] = "<at>Ann</at> hello".into();
        activity["entities"] = json!([
            null, 7, {"type": "mention"},
            {"type": "mention", "text": "<at>Ann</at>", "mentioned": {"id": "29:1"}},
        ]);
    });
    assert_eq!(message_of(&body).text, "@Ann hello");
}

#[test]
fn a_message_with_half_a_surrogate_pair_or_a_byte_order_mark_is_read() {
    let message = message_in("hostile_lone_surrogate");
    assert_eq!(message.text, "\u{FFFD}Hello Teams TestBot.");
    let marked = [b"\xEF\xBB\xBF".as_slice(), &captured("message_personal")].concat();
    assert_eq!(message_of(&marked), message_in("message_personal"));
}

#[test]
fn what_cannot_be_read_is_said_to_be_so() {
    for name in captured_names("unreadable_") {
        let event = only_event(&captured(&name));
        assert!(
            matches!(event, Event::Unreadable { .. }),
            "{name}: {event:?}"
        );
    }
}

#[test]
fn nothing_hostile_makes_us_panic_and_what_is_taken_is_within_bounds() {
    for name in captured_names("hostile_") {
        let Ok(Parsed { events, .. }) = parsed(&captured(&name)) else {
            continue;
        };
        for event in events {
            check_bounds(&event);
        }
    }
}

fn check_bounds(event: &Event) {
    match event {
        Event::Message(message) | Event::Placeholder(message) => {
            assert!(message.text.chars().count() <= TEXT_MAX_CHARS && !message.text.contains('\0'));
            assert!(message.attachments.len() <= ATTACHMENTS_MAX);
            assert!(is_short_graphic(
                &message.sender.identifier,
                MEMBER_ID_MAX_BYTES
            ));
            for key in &message.event_keys {
                assert!(is_short_graphic(key, EVENT_KEY_MAX_BYTES), "{key}");
            }
        }
        Event::Ignored { kind } => assert_eq!(&crate::webhook::clean_kind(kind), kind),
        Event::Unreadable { detail } => assert!(detail.len() <= 100, "{detail}"),
        other => panic!("{other:?}"),
    }
}

/// Merges two activities: fields of the second replace those of the first.
fn mixed(mut base: Value, other: &Value) -> Value {
    if let (Some(base), Some(other)) = (base.as_object_mut(), other.as_object()) {
        base.extend(other.clone());
    }
    base
}

proptest! {
    #[test]
    fn no_bytes_make_us_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parsed(&body);
    }

    #[test]
    fn no_activity_makes_us_panic(other in any_json()) {
        let base: Value = serde_json::from_slice(&captured("message_channel_reply")).unwrap();
        if let Ok(Parsed { events, .. }) = parsed(mixed(base, &other).to_string().as_bytes()) {
            events.iter().for_each(check_bounds);
        }
    }
}
