//! Edits of messages, and changes of the bot's own place.

use super::*;

/// `changed_edited_message`, modified.
fn edited(change: impl FnOnce(&mut Value)) -> Event {
    let mut update: Value = serde_json::from_slice(&captured("changed_edited_message")).unwrap();
    change(&mut update);
    only_event(update.to_string().as_bytes())
}

#[test]
fn an_edit_names_the_message_by_the_key_of_the_message_and_has_its_own_time_and_keys() {
    let Event::Changed(change) = edited(|_| {}).of_bot("110201543") else {
        panic!("no change");
    };
    let mut original: Value = serde_json::from_slice(&captured("changed_edited_message")).unwrap();
    original["message"] = original["edited_message"].take();
    let Event::Message(original) = only_event(original.to_string().as_bytes()).of_bot("110201543")
    else {
        panic!("no message");
    };
    assert_eq!(change.kind, ChangeKind::Edited);
    assert_eq!(change.original_key, original.event_keys[0]);
    assert_eq!(change.written_at, Some(original.sent_at));
    assert_eq!(change.message.sender, original.sender);
    assert_eq!(change.message.conversation, original.conversation);
    assert_eq!(change.message.text, "hello");
    assert_eq!(change.message.sent_at.seconds(), 1_569_518_400);
    assert_eq!(
        change.message.event_keys,
        [
            "telegram:218485655:6557:1569518342:edited:1569518400:892252934@110201543",
            "telegram:892252934@110201543",
        ]
    );
}

#[test]
fn two_edits_in_one_second_are_two_changes_and_each_move_of_a_live_location_is_none() {
    let keys = |number: i64| {
        let Event::Changed(change) = edited(|update| update["update_id"] = number.into()) else {
            panic!("no change");
        };
        change.message.event_keys
    };
    assert_ne!(keys(892_252_934)[0], keys(892_252_935)[0]);
    let place = json!({"latitude": 48.2, "longitude": 16.4, "live_period": 900});
    let moved = edited(|update| update["edited_message"]["location"] = place);
    assert_eq!(moved, Event::ignored("edited_message:live_location"));
}

#[test]
fn an_edit_that_is_not_a_persons_is_ignored_and_one_without_a_time_cannot_be_read() {
    let body = captured("ignored_edited_message_of_bot");
    assert_eq!(kind_of_ignored("bot", &body), "edited_message:bot");
    for event in [
        edited(|update| update["edited_message"]["edit_date"] = Value::Null),
        edited(|update| update["edited_message"]["edit_date"] = "soon".into()),
        edited(|update| update["edited_message"] = json!(7)),
    ] {
        assert!(matches!(event, Event::Unreadable { .. }), "{event:?}");
    }
}

/// `start_my_chat_member`, modified.
fn own_place_after(change: impl FnOnce(&mut Value)) -> Event {
    let mut update: Value = serde_json::from_slice(&captured("start_my_chat_member")).unwrap();
    change(&mut update["my_chat_member"]);
    only_event(update.to_string().as_bytes())
}

#[test]
fn whoever_unblocks_the_bot_may_be_written_to() {
    let expected = Event::Consent {
        sender: vec![identity(218_485_655)],
        channel: None,
        may_write: true,
        at: Some(Timestamp::from_millis(1_569_518_400_000)),
        event_key: Some("telegram:892252935@110201543".into()),
    };
    let event = own_place_after(|_| {}).of_bot("110201543");
    assert_eq!(event, expected);
}

#[test]
fn a_change_of_the_bots_own_place_that_is_no_persons_return_is_ignored() {
    for (pointer, value) in [
        ("/chat/type", "supergroup"),
        ("/old_chat_member/status", "member"),
        ("/old_chat_member/status", "left"),
        ("/new_chat_member/status", "kicked"),
        ("/new_chat_member/status", "administrator"),
    ] {
        let event = own_place_after(|change| {
            *change.pointer_mut(pointer).unwrap() = json!(value);
        });
        assert_eq!(event, Event::ignored("my_chat_member"), "{pointer} {value}");
    }
    let nobodys = own_place_after(|change| change["from"]["id"] = json!(-5));
    assert!(matches!(nobodys, Event::Unreadable { .. }), "{nobodys:?}");
}
