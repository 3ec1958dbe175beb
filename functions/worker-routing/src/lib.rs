//! The router: assigns conversations to members who have room for them, oldest first, and queues the others
//! (SPEC E22–E34).
//!
//! The queue may bring a job late, twice, or to two workers at once. Each change is a transaction of its own under the
//! version of its case, with the limit of its member as a condition, so that no order of events assigns a conversation
//! twice or exceeds a limit. The marks of the queues make up for a lost drain within a minute.
//!
//! | module | content |
//! |---|---|
//! | `offering` | one conversation that asks for a member |
//! | `draining` | the conversations that wait at a desk |
//! | `waiting` | the person who waits |
//! | `waits` | the time for which they wait, measured |
//! | `replies` | first replies, and those that were missed |
//! | `settling` | the orders to drain queues |
//! | `recounting` | loads and queues that are counted while something waits |
//! | `leftovers` | queues that count more than waits in them |
//! | `requeueing` | the conversations that a member may no longer have |
//! | `closed_seats` | the seats that a member leaves behind |
//! | `rehoming` | the conversations of a connector that was deleted, or passed to another client |
//! | `wiring` | the adapters behind its ports |

mod closed_seats;
mod draining;
mod leftovers;
mod offering;
mod recounting;
mod rehoming;
mod replies;
mod requeueing;
mod settling;
mod waiting;
mod waits;
mod wiring;

pub use wiring::wire;

use std::{fmt, sync::Arc, time::Duration};
use vestibule_domain::{
    Clock,
    error::Chain,
    job::{DrainDesk, RoutingJob},
    ports::{
        ClosedSeats, ConversationWriter, OfferReader, OutgoingQueue, RehomingStore, RoutingQueue,
        RoutingStore,
    },
    routing::demand::Desk,
};
use vestibule_edge::{batch::Outcome, jobs};

/// Time after which a job begins nothing more. Together with the longest call to the table it is less than the function's
/// time limit.
const BEGIN_WITHIN: Duration = Duration::from_secs(10);

/// Ports of the worker.
pub struct Deps {
    /// Desks and cases.
    pub routing: Arc<dyn RoutingStore>,
    /// Seats that members leave behind.
    pub closed_seats: Arc<dyn ClosedSeats>,
    /// Orders about connectors.
    pub rehoming: Arc<dyn RehomingStore>,
    /// The teams that handoffs name, and the limits of clients.
    pub offers: Arc<dyn OfferReader>,
    /// Conversations, to tell people that they wait.
    pub writer: Arc<dyn ConversationWriter>,
    /// The queue of texts to send.
    pub outgoing: Arc<dyn OutgoingQueue>,
    /// The queue for the rest of a job.
    pub queue: Arc<dyn RoutingQueue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Processes one message of the queue, received for the `receives`th time. A job that cannot be read, or that fails,
/// goes back to the queue.
pub async fn handle(deps: &Deps, body: &str, receives: u32) -> Outcome {
    let worked = match jobs::read(body) {
        Ok(RoutingJob::OfferConversation(job)) => offering::work(deps, job).await,
        Ok(RoutingJob::DrainQueue(job)) => draining::work_queue(deps, job).await,
        Ok(RoutingJob::DrainDesk(job)) => draining::work_desk(deps, job).await,
        Ok(RoutingJob::RequeueMember(job)) => requeueing::work(deps, job).await,
        Ok(RoutingJob::RehomeConnector(job)) => rehoming::work(deps, job).await,
        Err(outcome) => return outcome,
    };
    jobs::outcome(worked, receives, |error| {
        tracing::error!(error = %Chain(error), "a job is left to the queue");
    })
}

impl Deps {
    /// Orders a drain of a desk. One that is lost is made up for by the marks of the desk's queues.
    async fn order_drain(&self, desk: &Desk) {
        let job = DrainDesk {
            scope: desk.scope,
            channel: desk.channel.clone(),
        };
        if let Err(error) = self.queue.enqueue_routing(job.into()).await {
            tracing::warn!(error = %Chain(&error), "a drain is left to the sweeper");
        }
    }
}
