//! The outbox, as the sweeper sees it.

use super::{
    keys::{self, INDEX_OUTBOX, Key, OUTBOX_DUE, OUTBOX_PK, OUTBOX_SHARDS},
    table::{Table, key_of, n, s},
};
use crate::aws::port_error;
use async_trait::async_trait;
use futures_util::future::try_join_all;
use vestibule_domain::{
    PortError, Timestamp,
    job::{ClosePendingRequests, OnboardChatUser, OnboardingJob},
    ports::{OutboxEntry, OutboxStore},
};

/// See [`OutboxStore`].
#[derive(Debug, Clone)]
pub struct DynamoOutbox {
    table: Table,
}

impl DynamoOutbox {
    /// On this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    async fn due_in_shard(
        &self,
        shard: u8,
        now: Timestamp,
        limit: u16,
    ) -> Result<Vec<OutboxEntry>, PortError> {
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(INDEX_OUTBOX)
            .key_condition_expression(format!("{OUTBOX_PK} = :shard AND {OUTBOX_DUE} <= :now"))
            .expression_attribute_values(":shard", s(keys::outbox_partition(shard)))
            .expression_attribute_values(":now", n(now.millis()))
            .limit(i32::from(limit))
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (outbox)", error))?;
        let entries = answer
            .items
            .unwrap_or_default()
            .into_iter()
            .filter_map(|row| {
                let due = row.get(OUTBOX_DUE)?.as_n().ok()?.parse().ok()?;
                Some(OutboxEntry {
                    job: job_of(&key_of(&row)?)?,
                    due: Timestamp::from_millis(due),
                })
            });
        Ok(entries.collect())
    }
}

/// The job that a marked row stands for.
fn job_of(key: &Key) -> Option<OnboardingJob> {
    if let Some((scope, connector_id)) = keys::parse_closing(key) {
        let job = ClosePendingRequests {
            scope,
            connector_id,
        };
        return Some(job.into());
    }
    let (scope, chat_user_id, connector_id) = keys::parse_standing(key)?;
    let job = OnboardChatUser {
        scope,
        chat_user_id,
        connector_id,
    };
    Some(job.into())
}

/// The marked row that a job stands for.
fn key_of_job(job: OnboardingJob) -> Key {
    match job {
        OnboardingJob::OnboardChatUser(job) => {
            keys::standing(job.scope, job.chat_user_id, job.connector_id)
        }
        OnboardingJob::ClosePendingRequests(job) => keys::closing(job.scope, job.connector_id),
    }
}

#[async_trait]
impl OutboxStore for DynamoOutbox {
    async fn due(&self, now: Timestamp, limit: u16) -> Result<Vec<OutboxEntry>, PortError> {
        let shards = (0..OUTBOX_SHARDS).map(|shard| self.due_in_shard(shard, now, limit));
        let mut entries: Vec<OutboxEntry> = try_join_all(shards).await?.concat();
        entries.sort_by_key(|entry| entry.due);
        entries.truncate(usize::from(limit));
        Ok(entries)
    }

    async fn postpone(&self, entry: &OutboxEntry, until: Timestamp) -> Result<(), PortError> {
        let update = self.table.update_part(
            &key_of_job(entry.job),
            "SET outbox_due = :until, version = version + :one",
            "outbox_due = :seen",
            &[],
            &[
                (":until", n(until.millis())),
                (":seen", n(entry.due.millis())),
                (":one", n(1)),
            ],
        )?;
        // A failed condition is a mark that moved or went: somebody took care of it.
        self.table.update(update).await.map(|_| ())
    }
}
