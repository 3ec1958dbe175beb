use crate::dynamo::{keys, marks::Marked};
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    AccountScope, Timestamp,
    event::{
        catalogue::EventType,
        delivery::{EventAttempt, EventDelivery, EventDeliveryStatus},
        outgoing::OutgoingEvent,
    },
    ids::{OutgoingEventId, ProjectId, SubscriptionId},
};

/// An event delivery, with its outbox mark while it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct EventDeliveryItem {
    pk: String,
    sk: String,
    all_pk: String,
    all_sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outbox_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outbox_due: Option<i64>,
    scope: AccountScope,
    subscription_id: SubscriptionId,
    event_id: OutgoingEventId,
    kind: EventType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    project_id: Option<ProjectId>,
    /// See [`EventDelivery::sequence`].
    number: u64,
    delivery_status: EventDeliveryStatus,
    tries: u32,
    since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_try_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_attempt: Option<EventAttempt>,
    created_at: Timestamp,
    pub(in crate::dynamo) version: u64,
    expires_at: i64,
}

impl EventDeliveryItem {
    /// Makes the row of a new delivery. Its job counts as lost from `due` on.
    pub(in crate::dynamo) fn new(delivery: &EventDelivery, due: Timestamp) -> Self {
        let marked = Marked::by(delivery.job().into());
        let mark = marked.waiting(due);
        Self {
            pk: marked.key.pk,
            sk: marked.key.sk,
            all_pk: keys::event_deliveries(delivery.scope, delivery.subscription_id),
            all_sk: format!("{:016}", delivery.sequence),
            outbox_due: Some(mark.position.0),
            outbox_pk: Some(mark.partition),
            scope: delivery.scope,
            subscription_id: delivery.subscription_id,
            event_id: delivery.event_id,
            kind: delivery.kind,
            project_id: delivery.project_id,
            number: delivery.sequence,
            delivery_status: delivery.status,
            tries: delivery.tries,
            since: delivery.since,
            next_try_at: delivery.next_try_at,
            last_attempt: delivery.last.clone(),
            created_at: delivery.created_at,
            version: 1,
            expires_at: delivery.created_at.plus(OutgoingEvent::KEPT).seconds(),
        }
    }

    /// Whether the row is a delivery to this subscription. IAM does not restrict the keys of a list.
    pub(in crate::dynamo) fn is_to(&self, scope: AccountScope, id: SubscriptionId) -> bool {
        self.scope == scope && self.subscription_id == id
    }
}

impl From<EventDeliveryItem> for EventDelivery {
    fn from(item: EventDeliveryItem) -> Self {
        Self {
            scope: item.scope,
            subscription_id: item.subscription_id,
            event_id: item.event_id,
            kind: item.kind,
            project_id: item.project_id,
            sequence: item.number,
            status: item.delivery_status,
            tries: item.tries,
            since: item.since,
            next_try_at: item.next_try_at,
            last: item.last_attempt,
            created_at: item.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::ids::AccountId;

    #[test]
    fn a_delivery_is_read_as_it_was_stored_and_listed_by_its_number() {
        let at = Timestamp::from_millis(1_800_000_000_000);
        let delivery = EventDelivery {
            scope: AccountScope::of_verified(AccountId::derive(&["a"])),
            subscription_id: SubscriptionId::derive(&["s"]),
            event_id: OutgoingEventId::derive(&["e"]),
            kind: EventType::MemberLeft,
            project_id: None,
            sequence: 12,
            status: EventDeliveryStatus::Waiting,
            tries: 1,
            since: at,
            next_try_at: Some(at),
            last: Some(EventAttempt {
                at,
                took_ms: 7,
                http_status: Some(503),
                answer: Some("busy".to_owned()),
                problem: Some("http 503".to_owned()),
            }),
            created_at: at,
        };
        let item = EventDeliveryItem::new(&delivery, at);
        assert!(item.is_to(delivery.scope, delivery.subscription_id));
        assert_eq!(item.all_sk, "0000000000000012");
        let read: EventDeliveryItem = from_row(to_row(&item).unwrap(), "delivery").unwrap();
        assert_eq!(EventDelivery::from(read), delivery);
    }
}
