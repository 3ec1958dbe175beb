//! One conversation that asks for a member: assigned at once to one who has room, unless an older one that waits could go
//! there, and else put into its queue.

use crate::{BEGIN_WITHIN, Deps, draining, waiting};
use vestibule_domain::{
    PortError,
    account::actor::Actor,
    job::OfferConversation,
    ports::{Changed, NamedTeam, RoutedBy},
    routing::{
        case::{Case, CaseState},
        drain::at_once,
    },
};
use vestibule_edge::{jobs::Worked, sender::TimeBudget};

/// Attempts at assigning a conversation at once while the members' room changes. After them it waits and is drained.
const ATTEMPTS: usize = 3;

/// Does a job.
pub(crate) async fn work(deps: &Deps, job: OfferConversation) -> Result<Worked, PortError> {
    let budget = TimeBudget::new(deps.clock.now(), BEGIN_WITHIN);
    let case = deps.routing.case(job.scope, job.conversation_id).await?;
    let Some(mut case) = case else {
        return Ok(Worked::Ended);
    };
    match case.state {
        CaseState::Offered => {}
        // The attempt that let it wait may have died before it told the person.
        CaseState::Waiting => {
            waiting::tell(deps, &case).await?;
            return Ok(Worked::Ended);
        }
        CaseState::Assigned(_) | CaseState::Released { .. } => return Ok(Worked::Ended),
    }
    let offers = &deps.offers;
    let named = if case.demand.team_id.is_none() {
        offers.named_team(job.scope, job.conversation_id).await?
    } else {
        NamedTeam::None
    };
    let note = note(&named);
    let mut tries = 0;
    while !budget.is_over(deps.clock.now()) {
        let offered = asking(case, &named);
        let changed = if tries < ATTEMPTS {
            settle(deps, &offered, note.as_deref()).await?
        } else {
            let (routing, now) = (&deps.routing, deps.clock.now());
            routing
                .enqueue_noting(&offered, note.as_deref(), now)
                .await?
        };
        match changed {
            Changed::Done(done) => {
                if done.is_waiting() {
                    // A member may have got room meanwhile, and an older conversation may be first.
                    draining::drain_or_order(deps, &done.desk(), budget).await?;
                    waiting::tell_if_still(deps, &done).await?;
                }
                return Ok(Worked::Ended);
            }
            Changed::NoRoom | Changed::NotAvailable => case = offered,
            Changed::Stale(now) if now.state == CaseState::Offered => case = *now,
            Changed::Stale(_) | Changed::Gone => return Ok(Worked::Ended),
        }
        tries += 1;
    }
    Err(PortError::Conflict {
        what: "offered conversation",
    })
}

/// The case with the team that its handoff names. A name that no team has asks for any member.
fn asking(mut case: Case, named: &NamedTeam) -> Case {
    match named {
        NamedTeam::Known(id) => case.demand.team_id = Some(*id),
        NamedTeam::None | NamedTeam::Unknown(_) => {}
    }
    case
}

/// The note of a conversation whose handoff names a team that is not there.
fn note(named: &NamedTeam) -> Option<String> {
    match named {
        NamedTeam::Unknown(name) => Some(format!("No team has the name {name}")),
        NamedTeam::None | NamedTeam::Known(_) => None,
    }
}

/// Assigns the conversation if that takes nothing from an older one, or lets it wait, with this note in its thread.
async fn settle(deps: &Deps, case: &Case, note: Option<&str>) -> Result<Changed, PortError> {
    let view = deps.routing.desk(&case.desk()).await?;
    let now = deps.clock.now();
    let Some(assignment) = at_once(case, &view) else {
        return deps.routing.enqueue_noting(case, note, now).await;
    };
    let system = Actor::system();
    let by = RoutedBy {
        note,
        ..RoutedBy::itself(&system, now)
    };
    deps.routing.assign(case, &assignment, by).await
}
