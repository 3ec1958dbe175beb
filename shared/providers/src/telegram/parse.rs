//! Parses an update from Telegram into an event (PROVIDERS §3.1).
//!
//! Payloads are read leniently, field by field: unknown fields are ignored, and only a missing
//! necessary one makes an event unreadable.

use super::{
    PLATFORM_SCOPE,
    content::{self, Content},
    key,
};
use crate::{
    changes,
    fields::{at_second, event_key, given, string},
    json,
    webhook::Event,
    withheld::event_of,
};
use serde_json::Value;
use vestibule_domain::{
    chat::change::ChangeKind,
    chat::conversation::{ConversationKind, ConversationRef},
    chat::message::{Identity, InboundMessage},
    chat::profile::Profile,
    connector::Connector,
    text::clean_name,
};

/// The topic of a forum that is no thread of its own: messages name it or not, and an answer that names
/// it is refused with `message thread not found` (core.telegram.org/api/forum, "General";
/// python-telegram-bot#4739).
pub(super) const GENERAL_TOPIC: i64 = 1;

/// Senders that stand for others and are not always marked as bots (PROVIDERS §3.1).
const NOBODY: [(i64, &str); 3] = [
    (1_087_968_824, "anonymous_admin"),
    (136_817_688, "channel_bot"),
    // Posts of a linked channel, and notices from Telegram itself.
    (777_000, "telegram"),
];

/// Fields of a message that a person did not write to the bot: its author is a chat, a business or
/// another bot, or it is for a channel's own inbox.
const NOT_TO_US: [&str; 7] = [
    "sender_chat",
    "sender_business_bot",
    "business_connection_id",
    "guest_query_id",
    "guest_bot_caller_user",
    "guest_bot_caller_chat",
    "direct_messages_topic",
];

/// Fields of service messages, which name them in the log.
const SERVICE: [&str; 51] = [
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
    // The conversation continues under its new id.
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
];

/// The kind of update that is an edit.
const EDITED: &str = "edited_message";
/// The kind of update that tells of the bot's own place in a chat.
const OWN_PLACE: &str = "my_chat_member";

/// Parses an authentic request.
pub(super) fn update(body: &[u8], connector: &Connector) -> Event {
    let Ok(Value::Object(update)) = json::read::<Value>(body) else {
        return Event::unreadable("the request is not a JSON object");
    };
    let update = Value::Object(update);
    if let Some(message) = given(&update, "message") {
        return event(&update, message, connector).unwrap_or_else(|other| other);
    }
    if let Some(message) = given(&update, EDITED) {
        return edit(&update, message, connector).unwrap_or_else(|other| other);
    }
    match given(&update, OWN_PLACE) {
        Some(change) => own_place(&update, change),
        None => Event::ignored(kind_of(&update)),
    }
}

/// Reads a change of the bot's own place in a chat. In a private chat, a person blocks the bot or unblocks it
/// (Bot API, `Update.my_chat_member`). Only unblocking counts: a refused text tells of a block.
fn own_place(update: &Value, change: &Value) -> Event {
    let status = |pointer| string_at(change, pointer);
    let is_unblocked = string_at(change, "/chat/type") == Some("private")
        && status("/old_chat_member/status") == Some("kicked")
        && status("/new_chat_member/status") == Some("member");
    if !is_unblocked {
        return Event::ignored(OWN_PLACE);
    }
    let user = change.pointer("/from/id").and_then(Value::as_i64);
    let Some(user) = user.filter(|user| *user > 0) else {
        return Event::unreadable("/my_chat_member/from/id is not a person's");
    };
    let date = change.get("date").and_then(Value::as_i64);
    let number = update.get("update_id").and_then(Value::as_i64);
    Event::Consent {
        sender: vec![identity(user)],
        channel: None,
        may_write: true,
        at: date.and_then(at_second),
        event_key: number.map(|number| event_key("telegram", &number.to_string())),
    }
}

pub(super) fn identity(user: i64) -> Identity {
    Identity {
        provider: key(),
        platform_scope: PLATFORM_SCOPE.to_owned(),
        identifier: user.to_string(),
    }
}

