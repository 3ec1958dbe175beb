//! One conversation that asks for a member: assigned at once to one who has room, or put into its queue if none has, or
//! if an older conversation that waits could go there.

use crate::{BEGIN_WITHIN, Deps, draining, replies, waiting, waits::measure_wait};
use vestibule_domain::{
    PortError,
    account::actor::Actor,
    job::OfferConversation,
    ports::{Changed, DeskView, NamedTeam, OfferTerms, RoutedBy},
    routing::{
        bounds::admitted,
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
    if case.state != CaseState::Offered {
        look_again(deps, case).await?;
        return Ok(Worked::Ended);
    }
    let client_id = case.demand.client_id;
    let terms = deps
        .offers
        .terms(job.scope, job.conversation_id, client_id)
        .await?;
    let terms = OfferTerms {
        team: match case.demand.team_id {
            Some(_) => NamedTeam::None,
            None => terms.team,
        },
        ..terms
    };
    let note = note(&terms.team);
    let mut tries = 0;
    while !budget.is_over(deps.clock.now()) {
        let offered = asking(case, &terms);
        let changed = if tries < ATTEMPTS {
            settle(deps, &offered, note.as_deref()).await?
        } else {
            let view = deps.routing.desk(&offered.desk()).await?;
            wait(deps, &offered, note.as_deref(), &view).await?
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

/// Looks at a case that is not to be offered: a job came twice, or its mark brought it back because the first reply is
/// late.
async fn look_again(deps: &Deps, case: Case) -> Result<(), PortError> {
    if case.misses_first_reply(deps.clock.now()) {
        return replies::note_missed(deps, case).await;
    }
    match case.state {
        // The attempt that queued it may have died before it told the person.
        CaseState::Waiting => {
            waiting::tell(deps, &case).await?;
            replies::limit_late(deps, case).await
        }
        CaseState::Assigned(_) => replies::limit_late(deps, case).await,
        CaseState::Offered | CaseState::Released { .. } => Ok(()),
    }
}

/// The case with the limit of its client and the team that its handoff names. A name that no team has asks for any member.
fn asking(mut case: Case, terms: &OfferTerms) -> Case {
    match terms.team {
        NamedTeam::Known(id) => case.demand.team_id = Some(id),
        NamedTeam::None | NamedTeam::Unknown(_) => {}
    }
    case.with_first_reply_within(terms.first_reply_minutes)
}

/// The note of a conversation whose handoff names a team that is not there.
fn note(named: &NamedTeam) -> Option<String> {
    match named {
        NamedTeam::Unknown(name) => Some(format!("No team has the name {name}")),
        NamedTeam::None | NamedTeam::Known(_) => None,
    }
}

/// Assigns the conversation if that takes nothing from an older one, or queues it.
async fn settle(deps: &Deps, case: &Case, note: Option<&str>) -> Result<Changed, PortError> {
    let view = deps.routing.desk(&case.desk()).await?;
    let Some(assignment) = at_once(case, &view) else {
        return wait(deps, case, note, &view).await;
    };
    let system = Actor::system();
    let by = RoutedBy {
        note,
        ..RoutedBy::itself(&system, deps.clock.now())
    };
    let changed = deps.routing.assign(case, &assignment, by).await?;
    measure_wait(&changed);
    Ok(changed)
}

/// Queues the conversation, without the skills for which the desk has too many queues. A line says which these are.
async fn wait(
    deps: &Deps,
    case: &Case,
    note: Option<&str>,
    view: &DeskView,
) -> Result<Changed, PortError> {
    let now = deps.clock.now();
    if admitted(&case.desk(), &case.demand, view) == case.demand {
        return deps.routing.enqueue_noting(case, note, now).await;
    }
    let system = Actor::system();
    let by = RoutedBy {
        note,
        ..RoutedBy::itself(&system, now)
    };
    deps.routing.requeue(case, None, by).await
}
