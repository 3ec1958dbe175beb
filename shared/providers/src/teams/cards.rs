//! Cards that a person shares, such as those of a message extension or a link (msteams-docs, "Types of
//! cards"), and attachments that Teams does not hand over.

use super::{
    attachments::{all, lost},
    content_types::{elsewhere, is_card},
};
use crate::{
    fields::{ATTACHMENTS_MAX, string},
    json,
};
use serde_json::Value;
use vestibule_domain::chat::content::{Part, Relation, Shared, Unsupported};

/// Fields of a card that hold words which people see.
const WORDS: [&str; 4] = ["title", "subtitle", "text", "altText"];
/// Fields of a card that only offer something to press.
const OFFERS: [&str; 5] = ["buttons", "actions", "tap", "selectAction", "inlineAction"];
/// Size of the words of a card from which no more are added, in bytes: beyond what a part keeps.
const WORDS_MAX_BYTES: usize = 16 * 1024;

/// The content of an attachment: JSON, or a text that is JSON.
pub(super) fn content(attachment: &Value) -> Option<Value> {
    match attachment.get("content")? {
        Value::String(text) => json::read(text.as_bytes()).ok(),
        content @ Value::Object(_) => Some(content.clone()),
        _ => None,
    }
}

/// The cards of an activity, and what stands elsewhere.
pub(super) fn parts(activity: &Value) -> Vec<Part> {
    all(activity)
        .filter_map(part)
        .take(ATTACHMENTS_MAX)
        .collect()
}

fn part(attachment: &Value) -> Option<Part> {
    let media_type = string(attachment, "contentType")?;
    if let Some(name) = elsewhere(media_type) {
        return Some(unsupported(name));
    }
    if !is_card(media_type) {
        return lost(attachment).map(unsupported);
    }
    let mut words = String::new();
    if let Some(card) = content(attachment) {
        collect(&card, &mut words);
    }
    if words.trim().is_empty() {
        return Some(unsupported("card"));
    }
    Some(Part::Shared(Shared {
        from: string(attachment, "name").map(str::to_owned),
        text: Some(words),
        ..Shared::new(Relation::Forwarded)
    }))
}

fn unsupported(name: &str) -> Part {
    Part::Unsupported(Unsupported {
        name: Some(name.to_owned()),
    })
}

/// Collects the words of a card, a line for each. JSON is nested at most 128 deep (see [`json`]).
fn collect(card: &Value, words: &mut String) {
    if words.len() > WORDS_MAX_BYTES {
        return;
    }
    match card {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, words)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if is_words(card, name) => {
                        words.push_str(text);
                        words.push('\n');
                    }
                    Value::Array(_) | Value::Object(_) if !OFFERS.contains(&name.as_str()) => {
                        collect(value, words);
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Whether a field of an element holds words. The value of a fact is one, that of an input is not.
fn is_words(element: &Value, name: &str) -> bool {
    let is_fact =
        name == "value" && element.get("type").is_none() && element.get("title").is_some();
    WORDS.contains(&name) || is_fact
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(content_type: &str, content: &Value) -> String {
        let attachment = json!({"contentType": content_type, "content": content});
        match part(&attachment) {
            Some(Part::Shared(shared)) => shared.text.unwrap(),
            Some(Part::Unsupported(unsupported)) => format!("! {}", unsupported.name.unwrap()),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_words_of_a_card_are_those_that_a_person_sees() {
        let hero = json!({"title": "Main office", "subtitle": "Vienna", "text": "Open", "buttons": [{"title": "Go"}],
            "tap": {"title": "no"}, "images": [{"url": "https://a.example/1.png"}]});
        let kind = "application/vnd.microsoft.card.hero";
        assert_eq!(words(kind, &hero), "Main office\nVienna\nOpen\n");
        let text = Value::String(hero.to_string());
        assert_eq!(words(kind, &text), "Main office\nVienna\nOpen\n");
        let adaptive = json!({"type": "AdaptiveCard", "body": [
            {"type": "Container", "items": [{"type": "TextBlock", "text": "Ticket 7"}]},
            {"type": "FactSet", "facts": [{"title": "State", "value": "open"}]},
            {"type": "Input.Text", "id": "x", "value": "typed"},
        ], "actions": [{"type": "Action.Submit", "title": "Send"}]});
        let kind = "application/vnd.microsoft.card.adaptive";
        assert_eq!(words(kind, &adaptive), "Ticket 7\nState\nopen\n");
    }

    #[test]
    fn what_says_nothing_or_stands_elsewhere_is_named() {
        for (kind, name) in [
            (
                "application/vnd.microsoft.card.codesnippet",
                "! code snippet",
            ),
            (
                "application/vnd.microsoft.card.fluidEmbedCard",
                "! Loop component",
            ),
            (
                "application/vnd.microsoft.card.announcement",
                "! announcement",
            ),
            ("meetingReference", "! meeting"),
            ("application/vnd.microsoft.card.audio", "! card"),
            ("image/png", "! image/png"),
            (
                "application/vnd.microsoft.teams.file.download.info",
                "! file",
            ),
            ("messageReference", "None"),
            ("text/html", "None"),
        ] {
            assert_eq!(
                words(kind, &json!({"componentUrl": "https://a.example"})),
                name
            );
        }
        for content in [json!(7), json!("{"), json!(null)] {
            assert_eq!(
                words("application/vnd.microsoft.card.hero", &content),
                "! card"
            );
        }
    }

    #[test]
    fn a_huge_card_is_cut() {
        let many: Vec<Value> = (0..1000)
            .map(|_| json!({"text": "x".repeat(100)}))
            .collect();
        let kind = "application/vnd.microsoft.card.adaptive";
        assert!(words(kind, &json!({ "body": many })).len() < 2 * WORDS_MAX_BYTES);
    }
}
