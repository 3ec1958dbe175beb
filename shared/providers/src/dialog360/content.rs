//! The content of a message, by its type (PROVIDERS §4.1), and messages whose content `WhatsApp` keeps to
//! itself.

use super::parts;
use crate::{
    fields::{ID_MAX_BYTES, is_id, is_short_graphic, string, written},
    webhook::Event,
};
use serde_json::Value;
use vestibule_domain::{
    chat::content::{Part, Parts, Unsupported},
    chat::message::{Attachment, AttachmentKind},
    text::{clean_name, is_blank},
};

/// Path of the text that the person wrote or pressed, by type. Other types have no text.
const TEXTS: [(&str, &str); 8] = [
    ("text", "/text/body"),
    ("button", "/button/text"),
    ("interactive", "/interactive/button_reply/title"),
    ("interactive", "/interactive/list_reply/title"),
    ("image", "/image/caption"),
    ("video", "/video/caption"),
    ("document", "/document/caption"),
    ("order", "/order/text"),
];

/// Types of message that are a file, described under the type's own name.
const FILES: [(&str, AttachmentKind); 6] = [
    ("image", AttachmentKind::Image),
    ("sticker", AttachmentKind::Sticker),
    ("video", AttachmentKind::Video),
    ("audio", AttachmentKind::Audio),
    ("voice", AttachmentKind::Voice),
    ("document", AttachmentKind::File),
];

/// Types that stand for content which the API does not pass on: a kind that it does not know (131051), or a
/// first message to a number that is also used in the app, such as after a click on an advertisement
/// (131060). `unknown` is the older spelling (Meta, "Unsupported messages webhook reference"; restfb
/// issue 1239).
const PLACEHOLDERS: [&str; 2] = ["unsupported", "unknown"];

/// Content that no person wrote, by the name in `unsupported.type`: actions on a message that exists,
/// errors, and what only a business's API sends.
const NO_PERSONS_CONTENT: [&str; 10] = [
    "edit",
    "errors",
    "hsm",
    "interactive",
    "keep_in_chat",
    "list",
    "pin",
    "poll_update",
    "reaction",
    "revoke",
];

/// Whether a placeholder stands for something that no person wrote.
pub(super) fn is_no_persons_placeholder(message: &Value, kind: &str) -> bool {
    let named = message.pointer("/unsupported/type").and_then(Value::as_str);
    PLACEHOLDERS.contains(&kind) && named.is_some_and(|named| NO_PERSONS_CONTENT.contains(&named))
}

/// The content of a message.
pub(super) struct Content {
    pub(super) text: String,
    pub(super) attachments: Vec<Attachment>,
    pub(super) parts: Parts,
    /// Whether a person wrote something that is not here: it is a placeholder, its file was lost
    /// (131052), or its type is newer than this program.
    pub(super) is_withheld: bool,
}

impl Content {
    /// That of a message that is gone.
    pub(super) fn none() -> Self {
        Self {
            text: String::new(),
            attachments: Vec::new(),
            parts: Parts::default(),
            is_withheld: false,
        }
    }

    /// Reads the content of a message of this type.
    pub(super) fn read(message: &Value, kind: &str) -> Result<Self, Event> {
        let text = text(message, kind)?;
        let attachments = attachments(message, kind);
        let mut parts = parts::of_content(message, kind);
        let is_withheld = PLACEHOLDERS.contains(&kind)
            || is_blank(&text) && attachments.is_empty() && parts.is_empty();
        let beside = parts::beside(message, &parts);
        if is_withheld {
            let name = withheld_name(message, kind).map(str::to_owned);
            parts.push(Part::Unsupported(Unsupported { name }));
        }
        parts.extend(beside);
        Ok(Self {
            text,
            attachments,
            parts: Parts::of(parts),
            is_withheld,
        })
    }
}

/// `WhatsApp`'s name for what it keeps to itself, or for what is not known here.
fn withheld_name<'a>(message: &'a Value, kind: &'a str) -> Option<&'a str> {
    let within = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
    match kind {
        "interactive" => within("/interactive/type").or(Some(kind)),
        kind if PLACEHOLDERS.contains(&kind) => within("/unsupported/type"),
        kind => Some(kind),
    }
}

/// The text of a message. Only messages of type `text` must have one.
fn text(message: &Value, kind: &str) -> Result<String, Event> {
    let found = TEXTS
        .iter()
        .filter(|(of, _)| *of == kind)
        .find_map(|(_, pointer)| message.pointer(pointer)?.as_str());
    match found {
        Some(found) if is_blank(found) => Ok(String::new()),
        Some(found) => Ok(written(found)),
        None if kind == "text" => Err(Event::unreadable("text.body is not a string")),
        None => Ok(String::new()),
    }
}

/// The file of a message, without an address: that would take another call and expire within
/// minutes.
fn attachments(message: &Value, kind: &str) -> Vec<Attachment> {
    let known = FILES.iter().find(|(name, _)| *name == kind);
    known
        .and_then(|(name, kind)| attachment(message.get(name)?, *kind))
        .into_iter()
        .collect()
}

fn attachment(file: &Value, kind: AttachmentKind) -> Option<Attachment> {
    let is_spoken = file.get("voice").and_then(Value::as_bool) == Some(true);
    Some(Attachment {
        kind: match kind {
            AttachmentKind::Audio if is_spoken => AttachmentKind::Voice,
            other => other,
        },
        provider_id: string(file, "id").filter(|id| is_id(id))?.to_owned(),
        name: string(file, "filename").and_then(clean_name),
        mime_type: string(file, "mime_type")
            .and_then(|mime| mime.split(';').next())
            .map(str::trim)
            .filter(|mime| !mime.is_empty() && is_short_graphic(mime, ID_MAX_BYTES))
            .map(str::to_owned),
        url: None,
    })
}
