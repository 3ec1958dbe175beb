//! Removal of rows that an erasure found, and places in the lists in which it finds them.

use super::{
    keys::{Key, PK, SK},
    table::{Attributes, Table, Transacted, delete_write, s},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::time::{Duration, Instant};
use vestibule_domain::PortError;

/// Maximum number of writes of one transaction.
const WRITES_MAX: usize = 100;
/// Time after which a page ends, so that a slow table does not end the other jobs of a batch.
const PAGE_TIME: Duration = Duration::from_secs(10);

/// The steps of a page: one, and more while there is time.
pub(super) struct Steps {
    began: Instant,
    left: usize,
}

impl Steps {
    /// Makes the steps of a page that begins at this moment.
    pub(super) fn up_to(most: usize) -> Self {
        Self {
            began: Instant::now(),
            left: most,
        }
    }

    /// Whether another step follows the one that was taken.
    pub(super) fn go_on(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0 && self.began.elapsed() < PAGE_TIME
    }
}

/// Removes these rows, and returns their number.
pub(super) async fn removed(table: &Table, keys: &[Key]) -> Result<usize, PortError> {
    let writes = keys
        .iter()
        .map(|key| table.removal_part(key).map(delete_write))
        .collect::<Result<Vec<_>, PortError>>()?;
    written(table, &writes).await
}

/// Makes these writes, some at a time, and returns their number. `Conflict` when a row changed since it
/// was read.
pub(super) async fn written(
    table: &Table,
    writes: &[TransactWriteItem],
) -> Result<usize, PortError> {
    for some in writes.chunks(WRITES_MAX) {
        match table.transact(some.to_vec()).await? {
            Transacted::Done => {}
            Transacted::Cancelled(_) => return Err(PortError::Conflict { what: "erased row" }),
        }
    }
    Ok(writes.len())
}

/// Makes the start of a query of a list behind a place that ends in the id of its row.
pub(super) fn list_start(
    (partition, order): (&str, &str),
    (list, at): (&str, &str),
    key: impl FnOnce(&str) -> Option<Key>,
) -> Option<Attributes> {
    let (_, id) = at.rsplit_once('#')?;
    let key = key(id)?;
    Some(Attributes::from([
        (PK.to_owned(), s(key.pk)),
        (SK.to_owned(), s(key.sk)),
        (partition.to_owned(), s(list)),
        (order.to_owned(), s(at)),
    ]))
}
