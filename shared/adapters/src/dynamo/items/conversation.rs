use crate::dynamo::keys;
use serde::Deserialize;
use vestibule_domain::{
    Timestamp,
    chat::conversation::{Conversation, ConversationRef, Outgoing, ReplacedUrl},
    chat::handoff::Handoff,
    ids::{ChatUserId, ConnectorId, ConversationId, EnvironmentId},
};

/// A conversation. Rows of the release before have neither `message_total` nor anything that stands
/// below it, and hold what sending told. Deliveries write some attributes at a time, so the row is only
/// read as a whole.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(in crate::dynamo) struct ConversationItem {
    pk: String,
    pub(in crate::dynamo) connector_id: ConnectorId,
    message_count: u64,
    #[serde(default)]
    last_message_at: Option<Timestamp>,
    #[serde(default)]
    recent_events: Vec<String>,
    #[serde(default)]
    moved_to: Option<String>,
    #[serde(default)]
    reply_url: Option<ReplacedUrl>,
    version: u64,
    pub(in crate::dynamo) updated_at: Timestamp,
    #[serde(default)]
    pub(in crate::dynamo) message_total: Option<u64>,
    #[serde(default)]
    conversation: Option<ConversationRef>,
    #[serde(default)]
    pub(in crate::dynamo) environment_id: Option<EnvironmentId>,
    #[serde(default)]
    chat_user_id: Option<ChatUserId>,
    #[serde(default)]
    last_event_id: Option<String>,
    #[serde(default)]
    last_activity_at: Option<Timestamp>,
    #[serde(default)]
    handoff: Option<Handoff>,
}

impl ConversationItem {
    /// Id of the conversation, which the row's key holds.
    pub(in crate::dynamo) fn id(&self) -> Option<ConversationId> {
        keys::parse_conversation(&self.pk)
    }
}

impl From<ConversationItem> for Conversation {
    fn from(item: ConversationItem) -> Self {
        Self {
            message_count: item.message_count,
            message_total: item.message_total.unwrap_or(0),
            last_message_at: item.last_message_at,
            recent_events: item.recent_events,
            place: item.conversation,
            environment_id: item.environment_id,
            chat_user_id: item.chat_user_id,
            last_event_id: item.last_event_id,
            last_activity_at: item.last_activity_at,
            handoff: item.handoff,
            outgoing: Outgoing {
                moved_to: item.moved_to,
                reply_url: item.reply_url,
                ..Outgoing::default()
            },
            version: item.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_domain::{
        AccountScope,
        ids::{AccountId, ProjectId},
    };

    #[test]
    fn a_row_of_the_release_before_is_a_conversation_that_gave_no_numbers() {
        let scope =
            AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
        let id = ConversationId::derive(&["d"]);
        let key = keys::conversation(scope, id);
        let row = json!({
            "pk": key.pk, "sk": key.sk, "connector_id": ConnectorId::derive(&["c"]),
            "message_count": 7, "last_message_at": "2026-11-22T10:00:00.000Z",
            "recent_events": ["slack:Ev1"], "version": 9, "updated_at": "2026-11-22T10:00:01.000Z",
            "progress": {"delivery_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "pieces_sent": 2},
            "moved_to": "G2"
        });
        let item: ConversationItem = serde_json::from_value(row).unwrap();
        assert_eq!((item.id(), item.message_total), (Some(id), None));
        let expected = Conversation {
            message_count: 7,
            last_message_at: Timestamp::parse("2026-11-22T10:00:00Z"),
            recent_events: vec!["slack:Ev1".to_owned()],
            outgoing: Outgoing {
                moved_to: Some("G2".to_owned()),
                ..Outgoing::default()
            },
            version: 9,
            ..Conversation::default()
        };
        assert_eq!(Conversation::from(item), expected);
    }
}
