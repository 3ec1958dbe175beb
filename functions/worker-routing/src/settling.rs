//! Orders to drain queues: ended where nothing waits, and due again where something does.

use crate::Deps;
use vestibule_domain::{
    PortError,
    ids::QueueId,
    ports::{DeskView, Settled},
    routing::{
        bounds::{NEXT_SWEEP, drained_again_after},
        demand::Desk,
    },
};

/// Settles a queue of a desk that was drained.
pub(crate) async fn settle(
    deps: &Deps,
    desk: &Desk,
    view: &DeskView,
    id: QueueId,
) -> Result<Settled, PortError> {
    let now = deps.clock.now();
    let mut waiting = view.queues.iter().filter(|queue| queue.waiting > 0);
    let queue = waiting.find(|queue| queue.id == id);
    let after = queue.map_or(NEXT_SWEEP, |queue| {
        drained_again_after(queue, &view.seats, now)
    });
    deps.routing.settle_queue(desk, id, now.plus(after)).await
}
