//! The content of a message in Slack (SPEC F05, F06).
//!
//! The table of all that a person can send, with sources, is in the tests beside this module.

use super::{blocks, files, mrkdwn, shared};
use crate::{
    addressed::Addressed,
    fields::{given, string},
    webhook::Event,
};
use serde_json::Value;
use vestibule_domain::{
    chat::{
        content::{Part, Parts, Unsupported},
        entity::Entities,
        message::Attachment,
    },
    text::is_blank,
};

/// The text that Slack gives to a message that was made of blocks alone (java-slack-sdk, samples of
/// `message` events).
const NO_TEXT: &str = "This content can't be displayed.";

/// The content of a message.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) entities: Entities,
    pub(super) attachments: Vec<Attachment>,
    pub(super) parts: Parts,
}

/// Reads the content of a message to these bots, all of which are us.
pub(super) fn of(event: &Value, bots: &[&str]) -> Result<Content, Event> {
    let said = said(event)?;
    let attachments = files::of(event);
    let mut parts = shared::messages(event);
    let (mut text, mut entities) = written(event, said, bots, Addressed::default());
    if is_blank(&text) && attachments.is_empty() && parts.is_empty() {
        // Whoever says nothing but our name has said it.
        (text, entities) = written(event, said, bots, Addressed::whole());
        parts.extend(is_blank(&text).then(|| unsupported(event)).flatten());
    }
    Ok(Content {
        text,
        entities,
        attachments,
        parts: Parts::of(parts),
    })
}

/// Whether a message has nothing but, perhaps, files.
pub(super) fn is_blank_without_files(event: &Value) -> bool {
    let has_text = string(event, "text").is_some_and(|text| !text.trim().is_empty());
    let has = |field| blocks::list(event, field).next().is_some();
    !has_text && !has("blocks") && !has("attachments")
}

/// The text of a message; empty if it consists of blocks alone.
fn said(event: &Value) -> Result<&str, Event> {
    let said = match given(event, "text") {
        None => "",
        Some(Value::String(said)) => said,
        Some(_) => return Err(Event::unreadable("event.text is not a string")),
    };
    let is_made_of_blocks = said == NO_TEXT && blocks::list(event, "blocks").next().is_some();
    Ok(if is_made_of_blocks { "" } else { said })
}

fn written(event: &Value, said: &str, bots: &[&str], mut into: Addressed) -> (String, Entities) {
    if is_blank(said) {
        blocks::write(blocks::list(event, "blocks"), bots, &mut into);
    } else {
        // It says all that the blocks say.
        mrkdwn::write(said, bots, &mut into);
    }
    shared::write(event, bots, &mut into);
    into.finish()
}

/// The kind of the first block of a message whose blocks say nothing that is known here.
fn unsupported(event: &Value) -> Option<Part> {
    let block = blocks::list(event, "blocks").next()?;
    Some(Part::Unsupported(Unsupported {
        name: string(block, "type").map(str::to_owned),
    }))
}

#[cfg(test)]
mod tests;
