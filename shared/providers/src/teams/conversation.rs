//! What a conversation's address tells (PROVIDERS §2.4): who reads it, and where its calls go.

use crate::outgoing::CallError;
use vestibule_domain::{
    chat::conversation::{ConversationKind, ConversationRef},
    ports::FailureClass,
};

/// Both signs are asked for: to be wrong here is to tell a whole channel who awaits approval.
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

/// Where calls about the conversation go.
pub(super) fn service_url(conversation: &ConversationRef) -> Result<&str, CallError> {
    conversation
        .reply_url
        .as_deref()
        .ok_or_else(|| CallError::never(FailureClass::Request, "no_service_url"))
}
