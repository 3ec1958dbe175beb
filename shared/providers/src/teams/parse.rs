//! Parses an activity into an event (PROVIDERS §2.1).
//!
//! Activities are read leniently, field by field: unknown fields are ignored, and only a missing
//! necessary one makes an activity unreadable.

use super::{
    APP_ID, CHANNEL, TENANT_ID, bot_id, content,
    conversation::{in_thread, is_in_thread},
    is_guid, is_service_url, key, setting,
};
use crate::{
    changes,
    fields::{ID_MAX_BYTES, event_key, given, is_id, is_short_graphic, malformed_element, string},
    json,
    webhook::{Event, Parsed, Refusal, Reply},
    withheld::event_of,
};
use serde_json::{Value, json};
use vestibule_domain::{
    Timestamp,
    chat::change::ChangeKind,
    chat::conversation::{ConversationKind, ConversationRef},
    chat::message::{Identity, InboundMessage},
    chat::profile::Profile,
    connector::Connector,
    egress::OriginAllowList,
};

/// Longest accepted id of a person, in bytes. Microsoft's have about 90.
const MEMBER_ID_MAX_BYTES: usize = 256;
/// Longest accepted id of a conversation, in bytes. Microsoft's have about 150.
const CONVERSATION_ID_MAX_BYTES: usize = 512;
/// Digits of a time in milliseconds since 1970, from 2001 to 2286.
const MILLIS_DIGITS: usize = 13;
/// Values of `channelData.eventType` with a message that was written before (msteams-docs,
/// "Conversation events").
const CHANGES: [(&str, ChangeKind); 3] = [
    ("editMessage", ChangeKind::Edited),
    ("undeleteMessage", ChangeKind::Edited),
    ("softDeleteMessage", ChangeKind::Deleted),
];
/// Types of activity about a message that was written before, if no `eventType` says more.
const CHANGING_TYPES: [(&str, ChangeKind); 2] = [
    ("messageUpdate", ChangeKind::Edited),
    ("messageDelete", ChangeKind::Deleted),
];

/// Parses an authentic request.
pub(super) fn request(
    body: &[u8],
    connector: &Connector,
    service_origins: &OriginAllowList,
    now: Timestamp,
) -> Result<Parsed, Refusal> {
    let activity = match activity(body) {
        Ok(activity) => activity,
        Err(instead) => return Ok(Parsed::one(instead)),
    };
    let service_url = check_connector(&activity, connector, service_origins)?;
    Ok(match string(&activity, "type") {
        Some("message" | "messageUpdate" | "messageDelete") => {
            let read = message(&activity, service_url, connector, now);
            // A message is taken without attachments that are malformed.
            let lost = matches!(read, Ok(Event::Message(_) | Event::Placeholder(_)))
                .then(|| malformed_element(&activity, "attachments", Value::is_object));
            let mut parsed = Parsed::one(read.unwrap_or_else(|instead| instead));
            parsed.events.extend(lost.flatten());
            parsed
        }
        Some("invoke") => invoke(&activity),
        Some(other) => Parsed::one(Event::ignored(other)),
        None => Parsed::one(Event::unreadable("the activity has no type")),
    })
}

