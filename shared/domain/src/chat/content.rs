//! The content of a message: every kind of thing that a person can send, as data and in plain words
//! (SPEC F05).
//!
//! A platform reads a message into its text, its files, and [`Parts`] for all else. [`all`] puts the
//! three together for the agent, and [`text_or_words`] makes the text that is never blank.

mod form;
mod parts;

pub use form::Form;
pub use parts::{
    Checklist, Choice, Contact, Dice, Item, Location, Number, Order, Poll, Reaction, Referral,
    Relation, Shared, Task, Unsupported,
};

use crate::{
    chat::attachment::{Attachment, AttachmentKind},
    chat::size::json_size,
    text::is_blank,
};
use serde::{Deserialize, Serialize};

/// Largest number of parts of a message besides its text and files. The largest real message, one that
/// shares a list of contacts in `WhatsApp`, has 257.
pub const PARTS_MAX: usize = 257;
/// Size up to which parts of a message are kept, in bytes of JSON: with the longest text (160 KB) and
/// twenty files (120 KB), a message still fits into a row of the table (400 KB) and a job (1 MB). No part
/// alone is larger.
pub const PARTS_MAX_BYTES: usize = 64 * 1024;
/// Longest words of a part, and longest [`text_or_words`] that is made of parts, in characters: about
/// the longest message that a person reads at once, one of Telegram or `WhatsApp`.
pub const WORDS_MAX_CHARS: usize = 4_000;

/// One part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Part {
    /// The person's own words. Made by [`all`].
    Text {
        /// The text.
        text: String,
    },
    /// A file or picture. Made by [`all`].
    File(File),
    /// A place.
    Location(Location),
    /// A contact card.
    Contact(Contact),
    /// An order from a catalogue.
    Order(Order),
    /// An answered form: a flow in `WhatsApp`, a submitted card in Teams.
    Form(Form),
    /// A pressed button, or an entry chosen from a list.
    Choice(Choice),
    /// A reaction to a message.
    Reaction(Reaction),
    /// A poll.
    Poll(Poll),
    /// A thrown die, or another game of chance of the platform.
    Dice(Dice),
    /// A checklist.
    Checklist(Checklist),
    /// The way on which the person came here: an advertisement, a link.
    Referral(Referral),
    /// A forwarded or quoted message.
    Shared(Shared),
    /// Something that the platform does not hand over, or that is not known here.
    Unsupported(Unsupported),
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Position among the attachments of the message.
    pub index: usize,
    /// Type of the file.
    #[serde(rename = "type")]
    pub file_type: FileType,
    /// See [`Attachment::provider_id`].
    pub provider_id: String,
    /// See [`Attachment::name`].
    pub name: Option<String>,
    /// See [`Attachment::mime_type`].
    pub mime_type: Option<String>,
    /// See [`Attachment::url`].
    pub url: Option<String>,
}

/// Type of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
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
    Document,
}

impl From<AttachmentKind> for FileType {
    fn from(kind: AttachmentKind) -> Self {
        match kind {
            AttachmentKind::Image => Self::Image,
            AttachmentKind::Video => Self::Video,
            AttachmentKind::Audio => Self::Audio,
            AttachmentKind::Voice => Self::Voice,
            AttachmentKind::Sticker => Self::Sticker,
            AttachmentKind::File => Self::Document,
        }
    }
}

impl FileType {
    const fn noun(self) -> &'static str {
        match self {
            Self::Image => "Picture",
            Self::Video => "Video",
            Self::Audio => "Audio",
            Self::Voice => "Voice message",
            Self::Sticker => "Sticker",
            Self::Document => "File",
        }
    }
}

impl File {
    fn of(index: usize, attachment: &Attachment) -> Self {
        Self {
            index,
            file_type: attachment.kind.into(),
            provider_id: attachment.provider_id.clone(),
            name: attachment.name.clone(),
            mime_type: attachment.mime_type.clone(),
            url: attachment.url.clone(),
        }
    }
}

/// Names a file in words.
fn file_words(file_type: FileType, name: Option<&str>) -> String {
    labelled(file_type.noun(), name)
}

/// `label: what`, or the label alone.
fn labelled(label: &str, what: Option<&str>) -> String {
    match what {
        Some(what) if !what.is_empty() => format!("{label}: {what}"),
        _ => label.to_owned(),
    }
}

impl Part {
    /// Says in plain words what came, in at most [`WORDS_MAX_CHARS`] characters unless it is a text.
    /// Never blank, unless it is a blank text.
    #[must_use]
    pub fn words(&self) -> String {
        let words = match self {
            Self::Text { text } => return text.clone(),
            Self::File(file) => file_words(file.file_type, file.name.as_deref()),
            Self::Location(location) => location.words(),
            Self::Contact(contact) => contact.words(),
            Self::Order(order) => order.words(),
            Self::Form(form) => form.words(),
            Self::Choice(choice) => choice.words(),
            Self::Reaction(reaction) => reaction.words(),
            Self::Poll(poll) => poll.words(),
            Self::Dice(dice) => dice.words(),
            Self::Checklist(checklist) => checklist.words(),
            Self::Referral(referral) => referral.words(),
            Self::Shared(shared) => shared.words(),
            Self::Unsupported(unsupported) => unsupported.words(),
        };
        words.chars().take(WORDS_MAX_CHARS).collect()
    }

