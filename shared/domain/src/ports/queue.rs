//! Queues.

use crate::{
    PortError,
    job::{DeliverMessage, OnboardingJob},
};
use async_trait::async_trait;
use std::time::Duration;

/// Where onboarding work goes. No order; a job may come twice.
#[async_trait]
pub trait OnboardingQueue: Send + Sync {
    /// Enqueues a job.
    async fn enqueue_onboarding(&self, job: OnboardingJob) -> Result<(), PortError>;
}

/// Where messages for agents go. In order within a conversation.
#[async_trait]
pub trait InboxQueue: Send + Sync {
    /// Enqueues a message. Doing it twice within five minutes is doing it once.
    async fn enqueue_delivery(&self, message: DeliverMessage) -> Result<(), PortError>;
}

/// A queue whose messages can be put off while they are in work.
#[async_trait]
pub trait VisibilityExtender: Send + Sync {
    /// Hides the message that was received under this handle for a while, so that its next attempt
    /// waits. Longer than the queue can is as long as it can.
    async fn extend_visibility(
        &self,
        receipt_handle: &str,
        time: Duration,
    ) -> Result<(), PortError>;
}
