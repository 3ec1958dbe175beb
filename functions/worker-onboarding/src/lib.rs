//! Does what is owed to a chat user at a connector: the onboarding message, what follows an approval, and
//! their profile. Closes the pending requests of connectors that need none any more.
//!
//! The queue may bring a job late, twice, or to two workers at once. What is owed stands on the
//! record; a lease lets one worker at it; each debt that is paid comes off by itself. Between a platform
//! taking a message and that being recorded lies the one gap in which a crash leads to a second message
//! (SPEC X01, RELIABILITY §2.6).
//!
//! | module | what it holds |
//! |---|---|
//! | `onboarding` | the onboarding message, and the profile |
//! | `approval` | what follows an approval (SPEC A44) |
//! | `closing` | pending requests that go with their connector's policy, or with it (SPEC A42, A46) |
//! | `backoff` | when a job that could not be done is tried again |
//! | `wiring` | the adapters behind its ports |

mod approval;
mod backoff;
mod closing;
mod onboarding;
mod wiring;

pub use backoff::{ATTEMPTS_MAX, retry_at};
pub use wiring::wire;

use std::{fmt, sync::Arc, time::Duration};
use vestibule_domain::{
    Clock, PortError,
    access::standing::PendingTask,
    connector::Connector,
    error::Chain,
    ids::{IdSource, LeaseId},
    job::{OnboardChatUser, OnboardingJob},
    ports::{
        ChatPlatform, Claim, ClaimedStanding, ConnectorReader, InboxQueue, OUTBOX_PATIENCE,
        OnboardingQueue, RequestCloser, StandingStore, TaskResult,
    },
};
use vestibule_edge::batch::Outcome;

/// How long one worker has for one job; longer than its function may run.
pub const LEASE_TIME: Duration = Duration::from_mins(1);
/// Waits up to this long are the queue's; longer ones are the outbox's. So a platform that is down for
/// long does not use up the queue's attempts: dead letters are for jobs that cannot be worked on.
const QUEUE_WAIT_MAX: Duration = Duration::from_mins(2);
/// First wait before the fate of something that went out is recorded again; each is twice as long.
const RECORD_WAIT_FIRST: Duration = Duration::from_millis(100);
/// Last such wait. With the attempts between them they stay within the function's time.
const RECORD_WAIT_LAST: Duration = Duration::from_secs(4);
/// Debts that one job pays. There are fewer; approvals that follow each other faster than they can be
/// seen to would make more.
const DEBTS_MAX: usize = 10;

/// What the worker needs.
pub struct Deps {
    /// Standings and profiles.
    pub standings: Arc<dyn StandingStore>,
    /// Requests that nobody decides.
    pub requests: Arc<dyn RequestCloser>,
    /// Connectors.
    pub connectors: Arc<dyn ConnectorReader>,
    /// The platforms.
    pub platform: Arc<dyn ChatPlatform>,
    /// Where messages for agents go.
    pub inbox: Arc<dyn InboxQueue>,
    /// Where the next page of a closing goes.
    pub onboarding: Arc<dyn OnboardingQueue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Names of leases and audit entries.
    pub ids: Arc<dyn IdSource>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Works on one message of the queue.
pub async fn handle(deps: &Deps, body: &str) -> Outcome {
    match serde_json::from_str(body) {
        Ok(OnboardingJob::OnboardChatUser(job)) => match work(deps, job).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::error!(
                    chat_user.id = %job.chat_user_id,
                    connector.id = %job.connector_id,
                    error = %Chain(&error),
                    "an onboarding job failed and will be tried again"
                );
                Outcome::RETRY
            }
        },
        Ok(OnboardingJob::ClosePendingRequests(job)) => match closing::work(deps, job).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::error!(
                    connector.id = %job.connector_id,
                    error = %Chain(&error),
                    "pending requests could not be closed; it will be tried again"
                );
                Outcome::RETRY
            }
        },
        Err(error) => {
            // Kept for a person to look at: after its attempts it is a dead letter.
            tracing::error!(
                line = error.line(),
                column = error.column(),
                "a job cannot be read"
            );
            Outcome::RETRY
        }
    }
}

