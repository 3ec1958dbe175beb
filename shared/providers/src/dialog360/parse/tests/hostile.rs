//! Endless, malformed and hostile requests, which nobody promised to send.

use super::*;
use proptest::prelude::*;

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
