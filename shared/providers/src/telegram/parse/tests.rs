//! Captured and invented updates from Telegram, and what they are parsed into.

use super::*;
use crate::{
    fields::{EVENT_KEY_MAX_BYTES, TEXT_MAX_CHARS, is_short_graphic},
    telegram::{
        Telegram,
        fixtures::{any_json, connector},
    },
    webhook::{Parsed, RawRequest, Refusal, Reply, WebhookProvider},
};
use http::HeaderMap;
use serde_json::json;
use std::{collections::BTreeSet, fs, path::PathBuf};
use vestibule_domain::{
    Timestamp,
    chat::{
        content::Parts,
        entity::Entities,
        message::{Attachment, AttachmentKind},
    },
    language::Language,
};

mod changes;
mod conversations;
mod hostile;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/telegram")
}

fn captured(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.json"))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Names of the captured requests with this prefix.
fn captured_names(prefix: &str) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".json").map(str::to_owned)
        })
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no {prefix}*");
    names
}

/// Calls the trait, as the intake does.
fn parse(body: &[u8]) -> Result<Parsed, Refusal> {
    let headers = HeaderMap::new();
    let request = RawRequest {
        headers: &headers,
        query: None,
        body,
    };
    Telegram.parse(&request, &connector(), Timestamp::from_millis(0))
}

/// The only event of a request that gets an empty answer.
fn only_event(body: &[u8]) -> Event {
    let Parsed { mut events, reply } = parse(body).unwrap();
    assert_eq!(reply, Reply::empty());
    assert_eq!(events.len(), 1);
    events.remove(0)
}

fn message_of(body: &[u8]) -> InboundMessage {
    match only_event(body) {
        Event::Message(message) | Event::Placeholder(message) => *message,
        other => panic!("no message but {other:?}"),
    }
}

/// `message_private` with its message modified.
fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut update: Value = serde_json::from_slice(&captured("message_private")).unwrap();
    change(&mut update["message"]);
    update.to_string().into_bytes()
}

fn kind_of_ignored(name: &str, body: &[u8]) -> String {
    match only_event(body) {
        Event::Ignored { kind } => kind,
        other => panic!("{name}: not ignored but {other:?}"),
    }
}

#[test]
fn a_private_message_is_read_as_it_was_written() {
    let expected = InboundMessage {
        sender: Identity {
            provider: key(),
            platform_scope: "telegram".into(),
            identifier: "218485655".into(),
        },
        also_known_as: None,
        profile: Profile {
            display_name: Some("Waffle Lapkin".into()),
            first_name: Some("Waffle".into()),
            last_name: Some("Lapkin".into()),
            avatar_url: None,
            avatar_kept: false,
            language: Language::parse("en"),
            by_username: false,
        },
        conversation: ConversationRef::new(
            connector().id,
            ConversationKind::Direct,
            "218485655".into(),
            None,
        ),
        text: "hello there".into(),
        attachments: Vec::new(),
        parts: Parts::default(),
        entities: Entities::default(),
        provider_event_id: "892252934".into(),
        event_keys: vec![
            "telegram:218485655:6557:1569518342".into(),
            "telegram:892252934".into(),
        ],
        sent_at: Timestamp::from_millis(1_569_518_342_000),
    };
    assert_eq!(message_of(&captured("message_private")), expected);
}

#[test]
fn every_captured_message_of_a_person_is_taken() {
    for name in captured_names("message_") {
        let message = message_of(&captured(&name));
        assert_eq!(message.event_keys.len(), 2, "{name}");
        assert!(message.sender.identifier.parse::<i64>().unwrap() > 0);
    }
}

#[test]
fn every_captured_event_that_is_no_persons_message_is_ignored() {
    for name in captured_names("ignored_") {
        let kind = kind_of_ignored(&name, &captured(&name));
        assert!(!kind.is_empty(), "{name}");
    }
}

