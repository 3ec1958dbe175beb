//! Malformed and hostile updates, which nobody promised to send.

use super::*;
use proptest::prelude::*;

#[test]
fn every_captured_event_that_cannot_be_read_is_kept_and_does_not_block_its_chat() {
    for name in captured_names("unreadable_") {
        let event = only_event(&captured(&name));
        let Event::Unreadable { detail } = event else {
            panic!("{name}: {event:?}");
        };
        assert!(!detail.contains("hello"), "{detail}");
    }
}

#[test]
fn no_captured_hostile_request_is_refused_or_gets_a_reply() {
    for name in captured_names("hostile_") {
        if let Event::Message(message) = only_event(&captured(&name)) {
            for key in &message.event_keys {
                assert!(is_short_graphic(key, EVENT_KEY_MAX_BYTES), "{name}: {key}");
            }
            let profile = &message.profile;
            for shown in [
                &profile.display_name,
                &profile.first_name,
                &profile.last_name,
            ]
            .into_iter()
            .flatten()
            {
                assert_eq!(clean_name(shown).as_ref(), Some(shown), "{name}");
            }
        }
    }
}

#[test]
fn a_message_with_half_a_surrogate_pair_or_a_byte_order_mark_is_read() {
    let message = message_of(&captured("hostile_lone_surrogate"));
    assert_eq!(message.text, "cut emoji \u{FFFD}");
    let name = message.profile.display_name;
    assert_eq!(name.as_deref(), Some("Waffle \u{FFFD} Lapkin"));
    let marked = [b"\xEF\xBB\xBF".as_slice(), &captured("message_private")].concat();
    assert_eq!(
        message_of(&marked),
        message_of(&captured("message_private"))
    );
}

#[test]
fn fields_that_are_null_are_not_there() {
    let body = changed(|message| {
        for field in [
            "sender_chat",
            "new_chat_members",
            "message_thread_id",
            "is_topic_message",
            "caption",
            "photo",
            "via_bot",
        ] {
            message[field] = Value::Null;
        }
        message["from"]["is_bot"] = Value::Null;
    });
    assert_eq!(message_of(&body), message_of(&captured("message_private")));
}

#[test]
fn no_kind_breaks_the_log() {
    let kind = kind_of_ignored("long_kind", &captured("hostile_long_kind"));
    assert!(kind.starts_with("kindxxx") && kind.len() == 64, "{kind}");
}

proptest! {
    #[test]
    fn no_bytes_make_us_panic_or_answer(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        only_event(&body);
    }

    #[test]
    fn no_json_makes_us_panic_or_answer(update in any_json()) {
        only_event(update.to_string().as_bytes());
    }

    #[test]
    fn no_message_makes_us_panic_or_answer(message in any_json(), from in any_json(), chat in any_json()) {
        let body = json!({"update_id": 1, "message": message}).to_string();
        only_event(body.as_bytes());
        let body = changed(|known| {
            known["from"] = from;
            known["chat"] = chat;
        });
        only_event(&body);
    }

    #[test]
    fn every_field_may_be_anything(field in prop::sample::select(vec![
        "message_id", "from", "chat", "date", "text", "photo", "message_thread_id", "is_topic_message",
        "entities", "contact", "poll", "venue", "checklist", "paid_media", "rich_message", "gift",
        "users_shared", "web_app_data", "forward_origin", "reply_to_message", "external_reply", "quote",
    ]), value in any_json()) {
        let body = changed(|message| message[field] = value);
        only_event(&body);
    }

    #[test]
    fn an_id_is_kept_digit_by_digit(user in 1_i64..(1 << 52), chat in any::<i64>()) {
        let body = changed(|message| {
            message["from"]["id"] = user.into();
            message["chat"] = json!({"id": chat, "type": "supergroup"});
        });
        if user != 777_000 && user != 136_817_688 && user != 1_087_968_824 {
            let message = message_of(&body);
            prop_assert_eq!(message.sender.identifier, user.to_string());
            prop_assert_eq!(message.conversation.provider_conversation_id, chat.to_string());
        }
    }
}
