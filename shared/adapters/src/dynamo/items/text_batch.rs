use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vestibule_domain::{
    Timestamp,
    job::SendMessages,
    ports::{AddedBefore, TextBatch},
};

/// Time for which a call that added texts is recognised when it is made again. Callers repeat a call within
/// minutes; a row for ever would be one for each call.
const KEPT: Duration = Duration::from_hours(24 * 30);

/// A call that added texts to a conversation, under its `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct TextBatchItem {
    pk: String,
    sk: String,
    request_hash: String,
    first_number: u64,
    at: Timestamp,
    expires_at: i64,
}

impl TextBatchItem {
    /// Makes the row of a call whose first text got this number.
    pub(in crate::dynamo) fn new(
        order: SendMessages,
        batch: &TextBatch,
        first: u64,
        at: Timestamp,
    ) -> Self {
        let key = keys::text_batch(order.scope, order.conversation_id, batch.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            request_hash: batch.request_hash.clone(),
            first_number: first,
            at,
            expires_at: at.plus(KEPT).seconds(),
        }
    }

    /// Whether the call is still recognised. Rows outlive their time until DynamoDB removes them.
    pub(in crate::dynamo) fn counts(&self, now: Timestamp) -> bool {
        now.seconds() < self.expires_at
    }
}

impl From<TextBatchItem> for AddedBefore {
    fn from(item: TextBatchItem) -> Self {
        Self {
            request_hash: item.request_hash,
            first: item.first_number,
            at: item.at,
        }
    }
}
