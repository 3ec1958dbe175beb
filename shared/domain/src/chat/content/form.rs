//! Answered forms, whose fields are the business's own.

use super::labelled;
use crate::text::{clean_line, clean_lines};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest name of a field, in characters.
const KEY_MAX_CHARS: usize = 200;
/// Longest answer, in characters. A text area of a `WhatsApp` flow takes 600 unless it says otherwise.
const ANSWER_MAX_CHARS: usize = 1_000;
/// Size up to which the answers are kept, in bytes of JSON.
const FIELDS_MAX_BYTES: usize = 32 * 1024;
/// Size of a value that is no text, with what stands around it, in bytes of JSON.
const VALUE_BYTES: usize = 32;
/// Deepest value within values.
const DEPTH_MAX: usize = 5;
/// Longest words of a form, in characters.
const WORDS_MAX_CHARS: usize = 1_000;

/// An answered form: a flow in `WhatsApp`, a submitted card in Teams.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Form {
    /// Name of the form, if the platform tells it.
    pub name: Option<String>,
    /// The platform's id of the message that held the form.
    pub message_id: Option<String>,
    /// The answers by field, as the platform hands them over.
    pub fields: Value,
}

impl Form {
    pub(super) fn cleaned(self) -> Self {
        let clean = |raw: Option<String>| raw.and_then(|raw| clean_line(&raw, KEY_MAX_CHARS));
        Self {
            name: clean(self.name),
            message_id: clean(self.message_id),
            fields: bounded(&self.fields, DEPTH_MAX, &mut { FIELDS_MAX_BYTES }).unwrap_or_default(),
        }
    }

    pub(super) fn words(&self) -> String {
        let label = match &self.name {
            Some(name) => format!("Form {name}"),
            None => "Form".to_owned(),
        };
        let answers: Vec<String> = match &self.fields {
            Value::Object(fields) => fields
                .iter()
                .filter_map(|(field, value)| Some(format!("{field}: {}", plain(value)?)))
                .collect(),
            other => plain(other).into_iter().collect(),
        };
        let words = labelled(&label, Some(&answers.join(", ")));
        clean_line(&words, WORDS_MAX_CHARS).unwrap_or(label)
    }
}

/// A copy that is clean and takes no more than `room` bytes; `None` if not even its beginning does.
fn bounded(value: &Value, depth: usize, room: &mut usize) -> Option<Value> {
    take(room, "")?;
    let within = depth.checked_sub(1);
    Some(match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(text) => {
            let text = clean_lines(text, ANSWER_MAX_CHARS).unwrap_or_default();
            take(room, &text)?;
            Value::String(text)
        }
        Value::Array(values) => {
            let within = within?;
            let kept = values
                .iter()
                .map_while(|value| bounded(value, within, room));
            Value::Array(kept.collect())
        }
        Value::Object(fields) => {
            let within = within?;
            let mut kept = Map::new();
            for (field, value) in fields {
                let Some(field) = clean_line(field, KEY_MAX_CHARS) else {
                    continue;
                };
                if take(room, &field).is_none() {
                    break;
                }
                if let Some(value) = bounded(value, within, room) {
                    kept.insert(field, value);
                }
            }
            Value::Object(kept)
        }
    })
}

/// Takes a clean text out of the room that is left. Each of its bytes takes at most two in JSON.
fn take(room: &mut usize, text: &str) -> Option<()> {
    let size = VALUE_BYTES + 2 * text.len();
    *room = room.checked_sub(size)?;
    Some(())
}

/// A value in words; `None` if it says nothing.
fn plain(value: &Value) -> Option<String> {
    let words = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().filter_map(plain).collect();
            values.join(", ")
        }
        Value::Object(_) => value.to_string(),
    };
    (!words.is_empty()).then_some(words)
}
