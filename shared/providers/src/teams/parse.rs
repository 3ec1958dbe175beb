//! Parses an activity into an event (PROVIDERS §2.1).
//!
//! Activities are read leniently, field by field: unknown fields are ignored, and only a missing
//! necessary one makes an activity unreadable.

use super::{APP_ID, CHANNEL, TENANT_ID, bot_id, is_guid, key, setting, text};
use crate::{
    fields::{
        ATTACHMENTS_MAX, ID_MAX_BYTES, URL_MAX_BYTES, event_key, given, is_id, is_short_graphic,
        string,
    },
    webhook::{Event, Parsed, Refusal, Reply},
};
use serde_json::{Value, json};
use vestibule_domain::{
    Timestamp,
    chat::conversation::{ConversationKind, ConversationRef},
    chat::message::{Attachment, AttachmentKind, Identity, InboundMessage},
    chat::profile::Profile,
    connector::Connector,
    egress::OriginAllowList,
    text::clean_name,
};

/// Longest accepted id of a person, in bytes. Microsoft's have about 90.
const MEMBER_ID_MAX_BYTES: usize = 256;
/// Longest accepted id of a conversation, in bytes. Microsoft's have about 150.
const CONVERSATION_ID_MAX_BYTES: usize = 512;
/// Content type of an attachment that contains an uploaded file, whose own media type is not given.
const FILE_DOWNLOAD: &str = "application/vnd.microsoft.teams.file.download.info";

/// Parses an authentic request.
pub(super) fn request(
    body: &[u8],
    connector: &Connector,
    service_origins: &OriginAllowList,
    now: Timestamp,
) -> Result<Parsed, Refusal> {
    let Ok(activity) = serde_json::from_slice::<Value>(body) else {
        return Ok(Parsed::one(Event::unreadable("the request is not JSON")));
    };
    if !activity.is_object() {
        return Ok(Parsed::one(Event::unreadable(
            "the activity is not an object",
        )));
    }
    let service_url = check_connector(&activity, connector, service_origins)?;
    Ok(match string(&activity, "type") {
        Some("message") => {
            let read = message(&activity, service_url, connector, now);
            Parsed::one(read.unwrap_or_else(|instead| instead))
        }
        Some("invoke") => invoke(&activity),
        Some(other) => Parsed::one(Event::ignored(other)),
        None => Parsed::one(Event::unreadable("the activity has no type")),
    })
}

/// Answers a button of a card or a message extension. It expects a body, and Teams repeats it
/// several times after a 501 (botbuilder-dotnet#5005).
fn invoke(activity: &Value) -> Parsed {
    let name = string(activity, "name").unwrap_or("");
    Parsed {
        events: vec![Event::ignored(&format!("invoke:{name}"))],
        reply: Reply::json(&json!({})),
    }
}

/// Checks that the activity is for this connector, and returns its `serviceUrl`. The token does not
/// cover the body: without this check one connector's activities would pass as another's, and our
/// own token would go to anybody who asks for it (PROVIDERS §2.2, §2.4).
fn check_connector<'a>(
    activity: &'a Value,
    connector: &Connector,
    service_origins: &OriginAllowList,
) -> Result<&'a str, Refusal> {
    let app_id =
        setting(connector, APP_ID).ok_or(Refusal::because("the connector has no app id"))?;
    let tenant =
        setting(connector, TENANT_ID).ok_or(Refusal::because("the connector has no tenant id"))?;
    if string(activity, "channelId") != Some(CHANNEL) {
        return Err(Refusal::because("the activity is of another channel"));
    }
    let recipient = activity.pointer("/recipient/id").and_then(Value::as_str);
    if recipient != Some(bot_id(app_id).as_str()) {
        return Err(Refusal::because("the activity is for another bot"));
    }
    let is_ours = |named: &Value| {
        let named = named.as_str();
        named.is_some_and(|named| named.eq_ignore_ascii_case(tenant))
    };
    if !tenants(activity).all(is_ours) {
        return Err(Refusal::because("the activity is from another tenant"));
    }
    string(activity, "serviceUrl")
        .filter(|url| service_origins.admit(url).is_some())
        .ok_or(Refusal::because(
            "the service address is not one of Microsoft's",
        ))
}

/// The tenants that an activity names: none, one or two.
fn tenants(activity: &Value) -> impl Iterator<Item = &Value> {
    ["/channelData/tenant/id", "/conversation/tenantId"]
        .into_iter()
        .filter_map(|pointer| activity.pointer(pointer))
        .filter(|tenant| !tenant.is_null())
}

