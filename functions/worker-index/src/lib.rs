//! Keeps the search index in line with the records that it leads to (SPEC C22–C31, B41): after a change of one record, and
//! for all records of a project when an operator asks. Works imports of people off (SPEC C61).
//!
//! The queue may bring a job late, twice, or to two workers at once. A record's job is claimed at the order beside the
//! record, and the index itself takes the rows of one worker only, so no order of events leaves rows of an earlier state.
//!
//! | module | content |
//! |---|---|
//! | `record` | one record |
//! | `project` | all records of a project |
//! | `importing` | imports of people from a file |
//! | `wiring` | the adapters behind its ports |

mod importing;
mod project;
mod record;
#[cfg(test)]
mod tests;
mod wiring;

pub use wiring::wire;

use std::{fmt, sync::Arc};
use vestibule_domain::{
    Clock,
    error::Chain,
    ids::IdSource,
    job::IndexJob,
    ports::{ImportWork, IndexQueue, SearchIndexer},
};
use vestibule_edge::{batch::Outcome, jobs};

/// Ports of the worker.
pub struct Deps {
    /// The index.
    pub index: Arc<dyn SearchIndexer>,
    /// Imports of people.
    pub imports: Arc<dyn ImportWork>,
    /// The queue for the next page of a project, the rest of an import, and the people whom it stores.
    pub queue: Arc<dyn IndexQueue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids for leases.
    pub ids: Arc<dyn IdSource>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Processes one message of the queue, received for the `receives`th time. A job that cannot be read, or that fails,
/// goes back to the queue.
pub async fn handle(deps: &Deps, body: &str, receives: u32) -> Outcome {
    let worked = match jobs::read(body) {
        Ok(IndexJob::IndexRecord(job)) => record::work(deps, job).await,
        Ok(IndexJob::IndexProject(job)) => project::work(deps, job).await,
        Ok(IndexJob::ImportUsers(job)) => importing::work(deps, job).await,
        Err(outcome) => return outcome,
    };
    jobs::outcome(worked, receives, |error| {
        tracing::error!(error = %Chain(error), "a job is left to the queue");
    })
}
