//! Ports of the queues.

use crate::{
    PortError,
    job::{DeliverMessage, DrainParked, OnboardingJob, RoutingJob, SendMessagesJob},
};
use async_trait::async_trait;
use std::time::Duration;

/// The queue of onboarding jobs. Unordered; a job may arrive twice.
#[async_trait]
pub trait OnboardingQueue: Send + Sync {
    /// Enqueues a job.
    async fn enqueue_onboarding(&self, job: OnboardingJob) -> Result<(), PortError>;
}

/// The queue of messages for agents. In order within a conversation.
#[async_trait]
pub trait InboxQueue: Send + Sync {
    /// Enqueues a message. A repetition within five minutes has no effect.
    async fn enqueue_delivery(&self, message: DeliverMessage) -> Result<(), PortError>;
}

/// The queue of orders to hand over what waits for an agent.
#[async_trait]
pub trait DrainQueue: Send + Sync {
    /// Enqueues a drain. Drains of one environment come one after the other, and none waits for a
    /// conversation. A repetition is enqueued too.
    async fn enqueue_drain(&self, job: DrainParked) -> Result<(), PortError>;
}

/// The queue of texts to send. Unordered; a job may arrive twice.
#[async_trait]
pub trait OutgoingQueue: Send + Sync {
    /// Enqueues a job.
    async fn enqueue_outgoing(&self, job: SendMessagesJob) -> Result<(), PortError>;
}

/// The router's queue. In order within the group of a job.
#[async_trait]
pub trait RoutingQueue: Send + Sync {
    /// Enqueues a job. A repetition is enqueued too.
    async fn enqueue_routing(&self, job: RoutingJob) -> Result<(), PortError>;
}

/// A queue whose messages can be postponed while they are in work.
#[async_trait]
pub trait VisibilityExtender: Send + Sync {
    /// Hides the message that was received under this handle for `time`, so that its next attempt
    /// waits. A time beyond the queue's limit is cut to the limit.
    async fn extend_visibility(
        &self,
        receipt_handle: &str,
        time: Duration,
    ) -> Result<(), PortError>;
}
