//! The conversations that wait at a desk, assigned while members have room for them.
//!
//! A drain goes through the whole desk, whichever queue brought it: a member gets the oldest conversation of all that they
//! can take. Two at once do no harm, since each assignment stands under the version of its case and the room of its seat.

use crate::{
    BEGIN_WITHIN, Deps,
    leftovers::end_emptied,
    recounting::{recount_one, recount_queue},
    settling::{abandoned, remove, settle},
    waits::measure_wait,
};
use vestibule_domain::{
    PortError,
    account::actor::Actor,
    job::{DrainDesk, DrainQueue},
    ports::{Changed, RoutedBy, Settled},
    routing::{
        bounds::first_of,
        demand::Desk,
        drain::{DRAIN_PAGE, Drain, NextCase, Step},
    },
};
use vestibule_edge::{jobs::Worked, sender::TimeBudget};

/// Drains the desk of a queue, on behalf of its mark.
pub(crate) async fn work_queue(deps: &Deps, job: DrainQueue) -> Result<Worked, PortError> {
    let desk = deps.routing.desk_of_queue(job.scope, job.queue_id).await?;
    let Some(desk) = desk else {
        return Ok(Worked::Ended);
    };
    let budget = TimeBudget::new(deps.clock.now(), BEGIN_WITHIN);
    drain_or_order(deps, &desk, budget).await?;
    let view = deps.routing.desk(&desk).await?;
    if settle(deps, &desk, &view, job.queue_id).await? == Settled::Waiting
        && !end_emptied(deps, &desk, job.queue_id).await?
    {
        recount_one(deps, &desk, &view, job.queue_id).await?;
    }
    Ok(Worked::Ended)
}

/// Drains a desk where there may be room.
pub(crate) async fn work_desk(deps: &Deps, job: DrainDesk) -> Result<Worked, PortError> {
    let desk = Desk {
        scope: job.scope,
        channel: job.channel,
    };
    let budget = TimeBudget::new(deps.clock.now(), BEGIN_WITHIN);
    drain_or_order(deps, &desk, budget).await?;
    Ok(Worked::Ended)
}

/// Drains a desk while there is time, and orders the rest.
pub(crate) async fn drain_or_order(
    deps: &Deps,
    desk: &Desk,
    budget: TimeBudget,
) -> Result<(), PortError> {
    let began_at = deps.clock.now();
    let view = deps.routing.desk(desk).await?;
    let abandoned = abandoned(&view);
    let first = first_of(&view).map(|queue| queue.id);
    let mut drain = Drain::new(view, began_at);
    let mut assigned = 0_u32;
    let is_cut = loop {
        let step = drain.step();
        if !matches!(step, Step::Done) && budget.is_over(deps.clock.now()) {
            break true;
        }
        match step {
            Step::Read(page) => {
                let waiting =
                    deps.routing
                        .waiting(desk.scope, page.queue_id, DRAIN_PAGE, page.after);
                drain.read(page, waiting.await?);
            }
            Step::Assign(mut next) => {
                let outcome = assign(deps, &mut next).await?;
                measure_wait(&outcome);
                assigned += u32::from(matches!(outcome, Changed::Done(_)));
                drain.assigned(&next, &outcome);
            }
            Step::Done => break false,
        }
    };
    // One in each drain: queues that an agent makes and leaves are removed as quickly as they come.
    if let Some(queue_id) = abandoned {
        remove(deps, desk, queue_id, first).await?;
    }
    for queue_id in drain.orphaned() {
        recount_queue(deps, desk, *queue_id).await?;
    }
    if assigned > 0 {
        tracing::info!(
            account.id = %desk.scope.account_id(),
            channel = %desk.channel,
            assigned,
            is_cut,
            "waiting conversations were assigned"
        );
    }
    match (is_cut, assigned) {
        (false, _) => {}
        // Another drain would begin at the same place, and get no further.
        (true, 0) => tracing::error!(
            account.id = %desk.scope.account_id(),
            channel = %desk.channel,
            "a drain found nothing to assign in its time"
        ),
        (true, _) => deps.order_drain(desk).await,
    }
    Ok(())
}

/// Assigns a conversation. One that was changed and waits at its place all the same is assigned as it is.
async fn assign(deps: &Deps, next: &mut NextCase) -> Result<Changed, PortError> {
    let system = Actor::system();
    let by = RoutedBy::itself(&system, deps.clock.now());
    let routing = &deps.routing;
    let outcome = routing.assign(&next.case, &next.assignment, by).await?;
    let Changed::Stale(now) = outcome else {
        return Ok(outcome);
    };
    let has_declined = now.declined.contains(&next.assignment.member.id);
    if !now.is_waiting() || now.queue_id() != next.queue_id || has_declined {
        return Ok(Changed::Stale(now));
    }
    next.case = *now;
    routing.assign(&next.case, &next.assignment, by).await
}
