//! Parses a request from 360dialog into events (PROVIDERS §4.1).
//!
//! A request is a batch of batches: entries contain changes, and a change contains messages and
//! statuses. Each is read leniently and on its own, so that a bad one does not keep the others from
//! being read.

use super::{
    PHONE_NUMBER_ID, api,
    content::{self, Content},
    parts,
    person::{self, Person},
};
use crate::{
    changes,
    fields::{at_second, event_key, given, is_short_graphic, string},
    json,
    webhook::{Event, Parsed, Refusal, Reply, SendFailure},
    withheld::event_of,
};
use serde_json::Value;
use std::{collections::HashSet, time::Duration};
use vestibule_domain::{
    Timestamp,
    chat::change::ChangeKind,
    chat::conversation::{ConversationKind, ConversationRef},
    chat::entity::Entities,
    chat::message::InboundMessage,
    connector::Connector,
};

/// The only field whose changes contain messages.
const MESSAGES: &str = "messages";

/// Types of message that a person did not write.
const NO_PERSONS_TYPES: [&str; 3] = ["system", "request_welcome", "ephemeral"];

/// Types of message that change an earlier one. They come for numbers that are also used in the app (Meta,
/// "Edit messages webhook reference" and "Revoke messages webhook reference").
const CHANGES: [(&str, ChangeKind); 2] = [
    ("edit", ChangeKind::Edited),
    ("revoke", ChangeKind::Deleted),
];

/// Largest accepted age of a message. Failed requests are repeated for seven days, and nothing else
/// limits a replay.
pub(super) const MESSAGE_MAX_AGE: Duration = Duration::from_hours(8 * 24);

/// Longest accepted id of a message, in bytes. `WhatsApp`'s have about eighty, with the characters
/// of base64.
const MESSAGE_ID_MAX_BYTES: usize = 256;

/// Parses an authentic request.
///
/// The secret belongs to the connector, but one webhook can be set for several numbers. So each
/// change is compared with the connector's number, and only matching changes of a mixed request are
/// accepted. A request is refused as a whole only if nothing in it is for this number: refusing a
/// mixed one would lose this number's messages, and accepting all of it would let one connector
/// speak for another.
pub(super) fn request(
    body: &[u8],
    connector: &Connector,
    now: Timestamp,
) -> Result<Parsed, Refusal> {
    let number = connector
        .settings
        .get(PHONE_NUMBER_ID)
        .map(String::as_str)
        .filter(|number| !number.is_empty())
        .ok_or(Refusal::because("the connector has no phone number id"))?;
    let Ok(payload) = json::read::<Value>(body) else {
        return Ok(Parsed::one(Event::unreadable("the request is not JSON")));
    };
    let Some(entries) = payload.get("entry").and_then(Value::as_array) else {
        // The sandbox and the older on-premise API send messages without the number's id.
        return Ok(Parsed::one(Event::unreadable("the request has no entries")));
    };
    let mut batch = Batch {
        connector,
        number,
        now,
        taken: HashSet::new(),
        events: Vec::new(),
        others: 0,
    };
    for entry in entries {
        match entry.get("changes").and_then(Value::as_array) {
            Some(changes) => changes.iter().for_each(|change| batch.change(change)),
            None => batch
                .events
                .push(Event::unreadable("an entry has no changes")),
        }
    }
    if batch.events.is_empty() {
        batch.events.push(Event::ignored("no_changes"));
    } else if batch.events.len() == batch.others {
        return Err(Refusal::because("the request is for another number"));
    }
    Ok(Parsed {
        events: batch.events,
        reply: Reply::empty(),
    })
}

/// State of reading a request.
struct Batch<'a> {
    connector: &'a Connector,
    number: &'a str,
    now: Timestamp,
    /// Ids of the messages read so far, and whether each was a placeholder.
    taken: HashSet<(&'a str, bool)>,
    events: Vec<Event>,
    /// Number of events that are changes of another number.
    others: usize,
}

impl<'a> Batch<'a> {
    fn change(&mut self, change: &'a Value) {
        let number = change
            .pointer("/value/metadata/phone_number_id")
            .and_then(Value::as_str);
        if number.is_some_and(|number| number != self.number) {
            self.others += 1;
            self.events.push(Event::ignored("other_number"));
            return;
        }
        match (string(change, "field"), change.get("value"), number) {
            (Some(MESSAGES), Some(value), Some(_)) => self.messages_and_statuses(value),
            (Some(MESSAGES), _, _) => self
                .events
                .push(Event::unreadable("a change does not name its number")),
            // An event of the account, which names no number.
            (Some(field), _, _) => self.events.push(Event::ignored(field)),
            (None, _, _) => self
                .events
                .push(Event::unreadable("a change does not name its field")),
        }
    }

    fn messages_and_statuses(&mut self, value: &'a Value) {
        let before = self.events.len();
        let contacts = value
            .get("contacts")
            .and_then(Value::as_array)
            .map_or(&[] as &[Value], Vec::as_slice);
        let own_number = value
            .pointer("/metadata/display_phone_number")
            .and_then(Value::as_str);
        for message in self.parts(value, MESSAGES) {
            let event = self.message(message, contacts, own_number);
            self.events.push(event.unwrap_or_else(|instead| instead));
        }
        for status in self.parts(value, "statuses") {
            self.events.push(status_event(status, contacts));
        }
        if given(value, "errors").is_some() {
            self.events.push(Event::ignored("errors"));
        }
        if self.events.len() == before {
            self.events.push(Event::ignored("no_messages"));
        }
    }

