//! First replies, for which clients have limits (SPEC E37). The limit at the offer counts: the router reads it with the
//! offer, and the case keeps the time. A mark of the case's own brings it back when that time has come.

use crate::Deps;
use vestibule_domain::{PortError, ports::Changed, routing::case::Case};
use vestibule_edge::first_reply::count_missed;

/// Attempts at noting something in a case that is changed meanwhile.
const ATTEMPTS: usize = 5;
const CONTENDED: PortError = PortError::Conflict { what: "case" };

/// Notes that no first reply came in time, if none did.
pub(crate) async fn note_missed(deps: &Deps, mut case: Case) -> Result<(), PortError> {
    let now = deps.clock.now();
    for _ in 0..ATTEMPTS {
        let changed = deps.routing.note_missed_reply(&case, now).await?;
        if let Changed::Done(noted) = &changed {
            count_missed(&case, noted, now);
        }
        match again(changed) {
            Some(changed) => case = changed,
            None => return Ok(()),
        }
    }
    Err(CONTENDED)
}

/// Sets the limit of a case that somebody took or put back before the router had looked at it.
pub(crate) async fn limit_late(deps: &Deps, mut case: Case) -> Result<(), PortError> {
    if case.first_reply_due_at.is_some() || case.first_reply_at.is_some() {
        return Ok(());
    }
    let (id, client_id) = (case.conversation_id, case.demand.client_id);
    let terms = deps.offers.terms(case.scope, id, client_id).await?;
    let Some(minutes) = terms.first_reply_minutes else {
        return Ok(());
    };
    let now = deps.clock.now();
    for _ in 0..ATTEMPTS {
        let changed = deps.routing.limit_first_reply(&case, minutes, now).await?;
        match again(changed) {
            Some(changed) => case = changed,
            None => return Ok(()),
        }
    }
    Err(CONTENDED)
}

/// The case to try again with, if another change came first and it is not over.
fn again(changed: Changed) -> Option<Case> {
    match changed {
        Changed::Stale(now) => Some(*now).filter(Case::is_open),
        Changed::Done(_) | Changed::Gone | Changed::NoRoom | Changed::NotAvailable => None,
    }
}
