//! The audit log, read by its dates, actors and targets.

use super::{
    audit_writes::first_id,
    keys::{self, PK, SK},
    lists::{Index, List, open_cursor, seal_cursor},
    table::{Attributes, Table, from_row, key_of, s},
};
use crate::{aws::port_error, vault::KmsVault};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use std::{collections::HashMap, sync::Arc};
use vestibule_domain::{
    AccountScope, Clock, PortError, Timestamp,
    account::actor::Actor,
    event::AuditEntry,
    ids::AuditId,
    page::{ListError, Order, Page, PageRequest},
    ports::{AuditFilter, AuditStore, StoredAuditEntry},
};

const WHAT: &str = "audit entry";
/// Queries for one page. A page may then be short, but has a cursor while there is more.
const READS_MAX: usize = 4;
/// Further queries for one page, of months without entries: the account was quiet, or their time is over.
const EMPTY_MONTHS_MAX: usize = 36;
/// Rows that one query with a filter looks at.
const FILTERED_ROWS: usize = 250;

/// An audit entry as it is read.
#[derive(Deserialize)]
struct StoredItem {
    at: Timestamp,
    actor: Actor,
    action: String,
    target: String,
    #[serde(default)]
    before: serde_json::Value,
    #[serde(default)]
    after: serde_json::Value,
    #[serde(default)]
    request_id: String,
}

/// Reads an entry of this account. `None` for one of another: IAM does not restrict the attributes by which an index
/// leads to rows.
fn read(scope: AccountScope, row: Attributes) -> Result<Option<StoredAuditEntry>, PortError> {
    let key = key_of(&row);
    let Some((id, key)) = key.and_then(|key| Some((key.sk.parse::<AuditId>().ok()?, key))) else {
        return Err(PortError::corrupt(WHAT, "its key is none of an entry"));
    };
    let item: StoredItem = from_row(row, WHAT)?;
    if key != keys::audit(scope, item.at, &id.to_string()) {
        return Ok(None);
    }
    Ok(Some(StoredAuditEntry {
        id,
        at: item.at,
        actor: item.actor,
        action: item.action,
        target: item.target,
        before: item.before,
        after: item.after,
        request_id: item.request_id,
    }))
}

/// See [`AuditStore`].
#[derive(Clone)]
pub struct DynamoAudit {
    table: Table,
    vault: Arc<KmsVault>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for DynamoAudit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoAudit").finish_non_exhaustive()
    }
}

/// A month of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Month {
    year: u16,
    month: u8,
}

impl Month {
    fn parse(text: &str) -> Option<Self> {
        let (year, rest) = text.split_once('-')?;
        let month: u8 = rest.split('-').next()?.parse().ok()?;
        let year: u16 = year.parse().ok()?;
        (1..=12).contains(&month).then_some(Self { year, month })
    }

    fn of(at: Timestamp) -> Option<Self> {
        Self::parse(&at.to_string())
    }

    const fn next(self) -> Self {
        if self.month < 12 {
            Self {
                year: self.year,
                month: self.month + 1,
            }
        } else {
            Self {
                year: self.year + 1,
                month: 1,
            }
        }
    }

    fn name(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }

    /// The months from this one to `last`.
    fn until(self, last: Self) -> Vec<Self> {
        let mut months = Vec::new();
        let mut month = self;
        while month <= last {
            months.push(month);
            month = month.next();
        }
        months
    }
}

