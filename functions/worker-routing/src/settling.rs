//! Orders to drain queues: ended where nothing waits, and due again where something does.

use crate::{Deps, recounting::recount_empty};
use vestibule_domain::{
    PortError,
    ids::QueueId,
    ports::{DeskView, Settled},
    routing::{
        bounds::{NEXT_SWEEP, drained_again_after, first_of, is_suited},
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
    if queue.is_none() {
        recount_empty(deps, desk, id).await?;
    }
    let after = queue.map_or(NEXT_SWEEP, |queue| drained_again_after(queue, view, now));
    let settled = deps.routing.settle_queue(desk, id, now.plus(after)).await?;
    if settled == Settled::Empty {
        hand_on(deps, desk, first_of(view).map(|queue| queue.id)).await?;
    }
    Ok(settled)
}

/// Lets the next sweep see the queue that follows as the desk's first when another one is gone.
async fn hand_on(deps: &Deps, desk: &Desk, first: Option<QueueId>) -> Result<(), PortError> {
    if let Some(id) = first {
        let again = deps.clock.now().plus(NEXT_SWEEP);
        deps.routing.settle_queue(desk, id, again).await?;
    }
    Ok(())
}

/// A queue without cases that nobody suits: its own order may not be due for a quarter of an hour, and until then it
/// takes the place of another one.
pub(crate) fn abandoned(view: &DeskView) -> Option<QueueId> {
    let empty = view.queues.iter().filter(|queue| queue.waiting == 0);
    let mut abandoned = empty.filter(|queue| !is_suited(&queue.demand, &view.seats));
    abandoned.next().map(|queue| queue.id)
}

/// Removes a queue and its order, unless something joined it meanwhile. `first` is the queue that has waited the longest.
pub(crate) async fn remove(
    deps: &Deps,
    desk: &Desk,
    id: QueueId,
    first: Option<QueueId>,
) -> Result<(), PortError> {
    recount_empty(deps, desk, id).await?;
    let again = deps.clock.now().plus(NEXT_SWEEP);
    deps.routing.settle_queue(desk, id, again).await?;
    hand_on(deps, desk, first).await
}
