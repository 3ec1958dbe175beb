//! The messages that a message answers or forwards. Teams tells of one and the same in up to three ways:
//! by an entity (`QuotedReplyEntity` of microsoft/teams.net), by an attachment (`messageReference` and
//! `forwardedMessageReference`, Microsoft Graph, "chatMessageAttachment"), and in the HTML. Of each kind,
//! the first that is there counts.

use super::{
    attachments::{all, media},
    body::{self, Quote},
    cards::content,
    content_types::{FORWARDED, REFERENCE},
    mentions::Mentions,
};
use crate::{
    addressed::Addressed,
    fields::{ATTACHMENTS_MAX, at_second, string},
};
use serde_json::Value;
use vestibule_domain::{
    Timestamp,
    chat::content::{Part, Relation, Shared},
};

/// Whether the text of an activity may contain what stands for a quoted message.
pub(super) fn has_entity(activity: &Value) -> bool {
    entities(activity).next().is_some()
}

/// The messages that an activity answers or forwards, given those in its HTML.
pub(super) fn parts(activity: &Value, in_html: Vec<Quote>) -> Vec<Part> {
    let mut found: Vec<Shared> = entities(activity).map(by_entity).collect();
    for relation in [Relation::Quoted, Relation::Forwarded] {
        if found.iter().all(|shared| shared.relation != relation) {
            found.extend(references(activity, relation));
        }
    }
    let told: Vec<Relation> = found.iter().map(|shared| shared.relation).collect();
    let untold = in_html
        .into_iter()
        .filter(|quote| !told.contains(&quote.relation));
    found.extend(untold.map(|quote| by_html(activity, quote)));
    found.into_iter().map(Part::Shared).collect()
}

fn entities(activity: &Value) -> impl Iterator<Item = &Value> {
    let all = activity.get("entities").and_then(Value::as_array);
    all.into_iter()
        .flatten()
        .filter(|entity| string(entity, "type") == Some("quotedReply"))
        .take(ATTACHMENTS_MAX)
}

/// Reads an entity, whose fields stand within a field of their own or not.
fn by_entity(entity: &Value) -> Shared {
    let fields = entity.get("quotedReply").unwrap_or(entity);
    let field = |name| string(fields, name).map(str::to_owned);
    Shared {
        from: field("senderName"),
        from_id: field("senderId"),
        message_id: field("messageId"),
        sent_at: string(fields, "time").and_then(at_millis),
        text: field("preview"),
        ..Shared::new(Relation::Quoted)
    }
}

fn references(activity: &Value, relation: Relation) -> Vec<Shared> {
    let is_quoted = relation == Relation::Quoted;
    let media_type = if is_quoted { REFERENCE } else { FORWARDED };
    all(activity)
        .filter(|attachment| string(attachment, "contentType") == Some(media_type))
        .take(ATTACHMENTS_MAX)
        .filter_map(content)
        .map(|content| {
            if is_quoted {
                by_reference(&content)
            } else {
                by_forwarding(&content)
            }
        })
        .collect()
}

fn by_reference(content: &Value) -> Shared {
    let (from, from_id) = sender(content, "messageSender");
    Shared {
        from,
        from_id,
        message_id: string(content, "messageId").map(str::to_owned),
        text: string(content, "messagePreview").map(str::to_owned),
        ..Shared::new(Relation::Quoted)
    }
}

fn by_forwarding(content: &Value) -> Shared {
    let (from, from_id) = sender(content, "originalMessageSender");
    let sent_at = string(content, "originalSentDateTime").and_then(Timestamp::parse);
    Shared {
        from,
        from_id,
        message_id: string(content, "originalMessageId").map(str::to_owned),
        sent_at: sent_at.filter(|at| at.millis() >= 0),
        text: string(content, "originalMessageContent").map(plain),
        ..Shared::new(Relation::Forwarded)
    }
}

fn by_html(activity: &Value, quote: Quote) -> Shared {
    Shared {
        from: quote.from,
        from_id: quote.from_id,
        message_id: quote.id,
        sent_at: quote.time.as_deref().and_then(at_millis),
        text: Some(quote.text),
        files: media(activity, "quote", &quote.media),
        ..Shared::new(quote.relation)
    }
}

/// Name and id of the sender of a message, who may be a person or an app.
fn sender(content: &Value, field: &str) -> (Option<String>, Option<String>) {
    let sender = content.get(field);
    let who = ["user", "application"]
        .into_iter()
        .find_map(|kind| sender?.get(kind).filter(|who| who.is_object()));
    let field = |name| who.and_then(|who| string(who, name)).map(str::to_owned);
    (field("displayName"), field("id"))
}

fn plain(html: &str) -> String {
    body::read([html], Mentions::default(), Addressed::whole()).text
}

/// A time in milliseconds since 1970, as written.
fn at_millis(time: &str) -> Option<Timestamp> {
    let millis: i64 = time.parse().ok()?;
    let second = at_second(millis.div_euclid(1000))?;
    Some(Timestamp::from_millis(
        second.millis() + millis.rem_euclid(1000),
    ))
}
