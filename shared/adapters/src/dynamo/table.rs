//! The table's calls, with failures converted into outcomes that a store can act on.

mod rows;

pub(crate) use rows::{from_row, key_of, n, s, take, to_row, to_value};

use super::keys::{Key, PK};
use super::projection::projected;
use crate::aws::port_error;
use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::{
        put_item::PutItemError, transact_write_items::TransactWriteItemsError,
        update_item::UpdateItemError,
    },
    types::{
        AttributeValue, CancellationReason, ConditionCheck, Delete, Put, ReturnValue,
        ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
    },
};
use aws_types::SdkConfig;
use rows::{names_map, values_map};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::HashMap, time::Duration};
use vestibule_domain::{PortError, ids::SystemIds, retry::conflict_wait};

/// A row in DynamoDB's form.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// The table.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    /// Days for which an audit entry that is written now is kept; 0 for ever.
    pub(crate) audit_days: u16,
}

/// The outcome of a conditional write.
#[derive(Debug)]
pub(crate) enum Conditional {
    /// The write took effect; with the row as it is now, if requested.
    Done(Option<Attributes>),
    /// The condition failed; with the current row, if there is one.
    Failed(Option<Attributes>),
}

/// The outcome of a transaction.
#[derive(Debug)]
pub(crate) enum Transacted {
    /// The whole transaction took effect.
    Done,
    /// Nothing took effect. There is one entry per operation, with the current row where a condition failed.
    Cancelled(Vec<Cancelled>),
}

/// The reason why one operation of a transaction did not take effect.
#[derive(Debug)]
pub(crate) enum Cancelled {
    /// Another operation was the cause.
    NotThis,
    /// The condition failed; with the current row, if there is one.
    Condition(Option<Attributes>),
    /// Another write held the row.
    Contended,
}

/// Number of attempts at rows that DynamoDB left out of a batch read.
const BATCH_ATTEMPTS: u32 = 3;
/// Wait before the second attempt; the third waits twice as long.
const BATCH_WAIT: Duration = Duration::from_millis(25);
/// Number of rows that one batch read may name.
const BATCH_MAX: usize = 100;
/// Number of attempts at rows that a transaction of another writer holds. DynamoDB refuses a single
/// write to such a row with `TransactionConflictException`, which the SDK does not try again, and a
/// transaction with the reason `TransactionConflict` (Amazon DynamoDB Developer Guide, Transactions).
const CONFLICT_ATTEMPTS: u32 = 3;

impl Table {
    /// Makes the table of this name.
    #[must_use]
    pub fn new(config: &SdkConfig, name: &str) -> Self {
        Self {
            client: Client::new(config),
            name: name.to_owned(),
            audit_days: 0,
        }
    }

    /// Keeps audit entries that are written from now on for this many days; 0 for ever.
    #[must_use]
    pub fn keeping_audit_entries(self, days: u16) -> Self {
        Self {
            audit_days: days,
            ..self
        }
    }

