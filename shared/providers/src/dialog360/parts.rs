//! All that a message says besides its text and its files, by type (Meta, "messages webhook reference",
//! a page for each type).

use crate::{
    fields::{given, string},
    whatsapp::{answers, decimal},
};
use serde_json::Value;
use vestibule_domain::chat::content::{
    Choice, Contact, Form, Item, Location, Number, Order, Part, Reaction, Referral, Relation,
    Shared,
};

/// Type of an emoji on a message. Only a message of the business causes one (Meta, "Reaction messages
/// webhook reference": "reacts to a previous message sent by a business").
const REACTION: &str = "reaction";
/// Name of an answer to a flow. Every flow has it, so it says nothing.
const FLOW: &str = "flow";
/// Name of an answer to an address message, whose fields are under [`VALUES`] (Meta, "Address Messages").
const ADDRESS: &str = "address_message";
const VALUES: &str = "values";
/// An answer to the question whether the business may call (pywa, `CallPermissionUpdate`).
const CALL_PERMISSION: &str = "call_permission_reply";
/// Source of a message that asks about a product.
const PRODUCT: &str = "product";

/// The parts that the content of a message of this type consists of.
pub(super) fn of_content(message: &Value, kind: &str) -> Vec<Part> {
    let Some(content) = given(message, kind) else {
        return Vec::new();
    };
    let answered = answered(message);
    match kind {
        "location" => object(content).map(location).into_iter().collect(),
        "contacts" => objects(content).map(contact).collect(),
        "order" => object(content).map(order).into_iter().collect(),
        "button" => object(content)
            .map(|button| choice(button, "text", "payload", answered))
            .into_iter()
            .collect(),
        "interactive" => interactive(content, answered).into_iter().collect(),
        REACTION => reaction(content).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The parts that stand beside any content: the way on which the person came, and the message that they
/// pass on or answer. A choice and a form name the message that they answer themselves.
pub(super) fn beside(message: &Value, parts: &[Part]) -> Vec<Part> {
    let context = given(message, "context");
    let names_answered =
        |part: &Part| matches!(part, Part::Choice(_) | Part::Form(_) | Part::Reaction(_));
    let quoted = if parts.iter().any(names_answered) {
        None
    } else {
        context.and_then(quoted)
    };
    [
        given(message, "referral").and_then(referral),
        context.and_then(asked_product),
        context.and_then(forwarded),
        quoted,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether a message is a reaction that was taken back, or does not say to what.
pub(super) fn is_no_reaction(message: &Value, kind: &str) -> bool {
    kind == REACTION && of_content(message, kind).is_empty()
}

/// The id of the message that this one answers.
fn answered(message: &Value) -> Option<&str> {
    string(given(message, "context")?, "id")
}

fn object(value: &Value) -> Option<&Value> {
    value.is_object().then_some(value)
}

/// The objects of a list; none, if it is no list.
fn objects(value: &Value) -> impl Iterator<Item = &Value> {
    let all = value.as_array().map_or(&[] as &[Value], Vec::as_slice);
    all.iter().filter_map(object)
}

/// The objects of the list in this field.
fn objects_of<'a>(part: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    objects(part.get(name).unwrap_or(&Value::Null))
}

fn text(part: &Value, name: &str) -> Option<String> {
    string(part, name).map(str::to_owned)
}

fn number(part: &Value, name: &str) -> Option<Number> {
    match part.get(name)? {
        Value::Number(number) => number.as_f64().and_then(Number::new),
        Value::String(text) => decimal(text),
        _ => None,
    }
}

fn location(place: &Value) -> Part {
    Part::Location(Location {
        name: text(place, "name"),
        address: text(place, "address"),
        latitude: number(place, "latitude"),
        longitude: number(place, "longitude"),
        // A place that changes arrives as `unsupported`.
        live: false,
    })
}

fn contact(card: &Value) -> Part {
    let phones = || objects_of(card, "phones");
    let emails = objects_of(card, "emails").filter_map(|email| text(email, "email"));
    Part::Contact(Contact {
        name: card.get("name").and_then(full_name),
        organization: card.get("org").and_then(|org| text(org, "company")),
        phones: phones()
            .filter_map(|phone| text(phone, "phone").or_else(|| text(phone, "wa_id")))
            .collect(),
        emails: emails.collect(),
        provider_id: phones().find_map(|phone| text(phone, "wa_id")),
    })
}

fn full_name(name: &Value) -> Option<String> {
    let joined = || {
        let parts = ["first_name", "middle_name", "last_name"];
        let parts: Vec<&str> = parts
            .into_iter()
            .filter_map(|part| string(name, part))
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    text(name, "formatted_name").or_else(joined)
}

fn order(order: &Value) -> Part {
    let item = |item: &Value| Item {
        product_id: text(item, "product_retailer_id"),
        quantity: number(item, "quantity"),
        price: number(item, "item_price"),
        currency: text(item, "currency"),
    };
    Part::Order(Order {
        catalog_id: text(order, "catalog_id"),
        items: objects_of(order, "product_items").map(item).collect(),
    })
}

fn choice(chosen: &Value, title: &str, id: &str, answered: Option<&str>) -> Part {
    Part::Choice(Choice {
        title: text(chosen, title),
        id: text(chosen, id),
        message_id: answered.map(str::to_owned),
    })
}

/// The answer to an interactive message; `None` for a kind that is not known here.
fn interactive(interactive: &Value, answered: Option<&str>) -> Option<Part> {
    let reply = |kind: &str| interactive.get(kind).and_then(object);
    let chosen = reply("button_reply").or_else(|| reply("list_reply"));
    chosen
        .map(|chosen| choice(chosen, "title", "id", answered))
        .or_else(|| reply("nfm_reply").map(|form| filled_in(form, answered)))
        .or_else(|| reply(CALL_PERMISSION).map(|reply| call_permission(reply, answered)))
}

fn filled_in(form: &Value, answered: Option<&str>) -> Part {
    let name = string(form, "name");
    let fields = match form.get("response_json") {
        Some(Value::String(response)) => answers(response),
        Some(other) => other.clone(),
        None => Value::Null,
    };
    Part::Form(Form {
        name: name.filter(|name| *name != FLOW).map(str::to_owned),
        message_id: answered.map(str::to_owned),
        fields: if name == Some(ADDRESS) {
            address(fields)
        } else {
            fields
        },
    })
}

/// The fields of an address beside those that say which of the person's addresses it is.
fn address(fields: Value) -> Value {
    let values = fields.get(VALUES).and_then(Value::as_object).cloned();
    match (fields, values) {
        (Value::Object(others), Some(values)) => {
            let others = others.into_iter().filter(|(name, _)| name != VALUES);
            Value::Object(values.into_iter().chain(others).collect())
        }
        (fields, _) => fields,
    }
}

fn call_permission(reply: &Value, answered: Option<&str>) -> Part {
    Part::Form(Form {
        name: Some(CALL_PERMISSION.to_owned()),
        message_id: answered.map(str::to_owned),
        fields: reply.clone(),
    })
}

/// A reaction is taken back with an empty emoji or none.
fn reaction(reaction: &Value) -> Option<Part> {
    Some(Part::Reaction(Reaction {
        emoji: Some(text(reaction, "emoji")?),
        message_id: Some(text(reaction, "message_id")?),
    }))
}

/// The advertisement or post by which the person came (Meta, "messages webhook reference", `referral`).
fn referral(referral: &Value) -> Option<Part> {
    let read = Referral {
        source: text(referral, "source_type"),
        source_id: text(referral, "source_id"),
        url: text(referral, "source_url"),
        headline: text(referral, "headline"),
        body: text(referral, "body"),
        payload: text(referral, "ctwa_clid"),
    };
    (read != Referral::default()).then_some(Part::Referral(read))
}

/// The product that the person was looking at, with the id of its catalogue (Meta, "Text messages
/// webhook reference", `referred_product`).
fn asked_product(context: &Value) -> Option<Part> {
    let product = given(context, "referred_product")?;
    Some(Part::Referral(Referral {
        source: Some(PRODUCT.to_owned()),
        source_id: Some(text(product, "product_retailer_id")?),
        payload: text(product, "catalog_id"),
        ..Referral::default()
    }))
}

/// `WhatsApp` does not say whose a forwarded message was.
fn forwarded(context: &Value) -> Option<Part> {
    let is_set = |name: &str| context.get(name).and_then(Value::as_bool) == Some(true);
    (is_set("forwarded") || is_set("frequently_forwarded"))
        .then(|| Part::Shared(Shared::new(Relation::Forwarded)))
}

/// `WhatsApp` does not repeat what a quoted message says.
fn quoted(context: &Value) -> Option<Part> {
    Some(Part::Shared(Shared {
        message_id: Some(text(context, "id")?),
        from_id: text(context, "from"),
        ..Shared::new(Relation::Quoted)
    }))
}
