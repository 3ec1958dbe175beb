//! Orders of notices of new requests to the members who decide (SPEC B35).
//!
//! An order is made before the tasks of a job, and no task waits for one that fails: before any other task is done, the
//! failed order becomes a task of its own on the standing, so that it outlives this job and the request's other tasks.

use crate::{TaskOutcome, Work};
use vestibule_domain::{
    PortError,
    access::standing::{PendingTask, Standing},
    error::Chain,
    ids::AccessRequestId,
    ports::{ClaimedStanding, TaskResult},
};
use vestibule_edge::sender::Later;

/// The orders of one job. A request that is opened while the job is under way gets one too.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    /// The request of which the latest order was tried.
    tried: Option<AccessRequestId>,
    /// The request of which the latest order was made.
    made: Option<AccessRequestId>,
}

impl Orders {
    /// Orders notices of the standing's request, unless this job tried that before. Returns the standing as it is
    /// then.
    pub(crate) async fn order(
        &mut self,
        work: &Work<'_>,
        claimed: Box<ClaimedStanding>,
    ) -> Result<Box<ClaimedStanding>, PortError> {
        let Some(notices) = &work.deps.notices else {
            return Ok(claimed);
        };
        let standing = &claimed.standing;
        if !standing.brings_a_notice(claimed.attempt) || self.tried == standing.request_id {
            return Ok(claimed);
        }
        self.tried = standing.request_id;
        let now = work.deps.clock.now();
        let Err(error) = notices.order_notices(work.job.scope, now).await else {
            self.made = standing.request_id;
            return Ok(claimed);
        };
        tracing::error!(
            project.id = %work.job.scope.project_id(),
            error = %Chain(&error),
            "notices of a request could not be ordered and will be ordered later"
        );
        if standing.pending_tasks.contains(&PendingTask::RequestNotice) {
            return Ok(claimed);
        }
        let standings = &work.deps.standings;
        standings.owe_notice(work.job.scope, &claimed).await
    }

    /// The outcome of [`PendingTask::RequestNotice`].
    pub(crate) fn task(&self, work: &Work<'_>, standing: &Standing) -> TaskOutcome {
        let is_wanted = work.deps.notices.is_some() && standing.request_pending;
        if is_wanted && self.made != standing.request_id {
            TaskOutcome::Later(Later::Failed)
        } else {
            TaskOutcome::Done(TaskResult::RequestNotice)
        }
    }
}
