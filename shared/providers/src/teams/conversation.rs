//! Kinds of conversation, and the address for calls about them (PROVIDERS §2.4).

use crate::outgoing::CallError;
use vestibule_domain::{
    chat::conversation::{ConversationKind, ConversationRef},
    ports::FailureClass,
};

/// Requires both signs, because a mistake would tell a whole channel who is waiting for approval.
pub(super) fn is_private(conversation: &ConversationRef) -> bool {
    conversation.kind == ConversationKind::Direct
        && !is_shared(&conversation.provider_conversation_id)
}

/// Whether an id is that of a group or channel.
pub(super) fn is_shared(id: &str) -> bool {
    id.contains("@thread")
}

/// The id of the whole channel, of which a thread's id is the beginning.
pub(super) fn without_thread(id: &str) -> &str {
    id.split(';').next().unwrap_or(id)
}

/// The address for calls about the conversation.
pub(super) fn service_url(conversation: &ConversationRef) -> Result<&str, CallError> {
    conversation
        .reply_url
        .as_deref()
        .ok_or_else(|| CallError::never(FailureClass::Request, "no_service_url"))
}