    /// Reads one row, consistently.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        key: &Key,
        what: &'static str,
    ) -> Result<Option<T>, PortError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: GetItem", error))?;
        answer.item.map(|row| from_row(row, what)).transpose()
    }

    /// Reads a whole partition, consistently.
    pub(crate) async fn partition(
        &self,
        partition: &str,
        what: &'static str,
    ) -> Result<Vec<Attributes>, PortError> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.name)
                .consistent_read(true)
                .key_condition_expression(format!("{PK} = :partition"))
                .expression_attribute_values(":partition", s(partition))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| port_error(what, error))?;
            found.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    /// Reads rows, consistently, with one call per hundred. Rows that do not exist are left out.
    pub(crate) async fn get_batch(
        &self,
        keys: &[Key],
    ) -> Result<HashMap<Key, Attributes>, PortError> {
        self.get_batch_of(keys, &[]).await
    }

    /// Reads these attributes of rows and their keys, as [`get_batch`](Self::get_batch) does. None stands for all.
    pub(crate) async fn get_batch_of(
        &self,
        keys: &[Key],
        attributes: &[&str],
    ) -> Result<HashMap<Key, Attributes>, PortError> {
        let mut found = HashMap::new();
        for chunk in keys.chunks(BATCH_MAX) {
            let mut wanted: Vec<Attributes> = chunk.iter().map(Key::attributes).collect();
            for attempt in 0..BATCH_ATTEMPTS {
                if wanted.is_empty() {
                    break;
                }
                // Even an empty sleep waits for the timer's next millisecond.
                if attempt > 0 {
                    tokio::time::sleep(BATCH_WAIT * attempt).await;
                }
                wanted = self.get_chunk(wanted, attributes, &mut found).await?;
            }
            if !wanted.is_empty() {
                return Err(PortError::Unavailable {
                    what: "dynamodb: BatchGetItem",
                    source: None,
                });
            }
        }
        Ok(found)
    }

    async fn get_chunk(
        &self,
        wanted: Vec<Attributes>,
        attributes: &[&str],
        found: &mut HashMap<Key, Attributes>,
    ) -> Result<Vec<Attributes>, PortError> {
        let request = projected(attributes)
            .set_keys(Some(wanted))
            .consistent_read(true)
            .build()
            .map_err(|error| PortError::rejected("dynamodb: BatchGetItem", error))?;
        let answer = self
            .client
            .batch_get_item()
            .request_items(&self.name, request)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: BatchGetItem", error))?;
        for row in answer
            .responses
            .into_iter()
            .flatten()
            .flat_map(|(_, rows)| rows)
        {
            if let Some(key) = key_of(&row) {
                found.insert(key, row);
            }
        }
        Ok(answer
            .unprocessed_keys
            .and_then(|mut left| left.remove(&self.name))
            .map(|left| left.keys)
            .unwrap_or_default())
    }

    /// Writes a row under a condition. `Conflict` when a transaction of another writer kept the row.
    pub(crate) async fn put(&self, put: Put) -> Result<Conditional, PortError> {
        until_free(|| self.put_once(put.clone())).await
    }

    async fn put_once(&self, put: Put) -> Result<Conditional, PortError> {
        let result = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression)
            .set_expression_attribute_names(put.expression_attribute_names)
            .set_expression_attribute_values(put.expression_attribute_values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match result {
            Ok(_) => Ok(Conditional::Done(None)),
            Err(SdkError::ServiceError(error))
                if error.err().is_conditional_check_failed_exception() =>
            {
                let PutItemError::ConditionalCheckFailedException(failed) = error.into_err() else {
                    return Ok(Conditional::Failed(None));
                };
                Ok(Conditional::Failed(failed.item))
            }
            Err(SdkError::ServiceError(error))
                if error.err().is_transaction_conflict_exception() =>
            {
                Err(HELD)
            }
            Err(error) => Err(port_error("dynamodb: PutItem", error)),
        }
    }

    /// Updates a row under a condition, and returns the updated row. `Conflict` when a transaction of
    /// another writer kept the row.
    pub(crate) async fn update(&self, update: Update) -> Result<Conditional, PortError> {
        until_free(|| self.update_once(update.clone())).await
    }

    async fn update_once(&self, update: Update) -> Result<Conditional, PortError> {
        let result = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(update.key))
            .update_expression(update.update_expression)
            .set_condition_expression(update.condition_expression)
            .set_expression_attribute_names(update.expression_attribute_names)
            .set_expression_attribute_values(update.expression_attribute_values)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match result {
            Ok(done) => Ok(Conditional::Done(done.attributes)),
            Err(SdkError::ServiceError(error))
                if error.err().is_conditional_check_failed_exception() =>
            {
                let UpdateItemError::ConditionalCheckFailedException(failed) = error.into_err()
                else {
                    return Ok(Conditional::Failed(None));
                };
                Ok(Conditional::Failed(failed.item))
            }
            Err(SdkError::ServiceError(error))
                if error.err().is_transaction_conflict_exception() =>
            {
                Err(HELD)
            }
            Err(error) => Err(port_error("dynamodb: UpdateItem", error)),
        }
    }

    /// Writes several rows, all or none. The SDK gives every attempt of this call the same token, so
    /// an attempt whose answer was lost is not applied twice. When nothing but other transactions stood
    /// in the way, the writes are tried again.
    pub(crate) async fn transact(
        &self,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Transacted, PortError> {
        let mut attempt = 1;
        loop {
            match self.transact_once(writes.clone()).await? {
                Transacted::Cancelled(reasons)
                    if attempt < CONFLICT_ATTEMPTS && is_contention(&reasons) =>
                {
                    tokio::time::sleep(conflict_wait(attempt, &SystemIds)).await;
                    attempt += 1;
                }
                outcome => return Ok(outcome),
            }
        }
    }

    async fn transact_once(&self, writes: Vec<TransactWriteItem>) -> Result<Transacted, PortError> {
        let result = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .send()
            .await;
        match result {
            Ok(_) => Ok(Transacted::Done),
            Err(SdkError::ServiceError(error))
                if error.err().is_transaction_canceled_exception() =>
            {
                let TransactWriteItemsError::TransactionCanceledException(cancelled) =
                    error.into_err()
                else {
                    return Ok(Transacted::Cancelled(Vec::new()));
                };
                let reasons = cancelled.cancellation_reasons.unwrap_or_default();
                reasons
                    .into_iter()
                    .map(cancelled_by)
                    .collect::<Result<_, _>>()
                    .map(Transacted::Cancelled)
            }
            Err(error) => Err(port_error("dynamodb: TransactWriteItems", error)),
        }
    }

    /// Makes a `Put` of this table, as part of a transaction.
    pub(crate) fn put_part(
        &self,
        row: &impl Serialize,
        condition: &str,
        values: &[(&str, AttributeValue)],
    ) -> Result<Put, PortError> {
        Put::builder()
            .table_name(&self.name)
            .set_item(Some(to_row(row)?))
            .condition_expression(condition)
            .set_expression_attribute_values(values_map(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| PortError::rejected("dynamodb: Put", error))
    }

    /// Makes a `Put` of this table under a condition with names of its own for attributes, because their names
    /// are reserved words.
    pub(crate) fn named_put_part(
        &self,
        row: &impl Serialize,
        condition: &str,
        names: &[(&str, &str)],
        values: &[(&str, AttributeValue)],
    ) -> Result<Put, PortError> {
        let mut put = self.put_part(row, condition, values)?;
        put.expression_attribute_names = names_map(names);
        Ok(put)
    }

    /// Makes a check of a row that a transaction does not change.
    pub(crate) fn check_part(
        &self,
        key: &Key,
        condition: &str,
        names: &[(&str, &str)],
        values: &[(&str, AttributeValue)],
    ) -> Result<ConditionCheck, PortError> {
        ConditionCheck::builder()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .condition_expression(condition)
            .set_expression_attribute_names(names_map(names))
            .set_expression_attribute_values(values_map(values))
            .build()
            .map_err(|error| PortError::rejected("dynamodb: ConditionCheck", error))
    }

    /// Makes a `Put` of this table without a condition, as part of a transaction whose other parts have one.
    pub(crate) fn replacing_part(&self, row: &impl Serialize) -> Result<Put, PortError> {
        Put::builder()
            .table_name(&self.name)
            .set_item(Some(to_row(row)?))
            .build()
            .map_err(|error| PortError::rejected("dynamodb: Put", error))
    }

    /// Makes a `Delete` of this table, as part of a transaction.
    pub(crate) fn delete_part(
        &self,
        key: &Key,
        condition: &str,
        values: &[(&str, AttributeValue)],
    ) -> Result<Delete, PortError> {
        Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .condition_expression(condition)
            .set_expression_attribute_values(values_map(values))
            .build()
            .map_err(|error| PortError::rejected("dynamodb: Delete", error))
    }

    /// Makes a `Delete` of this table without a condition, as part of a transaction: done twice, it does no
    /// harm.
    pub(crate) fn removal_part(&self, key: &Key) -> Result<Delete, PortError> {
        Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .build()
            .map_err(|error| PortError::rejected("dynamodb: Delete", error))
    }

    /// Makes an `Update` of this table, as part of a transaction or alone.
    pub(crate) fn update_part(
        &self,
        key: &Key,
        update: &str,
        condition: &str,
        names: &[(&str, &str)],
        values: &[(&str, AttributeValue)],
    ) -> Result<Update, PortError> {
        Update::builder()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(names_map(names))
            .set_expression_attribute_values(values_map(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| PortError::rejected("dynamodb: Update", error))
    }
}

/// The error that a transaction of another writer kept the row.
const HELD: PortError = PortError::Conflict { what: "row" };

/// Repeats a write while a transaction of another writer holds its row.
async fn until_free<F, W>(write: F) -> Result<Conditional, PortError>
where
    F: Fn() -> W,
    W: Future<Output = Result<Conditional, PortError>>,
{
    let mut attempt = 1;
    loop {
        match write().await {
            Err(PortError::Conflict { .. }) if attempt < CONFLICT_ATTEMPTS => {
                tokio::time::sleep(conflict_wait(attempt, &SystemIds)).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

/// Whether other transactions alone cancelled this one: no condition failed.
fn is_contention(reasons: &[Cancelled]) -> bool {
    let contended = |reason: &Cancelled| matches!(reason, Cancelled::Contended);
    let neither = |reason: &Cancelled| matches!(reason, Cancelled::NotThis);
    reasons.iter().any(contended)
        && reasons
            .iter()
            .all(|reason| contended(reason) || neither(reason))
}

fn cancelled_by(reason: CancellationReason) -> Result<Cancelled, PortError> {
    match reason.code() {
        None | Some("None") => Ok(Cancelled::NotThis),
        Some("ConditionalCheckFailed") => Ok(Cancelled::Condition(
            reason.item.filter(|row| !row.is_empty()),
        )),
        Some("TransactionConflict") => Ok(Cancelled::Contended),
        Some("ProvisionedThroughputExceeded" | "ThrottlingError") => Err(PortError::Unavailable {
            what: "dynamodb: TransactWriteItems",
            source: None,
        }),
        Some(code) => Err(PortError::rejected(
            "dynamodb: TransactWriteItems",
            code.to_owned(),
        )),
    }
}

/// Converts a `Put` to a part of a transaction.
pub(crate) fn put_write(put: Put) -> TransactWriteItem {
    TransactWriteItem::builder().put(put).build()
}

/// Converts a `Delete` to a part of a transaction.
pub(crate) fn delete_write(delete: Delete) -> TransactWriteItem {
    TransactWriteItem::builder().delete(delete).build()
}

/// Converts a check to a part of a transaction.
pub(crate) fn check_write(check: ConditionCheck) -> TransactWriteItem {
    TransactWriteItem::builder().condition_check(check).build()
}

/// Returns the key of the row that a part of a transaction is about.
pub(crate) fn key_of_write(write: &TransactWriteItem) -> Option<Key> {
    let put = write.put.as_ref().map(|put| &put.item);
    let update = write.update.as_ref().map(|update| &update.key);
    let delete = write.delete.as_ref().map(|delete| &delete.key);
    let check = write.condition_check.as_ref().map(|check| &check.key);
    put.or(update).or(delete).or(check).and_then(key_of)
}

/// Converts an `Update` to a part of a transaction.
pub(crate) fn update_write(update: Update) -> TransactWriteItem {
    TransactWriteItem::builder().update(update).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_tried_again_when_other_transactions_alone_stood_in_its_way() {
        use Cancelled::{Condition, Contended, NotThis};
        assert!(is_contention(&[Contended]));
        assert!(is_contention(&[NotThis, Contended, NotThis]));
        assert!(!is_contention(&[Contended, Condition(None)]));
        assert!(!is_contention(&[NotThis, Condition(None)]));
        assert!(!is_contention(&[NotThis]));
        assert!(!is_contention(&[]));
    }
}
