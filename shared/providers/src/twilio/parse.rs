//! Parses a request from Twilio into events (PROVIDERS §5.1).
//!
//! Twilio adds parameters without notice and omits those that it has no value for, so only a
//! missing necessary one makes a message unreadable.

use super::{
    ACCOUNT_SID, PHONE_NUMBER,
    address::{Address, Channel, NoPerson, without_channel},
    api,
    params::{Format, Params},
};
use crate::{
    fields::{
        ATTACHMENTS_MAX, ID_MAX_BYTES, URL_MAX_BYTES, event_key, is_id, is_short_graphic, written,
    },
    webhook::{Event, Parsed, RawRequest, Refusal, Reply, SendFailure, clean_kind},
};
use vestibule_domain::{
    Timestamp,
    chat::conversation::{ConversationKind, ConversationRef},
    chat::message::{Attachment, AttachmentKind, Identity, InboundMessage},
    chat::profile::Profile,
    connector::Connector,
};

/// The empty answer. Any other body would be sent to the person as a message, or show up as an
/// error in the account's log (PROVIDERS §5.1).
const NOTHING_TO_SAY: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#;

/// Status of an inbound message.
const RECEIVED: &str = "received";
/// Statuses of an outgoing message that did not arrive.
const FAILED: [&str; 2] = ["failed", "undelivered"];
/// Kinds of `WhatsApp` message that are not written by a person: reactions, notices, edits, and
/// content that `WhatsApp` cannot pass on.
const NO_MESSAGES: [&str; 7] = [
    "reaction",
    "system",
    "unsupported",
    "ephemeral",
    "request_welcome",
    "edit",
    "revoke",
];
/// Texts of an SMS that Twilio treats as opting out, if they are the whole message.
const STOP_WORDS: [&str; 8] = [
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
];
/// Texts of an SMS that Twilio treats as opting in again.
const START_WORDS: [&str; 3] = ["START", "UNSTOP", "YES"];

/// Parses an authentic request.
pub(super) fn request(
    request: &RawRequest<'_>,
    connector: &Connector,
    now: Timestamp,
) -> Result<Parsed, Refusal> {
    let format = Format::of(request.headers)
        .ok_or(Refusal::because("the body is neither a form nor JSON"))?;
    let events = match Params::read(format, request.body) {
        None => vec![Event::unreadable("the body is not a JSON object")],
        Some(params) => events(&params, connector, now)?,
    };
    Ok(Parsed {
        events,
        reply: Reply {
            status: 200,
            content_type: Some("text/xml"),
            body: NOTHING_TO_SAY.into(),
        },
    })
}

/// The signature covers account and address, but one address may be configured for many numbers,
/// and one account may have many connectors. Only events that name this connector's number belong
/// to it (PROVIDERS §6.3).
fn events(params: &Params, connector: &Connector, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    let setting = |name: &str| connector.settings.get(name).map(String::as_str);
    let account = setting(ACCOUNT_SID)
        .filter(|account| !account.is_empty())
        .ok_or(Refusal::because("the connector has no account SID"))?;
    let number = setting(PHONE_NUMBER)
        .filter(|number| !number.is_empty())
        .ok_or(Refusal::because("the connector has no phone number"))?;
    if params.get("AccountSid") != Some(account) {
        return Err(Refusal::because("the request is for another account"));
    }
    let ours = |name: &str| params.get(name).map(without_channel) == Some(number);
    match status(params) {
        None | Some(RECEIVED) if ours("To") => {
            Ok(written_to_us(params, connector, number, now)
                .unwrap_or_else(|instead| vec![instead]))
        }
        None | Some(RECEIVED) => Err(Refusal::because("the message is for another number")),
        Some(status) if ours("From") => Ok(vec![sent_by_us(params, status)]),
        // Twilio also reports some statuses of inbound messages, such as `receiving`.
        Some(status) if ours("To") => Ok(vec![ignored_status(status)]),
        Some(_) => Err(Refusal::because("the status is of another number")),
    }
}

/// A status callback has both names; an inbound message has only the older one.
fn status(params: &Params) -> Option<&str> {
    params
        .get("MessageStatus")
        .or_else(|| params.get("SmsStatus"))
}

fn ignored_status(status: &str) -> Event {
    Event::ignored(&format!("status:{status}"))
}

/// Reads a status callback. Only failures matter.
fn sent_by_us(params: &Params, status: &str) -> Event {
    if !FAILED.contains(&status) {
        return ignored_status(status);
    }
    let recipient = params
        .get("To")
        .and_then(|to| Address::read(to).ok())
        .and_then(|to| to.identities(params.get("ExternalUserId")));
    let (Some(recipient), Some(message_id)) = (recipient, message_id(params)) else {
        return Event::unreadable("a failed message names no person or has no id");
    };
    let code = params.get("ErrorCode");
    Event::SendFailed(Box::new(SendFailure {
        recipient: known_as(recipient),
        message_id: message_id.to_owned(),
        class: api::class_of_failure(code.and_then(|code| code.parse().ok())),
        reason: clean_kind(code.unwrap_or(status)),
    }))
}

fn known_as((sender, second): (Identity, Option<Identity>)) -> Vec<Identity> {
    [Some(sender), second].into_iter().flatten().collect()
}