/// Reads the activity in a body, or says why there is none.
pub(super) fn activity(body: &[u8]) -> Result<Value, Event> {
    let activity: Value =
        json::read(body).map_err(|_| Event::unreadable("the request is not JSON"))?;
    if activity.is_object() {
        Ok(activity)
    } else {
        Err(Event::unreadable("the activity is not an object"))
    }
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
        .filter(|url| is_service_url(url, service_origins))
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

/// The effect of an activity on a message that was written before.
fn change_of(activity: &Value) -> Option<ChangeKind> {
    let event_type = activity
        .pointer("/channelData/eventType")
        .and_then(Value::as_str);
    named(&CHANGES, event_type).or_else(|| named(&CHANGING_TYPES, string(activity, "type")))
}

fn named(table: &[(&str, ChangeKind)], name: Option<&str>) -> Option<ChangeKind> {
    let found = table.iter().find(|(known, _)| Some(*known) == name);
    found.map(|(_, kind)| *kind)
}

/// Reads a person's message or change of one, or says what it is instead.
fn message(
    activity: &Value,
    service_url: &str,
    connector: &Connector,
    now: Timestamp,
) -> Result<Event, Event> {
    let from = given(activity, "from").unwrap_or(&Value::Null);
    let bot = activity.pointer("/recipient/id").and_then(Value::as_str);
    let content = content::of(activity, bot.unwrap_or(""))?;
    let is_bot = string(from, "id").is_some_and(|id| id.starts_with("28:"))
        || string(from, "role") == Some("bot");
    if is_bot {
        return Ok(Event::ignored("message:bot"));
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
    let sent_at = string(activity, "timestamp")
        .and_then(Timestamp::parse)
        .filter(|at| at.millis() >= 0);
    let conversation = conversation(activity, connector, place, member)
        .answered_at(service_url)
        .with_member(member);
    let message = InboundMessage {
        sender: sender(from, member, connector),
        also_known_as: None,
        profile: Profile::from_raw(string(from, "name"), None, None, None)
            .with_language(language(activity)),
        conversation,
        text: content.text,
        attachments: content.attachments,
        parts: content.parts,
        entities: content.entities,
        provider_event_id: activity_id.to_owned(),
        event_keys: vec![event_key("teams", &format!("{place}:{activity_id}"))],
        sent_at: sent_at.unwrap_or(now),
    };
    Ok(match change_of(activity) {
        None => event_of(message),
        Some(kind) => {
            let (at, written_at) = (message.sent_at, written_at(activity_id));
            let version = at.millis().to_string();
            changes::event(message, kind, at, written_at, &version)
        }
    })
}

/// The time at which the message with this id was written: Teams counts milliseconds since 1970, such as
/// `1485983408511` (msteams-docs, "Conversation events"). An id of another form tells no time.
fn written_at(id: &str) -> Option<Timestamp> {
    let is_time = id.len() == MILLIS_DIGITS && id.bytes().all(|byte| byte.is_ascii_digit());
    let millis = id.parse().ok().filter(|_| is_time);
    millis.map(Timestamp::from_millis)
}

/// The language of the client in which the person wrote: the `locale` of the activity (Activity schema, A3020)
/// or, without one, of its `clientInfo` (PROVIDERS §2.1).
fn language(activity: &Value) -> Option<&str> {
    let entities = given(activity, "entities").and_then(Value::as_array);
    string(activity, "locale").or_else(|| {
        let client = entities?
            .iter()
            .find(|entity| string(entity, "type") == Some("clientInfo"));
        string(client?, "locale")
    })
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

/// The conversation for answers. The id of a channel's conversation includes the thread, so an answer
/// needs nothing else, unless the message is for the bot alone.
fn conversation(
    activity: &Value,
    connector: &Connector,
    place: &str,
    member: &str,
) -> ConversationRef {
    let kind = conversation_kind(activity);
    if kind != ConversationKind::Direct && is_targeted(activity) {
        let aside = Some(member.to_owned());
        return ConversationRef::new(
            connector.id,
            ConversationKind::Direct,
            place.to_owned(),
            aside,
        );
    }
    let place = if is_of_channel(activity) && !is_in_thread(place) {
        root(activity).map_or_else(|| place.to_owned(), |root| in_thread(place, root))
    } else {
        place.to_owned()
    };
    ConversationRef::new(connector.id, kind, place, None).named(name(activity))
}

/// The name of the channel (Teams schema, `channelData.channel.name`) or of the group chat (Activity schema,
/// `conversation.name`). Teams tells neither with most messages.
fn name(activity: &Value) -> Option<&str> {
    ["/channelData/channel", "/conversation"]
        .into_iter()
        .find_map(|place| string(activity.pointer(place)?, "name"))
}

/// Whether only the bot can see the message, although others read the conversation (msteams-docs,
/// "Send and receive targeted messages": `recipient.isTargeted`).
fn is_targeted(activity: &Value) -> bool {
    activity.pointer("/recipient/isTargeted") == Some(&Value::Bool(true))
}

/// Whether the message stands in a channel, where every post opens a thread.
fn is_of_channel(activity: &Value) -> bool {
    match activity.pointer("/conversation/conversationType") {
        Some(Value::String(kind)) => kind == "channel",
        // Without a type, the channel's own data tells.
        _ => activity.pointer("/channelData/channel/id").is_some(),
    }
}

/// The id of the thread's first message: the message that this one replies to, or its own.
fn root(activity: &Value) -> Option<&str> {
    string(activity, "replyToId")
        .or_else(|| string(activity, "id"))
        .filter(|root| is_id(root))
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

#[cfg(test)]
mod tests;