    /// Returns the part without the platform's addresses of its files, which may be their own proof (SPEC F13).
    #[must_use]
    pub fn without_addresses(self) -> Self {
        match self {
            Self::File(mut file) => {
                file.url = None;
                Self::File(file)
            }
            Self::Shared(mut shared) => {
                for file in &mut shared.files {
                    file.url = None;
                }
                Self::Shared(shared)
            }
            other => other,
        }
    }

    /// Whether the part only says how the content of its message came about: the message that it answers, the
    /// way on which the person came, or that it was passed on.
    fn is_beside(&self) -> bool {
        match self {
            Self::Referral(_) => true,
            Self::Shared(shared) => {
                shared.relation == Relation::Quoted
                    || shared.text.is_none() && shared.files.is_empty()
            }
            _ => false,
        }
    }

    /// Cleans and bounds every field that came from outside. `None` for a text or a file, which a
    /// message holds elsewhere.
    fn cleaned(self) -> Option<Self> {
        Some(match self {
            Self::Text { .. } | Self::File(_) => return None,
            Self::Location(location) => Self::Location(location.cleaned()),
            Self::Contact(contact) => Self::Contact(contact.cleaned()),
            Self::Order(order) => Self::Order(order.cleaned()),
            Self::Form(form) => Self::Form(form.cleaned()),
            Self::Choice(choice) => Self::Choice(choice.cleaned()),
            Self::Reaction(reaction) => Self::Reaction(reaction.cleaned()),
            Self::Poll(poll) => Self::Poll(poll.cleaned()),
            Self::Dice(dice) => Self::Dice(dice.cleaned()),
            Self::Checklist(checklist) => Self::Checklist(checklist.cleaned()),
            Self::Referral(referral) => Self::Referral(referral.cleaned()),
            Self::Shared(shared) => Self::Shared(shared.cleaned()),
            Self::Unsupported(unsupported) => Self::Unsupported(unsupported.cleaned()),
        })
    }
}

/// The parts of a message besides its text and its files: clean and bounded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parts(Vec<Part>);

impl Parts {
    /// Cleans parts that came from outside, and keeps the first of them, up to [`PARTS_MAX`] and
    /// [`PARTS_MAX_BYTES`]. Texts and files are left out.
    #[must_use]
    pub fn of(raw: impl IntoIterator<Item = Part>) -> Self {
        let mut room = PARTS_MAX_BYTES;
        let kept = raw
            .into_iter()
            .filter_map(Part::cleaned)
            .take(PARTS_MAX)
            .map_while(|part| {
                room = room.checked_sub(json_size(&part))?;
                Some(part)
            });
        Self(kept.collect())
    }

    /// The parts.
    #[must_use]
    pub fn as_slice(&self) -> &[Part] {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there are none, or nothing but what the platform did not hand over and what stands beside
    /// it: a quotation alone is content, and one beside what was not handed over is not.
    #[must_use]
    pub fn are_withheld(&self) -> bool {
        let is_unsupported = |part: &Part| matches!(part, Part::Unsupported(_));
        self.0.is_empty()
            || self.0.iter().any(is_unsupported)
                && self
                    .0
                    .iter()
                    .all(|part| is_unsupported(part) || part.is_beside())
    }
}

/// The whole content of a message, in the order text, files, all else. Never empty.
#[must_use]
pub fn all(text: &str, attachments: &[Attachment], parts: &Parts) -> Vec<Part> {
    let written = (!is_blank(text)).then(|| Part::Text {
        text: text.to_owned(),
    });
    let files = attachments
        .iter()
        .enumerate()
        .map(|(index, attachment)| Part::File(File::of(index, attachment)));
    let mut all: Vec<Part> = written
        .into_iter()
        .chain(files)
        .chain(parts.0.iter().cloned())
        .collect();
    if all.is_empty() {
        all.push(Part::Unsupported(Unsupported::default()));
    }
    all
}

/// The text of a message or, if the person wrote none, its parts in plain words, a line for each.
/// Never blank.
#[must_use]
pub fn text_or_words(text: &str, attachments: &[Attachment], parts: &Parts) -> String {
    if !is_blank(text) {
        return text.to_owned();
    }
    let lines: Vec<String> = all("", attachments, parts)
        .iter()
        .map(Part::words)
        .collect();
    lines.join("\n").chars().take(WORDS_MAX_CHARS).collect()
}

#[cfg(test)]
mod tests;
