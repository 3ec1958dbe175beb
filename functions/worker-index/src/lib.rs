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

use std::{fmt, sync::Arc, time::Duration};
use vestibule_domain::{
    Clock,
    error::Chain,
    ids::IdSource,
    job::IndexJob,
    ports::{ImportWork, IndexQueue, Lease, SearchIndexer},
};
use vestibule_edge::batch::Outcome;

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
    let worked = match serde_json::from_str(body) {
        Ok(IndexJob::IndexRecord(job)) => record::work(deps, job).await,
        Ok(IndexJob::IndexProject(job)) => project::work(deps, job).await,
        Ok(IndexJob::ImportUsers(job)) => importing::work(deps, job).await,
        Err(error) => {
            // Retried until it becomes a dead letter, for a person to inspect.
            tracing::error!(
                line = error.line(),
                column = error.column(),
                "a job cannot be read"
            );
            return Outcome::RETRY;
        }
    };
    match worked {
        // The queue brings this message again because an earlier receive of it ended without a word, and
        // its lease may be the one that holds. Acknowledged now, a job that ends every worker would never
        // become a dead letter.
        Ok(Worked::HeldFor(wait)) if receives > 1 => Outcome::Retry { after: Some(wait) },
        Ok(Worked::Ended | Worked::HeldFor(_)) => Outcome::Done,
        // The record changed meanwhile, or another worker has the lease: the order stays, and the sweep brings
        // another job.
        Err(error) if Lease::is_lost(&error) => Outcome::Done,
        Err(error) => {
            tracing::error!(error = %Chain(&error), "a job is left to the queue");
            Outcome::RETRY
        }
    }
}

/// The end of the work on a message, unless it failed.
enum Worked {
    /// Nothing is left for this message.
    Ended,
    /// Another claim holds the row for so long.
    HeldFor(Duration),
}
