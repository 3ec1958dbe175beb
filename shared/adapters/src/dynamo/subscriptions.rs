//! The store of subscriptions, for those who manage them (SPEC F04).

use super::{
    event_deliveries::read_health,
    items::{EventDeliveryItem, OutgoingEventItem, SubscriptionItem},
    keys,
    lists::List,
    marks::Marked,
    table::{
        Attributes, Cancelled, Table, Transacted, delete_write, from_row, n, put_write, s, take,
        to_value, update_write,
    },
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use serde::Deserialize;
use std::{collections::HashMap, sync::Arc, time::Duration};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    event::{
        AuditEntry,
        delivery::EventDelivery,
        health::SubscriptionHealth,
        subscription::{SUBSCRIPTIONS_MAX, Subscription},
    },
    ids::{OutgoingEventId, SubscriptionId},
    job::SendEvent,
    page::{ListError, Page, PageRequest},
    ports::{
        By, EventDeliveryFilter, OUTBOX_PATIENCE, SentAgain, SubscriptionAdded, SubscriptionStore,
        TestBegun,
    },
};

const WHAT: &str = "subscription";
const FRESH: &str = "attribute_not_exists(pk)";
/// Time after which a test counts as ended if nobody recorded its end: its execution was killed.
const TEST_LOST_AFTER: Duration = Duration::from_secs(15);
/// Number of attempts at a row that workers change meanwhile.
const ATTEMPTS: u32 = 8;

/// See [`SubscriptionStore`].
#[derive(Debug, Clone)]
pub struct DynamoSubscriptions {
    table: Table,
    vault: Arc<KmsVault>,
}

/// The test under way.
#[derive(Deserialize)]
struct TestItem {
    until_ms: i64,
}

impl DynamoSubscriptions {
    /// Makes the store on this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }

    /// Makes the write by which a subscription is one of the account's, if there are not too many.
    fn joining_write(&self, subscription: &Subscription) -> Result<TransactWriteItem, PortError> {
        let update = self.table.update_part(
            &keys::subscription_ids(subscription.scope),
            "ADD ids :own",
            "attribute_not_exists(ids) OR size(ids) < :most",
            &[],
            &[(":own", own(subscription)), (":most", n(SUBSCRIPTIONS_MAX))],
        )?;
        Ok(update_write(update))
    }

    /// Makes the write by which a subscription is none of the account's any more.
    fn leaving_write(&self, subscription: &Subscription) -> Result<TransactWriteItem, PortError> {
        let update = self.table.update_part(
            &keys::subscription_ids(subscription.scope),
            "DELETE ids :own",
            "attribute_exists(pk)",
            &[],
            &[(":own", own(subscription))],
        )?;
        Ok(update_write(update))
    }

    /// Makes the write of a delivery that is to be sent again, if its row is still at this version.
    fn again_write(
        &self,
        delivery: &EventDelivery,
        version: u64,
        now: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let marked = Marked::by(delivery.job().into());
        let mark = marked.waiting(now.plus(OUTBOX_PATIENCE));
        let update = self.table.update_part(
            &marked.key,
            "SET delivery_status = :status, tries = :tries, since = :since, next_try_at = :since, \
             outbox_pk = :part, outbox_due = :due, version = version + :one \
             REMOVE not_before, attempts, lease_id, lease_until",
            "version = :read",
            &[],
            &[
                (":status", to_value(&delivery.status)?),
                (":tries", n(delivery.tries)),
                (":since", to_value(&delivery.since)?),
                (":part", mark.pk()),
                (":due", mark.due()),
                (":one", n(1)),
                (":read", n(version)),
            ],
        )?;
        Ok(update_write(update))
    }

    /// Reads a delivery that can be sent again: its event is still kept.
    async fn kept_delivery(&self, job: SendEvent) -> Result<Option<EventDeliveryItem>, PortError> {
        let delivery = keys::event_delivery(job);
        let event = keys::outgoing_event(job.scope, job.event_id);
        let wanted = [delivery.clone(), event.clone()];
        let mut rows = self.table.get_batch(&wanted).await?;
        let event: Option<OutgoingEventItem> = take(&mut rows, &event, "outgoing event")?;
        if event.is_none() {
            return Ok(None);
        }
        take(&mut rows, &delivery, "event delivery")
    }
}

/// The id of a subscription as a set.
fn own(subscription: &Subscription) -> AttributeValue {
    AttributeValue::Ss(vec![subscription.id.to_string()])
}

/// The row whose condition failed, of the first part of a transaction. `Conflict` if another part failed.
fn first_row(reasons: Vec<Cancelled>) -> Result<Option<Attributes>, PortError> {
    match reasons.into_iter().next() {
        Some(Cancelled::Condition(row)) => Ok(row),
        _ => Err(PortError::Conflict { what: WHAT }),
    }
}

#[async_trait]
impl SubscriptionStore for DynamoSubscriptions {
    async fn subscriptions(&self, scope: AccountScope) -> Result<Vec<Subscription>, PortError> {
        self.table.subscriptions_of(scope).await
    }

