//! What a message holds, by its type (PROVIDERS §4.1).

use crate::{
    fields::{ID_MAX_BYTES, is_id, is_short_graphic, string, written},
    webhook::Event,
};
use serde_json::Value;
use vestibule_domain::{
    chat::message::{Attachment, AttachmentKind},
    text::clean_name,
};

/// Where each type keeps what the person wrote or pressed. Other types have no words.
const TEXTS: [(&str, &str); 7] = [
    ("text", "/text/body"),
    ("button", "/button/text"),
    ("interactive", "/interactive/button_reply/title"),
    ("interactive", "/interactive/list_reply/title"),
    ("image", "/image/caption"),
    ("video", "/video/caption"),
    ("document", "/document/caption"),
];

/// The types that are a file, which is described under the type's own name.
const FILES: [(&str, AttachmentKind); 6] = [
    ("image", AttachmentKind::Image),
    ("sticker", AttachmentKind::Image),
    ("video", AttachmentKind::Video),
    ("audio", AttachmentKind::Audio),
    ("voice", AttachmentKind::Audio),
    ("document", AttachmentKind::File),
];

/// What the person wrote. Only a text has to have words.
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

/// The file that the message is. Its address takes a call and lives for minutes, so there is none.
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
