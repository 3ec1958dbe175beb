//! Loads, counted where they matter: at a desk where something waits because members are at their limit. A load that is too
//! high, since a project went with its conversations, would keep a member's room for ever.

use crate::Deps;
use std::collections::BTreeSet;
use vestibule_domain::{
    PortError,
    ids::{MemberId, QueueId},
    ports::DeskView,
    routing::{
        demand::Desk,
        rule::{Obstacle, fit},
        seat::Seat,
    },
};

/// Counts the load of one member who is at the limit and could take what waits in a queue: each minute of another one.
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
