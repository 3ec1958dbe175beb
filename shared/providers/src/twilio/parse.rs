//! Parses a request from Twilio into events (PROVIDERS §5.1).
//!
//! Twilio adds parameters without notice and omits those that it has no value for, so only a
//! missing necessary one makes a message unreadable.

use super::{
    ACCOUNT_SID, PHONE_NUMBER,
    address::{Address, Channel, NoPerson, is_ours, other_channel},
    api,
    content::{Content, lost_media},
    params::{Format, Params},
};
use crate::{
    fields::{event_key, is_id},
    reason::clean_reason,
    webhook::{Event, Parsed, RawRequest, Refusal, Reply, SendFailure},
    withheld::event_of,
};
use vestibule_domain::{
    Timestamp,
    chat::conversation::{ConversationKind, ConversationRef},
    chat::entity::Entities,
    chat::message::{Identity, InboundMessage},
    chat::profile::Profile,
    connector::Connector,
};

/// The empty answer. Any other body would be sent to the person as a message, or show up as an
/// error in the account's log (PROVIDERS §5.1).
const NOTHING_TO_SAY: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#;

/// The answer to a call. Any other answer would take the call, at the account's cost (Twilio,
/// "`TwiML` Voice: `<Reject>`").
const DECLINED: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response><Reject/></Response>"#;

/// The parameters that hold the id of a text message; an older one may come alone.
const MESSAGE_IDS: [&str; 3] = ["MessageSid", "SmsMessageSid", "SmsSid"];
/// Parameters of a text message besides its id.
const OF_A_TEXT_MESSAGE: [&str; 3] = ["MessageStatus", "SmsStatus", "Body"];

/// Status of an inbound message.
const RECEIVED: &str = "received";
/// Statuses of an outgoing message that did not arrive.
const FAILED: [&str; 2] = ["failed", "undelivered"];
/// Kinds of `WhatsApp` message that are not written by a person: reactions, notices, edits.
const NO_MESSAGES: [&str; 6] = [
    "reaction",
    "system",
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
    let (events, answer) = match Params::read(format, request.body) {
        None => {
            let unreadable = Event::unreadable("the body is not a JSON object");
            (vec![unreadable], NOTHING_TO_SAY)
        }
        Some(params) => (events(&params, connector, now)?, answer_to(&params)),
    };
    Ok(Parsed {
        events,
        reply: Reply {
            status: 200,
            content_type: Some("text/xml"),
            body: answer.into(),
        },
    })
}

/// A call that is not answered yet is declined.
fn answer_to(params: &Params) -> &'static str {
    let rings = params.get("CallStatus") == Some("ringing");
    if rings && other_product(params) == Some("voice") {
        DECLINED
    } else {
        NOTHING_TO_SAY
    }
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
    if let Some(instead) = not_for_us(params) {
        return Ok(vec![instead]);
    }
    let ours = |name: &str| {
        params
            .get(name)
            .is_some_and(|address| is_ours(address, number))
    };
    match status(params) {
        None | Some(RECEIVED) if ours("To") => {
            let mut events = written_to_us(params, connector, number, now)
                .unwrap_or_else(|instead| vec![instead]);
            let lost = events.last().and_then(|event| lost_media(params, event));
            events.extend(lost);
            Ok(events)
        }
        None | Some(RECEIVED) => Err(Refusal::because("the message is for another number")),
        Some(status) if ours("From") => Ok(vec![sent_by_us(params, status)]),
        // Twilio also reports some statuses of inbound messages, such as `receiving`.
        Some(status) if ours("To") => Ok(vec![ignored_status(status)]),
        // The message id says whose it is.
        Some(status) if params.get("From").is_none() => Ok(vec![sent_by_us(params, status)]),
        Some(_) => Err(Refusal::because("the status is of another number")),
    }
}

/// Names an event of the account that is no text message by SMS or `WhatsApp`. Twilio sends it here
/// when an admin enters this address for another product or sender, too.
fn not_for_us(params: &Params) -> Option<Event> {
    if let Some(product) = other_product(params) {
        return Some(Event::ignored(&format!("product:{product}")));
    }
    ["From", "To"]
        .into_iter()
        .find_map(|name| other_channel(params.get(name)?))
        .map(|channel| Event::ignored(&format!("channel:{channel}")))
}

/// The product that an event belongs to, unless it is messaging. A status of a `WhatsApp` message has an
/// `EventType` as well, and a message of a conversation has a `MessageSid`.
fn other_product(params: &Params) -> Option<&'static str> {
    let has_any = |names: &[&str]| names.iter().any(|name| params.has(name));
    if has_any(&["ConversationSid", "ChannelSid"]) {
        Some("conversations")
    } else if has_any(&MESSAGE_IDS) {
        None
    } else if params.has("CallSid") {
        Some("voice")
    } else if has_any(&OF_A_TEXT_MESSAGE) {
        None
    } else {
        Some("other")
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
    let Some(message_id) = message_id(params) else {
        return Event::unreadable("a failed message has no id");
    };
    let recipient = params
        .get("To")
        .and_then(|to| Address::read(to).ok())
        .and_then(|to| to.identities(params.get("ExternalUserId")));
    let code = params.get("ErrorCode");
    let number = code.and_then(|code| code.parse().ok());
    // The words of Twilio, or else those of WhatsApp (Twilio, "63023: Channel generic error").
    let words = params
        .get("ErrorMessage")
        .or_else(|| params.get("ChannelStatusMessage"));
    let reason = api::reason(code.unwrap_or(status), number.and_then(api::meaning), words);
    Event::SendFailed(Box::new(SendFailure {
        recipient: recipient.map(known_as).unwrap_or_default(),
        message_id: message_id.to_owned(),
        class: api::class_of_failure(number),
        reason: clean_reason(&reason),
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
        channel: Some(from.channel.key().to_owned()),
        may_write,
        // Twilio does not say when a message was written.
        at: None,
        event_key: message_id(params).map(|id| event_key("twilio", id)),
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

/// The three parameters hold the same message id.
fn message_id(params: &Params) -> Option<&str> {
    MESSAGE_IDS
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
    let content = Content::read(params, id);
    Ok(event_of(InboundMessage {
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
        text: content.text,
        attachments: content.attachments,
        parts: content.parts,
        // A typed link is what the person typed, and nobody is mentioned in a direct chat.
        entities: Entities::default(),
        provider_event_id: id.to_owned(),
        event_keys: vec![event_key("twilio", id)],
        // Twilio does not say when a message was written.
        sent_at: now,
    }))
}

#[cfg(test)]
mod tests;
