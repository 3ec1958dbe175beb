use crate::dynamo::keys::Key;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    Timestamp,
    chat::conversation::{ConversationLog, Progress, ReplacedUrl},
    ids::ConnectorId,
};

/// The log of deliveries in a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ConversationItem {
    pk: String,
    sk: String,
    connector_id: ConnectorId,
    message_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message_at: Option<Timestamp>,
    recent_events: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moved_to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_url: Option<ReplacedUrl>,
    version: u64,
    updated_at: Timestamp,
}

impl ConversationItem {
    /// Makes the row of a log, with a version one above that of the record it was made from.
    pub(in crate::dynamo) fn new(
        key: Key,
        connector_id: ConnectorId,
        log: &ConversationLog,
        now: Timestamp,
    ) -> Self {
        Self {
            pk: key.pk,
            sk: key.sk,
            connector_id,
            message_count: log.message_count,
            last_message_at: log.last_message_at,
            recent_events: log.recent_events.clone(),
            progress: log.progress,
            moved_to: log.moved_to.clone(),
            reply_url: log.reply_url.clone(),
            version: log.version,
            updated_at: now,
        }
    }
}

impl From<ConversationItem> for ConversationLog {
    fn from(item: ConversationItem) -> Self {
        Self {
            message_count: item.message_count,
            last_message_at: item.last_message_at,
            recent_events: item.recent_events,
            progress: item.progress,
            moved_to: item.moved_to,
            reply_url: item.reply_url,
            version: item.version,
        }
    }
}
