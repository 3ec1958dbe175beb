//! Jobs that a change leaves to the workers.

use std::time::Duration;
use tokio::time::timeout;
use vestibule_domain::{
    PortError,
    directory::import::ImportUsers,
    error::Chain,
    job::{DrainParked, EventJob, IndexJob, OnboardingJob, RoutingJob, SendMessagesJob},
    ports::{DrainQueue, EventQueue, IndexQueue, OnboardingQueue, OutgoingQueue, RoutingQueue},
    search::IndexRecord,
};

/// Time limit for the queue: the change is stored and its caller waits; the sweeper enqueues a job that
/// the queue does not accept in time.
const ENQUEUE_PATIENCE: Duration = Duration::from_millis(500);

/// Enqueues a job whose outbox mark was written with the change, or leaves it to the sweeper.
pub async fn enqueue_or_leave(queue: &dyn OnboardingQueue, job: impl Into<OnboardingJob>) {
    in_time(queue.enqueue_onboarding(job.into())).await;
}

/// Enqueues texts whose outbox mark was written with them, or leaves them to the sweeper.
pub async fn send_or_leave(queue: &dyn OutgoingQueue, job: SendMessagesJob) {
    in_time(queue.enqueue_outgoing(job)).await;
}

/// Enqueues a drain whose outbox mark was written with what it drains, or leaves it to the sweeper.
pub async fn drain_or_leave(queue: &dyn DrainQueue, job: DrainParked) {
    in_time(queue.enqueue_drain(job)).await;
}

/// Enqueues the index of a record whose order was written with the change, or leaves it to the sweeper.
pub async fn index_or_leave(queue: &dyn IndexQueue, job: IndexRecord) {
    in_time(queue.enqueue_index(IndexJob::IndexRecord(job))).await;
}

/// Enqueues an import whose outbox mark was written with it, or leaves it to the sweeper.
pub async fn import_or_leave(queue: &dyn IndexQueue, job: ImportUsers) {
    in_time(queue.enqueue_index(IndexJob::ImportUsers(job))).await;
}

/// Enqueues a job of the router, or leaves it to the sweeper: its outbox mark was written with the change, or it drains a
/// desk whose queues have marks of their own.
pub async fn route_or_leave(queue: &dyn RoutingQueue, job: impl Into<RoutingJob>) {
    in_time(queue.enqueue_routing(job.into())).await;
}

/// Enqueues a job about outgoing events whose outbox mark was written with the change, or leaves it to the sweeper.
pub async fn event_or_leave(queue: &dyn EventQueue, job: impl Into<EventJob>) {
    in_time(queue.enqueue_event(job.into())).await;
}

async fn in_time(enqueued: impl Future<Output = Result<(), PortError>> + Send) {
    match timeout(ENQUEUE_PATIENCE, enqueued).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error = %Chain(&error), "a job is left to the sweeper");
        }
        Err(_) => tracing::warn!("a queue is slow; a job is left to the sweeper"),
    }
}
