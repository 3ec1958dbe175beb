//! Queues, counted, in a bounded number of calls however many wait.
//!
//! A row whose case is gone is removed together with its part of the number. A number that is wrong all the same is
//! corrected by a count of the rows under the version that was read before it, so that the correction is refused if
//! anything changed meanwhile. A number that is wrong but not zero hides no conversation from a drain, so a queue that
//! never rests may keep it.

use super::{
    DynamoRouting,
    counts::{Naming, remove_orphan},
    reading::Range,
    writes::first_version,
};
use crate::{
    aws::port_error,
    dynamo::{
        items::{QueueItem, WaitingItem, read_case},
        keys::{self, Key, PK, SK},
        table::{Attributes, Conditional, from_row, key_of, n, s, to_value},
    },
};
use aws_sdk_dynamodb::types::Select;
use vestibule_domain::{
    PortError,
    ids::QueueId,
    ports::Recount,
    routing::{case::Case, demand::Desk, queue::Queue},
};

/// Cases that are compared with their rows at once.
const PART: u16 = 100;
/// Number of such parts, from the first case on: those behind them are compared once they are first.
const PARTS: usize = 5;
/// Rows that are removed at most, each by a transaction.
const REMOVED_MAX: u32 = 100;
/// Pages of rows that are counted at most, of one megabyte each: some 50,000 cases.
const PAGES: usize = 40;

/// The rows of the first cases, compared.
#[derive(Debug, Default)]
struct Compared {
    /// The first case that waits.
    first: Option<Case>,
    /// Rows that were removed.
    removed: u32,
    /// Those of them that the queue's number counted.
    counted: u32,
}

/// A count of rows.
struct Counted {
    rows: u32,
    /// Whether there may be more.
    is_cut: bool,
}

impl DynamoRouting {
    /// Counts the cases that wait in a queue.
    pub(super) async fn count_waiting(
        &self,
        desk: &Desk,
        id: QueueId,
    ) -> Result<Recount, PortError> {
        let compared = Box::pin(self.compare(desk, id)).await?;
        let key = keys::queue(desk, id);
        let mut pages = PAGES;
        while pages > 0 {
            let item: Option<QueueItem> = self.table.get(&key, "queue").await?;
            let queue = item.map(|item| item.at(desk));
            let counted = self.count_rows(desk, id, &mut pages).await?;
            let recorded = queue.as_ref().map_or(0, |queue| queue.waiting);
            let is_right = recorded == counted.rows || counted.is_cut && recorded > counted.rows;
            let first = compared.first.as_ref();
            if is_right || self.correct_queue(&key, queue, first, counted.rows).await? {
                return Ok(Recount {
                    recorded: recorded + compared.counted,
                    counted: if is_right { recorded } else { counted.rows },
                    orphans: compared.removed,
                });
            }
        }
        Err(PortError::Conflict { what: "queue" })
    }

    /// Compares the first rows with their cases, and removes those whose case is gone, or is elsewhere.
    async fn compare(&self, desk: &Desk, id: QueueId) -> Result<Compared, PortError> {
        let mut range = Range {
            partition: keys::waiting_in(desk.scope, id),
            prefix: keys::WAITING_PREFIX.to_owned(),
            after: None,
            limit: Some(PART),
        };
        let mut compared = Compared::default();
        for _ in 0..PARTS {
            let (rows, next) = self.rows(&range).await?;
            let waiting: Vec<(Naming, Case)> = rows
                .into_iter()
                .filter_map(|row| waiting_row(row).transpose())
                .collect::<Result<_, _>>()?;
            let wanted: Vec<Key> = waiting.iter().map(|(name, _)| name.case.clone()).collect();
            let mut cases = self.table.get_batch(&wanted).await?;
            for (name, place) in waiting {
                let case = cases.remove(&name.case).map(read_case).transpose()?;
                let waits = |case: &Case| case.is_waiting() && case.queue_id() == id;
                if case.as_ref().is_some_and(waits) {
                    compared.first.get_or_insert(place);
                } else if compared.removed < REMOVED_MAX {
                    let removal = self.remove_place(&name, &place, case.as_ref());
                    let was_counted = Box::pin(removal).await?;
                    compared.removed += u32::from(was_counted.is_some());
                    compared.counted += u32::from(was_counted == Some(true));
                }
            }
            match next {
                Some(next) => range.after = Some(next),
                None => break,
            }
        }
        Ok(compared)
    }

