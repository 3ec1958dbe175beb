use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vestibule_domain::{
    Timestamp,
    chat::repeats::HandledEvent,
    ids::{AccessRequestId, ConversationId},
};

/// Time for which the event of a message that waits for its agent is remembered at least: as long as the message is.
const WAITING_KEPT: Duration = Duration::from_hours(30 * 24);

/// An event that was handled, under one of its keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct HandledEventItem {
    pk: String,
    sk: String,
    pub(in crate::dynamo) handled_at: Timestamp,
    /// Present once the event's message has reached the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) delivered_at: Option<Timestamp>,
    /// Number of the message on record that the event brought, if it is on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) message_number: Option<u64>,
    /// The conversation of the event's message, veiled by the event's key: the row outlives the person, and tells nothing
    /// of them to anybody who does not have the platform's own id of their message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    veiled_conversation: Option<ConversationId>,
    /// The access request that the message made or counts on, or would have made, veiled in the same way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    veiled_request: Option<AccessRequestId>,
    /// Absent when the event may come again for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl HandledEventItem {
    /// Makes the row of an event whose message was taken in.
    pub(in crate::dynamo) fn taken(event: &HandledEvent, event_key: &str) -> Self {
        let key = keys::handled_event(event.connector_id, event_key);
        Self {
            pk: key.pk,
            sk: key.sk,
            handled_at: event.at,
            delivered_at: None,
            message_number: None,
            veiled_conversation: event.conversation_id.map(|id| id.veiled(event_key)),
            veiled_request: event.request_id.map(|id| id.veiled(event_key)),
            expires_at: event.until().map(Timestamp::seconds),
        }
    }

    /// Makes the row of an event whose message waits for its agent, or was given up.
    pub(in crate::dynamo) fn waiting(event: &HandledEvent, event_key: &str) -> Self {
        let kept_until = event.at.plus(WAITING_KEPT);
        Self {
            expires_at: event.until().map(|until| until.max(kept_until).seconds()),
            ..Self::taken(event, event_key)
        }
    }

    /// Makes the row of an event whose message was delivered, and is on record under this number.
    pub(in crate::dynamo) fn delivered(
        event: &HandledEvent,
        event_key: &str,
        message_number: Option<u64>,
    ) -> Self {
        Self {
            delivered_at: Some(event.at),
            message_number,
            ..Self::taken(event, event_key)
        }
    }

    /// The conversation of the event with this key.
    pub(in crate::dynamo) fn conversation_id(&self, event_key: &str) -> Option<ConversationId> {
        self.veiled_conversation.map(|id| id.veiled(event_key))
    }

    /// The access request that the message of the event with this key made or counts on, or would have made.
    pub(in crate::dynamo) fn request_id(&self, event_key: &str) -> Option<AccessRequestId> {
        self.veiled_request.map(|id| id.veiled(event_key))
    }

    /// Whether the row still counts. DynamoDB may delete it days after its time.
    pub(in crate::dynamo) fn counts(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|at| now.seconds() < at)
    }

    /// Whether the row still counts and its message was delivered.
    pub(in crate::dynamo) fn counts_as_delivered(&self, now: Timestamp) -> bool {
        self.counts(now) && self.delivered_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::{chat::repeats::Repeats, ids::ConnectorId};

    fn event(repeats: Repeats) -> HandledEvent {
        HandledEvent {
            connector_id: ConnectorId::derive(&["c"]),
            keys: vec!["twilio:SM1".to_owned()],
            at: Timestamp::from_millis(1_000_000),
            repeats,
            conversation_id: Some(ConversationId::derive(&["d"])),
            request_id: Some(AccessRequestId::derive(&["r"])),
        }
    }

    #[test]
    fn a_row_counts_until_its_time_whether_or_not_it_was_deleted_by_then() {
        let row = HandledEventItem::taken(&event(Repeats::For(Duration::from_secs(10))), "k");
        assert_eq!(row.expires_at, Some(1010));
        assert!(row.counts(Timestamp::from_millis(1_009_999)));
        assert!(!row.counts(Timestamp::from_millis(1_010_000)));
        let row = HandledEventItem::taken(&event(Repeats::ForEver), "k");
        assert_eq!(row.expires_at, None);
        assert!(row.counts(Timestamp::from_millis(i64::MAX)));
    }

    #[test]
    fn the_event_of_a_message_that_waits_is_remembered_as_long_as_the_message_and_never_forgotten_sooner()
     {
        let days = |days: u64| days * 24 * 3600;
        for (repeats, expected) in [
            (Repeats::For(Duration::from_secs(10)), Some(days(30))),
            (Repeats::For(Duration::from_secs(days(40))), Some(days(40))),
            (Repeats::ForEver, None),
        ] {
            let row = HandledEventItem::waiting(&event(repeats), "k");
            let expected = expected.map(|after| 1000 + i64::try_from(after).unwrap());
            assert_eq!(row.expires_at, expected);
            assert_eq!(row.delivered_at, None);
        }
    }

    #[test]
    fn a_message_that_was_only_taken_in_is_not_delivered_yet() {
        let now = Timestamp::from_millis(1_000_001);
        let event = event(Repeats::ForEver);
        let taken = HandledEventItem::taken(&event, "k");
        assert!(taken.counts(now) && !taken.counts_as_delivered(now));
        let delivered = HandledEventItem::delivered(&event, "k", Some(7));
        assert!(delivered.counts(now) && delivered.counts_as_delivered(now));
        assert_eq!((&taken.pk, &taken.sk), (&delivered.pk, &delivered.sk));
    }

    #[test]
    fn a_row_leads_to_its_message_and_one_of_the_release_before_to_none() {
        let event = event(Repeats::ForEver);
        let mut row = to_row(&HandledEventItem::delivered(&event, "k", Some(7))).unwrap();
        let read: HandledEventItem = from_row(row.clone(), "handled event").unwrap();
        assert_eq!(read.message_number, Some(7));
        row.remove("message_number").unwrap();
        for since in ["veiled_conversation", "veiled_request"] {
            row.remove(since).unwrap();
        }
        let read: HandledEventItem = from_row(row, "handled event").unwrap();
        assert_eq!(read.message_number, None);
        assert_eq!(
            (read.conversation_id("k"), read.request_id("k")),
            (None, None)
        );
    }

    #[test]
    fn a_row_leads_to_a_conversation_and_a_request_whoever_knows_the_event_s_key_and_nobody_else() {
        let event = event(Repeats::ForEver);
        let row = HandledEventItem::taken(&event, "k");
        assert_eq!(row.conversation_id("k"), event.conversation_id);
        assert_eq!(row.request_id("k"), event.request_id);
        assert_ne!(row.conversation_id("l"), event.conversation_id);
        let stored = serde_json::to_string(&row).unwrap();
        for id in [
            ConversationId::derive(&["d"]).to_string(),
            AccessRequestId::derive(&["r"]).to_string(),
        ] {
            assert!(!stored.contains(&id), "{stored}");
        }
    }
}
