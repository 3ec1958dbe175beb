//! The jobs that an intake leaves, enqueued once the platform has its answer.
//!
//! Each has its mark in the outbox before the platform is answered, so the sweeper enqueues whatever is lost here, and
//! nobody waits for the queue.

use super::{Intake, batch::CONCURRENCY};
use futures_util::{StreamExt, stream};
use std::{
    mem,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::timeout;
use vestibule_domain::{error::Chain, job::OnboardChatUser};

/// Time limit for a job: the queue is near, or down.
const ENQUEUE_PATIENCE: Duration = Duration::from_millis(500);
/// Time limit for all of them: the function cannot take another event meanwhile.
const REST_PATIENCE: Duration = Duration::from_secs(2);

/// The jobs that are left.
#[derive(Debug, Default)]
pub(super) struct Rest(Mutex<Vec<OnboardChatUser>>);

impl Rest {
    fn add(&self, job: OnboardChatUser) {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.push(job);
    }

    fn take(&self) -> Vec<OnboardChatUser> {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut *jobs)
    }
}

impl Intake {
    /// Leaves a job whose outbox mark is stored to [`Self::enqueue_rest`].
    pub(super) fn enqueue_later(&self, job: OnboardChatUser) {
        self.rest.add(job);
    }

    /// Enqueues the jobs that the events before left. Call it after each answer: if the queue is down, or the function
    /// ends before, the sweeper finds the marks.
    pub async fn enqueue_rest(&self) {
        let jobs = self.rest.take();
        if jobs.is_empty() {
            return;
        }
        let count = jobs.len();
        let enqueued =
            stream::iter(jobs).for_each_concurrent(CONCURRENCY, |job| self.enqueue_or_leave(job));
        if timeout(REST_PATIENCE, enqueued).await.is_err() {
            tracing::warn!(
                jobs = count,
                "the onboarding queue is slow; some of these jobs are left to the sweeper"
            );
        }
    }

    /// Enqueues one job. The span of its message has ended, so the lines name the person.
    async fn enqueue_or_leave(&self, job: OnboardChatUser) {
        let enqueued = self.onboarding.enqueue_onboarding(job.into());
        match timeout(ENQUEUE_PATIENCE, enqueued).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(connector.id = %job.connector_id, chat_user.id = %job.chat_user_id, error = %Chain(&error), "an onboarding job is left to the sweeper");
            }
            Err(_) => {
                tracing::warn!(connector.id = %job.connector_id, chat_user.id = %job.chat_user_id, "the onboarding queue is slow; an onboarding job is left to the sweeper");
            }
        }
    }
}
