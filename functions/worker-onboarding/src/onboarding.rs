//! The onboarding message, and the profile.

use crate::{ATTEMPTS_MAX, TaskOutcome, Work, receipt};
use vestibule_domain::{
    PortError, Timestamp,
    access::decision::{Decision, DirectoryMatch, Facts, decide},
    access::follow_up::may_be_told,
    chat::profile::Profile,
    chat::send_status::{SendStatus, SkipReason},
    connector::Connector,
    ports::{
        ClaimedStanding, Destination, FailureClass, FetchedProfile, Mark, OutgoingText,
        ProfileOutcome, ProfileQuery, SendOutcome, TaskResult,
    },
};
use vestibule_edge::{
    logging::{Metric, count},
    sender::Later,
};

/// Reason why a message that may have gone out with an earlier request is not sent.
const MAY_BE_SENT: &str = "may_be_sent_already";

/// Sends the onboarding message.
pub(crate) async fn message(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
) -> Result<TaskOutcome, PortError> {
    let Some(connector) = work.connector else {
        return Ok(done(SendStatus::Failed {
            at: work.deps.clock.now(),
            class: FailureClass::Connector.key().to_owned(),
            reason: "connector_deleted".to_owned(),
        }));
    };
    let sending = send(work, connector, claimed).await?;
    let now = work.deps.clock.now();
    let outcome = match sending {
        Ok(outcome) => outcome,
        Err(NotSent(reason)) => return Ok(done(SendStatus::Skipped { at: now, reason })),
    };
    Ok(match outcome {
        SendOutcome::Sent(sent) => done(receipt::status(work, sent).await),
        SendOutcome::Failed { class, reason } => done(failed(connector, now, class.key(), reason)),
        SendOutcome::Retry {
            after: None,
            reason,
        } if claimed.attempt >= ATTEMPTS_MAX => done(failed(connector, now, "gave_up", reason)),
        SendOutcome::Retry { after, reason } => {
            tracing::warn!(
                connector.id = %connector.id,
                job.attempt = claimed.attempt,
                reason = %reason,
                "the onboarding message could not be sent yet"
            );
            TaskOutcome::Later(Later::of(after))
        }
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
    connector: &Connector,
    claimed: &ClaimedStanding,
) -> Result<Result<SendOutcome, NotSent>, PortError> {
    let standing = &claimed.standing;
    if !standing.request_pending {
        return Ok(Err(NotSent(None)));
    }
    let failed = |class, reason: &str| {
        Ok(Ok(SendOutcome::Failed {
            class,
            reason: reason.to_owned(),
        }))
    };
    let job = work.job;
    let found = work
        .deps
        .standings
        .chat_user(job.scope, job.chat_user_id)
        .await?;
    let Some(user) = found else {
        return failed(FailureClass::Recipient, "chat_user_erased");
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
    let platform = &work.deps.platform;
    let window = platform.reply_window(connector, &standing.conversation);
    if let Err(reason) = may_be_told(standing, window, work.deps.clock.now()) {
        return Ok(Err(NotSent(Some(reason))));
    }
    // At most once in all requests of a person (SPEC A21): only a platform that is asked for the message
    // tells whether it went out.
    let in_doubt = standing.onboarding_in_doubt;
    if in_doubt && !platform.finds_marked_texts(connector) {
        return failed(FailureClass::Request, MAY_BE_SENT);
    }
    let Some(text) = connector.onboarding_text(user.profile.language.as_ref()) else {
        return failed(FailureClass::Connector, "no_onboarding_message");
    };
    let text = OutgoingText {
        to: Destination::Privately(&user.identity, &standing.conversation),
        text,
        mark: Some(Mark {
            id: &format!("{}:{}", job.connector_id, job.chat_user_id),
            look_first: claimed.attempt > 1 || in_doubt,
        }),
    };
    Ok(Ok(platform.send(connector, text).await))
}

fn failed(connector: &Connector, at: Timestamp, class: &str, reason: String) -> SendStatus {
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
    SendStatus::Failed {
        at,
        class: class.to_owned(),
        reason,
    }
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
            let learnt = FetchedProfile {
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