/// Reads a person's edit, or says what it is instead. An edited message is the whole message as it is now
/// (Bot API, `Update.edited_message`). Bots are not told of deletions. A live location is edited with every
/// move, which is nothing that the person says (Bot API, `Location.live_period`).
fn edit(update: &Value, message: &Value, connector: &Connector) -> Result<Event, Event> {
    if !message.is_object() {
        return Err(Event::unreadable("the edited message is not an object"));
    }
    if let Some(instead) = no_persons_message(message)? {
        return Ok(Event::ignored(&format!("{EDITED}:{instead}")));
    }
    let date = message.get("edit_date").and_then(Value::as_i64);
    let at = date
        .and_then(at_second)
        .ok_or_else(|| Event::unreadable("/edited_message/edit_date is not a time"))?;
    if message.pointer("/location/live_period").is_some() {
        return Ok(Event::ignored(&format!("{EDITED}:live_location")));
    }
    let mut as_written = update.clone();
    if let Some(fields) = as_written.as_object_mut() {
        fields.insert("message".to_owned(), message.clone());
    }
    let message = person_wrote(&as_written, message, connector)?;
    // There may be several edits in one second.
    let number = update.get("update_id").and_then(Value::as_i64);
    let version = format!("{}:{}", at.seconds(), number.unwrap_or_default());
    let (kind, written_at) = (ChangeKind::Edited, Some(message.sent_at));
    Ok(changes::event(message, kind, at, written_at, &version))
}

/// The kind of an update that is not a message: its only field besides the id.
fn kind_of(update: &Value) -> &str {
    update
        .as_object()
        .into_iter()
        .flatten()
        .find(|(name, value)| *name != "update_id" && !value.is_null())
        .map_or("empty", |(name, _)| name)
}

/// Reads a person's message, or says what it is instead.
fn event(update: &Value, message: &Value, connector: &Connector) -> Result<Event, Event> {
    if !message.is_object() {
        return Err(Event::unreadable("the message is not an object"));
    }
    if let Some(instead) = no_persons_message(message)? {
        return Ok(Event::ignored(&format!("message:{instead}")));
    }
    person_wrote(update, message, connector).map(event_of)
}

/// Names the kind of a message that is not a person's to us (SPEC A39).
fn no_persons_message(message: &Value) -> Result<Option<&'static str>, Event> {
    let first_of = |names: &'static [&'static str]| {
        names
            .iter()
            .copied()
            .find(|name| given(message, name).is_some())
    };
    if let Some(instead) = first_of(&SERVICE).or_else(|| first_of(&NOT_TO_US)) {
        return Ok(Some(instead));
    }
    if message.get("is_automatic_forward") == Some(&Value::Bool(true)) {
        return Ok(Some("automatic_forward"));
    }
    if message.pointer("/chat/type").and_then(Value::as_str) == Some("channel") {
        return Ok(Some("channel"));
    }
    let Some(from) = given(message, "from") else {
        return Ok(Some("no_user"));
    };
    match given(from, "is_bot") {
        None | Some(Value::Bool(false)) => {}
        Some(Value::Bool(true)) => return Ok(Some("bot")),
        Some(_) => return Err(Event::unreadable("message.from.is_bot is not a boolean")),
    }
    let id = from.get("id").and_then(Value::as_i64);
    if let Some((_, name)) = NOBODY.iter().find(|(nobody, _)| id == Some(*nobody)) {
        return Ok(Some(name));
    }
    // A group reports much of itself as if people had written it; in private, they have.
    let is_private = string_at(message, "/chat/type") == Some("private");
    let is_written = is_private || first_of(&content::FIELDS).is_some();
    Ok((!is_written).then_some("unknown"))
}

