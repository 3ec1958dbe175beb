//! Finishes the merge of two records of one person that waited for the tasks of one of them (SPEC A29).

use crate::{LEASE_TIME, TaskOutcome, Work};
use vestibule_domain::{
    PortError,
    error::Chain,
    job::OnboardChatUser,
    ports::{ClaimedStanding, FinishedMerge, TaskResult},
};
use vestibule_edge::sender::Later;

/// Merges the records. The other tasks of the standing go along, and a job for them is enqueued; if the
/// queue fails, the sweeper does it.
pub(crate) async fn finish(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
) -> Result<TaskOutcome, PortError> {
    let (deps, job) = (work.deps, work.job);
    let now = deps.clock.now();
    match deps.standings.finish_merge(job.scope, claimed, now).await? {
        FinishedMerge::Nothing => Ok(TaskOutcome::Done(TaskResult::Merge)),
        FinishedMerge::NotNow => Ok(TaskOutcome::Later(Later::Wait(LEASE_TIME))),
        FinishedMerge::Done(survivor) => {
            tracing::info!(chat_user.id = %survivor, "two records of one person were merged");
            let moved = OnboardChatUser {
                chat_user_id: survivor,
                ..job
            };
            if let Err(error) = deps.onboarding.enqueue_onboarding(moved.into()).await {
                tracing::warn!(error = %Chain(&error), "the tasks of a merged record are left to the sweeper");
            }
            Ok(TaskOutcome::Moved)
        }
    }
}
