//! Files and pictures in messages.

use serde::{Deserialize, Serialize};

/// A reference to a file or picture in a message. The content stays with the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Kind of the attachment.
    pub kind: AttachmentKind,
    /// The platform's id of the attachment.
    pub provider_id: String,
    /// File name, cleaned.
    pub name: Option<String>,
    /// Media type, as the platform states it.
    pub mime_type: Option<String>,
    /// Address of the content at the platform. Reading it needs the connector's credentials, except
    /// for a file in Teams, whose address is its own proof for some minutes.
    pub url: Option<String>,
}

/// Kind of an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// Sound.
    Audio,
    /// A spoken message.
    Voice,
    /// A sticker.
    Sticker,
    /// Anything else.
    File,
}
