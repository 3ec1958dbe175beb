//! The requests and messages that are taken, and the keys by which they are known.

use super::*;

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
