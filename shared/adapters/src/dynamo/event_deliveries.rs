//! The store of event deliveries and of the health of subscriptions, for the worker that makes the calls (SPEC F04).

use super::{
    items::{EventDeliveryItem, OutgoingEventItem, SubscriptionHealthItem, SubscriptionItem},
    keys,
    lease::{SETTLED, settled_by},
    marks::{Marked, Position},
    table::{
        Attributes, Cancelled, Conditional, Table, Transacted, from_row, n, put_write, s, take,
        to_value,
    },
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, Put};
use serde_json::json;
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::actor::Actor,
    event::{
        AuditEntry, Change, Event,
        delivery::EventDelivery,
        health::{CallNote, Pause, Room, SubscriptionHealth},
        told::Told,
    },
    ids::{AuditId, LeaseId, SubscriptionId},
    job::{JobKind, JobOwner, SendEvent},
    ports::{Claim, EventSender, Lease, OutboxPart, Sending},
};

const WHAT: &str = "event delivery";
const HEALTH: &str = "health of a subscription";
/// The cause of a pause, in the audit log.
const ORIGIN: &str = "events";
/// Number of attempts at a row that other workers change meanwhile.
const ATTEMPTS: u32 = 8;

/// See [`EventSender`].
#[derive(Debug, Clone)]
pub struct DynamoEventDeliveries {
    table: Table,
}

impl Table {
    /// Makes the write of a subscription's health as it is after a change, if the row is still as it was read.
    pub(super) fn health_put(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
        next: &SubscriptionHealth,
    ) -> Result<Put, PortError> {
        let item = SubscriptionHealthItem::next(scope, id, next);
        if next.version == 0 {
            self.put_part(&item, "attribute_not_exists(pk)", &[])
        } else {
            self.put_part(&item, "version = :read", &[(":read", n(next.version))])
        }
    }
}

/// The outcome of a write of a health.
enum Written {
    /// It is stored.
    Done,
    /// Another worker came first, and this is the row.
    Overtaken(Option<Attributes>),
    /// The subscription was deleted.
    Gone,
}

/// Reads the health of a subscription. One that never failed has no row.
pub(super) fn read_health(row: Option<Attributes>) -> Result<SubscriptionHealth, PortError> {
    let item: Option<SubscriptionHealthItem> = row.map(|row| from_row(row, HEALTH)).transpose()?;
    Ok(item.map(Into::into).unwrap_or_default())
}

/// The health as it is stored once its write took effect.
fn stored(next: SubscriptionHealth) -> SubscriptionHealth {
    SubscriptionHealth {
        version: next.version + 1,
        ..next
    }
}

/// The audit entry of a pause. Its id follows from the pause.
fn entry_of(scope: AccountScope, id: SubscriptionId, pause: Pause) -> AuditEntry {
    let at = pause.since.millis().to_string();
    AuditEntry {
        id: AuditId::derive(&["pause", &id.to_string(), &at]),
        scope,
        at: pause.since,
        actor: Actor::system(),
        change: Change {
            event: Event::SubscriptionPaused(id),
            before: json!({"status": "active"}),
            after: json!({
                "status": "paused",
                "reason": pause.reason,
                "since": pause.since,
            }),
        },
        request_id: ORIGIN.to_owned(),
        told: Told::default(),
    }
}

impl DynamoEventDeliveries {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Writes a health; with what follows from its pause if it begins now. A row that begins comes with the check that its
    /// subscription is there: a note that comes late would leave it behind.
    async fn put_health(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
        next: &SubscriptionHealth,
        pause: Option<Pause>,
    ) -> Result<Written, PortError> {
        let put = self.table.health_put(scope, id, next)?;
        let begins = next.version == 0;
        if !begins && pause.is_none() {
            return Ok(match self.table.put(put).await? {
                Conditional::Done(_) => Written::Done,
                Conditional::Failed(row) => Written::Overtaken(row),
            });
        }
        let mut writes = vec![put_write(put)];
        if begins {
            writes.push(self.table.subscription_check(scope, id)?);
        }
        if let Some(pause) = pause {
            writes.extend(self.table.entry_writes(&entry_of(scope, id, pause))?);
        }
        let mut reasons = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(Written::Done),
            Transacted::Cancelled(reasons) => reasons.into_iter(),
        };
        match (reasons.next(), reasons.next()) {
            (Some(Cancelled::Condition(row)), _) => Ok(Written::Overtaken(row)),
            (_, Some(Cancelled::Condition(_))) if begins => Ok(Written::Gone),
            _ => Err(PortError::Conflict { what: HEALTH }),
        }
    }
}

#[async_trait]
impl EventSender for DynamoEventDeliveries {
    async fn claim_delivery(
        &self,
        job: SendEvent,
        lease: &Lease,
    ) -> Result<Claim<EventDelivery>, PortError> {
        let claim = self.table.claim(job.into(), lease, WHAT).await?;
        Ok(claim.map(|item: EventDeliveryItem| item.into()))
    }

