//! The content of a message, by its type (PROVIDERS §4.1), and messages whose content `WhatsApp` keeps to
//! itself.

use crate::{
    fields::{ID_MAX_BYTES, given, is_id, is_short_graphic, string, written},
    webhook::Event,
};
use serde_json::Value;
use vestibule_domain::{
    chat::message::{Attachment, AttachmentKind, InboundMessage},
    text::clean_name,
};

/// Path of the text that the person wrote or pressed, by type. Other types have no text.
const TEXTS: [(&str, &str); 7] = [
    ("text", "/text/body"),
    ("button", "/button/text"),
    ("interactive", "/interactive/button_reply/title"),
    ("interactive", "/interactive/list_reply/title"),
    ("image", "/image/caption"),
    ("video", "/video/caption"),
    ("document", "/document/caption"),
];

/// Types of message that are a file, described under the type's own name.
const FILES: [(&str, AttachmentKind); 6] = [
    ("image", AttachmentKind::Image),
    ("sticker", AttachmentKind::Image),
    ("video", AttachmentKind::Video),
    ("audio", AttachmentKind::Audio),
    ("voice", AttachmentKind::Audio),
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

/// Whether a message has no content here although it had some: it is a placeholder, or its errors say
/// that its file was lost (131052).
pub(super) fn is_withheld(message: &Value, kind: &str, read: &InboundMessage) -> bool {
    let is_empty = read.text.is_empty() && read.attachments.is_empty();
    PLACEHOLDERS.contains(&kind) || is_empty && given(message, "errors").is_some()
}

/// The text of a message. Only messages of type `text` must have one.
pub(super) fn text(message: &Value, kind: &str) -> Result<String, Event> {
    let found = TEXTS
        .iter()
        .filter(|(of, _)| *of == kind)
        .find_map(|(_, pointer)| message.pointer(pointer)?.as_str());
    match found {
        Some(found) => Ok(written(found)),
        None if kind == "text" => Err(Event::unreadable("text.body is not a string")),
        None => Ok(String::new()),
    }
}

/// The file of a message, without an address: that would take another call and expire within
/// minutes.
pub(super) fn attachments(message: &Value, kind: &str) -> Vec<Attachment> {
    let known = FILES.iter().find(|(name, _)| *name == kind);
    known
        .and_then(|(name, kind)| attachment(message.get(name)?, *kind))
        .into_iter()
        .collect()
}

fn attachment(file: &Value, kind: AttachmentKind) -> Option<Attachment> {
    Some(Attachment {
        kind,
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
