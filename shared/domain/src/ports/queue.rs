//! Queues.

use crate::{
    PortError,
    job::{DeliverMessage, OnboardChatUser},
};
use async_trait::async_trait;

/// Where onboarding work goes. No order; a job may come twice.
#[async_trait]
pub trait OnboardingQueue: Send + Sync {
    /// Enqueues a job.
    async fn enqueue_onboarding(&self, job: OnboardChatUser) -> Result<(), PortError>;
}

/// Where messages for agents go. In order within a conversation.
#[async_trait]
pub trait InboxQueue: Send + Sync {
    /// Enqueues a message. Doing it twice within five minutes is doing it once.
    async fn enqueue_delivery(&self, message: DeliverMessage) -> Result<(), PortError>;
}
