//! The onboarding message, and the profile.

use crate::{ATTEMPTS_MAX, TaskOutcome, Work, patience, receipt};
use vestibule_domain::{
    PortError,
    access::decision::{Decision, DirectoryMatch, Facts, decide},
    access::follow_up::may_be_told,
    chat::profile::Profile,
    chat::send_status::{SendStatus, SkipReason},
    ports::{
        ClaimedStanding, Destination, FailureClass, FetchedProfile, Mark, OutgoingText,
        ProfileOutcome, ProfileQuery, TaskResult,
    },
};
use vestibule_edge::{
    logging::Metric,
    sender::{Attempted, Later, Sender, connector_deleted},
};

/// Reason why a message that may have gone out with an earlier request is not sent.
const MAY_BE_SENT: &str = "may_be_sent_already";

/// Sends the onboarding message.
pub(crate) async fn message(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
) -> Result<TaskOutcome, PortError> {
    let Some(connector) = work.connector else {
        return Ok(done(connector_deleted(work.deps.clock.now())));
    };
    let sender = work.sender(connector, &claimed.standing);
    let attempted = match send(work, &sender, claimed).await? {
        Ok(attempted) => attempted,
        Err(NotSent(reason)) => {
            let at = work.deps.clock.now();
            return Ok(done(SendStatus::Skipped { at, reason }));
        }
    };
    Ok(match attempted {
        Attempted::Sent(receipt) => done(receipt::status(work, receipt).await),
        Attempted::GivenUp { class, reason } => {
            done(sender.given_up(Metric::OnboardingMessageFailed, class, reason))
        }
        Attempted::Later { later, .. } => TaskOutcome::Later(later),
    })
}

const fn done(message: SendStatus) -> TaskOutcome {
    TaskOutcome::Done(TaskResult::OnboardingMessage(message))
}

/// The message is not tried. Without a reason it is no longer needed: the request was decided, the connector
/// no longer asks for approval, or the person was admitted elsewhere or blocked meanwhile (SPEC A22, A45).
struct NotSent(Option<SkipReason>);

/// Sends the message, if it is needed and the person may be written to.
async fn send(
    work: &Work<'_>,
    sender: &Sender<'_>,
    claimed: &ClaimedStanding,
) -> Result<Result<Attempted, NotSent>, PortError> {
    let (standing, connector) = (&claimed.standing, sender.connector);
    if !standing.request_pending {
        return Ok(Err(NotSent(None)));
    }
    let impossible = |class, reason| Ok(Ok(Attempted::impossible(class, reason)));
    let job = work.job;
    let found = work
        .deps
        .standings
        .chat_user(job.scope, job.chat_user_id)
        .await?;
    let Some(user) = found else {
        return impossible(FailureClass::Recipient, "chat_user_erased");
    };
    let facts = Facts::of(
        connector,
        Some(&user),
        Some(standing),
        DirectoryMatch::Unknown,
    );
    if !matches!(decide(&facts), Decision::Onboard(_)) {
        return Ok(Err(NotSent(None)));
    }
    let window = sender.reply_window(&standing.conversation);
    if let Err(reason) = may_be_told(standing, window, work.deps.clock.now()) {
        return Ok(Err(NotSent(Some(reason))));
    }
    // At most once in all requests of a person (SPEC A21): only a platform that is asked for the message
    // tells whether it went out.
    let in_doubt = standing.onboarding_in_doubt;
    if in_doubt && !sender.can_look() {
        return impossible(FailureClass::Request, MAY_BE_SENT);
    }
    let Some(text) = connector.onboarding_text(user.profile.language.as_ref()) else {
        return impossible(FailureClass::Connector, "no_onboarding_message");
    };
    let name = format!("{}:{}", job.connector_id, job.chat_user_id);
    let text = OutgoingText {
        to: Destination::Privately(&user.identity, &standing.conversation),
        id: &name,
        text,
        mark: Some(Mark {
            id: &name,
            look_first: claimed.attempt > 1 || in_doubt,
        }),
    };
    let asked_at = standing
        .last_message_at
        .map_or(standing.first_seen_at, |at| at.max(standing.first_seen_at));
    Ok(Ok(sender.attempt(text, patience(claimed, asked_at)).await))
}

/// Looks the profile up at the platform and stores it. Without a connector there is no profile.
pub(crate) async fn profile(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
) -> Result<TaskOutcome, PortError> {
    const DONE: TaskOutcome = TaskOutcome::Done(TaskResult::Profile);
    let (deps, job) = (work.deps, work.job);
    let Some(connector) = work.connector else {
        return Ok(DONE);
    };
    let Some(user) = deps
        .standings
        .chat_user(job.scope, job.chat_user_id)
        .await?
    else {
        return Ok(DONE);
    };
    let query = ProfileQuery {
        identity: &user.identity,
        conversation: &claimed.standing.conversation,
    };
    match deps.platform.profile(connector, query).await {
        ProfileOutcome::Found { profile, avatar } => {
            let profile = Profile {
                avatar_kept: avatar.is_some(),
                ..profile
            }
            .over(&user.profile);
            let changed = profile.changed_from(&user.profile);
            let learnt = FetchedProfile {
                profile: &profile,
                avatar: avatar.as_ref(),
                changed: &changed,
                at: deps.clock.now(),
            };
            deps.standings
                .store_profile(job.scope, job.chat_user_id, learnt)
                .await?;
        }
        ProfileOutcome::Retry { after, reason }
            if after.is_some() || claimed.attempt < ATTEMPTS_MAX =>
        {
            tracing::warn!(connector.id = %connector.id, reason = %reason, "the profile cannot be had yet");
            return Ok(TaskOutcome::Later(Later::of(after)));
        }
        ProfileOutcome::Retry { reason, .. } | ProfileOutcome::None { reason } => {
            tracing::info!(connector.id = %connector.id, reason = %reason, "no profile is to be had");
        }
    }
    Ok(DONE)
}
