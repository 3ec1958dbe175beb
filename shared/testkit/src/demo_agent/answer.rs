//! The demo agent's answers.

use serde_json::{Value, json};

/// Length at which the agent cuts off the message that it quotes.
const QUOTE_CHARS: usize = 200;

/// Shows the person, the place, the number of the message, and what came.
pub(super) fn to(envelope: &Value, count: u32) -> String {
    let text = |pointer: &str| {
        envelope
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    // A platform that tells no name leaves the identifier in its place.
    let greeting = match text("/chat_user/display_name") {
        name if name == text("/chat_user/identifier") => "Hello!".to_owned(),
        name => format!("Hello {name}!"),
    };
    let place = match text("/conversation/kind") {
        "direct" => "our direct conversation",
        "group" => "a group conversation",
        "channel" => "a channel",
        _ => "a conversation",
    };
    let number = match count {
        1 => "the first of your messages that reached me".to_owned(),
        n => format!("message {n} from you"),
    };
    format!(
        "{greeting} I am the demo agent. This was {number}, in {place} through “{}” ({}). {}",
        text("/connector/name"),
        text("/connector/provider"),
        seen(envelope),
    )
}

/// Whether the person asks for a human.
pub(super) fn is_for_a_human(envelope: &Value) -> bool {
    let said = envelope.pointer("/message/text").and_then(Value::as_str);
    let mut words = said
        .unwrap_or_default()
        .split(|c: char| !c.is_alphanumeric());
    words.any(|word| word.eq_ignore_ascii_case("human"))
}

/// Hands the conversation off, with a word to the person.
pub(super) fn handing_off(envelope: &Value) -> Value {
    let id = envelope.pointer("/conversation/id").and_then(Value::as_str);
    let text = format!(
        "A human takes over from here, and I say nothing more until the conversation is given back: DELETE …/conversations/{}/handoff",
        id.unwrap_or_default()
    );
    json!({
        "replies": [{"text": text}],
        "handoff": {"team": "support", "note": format!("Asked for a human: {}", quoted(envelope))},
    })
}

/// Says what the agent saw in the message: a sentence for each thing that it knows, one for all others.
fn seen(envelope: &Value) -> String {
    let parts = envelope
        .pointer("/message/content")
        .and_then(Value::as_array);
    let parts: Vec<&Value> = parts.into_iter().flatten().collect();
    let title = parts
        .iter()
        .find(|part| field(part, "kind") == Some("choice"))
        .and_then(|choice| field(choice, "title"));
    let is_written = parts.iter().any(|part| field(part, "kind") == Some("text"));
    let mut sentences = Vec::new();
    let mut others = Vec::new();
    for part in parts {
        match field(part, "kind") {
            // A chosen title is the text of the message as well.
            Some("text") if title.is_some() && field(part, "text") == title => {}
            Some("text") => sentences.push(format!("You wrote: {}", quoted(envelope))),
            _ => match sentence(part) {
                Some(sentence) => sentences.push(sentence),
                None => others.extend(named(part)),
            },
        }
    }
    let listed = match others.as_slice() {
        [] => return sentences.join(" "),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    };
    sentences.push(if is_written {
        format!("I got your {listed}.")
    } else {
        format!("I got your {listed}: {}", quoted(envelope))
    });
    sentences.join(" ")
}

/// The text of the message, cut off.
fn quoted(envelope: &Value) -> String {
    let said = envelope.pointer("/message/text").and_then(Value::as_str);
    let said = said.unwrap_or_default();
    let mut quote: String = said.chars().take(QUOTE_CHARS).collect();
    if quote.len() < said.len() {
        quote.push('…');
    }
    format!("“{quote}”")
}

/// A sentence about a part whose data are known.
fn sentence(part: &Value) -> Option<String> {
    let list = |names: &[&str]| {
        let told: Vec<String> = names.iter().filter_map(|name| shown(part, name)).collect();
        (!told.is_empty()).then(|| told.join(", "))
    };
    Some(match field(part, "kind")? {
        "location" => format!("You are at {}.", list(&["name", "latitude", "longitude"])?),
        "contact" => format!("You gave me the card of {}.", list(&["name", "phones"])?),
        "choice" => match (shown(part, "title"), shown(part, "id")) {
            (Some(title), Some(id)) => format!("You chose {title} (id {id})."),
            (Some(one), None) | (None, Some(one)) => format!("You chose {one}."),
            (None, None) => return None,
        },
        "file" => format!("You sent {}.", shown(part, "name")?),
        _ => return None,
    })
}

/// The name of a part of which the agent knows no more.
fn named(part: &Value) -> Option<String> {
    Some(match field(part, "kind")? {
        "file" => match field(part, "type")? {
            "document" => "file".to_owned(),
            "voice" => "voice message".to_owned(),
            other => other.to_owned(),
        },
        "shared" => format!("{} message", field(part, "relation")?),
        "unsupported" => "message of another kind".to_owned(),
        other => other.to_owned(),
    })
}

fn field<'a>(part: &'a Value, name: &str) -> Option<&'a str> {
    part.get(name)?.as_str()
}

/// A text or number as people read it, or the first text of a list.
fn shown(part: &Value, name: &str) -> Option<String> {
    match part.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(list) => list.first()?.as_str().map(str::to_owned),
        _ => None,
    }
}