/// Reads an inbound message and the consent that it expresses, or says what it is instead.
fn written_to_us(
    params: &Params,
    connector: &Connector,
    number: &str,
    now: Timestamp,
) -> Result<Vec<Event>, Event> {
    let from = params
        .get("From")
        .ok_or_else(|| Event::unreadable("From is missing"))?;
    let from = Address::read(from).map_err(|no_person| match no_person {
        NoPerson::ShortCode => Event::ignored("from:short_code"),
        NoPerson::SenderName => Event::ignored("from:sender_name"),
        NoPerson::Malformed => Event::unreadable("From is malformed"),
    })?;
    if from.is_phone(number) {
        return Err(Event::ignored("from:own_number"));
    }
    if let Some(kind) = params
        .get("MessageType")
        .filter(|kind| NO_MESSAGES.contains(kind))
    {
        return Err(Event::ignored(&format!("type:{kind}")));
    }
    let people = from
        .identities(params.get("ExternalUserId"))
        .ok_or_else(|| Event::unreadable("From is malformed"))?;
    let consent = |may_write| Event::Consent {
        sender: known_as(people.clone()),
        may_write,
    };
    match wish(params, from.channel) {
        Some(Wish::Stop) => Err(consent(false)),
        Some(Wish::Help) => Err(Event::ignored("help")),
        // A "yes" to the agent's question looks the same and must reach the agent.
        Some(Wish::Start) => {
            let consent = consent(true);
            let message = message(params, &from, people, connector, now)?;
            Ok(vec![consent, message])
        }
        None => Ok(vec![message(params, &from, people, connector, now)?]),
    }
}

/// A person's wish to receive messages, or not.
enum Wish {
    /// No more messages.
    Stop,
    /// Messages again.
    Start,
    /// The text that Twilio sends in answer to HELP.
    Help,
}

/// Uses Twilio's own classification where Advanced Opt-Out is on. Otherwise it looks for the words
/// that Twilio acts on, which applies to SMS only. A bare HELP counts as a message: Twilio may or
/// may not answer it, and its author may well mean the agent.
fn wish(params: &Params, channel: Channel) -> Option<Wish> {
    match params.get("OptOutType") {
        Some("STOP") => return Some(Wish::Stop),
        Some("START") => return Some(Wish::Start),
        Some("HELP") => return Some(Wish::Help),
        _ => {}
    }
    if channel == Channel::WhatsApp {
        return None;
    }
    let body = params.get("Body")?.trim();
    let is_one_of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(body));
    if is_one_of(&STOP_WORDS) {
        Some(Wish::Stop)
    } else {
        is_one_of(&START_WORDS).then_some(Wish::Start)
    }
}

/// The three parameters hold the same message id; an older one may come alone.
fn message_id(params: &Params) -> Option<&str> {
    ["MessageSid", "SmsMessageSid", "SmsSid"]
        .into_iter()
        .find_map(|name| params.get(name))
        .filter(|id| is_id(id))
}

fn message(
    params: &Params,
    from: &Address<'_>,
    (sender, also_known_as): (Identity, Option<Identity>),
    connector: &Connector,
    now: Timestamp,
) -> Result<Event, Event> {
    let id = message_id(params)
        .ok_or_else(|| Event::unreadable("MessageSid is missing or malformed"))?;
    let body = params.get("Body").filter(|body| !body.trim().is_empty());
    let text = body.or_else(|| params.get("ButtonText"));
    Ok(Event::Message(Box::new(InboundMessage {
        sender,
        also_known_as,
        profile: Profile::from_raw(params.get("ProfileName"), None, None, None),
        conversation: ConversationRef::new(
            connector.id,
            ConversationKind::Direct,
            from.written(),
            None,
        )
        .on_channel(from.channel.key()),
        text: written(text.unwrap_or("")),
        attachments: attachments(params, id),
        provider_event_id: id.to_owned(),
        event_keys: vec![event_key("twilio", id)],
        // Twilio does not say when a message was written.
        sent_at: now,
    })))
}

fn attachments(params: &Params, message_id: &str) -> Vec<Attachment> {
    let count = params
        .get("NumMedia")
        .and_then(|count| count.parse::<usize>().ok())
        .unwrap_or(0);
    (0..count.min(ATTACHMENTS_MAX))
        .filter_map(|index| attachment(params, message_id, index))
        .collect()
}

fn attachment(params: &Params, message_id: &str, index: usize) -> Option<Attachment> {
    let mime_type = params
        .get(&format!("MediaContentType{index}"))
        .filter(|mime| is_short_graphic(mime, ID_MAX_BYTES));
    let url = params
        .get(&format!("MediaUrl{index}"))
        .filter(|url| url.starts_with("https://") && is_short_graphic(url, URL_MAX_BYTES));
    if mime_type.is_none() && url.is_none() {
        return None;
    }
    let own_id = url
        .and_then(|url| url.rsplit('/').next())
        .filter(|id| is_id(id));
    Some(Attachment {
        kind: match mime_type.and_then(|mime| mime.split('/').next()) {
            Some("image") => AttachmentKind::Image,
            Some("video") => AttachmentKind::Video,
            Some("audio") => AttachmentKind::Audio,
            _ => AttachmentKind::File,
        },
        provider_id: own_id.map_or_else(|| format!("{message_id}-{index}"), str::to_owned),
        name: None,
        mime_type: mime_type.map(str::to_owned),
        url: url.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests;
