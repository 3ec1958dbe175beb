//! The person whom a chat user is in the directory (SPEC C54).

use crate::{TaskOutcome, Work, approval::approve_implied};
use vestibule_domain::{
    PortError,
    account::actor::Actor,
    ports::{ClaimedStanding, TaskResult},
};

/// Brings the person and the directory together. Access that came by the directory answers a request that waits.
pub(crate) async fn register(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
) -> Result<TaskOutcome, PortError> {
    let (deps, job) = (work.deps, work.job);
    let is_admitted = claimed.standing.admitted_openly_at.is_some();
    deps.standings
        .register(job.scope, job.chat_user_id, is_admitted, deps.clock.now())
        .await?;
    if claimed.standing.request_pending {
        approve_granted(work).await?;
    }
    Ok(TaskOutcome::Done(TaskResult::Register))
}

/// Approves the requests of a person for environments that they hold.
async fn approve_granted(work: &Work<'_>) -> Result<(), PortError> {
    let (deps, job) = (work.deps, work.job);
    let user = deps
        .standings
        .chat_user(job.scope, job.chat_user_id)
        .await?;
    let Some(user) = user.filter(|user| user.block.is_none()) else {
        return Ok(());
    };
    for environment in user.grants.keys() {
        let waiting = deps
            .requests
            .pending_elsewhere(job.scope, user.id, None, *environment)
            .await?;
        for request in waiting {
            let cause = format!("chat_user:{}", user.id);
            approve_implied(work, request, &Actor::user_list(), cause).await?;
        }
    }
    Ok(())
}
