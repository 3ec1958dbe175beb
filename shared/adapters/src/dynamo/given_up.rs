//! The store of deliveries and texts that were given up.
//!
//! An entry is removed in the write that takes its work up again, so two calls never do so both, and a crash
//! loses neither the entry nor the work.

use super::{
    items::{GivenUpItem, ParkedConversationItem, RedriveItem},
    keys,
    lists::{Index, List},
    table::{
        Attributes, Cancelled, Conditional, Table, Transacted, delete_write, from_row, key_of, n,
        put_write, s, to_value, update_write,
    },
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use std::sync::Arc;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat::given_up::{GivenUpEntry, GivenUpId},
    event::AuditEntry,
    job::DeliverMessage,
    page::{ListError, Page, PageRequest},
    ports::{
        GivenUpFilter, GivenUpStore, OrderedRedrive, Parking, Redrive, RedriveProgress, Redriven,
    },
};

const WHAT: &str = "delivery that was given up";
const ORDER: &str = "order to redrive";
/// Number of attempts at a delivery whose conversation changes meanwhile.
const ATTEMPTS: u32 = 5;

/// See [`GivenUpStore`].
#[derive(Debug, Clone)]
pub struct DynamoGivenUp {
    table: Table,
    vault: Arc<KmsVault>,
}

impl DynamoGivenUp {
    /// Makes the store on this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }
}

/// Reads a row of the list. `None` for one that cannot be read, or is of another project: IAM does not restrict
/// the attributes by which an index leads to rows.
fn read(scope: ProjectScope, row: Attributes) -> Option<GivenUpEntry> {
    let key = key_of(&row);
    let item = item(row)?;
    if key.as_ref() == Some(&keys::given_up(scope, item.id())) {
        return entry(item);
    }
    let key = key.map_or_else(String::new, |key| key.to_string());
    tracing::error!(
        row.key = key,
        "a list of what was given up leads to another project's row"
    );
    None
}

/// Reads a row. One that cannot be read is left out: the others of its page must not wait for it.
fn item(row: Attributes) -> Option<GivenUpItem> {
    let key = key_of(&row).map_or_else(String::new, |key| key.to_string());
    let item = from_row(row, WHAT);
    if item.is_err() {
        tracing::error!(
            row.key = key,
            "something that was given up cannot be read and is left out"
        );
    }
    item.ok()
}

/// Reads the work of a row, like [`item`].
fn entry(item: GivenUpItem) -> Option<GivenUpEntry> {
    let id = item.id();
    let entry = GivenUpEntry::try_from(item);
    if entry.is_err() {
        tracing::error!(
            delivery.id = %id,
            "something that was given up cannot be read and is left out"
        );
    }
    entry.ok()
}

#[async_trait]
impl GivenUpStore for DynamoGivenUp {
    async fn list_given_up(
        &self,
        scope: ProjectScope,
        filter: &GivenUpFilter,
        page: &PageRequest,
    ) -> Result<Page<GivenUpEntry>, ListError> {
        let connector = filter.connector_id.map(|id| ("connector_id", s(id)));
        let environment = filter.environment_id.map(|id| ("environment_id", s(id)));
        let list = List {
            index: Index::ByState,
            // All places of this very time lie before it.
            below: filter.until.map(|until| format!("{until}~")),
            equal: [connector, environment].into_iter().flatten().collect(),
            ..List::all(keys::given_up_deliveries(scope))
        };
        let rows = self.table.page(&list, page, &self.vault).await?;
        let mut items = Vec::new();
        for row in rows.items {
            items.extend(read(scope, row));
        }
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    async fn find_given_up(
        &self,
        scope: ProjectScope,
        ids: &[GivenUpId],
    ) -> Result<Vec<GivenUpEntry>, PortError> {
        let mut wanted: Vec<_> = ids.iter().map(|id| keys::given_up(scope, *id)).collect();
        // DynamoDB refuses to read a row twice in one call.
        wanted.sort_by(|one, two| (&one.pk, &one.sk).cmp(&(&two.pk, &two.sk)));
        wanted.dedup();
        let mut items = Vec::new();
        for row in self.table.get_batch(&wanted).await?.into_values() {
            items.extend(item(row));
        }
        items.sort_by(|one, two| one.place().cmp(two.place()));
        Ok(items.into_iter().filter_map(entry).collect())
    }

    async fn order_redrive(
        &self,
        order: &Redrive,
        audit: &AuditEntry,
    ) -> Result<OrderedRedrive, PortError> {
        let put = self.table.put_part(
            &RedriveItem::new(order),
            "attribute_not_exists(pk) OR expires_at <= :now",
            &[(":now", n(order.at.seconds()))],
        )?;
        let writes = vec![put_write(put), self.table.audit_write(audit)?];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(OrderedRedrive::Now(order.clone())),
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                Some(Cancelled::Condition(Some(row))) => {
                    let item: RedriveItem = from_row(row, ORDER)?;
                    Ok(OrderedRedrive::Before(item.of(order.scope, order.id)))
                }
                _ => Err(PortError::Conflict { what: ORDER }),
            },
        }
    }

    async fn note_redrive(&self, order: &Redrive, step: &RedriveProgress) -> Result<(), PortError> {
        let next = step.next.as_ref().map(|cursor| cursor.0.as_str());
        let update = self.table.update_part(
            &keys::redrive(order.scope, order.id),
            "SET redriven = redriven + :redriven, left_over = left_over + :left, \
             next_page = :next, is_done = :done",
            "attribute_exists(pk)",
            &[],
            &[
                (":redriven", n(step.redriven)),
                (":left", n(step.left)),
                (":next", to_value(&next)?),
                (":done", to_value(&step.is_done)?),
            ],
        )?;
        match self.table.update(update).await? {
            Conditional::Done(_) => Ok(()),
            Conditional::Failed(_) => Err(PortError::Conflict { what: ORDER }),
        }
    }

    async fn redrive_delivery(
        &self,
        job: &DeliverMessage,
        attempts: u32,
        at: Timestamp,
    ) -> Result<Redriven, PortError> {
        let agent = job.drain_parked();
        let entry = keys::given_up(job.scope, GivenUpId::of_delivery(job));
        let key = keys::parked_conversation(job.scope, job.environment_id, job.conversation.id);
        for _ in 0..ATTEMPTS {
            let parked: Option<ParkedConversationItem> =
                self.table.get(&key, "parked conversation").await?;
            let parking = Parking {
                job,
                attempts,
                behind: parked.map(|item| item.of(agent)),
                event: None,
                at,
            };
            let removal = self
                .table
                .delete_part(&entry, "attribute_exists(pk)", &[])?;
            let mut writes = vec![delete_write(removal)];
            writes.extend(self.table.parking_writes(&parking)?);
            writes.push(update_write(self.table.drain_order(agent, at, at)?));
            match self.table.transact(writes).await? {
                Transacted::Done => return Ok(Redriven::Now),
                Transacted::Cancelled(reasons) => {
                    if matches!(reasons.first(), Some(Cancelled::Condition(_))) {
                        return Ok(Redriven::Gone);
                    }
                }
            }
        }
        Err(PortError::Conflict {
            what: "parked conversation",
        })
    }
}
