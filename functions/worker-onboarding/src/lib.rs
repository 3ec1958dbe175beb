//! Does the pending tasks of a chat user at a connector: the onboarding message, the follow-up to an
//! approval, the profile, and the person in the directory. Orders notices of new requests to those who decide. Closes the pending requests of connectors that no longer ask for
//! approval, and those that expired. Erases people, and messages that are no longer kept.
//!
//! The queue may bring a job late, twice, or to two workers at once. The pending tasks stand on the
//! record; a lease admits one worker at a time; each task is removed once it is done. A job that cannot
//! run now is acknowledged: the time of the next attempt stands on the record, and the outbox brings
//! another job then. One gap remains: a crash after a platform accepted a message and before that is
//! recorded leads to a second message (SPEC X01, RELIABILITY §2.6).
//!
//! | module | content |
//! |---|---|
//! | `onboarding` | the onboarding message, and the profile |
//! | `language` | the language of a text's recipient (SPEC A52) |
//! | `approval` | the follow-up to an approval (SPEC A44) |
//! | `notices` | orders of notices of new requests (SPEC B35) |
//! | `merging` | two records of one person that become one (SPEC A29) |
//! | `receipt` | the ids in the platform's receipt for a text |
//! | `expiring` | pending requests that nobody decided in time (SPEC B36) |
//! | `registering` | the person in the directory (SPEC C54) |
//! | `closing` | pending requests of connectors that changed their policy or were deleted (SPEC A42, A46) |
//! | `indexing` | the search index of a person who is new or was decided on (SPEC B41) |
//! | `erasing` | people, and messages that are no longer kept (SPEC F07) |
//! | `wiring` | the adapters behind its ports |

mod approval;
mod closing;
mod erasing;
mod expiring;
mod indexing;
mod language;
mod merging;
mod notices;
mod onboarding;
mod receipt;
mod registering;
mod wiring;

pub use vestibule_edge::jobs::ATTEMPTS_MAX;
pub use wiring::wire;

use std::{fmt, sync::Arc, time::Duration};
use tracing::Instrument;
use vestibule_domain::{
    Clock, PortError, Timestamp,
    access::standing::{PendingTask, Standing},
    connector::Connector,
    error::Chain,
    ids::IdSource,
    job::{OnboardChatUser, OnboardingJob},
    ports::{
        ChatPlatform, Claim, ClaimedStanding, ConnectorReader, Eraser, InboxQueue, IndexQueue,
        Lease, NoticeOrders, OnboardingQueue, RequestCloser, StandingStore, TaskResult,
    },
};
use vestibule_edge::{
    batch::{Outcome, backoff},
    jobs::{self, Worked},
    sender::{GIVE_UP_AFTER, Later, Patience, Recording, Sender, TimeBudget},
    spans,
};

/// Time that a worker has for a job; longer than its function may run.
pub const LEASE_TIME: Duration = Duration::from_mins(1);
/// Time after which no further task of a job is begun. Together with the longest task, in which a platform
/// is looked up, searched and sent to, and with its record, it is less than the function's time limit.
const BEGIN_WITHIN: Duration = Duration::from_secs(10);
/// Last wait before an outcome is recorded again after a failure.
const RECORD_WAIT_LAST: Duration = Duration::from_secs(4);
/// Maximum number of tasks of one job. There are fewer kinds; only a rapid series of approvals could
/// add more.
const TASKS_MAX: usize = 10;

/// Ports of the worker.
pub struct Deps {
    /// Standings and profiles.
    pub standings: Arc<dyn StandingStore>,
    /// Closings of pending requests, and those that expire.
    pub requests: Arc<dyn RequestCloser>,
    /// Erasures.
    pub erasures: Arc<dyn Eraser>,
    /// Orders of notices. `None` in a stack without an address that mails come from.
    pub notices: Option<Arc<dyn NoticeOrders>>,
    /// Connectors.
    pub connectors: Arc<dyn ConnectorReader>,
    /// The platforms.
    pub platform: Arc<dyn ChatPlatform>,
    /// The queue of messages for agents.
    pub inbox: Arc<dyn InboxQueue>,
    /// The queue for the next page of a closing or an erasure.
    pub onboarding: Arc<dyn OnboardingQueue>,
    /// The queue of work on the search.
    pub index: Arc<dyn IndexQueue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids for leases and audit entries.
    pub ids: Arc<dyn IdSource>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Processes one message of the queue, received for the `receives`th time. Only a job that cannot be read,
/// or not even be postponed, or whose first worker may have died, goes back to the queue.
pub async fn handle(deps: &Deps, body: &str, receives: u32) -> Outcome {
    let worked = match jobs::read(body) {
        Ok(OnboardingJob::OnboardChatUser(job)) => work(deps, job).await,
        Ok(OnboardingJob::ClosePendingRequests(job)) => closing::work(deps, job).await,
        Ok(OnboardingJob::ExpireRequests(job)) => expiring::work(deps, job).await,
        Ok(OnboardingJob::EraseData(job)) => erasing::work(deps, job).await,
        Err(outcome) => return outcome,
    };
    jobs::outcome(worked, receives, |error| {
        tracing::error!(error = %Chain(error), "an onboarding job is left to the queue");
    })
}

/// Outcome of one task.
enum TaskOutcome {
    /// It is done.
    Done(TaskResult),
    /// It is retried later.
    Later(Later),
    /// It is done, and the standing is another record's now, with its other tasks.
    Moved,
}

/// A job and its connector.
struct Work<'a> {
    deps: &'a Deps,
    job: OnboardChatUser,
    /// The connector, unless it was deleted.
    connector: Option<&'a Connector>,
}

