//! The content of a message in Teams (SPEC F05, F06).
//!
//! The table of all that a person can send, with sources, is in the tests beside this module.

use super::{
    attachments,
    body::{self, Body},
    cards,
    mentions::Mentions,
    quotes, text,
};
use crate::{
    addressed::Addressed,
    fields::{given, string},
    webhook::Event,
};
use serde_json::Value;
use vestibule_domain::{
    chat::{
        content::{Choice, Form, Part, Parts},
        entity::Entities,
        message::Attachment,
    },
    text::is_blank,
};

/// The content of a message.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) entities: Entities,
    pub(super) attachments: Vec<Attachment>,
    pub(super) parts: Parts,
}

/// Reads the content of a message to this bot.
pub(super) fn of(activity: &Value, bot: &str) -> Result<Content, Event> {
    let said = match given(activity, "text") {
        None => "",
        Some(Value::String(said)) => said,
        Some(_) => return Err(Event::unreadable("text is not a string")),
    };
    let said = if quotes::has_entity(activity) {
        text::without_quoted(said)
    } else {
        said.to_owned()
    };
    let mentions = Mentions::of(activity, bot);
    let body = written(activity, &said, &mentions, Addressed::default);
    let (mut text, mut entities) = (body.text, body.entities);
    let attachments = attachments::of(activity, &body.media);
    let mut parts = quotes::parts(activity, body.quotes);
    parts.extend(cards::parts(activity));
    parts.extend(submitted(activity, &text));
    if is_blank(&text) && attachments.is_empty() && parts.is_empty() {
        // Whoever says nothing but our name has said it.
        let whole = written(activity, &said, &mentions, Addressed::whole);
        (text, entities) = (whole.text, whole.entities);
    }
    Ok(Content {
        text,
        entities,
        attachments,
        parts: Parts::of(parts),
    })
}

/// Reads the words of a message from its text or its HTML. The HTML tells quoted messages from one's own
/// words, has the addresses of links, and may be all there is.
fn written(activity: &Value, said: &str, mentions: &Mentions, begin: fn() -> Addressed) -> Body {
    let html = body::read(attachments::html(activity), mentions.clone(), begin());
    if is_blank(said) {
        return html;
    }
    if string(activity, "textFormat") == Some("xml") {
        let text = body::read([said], mentions.clone(), begin());
        return Body {
            text: text.text,
            entities: text.entities,
            ..html
        };
    }
    if !html.quotes.is_empty() {
        return html;
    }
    let mut making = begin();
    text::write(said, &mut mentions.clone(), &mut making);
    let (text, entities) = making.finish();
    if html.has_links && is_the_same(&text, &html.text) {
        return html;
    }
    Body {
        text,
        entities,
        ..html
    }
}

/// Whether two texts differ in white space alone.
fn is_the_same(one: &str, other: &str) -> bool {
    visible(one).eq(visible(other))
}

fn visible(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_whitespace())
}

/// The answer that a button of a card sent: the fields of its form, or the value behind its title (msteams-docs,
/// "Card actions").
fn submitted(activity: &Value, text: &str) -> Option<Part> {
    let message_id = string(activity, "replyToId").map(str::to_owned);
    Some(match given(activity, "value")? {
        fields @ (Value::Object(_) | Value::Array(_)) => Part::Form(Form {
            name: None,
            message_id,
            fields: fields.clone(),
        }),
        value => Part::Choice(Choice {
            title: (!is_blank(text)).then(|| text.to_owned()),
            id: Some(
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
            ),
            message_id,
        }),
    })
}

#[cfg(test)]
mod tests;
