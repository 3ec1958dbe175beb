//! Loads, counted: a number that a fault of ours or a deletion left wrong is found and corrected.
//!
//! A correction names the count of changes that was read before the rows were, so that it is refused if anything changed
//! meanwhile. A refused one counts again.

use super::DynamoRouting;
use crate::dynamo::{
    items::{HeldItem, SeatItem, read_case},
    keys::{self, Key},
    table::{
        Attributes, Cancelled, Conditional, Table, Transacted, check_write, delete_write, from_row,
        key_of, n,
    },
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    PortError,
    ids::MemberId,
    ports::Recount,
    routing::{case::Case, demand::Desk, seat::Seat},
};

/// Number of times that something is counted while it changes.
const ATTEMPTS: u32 = 8;
/// Names of attributes that are reserved words.
const LOAD: [(&str, &str); 1] = [("#load", "load")];

/// A row that names a case.
pub(super) struct Naming {
    /// The row.
    pub(super) key: Key,
    /// The case.
    pub(super) case: Key,
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl DynamoRouting {
    /// Counts the cases that a member has at a desk.
    pub(super) async fn count_load(
        &self,
        desk: &Desk,
        member_id: MemberId,
    ) -> Result<Recount, PortError> {
        let key = keys::seat(desk, member_id);
        let mut orphans = 0;
        for _ in 0..ATTEMPTS {
            let item: Option<SeatItem> = self.table.get(&key, "seat").await?;
            let seat: Option<Seat> = item.map(Into::into);
            let prefix = keys::held_prefix(&desk.channel);
            let partition = keys::held_by(desk.scope, member_id);
            let mut names = Vec::new();
            for row in self.all_rows(partition, &prefix).await? {
                names.extend(held_row(row)?);
            }
            let is_held =
                |case: &Case| case.member_id() == Some(member_id) && case.channel == desk.channel;
            let (kept, removed) = self.without_orphans(names, is_held).await?;
            orphans += removed;
            let counted = number(kept.len());
            let Some(seat) = seat else {
                return Ok(Recount {
                    recorded: counted,
                    counted,
                    orphans,
                });
            };
            let recorded = seat.load;
            let is_right = recorded == counted;
            if is_right || self.correct_load(&key, &seat, counted).await? {
                return Ok(Recount {
                    recorded,
                    counted,
                    orphans,
                });
            }
        }
        Err(PortError::Conflict { what: "seat" })
    }

    /// Corrects the load of a seat as it was read.
    async fn correct_load(&self, key: &Key, seat: &Seat, counted: u32) -> Result<bool, PortError> {
        let update = self.table.update_part(
            key,
            "SET #load = :counted, moves = moves + :one",
            "#load = :recorded AND moves = :moves",
            &LOAD,
            &[
                (":counted", n(counted)),
                (":recorded", n(seat.load)),
                (":moves", n(seat.moves)),
                (":one", n(1)),
            ],
        )?;
        let outcome = self.table.update(update).await?;
        Ok(matches!(outcome, Conditional::Done(_)))
    }

    /// Removes the rows whose case is not there, or is elsewhere; returns the others, and the number of those removed.
    async fn without_orphans(
        &self,
        names: Vec<Naming>,
        is_there: impl Fn(&Case) -> bool,
    ) -> Result<(Vec<Naming>, u32), PortError> {
        let wanted: Vec<Key> = names.iter().map(|name| name.case.clone()).collect();
        let mut cases = self.table.get_batch(&wanted).await?;
        let mut kept = Vec::new();
        let mut removed = 0;
        for name in names {
            let case = cases.remove(&name.case).map(read_case).transpose()?;
            if case.as_ref().is_some_and(&is_there) {
                kept.push(name);
            } else if remove_orphan(&self.table, &name, case.as_ref(), None).await? {
                removed += 1;
            }
        }
        Ok((kept, removed))
    }
}

/// Removes a row whose case is not there, or is elsewhere, as it was read; `with` another write. `false` if the row was
/// gone, the case was changed, or the other write was refused.
pub(super) async fn remove_orphan(
    table: &Table,
    name: &Naming,
    case: Option<&Case>,
    with: Option<TransactWriteItem>,
) -> Result<bool, PortError> {
    let check = match case {
        Some(case) => {
            let values = [(":read", n(case.version))];
            table.check_part(&name.case, "version = :read", &[], &values)?
        }
        None => table.check_part(&name.case, "attribute_not_exists(pk)", &[], &[])?,
    };
    let delete = table.delete_part(&name.key, "attribute_exists(pk)", &[])?;
    let mut writes = vec![check_write(check), delete_write(delete)];
    writes.extend(with);
    match table.transact(writes).await? {
        Transacted::Done => Ok(true),
        Transacted::Cancelled(reasons) => {
            let is_condition = |reason: &Cancelled| matches!(reason, Cancelled::Condition(_));
            if reasons.iter().any(is_condition) {
                Ok(false)
            } else {
                Err(PortError::Conflict { what: "case" })
            }
        }
    }
}

fn held_row(row: Attributes) -> Result<Option<Naming>, PortError> {
    let key = key_of(&row);
    let item: HeldItem = from_row(row, "case of a member")?;
    let case = keys::case(item.scope, item.conversation_id);
    Ok(key.map(|key| Naming { key, case }))
}
