//! Messages of others within a message: forwarded, quoted, or published by somebody else (Bot API 10.3,
//! `MessageOrigin`, `ExternalReplyInfo`, `TextQuote`).

use super::{digits, files, parts, text};
use crate::fields::{at_second, given, string};
use serde_json::Value;
use vestibule_domain::{
    Timestamp,
    chat::{
        content::{Part, Parts, Relation, Shared, text_or_words},
        message::AttachmentKind,
    },
};

/// Says whose message was forwarded. Its text and files are those of the message itself.
pub(super) fn forwarded(message: &Value) -> Option<Part> {
    let origin = origin(given(message, "forward_origin")?, Relation::Forwarded);
    Some(Part::Shared(origin))
}

/// The message, or the passage of it, that the person answers.
pub(super) fn quoted(message: &Value) -> Option<Part> {
    let passage = given(message, "quote").and_then(|quote| string(quote, "text"));
    let replied = given(message, "reply_to_message").filter(|of| !begins_topic(of, message));
    let shared = replied
        .map(whole)
        .or_else(|| given(message, "external_reply").map(elsewhere))
        .or_else(|| given(message, "reply_to_story").map(|of| story(of, Relation::Quoted)))
        .or_else(|| passage.map(|_| Shared::new(Relation::Quoted)))?;
    let text = passage.map(str::to_owned).or(shared.text);
    Some(Part::Shared(Shared { text, ..shared }))
}

/// Whether a message is the one that opened the topic: every message of a topic names it as replied to.
fn begins_topic(replied: &Value, message: &Value) -> bool {
    let topic = given(message, "message_thread_id");
    let is_first = topic.is_some() && replied.get("message_id") == topic;
    given(replied, "forum_topic_created").is_some()
        || is_first && message.get("is_topic_message") == Some(&Value::Bool(true))
}

/// A message of the same chat.
fn whole(replied: &Value) -> Shared {
    let author = given(replied, "sender_chat").or_else(|| given(replied, "from"));
    Shared {
        from: author.and_then(name_of),
        from_id: author.and_then(|author| digits(author, "id")),
        message_id: digits(replied, "message_id"),
        sent_at: date(replied),
        text: words(replied),
        files: files::of(replied),
        ..Shared::new(Relation::Quoted)
    }
}

/// A message of another chat or topic.
fn elsewhere(reply: &Value) -> Shared {
    let known = origin(
        given(reply, "origin").unwrap_or(&Value::Null),
        Relation::Quoted,
    );
    Shared {
        message_id: digits(reply, "message_id").or(known.message_id),
        text: words(reply),
        files: files::of(reply),
        ..known
    }
}

/// Whose message it was. Somebody may hide behind their name.
fn origin(origin: &Value, relation: Relation) -> Shared {
    let author = ["sender_user", "sender_chat", "chat"]
        .into_iter()
        .find_map(|name| given(origin, name));
    let hidden = || string(origin, "sender_user_name").map(str::to_owned);
    Shared {
        from: author.and_then(name_of).or_else(hidden),
        from_id: author.and_then(|author| digits(author, "id")),
        message_id: digits(origin, "message_id"),
        sent_at: date(origin),
        ..Shared::new(relation)
    }
}

/// What somebody else published, and the person passes on: only its own publisher can write such a thing.
pub(super) fn published(message: &Value) -> Vec<Part> {
    let field = |name: &'static str| given(message, name);
    let publisher = field("via_bot").and_then(name_of);
    let of_bot = |label: &str, what: &Value| Shared {
        from: publisher.clone(),
        text: Some(titled(label, what, &["title", "description"])),
        files: given(what, "photo")
            .and_then(|photo| files::file(photo, AttachmentKind::Image))
            .into_iter()
            .collect(),
        ..Shared::new(Relation::Forwarded)
    };
    let of_chat = |label: &str, what: &Value| {
        let chat = what.pointer("/chats/0").or_else(|| what.get("chat"));
        Shared {
            from: chat.and_then(name_of),
            from_id: chat.and_then(|chat| digits(chat, "id")),
            text: Some(titled(label, what, &["prize_description"])),
            ..Shared::new(Relation::Forwarded)
        }
    };
    [
        field("story").map(|what| story(what, Relation::Forwarded)),
        field("game").map(|what| of_bot("Game", what)),
        field("invoice").map(|what| of_bot("Invoice", what)),
        field("giveaway").map(|what| of_chat("Giveaway", what)),
        field("giveaway_winners").map(|what| of_chat("Winners of a giveaway", what)),
    ]
    .into_iter()
    .flatten()
    .map(Part::Shared)
    .collect()
}

/// A story, of which the platform tells no more than whose it is.
fn story(story: &Value, relation: Relation) -> Shared {
    let chat = given(story, "chat");
    Shared {
        from: chat.and_then(name_of),
        from_id: chat.and_then(|chat| digits(chat, "id")),
        message_id: digits(story, "id"),
        text: Some("Story".to_owned()),
        ..Shared::new(relation)
    }
}

/// `label: one, other`
fn titled(label: &str, what: &Value, names: &[&str]) -> String {
    let said: Vec<&str> = names.iter().filter_map(|name| string(what, name)).collect();
    if said.is_empty() {
        label.to_owned()
    } else {
        format!("{label}: {}", said.join(", "))
    }
}

/// The text of a message, or its data in words.
fn words(message: &Value) -> Option<String> {
    text::plain(message).or_else(|| {
        let parts = Parts::of(parts::of(message));
        (!parts.is_empty()).then(|| text_or_words("", &[], &parts))
    })
}

fn date(of: &Value) -> Option<Timestamp> {
    // A message that cannot be read any more has the date 0.
    let seconds = of.get("date")?.as_i64().filter(|seconds| *seconds > 0)?;
    at_second(seconds)
}

/// Name of a user, a chat or a contact: the title, the first and last name, or the username.
pub(super) fn name_of(of: &Value) -> Option<String> {
    let said = |name: &str| string(of, name).map(str::to_owned);
    let names: Vec<String> = ["first_name", "last_name"]
        .into_iter()
        .filter_map(said)
        .collect();
    said("title")
        .or_else(|| (!names.is_empty()).then(|| names.join(" ")))
        .or_else(|| said("username"))
}
