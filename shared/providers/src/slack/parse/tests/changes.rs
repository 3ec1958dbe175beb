//! Changes of messages: edits, deletions, and what becomes of files.

use super::*;

fn change_of(event: Event) -> MessageChange {
    match event {
        Event::Changed(change) => *change,
        other => panic!("no change but {other:?}"),
    }
}

const ORIGINAL: &str = "slack:T123ABC456:D024BE91L:1568915625.001000";

#[test]
fn an_edit_is_no_message_whatever_event_brings_it() {
    for name in [
        "message_im",
        "message_channel",
        "app_mention",
        "app_mention_message",
        "file_share",
        "thread_broadcast",
    ] {
        let original = message_of(&captured(name));
        let body = changed_from(name, |payload| {
            payload["event"]["edited"] = json!({"user": "U123ABC456", "ts": "1568915800.000000"});
        });
        let change = change_of(only_event(&body));
        assert_eq!(change.kind, ChangeKind::Edited, "{name}");
        assert_eq!(change.original_key, original.event_keys[0], "{name}");
        assert_eq!(change.message.conversation, original.conversation, "{name}");
        assert_eq!(change.message.text, original.text, "{name}");
    }
}

#[test]
fn a_change_names_the_message_the_person_the_new_content_and_its_own_time() {
    let original = message_of(&captured("message_im"));
    for (name, kind, text, at, key) in [
        (
            "changed_message_changed",
            ChangeKind::Edited,
            "Hello again",
            1_568_915_700_000,
            "edited:1568915700.000000",
        ),
        (
            "changed_message_edited",
            ChangeKind::Edited,
            "Hello there",
            1_568_915_800_000,
            "edited:1568915800.000000",
        ),
        (
            "changed_message_deleted",
            ChangeKind::Deleted,
            "",
            1_568_915_700_001,
            "deleted:1568915700.001100",
        ),
        (
            "changed_message_tombstone",
            ChangeKind::Deleted,
            "",
            1_568_915_700_001,
            "deleted:1568915700.001100",
        ),
    ] {
        let change = change_of(only_event(&captured(name)));
        assert_eq!(change.kind, kind, "{name}");
        assert_eq!(change.original_key, ORIGINAL, "{name}");
        assert_eq!(change.message.sender, original.sender, "{name}");
        assert_eq!(change.message.conversation, original.conversation, "{name}");
        assert_eq!(change.message.text, text, "{name}");
        assert_eq!(change.message.sent_at.millis(), at, "{name}");
        assert_eq!(change.written_at, Some(original.sent_at), "{name}");
        let keys = [format!("{ORIGINAL}:{key}"), "slack:Ev0PV52K25".to_owned()];
        assert_eq!(change.message.event_keys, keys, "{name}");
    }
    for name in captured_names("changed_") {
        change_of(only_event(&captured(&name)));
    }
}

#[test]
fn what_slack_changes_itself_and_changes_of_what_no_person_wrote_are_ignored() {
    let preview_after_edit = changed_from("changed_message_changed", |payload| {
        let event = &mut payload["event"];
        event["previous_message"]["edited"] = event["message"]["edited"].clone();
    });
    let no_previous = changed_from("changed_message_deleted", |payload| {
        payload["event"]["previous_message"] = Value::Null;
    });
    let of_bot = changed_from("changed_message_deleted", |payload| {
        payload["event"]["previous_message"]["bot_id"] = "B0BOT".into();
    });
    for (body, kind) in [
        (
            captured("ignored_message_changed_preview"),
            "message:message_changed",
        ),
        (preview_after_edit, "message:message_changed"),
        (no_previous, "message:message_deleted"),
        (
            captured("ignored_message_changed_own"),
            "message:bot:edited",
        ),
        (of_bot, "message:bot:deleted"),
    ] {
        assert_eq!(kind_of(only_event(&body)), kind);
    }
}

#[test]
fn a_file_that_is_gone_is_no_file_and_alone_makes_no_message() {
    let names = |body: &[u8]| -> Vec<String> {
        let attachments = message_of(body).attachments.into_iter();
        attachments.map(|file| file.provider_id).collect()
    };
    let body = captured("file_share_with_placeholders");
    assert_eq!(names(&body), ["F0S43P1D0"]);
    for gone in [
        json!({"id": "F1", "mode": "tombstone"}),
        json!({"id": "F1", "mode": "hidden_by_limit"}),
        json!({"id": "F1", "mode": "file_access", "file_access": "file_not_found"}),
    ] {
        let body = changed(|event| event["files"] = json!([gone]));
        assert!(names(&body).is_empty(), "{gone}");
        for text in [json!(""), json!(" \n"), json!(null)] {
            let body = changed(|event| {
                event["text"] = text;
                event["files"] = json!([gone, gone]);
            });
            assert_eq!(kind_of(only_event(&body)), "message:placeholder", "{gone}");
        }
        let body = changed(|event| {
            event["text"] = "".into();
            event["files"] = json!([gone]);
            event["attachments"] = json!([{"is_share": true, "text": "shared"}]);
        });
        assert_eq!(message_of(&body).parts.as_slice().len(), 1, "{gone}");
    }
}

#[test]
fn a_file_that_needs_another_look_is_a_file() {
    let expected = Attachment {
        kind: AttachmentKind::File,
        provider_id: "F0S43P1CZ".into(),
        name: None,
        mime_type: None,
        url: None,
    };
    let body = captured("file_share_slack_connect");
    assert_eq!(message_of(&body).attachments, [expected]);
    let body = changed(|event| {
        event["text"] = "".into();
        event["files"] =
            json!([{"id": "F1", "mode": "file_access", "file_access": "access_denied"}]);
    });
    assert_eq!(message_of(&body).attachments.len(), 1);
}
