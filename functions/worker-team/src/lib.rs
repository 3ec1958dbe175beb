//! Does jobs about the people who run accounts: invites the stack's first admin (SPEC D15).
//!
//! The queue may bring a job late, twice, or to two workers at once. The stack's set-up row admits one
//! invitation, so everything that a second job makes is thrown away.
//!
//! | module | content |
//! |---|---|
//! | `first_admin` | the records of the first invitation |
//! | `tokens` | the token of an invitation's link |
//! | `wiring` | the adapters behind its ports |

mod first_admin;
mod tokens;
mod wiring;

pub use wiring::wire;

use ring::rand::SecureRandom;
use std::{fmt, sync::Arc};
use vestibule_domain::{
    Clock, PortError,
    error::Chain,
    ids::IdSource,
    job::TeamJob,
    ports::{EmailQueue, FirstAdminStore, SecretVault, SetUpReader},
};
use vestibule_edge::batch::Outcome;

/// Ports of the worker.
pub struct Deps {
    /// The state of the stack's set-up.
    pub set_up: Arc<dyn SetUpReader>,
    /// The store of the first invitation.
    pub first_admins: Arc<dyn FirstAdminStore>,
    /// Seals the token until its mail is sent.
    pub vault: Arc<dyn SecretVault>,
    /// The queue of mails.
    pub email: Arc<dyn EmailQueue>,
    /// Whether the stack has an address that mails come from.
    pub sends_mail: bool,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
    /// The source of tokens.
    pub random: Arc<dyn SecureRandom + Send + Sync>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Processes one message of the queue. A job that cannot be read, or that fails, goes back to the queue.
pub async fn handle(deps: &Deps, body: &str, _receives: u32) -> Outcome {
    let job: TeamJob = match serde_json::from_str(body) {
        Ok(job) => job,
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
    match work(deps, &job).await {
        Ok(()) => Outcome::Done,
        Err(error) => {
            tracing::error!(error = %Chain(&error), "a job is left to the queue");
            Outcome::RETRY
        }
    }
}

async fn work(deps: &Deps, job: &TeamJob) -> Result<(), PortError> {
    match job {
        TeamJob::InviteFirstAdmin(job) => first_admin::invite(deps, job).await,
    }
}
