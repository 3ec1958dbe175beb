//! Content types of attachments that are no files: cards, other messages, and what stands elsewhere.

/// Beginnings of the content types of cards.
const CARDS: [&str; 2] = [
    "application/vnd.microsoft.card.",
    "application/vnd.microsoft.teams.card.",
];
/// Ends of the content types of what stands elsewhere, in lower case, with our words for them (Microsoft
/// Graph, "chatMessageAttachment").
const ELSEWHERE: [(&str, &str); 5] = [
    ("card.codesnippet", "code snippet"),
    ("card.fluidembedcard", "Loop component"),
    ("card.announcement", "announcement"),
    ("meetingreference", "meeting"),
    ("tabreference", "tab"),
];
/// Content type of an attachment that is a quoted message.
pub(super) const REFERENCE: &str = "messageReference";
/// Content type of an attachment that is a forwarded message.
pub(super) const FORWARDED: &str = "forwardedMessageReference";

/// Whether an attachment of this type is a card.
pub(super) fn is_card(media_type: &str) -> bool {
    CARDS.iter().any(|card| media_type.starts_with(card))
}

/// Whether an attachment of this type is no file, whatever its address.
pub(super) fn is_no_file(media_type: &str) -> bool {
    is_card(media_type) || is_reference(media_type) || elsewhere(media_type).is_some()
}

/// Whether an attachment of this type is another message.
fn is_reference(media_type: &str) -> bool {
    matches!(media_type, REFERENCE | FORWARDED)
}

/// Our word for what stands elsewhere, by the content type of its attachment.
pub(super) fn elsewhere(media_type: &str) -> Option<&'static str> {
    let media_type = media_type.to_ascii_lowercase();
    ELSEWHERE
        .iter()
        .find(|(end, _)| media_type.ends_with(end))
        .map(|(_, name)| *name)
}
