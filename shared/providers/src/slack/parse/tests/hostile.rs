//! Malformed, incomplete and hostile requests, which nobody promised to send.

use super::*;
use proptest::prelude::*;
use std::fmt::Write as _;

#[test]
fn one_malformed_file_does_not_lose_the_others_and_is_reported() {
    let body = changed(|event| {
        event["files"] = json!([{"id": "F1"}, null, {"id": "F2"}, {"name": "no id"}]);
    });
    let ids: Vec<String> = message_and_report(&body)
        .attachments
        .into_iter()
        .map(|file| file.provider_id)
        .collect();
    assert_eq!(ids, ["F1", "F2"]);
    // Nothing is lost with a file of what is no message.
    let body = changed(|event| {
        event["files"] = json!([null]);
        event["bot_id"] = "B1".into();
    });
    assert!(matches!(only_event(&body), Event::Ignored { .. }));
}

#[test]
fn a_message_with_half_a_surrogate_pair_or_a_byte_order_mark_is_read() {
    let message = message_of(&captured("hostile_lone_surrogate"));
    assert_eq!(message.text, "\u{FFFD} half a pair");
    let marked = [b"\xEF\xBB\xBF".as_slice(), &captured("message_im")].concat();
    assert_eq!(message_of(&marked), message_of(&captured("message_im")));
    let body = String::from_utf8(captured("message_im")).unwrap();
    let unused = body.replacen('{', r#"{"unused\udc00": ["\ud83d"],"#, 1);
    assert_eq!(
        message_of(unused.as_bytes()),
        message_of(&captured("message_im"))
    );
}

#[test]
fn what_is_needed_and_not_there_makes_an_event_unreadable() {
    for field in ["channel", "ts", "user"] {
        for value in [
            json!(7),
            json!([]),
            json!({}),
            json!("a#b"),
            json!("x".repeat(101)),
        ] {
            let body = changed(|event| event[field] = value.clone());
            let event = only_event(&body);
            assert!(
                matches!(event, Event::Unreadable { .. }),
                "{field} {value} {event:?}"
            );
        }
    }
    for (field, value) in [
        ("text", json!(7)),
        ("subtype", json!(7)),
        ("thread_ts", json!("soon")),
        ("ts", json!("1568915625")),
        ("ts", json!("999999999999999999.000000")),
        ("ts", json!("-1.000000")),
        ("type", json!(null)),
    ] {
        let body = changed(|event| event[field] = value.clone());
        let event = only_event(&body);
        assert!(
            matches!(event, Event::Unreadable { .. }),
            "{field} {value} {event:?}"
        );
    }
    let body = changed_from("message_im", |payload| payload["event_id"] = json!(null));
    assert!(matches!(only_event(&body), Event::Unreadable { .. }));
}

#[test]
fn what_is_wrong_is_said_without_what_was_written() {
    let body = changed(|event| event["channel"] = "a canary #".into());
    let Event::Unreadable { detail } = only_event(&body) else {
        panic!("readable");
    };
    assert_eq!(detail, "event.channel is missing or malformed");
}

#[test]
fn a_body_that_is_not_json_is_a_certificate_check_or_unreadable() {
    let check = only_event(b"ssl_check=1&token=XXYYZZ");
    assert_eq!(kind_of(check), "ssl_check");
    assert_eq!(
        kind_of(only_event(b"token=XXYYZZ&ssl_check=1")),
        "ssl_check"
    );
    for body in [
        b"".as_slice(),
        b"ssl_check=10",
        b"payload=%7B%7D",
        b"{",
        b"\xff\xfe",
    ] {
        assert!(matches!(only_event(body), Event::Unreadable { .. }));
    }
    for body in [
        "[]",
        "7",
        "null",
        "\"event_callback\"",
        "{}",
        r#"{"type":7}"#,
    ] {
        assert!(
            matches!(only_event(body.as_bytes()), Event::Unreadable { .. }),
            "{body}"
        );
    }
    assert_eq!(
        kind_of(only_event(br#"{"type":"something_new"}"#)),
        "something_new"
    );
}

#[test]
fn every_hostile_request_is_taken_without_harm() {
    for name in captured_names("hostile_") {
        let event = only_event(&captured(&name));
        if let Event::Message(message) | Event::Placeholder(message) = event {
            assert!(message.text.chars().count() <= TEXT_MAX_CHARS, "{name}");
            assert!(!message.text.contains('\0'), "{name}");
            assert!(is_id(&message.sender.identifier), "{name}");
        }
    }
}

#[test]
fn a_key_that_is_too_long_is_hashed() {
    let long = |end: &str| event_key("slack", &format!("{}{end}", "x".repeat(200)));
    assert!(long("a").len() <= EVENT_KEY_MAX_BYTES);
    assert_ne!(long("a"), long("b"));
    assert_eq!(long("a"), long("a"));
}

proptest! {
    #[test]
    fn no_bytes_make_us_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse_for(&body, &connector());
    }

    #[test]
    fn no_json_makes_us_panic(payload in any_json()) {
        let _ = parse_for(payload.to_string().as_bytes(), &connector());
    }

    #[test]
    fn whatever_is_in_an_event_a_message_keeps_its_bounds(
        event in any_json(), field in "[a-z_]{2,12}", value in any_json(),
        known in proptest::sample::select(vec!["user", "channel", "ts", "text", "files", "blocks", "attachments", "thread_ts", "channel_type", "subtype"]),
    ) {
        let body = changed(|real| {
            real[known] = value.clone();
            real[field.as_str()] = event;
        });
        let parsed = parse_for(&body, &connector()).unwrap();
        for event in parsed.events {
            if let Event::Message(message) | Event::Placeholder(message) = event {
                prop_assert!(message.text.chars().count() <= TEXT_MAX_CHARS);
                prop_assert!(message.attachments.len() <= ATTACHMENTS_MAX);
                prop_assert!(!message.event_keys.is_empty());
                for key in &message.event_keys {
                    prop_assert!(key.len() <= EVENT_KEY_MAX_BYTES && key.bytes().all(|b| b.is_ascii_graphic()));
                }
                // A time that cannot be formatted would make every later step fail.
                let mut written = String::new();
                    let can_be_written = write!(written, "{}", message.sent_at).is_ok();
                    prop_assert!(can_be_written);
            }
        }
    }

    #[test]
    fn a_request_that_was_cut_off_anywhere_is_survived(end in 0_usize..900) {
        let body = captured("message_im");
        let kept = end.min(body.len());
        let _ = parse_for(&body[..kept], &connector());
    }
}
