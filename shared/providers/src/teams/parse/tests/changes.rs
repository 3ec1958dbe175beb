//! Edits, deletions and undeletions.

use super::*;

#[test]
fn an_edit_is_no_message_whatever_activity_brings_it() {
    for (event_type, kind) in [
        ("editMessage", ChangeKind::Edited),
        ("undeleteMessage", ChangeKind::Edited),
        ("softDeleteMessage", ChangeKind::Deleted),
    ] {
        let body = changed(|activity| activity["channelData"]["eventType"] = event_type.into());
        let Event::Changed(change) = only_event(&body) else {
            panic!("{event_type} is no change");
        };
        assert_eq!(change.kind, kind, "{event_type}");
    }
}

#[test]
fn an_edit_an_undeletion_and_a_deletion_change_the_message_with_the_same_id() {
    let original = |name: &str| {
        let mut activity: Value = serde_json::from_slice(&captured(name)).unwrap();
        activity["type"] = "message".into();
        activity["channelData"]["eventType"] = Value::Null;
        message_of(activity.to_string().as_bytes())
    };
    for (name, kind, text) in [
        (
            "changed_message_update_edit",
            ChangeKind::Edited,
            "Hello Teams TestBot.",
        ),
        (
            "changed_message_update_undelete",
            ChangeKind::Edited,
            "Hello Teams TestBot.",
        ),
        ("changed_message_edited", ChangeKind::Edited, "Hello there."),
        ("changed_message_delete", ChangeKind::Deleted, ""),
    ] {
        let Event::Changed(change) = only_event(&captured(name)) else {
            panic!("{name} is no change");
        };
        let original = original(name);
        assert_eq!(change.kind, kind, "{name}");
        assert_eq!(change.message.text, text, "{name}");
        // A deleted activity has no content, and so would be a placeholder of its own.
        let key = original.event_keys[0].replace(":withheld:", ":");
        assert_eq!(change.original_key, key, "{name}");
        let written_at = change.written_at.map(|at| at.millis().to_string());
        let id = Some(&original.provider_event_id);
        assert_eq!(written_at.as_ref(), id, "{name}");
        assert_eq!(change.message.sender, original.sender, "{name}");
        assert_eq!(change.message.conversation, original.conversation, "{name}");
        assert_eq!(change.message.event_keys.len(), 1, "{name}");
        assert_ne!(change.message.event_keys, original.event_keys, "{name}");
    }
}

#[test]
fn an_id_that_is_no_time_does_not_say_when_its_message_was_written() {
    let at = |id| written_at(id).map(Timestamp::millis);
    assert_eq!(at("1485983408511"), Some(1_485_983_408_511));
    for id in [
        "",
        "148598340851",
        "14859834085110",
        "1:2rx-0Tq5kO7dI",
        "+148598340851",
    ] {
        assert_eq!(at(id), None, "{id}");
    }
}

#[test]
fn a_change_without_an_event_type_is_known_by_its_type_and_one_of_a_bot_is_ignored() {
    for (activity_type, kind) in [
        ("messageUpdate", ChangeKind::Edited),
        ("messageDelete", ChangeKind::Deleted),
    ] {
        let body = changed(|activity| activity["type"] = activity_type.into());
        let Event::Changed(change) = only_event(&body) else {
            panic!("{activity_type} is no change");
        };
        assert_eq!(change.kind, kind);
        let body = changed(|activity| {
            activity["type"] = activity_type.into();
            activity["from"]["id"] = "28:other".into();
        });
        assert_eq!(only_event(&body), Event::ignored("message:bot"));
    }
}