impl<'a> Work<'a> {
    /// The sender of the person's texts.
    fn sender(&self, connector: &'a Connector, standing: &Standing) -> Sender<'a> {
        Sender {
            platform: self.deps.platform.as_ref(),
            connector,
            conversation_id: standing.conversation.id,
            clock: self.deps.clock.as_ref(),
        }
    }
}

async fn work(deps: &Deps, job: OnboardChatUser) -> Result<Worked, PortError> {
    let lease = lease(deps);
    let claimed = match deps.standings.claim(job, &lease).await? {
        Claim::Claimed(claimed) => claimed,
        other => return Ok(Worked::without(&other, lease.now)),
    };
    let mut attempt = claimed.attempt;
    let is_first = attempt == 1;
    let budget = TimeBudget::new(lease.now, BEGIN_WITHIN);
    let span = spans::of_standing(&claimed.standing);
    let done = do_tasks(deps, job, claimed, (&mut attempt, budget));
    let done = Box::pin(done).instrument(span.clone()).await;
    if is_first {
        indexing::enqueue(deps, job).await;
    }
    let later = match done {
        Ok(None) => {
            span.in_scope(|| tracing::info!(attempt, "onboarding tasks are done"));
            return Ok(Worked::Ended);
        }
        Ok(Some(later)) => later,
        Err(error) => {
            span.in_scope(|| {
                tracing::error!(
                    chat_user.id = %job.chat_user_id,
                    connector.id = %job.connector_id,
                    error = %Chain(&error),
                    "an onboarding job failed and will be tried again"
                );
            });
            Later::Failed
        }
    };
    let pause = backoff(attempt);
    let postponement = later.postponement(attempt, deps.clock.now(), pause);
    deps.standings.postpone(job, lease.id, postponement).await?;
    if later == Later::OutOfTime
        && let Err(error) = deps.onboarding.enqueue_onboarding(job.into()).await
    {
        tracing::warn!(error = %Chain(&error), "the tasks that are left wait for the sweeper");
    }
    Ok(Worked::Ended)
}

/// The time for which the text of a task that is due since `due_at` is tried.
fn patience(claimed: &ClaimedStanding, due_at: Timestamp) -> Patience {
    Patience::Attempts {
        made: claimed.attempt,
        most: ATTEMPTS_MAX,
        until: due_at.plus(GIVE_UP_AFTER),
    }
}

/// Draws a new lease.
fn lease(deps: &Deps) -> Lease {
    Lease::draw(deps.ids.as_ref(), deps.clock.as_ref(), LEASE_TIME)
}

/// Does one task after the other while there is time. Returns the reason for another attempt, if one is
/// needed, and the attempt number in `attempt`.
async fn do_tasks(
    deps: &Deps,
    job: OnboardChatUser,
    mut claimed: Box<ClaimedStanding>,
    (attempt, budget): (&mut u32, TimeBudget),
) -> Result<Option<Later>, PortError> {
    let connector = deps.connectors.find_connector(job.connector_id).await?;
    let connector = connector.filter(|connector| connector.scope == job.scope);
    let work = Work {
        deps,
        job,
        connector: connector.as_ref(),
    };
    let mut orders = notices::Orders::default();
    for _ in 0..TASKS_MAX {
        *attempt = claimed.attempt;
        if budget.is_over(deps.clock.now()) {
            return Ok(Some(Later::OutOfTime));
        }
        claimed = orders.order(&work, claimed).await?;
        // A text does not wait for a profile that cannot be had now.
        if language::is_asked_first(&work, &claimed).await?
            && let TaskOutcome::Done(result) = onboarding::profile(&work, &claimed).await?
        {
            let Some(left) = record(&work, &claimed, &result).await? else {
                return Ok(None);
            };
            claimed = left;
            continue;
        }
        let step = match claimed.standing.pending_tasks.first() {
            None => return Ok(None),
            Some(PendingTask::Merge) => merging::finish(&work, &claimed).await?,
            Some(PendingTask::OnboardingMessage) => onboarding::message(&work, &claimed).await?,
            Some(PendingTask::RelatedRequests) => {
                approval::related_requests(&work, &claimed).await?
            }
            Some(PendingTask::ApprovalNotice) => approval::notice(&work, &claimed).await?,
            Some(PendingTask::Replay) => approval::replay(&work, &claimed).await?,
            Some(PendingTask::Profile) => onboarding::profile(&work, &claimed).await?,
            Some(PendingTask::RequestNotice) => orders.task(&work, &claimed.standing),
            Some(PendingTask::Register) => registering::register(&work, &claimed).await?,
        };
        let result = match step {
            TaskOutcome::Done(result) => result,
            TaskOutcome::Later(later) => return Ok(Some(later)),
            TaskOutcome::Moved => return Ok(None),
        };
        let Some(left) = record(&work, &claimed, &result).await? else {
            return Ok(None);
        };
        claimed = left;
    }
    Ok(Some(Later::OutOfTime))
}

/// Records that a task is done. A platform may already have the message, so recording is repeated for
/// as long as this worker has time and the lease.
async fn record(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
    result: &TaskResult,
) -> Result<Option<Box<ClaimedStanding>>, PortError> {
    let sent = receipt::sent(work, result);
    let mut recording = Recording::with_waits_up_to(RECORD_WAIT_LAST);
    loop {
        let standings = &work.deps.standings;
        let settled = standings
            .settle(work.job.scope, claimed, result, sent.as_ref())
            .await;
        let error = match settled {
            Err(error) => error,
            left => return left,
        };
        if !recording.goes_on_after(&error).await {
            return Err(error);
        }
    }
}
