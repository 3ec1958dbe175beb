//! The files of a message (docs.slack.dev, "File object").

use super::blocks::list;
use crate::fields::{
    ATTACHMENTS_MAX, ID_MAX_BYTES, URL_MAX_BYTES, is_id, is_short_graphic, string,
};
use serde_json::Value;
use vestibule_domain::{
    chat::message::{Attachment, AttachmentKind},
    text::clean_name,
};

/// The `mode` of a file that was deleted, and of one beyond a free workspace's limit.
const PLACEHOLDER_MODES: [&str; 2] = ["tombstone", "hidden_by_limit"];
/// The `file_access` of a file that is gone.
const GONE: &str = "file_not_found";
/// The `subtype` of an audio clip, whose media type may be that of a film, or missing.
const AUDIO_CLIP: &str = "slack_audio";
/// The `subtype` of a video clip.
const VIDEO_CLIP: &str = "slack_video";

/// The files of a message, or of a message that it shares.
pub(super) fn of(message: &Value) -> Vec<Attachment> {
    list(message, "files")
        .filter(|file| !is_placeholder(file))
        .filter_map(attachment)
        .take(ATTACHMENTS_MAX)
        .collect()
}

/// Whether there are files, all of which are placeholders.
pub(super) fn are_all_gone(message: &Value) -> bool {
    list(message, "files").next().is_some() && list(message, "files").all(is_placeholder)
}

/// Whether a file is only a notice of one that nobody can open any more. A file of another
/// workspace, which needs `files.info` first, is a file all the same.
fn is_placeholder(file: &Value) -> bool {
    string(file, "mode").is_some_and(|mode| PLACEHOLDER_MODES.contains(&mode))
        || string(file, "file_access") == Some(GONE)
}

fn attachment(file: &Value) -> Option<Attachment> {
    let mime_type = string(file, "mimetype").filter(|mime| is_short_graphic(mime, ID_MAX_BYTES));
    let name = string(file, "name").and_then(clean_name);
    Some(Attachment {
        kind: kind(file, mime_type),
        provider_id: string(file, "id").filter(|id| is_id(id))?.to_owned(),
        // Canvases, lists and posts may have a title alone.
        name: name.or_else(|| string(file, "title").and_then(clean_name)),
        mime_type: mime_type.map(str::to_owned),
        url: string(file, "url_private")
            .filter(|url| url.starts_with("https://") && is_short_graphic(url, URL_MAX_BYTES))
            .map(str::to_owned),
    })
}

fn kind(file: &Value, mime_type: Option<&str>) -> AttachmentKind {
    match string(file, "subtype") {
        Some(AUDIO_CLIP) => return AttachmentKind::Voice,
        Some(VIDEO_CLIP) => return AttachmentKind::Video,
        _ => {}
    }
    match mime_type.and_then(|mime| mime.split('/').next()) {
        Some("image") => AttachmentKind::Image,
        Some("video") => AttachmentKind::Video,
        Some("audio") => AttachmentKind::Audio,
        _ => AttachmentKind::File,
    }
}