#[test]
fn a_photo_is_kept_in_its_largest_size_that_is_well_formed() {
    let body = changed(|message| {
        message["photo"] =
            json!([{"file_id": "small"}, {"file_id": "large"}, {"file_id": 7}, null]);
    });
    let ids: Vec<String> = message_of(&body)
        .attachments
        .into_iter()
        .map(|file| file.provider_id)
        .collect();
    assert_eq!(ids, ["large"]);
}

#[test]
fn every_captured_request_is_read_by_a_test_and_has_its_origin() {
    let origins = fs::read_to_string(folder().join("README.md")).unwrap();
    for name in captured_names("") {
        let prefixes = [
            "message_",
            "placeholder_",
            "duplicate_",
            "start_",
            "changed_",
            "ignored_",
            "unreadable_",
            "hostile_",
        ];
        assert!(
            prefixes.iter().any(|prefix| name.starts_with(prefix)),
            "{name}"
        );
        assert!(origins.contains(&format!("| `{name}` |")), "{name}");
    }
}

#[test]
fn a_message_is_the_same_under_whatever_update_it_comes() {
    let first = message_of(&captured("message_private"));
    assert_eq!(message_of(&captured("duplicate_redelivery")), first);
    let again = message_of(&captured("duplicate_other_update_id"));
    assert_eq!(again.event_keys[0], first.event_keys[0]);
    assert_ne!(again.event_keys[1], first.event_keys[1]);
}

#[test]
fn messages_that_differ_have_no_key_in_common() {
    let of = |update_id: i64, chat: i64, message_id: i64, date: i64| {
        let mut update: Value = serde_json::from_slice(&captured("message_group")).unwrap();
        update["update_id"] = update_id.into();
        update["message"]["chat"]["id"] = chat.into();
        update["message"]["message_id"] = message_id.into();
        update["message"]["date"] = date.into();
        message_of(update.to_string().as_bytes()).event_keys
    };
    let mut seen = BTreeSet::new();
    for keys in [
        of(1, -40, 5, 1_569_518_342),
        of(2, -40, 6, 1_569_518_342),
        of(3, -41, 5, 1_569_518_342),
        // Another bot's token in the same connector: it counts the messages of private chats from 1
        // again.
        of(4, -40, 5, 1_569_599_999),
    ] {
        for key in keys {
            assert!(seen.insert(key.clone()), "{key}");
        }
    }
}

#[test]
fn the_keys_of_a_message_carry_the_bot_that_it_was_counted_for() {
    let event = only_event(&captured("message_private"));
    let keys_at = |bot: &str| match event.clone().of_bot(bot) {
        Event::Message(message) => message.event_keys,
        other => panic!("no message but {other:?}"),
    };
    let keys = keys_at("110201543");
    let expected = [
        "telegram:218485655:6557:1569518342@110201543",
        "telegram:892252934@110201543",
    ];
    assert_eq!(keys, expected);
    let others = keys_at("99999999999999999999");
    assert!(others.iter().all(|key| !keys.contains(key)));
    for key in &others {
        assert!(is_short_graphic(key, EVENT_KEY_MAX_BYTES), "{key}");
    }
    let Event::Message(message) = event else {
        panic!("no message");
    };
    let withheld = Event::Placeholder(message).of_bot("110201543");
    assert!(matches!(withheld, Event::Placeholder(message) if message.event_keys == expected));
    let ignored = Event::ignored("poll");
    assert_eq!(ignored.clone().of_bot("110201543"), ignored);
}

