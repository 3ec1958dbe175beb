//! The store of outgoing events: written in the transaction of the change, and published to the subscriptions that ask for
//! them (SPEC F04).

use super::{
    items::{EventDeliveryItem, OutgoingEventItem, SubscriptionHealthItem, SubscriptionItem},
    keys::{
        self, INDEX_OUTBOX, Key, OUTBOX_DUE, OUTBOX_PK, SUBSCRIPTION_PREFIX, parse_outgoing_event,
    },
    marks::Position,
    table::{
        Cancelled, Table, Transacted, check_write, from_row, key_of, n, put_write, s, take,
        update_write,
    },
};
use crate::aws::port_error;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::Deserialize;
use std::collections::BTreeSet;
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    event::{
        delivery::{EventDelivery, EventDeliveryStatus},
        health::SubscriptionHealth,
        outgoing::OutgoingEvent,
        subscription::Subscription,
    },
    ids::{OutgoingEventId, SubscriptionId, SystemIds},
    job::{JobKind, JobOwner, PublishEvent, SendEvent},
    ports::{EVENTS_AT_ONCE, EventPublisher, OUTBOX_PATIENCE, OutboxPart},
    retry::conflict_wait,
};

const WHAT: &str = "outgoing event";
/// Number of attempts at a sequence that other workers come before.
const ATTEMPTS: u32 = 8;

/// See [`EventPublisher`].
#[derive(Debug, Clone)]
pub struct DynamoEvents {
    table: Table,
}

/// The number of the last event that a subscription was to get.
#[derive(Deserialize)]
struct SequenceItem {
    last_number: u64,
}

impl Table {
    /// Makes the write of an outgoing event. It has no condition: a repeated transaction writes the same event, and one
    /// that was published is published again to nobody.
    pub(super) fn outgoing_event_write(
        &self,
        event: &OutgoingEvent,
    ) -> Result<TransactWriteItem, PortError> {
        self.replacing_part(&OutgoingEventItem::from(event))
            .map(put_write)
    }

    /// Makes the check that a subscription was not deleted, for a row beside it that may not outlive it.
    pub(super) fn subscription_check(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
    ) -> Result<TransactWriteItem, PortError> {
        self.check_part(
            &keys::subscription(scope, id),
            "attribute_exists(pk)",
            &[],
            &[],
        )
        .map(check_write)
    }

    /// Reads the keys of the first rows of a part of the outbox whose marks lie between these positions.
    pub(super) async fn marked(
        &self,
        part: OutboxPart,
        (first, last): (Position, Position),
        limit: usize,
    ) -> Result<Vec<Key>, PortError> {
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(INDEX_OUTBOX)
            .key_condition_expression(format!(
                "{OUTBOX_PK} = :part AND {OUTBOX_DUE} BETWEEN :first AND :last"
            ))
            .expression_attribute_values(":part", s(keys::outbox(part)))
            .expression_attribute_values(":first", n(first.0))
            .expression_attribute_values(":last", n(last.0))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (outbox)", error))?;
        let rows = answer.items.unwrap_or_default();
        Ok(rows.iter().filter_map(key_of).collect())
    }

    /// Reads an account's subscriptions.
    pub(super) async fn subscriptions_of(
        &self,
        scope: AccountScope,
    ) -> Result<Vec<Subscription>, PortError> {
        let partition = keys::subscriptions(scope);
        let rows = self
            .partition(&partition, "dynamodb: Query (subscriptions)")
            .await?;
        let mut found: Vec<Subscription> = Vec::new();
        for row in rows {
            let key = key_of(&row);
            if key.is_some_and(|key| key.sk.starts_with(SUBSCRIPTION_PREFIX)) {
                let item: SubscriptionItem = from_row(row, "subscription")?;
                found.push(item.into());
            }
        }
        found.sort_by_key(|subscription| (subscription.created_at, subscription.id));
        Ok(found)
    }

    /// Reads the health of subscriptions. One that never failed has none.
    pub(super) async fn health_of(
        &self,
        scope: AccountScope,
        ids: &[SubscriptionId],
    ) -> Result<Vec<(SubscriptionId, SubscriptionHealth)>, PortError> {
        let wanted: Vec<Key> = ids
            .iter()
            .map(|id| keys::subscription_health(scope, *id))
            .collect();
        let mut rows = self.get_batch(&wanted).await?;
        let mut found = Vec::new();
        for (id, key) in ids.iter().zip(&wanted) {
            let item: Option<SubscriptionHealthItem> = take(&mut rows, key, "health")?;
            found.extend(item.map(|item| (*id, item.into())));
        }
        Ok(found)
    }
}

impl DynamoEvents {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Reads the number of the last event that a subscription was to get.
    async fn last_number(&self, subscription: &Subscription) -> Result<u64, PortError> {
        let key = keys::subscription_sequence(subscription.scope, subscription.id);
        let item: Option<SequenceItem> = self.table.get(&key, "sequence").await?;
        Ok(item.map_or(0, |item| item.last_number))
    }

