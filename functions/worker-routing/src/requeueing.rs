//! The conversations that a member may no longer have: they wait again, with their original time (SPEC E34).
//!
//! A job goes through all cases of the member and leaves alone those that the member may keep, as the seats say. So a part
//! that is done again, or by two at once, does no harm, and a job that is cut off is followed by one that finds the rest.

use crate::{BEGIN_WITHIN, Deps, closed_seats::remove_closed};
use std::collections::{HashMap, hash_map::Entry};
use vestibule_domain::{
    PortError,
    account::actor::Actor,
    ids::MemberId,
    job::RequeueMember,
    ports::{Changed, RoutedBy},
    routing::{case::Case, demand::Desk, rule::may_keep, seat::Seat},
};
use vestibule_edge::{jobs::Worked, sender::TimeBudget};

/// Cases read at once.
const PAGE: u16 = 25;
/// Attempts at requeueing a case that is changed meanwhile.
const ATTEMPTS: usize = 5;

/// Does a job.
pub(crate) async fn work(deps: &Deps, job: RequeueMember) -> Result<Worked, PortError> {
    let order = deps.routing.requeue_order(job.scope, job.member_id).await?;
    let Some(order) = order else {
        return Ok(Worked::Ended);
    };
    let mut pass = Pass {
        deps,
        job,
        budget: TimeBudget::new(deps.clock.now(), BEGIN_WITHIN),
        requeued: HashMap::new(),
    };
    let went = pass.go().await;
    for desk in pass.requeued.values() {
        deps.order_drain(desk).await;
    }
    remove_closed(deps, job).await?;
    let is_over = match went? {
        Rest::None => deps.routing.end_requeue(job.scope, order).await?,
        Rest::Cases => false,
    };
    if !is_over {
        // The queue keeps this job until the next one is enqueued.
        deps.queue.enqueue_routing(job.into()).await?;
    }
    Ok(Worked::Ended)
}

/// The rest that a job leaves to another one.
enum Rest {
    None,
    Cases,
}

/// One way through the cases of a member.
struct Pass<'a> {
    deps: &'a Deps,
    job: RequeueMember,
    budget: TimeBudget,
    /// The desks where cases wait again, by channel.
    requeued: HashMap<String, Desk>,
}

impl Pass<'_> {
    async fn go(&mut self) -> Result<Rest, PortError> {
        let RequeueMember { scope, member_id } = self.job;
        let deps = self.deps;
        let mut after: Option<Case> = None;
        let mut rest = Rest::None;
        loop {
            let routing = &deps.routing;
            let page = routing.cases_of(scope, member_id, None, after.as_ref(), PAGE);
            let page = page.await?;
            let mut seats: HashMap<String, Option<Seat>> = HashMap::new();
            for case in &page {
                if self.budget.is_over(deps.clock.now()) {
                    return Ok(Rest::Cases);
                }
                let seat = match seats.entry(case.channel.clone()) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(place) => {
                        place.insert(routing.seat(&case.desk(), member_id).await?)
                    }
                };
                if !self.requeue(case, seat.as_ref()).await? {
                    rest = Rest::Cases;
                }
            }
            match page.into_iter().next_back() {
                Some(last) => after = Some(last),
                None => return Ok(rest),
            }
        }
    }

    /// Lets a case wait again, unless the member may keep it. `false` if it was changed so often that it is left to
    /// another job.
    async fn requeue(&mut self, case: &Case, seat: Option<&Seat>) -> Result<bool, PortError> {
        let system = Actor::system();
        let mut case = case.clone();
        for _ in 0..ATTEMPTS {
            if !is_lost(&case, self.job.member_id, seat) {
                return Ok(true);
            }
            let by = RoutedBy::itself(&system, self.deps.clock.now());
            let changed = self.deps.routing.requeue(&case, None, by).await?;
            match changed {
                Changed::Stale(now) => case = *now,
                Changed::Done(_) => {
                    self.requeued.insert(case.channel.clone(), case.desk());
                    return Ok(true);
                }
                Changed::Gone | Changed::NoRoom | Changed::NotAvailable => return Ok(true),
            }
        }
        Ok(false)
    }
}

/// Whether a member has a case and may not keep it.
fn is_lost(case: &Case, member_id: MemberId, seat: Option<&Seat>) -> bool {
    case.member_id() == Some(member_id) && !seat.is_some_and(|seat| may_keep(&case.demand, seat))
}
