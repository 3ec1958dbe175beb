//! Queues whose number counts more conversations than wait in them, since some were deleted without the router. Where no
//! member suits the queue, no drain would meet the rows that they left, and its order would come back for ever.

use crate::{Deps, recounting::recount_queue, settling::settle};
use vestibule_domain::{
    PortError,
    ids::QueueId,
    ports::Settled,
    routing::{case::Case, demand::Desk, drain::DRAIN_PAGE},
};

/// Counts a queue that is short, or whose first case is gone or elsewhere. `true` if nothing waits in it and its order ended.
///
/// A leftover behind the first case of a long queue is found once it is first.
pub(crate) async fn end_emptied(deps: &Deps, desk: &Desk, id: QueueId) -> Result<bool, PortError> {
    let routing = &deps.routing;
    let page = routing.waiting(desk.scope, id, DRAIN_PAGE, None).await?;
    if page.len() >= usize::from(DRAIN_PAGE) && waits(deps, page.first(), id).await? {
        return Ok(false);
    }
    let counted = recount_queue(deps, desk, id).await?;
    if counted.is_none_or(|counted| counted.counted > 0) {
        return Ok(false);
    }
    let view = routing.desk(desk).await?;
    Ok(settle(deps, desk, &view, id).await? == Settled::Empty)
}

/// Whether a case waits where its row says.
async fn waits(deps: &Deps, row: Option<&Case>, id: QueueId) -> Result<bool, PortError> {
    let Some(row) = row else {
        return Ok(false);
    };
    let case = deps.routing.case(row.scope, row.conversation_id).await?;
    Ok(case.is_some_and(|case| case.is_waiting() && case.queue_id() == id))
}