    /// Makes the writes of deliveries, behind that of the sequence, which is to stand at `last`. A sequence ends with its
    /// subscription, so one that begins comes with the check that the subscription is there, as the last part.
    fn delivery_writes(
        &self,
        subscription: &Subscription,
        deliveries: &[EventDelivery],
        last: u64,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let next = deliveries.last().map_or(last, |last| last.sequence);
        let condition = if last == 0 {
            "attribute_not_exists(pk)"
        } else {
            "last_number = :read"
        };
        let mut values = vec![(":next", n(next))];
        if last > 0 {
            values.push((":read", n(last)));
        }
        let sequence = self.table.update_part(
            &keys::subscription_sequence(subscription.scope, subscription.id),
            "SET last_number = :next",
            condition,
            &[],
            &values,
        )?;
        let mut writes = vec![update_write(sequence)];
        for delivery in deliveries {
            let item = EventDeliveryItem::new(delivery, delivery.created_at.plus(OUTBOX_PATIENCE));
            let put = self
                .table
                .put_part(&item, "attribute_not_exists(pk)", &[])?;
            writes.push(put_write(put));
        }
        if last == 0 {
            let check = self
                .table
                .subscription_check(subscription.scope, subscription.id)?;
            writes.push(check);
        }
        Ok(writes)
    }

    /// Removes the mark of an event, unless it is gone.
    async fn unmark(&self, job: PublishEvent) -> Result<(), PortError> {
        let update = self.table.update_part(
            &keys::outgoing_event(job.scope, job.event_id),
            "SET version = version + :one REMOVE outbox_pk, outbox_due",
            "attribute_exists(outbox_pk)",
            &[],
            &[(":one", n(1))],
        )?;
        self.table.update(update).await.map(|_| ())
    }
}

/// Makes the deliveries of these events behind the number `last`.
fn numbered(
    subscription: &Subscription,
    events: &[&OutgoingEvent],
    last: u64,
    now: Timestamp,
) -> Vec<EventDelivery> {
    let delivery = |(event, sequence): (&&OutgoingEvent, u64)| EventDelivery {
        scope: subscription.scope,
        subscription_id: subscription.id,
        event_id: event.id,
        kind: event.kind,
        project_id: event.told.project_id,
        sequence,
        status: EventDeliveryStatus::Waiting,
        tries: 0,
        since: now,
        next_try_at: Some(now),
        last: None,
        created_at: now,
    };
    events.iter().zip(last + 1..).map(delivery).collect()
}

/// The events whose deliveries are there already, as the reasons of a cancelled transaction tell.
fn delivered_before(
    deliveries: &[EventDelivery],
    reasons: &[Cancelled],
) -> BTreeSet<OutgoingEventId> {
    let of_deliveries = reasons.iter().skip(1);
    deliveries
        .iter()
        .zip(of_deliveries)
        .filter(|(_, reason)| matches!(reason, Cancelled::Condition(_)))
        .map(|(delivery, _)| delivery.event_id)
        .collect()
}

/// Whether the subscription of these deliveries was deleted, as the reasons of a cancelled transaction tell.
fn is_for_nobody(deliveries: &[EventDelivery], reasons: &[Cancelled]) -> bool {
    let of_check = reasons.get(deliveries.len() + 1);
    matches!(of_check, Some(Cancelled::Condition(_)))
}

#[async_trait]
impl EventPublisher for DynamoEvents {
    async fn event(&self, job: PublishEvent) -> Result<Option<OutgoingEvent>, PortError> {
        let key = keys::outgoing_event(job.scope, job.event_id);
        let item: Option<OutgoingEventItem> = self.table.get(&key, WHAT).await?;
        let pending = item.filter(OutgoingEventItem::is_pending);
        Ok(pending.map(OutgoingEvent::from))
    }

    async fn subscribers(&self, scope: AccountScope) -> Result<Vec<Subscription>, PortError> {
        let mut subscriptions = self.table.subscriptions_of(scope).await?;
        let ids: Vec<SubscriptionId> = subscriptions.iter().map(|one| one.id).collect();
        let health = self.table.health_of(scope, &ids).await?;
        let paused: BTreeSet<SubscriptionId> = health
            .into_iter()
            .filter(|(_, health)| health.paused.is_some())
            .map(|(id, _)| id)
            .collect();
        subscriptions.retain(|one| !paused.contains(&one.id));
        Ok(subscriptions)
    }

