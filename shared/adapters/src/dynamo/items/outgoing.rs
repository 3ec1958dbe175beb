use serde::Deserialize;
use vestibule_domain::{
    chat::conversation::{ConversationRef, Outgoing, Progress, ReplacedUrl},
    ids::LeaseId,
};

/// The texts of a conversation that go out, and the lease on them. It is written some attributes at a
/// time, so it is only read as a whole.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(in crate::dynamo) struct OutgoingItem {
    /// As the last answered message named it.
    pub(in crate::dynamo) conversation: ConversationRef,
    next_outgoing: u64,
    last_outgoing: u64,
    #[serde(default)]
    progress: Option<Progress>,
    #[serde(default)]
    moved_to: Option<String>,
    #[serde(default)]
    reply_url: Option<ReplacedUrl>,

    #[serde(default)]
    pub(in crate::dynamo) lease_id: Option<LeaseId>,
    #[serde(default)]
    pub(in crate::dynamo) attempts: u32,
    #[serde(default)]
    pub(in crate::dynamo) settled_lease: Option<LeaseId>,
}

impl OutgoingItem {
    /// Returns the texts that go out. What the conversation's row told, which the release before wrote,
    /// counts where this row tells nothing.
    pub(in crate::dynamo) fn with_what_was_known(self, before: Outgoing) -> Outgoing {
        let outgoing = Outgoing::from(self);
        Outgoing {
            moved_to: outgoing.moved_to.or(before.moved_to),
            reply_url: outgoing.reply_url.or(before.reply_url),
            ..outgoing
        }
    }
}

impl From<OutgoingItem> for Outgoing {
    fn from(item: OutgoingItem) -> Self {
        Self {
            next: item.next_outgoing,
            last: item.last_outgoing,
            progress: item.progress,
            moved_to: item.moved_to,
            reply_url: item.reply_url,
        }
    }
}
