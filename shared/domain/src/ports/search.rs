//! Ports of the worker that keeps the search index: see [`crate::search`].

use crate::{
    PortError, ProjectScope, Timestamp,
    ids::LeaseId,
    job::IndexJob,
    ports::{Claim, Lease},
    search::{IndexRecord, ProjectPlace, SearchTarget},
};
use async_trait::async_trait;

/// A page of a project's records that was gone through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedPage {
    /// Number of records on the page.
    pub records: usize,
    /// Number of those that were not in line with the index.
    pub differences: usize,
    /// Start of the next page; `None` after the last one.
    pub next: Option<ProjectPlace>,
}

/// The index and the orders to keep it.
#[async_trait]
pub trait SearchIndexer: Send + Sync {
    /// Claims the order beside a record. The claim is the number of the attempt.
    async fn claim_indexing(
        &self,
        job: IndexRecord,
        lease: &Lease,
    ) -> Result<Claim<u32>, PortError>;

    /// Brings the index in line with a record as it stands, or with its absence. What is in line already is not
    /// written again. After a crash at any step, the next call goes on. `Conflict` when another worker came first. Returns
    /// whether there is a record.
    async fn index_record(
        &self,
        scope: ProjectScope,
        target: SearchTarget,
    ) -> Result<bool, PortError>;

    /// Ends a claim and its order. The order of a record that is gone goes too, so that nothing names the record.
    /// [`Lease::LOST`] when the record was changed meanwhile, or the claim was lost: the order stays then, for
    /// another job.
    async fn settle_indexing(
        &self,
        job: IndexRecord,
        lease: LeaseId,
        has_record: bool,
    ) -> Result<(), PortError>;

    /// Ends a claim and leaves the order for a job at this time. [`Lease::LOST`] as for settling.
    async fn postpone_indexing(
        &self,
        job: IndexRecord,
        lease: LeaseId,
        attempts: u32,
        until: Timestamp,
    ) -> Result<(), PortError>;

    /// Writes all rows of the records on a page of the project anew, or counts those that lack any if it only
    /// checks. Repeated, it does the same again.
    async fn index_page(
        &self,
        scope: ProjectScope,
        place: &ProjectPlace,
        only_checks: bool,
    ) -> Result<IndexedPage, PortError>;
}

/// The queue of work on the directory and the search.
#[async_trait]
pub trait IndexQueue: Send + Sync {
    /// Enqueues a job.
    async fn enqueue_index(&self, job: IndexJob) -> Result<(), PortError>;
}
