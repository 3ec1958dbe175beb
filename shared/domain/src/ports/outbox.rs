//! The outbox: rows that order a job, the lease on one row, and the sweep over all rows.

use crate::{
    Clock, PortError, Timestamp,
    ids::{ConnectorId, IdSource, LeaseId},
    job::{JobKind, JobOwner, OutboxJob},
    ports::Pace,
};
use async_trait::async_trait;
use std::{collections::HashMap, time::Duration};

/// Number of partitions over which the marks of one kind of job are spread.
pub const OUTBOX_SHARDS: u8 = 4;

/// Time after which the sweep considers a job lost that was also enqueued directly.
pub const OUTBOX_PATIENCE: Duration = Duration::from_mins(1);

/// A claim on a row that orders a job.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    /// Id of the claim.
    pub id: LeaseId,
    /// Start of the claim.
    pub now: Timestamp,
    /// Duration of the claim.
    pub time: Duration,
}

impl Lease {
    const NAME: &str = "lease";
    /// The error that a claim was lost to another worker.
    pub const LOST: PortError = PortError::Conflict { what: Self::NAME };

    /// Draws a claim that begins now.
    #[must_use]
    pub fn draw(ids: &dyn IdSource, clock: &dyn Clock, time: Duration) -> Self {
        Self {
            id: LeaseId::new(ids.draw()),
            now: clock.now(),
            time,
        }
    }

    /// Whether a failure means that the claim was lost. Any other conflict may pass.
    #[must_use]
    pub fn is_lost(error: &PortError) -> bool {
        matches!(error, PortError::Conflict { what: Self::NAME })
    }
}

/// The end of a claim whose job must be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Postponement {
    /// Time before which no copy of the job is tried.
    pub until: Timestamp,
    /// Number of attempts counted from now on.
    pub attempts: u32,
}

impl Postponement {
    /// Makes a postponement after a wait for something other than the job: the claim was not an attempt.
    #[must_use]
    pub const fn waited(attempt: u32, until: Timestamp) -> Self {
        Self {
            until,
            attempts: attempt.saturating_sub(1),
        }
    }

    /// Makes a postponement after a failed attempt.
    #[must_use]
    pub const fn failed(attempt: u32, until: Timestamp) -> Self {
        Self {
            until,
            attempts: attempt,
        }
    }
}

/// One partition of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxPart {
    /// The kind of job that the rows of the partition order.
    pub kind: JobKind,
    /// Number of the partition, from 0 and below [`OUTBOX_SHARDS`].
    pub shard: u8,
}

impl OutboxPart {
    /// Returns the partitions of one kind of job.
    pub fn of(kind: JobKind) -> impl Iterator<Item = Self> {
        (0..OUTBOX_SHARDS).map(move |shard| Self { kind, shard })
    }
}

/// A mark of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The job that its row orders.
    pub job: OutboxJob,
    /// Time at which the mark became due, to the second.
    pub due: Timestamp,
    /// The mark's place in the index. Only the store can read it. It changes with every change of the mark.
    pub position: i64,
}

/// The marks of one connector or environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The party that the jobs work for.
    pub owner: JobOwner,
    /// Overdue marks, oldest first.
    pub overdue: Vec<OutboxEntry>,
    /// Number of jobs that were dispatched, or are in work, and have not reported back.
    pub in_flight: usize,
}

/// The sweep's view of one partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboxView {
    /// Backlogs of the connectors or environments.
    pub backlogs: Vec<Backlog>,
    /// Keys of rows that do not order a job of the partition's kind. Such rows are never run.
    pub unreadable: Vec<String>,
}

/// The store of outbox marks for the sweeper.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Returns the overdue marks of a partition, at most `each` per connector or environment, regardless
    /// of the marks before them.
    async fn overdue(
        &self,
        part: OutboxPart,
        now: Timestamp,
        each: usize,
    ) -> Result<OutboxView, PortError>;

    /// Marks the job of an entry as in flight until `until`. `false` when the mark changed or
    /// vanished meanwhile, because the job is already being handled.
    async fn dispatch(&self, entry: &OutboxEntry, until: Timestamp) -> Result<bool, PortError>;

    /// Undoes a dispatch whose job could not be enqueued, and restores the due time. Does nothing
    /// when the mark changed or vanished meanwhile.
    async fn take_back(&self, entry: &OutboxEntry, until: Timestamp) -> Result<(), PortError>;

    /// Moves some of the marks that earlier releases wrote to the partitions that are swept.
    /// Returns the number moved, and the keys of rows that do not order a job.
    async fn adopt_old_marks(&self) -> Result<(usize, Vec<String>), PortError>;
}

/// Reads the pace of connectors for the sweeper.
#[async_trait]
pub trait PaceReader: Send + Sync {
    /// Returns the pace of these connectors. A connector that never sent has none.
    async fn paces(
        &self,
        connectors: &[ConnectorId],
    ) -> Result<HashMap<ConnectorId, Pace>, PortError>;
}

/// The sweeper's queues for jobs. Each kind of job has one of them.
#[async_trait]
pub trait DispatchQueue: Send + Sync {
    /// Enqueues a job to be worked on after `delay`, in whole seconds, 15 minutes at most.
    async fn enqueue_after(&self, job: OutboxJob, delay: Duration) -> Result<(), PortError>;

    /// Returns the approximate number of jobs waiting in the queue of jobs of this kind.
    async fn waiting(&self, kind: JobKind) -> Result<usize, PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_lost_by_the_conflict_of_its_lease_and_by_no_other_failure() {
        assert!(Lease::is_lost(&Lease::LOST));
        for error in [
            PortError::Conflict {
                what: "conversation",
            },
            PortError::unavailable("lease", "timed out"),
            PortError::rejected("lease", "too large"),
            PortError::corrupt("lease", "lease_id"),
        ] {
            assert!(!Lease::is_lost(&error), "{error}");
        }
    }

    #[test]
    fn each_kind_of_job_has_four_partitions_of_its_own() {
        for kind in JobKind::ALL {
            let parts: Vec<OutboxPart> = OutboxPart::of(kind).collect();
            assert_eq!(parts, [0, 1, 2, 3].map(|shard| OutboxPart { kind, shard }));
        }
    }
}