impl DynamoAudit {
    /// Makes the store on this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>, clock: Arc<dyn Clock>) -> Self {
        Self {
            table,
            vault,
            clock,
        }
    }

    /// Reads a page of the entries of an actor or about a target.
    async fn indexed(
        &self,
        scope: AccountScope,
        (index, partition): (Index, String),
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<StoredAuditEntry>, ListError> {
        let list = List {
            index,
            from: filter.from.map(first_id),
            below: filter.to.map(first_id),
            equal: equal(filter, index),
            ..List::all(partition)
        };
        let rows = self.table.page(&list, page, &self.vault).await?;
        let mut items = Vec::new();
        for row in rows.items {
            items.extend(read(scope, row)?);
        }
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    /// The months that a list by dates goes through, in its order.
    async fn months(
        &self,
        scope: AccountScope,
        filter: &AuditFilter,
        order: Order,
    ) -> Result<Vec<Month>, PortError> {
        let created = self.table.account(scope).await?;
        let created = created.map(|account| account.created_at);
        let now = self.clock.now();
        // Each entry has an end of its own, so the stack's parameter says nothing about those that are there.
        let first = Month::of(filter.from.max(created).unwrap_or(now));
        let last = Month::of(filter.to.map_or(now, |to| to.min(now)));
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(Vec::new());
        };
        let mut months = first.until(last);
        if order == Order::NewestFirst {
            months.reverse();
        }
        Ok(months)
    }

    /// Reads a page of the entries of the account, month by month.
    async fn by_dates(
        &self,
        scope: AccountScope,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<StoredAuditEntry>, ListError> {
        let context = format!(
            "cursor|audit|{}|{:?}|{:?}|{:?}|{:?}",
            scope.account_id(),
            page.order,
            filter.action,
            filter.from,
            filter.to
        );
        let start = match &page.cursor {
            None => None,
            Some(cursor) => Some(open_cursor(&self.vault, cursor, &context).await?),
        };
        let months = self.months(scope, filter, page.order).await?;
        let partitions = months
            .iter()
            .map(|month| keys::audit_month(scope, &month.name()));
        let mut left: Vec<String> = partitions.collect();
        let mut start = start.and_then(|row| key_of(&row));
        if let Some(place) = &start {
            let at = left.iter().position(|partition| *partition == place.pk);
            let passed = at.unwrap_or(left.len());
            left.drain(..passed);
        }
        let wanted = usize::from(page.limit);
        let mut items = Vec::new();
        let mut next = None;
        let (mut reads, mut empty_months) = (0, 0);
        let mut left = left.into_iter().peekable();
        while let Some(partition) = left.peek().cloned() {
            let is_over = reads == READS_MAX || empty_months == EMPTY_MONTHS_MAX;
            if items.len() >= wanted || is_over {
                // Behind every entry that the partition before had, or at the place where its query ended.
                next = next.or(Some(keys::Key {
                    pk: partition,
                    sk: edge(page.order).to_owned(),
                }));
                break;
            }
            let from = start.take().map(|key| key.sk);
            let room = wanted - items.len();
            let part = self
                .month(&partition, from, filter, page.order, room)
                .await?;
            if part.is_empty {
                empty_months += 1;
            } else {
                reads += 1;
            }
            for row in part.rows {
                items.extend(read(scope, row)?);
            }
            if let Some(sk) = part.behind {
                let place = keys::Key { pk: partition, sk };
                start = Some(place.clone());
                next = Some(place);
            } else {
                next = None;
                left.next();
            }
        }
        let next = match next {
            None => None,
            Some(key) => Some(seal_cursor(&self.vault, &key.attributes(), &context).await?),
        };
        Ok(Page { items, next })
    }

    /// Reads entries of a month behind `from`.
    async fn month(
        &self,
        partition: &str,
        from: Option<String>,
        filter: &AuditFilter,
        order: Order,
        room: usize,
    ) -> Result<MonthRead, PortError> {
        let first = filter.from.map_or_else(|| "0".to_owned(), first_id);
        let last = filter.to.map_or_else(|| "~".to_owned(), first_id);
        let mut values = HashMap::from([
            (":month".to_owned(), s(partition)),
            (":first".to_owned(), s(first)),
            (":last".to_owned(), s(last)),
        ]);
        let action = filter.action.as_ref();
        values.extend(action.map(|action| (":action".to_owned(), s(action))));
        let rows = if action.is_some() {
            FILTERED_ROWS
        } else {
            room
        };
        let start = from.filter(|sk| sk != edge(order)).map(|sk| {
            HashMap::from([
                (PK.to_owned(), s(partition)),
                (SK.to_owned(), AttributeValue::S(sk)),
            ])
        });
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .key_condition_expression(format!("{PK} = :month AND {SK} BETWEEN :first AND :last"))
            .set_filter_expression(action.map(|_| "#action = :action".to_owned()))
            .set_expression_attribute_names(
                action.map(|_| HashMap::from([("#action".to_owned(), "action".to_owned())])),
            )
            .set_expression_attribute_values(Some(values))
            .scan_index_forward(order == Order::OldestFirst)
            .set_exclusive_start_key(start)
            .limit(i32::try_from(rows).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (audit log)", error))?;
        let is_empty = answer.scanned_count == 0;
        let mut found = answer.items.unwrap_or_default();
        let mut behind = answer.last_evaluated_key;
        if found.len() > room {
            found.truncate(room);
            behind = found.last().cloned();
        }
        Ok(MonthRead {
            is_empty,
            rows: found,
            behind: behind.and_then(|row| key_of(&row)).map(|key| key.sk),
        })
    }
}

/// The place before the first entry of a month.
const fn edge(order: Order) -> &'static str {
    match order {
        Order::NewestFirst => "~",
        Order::OldestFirst => "0",
    }
}

/// Entries of one query, and the sort key behind which more may follow.
struct MonthRead {
    /// Whether there was nothing to look at.
    is_empty: bool,
    rows: Vec<Attributes>,
    behind: Option<String>,
}

/// The parts of a filter that an index does not answer.
fn equal(filter: &AuditFilter, index: Index) -> Vec<(&'static str, AttributeValue)> {
    let action = filter.action.as_ref().map(|action| ("action", s(action)));
    let target = match index {
        Index::ByState => filter.target.as_ref().map(|target| ("target", s(target))),
        Index::All => None,
    };
    action.into_iter().chain(target).collect()
}

#[async_trait]
impl AuditStore for DynamoAudit {
    async fn list_audit(
        &self,
        scope: AccountScope,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<StoredAuditEntry>, ListError> {
        // A range that ends before it begins is refused by DynamoDB.
        if filter
            .from
            .zip(filter.to)
            .is_some_and(|(from, to)| to <= from)
        {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        }
        let place = match (&filter.actor, &filter.target) {
            (Some(actor), _) => (Index::ByState, keys::audit_by(scope, actor)),
            (None, Some(target)) => (Index::All, keys::audit_on(scope, target)),
            (None, None) => return self.by_dates(scope, filter, page).await,
        };
        self.indexed(scope, place, filter, page).await
    }

    async fn append(&self, entry: &AuditEntry) -> Result<(), PortError> {
        // An existing entry is this one, written by an earlier attempt.
        self.table
            .transact(vec![self.table.audit_write(entry)?])
            .await
            .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other_over_the_end_of_a_year() {
        let month = |text| Month::parse(text).unwrap();
        let names: Vec<String> = month("2026-11")
            .until(month("2027-02"))
            .into_iter()
            .map(Month::name)
            .collect();
        assert_eq!(names, ["2026-11", "2026-12", "2027-01", "2027-02"]);
        assert!(month("2027-01").until(month("2026-12")).is_empty());
        let at = Timestamp::parse("2026-11-29T23:59:59.999Z").unwrap();
        assert_eq!(Month::of(at), Some(month("2026-11")));
        assert_eq!(Month::parse("2026-13"), None);
    }
}
