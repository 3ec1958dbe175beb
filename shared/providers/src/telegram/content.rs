//! The content of a message: what its fields say, each in its own terms (Bot API 10.3, `Message`).
//!
//! | file | fields |
//! |---|---|
//! | `text` | `text`, `caption` and their entities |
//! | `rich` | `rich_message` |
//! | `files` | photos, films, sounds, stickers, documents |
//! | `parts` | places, contacts, polls and whatever else is data |
//! | `vcard` | the card of a contact |
//! | `names` | names of people and chats |
//! | `published` | what others have published: stories, games, invoices, giveaways |
//! | `shared` | forwarded and quoted messages |
//!
//! Not among them, because the bot is not told of them (`setup` asks for messages only): pressed buttons
//! of messages, which our texts do not have, and reactions, which do not say whose message they are on.

mod files;
mod names;
mod parts;
mod published;
mod rich;
mod shared;
mod text;
mod vcard;

use crate::{fields::given, webhook::Event};
use serde_json::Value;
use vestibule_domain::{
    chat::{
        content::{Part, Parts, Referral, Unsupported},
        entity::Entities,
        message::Attachment,
    },
    text::is_blank,
};

/// Longest parameter of a link to the bot (core.telegram.org/bots/features, "Deep linking").
const START_PARAMETER_MAX: usize = 64;

/// Fields of which every message of a person has at least one. They identify a message in a group, rather
/// than the fields of service messages, so that an unknown service message does not count as a person's.
/// The last four are of service messages in which a person acts on the bot: they give it something, or
/// send what they chose or filled in.
pub(super) const FIELDS: [&str; 28] = [
    "text",
    "caption",
    "animation",
    "audio",
    "checklist",
    "contact",
    "dice",
    "document",
    "game",
    "giveaway",
    "giveaway_winners",
    "invoice",
    "live_photo",
    "location",
    "paid_media",
    "photo",
    "poll",
    "rich_message",
    "sticker",
    "story",
    "venue",
    "video",
    "video_note",
    "voice",
    "chat_shared",
    "gift",
    "users_shared",
    "web_app_data",
];

/// Fields that say something about a message, and are none themselves.
const ABOUT: [&str; 39] = [
    "message_id",
    "message_thread_id",
    "direct_messages_topic",
    "from",
    "sender_chat",
    "sender_boost_count",
    "sender_business_bot",
    "sender_tag",
    "receiver_user",
    "ephemeral_message_id",
    "date",
    "guest_query_id",
    "business_connection_id",
    "chat",
    "forward_origin",
    "is_topic_message",
    "is_automatic_forward",
    "reply_to_message",
    "external_reply",
    "quote",
    "reply_to_story",
    "reply_to_checklist_task_id",
    "reply_to_poll_option_id",
    "via_bot",
    "edit_date",
    "has_protected_content",
    "is_from_offline",
    "is_paid_post",
    "media_group_id",
    "author_signature",
    "paid_star_count",
    "entities",
    "link_preview_options",
    "suggested_post_info",
    "effect_id",
    "caption_entities",
    "show_caption_above_media",
    "has_media_spoiler",
    "reply_markup",
];

/// The content of a message.
pub(super) struct Content {
    pub(super) text: String,
    pub(super) entities: Entities,
    pub(super) attachments: Vec<Attachment>,
    pub(super) parts: Parts,
}

/// Reads what a message says. In a group, the mention that addresses the bot is left out.
pub(super) fn of(message: &Value, is_in_group: bool) -> Result<Content, Event> {
    let mut text = text::of(message, is_in_group)?;
    let mut attachments = files::of(message);
    let mut parts = parts::of(message);
    if let Some(rich) = given(message, "rich_message").map(rich::read) {
        // A message has a text or is rich, and then its blocks hold everything.
        text = text.or(Some(rich.text));
        attachments.extend(rich.files);
        parts.extend(rich.places);
    }
    let (text, entities) = text.unwrap_or_default().finish();
    attachments.truncate(files::MAX);
    if is_blank(&text) && attachments.is_empty() && parts.is_empty() {
        parts.push(unknown(message));
    }
    let origin = shared::forwarded(message);
    if origin.is_none() {
        parts.extend(referral(&text));
    }
    parts.extend(origin);
    parts.extend(shared::quoted(message));
    Ok(Content {
        text,
        entities,
        attachments,
        parts: Parts::of(parts),
    })
}

/// Names what a message holds, of which nothing can be read.
fn unknown(message: &Value) -> Part {
    let known = FIELDS
        .into_iter()
        .find(|name| given(message, name).is_some());
    let name = known.or_else(|| {
        message
            .as_object()?
            .iter()
            .find(|(name, value)| !value.is_null() && !ABOUT.contains(&name.as_str()))
            .map(|(name, _)| name.as_str())
    });
    Part::Unsupported(Unsupported {
        name: name.map(str::to_owned),
    })
}

/// The way of a person who followed a link to the bot: `/start` and the link's parameter, in a group with
/// the bot's name between them (core.telegram.org/bots/features, "Deep linking").
fn referral(text: &str) -> Option<Part> {
    let (bot, parameter) = text.strip_prefix("/start")?.split_once(' ')?;
    let is_command = bot.is_empty() || bot.starts_with('@');
    let is_parameter = (1..=START_PARAMETER_MAX).contains(&parameter.len())
        && parameter
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    (is_command && is_parameter).then(|| {
        Part::Referral(Referral {
            source: Some("start".to_owned()),
            payload: Some(parameter.to_owned()),
            ..Referral::default()
        })
    })
}

/// A field that is an integer, such as an id, in digits.
fn digits(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_i64().map(|number| number.to_string())
}

#[cfg(test)]
mod tests;