#[test]
fn every_kind_of_update_but_a_message_is_ignored_by_its_name() {
    for kind in [
        "channel_post",
        "edited_channel_post",
        "business_connection",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
        "guest_message",
        "message_reaction",
        "message_reaction_count",
        "inline_query",
        "chosen_inline_result",
        "callback_query",
        "shipping_query",
        "pre_checkout_query",
        "purchased_paid_media",
        "poll",
        "poll_answer",
        "my_chat_member",
        "chat_member",
        "chat_join_request",
        "chat_boost",
        "removed_chat_boost",
        "managed_bot",
    ] {
        let body = captured(&format!("ignored_{kind}"));
        assert_eq!(kind_of_ignored(kind, &body), kind);
    }
    for (name, kind) in [("unknown_update", "hologram"), ("empty", "empty")] {
        let body = captured(&format!("ignored_{name}"));
        assert_eq!(kind_of_ignored(name, &body), kind);
    }
}

#[test]
fn every_service_message_is_ignored_by_its_name() {
    for service in [
        "new_chat_members",
        "left_chat_member",
        "chat_owner_left",
        "chat_owner_changed",
        "new_chat_title",
        "new_chat_photo",
        "delete_chat_photo",
        "group_chat_created",
        "supergroup_chat_created",
        "channel_chat_created",
        "message_auto_delete_timer_changed",
        "migrate_to_chat_id",
        "migrate_from_chat_id",
        "pinned_message",
        "successful_payment",
        "refunded_payment",
        "unique_gift",
        "gift_upgrade_sent",
        "connected_website",
        "write_access_allowed",
        "passport_data",
        "proximity_alert_triggered",
        "boost_added",
        "chat_background_set",
        "checklist_tasks_done",
        "checklist_tasks_added",
        "community_chat_added",
        "community_chat_joined",
        "community_chat_removed",
        "direct_message_price_changed",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_closed",
        "forum_topic_reopened",
        "general_forum_topic_hidden",
        "general_forum_topic_unhidden",
        "giveaway_created",
        "giveaway_completed",
        "managed_bot_created",
        "paid_message_price_changed",
        "poll_option_added",
        "poll_option_deleted",
        "suggested_post_approved",
        "suggested_post_approval_failed",
        "suggested_post_declined",
        "suggested_post_paid",
        "suggested_post_refunded",
        "video_chat_scheduled",
        "video_chat_started",
        "video_chat_ended",
        "video_chat_participants_invited",
    ] {
        let expected = format!("message:{service}");
        let body = captured(&format!("ignored_{service}"));
        assert_eq!(kind_of_ignored(service, &body), expected);
        // The field decides, whatever else the message has.
        let body = changed(|message| message[service] = json!({"a": 1}));
        assert_eq!(kind_of_ignored(service, &body), expected);
    }
    let body = captured("ignored_unknown_service");
    assert_eq!(kind_of_ignored("unknown", &body), "message:unknown");
}

#[test]
fn an_unknown_message_that_answers_or_passes_on_another_is_as_unknown() {
    let replied = json!({"message_id": 7, "date": 1_569_518_000, "text": "Are you there?"});
    let origin = json!({"type": "hidden_user", "date": 1_569_518_000, "sender_user_name": "Ann"});
    for (field, value) in [("reply_to_message", replied), ("forward_origin", origin)] {
        let mut body: Value = serde_json::from_slice(&captured("placeholder_unknown")).unwrap();
        body["message"][field] = value;
        let event = only_event(body.to_string().as_bytes());
        let Event::Placeholder(message) = event else {
            panic!("{field}: {event:?}");
        };
        assert_eq!(message.parts.as_slice().len(), 2, "{field}");
    }
}

#[test]
fn a_message_of_which_nothing_is_handed_over_asks_for_access_and_is_not_delivered() {
    for name in [
        "placeholder_unknown",
        "placeholder_gift_silent",
        "placeholder_paid_media_preview",
        "hostile_file_ids",
    ] {
        let event = only_event(&captured(name));
        assert!(matches!(event, Event::Placeholder(_)), "{name}: {event:?}");
    }
    for name in ["message_gift", "message_location", "message_story"] {
        let event = only_event(&captured(name));
        assert!(matches!(event, Event::Message(_)), "{name}: {event:?}");
    }
}

