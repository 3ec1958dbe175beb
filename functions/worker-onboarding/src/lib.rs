//! Does the pending tasks of a chat user at a connector: the onboarding message, what follows an approval, and
//! their profile. Closes the pending requests of connectors that need none any more.
//!
//! The queue may bring a job late, twice, or to two workers at once. The pending tasks stand on the
//! record; a lease lets one worker at them; each comes off by itself once it is done. A job that cannot
//! run now is acknowledged: when to try again stands on the record, and the outbox brings another job
//! then. Between a platform taking a message and that being recorded lies the one gap in which a crash
//! leads to a second message (SPEC X01, RELIABILITY §2.6).
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
        ChatPlatform, Claim, ClaimedStanding, ConnectorReader, InboxQueue, Lease, OnboardingQueue,
        Postponement, RequestCloser, StandingStore, TaskResult,
    },
};
use vestibule_edge::batch::Outcome;

/// How long one worker has for one job; longer than its function may run.
pub const LEASE_TIME: Duration = Duration::from_mins(1);
/// First wait before the fate of something that went out is recorded again; each is twice as long.
const RECORD_WAIT_FIRST: Duration = Duration::from_millis(100);
/// Last such wait. With the attempts between them they stay within the function's time.
const RECORD_WAIT_LAST: Duration = Duration::from_secs(4);
/// Tasks that one job does. There are fewer; approvals that follow each other faster than they can be
/// seen to would make more.
const TASKS_MAX: usize = 10;

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

/// Works on one message of the queue. Only what cannot be read, or not even be put off, is the queue's to
/// bring again.
pub async fn handle(deps: &Deps, body: &str) -> Outcome {
    let worked = match serde_json::from_str(body) {
        Ok(OnboardingJob::OnboardChatUser(job)) => work(deps, job).await,
        Ok(OnboardingJob::ClosePendingRequests(job)) => closing::work(deps, job).await,
        Err(error) => {
            // Kept for a person to look at: after its attempts it is a dead letter.
            tracing::error!(
                line = error.line(),
                column = error.column(),
                "a job cannot be read"
            );
            return Outcome::RETRY;
        }
    };
    match worked {
        // Whoever has the lease by now sees to it.
        Ok(()) | Err(PortError::Conflict { .. }) => Outcome::Done,
        Err(error) => {
            tracing::error!(error = %Chain(&error), "an onboarding job is left to the queue");
            Outcome::RETRY
        }
    }
}

/// How the work on one task ended.
enum TaskOutcome {
    /// It is done.
    Done(TaskResult),
    /// It is tried again later.
    Later(Later),
}

/// Why something is tried again.
enum Later {
    /// The platform asked to wait for this long, or the connector's turn is that far off: no attempt was
    /// made.
    Wait(Duration),
    /// An attempt failed.
    Failed,
}

impl Later {
    /// After a call that is to be made again, `after` the time that was asked for.
    fn of(after: Option<Duration>) -> Self {
        after.map_or(Self::Failed, Self::Wait)
    }
}

/// A job with what it is about.
struct Work<'a> {
    deps: &'a Deps,
    job: OnboardChatUser,
    /// The connector, unless it was deleted.
    connector: Option<&'a Connector>,
}

async fn work(deps: &Deps, job: OnboardChatUser) -> Result<(), PortError> {
    let lease = lease(deps);
    let Claim::Claimed(claimed) = deps.standings.claim(job, &lease).await? else {
        return Ok(());
    };
    let mut attempt = claimed.attempt;
    let later = match do_tasks(deps, job, claimed, &mut attempt).await {
        Ok(None) => return Ok(()),
        Ok(Some(later)) => later,
        Err(error) => {
            tracing::error!(
                chat_user.id = %job.chat_user_id,
                connector.id = %job.connector_id,
                error = %Chain(&error),
                "an onboarding job failed and will be tried again"
            );
            Later::Failed
        }
    };
    let now = deps.clock.now();
    let postponement = match later {
        Later::Wait(wait) => Postponement::waited(attempt, retry_at(now, 1, Some(wait))),
        Later::Failed => Postponement::failed(attempt, retry_at(now, attempt, None)),
    };
    deps.standings.postpone(job, lease.id, postponement).await
}

/// A new claim.
fn lease(deps: &Deps) -> Lease {
    Lease {
        id: LeaseId::new(deps.ids.draw()),
        now: deps.clock.now(),
        time: LEASE_TIME,
    }
}

/// Does one task after the other; returns why one has to be tried again, and in `attempt` the attempt at
/// it.
async fn do_tasks(
    deps: &Deps,
    job: OnboardChatUser,
    mut claimed: Box<ClaimedStanding>,
    attempt: &mut u32,
) -> Result<Option<Later>, PortError> {
    let connector = deps.connectors.find_connector(job.connector_id).await?;
    let connector = connector.filter(|connector| connector.scope == job.scope);
    let work = Work {
        deps,
        job,
        connector: connector.as_ref(),
    };
    for _ in 0..TASKS_MAX {
        *attempt = claimed.attempt;
        let step = match claimed.standing.pending_tasks.first() {
            None => return Ok(None),
            Some(PendingTask::OnboardingMessage) => onboarding::message(&work, &claimed).await?,
            Some(PendingTask::RelatedRequests) => {
                approval::related_requests(&work, &claimed).await?
            }
            Some(PendingTask::ApprovalNotice) => approval::notice(&work, &claimed).await?,
            Some(PendingTask::Replay) => approval::replay(&work, &claimed).await?,
            Some(PendingTask::Profile) => onboarding::profile(&work, &claimed).await?,
        };
        let result = match step {
            TaskOutcome::Done(result) => result,
            TaskOutcome::Later(later) => return Ok(Some(later)),
        };
        let Some(left) = record(&work, &claimed, &result).await? else {
            return Ok(None);
        };
        claimed = left;
    }
    Ok(Some(Later::Wait(Duration::ZERO)))
}

/// Records that a task is done. A platform may have the message already, so a table that does not
/// answer is asked again for as long as this worker has.
async fn record(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
    result: &TaskResult,
) -> Result<Option<Box<ClaimedStanding>>, PortError> {
    let mut wait = RECORD_WAIT_FIRST;
    loop {
        let standings = &work.deps.standings;
        match standings.settle(work.job.scope, claimed, result).await {
            Err(error)
                if wait <= RECORD_WAIT_LAST && !matches!(error, PortError::Conflict { .. }) =>
            {
                tracing::warn!(error = %Chain(&error), "what was done could not be recorded yet");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            settled => return settled,
        }
    }
}