    /// Returns the list with this name; anything else in its place is recorded as unreadable.
    fn parts(&mut self, value: &'a Value, name: &str) -> &'a [Value] {
        match given(value, name) {
            None => &[],
            Some(Value::Array(parts)) => parts,
            Some(_) => {
                let detail = format!("value.{name} is not a list");
                self.events.push(Event::unreadable(detail));
                &[]
            }
        }
    }

    /// Reads a person's message, or says what it is instead.
    fn message(
        &mut self,
        message: &'a Value,
        contacts: &'a [Value],
        own_number: Option<&str>,
    ) -> Result<Event, Event> {
        let kind = string(message, "type")
            .ok_or_else(|| Event::unreadable("a message does not name its type"))?;
        let (author, contact) = Person::author(message).among(contacts);
        if let Some(instead) = no_persons_message(message, kind, author, own_number) {
            return Err(Event::ignored(&instead));
        }
        let id = message_id(message)
            .ok_or_else(|| Event::unreadable("message.id is missing or malformed"))?;
        if self.taken.contains(&(id, false)) {
            return Err(Event::ignored("duplicate"));
        }
        let sent_at =
            instant(message).ok_or_else(|| Event::unreadable("message.timestamp is not a time"))?;
        if sent_at.plus(MESSAGE_MAX_AGE) < self.now {
            return Err(Event::ignored("too_old"));
        }
        let nobody = || Event::unreadable("a message names nobody who wrote it");
        let (sender, also_known_as) = author.identities().ok_or_else(nobody)?;
        let address = author.address().ok_or_else(nobody)?;
        let change = CHANGES.iter().find(|(name, _)| *name == kind);
        let content = match change {
            None => Content::read(message, kind)?,
            Some((_, ChangeKind::Deleted)) => Content::none(),
            Some((_, ChangeKind::Edited)) => {
                let now = message.pointer("/edit/message").unwrap_or(&Value::Null);
                let kind = string(now, "type")
                    .ok_or_else(|| Event::unreadable("an edit does not name its type"))?;
                Content::read(now, kind)?
            }
        };
        if !self.taken.insert((id, content.is_withheld)) {
            return Err(Event::ignored("duplicate"));
        }
        let read = InboundMessage {
            sender,
            also_known_as,
            profile: person::profile(contact),
            conversation: ConversationRef::new(
                self.connector.id,
                ConversationKind::Direct,
                address.to_owned(),
                None,
            ),
            text: content.text,
            attachments: content.attachments,
            parts: content.parts,
            // A typed link is what the person typed, and nobody is mentioned in a direct chat.
            entities: Entities::default(),
            provider_event_id: id.to_owned(),
            event_keys: vec![event_key("360dialog", id)],
            sent_at,
        };
        if let Some((name, kind)) = change {
            return changed(message, name, *kind, read);
        }
        Ok(event_of(read))
    }
}

/// Makes the event of a change, which names the message that it changes.
fn changed(
    part: &Value,
    name: &str,
    kind: ChangeKind,
    mut message: InboundMessage,
) -> Result<Event, Event> {
    let original = part
        .get(name)
        .and_then(|change| string(change, "original_message_id"))
        .filter(|id| is_short_graphic(id, MESSAGE_ID_MAX_BYTES))
        .ok_or_else(|| Event::unreadable("a change names no message"))?;
    message
        .event_keys
        .insert(0, event_key("360dialog", original));
    let (at, version) = (message.sent_at, message.provider_event_id.clone());
    Ok(changes::event(message, kind, at, None, &version))
}

/// Names the kind of a message that is not a direct message from a person (SPEC A39).
fn no_persons_message(
    message: &Value,
    kind: &str,
    author: Person<'_>,
    own_number: Option<&str>,
) -> Option<String> {
    let what = if given(message, "group_id").is_some() {
        "group"
    } else if kind == "system" {
        // Includes a change of number. The old number's access is not carried over: numbers pass to
        // other people.
        let event = message.pointer("/system/type").and_then(Value::as_str);
        return Some(format!("message:system:{}", event.unwrap_or("unnamed")));
    } else if NO_PERSONS_TYPES.contains(&kind)
        || content::is_no_persons_placeholder(message, kind)
        || parts::is_no_reaction(message, kind)
    {
        kind
    } else if own_number.is_some_and(|own| author.has_phone(own)) {
        "own"
    } else {
        return None;
    };
    Some(format!("message:{what}"))
}

/// Reads the status of an outgoing message. Only failures matter.
fn status_event(status: &Value, contacts: &[Value]) -> Event {
    let Some(kind) = string(status, "status") else {
        return Event::unreadable("a status does not say which");
    };
    if kind != "failed" || string(status, "recipient_type") == Some("group") {
        return Event::ignored(&format!("status:{kind}"));
    }
    let Some(id) = message_id(status) else {
        return Event::unreadable("status.id is missing or malformed");
    };
    let (class, reason) = api::later_refusal(status.pointer("/errors/0"));
    let (recipient, _) = Person::recipient(status).among(contacts);
    let known_as = recipient.identities();
    Event::SendFailed(Box::new(SendFailure {
        recipient: known_as
            .into_iter()
            .flat_map(|(stable, second)| std::iter::once(stable).chain(second))
            .collect(),
        message_id: id.to_owned(),
        class,
        reason,
    }))
}

fn message_id(part: &Value) -> Option<&str> {
    string(part, "id").filter(|id| is_short_graphic(id, MESSAGE_ID_MAX_BYTES))
}

/// The time of a message, in seconds, as a string.
fn instant(message: &Value) -> Option<Timestamp> {
    let timestamp = message.get("timestamp")?;
    let seconds = match timestamp.as_str() {
        Some(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok()?,
        Some(_) => return None,
        None => timestamp.as_i64()?,
    };
    at_second(seconds)
}

#[cfg(test)]
mod tests;
