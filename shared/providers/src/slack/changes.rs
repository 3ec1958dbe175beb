//! Edits and deletions (docs.slack.dev, events `message_changed` and `message_deleted`).

use crate::fields::{given, string};
use serde_json::Value;
use vestibule_domain::chat::change::ChangeKind;

/// The subtype of what stands in the place of a deleted message that has answers.
const TOMBSTONE: &str = "tombstone";
/// The fields of a message that hold its content.
const CONTENT: [&str; 4] = ["text", "blocks", "attachments", "files"];

/// A change as an event reports it.
pub(super) struct Change {
    pub(super) kind: ChangeKind,
    /// The message as an event of its own would bring it: after an edit, or without content.
    pub(super) message: Value,
    /// Time of the change, in Slack's form.
    pub(super) at: String,
}

/// Reads the change that a `message` or `app_mention` event reports, whoever wrote the message. Slack
/// reports as changes also what it does itself, such as adding the preview of a link.
pub(super) fn of(event: &Value) -> Option<Change> {
    let before = given(event, "previous_message").filter(|before| before.is_object());
    match string(event, "subtype") {
        Some("message_changed") => {
            let now = given(event, "message")?;
            if string(now, "subtype") == Some(TOMBSTONE) {
                return deletion(event, before?);
            }
            let at = edited_at(now)?;
            if before.and_then(edited_at) == Some(at) {
                return None;
            }
            Some(edit(placed(now, event)?, at))
        }
        Some("message_deleted") => deletion(event, before?),
        // Slack repeats a mention each time its message is edited (bolt-js#960).
        _ => Some(edit(placed(event, event)?, edited_at(event)?)),
    }
}

fn edited_at(message: &Value) -> Option<&str> {
    string(given(message, "edited")?, "ts")
}

fn edit(mut message: Value, at: &str) -> Change {
    if let Some(fields) = message.as_object_mut() {
        fields.remove("edited");
    }
    Change {
        kind: ChangeKind::Edited,
        message,
        at: at.to_owned(),
    }
}

fn deletion(event: &Value, before: &Value) -> Option<Change> {
    let mut message = placed(before, event)?;
    let fields = message.as_object_mut()?;
    fields.remove("edited");
    for name in CONTENT {
        fields.remove(name);
    }
    Some(Change {
        kind: ChangeKind::Deleted,
        message,
        at: string(event, "event_ts")
            .or_else(|| string(event, "ts"))?
            .to_owned(),
    })
}

/// The message with the place that only the event around it names.
fn placed(message: &Value, event: &Value) -> Option<Value> {
    let mut placed = message.clone();
    let fields = placed.as_object_mut()?;
    for name in ["channel", "channel_type"] {
        if let Some(value) = given(event, name) {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    Some(placed)
}