    async fn sending(&self, job: SendEvent) -> Result<Sending, PortError> {
        let subscription = keys::subscription(job.scope, job.subscription_id);
        let event = keys::outgoing_event(job.scope, job.event_id);
        let health = keys::subscription_health(job.scope, job.subscription_id);
        let wanted = [subscription.clone(), event.clone(), health.clone()];
        let mut rows = self.table.get_batch(&wanted).await?;
        let stored: Option<SubscriptionItem> = take(&mut rows, &subscription, "subscription")?;
        let told: Option<OutgoingEventItem> = take(&mut rows, &event, "outgoing event")?;
        Ok(Sending {
            subscription: stored.map(Into::into),
            event: told.map(Into::into),
            health: read_health(rows.remove(&health))?,
        })
    }

    async fn take_call(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
        read: &SubscriptionHealth,
        slot: LeaseId,
        now: Timestamp,
    ) -> Result<(Room, SubscriptionHealth), PortError> {
        let mut health = read.clone();
        for _ in 0..ATTEMPTS {
            let room = health.room(now);
            let Some(next) = health.with_call(slot, now) else {
                return Ok((room, health));
            };
            let row = match self.put_health(scope, id, &next, None).await? {
                Written::Done => return Ok((room, stored(next))),
                Written::Overtaken(row) => row,
                // The next job ends the delivery.
                Written::Gone => return Ok((Room::WaitUntil(now), health)),
            };
            health = read_health(row)?;
            // An earlier attempt of this call took effect and its answer was lost.
            if health.holds(slot) {
                return Ok((room, health));
            }
        }
        Err(PortError::Conflict { what: HEALTH })
    }

    async fn note_call(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
        read: &SubscriptionHealth,
        note: &CallNote,
        slot: Option<LeaseId>,
    ) -> Result<SubscriptionHealth, PortError> {
        let mut health = read.clone();
        for _ in 0..ATTEMPTS {
            let next = health.noted(note, slot);
            if next == health {
                return Ok(health);
            }
            let begins = next.paused.filter(|_| health.paused.is_none());
            match self.put_health(scope, id, &next, begins).await? {
                Written::Done => return Ok(stored(next)),
                Written::Overtaken(row) => health = read_health(row)?,
                Written::Gone => return Ok(health),
            }
        }
        Err(PortError::Conflict { what: HEALTH })
    }

    async fn store_delivery(
        &self,
        delivery: &EventDelivery,
        lease: LeaseId,
    ) -> Result<(), PortError> {
        let mut values: Vec<(&str, AttributeValue)> = vec![
            (":lease", s(lease)),
            (":status", to_value(&delivery.status)?),
            (":tries", n(delivery.tries)),
            (":since", to_value(&delivery.since)?),
            (":one", n(1)),
        ];
        let mut set = "SET delivery_status = :status, tries = :tries, since = :since, \
            settled_lease = :lease, version = version + :one"
            .to_owned();
        if let Some(last) = &delivery.last {
            set.push_str(", last_attempt = :last");
            values.push((":last", to_value(last)?));
        }
        let marked = Marked::by(delivery.job().into());
        let remove = if let Some(next) = delivery.next_try_at {
            let mark = marked.waiting(next);
            set.push_str(
                ", next_try_at = :next, not_before = :until, outbox_pk = :part, outbox_due = :due",
            );
            values.extend([
                (":next", to_value(&next)?),
                (":until", n(next.millis())),
                (":part", mark.pk()),
                (":due", mark.due()),
            ]);
            "lease_id, lease_until, attempts".to_owned()
        } else {
            format!("next_try_at, {SETTLED}")
        };
        let update = self.table.update_part(
            &marked.key,
            &format!("{set} REMOVE {remove}"),
            "lease_id = :lease",
            &[],
            &values,
        )?;
        match self.table.update(update).await? {
            Conditional::Done(_) => Ok(()),
            Conditional::Failed(row) => settled_by(row, lease),
        }
    }

    async fn due_deliveries(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<SendEvent>, PortError> {
        let due = Position::due_of(JobOwner::Subscription(id), now);
        let mut found = Vec::new();
        for part in OutboxPart::of(JobKind::SendEvent) {
            let rows = self.table.marked(part, due, limit).await?;
            let jobs = rows.iter().filter_map(keys::parse_event_delivery);
            // Two subscriptions may share a lane.
            found.extend(jobs.filter(|job| job.scope == scope && job.subscription_id == id));
        }
        Ok(found)
    }

    async fn end_delivery(&self, job: SendEvent, lease: LeaseId) -> Result<(), PortError> {
        let key = keys::event_delivery(job);
        self.table.delete_claimed(&key, lease).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        event::{catalogue::EventType, health::PauseReason, outgoing::OutgoingEvent},
        ids::AccountId,
    };

    /// SPEC F04.
    #[test]
    fn a_pause_is_recorded_once_and_told_to_the_other_subscriptions() {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let id = SubscriptionId::derive(&["s"]);
        let pause = Pause {
            reason: PauseReason::Failing,
            since: Timestamp::from_millis(1_800_000_000_000),
        };
        let entry = entry_of(scope, id, pause);
        assert_eq!(entry, entry_of(scope, id, pause));
        let events = OutgoingEvent::of_entry(&entry);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].kind, EventType::WebhookPaused);
        assert_eq!(events[0].missing(), Vec::<&str>::new());
    }

    #[test]
    fn a_subscription_without_a_row_is_well() {
        assert_eq!(read_health(None).unwrap(), SubscriptionHealth::default());
    }
}
