//! Files, as references.

use crate::fields::{ATTACHMENTS_MAX, ID_MAX_BYTES, given, is_short_graphic, string};
use serde_json::Value;
use std::slice;
use vestibule_domain::{
    chat::message::{Attachment, AttachmentKind},
    text::clean_name,
};

/// Largest number of files that are kept of one message.
pub(super) const MAX: usize = ATTACHMENTS_MAX;
/// Longest accepted id of a file, in bytes. Telegram guarantees no maximum; its ids have about 80.
const FILE_ID_MAX_BYTES: usize = 255;

const ATTACHED: [(&str, AttachmentKind); 9] = [
    ("photo", AttachmentKind::Image),
    ("sticker", AttachmentKind::Sticker),
    ("live_photo", AttachmentKind::Video),
    ("animation", AttachmentKind::Video),
    ("video", AttachmentKind::Video),
    ("video_note", AttachmentKind::Video),
    ("voice", AttachmentKind::Voice),
    ("audio", AttachmentKind::Audio),
    ("document", AttachmentKind::File),
];

/// The files of a message, those that have to be paid for and those of a poll among them.
pub(super) fn of(message: &Value) -> Vec<Attachment> {
    let list = |pointer: &str| {
        let list = message.pointer(pointer).and_then(Value::as_array);
        list.into_iter().flatten()
    };
    let of_poll = message.pointer("/poll/media");
    let of_options = list("/poll/options").filter_map(|option| given(option, "media"));
    own(message)
        .chain(list("/paid_media/paid_media").flat_map(own))
        .chain(of_poll.into_iter().chain(of_options).flat_map(own))
        .take(MAX)
        .collect()
}

/// The files that stand in the fields of a message, or of what is built like one.
pub(super) fn own(message: &Value) -> impl Iterator<Item = Attachment> {
    // An animation and a live photo come a second time, as a document and a photo, for older
    // clients.
    let repeated = move |name: &str| match name {
        "document" => given(message, "animation").is_some(),
        "photo" => given(message, "live_photo").is_some(),
        _ => false,
    };
    ATTACHED
        .iter()
        .filter(move |(name, _)| !repeated(name))
        .filter_map(move |(name, kind)| file(given(message, name)?, *kind))
}

/// A file, or the largest size of a photo.
pub(super) fn file(file: &Value, kind: AttachmentKind) -> Option<Attachment> {
    let sizes = file.as_array().map_or(slice::from_ref(file), Vec::as_slice);
    largest(sizes, kind)
}

/// The largest well-formed size of a photo; of those that are equal, or name no size, the last.
fn largest(sizes: &[Value], kind: AttachmentKind) -> Option<Attachment> {
    let area = |size: &Value| {
        let side = |name: &str| size.get(name).and_then(Value::as_u64).unwrap_or(0);
        side("width").saturating_mul(side("height"))
    };
    sizes
        .iter()
        .filter_map(|size| Some((area(size), attachment(size, kind)?)))
        .max_by_key(|(area, _)| *area)
        .map(|(_, attachment)| attachment)
}

fn attachment(file: &Value, kind: AttachmentKind) -> Option<Attachment> {
    // A sticker is known by the emoji that it stands for, and music by its title.
    let name = ["file_name", "title", "emoji"]
        .into_iter()
        .find_map(|name| string(file, name).and_then(clean_name));
    Some(Attachment {
        kind,
        provider_id: string(file, "file_id")
            .filter(|id| is_short_graphic(id, FILE_ID_MAX_BYTES))?
            .to_owned(),
        name,
        mime_type: string(file, "mime_type")
            .filter(|mime| is_short_graphic(mime, ID_MAX_BYTES))
            .map(str::to_owned),
        // Its address would contain the bot's token.
        url: None,
    })
}
