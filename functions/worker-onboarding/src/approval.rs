//! The follow-up to an approval (SPEC A44): the person's related requests are approved too, the person
//! gets the approval notice, and the held message goes to the agent.

use crate::{ATTEMPTS_MAX, TaskOutcome, Work, patience, receipt};
use vestibule_domain::{
    PortError, Timestamp,
    access::approval::Approval,
    access::follow_up::{FollowUpFacts, notice_due, replay_due},
    access::request::{AccessRequest, ReasonCode, RequestDecision, Verdict},
    access::standing::PendingTask,
    account::actor::Actor,
    chat::send_status::{SendStatus, SkipReason},
    chat::user::ChatUser,
    error::Chain,
    ids::AuditId,
    ports::{ClaimedStanding, Destination, ImpliedDecision, Mark, OutgoingText, TaskResult},
};
use vestibule_edge::{
    logging::Metric,
    sender::{Attempted, Later},
};

/// Class of a held message that the queue did not take.
const GAVE_UP: &str = "gave_up";

/// Approves the person's pending requests at other connectors of the environment: the grant already
/// covers them (SPEC A41). The person is notified once, where the approval was given.
pub(crate) async fn related_requests(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
) -> Result<TaskOutcome, PortError> {
    let (deps, job) = (work.deps, work.job);
    let Some(approval) = approval_of(claimed) else {
        return Ok(TaskOutcome::Done(TaskResult::RelatedRequests));
    };
    let user = chat_user(work).await?;
    let facts = FollowUpFacts {
        approval,
        connector: None,
        chat_user: user.as_ref(),
    };
    let pending = if facts.holder().is_some() {
        deps.requests
            .pending_elsewhere(
                job.scope,
                job.chat_user_id,
                Some(job.connector_id),
                approval.environment_id,
            )
            .await?
    } else {
        Vec::new()
    };
    for request in pending {
        let cause = format!("access_request:{}", approval.request_id);
        approve_implied(work, request, &approval.by, cause).await?;
    }
    Ok(TaskOutcome::Done(TaskResult::RelatedRequests))
}

/// Approves a request of somebody who has the access already.
pub(crate) async fn approve_implied(
    work: &Work<'_>,
    request: AccessRequest,
    by: &Actor,
    cause: String,
) -> Result<(), PortError> {
    let deps = work.deps;
    let id = request.id;
    let decision = RequestDecision {
        verdict: Verdict::Approve,
        by: by.clone(),
        at: deps.clock.now(),
        note: None,
        reason: Some(ReasonCode::GrantedElsewhere),
    };
    let audit = decision.audit_entry(&request, AuditId::new(deps.ids.draw()), cause);
    let implied = ImpliedDecision {
        request,
        decision,
        audit,
    };
    if deps.requests.decide_implied(&implied).await? {
        tracing::info!(access_request.id = %id, "a request of a person who has the access was approved");
    }
    Ok(())
}

/// Sends the approval notice.
pub(crate) async fn notice(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
) -> Result<TaskOutcome, PortError> {
    let now = work.deps.clock.now();
    let Some(approval) = approval_of(claimed) else {
        return Ok(skipped(
            PendingTask::ApprovalNotice,
            now,
            SkipReason::AccessEnded,
        ));
    };
    let user = chat_user(work).await?;
    let facts = FollowUpFacts {
        approval,
        connector: work.connector,
        chat_user: user.as_ref(),
    };
    let standing = &claimed.standing;
    let window = work.connector.and_then(|connector| {
        let sender = work.sender(connector, standing);
        sender.reply_window(&standing.conversation)
    });
    let (connector, user) = match notice_due(&facts, standing, window, now) {
        Ok(due) => due,
        Err(reason) => return Ok(skipped(PendingTask::ApprovalNotice, now, reason)),
    };
    let sender = work.sender(connector, standing);
    let name = format!("approval:{}", approval.request_id);
    let text = OutgoingText {
        to: Destination::Privately(&user.identity, &standing.conversation),
        id: &name,
        text: connector
            .after_approval
            .text(user.profile.language.as_ref()),
        mark: Some(Mark {
            id: &name,
            look_first: claimed.attempt > 1,
        }),
    };
    let status = match sender.attempt(text, patience(claimed, approval.at)).await {
        Attempted::Sent(receipt) => receipt::status(work, receipt).await,
        Attempted::GivenUp { class, reason } => {
            sender.given_up(Metric::ApprovalNoticeFailed, class, reason)
        }
        Attempted::Later { later, .. } => return Ok(TaskOutcome::Later(later)),
    };
    Ok(TaskOutcome::Done(TaskResult::ApprovalNotice(status)))
}

/// Hands the message that made the request to the agent. The queue, and then the conversation's record,
/// recognise a duplicate.
pub(crate) async fn replay(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
) -> Result<TaskOutcome, PortError> {
    let now = work.deps.clock.now();
    let Some(approval) = approval_of(claimed) else {
        return Ok(skipped(PendingTask::Replay, now, SkipReason::AccessEnded));
    };
    let user = chat_user(work).await?;
    let facts = FollowUpFacts {
        approval,
        connector: work.connector,
        chat_user: user.as_ref(),
    };
    let wanted = work
        .connector
        .is_some_and(|connector| connector.after_approval.mode.replays());
    let held = if wanted {
        let standings = &work.deps.standings;
        standings
            .held_message(work.job.scope, approval.request_id)
            .await?
    } else {
        None
    };
    let message = match replay_due(&facts, held) {
        Ok(message) => message,
        Err(reason) => return Ok(skipped(PendingTask::Replay, now, reason)),
    };
    if let Err(error) = work.deps.inbox.enqueue_delivery(message).await {
        if claimed.attempt < ATTEMPTS_MAX {
            tracing::warn!(error = %Chain(&error), "a held message could not be handed over yet");
            return Ok(TaskOutcome::Later(Later::Failed));
        }
        tracing::error!(error = %Chain(&error), "a held message was given up; the request shows it");
        return Ok(TaskOutcome::Done(TaskResult::Replay(SendStatus::Failed {
            at: now,
            class: GAVE_UP.to_owned(),
            reason: "the queue did not take it".to_owned(),
        })));
    }
    Ok(TaskOutcome::Done(TaskResult::Replay(SendStatus::Sent {
        at: now,
        message_id: None,
    })))
}

fn approval_of(claimed: &ClaimedStanding) -> Option<&Approval> {
    claimed.standing.approval.as_ref()
}

async fn chat_user(work: &Work<'_>) -> Result<Option<ChatUser>, PortError> {
    let job = work.job;
    work.deps
        .standings
        .chat_user(job.scope, job.chat_user_id)
        .await
}

fn skipped(task: PendingTask, at: Timestamp, reason: SkipReason) -> TaskOutcome {
    tracing::debug!(
        task = task.key(),
        reason = reason.key(),
        "nothing follows the approval here"
    );
    let fate = SendStatus::Skipped {
        at,
        reason: Some(reason),
    };
    TaskOutcome::Done(if task == PendingTask::Replay {
        TaskResult::Replay(fate)
    } else {
        TaskResult::ApprovalNotice(fate)
    })
}
