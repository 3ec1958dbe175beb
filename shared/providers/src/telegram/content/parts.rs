//! Content that is data: places, contacts, polls and the like (Bot API 10.3).

use super::{digits, names::name_of, published, vcard};
use crate::{
    fields::{given, string},
    json,
};
use serde_json::Value;
use std::collections::BTreeSet;
use vestibule_domain::chat::content::{
    Checklist, Choice, Contact, Dice, Form, Location, Number, Part, Poll, Task, Unsupported,
};

/// The data of a message, or of what is built like one.
pub(super) fn of(message: &Value) -> Vec<Part> {
    let field = |name: &'static str| given(message, name);
    // A venue comes a second time, as a location, for older clients.
    let place = field("venue")
        .map(venue)
        .or_else(|| field("location").map(location));
    let users = field("users_shared").and_then(|chosen| list(chosen, "users"));
    let paid = field("paid_media").filter(|paid| holds_back(paid));
    let gift = field("gift").map(|_| unsupported("gift"));
    place
        .into_iter()
        .chain(field("contact").map(contact))
        .chain(field("poll").map(poll))
        .chain(field("dice").map(dice))
        .chain(field("checklist").map(checklist))
        .chain(published::of(message))
        .chain(users.into_iter().flatten().map(user))
        .chain(field("chat_shared").map(chat))
        .chain(field("web_app_data").map(form))
        .chain(paid.map(|_| unsupported("paid_media")))
        .chain(gift)
        .collect()
}

fn owned(value: &Value, name: &str) -> Option<String> {
    string(value, name).map(str::to_owned)
}

fn list<'a>(value: &'a Value, name: &str) -> Option<&'a Vec<Value>> {
    value.get(name)?.as_array()
}

fn unsupported(name: &str) -> Part {
    Part::Unsupported(Unsupported {
        name: Some(name.to_owned()),
    })
}

/// A place on the map.
pub(super) fn location(place: &Value) -> Part {
    Part::Location(at(place))
}

fn at(place: &Value) -> Location {
    let degrees = |name: &str| place.get(name)?.as_f64().and_then(Number::new);
    Location {
        latitude: degrees("latitude"),
        longitude: degrees("longitude"),
        live: given(place, "live_period").is_some(),
        ..Location::default()
    }
}

fn venue(venue: &Value) -> Part {
    Part::Location(Location {
        name: owned(venue, "title"),
        address: owned(venue, "address"),
        ..given(venue, "location").map(at).unwrap_or_default()
    })
}

fn contact(contact: &Value) -> Part {
    let card = string(contact, "vcard")
        .map(vcard::read)
        .unwrap_or_default();
    let mut phones: Vec<String> = owned(contact, "phone_number").into_iter().collect();
    phones.extend(card.phones);
    // The card usually repeats the number, perhaps in another notation.
    let mut seen = BTreeSet::new();
    phones.retain(|phone| {
        let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
        seen.insert(digits)
    });
    Part::Contact(Contact {
        name: name_of(contact),
        organization: card.organization,
        phones,
        emails: card.emails,
        provider_id: digits(contact, "user_id"),
    })
}

/// A person whom the person chose.
fn user(user: &Value) -> Part {
    Part::Contact(Contact {
        name: name_of(user),
        provider_id: digits(user, "user_id"),
        ..Contact::default()
    })
}

/// A chat that the person chose.
fn chat(chat: &Value) -> Part {
    Part::Choice(Choice {
        title: name_of(chat),
        id: digits(chat, "chat_id"),
        message_id: None,
    })
}

fn poll(poll: &Value) -> Part {
    let options = list(poll, "options").into_iter().flatten();
    Part::Poll(Poll {
        question: owned(poll, "question"),
        options: options.filter_map(|option| owned(option, "text")).collect(),
    })
}

fn dice(dice: &Value) -> Part {
    let value = dice.get("value").and_then(Value::as_u64);
    Part::Dice(Dice {
        emoji: owned(dice, "emoji"),
        value: value
            .and_then(|value| value.try_into().ok())
            .unwrap_or_default(),
    })
}

fn checklist(checklist: &Value) -> Part {
    let tasks = list(checklist, "tasks").into_iter().flatten();
    let task = |task: &Value| {
        let is_done = ["completed_by_user", "completed_by_chat"]
            .into_iter()
            .any(|name| given(task, name).is_some());
        Some(Task {
            id: digits(task, "id"),
            text: owned(task, "text")?,
            done: is_done || task.get("completion_date").and_then(Value::as_i64) > Some(0),
        })
    };
    Part::Checklist(Checklist {
        title: owned(checklist, "title"),
        tasks: tasks.filter_map(task).collect(),
    })
}

/// The data that a person filled in on a page that a button opened: usually JSON, but a bad client can send
/// anything.
fn form(data: &Value) -> Part {
    let answers = owned(data, "data").unwrap_or_default();
    Part::Form(Form {
        name: owned(data, "button_text"),
        message_id: None,
        fields: json::read(answers.as_bytes()).unwrap_or(Value::String(answers)),
    })
}

/// Whether something is only seen by those who pay.
fn holds_back(paid: &Value) -> bool {
    list(paid, "paid_media").is_none_or(|media| {
        media.is_empty()
            || media
                .iter()
                .any(|media| string(media, "type") == Some("preview"))
    })
}
