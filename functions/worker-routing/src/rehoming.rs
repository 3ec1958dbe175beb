//! The open conversations of a connector that was deleted, or passed to another client (SPEC E20, E21, E34). Those of a
//! deleted one are released, since nobody can answer them. Those of one that serves another client ask for that client:
//! they wait in its queue at their place, and a member who has one keeps it if they answer that client.
//!
//! A job looks at each case and at the connector as they are, so a part that is done again, or by two at once, does no harm.
//! A case may still be made by what was read before the change, and the list of cases lags behind, so a second pass goes
//! through all of them again.

use crate::{BEGIN_WITHIN, Deps};
use std::collections::HashMap;
use vestibule_domain::{
    PortError,
    account::actor::Actor,
    ids::ClientId,
    job::RehomeConnector,
    ports::{Changed, OUTBOX_PATIENCE, REHOMING_GRACE, Rehoming, RoutedBy},
    routing::{case::Case, demand::Desk, rule::may_keep},
};
use vestibule_edge::{jobs::Worked, sender::TimeBudget};

/// Attempts at a case that is changed meanwhile.
const ATTEMPTS: usize = 8;
const DELETED: &str = "The connector was deleted";
const PASSED_ON: &str = "The connector serves another client";

/// Does a job.
pub(crate) async fn work(deps: &Deps, job: RehomeConnector) -> Result<Worked, PortError> {
    let Some(order) = deps.rehoming.rehoming(job).await? else {
        return Ok(Worked::Ended);
    };
    let now = deps.clock.now();
    let mut pass = Pass {
        deps,
        job,
        client_id: deps.rehoming.client_served(job).await?,
        budget: TimeBudget::new(now, BEGIN_WITHIN),
        changed: HashMap::new(),
    };
    let went = pass.go(order.behind.clone()).await;
    for desk in pass.changed.values() {
        deps.order_drain(desk).await;
    }
    let is_last = order.is_last_pass(now);
    match went? {
        Rest::Behind(behind) => {
            let rest = Rehoming {
                pass_began_at: Some(order.pass_began_at.unwrap_or(now)),
                behind,
                ..order
            };
            let lost_at = deps.clock.now().plus(OUTBOX_PATIENCE);
            // An order that was given again meanwhile has a mark of its own, and goes through all cases.
            if deps.rehoming.go_on_rehoming(job, &rest, lost_at).await? {
                deps.queue.enqueue_routing(job.into()).await?;
            }
        }
        Rest::None if is_last => {
            deps.rehoming.end_rehoming(job, &order).await?;
        }
        Rest::None => {
            let again = Rehoming {
                pass_began_at: None,
                behind: None,
                ..order
            };
            let due = again.ordered_at.plus(REHOMING_GRACE);
            deps.rehoming.go_on_rehoming(job, &again, due).await?;
        }
    }
    Ok(Worked::Ended)
}

/// The rest that a job leaves to another one.
enum Rest {
    None,
    /// The cases behind this place.
    Behind(Option<String>),
}

/// One way through the open cases of a connector.
struct Pass<'a> {
    deps: &'a Deps,
    job: RehomeConnector,
    /// The client that the connector serves, if it is there.
    client_id: Option<ClientId>,
    budget: TimeBudget,
    /// The desks where conversations moved to another queue or ended, by channel.
    changed: HashMap<String, Desk>,
}

impl Pass<'_> {
    async fn go(&mut self, mut behind: Option<String>) -> Result<Rest, PortError> {
        let (deps, job) = (self.deps, self.job);
        loop {
            let page = deps.rehoming.open_cases(job, behind.as_deref()).await?;
            let cases = deps.routing.cases(job.scope, &page.conversations).await?;
            for case in cases {
                if self.budget.is_over(deps.clock.now()) {
                    return Ok(Rest::Behind(behind));
                }
                self.rehome(case).await?;
            }
            behind = page.behind;
            if behind.is_none() {
                return Ok(Rest::None);
            }
            if self.budget.is_over(deps.clock.now()) {
                return Ok(Rest::Behind(behind));
            }
        }
    }

    /// Brings one case to where it belongs.
    async fn rehome(&mut self, mut case: Case) -> Result<(), PortError> {
        for _ in 0..ATTEMPTS {
            if !case.is_open() || case.connector_id != Some(self.job.connector_id) {
                return Ok(());
            }
            let Some(changed) = self.step(&case).await? else {
                return Ok(());
            };
            match changed {
                Changed::Done(now) => {
                    self.changed.insert(case.channel.clone(), case.desk());
                    case = *now;
                }
                Changed::Stale(now) => case = *now,
                Changed::Gone | Changed::NoRoom | Changed::NotAvailable => return Ok(()),
            }
        }
        Err(PortError::Conflict {
            what: "case of a connector",
        })
    }

    /// Makes the next change of a case; `None` if it is where it belongs.
    async fn step(&self, case: &Case) -> Result<Option<Changed>, PortError> {
        let routing = &self.deps.routing;
        let system = Actor::system();
        let by = |note: &'static str| RoutedBy {
            note: Some(note),
            ..RoutedBy::itself(&system, self.deps.clock.now())
        };
        let Some(client_id) = self.client_id else {
            return routing.release(case, by(DELETED)).await.map(Some);
        };
        if case.demand.client_id != client_id {
            let readdressed = self.deps.rehoming.readdress(case, client_id, by(PASSED_ON));
            return readdressed.await.map(Some);
        }
        // Read after the case asks for the client, so that a change of the member before that is seen here, and one after
        // it by the requeue that the change orders.
        let Some(member_id) = case.member_id() else {
            return Ok(None);
        };
        let seat = routing.seat(&case.desk(), member_id).await?;
        if seat.is_some_and(|seat| may_keep(&case.demand, &seat)) {
            return Ok(None);
        }
        routing.requeue(case, None, by(PASSED_ON)).await.map(Some)
    }
}
