//! Jobs that a change leaves to the onboarding worker.

use std::time::Duration;
use tokio::time::timeout;
use vestibule_domain::{error::Chain, job::OnboardingJob, ports::OnboardingQueue};

/// Time limit for the queue: the change is stored and its caller waits; the sweeper enqueues a job that
/// the queue does not accept in time.
const ENQUEUE_PATIENCE: Duration = Duration::from_millis(500);

/// Enqueues a job whose outbox mark was written with the change, or leaves it to the sweeper.
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
