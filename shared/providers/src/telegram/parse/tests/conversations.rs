//! Conversations: private chats, groups and topics.

use super::*;

#[test]
fn a_conversation_is_private_only_if_its_chat_is_the_persons() {
    for (name, kind, chat) in [
        ("message_private", ConversationKind::Direct, "218485655"),
        ("message_group", ConversationKind::Group, "-4012345678"),
        (
            "message_supergroup",
            ConversationKind::Group,
            "-1001160242915",
        ),
        (
            "hostile_chat_is_not_the_person",
            ConversationKind::Channel,
            "5",
        ),
        (
            "hostile_unknown_chat_type",
            ConversationKind::Channel,
            "218485655",
        ),
    ] {
        let conversation = message_of(&captured(name)).conversation;
        assert_eq!(conversation.kind, kind, "{name}");
        assert_eq!(conversation.provider_conversation_id, chat, "{name}");
    }
}

#[test]
fn a_group_has_its_title_for_a_name_and_a_private_chat_has_none() {
    for (name, title) in [
        ("message_private", None),
        ("message_ephemeral", None),
        ("message_group", Some("Test")),
        ("message_forum_topic", Some("Test")),
    ] {
        let conversation = message_of(&captured(name)).conversation;
        assert_eq!(conversation.name.as_deref(), title, "{name}");
    }
}

#[test]
fn only_a_topic_is_a_thread() {
    for (name, thread) in [
        ("message_private", None),
        ("message_supergroup_reply", None),
        ("message_forum_topic", Some("42")),
        ("message_private_topic", Some("7")),
        ("message_forum_general", None),
    ] {
        let conversation = message_of(&captured(name)).conversation;
        assert_eq!(conversation.thread.as_deref(), thread, "{name}");
    }
    // Only a forum has a general topic.
    let first = changed(|message| {
        message["is_topic_message"] = true.into();
        message["message_thread_id"] = 1.into();
    });
    let first = message_of(&first).conversation;
    assert_eq!(first.thread.as_deref(), Some("1"));
    let without_number = changed(|message| message["is_topic_message"] = true.into());
    assert_eq!(message_of(&without_number).conversation.thread, None);
}

#[test]
fn a_message_that_only_the_bot_sees_is_answered_in_the_private_chat_with_its_writer() {
    let aside = message_of(&captured("message_ephemeral"));
    let private = message_of(&captured("message_private"));
    assert_eq!(aside.conversation, private.conversation);
    let mut update: Value = serde_json::from_slice(&captured("message_ephemeral")).unwrap();
    let first = aside.event_keys[0].clone();
    // Its own id is always 0, so another one of the same second must not count as the same.
    for (pointer, other) in [
        ("/message/ephemeral_message_id", json!(502)),
        ("/message/from/id", json!(5)),
    ] {
        let before = update.pointer(pointer).unwrap().clone();
        *update.pointer_mut(pointer).unwrap() = other;
        let other = message_of(update.to_string().as_bytes());
        assert_ne!(other.event_keys[0], first, "{pointer}");
        *update.pointer_mut(pointer).unwrap() = before;
    }
    update["message"]["ephemeral_message_id"] = "502".into();
    let event = only_event(update.to_string().as_bytes());
    assert!(matches!(event, Event::Unreadable { .. }), "{event:?}");
}

#[test]
fn an_id_of_52_bits_is_taken_whole() {
    let message = message_of(&captured("message_big_ids"));
    assert_eq!(message.sender.identifier, "4503599627370495");
    assert_eq!(
        message.conversation.provider_conversation_id,
        "4503599627370495"
    );
}