fn person_wrote(
    update: &Value,
    message: &Value,
    connector: &Connector,
) -> Result<InboundMessage, Event> {
    let number = |pointer: &'static str| {
        update
            .pointer(pointer)
            .and_then(Value::as_i64)
            .ok_or_else(|| Event::unreadable(format!("{pointer} is missing or no integer")))
    };
    let update_id = number("/update_id")?.to_string();
    let message_id = number("/message/message_id")?;
    let chat = number("/message/chat/id")?;
    let user = number("/message/from/id")?;
    if user <= 0 {
        return Err(Event::unreadable("/message/from/id is not a person's"));
    }
    let date = number("/message/date")?;
    let sent_at =
        at_second(date).ok_or_else(|| Event::unreadable("/message/date is not a time"))?;
    let kind = match string_at(message, "/chat/type") {
        Some("private") if chat == user => ConversationKind::Direct,
        Some("group" | "supergroup") => ConversationKind::Group,
        // An unknown kind counts as readable by everybody.
        Some(_) => ConversationKind::Channel,
        None => return Err(Event::unreadable("/message/chat/type is missing")),
    };
    let is_in_group = kind == ConversationKind::Group;
    let (conversation, own_key) = match ephemeral_id(message)? {
        // Others in the chat must not see the answer, so it goes to the person's private chat.
        Some(id) if kind != ConversationKind::Direct => {
            let kind = ConversationKind::Direct;
            let conversation = ConversationRef::new(connector.id, kind, user.to_string(), None);
            (conversation, format!("{chat}:{user}:ephemeral{id}:{date}"))
        }
        _ => {
            let topic = topic(message)?;
            let conversation = ConversationRef::new(connector.id, kind, chat.to_string(), topic)
                .named(string_at(message, "/chat/title"));
            (conversation, format!("{chat}:{message_id}:{date}"))
        }
    };
    let Content {
        text,
        entities,
        attachments,
        parts,
    } = content::of(message, is_in_group)?;
    Ok(InboundMessage {
        sender: identity(user),
        also_known_as: None,
        profile: profile(message),
        conversation,
        text,
        attachments,
        parts,
        entities,
        // The message's own key comes first: ids of updates may start again at random. The time is
        // part of it, because a bot that was set up anew may count messages from 1 again. The intake
        // adds the bot to both keys.
        event_keys: vec![
            event_key("telegram", &own_key),
            event_key("telegram", &update_id),
        ],
        provider_event_id: update_id,
        sent_at,
    })
}

fn string_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The id of a message that only its writer and the bot see, unique for both within the chat; the
/// message's own id is 0 (Bot API 10.2, "Ephemeral messages").
fn ephemeral_id(message: &Value) -> Result<Option<i64>, Event> {
    match given(message, "ephemeral_message_id") {
        None => Ok(None),
        Some(id) => id
            .as_i64()
            .map(Some)
            .ok_or_else(|| Event::unreadable("/message/ephemeral_message_id is no integer")),
    }
}

/// The topic for an answer. Without `is_topic_message`, the thread's number is only that of the
/// message replied to.
fn topic(message: &Value) -> Result<Option<String>, Event> {
    if message.get("is_topic_message") != Some(&Value::Bool(true)) {
        return Ok(None);
    }
    match given(message, "message_thread_id") {
        None => Ok(None),
        Some(topic) => {
            let topic = topic
                .as_i64()
                .ok_or_else(|| Event::unreadable("/message/message_thread_id is no integer"))?;
            let is_forum = string_at(message, "/chat/type") != Some("private");
            let is_general = is_forum && topic == GENERAL_TOPIC;
            Ok((!is_general).then(|| topic.to_string()))
        }
    }
}

fn profile(message: &Value) -> Profile {
    let name = |field: &str| {
        message
            .pointer("/from")
            .and_then(|from| string(from, field))
            .filter(|name| clean_name(name).is_some())
    };
    let (first, last) = (name("first_name"), name("last_name"));
    let joined = [first, last]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    // The language of the app, as a tag (Bot API, `User.language_code`).
    let language = string_at(message, "/from/language_code");
    let named = if joined.is_empty() {
        Profile::of_username(name("username"))
    } else {
        Profile::from_raw(Some(&joined), first, last, None)
    };
    named.with_language(language)
}

#[cfg(test)]
mod tests;