/// Reads a person's message, or says what it is instead.
fn message(
    activity: &Value,
    service_url: &str,
    connector: &Connector,
    now: Timestamp,
) -> Result<Event, Event> {
    let from = given(activity, "from").unwrap_or(&Value::Null);
    let text = match given(activity, "text") {
        None => "",
        Some(Value::String(text)) => text,
        Some(_) => return Err(Event::unreadable("text is not a string")),
    };
    let attachments = attachments(activity);
    let is_bot = string(from, "id").is_some_and(|id| id.starts_with("28:"))
        || string(from, "role") == Some("bot");
    if is_bot {
        return Ok(Event::ignored("message:bot"));
    }
    // A card's form is sent as a message without text.
    if text.is_empty() && attachments.is_empty() && given(activity, "value").is_some() {
        return Ok(Event::ignored("message:value"));
    }
    if tenants(activity).next().is_none() {
        return Err(Event::unreadable("the message names no tenant"));
    }
    let id = |pointer: &'static str, max_bytes| {
        activity
            .pointer(pointer)
            .and_then(Value::as_str)
            .filter(|id| !id.is_empty() && is_short_graphic(id, max_bytes))
            .ok_or_else(|| Event::unreadable(format!("{pointer} is missing or malformed")))
    };
    let member = id("/from/id", MEMBER_ID_MAX_BYTES)?;
    let place = id("/conversation/id", CONVERSATION_ID_MAX_BYTES)?;
    let activity_id = id("/id", ID_MAX_BYTES)?;
    let bot = activity.pointer("/recipient/id").and_then(Value::as_str);
    let sent_at = string(activity, "timestamp")
        .and_then(Timestamp::parse)
        .filter(|at| at.millis() >= 0);
    // The id of a channel's conversation includes the thread, so an answer needs nothing else.
    let conversation = ConversationRef::new(
        connector.id,
        conversation_kind(activity),
        place.to_owned(),
        None,
    )
    .answered_at(service_url)
    .with_member(member);
    Ok(Event::Message(Box::new(InboundMessage {
        sender: sender(from, member, connector),
        also_known_as: None,
        profile: Profile::from_raw(string(from, "name"), None, None, None),
        conversation,
        text: text::spoken(text, activity, bot.unwrap_or("")),
        attachments,
        provider_event_id: activity_id.to_owned(),
        event_keys: vec![event_key("teams", &format!("{place}:{activity_id}"))],
        sent_at: sent_at.unwrap_or(now),
    })))
}

/// The person's id in the directory, which is the same for every bot. People outside the directory
/// have only the id that this bot knows.
fn sender(from: &Value, member: &str, connector: &Connector) -> Identity {
    let object_id = string(from, "aadObjectId").filter(|id| is_guid(id));
    Identity {
        provider: key(),
        platform_scope: setting(connector, TENANT_ID).unwrap_or("").to_owned(),
        identifier: object_id.map_or_else(|| member.to_owned(), str::to_ascii_lowercase),
    }
}

/// An unknown kind counts as readable by everybody.
fn conversation_kind(activity: &Value) -> ConversationKind {
    let conversation = given(activity, "conversation").unwrap_or(&Value::Null);
    match string(conversation, "conversationType") {
        Some("personal") => ConversationKind::Direct,
        Some("groupChat") => ConversationKind::Group,
        _ => ConversationKind::Channel,
    }
}

/// The files, without cards and without the message's own text, which comes a second time as HTML.
fn attachments(activity: &Value) -> Vec<Attachment> {
    let all = activity.get("attachments").and_then(Value::as_array);
    let id = string(activity, "id").filter(|id| is_id(id)).unwrap_or("");
    all.into_iter()
        .flatten()
        .enumerate()
        .filter_map(|(index, attachment)| read_attachment(attachment, id, index))
        .take(ATTACHMENTS_MAX)
        .collect()
}

fn read_attachment(attachment: &Value, activity_id: &str, index: usize) -> Option<Attachment> {
    let url = string(attachment, "contentUrl")
        .filter(|url| url.starts_with("https://") && is_short_graphic(url, URL_MAX_BYTES))?;
    let media_type = string(attachment, "contentType")
        .filter(|media_type| is_short_graphic(media_type, ID_MAX_BYTES));
    let unique_id = attachment.pointer("/content/uniqueId");
    let unique_id = unique_id.and_then(Value::as_str).filter(|id| is_id(id));
    Some(Attachment {
        kind: match media_type.and_then(|media_type| media_type.split('/').next()) {
            Some("image") => AttachmentKind::Image,
            Some("video") => AttachmentKind::Video,
            Some("audio") => AttachmentKind::Audio,
            _ => AttachmentKind::File,
        },
        provider_id: unique_id.map_or_else(|| format!("{activity_id}.{index}"), str::to_owned),
        name: string(attachment, "name").and_then(clean_name),
        mime_type: media_type
            .filter(|media_type| *media_type != FILE_DOWNLOAD)
            .map(str::to_owned),
        url: Some(url.to_owned()),
    })
}

#[cfg(test)]
mod tests;
