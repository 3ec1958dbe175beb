//! The outbox: rows that order a job, the lease on one of them, and the sweep over all.

use crate::{
    PortError, Timestamp,
    ids::{ConnectorId, LeaseId},
    job::{JobKind, OnboardingJob},
    ports::Pace,
};
use async_trait::async_trait;
use std::{collections::HashMap, time::Duration};

/// Marks of one kind of job are spread over this many partitions.
pub const OUTBOX_SHARDS: u8 = 4;

/// Time after which the sweep takes a job for forgotten that whoever ordered it enqueued as well.
pub const OUTBOX_PATIENCE: Duration = Duration::from_mins(1);

/// A claim on a row that orders a job.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    /// Names the claim.
    pub id: LeaseId,
    /// When it begins.
    pub now: Timestamp,
    /// How long it lasts.
    pub time: Duration,
}

/// The end of a claim whose job has to be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Postponement {
    /// No copy of the job is tried before.
    pub until: Timestamp,
    /// Attempts that count from now on.
    pub attempts: u32,
}

impl Postponement {
    /// After waiting for something else than the job itself: the claim was no attempt.
    #[must_use]
    pub const fn waited(attempt: u32, until: Timestamp) -> Self {
        Self {
            until,
            attempts: attempt.saturating_sub(1),
        }
    }

    /// After an attempt that failed.
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
    /// Which jobs are ordered by the rows in it.
    pub kind: JobKind,
    /// From 0, below [`OUTBOX_SHARDS`].
    pub shard: u8,
}

impl OutboxPart {
    /// The partitions of one kind of job.
    pub fn of(kind: JobKind) -> impl Iterator<Item = Self> {
        (0..OUTBOX_SHARDS).map(move |shard| Self { kind, shard })
    }
}

/// A mark of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The job that its row orders.
    pub job: OnboardingJob,
    /// When it became due, to the second.
    pub due: Timestamp,
    /// Where it stands in the index; only the store knows what it says. It changes with every change
    /// of the mark.
    pub position: i64,
}

/// The marks of one connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// Whose.
    pub connector_id: ConnectorId,
    /// Overdue marks, oldest first.
    pub overdue: Vec<OutboxEntry>,
    /// How many jobs were dispatched, or are in work, and have not reported back.
    pub in_flight: usize,
}

/// What a partition of the outbox holds for a sweep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboxView {
    /// By connector.
    pub backlogs: Vec<Backlog>,
    /// Keys of rows that order no job of the partition's kind. They are never run.
    pub unreadable: Vec<String>,
}

/// The outbox, as the sweeper sees it.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// The overdue marks of a partition, of each connector at most `each`, whatever else stands before
    /// them.
    async fn overdue(
        &self,
        part: OutboxPart,
        now: Timestamp,
        each: usize,
    ) -> Result<OutboxView, PortError>;

    /// Marks the job of an entry as in flight until `until`. `false` when the mark changed or went
    /// meanwhile: somebody took care of it.
    async fn dispatch(&self, entry: &OutboxEntry, until: Timestamp) -> Result<bool, PortError>;

    /// Takes a dispatch back whose job could not be enqueued; it is due as it was before. Does nothing
    /// when the mark changed or went meanwhile.
    async fn take_back(&self, entry: &OutboxEntry, until: Timestamp) -> Result<(), PortError>;

    /// Moves some of the marks that releases before this one wrote to where they are swept; returns how
    /// many, and the keys of rows that order no job.
    async fn adopt_old_marks(&self) -> Result<(usize, Vec<String>), PortError>;
}

/// How fast connectors send, as the sweeper sees it.
#[async_trait]
pub trait PaceReader: Send + Sync {
    /// The pace of these connectors. One that never sent has none.
    async fn paces(
        &self,
        connectors: &[ConnectorId],
    ) -> Result<HashMap<ConnectorId, Pace>, PortError>;
}

/// Where the sweeper puts jobs.
#[async_trait]
pub trait DispatchQueue: Send + Sync {
    /// Enqueues a job that is to be worked on after `delay`, in whole seconds, 15 minutes at most.
    async fn enqueue_after(&self, job: OnboardingJob, delay: Duration) -> Result<(), PortError>;

    /// About how many jobs wait to be taken.
    async fn waiting(&self) -> Result<usize, PortError>;
}