    async fn subscription(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, PortError> {
        let key = keys::subscription(scope, id);
        let item: Option<SubscriptionItem> = self.table.get(&key, WHAT).await?;
        Ok(item.map(Into::into))
    }

    async fn add_subscription(
        &self,
        subscription: &Subscription,
        by: By<'_>,
    ) -> Result<SubscriptionAdded, PortError> {
        let item = SubscriptionItem::from(subscription);
        let writes = vec![
            put_write(self.table.put_part(&item, FRESH, &[])?),
            self.joining_write(subscription)?,
        ];
        let mut reasons = match self.table.transact_by(writes, by).await? {
            Transacted::Done => return Ok(SubscriptionAdded::New),
            Transacted::Cancelled(reasons) => reasons.into_iter(),
        };
        match (reasons.next(), reasons.next()) {
            (Some(Cancelled::Condition(Some(row))), _) => {
                let existing: SubscriptionItem = from_row(row, WHAT)?;
                Ok(SubscriptionAdded::Existing(Box::new(existing.into())))
            }
            (_, Some(Cancelled::Condition(_))) => Ok(SubscriptionAdded::TooMany),
            _ => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn update_subscription(
        &self,
        subscription: &Subscription,
        by: By<'_>,
    ) -> Result<(), PortError> {
        let item = SubscriptionItem::from(&Subscription {
            version: subscription.version + 1,
            ..subscription.clone()
        });
        self.table
            .replace_by(&item, subscription.version, vec![], by, WHAT)
            .await
    }

    async fn delete_subscription(
        &self,
        subscription: &Subscription,
        by: By<'_>,
    ) -> Result<(), PortError> {
        let (scope, id) = (subscription.scope, subscription.id);
        let delete = self.table.delete_part(
            &keys::subscription(scope, id),
            "version = :read",
            &[(":read", n(subscription.version))],
        )?;
        let sequence = keys::subscription_sequence(scope, id);
        let health = keys::subscription_health(scope, id);
        let writes = vec![
            delete_write(delete),
            self.leaving_write(subscription)?,
            delete_write(self.table.removal_part(&sequence)?),
            delete_write(self.table.removal_part(&health)?),
        ];
        match self.table.transact_by(writes, by).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn subscription_health(
        &self,
        scope: AccountScope,
        ids: &[SubscriptionId],
    ) -> Result<HashMap<SubscriptionId, SubscriptionHealth>, PortError> {
        let found = self.table.health_of(scope, ids).await?;
        Ok(found.into_iter().collect())
    }

    async fn resume_subscription(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
        by: By<'_>,
    ) -> Result<bool, PortError> {
        let mut found = self.table.health_of(scope, &[id]).await?;
        let mut health = found.pop().map(|(_, health)| health).unwrap_or_default();
        for _ in 0..ATTEMPTS {
            if health.paused.is_none() {
                return Ok(false);
            }
            let put = self.table.health_put(scope, id, &health.resumed())?;
            let reasons = match self.table.transact_by(vec![put_write(put)], by).await? {
                Transacted::Done => return Ok(true),
                Transacted::Cancelled(reasons) => reasons,
            };
            health = read_health(first_row(reasons)?)?;
        }
        Err(PortError::Conflict { what: WHAT })
    }

    async fn event_deliveries(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
        filter: &EventDeliveryFilter,
        page: &PageRequest,
    ) -> Result<Page<EventDelivery>, ListError> {
        let status = filter.status.map(|status| s(status.key()));
        let list = List {
            equal: status
                .map(|status| ("delivery_status", status))
                .into_iter()
                .collect(),
            ..List::all(keys::event_deliveries(scope, id))
        };
        let rows = self.table.page(&list, page, &self.vault).await?;
        let mut items = Vec::new();
        for row in rows.items {
            let item: EventDeliveryItem = from_row(row, "event delivery")?;
            if item.is_to(scope, id) {
                items.push(EventDelivery::from(item));
            }
        }
        items.retain(|delivery| delivery.is_listed(filter.since));
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    async fn event_delivery(&self, job: SendEvent) -> Result<Option<EventDelivery>, PortError> {
        let key = keys::event_delivery(job);
        let item: Option<EventDeliveryItem> = self.table.get(&key, "event delivery").await?;
        Ok(item.map(Into::into))
    }

    async fn send_again(
        &self,
        job: SendEvent,
        now: Timestamp,
        by: By<'_>,
    ) -> Result<SentAgain, PortError> {
        for _ in 0..ATTEMPTS {
            let Some(item) = self.kept_delivery(job).await? else {
                return Ok(SentAgain::Gone);
            };
            let version = item.version;
            let delivery = EventDelivery::from(item);
            if !delivery.can_be_repeated(now) {
                return Ok(SentAgain::Gone);
            }
            let again = delivery.again(now);
            let writes = vec![self.again_write(&again, version, now)?];
            if let Transacted::Done = self.table.transact_by(writes, by).await? {
                return Ok(SentAgain::Ordered(Box::new(again)));
            }
        }
        Err(PortError::Conflict {
            what: "event delivery",
        })
    }

    async fn begin_test(
        &self,
        scope: AccountScope,
        id: OutgoingEventId,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<TestBegun, PortError> {
        let update = self.table.update_part(
            &keys::subscription_test(scope),
            "SET test_id = :test, until_ms = :end",
            "attribute_not_exists(until_ms) OR until_ms <= :now OR test_id = :test",
            &[],
            &[
                (":test", s(id)),
                (":end", n(now.plus(TEST_LOST_AFTER).millis())),
                (":now", n(now.millis())),
            ],
        )?;
        let mut writes = vec![update_write(update)];
        writes.extend(self.table.entry_writes(audit)?);
        let reasons = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(TestBegun::Begun),
            Transacted::Cancelled(reasons) => reasons,
        };
        let running = first_row(reasons)?.map(|row| from_row::<TestItem>(row, "test"));
        let end = running
            .transpose()?
            .map_or(now, |running| Timestamp::from_millis(running.until_ms));
        Ok(TestBegun::Busy(end.since(now)))
    }

    async fn end_test(&self, scope: AccountScope, id: OutgoingEventId) -> Result<(), PortError> {
        let update = self.table.update_part(
            &keys::subscription_test(scope),
            "REMOVE until_ms",
            "test_id = :test",
            &[],
            &[(":test", s(id))],
        )?;
        self.table.update(update).await.map(|_| ())
    }
}
