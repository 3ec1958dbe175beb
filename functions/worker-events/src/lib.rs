//! Tells the systems of accounts of their events (SPEC F04).
//!
//! An event stands in the table since the transaction of the change that it tells, with a mark. Publishing it orders
//! one delivery for each subscription that asks for it, with the next number of that subscription. A delivery exists
//! once for an event and a subscription, so a job that comes late or twice orders nothing anew.
//!
//! A lease admits one worker to a delivery at a time. Every attempt has the same `webhook-id`, so a subscriber that got
//! an event twice can tell: a crash between its answer and the record of it leads to another call. A delivery that cannot
//! go out now is acknowledged: the time of its next attempt stands on its record, and the outbox brings another job then.
//!
//! A subscription that does not answer keeps nobody else's events: its calls in flight are bounded, and a breaker stops
//! them once a few failed in a row.
//!
//! | module | content |
//! |---|---|
//! | `publishing` | the deliveries of an event |
//! | `sending` | one attempt at a delivery |
//! | `calling` | the bound of calls in flight and the breaker before a subscription |
//! | `wiring` | the adapters behind its ports |

mod calling;
mod publishing;
mod sending;
mod wiring;

pub use wiring::wire;

use std::{fmt, sync::Arc};
use vestibule_domain::{
    Clock,
    egress::OriginAllowList,
    error::Chain,
    ids::IdSource,
    job::EventJob,
    ports::{AgentClient, EventPublisher, EventQueue, EventSender, SecretVault, TeamQueue},
};
use vestibule_edge::{batch::Outcome, jobs};

/// Ports of the worker.
pub struct Deps {
    /// Events, and the subscriptions that hear them.
    pub publisher: Arc<dyn EventPublisher>,
    /// Deliveries, and the health of subscriptions.
    pub sender: Arc<dyn EventSender>,
    /// Signing secrets.
    pub vault: Arc<dyn SecretVault>,
    /// The client of customers' systems.
    pub client: Arc<dyn AgentClient>,
    /// Origins that may be private. Their answers are not kept.
    pub private_origins: OriginAllowList,
    /// The queue for the deliveries that a job orders.
    pub queue: Arc<dyn EventQueue>,
    /// The queue of work on the people who run accounts: they are told of a pause.
    pub team: Arc<dyn TeamQueue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids for leases.
    pub ids: Arc<dyn IdSource>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Processes one message of the queue, received for the `receives`th time. A job that cannot be read, that fails, or whose
/// first worker may have died, goes back to the queue.
pub async fn handle(deps: &Deps, body: &str, receives: u32) -> Outcome {
    let worked = match jobs::read(body) {
        Ok(EventJob::PublishEvent(job)) => publishing::work(deps, job).await,
        Ok(EventJob::SendEvent(job)) => sending::work(deps, job).await,
        Err(outcome) => return outcome,
    };
    jobs::outcome(worked, receives, |error| {
        tracing::error!(error = %Chain(error), "a job about an event is left to the queue");
    })
}

impl Deps {
    /// Enqueues a job. The mark of one that is lost brings another.
    async fn enqueue(&self, job: impl Into<EventJob>) {
        if let Err(error) = self.queue.enqueue_event(job.into()).await {
            tracing::warn!(error = %Chain(&error), "a job about an event waits for the sweeper");
        }
    }
}
