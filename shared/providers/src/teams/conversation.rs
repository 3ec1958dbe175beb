//! Kinds of conversation, and the address for calls about them (PROVIDERS §2.4).

use crate::outgoing::CallError;
use vestibule_domain::{
    chat::conversation::{ConversationKind, ConversationRef},
    ports::FailureClass,
};

/// Separates the id of a channel from that of the first message of a thread.
const THREAD: &str = ";messageid=";

/// Requires all signs, because a mistake would tell a whole channel who is waiting for approval.
pub(super) fn is_private(conversation: &ConversationRef) -> bool {
    conversation.kind == ConversationKind::Direct
        && conversation.thread.is_none()
        && !is_shared(&conversation.provider_conversation_id)
}

/// The person whom targeted messages are exchanged with, in the midst of a conversation that others
/// read. It is a conversation of its own, whose thread is that person.
pub(super) fn targeted(conversation: &ConversationRef) -> Option<&str> {
    let thread = conversation.thread.as_deref();
    thread.filter(|_| conversation.kind == ConversationKind::Direct)
}

/// Whether an id is that of a group or channel.
pub(super) fn is_shared(id: &str) -> bool {
    id.contains("@thread")
}

/// The id of the whole channel, of which a thread's id is the beginning.
pub(super) fn without_thread(id: &str) -> &str {
    id.split(';').next().unwrap_or(id)
}

/// Whether an id is that of a channel's thread.
pub(super) fn is_in_thread(id: &str) -> bool {
    id.contains(THREAD)
}

/// The id of the thread that begins with the message `root` in a channel.
pub(super) fn in_thread(channel: &str, root: &str) -> String {
    format!("{channel}{THREAD}{root}")
}

/// The address for calls about the conversation.
pub(super) fn service_url(conversation: &ConversationRef) -> Result<&str, CallError> {
    conversation
        .reply_url
        .as_deref()
        .ok_or_else(|| CallError::never(FailureClass::Request, "no_service_url"))
}
