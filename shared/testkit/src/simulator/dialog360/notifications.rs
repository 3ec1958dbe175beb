//! WhatsApp messages as Meta's notifications.

use serde_json::{Value, json};

use super::account::Dialog360Account;
use crate::simulator::connectors::Connector;
use crate::simulator::error::SimulatorError;
use crate::simulator::event::Event;
use crate::simulator::ids::{number, opaque};
use crate::simulator::item::Item;
use crate::simulator::message::{Message, Place, Saying};
use crate::simulator::people::Person;
use crate::simulator::platform::Platform;
use crate::simulator::world::World;

/// Records one message from a person and the event for it.
pub(super) fn write(
    world: &mut World,
    connector: &Connector,
    account: &Dialog360Account,
    saying: &Saying<'_>,
) -> Result<(Message, Vec<Event>), SimulatorError> {
    if saying.place == Place::General {
        return Err(SimulatorError("WhatsApp has no group with the app".into()));
    }
    let person = saying.person;
    if let Some(connector) = world.connector_mut(connector.id()) {
        let standing = connector.standing_mut(&person.id);
        standing.last_wrote_ms = Some(saying.now_ms);
        standing.has_blocked = false;
    }
    let wamid = new_wamid(world);
    let (kind, content) = content(saying, &wamid);
    let mut said = json!({
        "id": wamid, "timestamp": saying.now_ms.div_euclid(1000).to_string(), "type": kind, kind: content,
    });
    let mut contact = json!({"profile": {"name": person.display_name}});
    if let (Value::Object(said), Value::Object(contact)) = (&mut said, &mut contact) {
        if person.whatsapp_shows.phone() {
            said.insert("from".into(), json!(wa_id(person)));
            contact.insert("wa_id".into(), json!(wa_id(person)));
        }
        if person.whatsapp_shows.bsuid() {
            said.insert("from_user_id".into(), json!(person.bsuid));
            contact.insert("user_id".into(), json!(person.bsuid));
        }
        if let Some(replied) = saying.thread {
            said.insert("context".into(), json!({"id": replied}));
        }
    }
    let value = value(account, "messages", &json!([said]));
    let body = envelope(connector, &with(value, "contacts", &json!([contact])));
    let event = Event::new(
        Platform::Dialog360,
        &wamid,
        "message",
        connector.id(),
        body.to_string().into_bytes(),
    );
    let channel = person.phone.clone();
    let message = Message::of_person(Platform::Dialog360, connector.id(), saying, wamid, channel);
    Ok((message, vec![event]))
}

/// The type of a message, and what stands under its name.
fn content(saying: &Saying<'_>, wamid: &str) -> (&'static str, Value) {
    let Some(item) = saying.item else {
        return ("text", json!({"body": saying.text}));
    };
    match item {
        Item::Location {
            name,
            latitude,
            longitude,
        } => {
            let place = json!({"latitude": latitude, "longitude": longitude, "name": name});
            ("location", place)
        }
        Item::Contact { name, phone } => {
            let card = json!({
                "name": {"formatted_name": name, "first_name": name}, "phones": [{"phone": phone, "type": "CELL"}],
            });
            ("contacts", json!([card]))
        }
        Item::Choice { title, id } => {
            let reply = json!({"type": "button_reply", "button_reply": {"id": id, "title": title}});
            ("interactive", reply)
        }
        Item::File { name, mime_type } => {
            let file = json!({"id": number(&["media", wamid], 1, 999_999_999).to_string(), "mime_type": mime_type});
            let file = if saying.text.is_empty() {
                file
            } else {
                with(file, "caption", &json!(saying.text))
            };
            if mime_type.starts_with("image/") {
                ("image", file)
            } else {
                ("document", with(file, "filename", &json!(name)))
            }
        }
    }
}

pub(super) fn wa_id(person: &Person) -> &str {
    person.phone.trim_start_matches('+')
}

pub(super) fn new_wamid(world: &mut World) -> String {
    let number = world.next_number().to_string();
    format!("wamid.{}", opaque(&[&world.seed, &number]))
}

pub(super) fn value(account: &Dialog360Account, name: &str, items: &Value) -> Value {
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550000000", "phone_number_id": account.phone_number_id},
    });
    with(value, name, items)
}

fn with(mut value: Value, name: &str, items: &Value) -> Value {
    if let Value::Object(fields) = &mut value {
        fields.insert(name.to_owned(), items.clone());
    }
    value
}

pub(super) fn envelope(connector: &Connector, value: &Value) -> Value {
    let account_id = number(&["waba", connector.id()], 100_000_000_000, 999_999_999_999);
    json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": account_id.to_string(), "changes": [{"field": "messages", "value": value}]}],
    })
}
