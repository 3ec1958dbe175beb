//! The conversations that a member may not keep: they wait again, with their original time (SPEC E34).
//!
//! A member may not keep conversations that the seats do not allow any more, nor, once an absence has lasted as long as
//! the account says, those that they had when it began. Those that were given to them by hand since stay: the giver
//! knew.
//!
//! A job goes through all cases of the member and leaves alone those that the member may keep, as the seats say. So a part
//! that is done again, or by two at once, does no harm, and a job that is cut off is followed by one that finds the rest.

use crate::{BEGIN_WITHIN, Deps, closed_seats::remove_closed};
use std::{
    collections::{HashMap, hash_map::Entry},
    time::Duration,
};
use vestibule_domain::{
    PortError, Timestamp,
    account::actor::Actor,
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
        wait: Wait::Unread,
        again: None,
    };
    let went = pass.go().await;
    for desk in pass.requeued.values() {
        deps.order_drain(desk).await;
    }
    remove_closed(deps, job).await?;
    let is_over = match went? {
        Rest::None => match pass.again {
            Some(again) => {
                let routing = &deps.routing;
                routing.postpone_requeue(job.scope, order, again).await?
            }
            None => deps.routing.end_requeue(job.scope, order).await?,
        },
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

/// The account's rule about absences, which is read once, and only if a member is absent.
enum Wait {
    Unread,
    Read(Option<Duration>),
}

/// One way through the cases of a member.
struct Pass<'a> {
    deps: &'a Deps,
    job: RequeueMember,
    budget: TimeBudget,
    /// The desks where cases wait again, by channel.
    requeued: HashMap<String, Desk>,
    /// The time after which the account requeues what absent members have.
    wait: Wait,
    /// The time at which the member may not keep a case any more unless they are back.
    again: Option<Timestamp>,
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

    /// Requeues a case, unless the member may keep it. `false` if it was changed so often that it is left to another
    /// job.
    async fn requeue(&mut self, case: &Case, seat: Option<&Seat>) -> Result<bool, PortError> {
        let system = Actor::system();
        let mut case = case.clone();
        for _ in 0..ATTEMPTS {
            if !self.is_lost(&case, seat).await? {
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

    /// Whether the member has a case and may not keep it.
    async fn is_lost(&mut self, case: &Case, seat: Option<&Seat>) -> Result<bool, PortError> {
        let Some(assigned) = case.assigned() else {
            return Ok(false);
        };
        if assigned.member.id != self.job.member_id {
            return Ok(false);
        }
        let Some(seat) = seat.filter(|seat| may_keep(&case.demand, seat)) else {
            return Ok(true);
        };
        let Some(since) = seat.absent_since.filter(|since| assigned.at <= *since) else {
            return Ok(false);
        };
        let Some(wait) = self.wait().await? else {
            return Ok(false);
        };
        let until = since.plus(wait);
        let is_over = until <= self.deps.clock.now();
        if !is_over {
            self.again = Some(self.again.map_or(until, |again| again.min(until)));
        }
        Ok(is_over)
    }

    /// The time after which the account requeues what absent members have.
    async fn wait(&mut self) -> Result<Option<Duration>, PortError> {
        if let Wait::Read(known) = self.wait {
            return Ok(known);
        }
        let wait = self.deps.routing.requeue_after(self.job.scope).await?;
        self.wait = Wait::Read(wait);
        Ok(wait)
    }
}
