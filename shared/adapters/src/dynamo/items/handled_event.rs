use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use vestibule_domain::{Timestamp, chat::repeats::HandledEvent};

/// An event that was handled, under one of its keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct HandledEventItem {
    pk: String,
    sk: String,
    handled_at: Timestamp,
    /// Present once the event's message has reached the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delivered_at: Option<Timestamp>,
    /// Number of the message on record that the event brought, if it is on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) message_number: Option<u64>,
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
            expires_at: event.until().map(Timestamp::seconds),
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
    use std::time::Duration;
    use vestibule_domain::{chat::repeats::Repeats, ids::ConnectorId};

    fn event(repeats: Repeats) -> HandledEvent {
        HandledEvent {
            connector_id: ConnectorId::derive(&["c"]),
            keys: vec!["twilio:SM1".to_owned()],
            at: Timestamp::from_millis(1_000_000),
            repeats,
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
        let read: HandledEventItem = from_row(row, "handled event").unwrap();
        assert_eq!(read.message_number, None);
    }
}
