//! Work that a change leaves to the onboarding worker.

use std::time::Duration;
use tokio::time::timeout;
use vestibule_domain::{error::Chain, job::OnboardingJob, ports::OnboardingQueue};

/// Time for the queue: the change has been made, its caller waits, and what the queue does not take is
/// the sweeper's.
const ENQUEUE_PATIENCE: Duration = Duration::from_millis(500);

/// Enqueues a job whose mark was written with the change.
pub async fn enqueue_or_leave(queue: &dyn OnboardingQueue, job: impl Into<OnboardingJob>) {
    let enqueued = queue.enqueue_onboarding(job.into());
    match timeout(ENQUEUE_PATIENCE, enqueued).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error = %Chain(&error), "a job is left to the sweeper");
        }
        Err(_) => tracing::warn!("the onboarding queue is slow; a job is left to the sweeper"),
    }
}