/// What the work on one debt led to.
enum TaskOutcome {
    /// It is paid.
    Done(TaskResult),
    /// Not yet: again after the wait that the attempts make, or a longer one that was asked for.
    Later(Option<Duration>),
}

/// A job with what it is about.
struct Work<'a> {
    deps: &'a Deps,
    job: OnboardChatUser,
    /// The connector, unless it was deleted.
    connector: Option<&'a Connector>,
}

async fn work(deps: &Deps, job: OnboardChatUser) -> Result<Outcome, PortError> {
    let now = deps.clock.now();
    let lease = LeaseId::new(deps.ids.draw());
    let mut claimed = match deps.standings.claim(job, lease, now, LEASE_TIME).await? {
        Claim::Claimed(claimed) => claimed,
        Claim::NothingPending => return Ok(Outcome::Done),
        Claim::HeldUntil(until) => {
            return Ok(Outcome::Retry {
                after: Some(until.since(now)),
            });
        }
    };
    let connector = deps.connectors.find_connector(job.connector_id).await?;
    let connector = connector.filter(|connector| connector.scope == job.scope);
    let work = Work {
        deps,
        job,
        connector: connector.as_ref(),
    };
    for _ in 0..DEBTS_MAX {
        let step = match claimed.standing.pending_tasks.first() {
            None => return Ok(Outcome::Done),
            Some(PendingTask::OnboardingMessage) => onboarding::message(&work, &claimed).await?,
            Some(PendingTask::RelatedRequests) => {
                approval::related_requests(&work, &claimed).await?
            }
            Some(PendingTask::ApprovalNotice) => approval::notice(&work, &claimed).await?,
            Some(PendingTask::Replay) => approval::replay(&work, &claimed).await?,
            Some(PendingTask::Profile) => onboarding::profile(&work, &claimed).await?,
        };
        let paid = match step {
            TaskOutcome::Done(paid) => paid,
            TaskOutcome::Later(after) => return postpone(&work, &claimed, after).await,
        };
        let Some(left) = record(&work, &claimed, &paid).await? else {
            return Ok(Outcome::Done);
        };
        claimed = left;
    }
    postpone(&work, &claimed, None).await
}

/// Records that a debt is paid. A platform may have the message already, so a table that does not
/// answer is asked again for as long as this worker has.
async fn record(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
    paid: &TaskResult,
) -> Result<Option<Box<ClaimedStanding>>, PortError> {
    let mut wait = RECORD_WAIT_FIRST;
    loop {
        let due = work.deps.clock.now().plus(OUTBOX_PATIENCE);
        let standings = &work.deps.standings;
        match standings.settle(work.job.scope, claimed, paid, due).await {
            Err(error)
                if wait <= RECORD_WAIT_LAST && !matches!(error, PortError::Conflict { .. }) =>
            {
                tracing::warn!(error = %Chain(&error), "what was done could not be recorded yet");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            result => return result,
        }
    }
}

/// Gives the lease back. Short waits are the queue's, and the mark is for the case that it forgets;
/// long ones are the mark's alone.
async fn postpone(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
    after: Option<Duration>,
) -> Result<Outcome, PortError> {
    let now = work.deps.clock.now();
    let at = retry_at(now, claimed.attempt, after);
    let wait = at.since(now);
    let by_queue = wait <= QUEUE_WAIT_MAX;
    let until = if by_queue {
        at.plus(OUTBOX_PATIENCE)
    } else {
        at
    };
    work.deps
        .standings
        .postpone(work.job.scope, claimed, until)
        .await?;
    Ok(if by_queue {
        Outcome::Retry { after: Some(wait) }
    } else {
        Outcome::Done
    })
}
