//! The steps of an erasure: removal of the rows that it found, and places in the lists in which it finds them.

use super::{
    keys::{Key, PK, SK},
    table::{Attributes, Table, Transacted, delete_write, s},
};
use crate::aws::port_error;
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use vestibule_domain::{
    PortError,
    erasure::{Erasure, ErasurePosition},
    ports::ErasedPage,
};

/// Maximum number of writes of one transaction.
const WRITES_MAX: usize = 100;
/// Time after which a page ends, so that a slow table does not end the other jobs of a batch.
const PAGE_TIME: Duration = Duration::from_secs(10);

/// The steps of a page: one, and more while there is time.
struct Steps {
    began: Instant,
    left: usize,
}

impl Steps {
    /// Makes the steps of a page that begins at this moment.
    fn up_to(most: usize) -> Self {
        Self {
            began: Instant::now(),
            left: most,
        }
    }

    /// Whether another step follows the one that was taken.
    fn go_on(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0 && self.began.elapsed() < PAGE_TIME
    }
}

/// Reads the place that an erasure has come to; `None` at the beginning of a pass.
pub(super) fn read_place<P: DeserializeOwned>(erasure: &Erasure) -> Result<Option<P>, PortError> {
    let position = erasure.position.as_ref();
    position
        .map(|position| serde_json::from_str(&position.0))
        .transpose()
        .map_err(|error| PortError::corrupt("erasure", error))
}

/// Writes the place that an erasure has come to.
fn write_place(place: &impl Serialize) -> Result<ErasurePosition, PortError> {
    let position = serde_json::to_string(place);
    let position = position.map_err(|error| PortError::rejected("erasure", error))?;
    Ok(ErasurePosition(position))
}

/// Makes the steps of one page, from this place on. Each returns the number of rows that it changed, and the next place.
pub(super) async fn page<P: Serialize, Stepping>(
    mut place: P,
    most: usize,
    step: impl Fn(P) -> Stepping,
) -> Result<ErasedPage, PortError>
where
    Stepping: Future<Output = Result<(usize, Option<P>), PortError>>,
{
    let mut rows = 0;
    let mut steps = Steps::up_to(most);
    loop {
        let (changed, next) = step(place).await?;
        rows += changed;
        match next {
            None => return Ok(ErasedPage { rows, next: None }),
            Some(next) if steps.go_on() => place = next,
            Some(next) => {
                let next = Some(write_place(&next)?);
                return Ok(ErasedPage { rows, next });
            }
        }
    }
}

/// Rows that an erasure found.
pub(super) struct Found {
    pub(super) rows: Vec<Attributes>,
    /// Whether there are more behind them.
    pub(super) has_more: bool,
}

impl Found {
    /// Reads the first rows of a partition, consistently: those whose sort keys have this prefix, if it is not
    /// empty.
    pub(super) async fn partition(
        table: &Table,
        partition: &str,
        prefix: &str,
        most: i32,
    ) -> Result<Self, PortError> {
        let query = table
            .client
            .query()
            .table_name(&table.name)
            .consistent_read(true)
            .expression_attribute_values(":partition", s(partition))
            .limit(most);
        let query = if prefix.is_empty() {
            query.key_condition_expression(format!("{PK} = :partition"))
        } else {
            query
                .key_condition_expression(format!(
                    "{PK} = :partition AND begins_with({SK}, :prefix)"
                ))
                .expression_attribute_values(":prefix", s(prefix))
        };
        let answer = query
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (erased rows)", error))?;
        Ok(Self {
            has_more: answer.last_evaluated_key.is_some(),
            rows: answer.items.unwrap_or_default(),
        })
    }

    /// The place behind a row, to be kept.
    pub(super) fn behind(last: &Attributes) -> BTreeMap<String, String> {
        let texts = last.iter();
        texts
            .filter_map(|(name, value)| Some((name.clone(), value.as_s().ok()?.clone())))
            .collect()
    }

    /// The start of a query behind a place that was kept; `None` at the beginning.
    pub(super) fn start(behind: BTreeMap<String, String>) -> Option<Attributes> {
        let start: Attributes = behind
            .into_iter()
            .map(|(name, value)| (name, s(value)))
            .collect();
        (!start.is_empty()).then_some(start)
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