    async fn deliver(
        &self,
        subscription: &Subscription,
        events: &[OutgoingEvent],
        now: Timestamp,
    ) -> Result<Vec<SendEvent>, PortError> {
        let mut left: Vec<&OutgoingEvent> = events.iter().take(EVENTS_AT_ONCE).collect();
        for attempt in 1..=ATTEMPTS {
            if left.is_empty() {
                return Ok(Vec::new());
            }
            let last = self.last_number(subscription).await?;
            let deliveries = numbered(subscription, &left, last, now);
            let writes = self.delivery_writes(subscription, &deliveries, last)?;
            let reasons = match self.table.transact(writes).await? {
                Transacted::Done => {
                    return Ok(deliveries.iter().map(EventDelivery::job).collect());
                }
                Transacted::Cancelled(reasons) => reasons,
            };
            if is_for_nobody(&deliveries, &reasons) {
                return Ok(Vec::new());
            }
            let before = delivered_before(&deliveries, &reasons);
            left.retain(|event| !before.contains(&event.id));
            if before.is_empty() {
                tokio::time::sleep(conflict_wait(attempt, &SystemIds)).await;
            }
        }
        Err(PortError::Conflict { what: "sequence" })
    }

    async fn published(&self, jobs: &[PublishEvent]) -> Result<(), PortError> {
        for job in jobs {
            self.unmark(*job).await?;
        }
        Ok(())
    }

    async fn unpublished(
        &self,
        scope: AccountScope,
        limit: usize,
    ) -> Result<Vec<PublishEvent>, PortError> {
        let (first, last) = Position::lane_of(JobOwner::Account(scope.account_id()));
        let mut found = Vec::new();
        for part in OutboxPart::of(JobKind::PublishEvent) {
            let room = limit.saturating_sub(found.len());
            if room == 0 {
                break;
            }
            let rows = self.table.marked(part, (first, last), room).await?;
            let jobs = rows.iter().filter_map(parse_outgoing_event);
            // Two accounts may share a lane.
            found.extend(jobs.filter(|job| job.scope == scope));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{AwsSettings, sdk_config};
    use vestibule_domain::{
        event::{catalogue::EventType, told::Told},
        ids::AccountId,
        vars::Vars,
    };
    use vestibule_samples::subscription;

    fn store() -> DynamoEvents {
        let variable = |name: &str| (!name.contains("ENDPOINT")).then(|| "test".to_owned());
        let settings = AwsSettings::read(&mut Vars::new(&variable));
        DynamoEvents::new(Table::new(&sdk_config(&settings), "table"))
    }

    fn scope() -> AccountScope {
        AccountScope::of_verified(AccountId::derive(&["a"]))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn event(name: &str) -> OutgoingEvent {
        let kind = EventType::MemberLeft;
        OutgoingEvent::new(kind, scope(), at(1), &[name], Told::default())
    }

    /// SPEC F04.
    #[test]
    fn the_deliveries_of_a_transaction_have_the_next_numbers_without_a_gap() {
        let events = [event("1"), event("2"), event("3")];
        let events: Vec<&OutgoingEvent> = events.iter().collect();
        let deliveries = numbered(&subscription(), &events, 7, at(9));
        let numbers: Vec<u64> = deliveries.iter().map(|one| one.sequence).collect();
        assert_eq!(numbers, [8, 9, 10]);
        let writes = store()
            .delivery_writes(&subscription(), &deliveries, 7)
            .unwrap();
        assert_eq!(writes.len(), 4);
        let sequence = writes[0].update.as_ref().unwrap();
        let values = sequence.expression_attribute_values.as_ref().unwrap();
        assert_eq!((&values[":next"], &values[":read"]), (&n(10), &n(7)));
        let first = numbered(&subscription(), &events, 0, at(9));
        assert_eq!(first[0].sequence, 1);
        let writes = store().delivery_writes(&subscription(), &first, 0).unwrap();
        let check = writes.last().unwrap().condition_check.as_ref().unwrap();
        let place = keys::subscription(scope(), subscription().id);
        assert_eq!(key_of(&check.key), Some(place));
    }

    #[test]
    fn a_cancelled_transaction_tells_which_deliveries_are_there() {
        let events = [event("1"), event("2")];
        let events: Vec<&OutgoingEvent> = events.iter().collect();
        let deliveries = numbered(&subscription(), &events, 0, at(9));
        let reasons = [
            Cancelled::NotThis,
            Cancelled::NotThis,
            Cancelled::Condition(None),
        ];
        let before = delivered_before(&deliveries, &reasons);
        assert_eq!(before, BTreeSet::from([events[1].id]));
        let overtaken = [
            Cancelled::Condition(None),
            Cancelled::NotThis,
            Cancelled::NotThis,
        ];
        assert!(delivered_before(&deliveries, &overtaken).is_empty());
        assert!(!is_for_nobody(&deliveries, &overtaken));
        let deleted = [
            Cancelled::NotThis,
            Cancelled::NotThis,
            Cancelled::NotThis,
            Cancelled::Condition(None),
        ];
        assert!(is_for_nobody(&deliveries, &deleted));
    }

    #[test]
    fn an_event_is_written_without_a_condition() {
        let write = store().table.outgoing_event_write(&event("1")).unwrap();
        let put = write.put.unwrap();
        assert_eq!(put.condition_expression, None);
        assert_eq!(
            key_of(&put.item),
            Some(keys::outgoing_event(scope(), event("1").id))
        );
    }
}
