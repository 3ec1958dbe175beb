//! Numbers, counted where they matter. A load that is too high, since a project was deleted with its conversations,
//! would take a member's room for ever, while conversations wait because members are at their limit. A queue whose
//! number is zero would be passed over by every drain, whatever waits in it.

use crate::Deps;
use std::collections::BTreeSet;
use vestibule_domain::{
    PortError,
    ids::{MemberId, QueueId},
    ports::{DeskView, Recount},
    routing::{
        demand::Desk,
        rule::{Obstacle, fit},
        seat::Seat,
    },
};

/// Counts the load of one member who is at the limit and could take a conversation of a queue: each minute another
/// member's.
pub(crate) async fn recount_one(
    deps: &Deps,
    desk: &Desk,
    view: &DeskView,
    id: QueueId,
) -> Result<(), PortError> {
    let Some(queue) = view.queues.iter().find(|queue| queue.id == id) else {
        return Ok(());
    };
    let nobody = BTreeSet::new();
    let is_full = |seat: &Seat| fit(&queue.demand, &nobody, seat) == Err(Obstacle::NoRoom);
    let full = view.seats.iter().filter(|seat| is_full(seat));
    let full: BTreeSet<MemberId> = full
        .filter(|seat| seat.load > 0)
        .map(|seat| seat.member_id)
        .collect();
    let minute = deps.clock.now().seconds().div_euclid(60).unsigned_abs();
    let turn = minute.checked_rem(full.len() as u64).unwrap_or(0);
    let member_id = usize::try_from(turn)
        .ok()
        .and_then(|turn| full.iter().nth(turn));
    let Some(member_id) = member_id.copied() else {
        return Ok(());
    };
    let counted = deps.routing.recount(desk, member_id).await?;
    if counted.agrees() {
        return Ok(());
    }
    tracing::error!(
        account.id = %desk.scope.account_id(),
        channel = %desk.channel,
        member.id = %member_id,
        recorded = counted.recorded,
        counted = counted.counted,
        orphans = counted.orphans,
        "a member's load was wrong, and is corrected"
    );
    if counted.counted < counted.recorded {
        deps.order_drain(desk).await;
    }
    Ok(())
}

/// Counts the cases that wait in a queue whose number was found wrong. One that never rests is left to the next drain,
/// which does not pass it over, since its number is not zero.
pub(crate) async fn recount_queue(
    deps: &Deps,
    desk: &Desk,
    id: QueueId,
) -> Result<Option<Recount>, PortError> {
    match deps.routing.recount_queue(desk, id).await {
        Ok(counted) => {
            tell(desk, id, counted);
            Ok(Some(counted))
        }
        Err(PortError::Conflict { .. }) => {
            tracing::warn!(
                account.id = %desk.scope.account_id(),
                channel = %desk.channel,
                queue.id = %id,
                "a queue that changes all the time is counted later"
            );
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Counts a queue whose number says that nothing waits if anything does. It must not be settled before.
pub(crate) async fn recount_empty(deps: &Deps, desk: &Desk, id: QueueId) -> Result<(), PortError> {
    let first = deps.routing.waiting(desk.scope, id, 1, None).await?;
    if first.is_empty() {
        return Ok(());
    }
    let counted = deps.routing.recount_queue(desk, id).await?;
    tell(desk, id, counted);
    Ok(())
}

fn tell(desk: &Desk, id: QueueId, counted: Recount) {
    if counted.agrees() {
        return;
    }
    tracing::error!(
        account.id = %desk.scope.account_id(),
        channel = %desk.channel,
        queue.id = %id,
        recorded = counted.recorded,
        counted = counted.counted,
        orphans = counted.orphans,
        "a queue's number was wrong, and is corrected"
    );
}
