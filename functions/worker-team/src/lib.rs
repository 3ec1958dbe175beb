//! Does jobs about the people who run accounts: invites the stack's first admin (SPEC D15), tells members of new
//! access requests (SPEC B35) and of paused webhooks (SPEC F04), and records refused sign-ins (SPEC G02).
//!
//! The queue may bring a job late, twice, or to two workers at once. The stack's set-up row admits one
//! invitation, so everything that a second job makes is thrown away. An order of notices is claimed, and the ids of
//! its mails follow from its round and the member, so that nobody is told twice. The ids of the entries about a refused
//! sign-in follow from its job.
//!
//! | module | content |
//! |---|---|
//! | `first_admin` | the records of the first invitation |
//! | `notices` | mails about new access requests |
//! | `pauses` | mails about paused webhooks |
//! | `refusals` | audit entries about refused sign-ins |
//! | `tokens` | the token of an invitation's link |
//! | `wiring` | the adapters behind its ports |

mod first_admin;
mod notices;
mod pauses;
mod refusals;
mod tokens;
#[cfg(test)]
mod unused;
mod wiring;

pub use wiring::wire;

use ring::rand::SecureRandom;
use std::{fmt, sync::Arc};
use vestibule_domain::{
    Clock, PortError,
    error::Chain,
    ids::IdSource,
    job::{SendMail, TeamJob},
    ports::{
        EmailQueue, FirstAdminStore, NoticeStore, RefusalStore, SecretVault, SetUpReader, TeamQueue,
    },
    team::mail::Mail,
};
use vestibule_edge::{
    batch::Outcome,
    jobs::{self, Worked},
};

/// Ports of the worker.
pub struct Deps {
    /// The state of the stack's set-up.
    pub set_up: Arc<dyn SetUpReader>,
    /// The store of the first invitation.
    pub first_admins: Arc<dyn FirstAdminStore>,
    /// Seals the token until its mail is sent.
    pub vault: Arc<dyn SecretVault>,
    /// Orders of notices, and what notices tell to whom.
    pub notices: Arc<dyn NoticeStore>,
    /// Refused sign-ins.
    pub refusals: Arc<dyn RefusalStore>,
    /// The queue of mails.
    pub email: Arc<dyn EmailQueue>,
    /// The queue for the rest of a round of notices.
    pub team: Arc<dyn TeamQueue>,
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

/// Processes one message of the queue, received for the `receives`th time. A job that cannot be read, or that fails,
/// goes back to the queue.
pub async fn handle(deps: &Deps, body: &str, receives: u32) -> Outcome {
    let job: TeamJob = match jobs::read(body) {
        Ok(job) => job,
        Err(outcome) => return outcome,
    };
    jobs::outcome(work(deps, &job).await, receives, |error| {
        tracing::error!(error = %Chain(error), "a job is left to the queue");
    })
}

async fn work(deps: &Deps, job: &TeamJob) -> Result<Worked, PortError> {
    match job {
        TeamJob::InviteFirstAdmin(job) => {
            first_admin::invite(deps, job).await.map(|()| Worked::Ended)
        }
        TeamJob::SendNotices(job) => notices::work(deps, *job).await,
        TeamJob::RecordRefusal(job) => refusals::record(deps.refusals.as_ref(), job)
            .await
            .map(|()| Worked::Ended),
        TeamJob::TellPause(job) => pauses::tell(deps, job).await.map(|()| Worked::Ended),
    }
}

impl Deps {
    /// Enqueues a mail that is stored. The mark of one that is not enqueued brings a job.
    async fn enqueue_mail(&self, mail: &Mail) {
        let order = SendMail {
            owner: mail.owner,
            mail_id: mail.id,
        };
        if let Err(error) = self.email.enqueue_email(order).await {
            tracing::warn!(error = %Chain(&error), "a notice waits for the sweeper");
        }
    }
}
