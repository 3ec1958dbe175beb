//! Does what is owed to a chat user at a connector: the onboarding message, and their profile.
//!
//! The queue may bring a job late, twice, or to two workers at once. What is owed stands on the
//! record; a lease lets one worker at it; the outcome takes it off. Between a platform taking a
//! message and the outcome being recorded lies the one gap in which a crash leads to a second
//! message (SPEC X01, RELIABILITY §2.6).

mod backoff;

pub use backoff::{ATTEMPTS_MAX, retry_at};

use std::{fmt, sync::Arc, time::Duration};
use vestibule_domain::{
    Clock, PortError, Timestamp,
    access::{Decision, DirectoryMatch, Facts, decide},
    chat_user::{OnboardingMessage, Owed},
    connector::Connector,
    error::Chain,
    ids::{IdSource, LeaseId},
    job::{OnboardChatUser, OnboardingJob},
    ports::{
        ChatPlatform, Claim, ClaimedStanding, ConnectorReader, Destination, FailureClass, Learnt,
        Mark, OutgoingText, ProfileOutcome, ProfileQuery, SendOutcome, Settlement, StandingStore,
    },
    profile::Profile,
};
use vestibule_edge::{
    batch::Outcome,
    logging::{Metric, count},
};

/// How long one worker has for one job; longer than its function may run.
pub const LEASE_TIME: Duration = Duration::from_mins(1);
/// Waits up to this long are the queue's; longer ones are the outbox's. So a platform that is down for
/// long does not use up the queue's attempts: dead letters are for jobs that cannot be worked on.
const QUEUE_WAIT_MAX: Duration = Duration::from_mins(2);
/// How long after a job's next attempt the sweeper takes it for forgotten.
const OUTBOX_PATIENCE: Duration = Duration::from_mins(1);
/// First wait before the fate of a message that was sent is recorded again; each is twice as long.
const RECORD_WAIT_FIRST: Duration = Duration::from_millis(100);
/// Last such wait. With the attempts between them they stay within the function's time.
const RECORD_WAIT_LAST: Duration = Duration::from_secs(4);

