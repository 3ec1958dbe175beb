//! Port of deliveries and texts that were given up.

use crate::{
    PortError, Timestamp,
    chat::given_up::{GivenUpEntry, GivenUpId},
    event::AuditEntry,
    ids::{ConnectorId, EnvironmentId, RedriveId},
    job::DeliverMessage,
    page::{Cursor, ListError, Page, PageRequest},
    scope::ProjectScope,
};
use async_trait::async_trait;

/// A filter for what was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GivenUpFilter {
    /// Only at this connector.
    pub connector_id: Option<ConnectorId>,
    /// Only of this environment.
    pub environment_id: Option<EnvironmentId>,
    /// Only what was given up until this time, the time itself included.
    pub until: Option<Timestamp>,
}

/// An order to try again what was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// Id of the order, derived from the call's `Idempotency-Key` if it has one.
    pub id: RedriveId,
    /// Project of the order.
    pub scope: ProjectScope,
    /// Hash of the call, under its key.
    pub request_hash: Option<String>,
    /// Time of the order. What is given up later is not part of it.
    pub at: Timestamp,
    /// Progress so far.
    pub progress: RedriveProgress,
}

/// Progress of an order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RedriveProgress {
    /// The place in the list at which the next page begins.
    pub next: Option<Cursor>,
    /// Number of entries that are tried again.
    pub redriven: u64,
    /// Number of entries that stay as they are.
    pub left: u64,
    /// Whether the end of the list was reached.
    pub is_done: bool,
}

/// The outcome of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderedRedrive {
    /// It was recorded now.
    Now(Redrive),
    /// A call with the same key made it before.
    Before(Redrive),
}

/// The outcome for one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redriven {
    /// It is tried again.
    Now,
    /// It is not on record any more: another call was first, or it was erased.
    Gone,
}

/// The store of what was given up.
#[async_trait]
pub trait GivenUpStore: Send + Sync {
    /// Lists what was given up, in the order in which it was. A page may be short, or empty, without being
    /// the last.
    async fn list_given_up(
        &self,
        scope: ProjectScope,
        filter: &GivenUpFilter,
        page: &PageRequest,
    ) -> Result<Page<GivenUpEntry>, ListError>;

    /// Returns the entries with these ids that are on record, in the order in which they were given up.
    async fn find_given_up(
        &self,
        scope: ProjectScope,
        ids: &[GivenUpId],
    ) -> Result<Vec<GivenUpEntry>, PortError>;

    /// Records an order with its audit entry, unless a call with the same id did so in the last 30 days.
    async fn order_redrive(
        &self,
        order: &Redrive,
        audit: &AuditEntry,
    ) -> Result<OrderedRedrive, PortError>;

    /// Adds a step to the progress of an order: its counts are added, and the rest takes the place of what
    /// was noted before.
    async fn note_redrive(&self, order: &Redrive, step: &RedriveProgress) -> Result<(), PortError>;

    /// Parks a delivery that was given up behind what waits in its conversation, and orders a drain, all or
    /// nothing. A delivery that was delivered meanwhile is removed by the drain.
    async fn redrive_delivery(
        &self,
        job: &DeliverMessage,
        attempts: u32,
        at: Timestamp,
    ) -> Result<Redriven, PortError>;
}