#[test]
fn whoever_is_not_a_person_writing_to_us_is_ignored() {
    for (name, kind) in [
        ("bot", "message:bot"),
        ("anonymous_admin", "message:sender_chat"),
        ("anonymous_admin_id", "message:anonymous_admin"),
        ("channel_bot", "message:sender_chat"),
        ("channel_bot_id", "message:channel_bot"),
        ("linked_channel", "message:sender_chat"),
        ("telegram_id", "message:telegram"),
        ("automatic_forward", "message:automatic_forward"),
        ("channel_chat", "message:channel"),
        ("without_from", "message:no_user"),
        ("business_bot", "message:sender_business_bot"),
        ("business_in_message", "message:business_connection_id"),
        ("guest_query", "message:guest_query_id"),
        ("guest_bot", "message:guest_bot_caller_user"),
        ("channel_inbox", "message:direct_messages_topic"),
    ] {
        let body = captured(&format!("ignored_{name}"));
        assert_eq!(kind_of_ignored(name, &body), kind);
    }
}

#[test]
fn what_an_inline_bot_found_and_what_is_forwarded_is_still_the_persons() {
    for name in ["message_via_bot", "message_forward"] {
        let message = message_of(&captured(name));
        assert_eq!(message.sender.identifier, "218485655", "{name}");
    }
}

#[test]
fn a_text_is_what_the_person_wrote() {
    for (name, text) in [
        ("message_start", "/start"),
        ("message_start_payload", "/start ref_42-A"),
        ("message_supergroup", "@ada_bot hello"),
        ("message_emoji", "Grüße 世界 👋🏽 👨‍👩‍👧"),
        ("message_photo", "my cat"),
        ("message_photo_without_caption", ""),
        ("message_contact", ""),
        ("message_location", ""),
        ("message_venue", ""),
        ("message_dice", ""),
        ("message_poll", ""),
        ("message_story", ""),
    ] {
        assert_eq!(message_of(&captured(name)).text, text, "{name}");
    }
    let body = changed(|message| message["text"] = "a\u{0}b".into());
    assert_eq!(message_of(&body).text, "ab");
    let body = changed(|message| message["text"] = "é".repeat(TEXT_MAX_CHARS + 9).into());
    assert_eq!(message_of(&body).text.chars().count(), TEXT_MAX_CHARS);
}

#[test]
fn files_are_taken_over_as_references_without_an_address() {
    let expected = Attachment {
        kind: AttachmentKind::File,
        provider_id:
            "AgACAgIAAxkBAAIZnWbdxJ0AAW_g3vC5Kk7pQ2nR8sT4uV6wXyZ-aBcDeFgHiJkLmNoPqRsTuVwXyZ".into(),
        name: Some("invoice.pdf".into()),
        mime_type: Some("application/pdf".into()),
        url: None,
    };
    assert_eq!(
        message_of(&captured("message_document")).attachments,
        [expected]
    );
    for (name, kind, file) in [
        ("message_photo", AttachmentKind::Image, "x"),
        ("message_sticker", AttachmentKind::Sticker, "k"),
        ("message_live_photo", AttachmentKind::Video, "l"),
        ("message_animation", AttachmentKind::Video, "g"),
        ("message_video", AttachmentKind::Video, "f"),
        ("message_video_note", AttachmentKind::Video, "n"),
        ("message_voice", AttachmentKind::Voice, "v"),
        ("message_audio", AttachmentKind::Audio, "a"),
    ] {
        let attachments = message_of(&captured(name)).attachments;
        let [attachment] = attachments.as_slice() else {
            panic!("{name}: {attachments:?}");
        };
        assert_eq!(attachment.kind, kind, "{name}");
        assert_eq!(attachment.url, None);
        let start = format!("AgACAgIAAxkBAAIZnWb{file}xJ0");
        assert!(attachment.provider_id.starts_with(&start), "{name}");
    }
    for name in ["message_contact", "message_location", "message_poll"] {
        assert!(message_of(&captured(name)).attachments.is_empty(), "{name}");
    }
}

