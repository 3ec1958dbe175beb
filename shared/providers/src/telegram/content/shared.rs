//! Messages of others within a message: forwarded or quoted (Bot API 10.3, `MessageOrigin`,
//! `ExternalReplyInfo`, `TextQuote`).

use super::{digits, files, names::name_of, parts, published, rich, text};
use crate::fields::{at_second, given, string};
use serde_json::Value;
use vestibule_domain::{
    Timestamp,
    chat::content::{Part, Parts, Relation, Shared, text_or_words},
    text::is_blank,
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
        .or_else(|| {
            given(message, "reply_to_story").map(|of| published::story(of, Relation::Quoted))
        })
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

/// Author of the message. Somebody may hide behind their name.
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

/// The text of a message, or its data in words.
fn words(message: &Value) -> Option<String> {
    plain(message).or_else(|| {
        let parts = Parts::of(parts::of(message));
        (!parts.is_empty()).then(|| text_or_words("", &[], &parts))
    })
}

/// The words of another message than the person's own, without their entities.
fn plain(message: &Value) -> Option<String> {
    text::WRITTEN
        .into_iter()
        .find_map(|(name, _)| string(message, name))
        .map(str::to_owned)
        .or_else(|| Some(rich::read(given(message, "rich_message")?).text.finish().0))
        .filter(|text| !is_blank(text))
}

fn date(of: &Value) -> Option<Timestamp> {
    // A message that cannot be read any more has the date 0.
    let seconds = of.get("date")?.as_i64().filter(|seconds| *seconds > 0)?;
    at_second(seconds)
}