/// What the worker needs.
pub struct Deps {
    /// Standings and profiles.
    pub standings: Arc<dyn StandingStore>,
    /// Connectors.
    pub connectors: Arc<dyn ConnectorReader>,
    /// The platforms.
    pub platform: Arc<dyn ChatPlatform>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Names of leases.
    pub ids: Arc<dyn IdSource>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Works on one message of the queue.
pub async fn handle(deps: &Deps, body: &str) -> Outcome {
    let job = match serde_json::from_str(body) {
        Ok(OnboardingJob::OnboardChatUser(job)) => job,
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
    match work(deps, job).await {
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
    }
}

async fn work(deps: &Deps, job: OnboardChatUser) -> Result<Outcome, PortError> {
    let now = deps.clock.now();
    let lease = LeaseId::new(deps.ids.draw());
    let claimed = match deps.standings.claim(job, lease, now, LEASE_TIME).await? {
        Claim::Claimed(claimed) => claimed,
        Claim::NothingOwed => return Ok(Outcome::Done),
        Claim::HeldUntil(until) => {
            return Ok(Outcome::Retry {
                after: Some(until.since(now)),
            });
        }
    };
    let connector = deps.connectors.find_connector(job.connector_id).await?;
    let Some(connector) = connector.filter(|connector| connector.scope == job.scope) else {
        return deleted(deps, job, &claimed).await;
    };
    match claimed.standing.owed {
        Some(Owed::OnboardingMessage) => onboard(deps, job, &connector, *claimed).await,
        Some(Owed::Profile) => learn(deps, job, &connector, &claimed).await,
        None => Ok(Outcome::Done),
    }
}

/// Sends the onboarding message and records its fate at once; everything else can wait, and a crash
/// before that is the one that sends it twice.
async fn onboard(
    deps: &Deps,
    job: OnboardChatUser,
    connector: &Connector,
    mut claimed: ClaimedStanding,
) -> Result<Outcome, PortError> {
    let outcome = send(deps, job, connector, &claimed).await?;
    let now = deps.clock.now();
    let message = match outcome {
        // Decided before it went out: nothing more is said (SPEC A22).
        None => OnboardingMessage::Skipped { at: now },
        Some(SendOutcome::Sent(receipt)) => OnboardingMessage::Sent {
            at: now,
            message_id: receipt.message_id,
        },
        Some(SendOutcome::Failed { class, reason }) => failed(connector, now, class.key(), reason),
        Some(SendOutcome::Retry { reason, .. }) if claimed.attempt >= ATTEMPTS_MAX => {
            failed(connector, now, "gave_up", reason)
        }
        Some(SendOutcome::Retry { after, reason }) => {
            tracing::warn!(
                connector.id = %connector.id,
                job.attempt = claimed.attempt,
                reason = %reason,
                "the onboarding message could not be sent yet"
            );
            return postpone(deps, job, &claimed, after).await;
        }
    };
    record(deps, job, &claimed, message).await?;
    claimed.attempt = 1;
    learn(deps, job, connector, &claimed).await
}

/// `None` when there is nothing to say any more: the request was decided, the connector no longer asks
/// for approval, or the person was let in elsewhere or shut out meanwhile (SPEC A22, A45).
async fn send(
    deps: &Deps,
    job: OnboardChatUser,
    connector: &Connector,
    claimed: &ClaimedStanding,
) -> Result<Option<SendOutcome>, PortError> {
    if !claimed.standing.request_pending {
        return Ok(None);
    }
    let failed = |class, reason: &str| {
        Ok(Some(SendOutcome::Failed {
            class,
            reason: reason.to_owned(),
        }))
    };
    let found = deps
        .standings
        .chat_user(job.scope, job.chat_user_id)
        .await?;
    let Some(user) = found else {
        return failed(FailureClass::Recipient, "chat_user_erased");
    };
    let facts = Facts::of(
        connector,
        Some(&user),
        Some(&claimed.standing),
        DirectoryMatch::Unknown,
    );
    if !matches!(decide(&facts), Decision::Onboard(_)) {
        return Ok(None);
    }
    let Some(text) = &connector.onboarding_message else {
        return failed(FailureClass::Connector, "no_onboarding_message");
    };
    let text = OutgoingText {
        to: Destination::Privately(&user.identity, &claimed.standing.conversation),
        text,
        mark: Some(Mark {
            id: &format!("{}:{}", job.connector_id, job.chat_user_id),
            look_first: claimed.attempt > 1,
        }),
    };
    Ok(Some(deps.platform.send(connector, text).await))
}

/// Records what became of the message. The platform has it already, so a table that does not answer
/// is asked again for as long as this worker has.
async fn record(
    deps: &Deps,
    job: OnboardChatUser,
    claimed: &ClaimedStanding,
    message: OnboardingMessage,
) -> Result<(), PortError> {
    let mut wait = RECORD_WAIT_FIRST;
    loop {
        let settlement = Settlement::Message {
            message: message.clone(),
            profile_due: deps.clock.now().plus(OUTBOX_PATIENCE),
        };
        let result = deps.standings.settle(job.scope, claimed, settlement).await;
        match result {
            Err(error)
                if wait <= RECORD_WAIT_LAST && !matches!(error, PortError::Conflict { .. }) =>
            {
                tracing::warn!(error = %Chain(&error), "the fate of an onboarding message could not be recorded yet");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            result => return result,
        }
    }
}

/// Asks the platform who this is and stores the answer.
async fn learn(
    deps: &Deps,
    job: OnboardChatUser,
    connector: &Connector,
    claimed: &ClaimedStanding,
) -> Result<Outcome, PortError> {
    let Some(user) = deps
        .standings
        .chat_user(job.scope, job.chat_user_id)
        .await?
    else {
        return settle(deps, job, claimed, Settlement::Done(Owed::Profile)).await;
    };
    let query = ProfileQuery {
        identity: &user.identity,
        conversation: &claimed.standing.conversation,
    };
    match deps.platform.profile(connector, query).await {
        ProfileOutcome::Found { profile, avatar } => {
            let learnt = Learnt {
                profile: &Profile {
                    avatar_kept: avatar.is_some(),
                    ..profile
                }
                .over(&user.profile),
                avatar: avatar.as_ref(),
                at: deps.clock.now(),
            };
            deps.standings
                .store_profile(job.scope, job.chat_user_id, learnt)
                .await?;
        }
        ProfileOutcome::Retry { after, reason } if claimed.attempt < ATTEMPTS_MAX => {
            tracing::warn!(connector.id = %connector.id, reason = %reason, "the profile cannot be had yet");
            return postpone(deps, job, claimed, after).await;
        }
        ProfileOutcome::Retry { reason, .. } | ProfileOutcome::None { reason } => {
            tracing::info!(connector.id = %connector.id, reason = %reason, "no profile is to be had");
        }
    }
    settle(deps, job, claimed, Settlement::Done(Owed::Profile)).await
}

fn failed(connector: &Connector, at: Timestamp, class: &str, reason: String) -> OnboardingMessage {
    tracing::warn!(
        connector.id = %connector.id,
        failure.class = class,
        reason = %reason,
        "the onboarding message was given up; the request shows why"
    );
    count(
        Metric::OnboardingMessageFailed,
        connector.provider.key(),
        at,
    );
    OnboardingMessage::Failed {
        at,
        class: class.to_owned(),
        reason,
    }
}

/// A connector that is gone can neither send nor tell names.
async fn deleted(
    deps: &Deps,
    job: OnboardChatUser,
    claimed: &ClaimedStanding,
) -> Result<Outcome, PortError> {
    if claimed.standing.owed == Some(Owed::OnboardingMessage) {
        let message = OnboardingMessage::Failed {
            at: deps.clock.now(),
            class: FailureClass::Connector.key().to_owned(),
            reason: "connector_deleted".to_owned(),
        };
        record(deps, job, claimed, message).await?;
    }
    settle(deps, job, claimed, Settlement::Done(Owed::Profile)).await
}

async fn settle(
    deps: &Deps,
    job: OnboardChatUser,
    claimed: &ClaimedStanding,
    settlement: Settlement,
) -> Result<Outcome, PortError> {
    deps.standings
        .settle(job.scope, claimed, settlement)
        .await?;
    Ok(Outcome::Done)
}

/// Gives the lease back. Short waits are the queue's, and the mark is for the case that it forgets;
/// long ones are the mark's alone.
async fn postpone(
    deps: &Deps,
    job: OnboardChatUser,
    claimed: &ClaimedStanding,
    after: Option<Duration>,
) -> Result<Outcome, PortError> {
    let now = deps.clock.now();
    let at = retry_at(now, claimed.attempt, after);
    let wait = at.since(now);
    let by_queue = wait <= QUEUE_WAIT_MAX;
    let until = if by_queue {
        at.plus(OUTBOX_PATIENCE)
    } else {
        at
    };
    settle(deps, job, claimed, Settlement::Postponed { until }).await?;
    Ok(if by_queue {
        Outcome::Retry { after: Some(wait) }
    } else {
        Outcome::Done
    })
}
