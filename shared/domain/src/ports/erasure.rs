//! Port of the worker that erases.

use crate::{
    PortError, Timestamp,
    erasure::{EraseData, Erasure, ErasurePosition},
    ids::LeaseId,
    ports::{Claim, Lease, Resume},
};
use async_trait::async_trait;

/// A part of an erasure that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedPage {
    /// Number of rows that were removed or shortened.
    pub rows: usize,
    /// Start of the next page; `None` after the last one.
    pub next: Option<ErasurePosition>,
}

/// The store of erasures.
#[async_trait]
pub trait Eraser: Send + Sync {
    /// Claims the erasure of a job, unless it is finished. Two claims never overlap, and no claim succeeds
    /// before the time at which the erasure is to be resumed.
    async fn claim_erasure(
        &self,
        job: EraseData,
        lease: &Lease,
    ) -> Result<Claim<Erasure>, PortError>;

    /// Gives the claim of an erasure back, so that it is tried again from `until` on. `Conflict` when the
    /// claim was lost to another worker.
    async fn postpone_erasure(
        &self,
        job: EraseData,
        lease: LeaseId,
        until: Timestamp,
    ) -> Result<(), PortError>;

    /// Erases the next records of an erasure. Repeated, it erases what is left of them.
    async fn erase_page(&self, erasure: &Erasure, now: Timestamp) -> Result<ErasedPage, PortError>;

    /// Stores an erasure's progress and gives its claim back. `false` when another worker changed it since
    /// it was claimed at `erasure.version`.
    async fn save_erasure(&self, erasure: &Erasure, resume: Resume) -> Result<bool, PortError>;

    /// Removes an erasure. `false` when another worker changed it since it was claimed.
    async fn finish_erasure(&self, erasure: &Erasure) -> Result<bool, PortError>;
}