    /// Removes a row whose case is not there, or is elsewhere, as it was read, from its queue and from the queue's number.
    /// Returns whether the number counted it; `None` if nothing was removed.
    async fn remove_place(
        &self,
        name: &Naming,
        place: &Case,
        case: Option<&Case>,
    ) -> Result<Option<bool>, PortError> {
        let counted = self.table.left_queue_write(place, None)?;
        if remove_orphan(&self.table, name, case, Some(counted)).await? {
            return Ok(Some(true));
        }
        let uncounted = self.table.uncounted_queue_check(place)?;
        let is_removed = remove_orphan(&self.table, name, case, Some(uncounted)).await?;
        Ok(is_removed.then_some(false))
    }

    /// Counts the rows of a queue while there are pages left.
    async fn count_rows(
        &self,
        desk: &Desk,
        id: QueueId,
        pages: &mut usize,
    ) -> Result<Counted, PortError> {
        let mut rows = 0;
        let mut after = None;
        while *pages > 0 {
            *pages -= 1;
            let answer = self
                .table
                .client
                .query()
                .table_name(&self.table.name)
                .consistent_read(true)
                .key_condition_expression(format!(
                    "{PK} = :partition AND begins_with({SK}, :prefix)"
                ))
                .expression_attribute_values(":partition", s(keys::waiting_in(desk.scope, id)))
                .expression_attribute_values(":prefix", s(keys::WAITING_PREFIX))
                .select(Select::Count)
                .set_exclusive_start_key(after.take())
                .send()
                .await
                .map_err(|error| port_error("dynamodb: Query (count of a queue)", error))?;
            rows += u32::try_from(answer.count).unwrap_or(0);
            after = answer.last_evaluated_key;
            if after.is_none() {
                return Ok(Counted {
                    rows,
                    is_cut: false,
                });
            }
        }
        Ok(Counted { rows, is_cut: true })
    }

    /// Corrects the number of a queue as it was read, or makes it anew for the cases that wait, of which `first` is the
    /// first one.
    async fn correct_queue(
        &self,
        key: &Key,
        queue: Option<Queue>,
        first: Option<&Case>,
        counted: u32,
    ) -> Result<bool, PortError> {
        let update = match (queue, first) {
            (Some(queue), _) => self.table.update_part(
                key,
                "SET waiting = :counted, version = version + :one",
                "waiting = :recorded AND version = :version",
                &[],
                &[
                    (":counted", n(counted)),
                    (":recorded", n(queue.waiting)),
                    (":version", n(queue.version)),
                    (":one", n(1)),
                ],
            )?,
            (None, Some(first)) => self.table.update_part(
                key,
                "SET demand = :demand, oldest = :oldest, waiting = :counted, version = :version",
                "attribute_not_exists(pk)",
                &[],
                &[
                    (":demand", to_value(&first.demand)?),
                    (":oldest", s(first.offered_at)),
                    (":counted", n(counted)),
                    (":version", n(first_version(first.updated_at))),
                ],
            )?,
            (None, None) => return Ok(false),
        };
        let outcome = self.table.update(update).await?;
        Ok(matches!(outcome, Conditional::Done(_)))
    }
}

/// Reads a row of a queue: its place and case, and the case as it waits there.
fn waiting_row(row: Attributes) -> Result<Option<(Naming, Case)>, PortError> {
    let key = key_of(&row);
    let waiting: Case = from_row::<WaitingItem>(row, "waiting case")?.into();
    let case = keys::case(waiting.scope, waiting.conversation_id);
    Ok(key.map(|key| (Naming { key, case }, waiting)))
}
