//! The person whom a chat user is in the directory (SPEC C54).

use crate::{TaskOutcome, Work};
use vestibule_domain::{
    PortError,
    ports::{ClaimedStanding, TaskResult},
};

/// Brings the person and the directory together.
pub(crate) async fn register(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
) -> Result<TaskOutcome, PortError> {
    let (deps, job) = (work.deps, work.job);
    let is_admitted = claimed.standing.admitted_openly_at.is_some();
    deps.standings
        .register(job.scope, job.chat_user_id, is_admitted, deps.clock.now())
        .await?;
    Ok(TaskOutcome::Done(TaskResult::Register))
}