#[test]
fn of_a_photo_the_largest_size_is_taken_wherever_it_stands() {
    let size = |id: &str, width: i64, height: i64| json!({"file_id": id, "width": width, "height": height});
    for (sizes, taken) in [
        (json!([size("s", 90, 67), size("x", 800, 600)]), "x"),
        (json!([size("x", 800, 600), size("s", 90, 67)]), "x"),
        (json!([size("a", 90, 67), size("b", 90, 67)]), "b"),
        (json!([{"file_id": "a"}, {"file_id": "b"}]), "b"),
        (json!([size("a", -1, 5), {"file_id": "b"}]), "b"),
    ] {
        let body = changed(|message| message["photo"] = sizes.clone());
        let attachments = message_of(&body).attachments;
        assert_eq!(attachments[0].provider_id, taken, "{sizes}");
    }
}

#[test]
fn a_message_that_was_edited_before_its_delivery_is_still_a_message() {
    let body = changed(|message| message["edit_date"] = 1_569_518_400.into());
    assert_eq!(message_of(&body), message_of(&captured("message_private")));
}

#[test]
fn files_without_a_proper_id_are_left_out_and_their_names_are_cleaned() {
    let attachments = message_of(&captured("hostile_file_ids")).attachments;
    assert!(attachments.is_empty(), "{attachments:?}");
    let body = changed(|message| {
        message["document"] = json!({
            "file_id": "BQAC", "file_name": "\u{202E}gpj.exe\n", "mime_type": "é/é",
        });
    });
    let expected = Attachment {
        kind: AttachmentKind::File,
        provider_id: "BQAC".into(),
        name: Some("gpj.exe".into()),
        mime_type: None,
        url: None,
    };
    assert_eq!(message_of(&body).attachments, [expected]);
}

#[test]
fn a_name_is_put_together_from_what_there_is() {
    for (from, display, first, last) in [
        (
            json!({"first_name": "Ada", "last_name": "Lovelace", "username": "ada"}),
            Some("Ada Lovelace"),
            Some("Ada"),
            Some("Lovelace"),
        ),
        (
            json!({"first_name": "Ada", "username": "ada"}),
            Some("Ada"),
            Some("Ada"),
            None,
        ),
        (
            json!({"first_name": "\u{200B}", "last_name": "Lovelace"}),
            Some("Lovelace"),
            None,
            Some("Lovelace"),
        ),
        (
            json!({"first_name": "\u{202E}", "last_name": " ", "username": "ada"}),
            Some("ada"),
            None,
            None,
        ),
        (json!({"first_name": 7}), None, None, None),
    ] {
        let body = changed(|message| {
            message["from"] = from.clone();
            message["from"]["id"] = 218_485_655.into();
        });
        let profile = message_of(&body).profile;
        assert_eq!(profile.display_name.as_deref(), display, "{from}");
        assert_eq!(profile.first_name.as_deref(), first, "{from}");
        assert_eq!(profile.last_name.as_deref(), last, "{from}");
    }
}

#[test]
fn a_person_has_the_language_of_their_app_if_telegram_tells_one() {
    for (told, tag) in [
        (json!("de"), Some("de")),
        (json!("pt-br"), Some("pt-BR")),
        (json!("zh-hant"), Some("zh-Hant")),
        (json!("klingonese"), None),
        (json!(""), None),
        (json!(7), None),
        (json!(null), None),
    ] {
        let body = changed(|message| message["from"]["language_code"] = told.clone());
        let language = message_of(&body).profile.language;
        assert_eq!(language.as_ref().map(Language::tag), tag, "{told}");
    }
}

#[test]
fn a_user_is_the_same_at_every_bot_and_in_every_chat() {
    let private = message_of(&captured("message_private")).sender;
    assert_eq!(message_of(&captured("message_group")).sender, private);
    assert_eq!(message_of(&captured("message_supergroup")).sender, private);
}
