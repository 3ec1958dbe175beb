//! Messages of people in Telegram, as updates.

use serde_json::{Map, Value, json};

use super::account::TelegramAccount;
use crate::simulator::connectors::Connector;
use crate::simulator::event::Event;
use crate::simulator::ids::number;
use crate::simulator::item::Item;
use crate::simulator::message::{Message, Place, Saying};
use crate::simulator::people::Person;
use crate::simulator::platform::Platform;
use crate::simulator::world::World;

/// Records a person's message and makes its update.
pub(super) fn write(
    world: &mut World,
    connector: &Connector,
    account: &TelegramAccount,
    saying: &Saying<'_>,
) -> (Message, Vec<Event>) {
    let person = saying.person;
    let message_id = new_message_id(world);
    let is_general = saying.place == Place::General;
    let (chat_id, chat) = if is_general {
        let id = general_id(connector);
        (
            id,
            json!({"id": id, "title": "general", "type": "supergroup"}),
        )
    } else {
        (person.telegram_id, private_chat(person))
    };
    let standing = world
        .connector_mut(connector.id())
        .map(|connector| connector.standing_mut(&person.id));
    if let Some(standing) = standing {
        standing.is_known = true;
        // A person who writes to a bot that they blocked must have unblocked it first.
        standing.has_started |= !is_general;
        standing.has_blocked &= is_general;
    }
    let bot = username(&connector.config.name, "bot");
    let named =
        |text: &str| text.replace(&format!("@{}", connector.config.name), &format!("@{bot}"));
    let text = named(saying.text);
    let mut said = json!({
        "message_id": message_id, "from": user(person), "chat": chat,
        "date": saying.now_ms.div_euclid(1000),
    });
    if let Value::Object(fields) = &mut said {
        let (words, own_entities) = match saying.item {
            Some(item) => {
                fields.extend(content(item, message_id));
                ("caption", "caption_entities")
            }
            None => ("text", "entities"),
        };
        let entities = entities(&text, &bot);
        if saying.item.is_none() || !text.is_empty() {
            fields.insert(words.into(), json!(text));
        }
        if !entities.is_empty() {
            fields.insert(own_entities.into(), json!(entities));
        }
        if let Some(replied) = saying.thread {
            let replied = json!({"message_id": replied.parse::<i64>().unwrap_or_default(), "chat": chat, "date": 0});
            fields.insert("reply_to_message".into(), replied);
        }
    }
    let order = world.next_number();
    let update_id = update_id(world, order);
    let body = json!({"update_id": update_id, "message": said});
    let event = Event::new(
        Platform::Telegram,
        &format!("{}-{update_id}", account.bot_id()),
        "message",
        connector.id(),
        body.to_string().into_bytes(),
    )
    .in_queue(format!("{} {chat_id}", connector.id()), order);
    let with = (!is_general).then(|| person.id.clone());
    let shown = named(&saying.shown());
    let message = Message {
        plain: shown.clone(),
        text: shown,
        with,
        ..Message::of_person(
            Platform::Telegram,
            connector.id(),
            saying,
            message_id.to_string(),
            chat_id.to_string(),
        )
    };
    (message, vec![event])
}

/// The fields of an item. A pressed button of a keyboard is its title as a text.
fn content(item: &Item, message_id: i64) -> Map<String, Value> {
    let fields = match item {
        Item::Location {
            name,
            latitude,
            longitude,
        } => {
            let place = json!({"latitude": latitude, "longitude": longitude});
            json!({"venue": {"location": place, "title": name, "address": ""}, "location": place})
        }
        Item::Contact { name, phone } => {
            json!({"contact": {"phone_number": phone, "first_name": name}})
        }
        Item::Choice { title, .. } => json!({"text": title}),
        Item::File { name, mime_type } => json!({"document": {
            "file_id": format!("file-{message_id}"), "file_unique_id": format!("unique-{message_id}"),
            "file_name": name, "mime_type": mime_type, "file_size": 1024,
        }}),
    };
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The group's id, which changes when it becomes a supergroup.
pub(super) fn general_id(connector: &Connector) -> i64 {
    general_id_after(connector, connector.upgrades)
}

pub(super) fn general_id_after(connector: &Connector, upgrades: u32) -> i64 {
    let part = upgrades.to_string();
    -1_000_000_000_000 - number(&["general", connector.id(), &part], 1, 9_999_999_999)
}

pub(super) fn new_message_id(world: &mut World) -> i64 {
    i64::try_from(world.next_number()).unwrap_or_default()
}

/// A growing id that starts elsewhere in each run.
fn update_id(world: &World, order: u64) -> i64 {
    number(&["update", &world.seed], 100_000_000, 999_999_999)
        + i64::try_from(order).unwrap_or_default()
}

fn user(person: &Person) -> Value {
    let mut user = json!({
        "id": person.telegram_id, "is_bot": false, "first_name": person.first_name,
        "username": username(&person.name, "user"),
    });
    if let Value::Object(fields) = &mut user {
        if !person.last_name.is_empty() {
            fields.insert("last_name".into(), json!(person.last_name));
        }
        if let Some(language) = &person.language {
            fields.insert("language_code".into(), json!(language));
        }
    }
    user
}

pub(super) fn private_chat(person: &Person) -> Value {
    json!({
        "id": person.telegram_id, "first_name": person.first_name,
        "username": username(&person.name, "user"), "type": "private",
    })
}

/// A username, made of letters, digits and underscores.
pub(super) fn username(name: &str, kind: &str) -> String {
    let name: String = name
        .to_lowercase()
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .take(24)
        .collect();
    format!("{name}_{kind}")
}

/// The commands and mentions in a text, with positions in UTF-16 units.
fn entities(text: &str, bot: &str) -> Vec<Value> {
    let units = |text: &str| text.encode_utf16().count();
    let mut entities = Vec::new();
    if text.starts_with('/') {
        let command = text.split_whitespace().next().unwrap_or_default();
        entities.push(json!({"type": "bot_command", "offset": 0, "length": units(command)}));
    }
    let mention = format!("@{bot}");
    if let Some((before, _)) = text.split_once(&mention) {
        entities
            .push(json!({"type": "mention", "offset": units(before), "length": units(&mention)}));
    }
    entities
}
