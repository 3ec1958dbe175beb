//! `…/conversations/{conversation_id}/handoff`: a conversation passes from the agent to people, and back
//! (SPEC E36, F12).

use super::conversations::{ConversationResponse, case::shown, find_conversation};
use crate::{Deps, api_types::ConversationPath};
use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, OptionalJsonBody, amend,
    jobs::route_or_leave,
    log,
    problem::{ApiError, Problem},
    read_fields, validation,
};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat::handoff::{Handoff, HandoffRequest},
    chat::offering::{CaseStep, HandedOff},
    event::{
        AuditEntry, Change, Event,
        told::{EventData, Told},
    },
    job::{DrainDesk, OfferConversation},
    ports::{
        By, Changed, ConversationState, ConversationView, GivingBack, HandoffChange, RoutedBy,
    },
    record::Record,
    routing::case::Case,
};
use vestibule_edge::first_reply::count_missed;
use vestibule_providers::catalogue::channel_of;

/// A handoff to people.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"team": "sales", "note": "Wants an offer for 200 seats.", "skills": ["German"]}))]
pub struct HandOffConversationRequest {
    /// Name of the team that takes over, 1 to 100 characters, in any letter case. An unknown one counts as none.
    #[schema(min_length = 1, max_length = 100, format = "name")]
    team: Option<String>,
    /// Note for whoever takes over, up to 4000 characters.
    #[schema(max_length = 4000)]
    note: Option<String>,
    /// Skills that it takes, beside those that the connector asks for: at most 50, each 1 to 50 characters.
    #[schema(max_items = 50)]
    skills: Option<Vec<String>>,
}

fn read_request(fields: Map<String, Value>) -> Result<HandoffRequest, ApiError> {
    let mut errors = FieldErrors::default();
    let request: HandOffConversationRequest = read_fields(fields, &mut errors);
    let team = validation::name("team", request.team.as_deref(), &mut errors);
    let note = validation::note("note", request.note.as_deref(), &mut errors);
    let skills = request.skills.unwrap_or_default();
    let skills = validation::skills("skills", &skills, &mut errors);
    errors.check_body()?;
    Ok(HandoffRequest { team, note, skills })
}

/// Hand a conversation off
///
/// From the next message on, the agent is not asked until the conversation is given back; a message that is
/// on its way to the agent may still reach it. Messages go into the history, and texts can be sent as before.
/// The conversation is offered to members, unless it waits for one or has one. A conversation that is handed off
/// with the same team, note and skills stays as it is; others replace them.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/handoff",
    tag = "Conversations",
    params(ConversationPath),
    request_body(content = Option<HandOffConversationRequest>, description = "Optional."),
    responses(
        (status = 200, description = "The conversation is handed off.", body = ConversationResponse),
        (status = 409, description = "Other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn hand_off_conversation(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ConversationPath>,
    body: OptionalJsonBody,
) -> Result<Json<ConversationResponse>, ApiError> {
    let request = read_request(body.0)?;
    let scope = call.scope().project(path.project_id);
    let view = change(&deps, &call, path, Some(&request)).await?;
    Ok(Json(shown(&deps, scope, view).await?))
}

/// Give a conversation back
///
/// The agent is asked about the messages from then on. It gets none of those that came meanwhile; they are in
/// the history. The member who has the conversation has it no longer. Where the connector is answered by the team,
/// the next message asks for a member again.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/handoff",
    tag = "Conversations",
    params(ConversationPath),
    responses(
        (status = 200, description = "The agent has the conversation.", body = ConversationResponse),
        (status = 409, description = "Other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn give_conversation_back(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ConversationPath>,
) -> Result<Json<ConversationResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let view = change(&deps, &call, path, None).await?;
    Ok(Json(shown(&deps, scope, view).await?))
}

/// The handoff of a conversation that its offer hands off at this time, with its audit entry. `None` where one stands.
pub(super) fn handed_off_by_offer(
    call: &Call,
    view: &ConversationView,
    offered: &Case,
    at: Timestamp,
) -> Option<(Handoff, AuditEntry)> {
    if view.conversation.handoff.is_some() {
        return None;
    }
    let handoff = HandoffRequest::default().made_by(call.actor().clone(), at);
    let event = Event::ConversationHandedOff(view.id);
    let entry = call.audit(change_of(event, view, Some(&handoff)), at);
    let entry = entry.about(told(offered.scope, view, Some(offered)));
    Some((handoff, entry))
}

/// Changes the current record, and tries again when another change came first.
async fn change(
    deps: &Deps,
    call: &Call,
    path: ConversationPath,
    wanted: Option<&HandoffRequest>,
) -> Result<ConversationView, ApiError> {
    let scope = call.scope().project(path.project_id);
    amend(
        &IfMatch::Absent,
        || find_conversation(deps, call, scope, path.conversation_id),
        |view| async move {
            if is_as_wanted(view.conversation.handoff.as_ref(), wanted) {
                return Ok(view);
            }
            match wanted {
                Some(wanted) => hand_off(deps, call, scope, view, wanted).await,
                None => give_back(deps, call, scope, view).await,
            }
        },
    )
    .await
}

/// Hands the conversation off, and offers it to members unless it has been.
pub(super) async fn hand_off(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    view: ConversationView,
    wanted: &HandoffRequest,
) -> Result<ConversationView, ApiError> {
    let now = call.now();
    let handoff = wanted.made_by(call.actor().clone(), now);
    let case = offering(deps, scope, &view, &handoff).await?;
    let event = Event::ConversationHandedOff(view.id);
    let entry = call.audit(change_of(event, &view, Some(&handoff)), now);
    let entry = entry.about(told(scope, &view, case_of(&case)));
    let change = HandoffChange {
        scope,
        read: &view,
        handoff: Some(&handoff),
        case: &case,
        audit: &entry,
    };
    deps.writer.change_handoff(&change).await?;
    log(&entry);
    if case.offered().is_some() {
        let offer = OfferConversation {
            scope,
            conversation_id: view.id,
        };
        route_or_leave(deps.router.as_ref(), offer).await;
    }
    Ok(view.with_handoff(Some(handoff)))
}

/// The offer of a conversation that is handed off. Where its connector was deleted, or nobody knows where it takes
/// place, no member could answer.
async fn offering(
    deps: &Deps,
    scope: ProjectScope,
    view: &ConversationView,
    handoff: &Handoff,
) -> Result<CaseStep, ApiError> {
    let connector = deps.connectors.find_connector(view.connector_id).await?;
    let connector = connector.filter(|connector| connector.scope == scope);
    let (Some(connector), Some(place)) = (connector, &view.conversation.place) else {
        return Ok(CaseStep::Nothing);
    };
    let case = deps.routing.case(scope, view.id).await?;
    let history = deps.conversations.find_history(scope, view.id).await?;
    let channel = channel_of(&connector.provider, place);
    let handed_off = HandedOff {
        connector: &connector,
        conversation_id: view.id,
        channel: channel.as_deref().unwrap_or(connector.provider.key()),
        handoff,
        history: history.map(|history| history.days).unwrap_or_default(),
        case: case.as_ref(),
    };
    Ok(handed_off.step(handoff.at))
}

/// Gives the conversation back. Its case is over with the same write, so that no member keeps a load for what the agent
/// answers.
pub(super) async fn give_back(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    view: ConversationView,
) -> Result<ConversationView, ApiError> {
    let event = Event::ConversationGivenBack(view.id);
    let entry = call.audit(change_of(event, &view, None), call.now());
    let case = deps.routing.case(scope, view.id).await?;
    if let Some(case) = case.filter(Case::is_open) {
        end_case(deps, call, &view, &case, &entry).await?;
    } else {
        let change = HandoffChange {
            scope,
            read: &view,
            handoff: None,
            case: &CaseStep::Nothing,
            audit: &entry,
        };
        deps.writer.change_handoff(&change).await?;
    }
    log(&entry);
    Ok(view.with_handoff(None))
}

/// Ends an open case together with the handoff. `Conflict` when either changed meanwhile.
async fn end_case(
    deps: &Deps,
    call: &Call,
    view: &ConversationView,
    case: &Case,
    entry: &AuditEntry,
) -> Result<(), ApiError> {
    let giving = GivingBack {
        case,
        conversation_version: view.version(),
        opens: view.state != ConversationState::Closed,
    };
    let caller = By {
        audit: entry,
        proof: &call.caller.proof,
    };
    let by = RoutedBy {
        caller: Some(caller),
        ..RoutedBy::itself(call.actor(), entry.at)
    };
    match deps.routing.give_back(giving, by).await? {
        Changed::Done(over) => count_missed(case, &over, entry.at),
        Changed::Stale(_) | Changed::Gone | Changed::NoRoom | Changed::NotAvailable => {
            let what = "case of a conversation";
            return Err(PortError::Conflict { what }.into());
        }
    }
    if case.assigned().is_some() {
        let room = DrainDesk {
            scope: case.scope.account(),
            channel: case.channel.clone(),
        };
        route_or_leave(deps.router.as_ref(), room).await;
    }
    Ok(())
}

/// The case that a step concerns.
fn case_of(step: &CaseStep) -> Option<&Case> {
    match step {
        CaseStep::Nothing => None,
        CaseStep::Stands(case) => Some(case),
        CaseStep::Offer(offer) => Some(&offer.case),
    }
}

/// The place of the conversation, for outgoing events.
fn told(scope: ProjectScope, view: &ConversationView, case: Option<&Case>) -> Told {
    let demand = case.map(|case| &case.demand);
    let data = EventData::new()
        .id_if("client_id", demand.map(|demand| demand.client_id))
        .id_if("team_id", demand.and_then(|demand| demand.team_id));
    Told {
        environment_id: view.conversation.environment_id,
        ..Told::in_project(scope).at_connector(view.connector_id)
    }
    .with(data)
}

/// The change as the audit log records it.
fn change_of(event: Event, view: &ConversationView, handoff: Option<&Handoff>) -> Change {
    Change {
        event,
        before: facts(view.conversation.handoff.as_ref()),
        after: facts(handoff),
    }
}

fn is_as_wanted(handoff: Option<&Handoff>, wanted: Option<&HandoffRequest>) -> bool {
    match (handoff, wanted) {
        (Some(handoff), Some(wanted)) => handoff.is_as(wanted),
        (None, None) => true,
        _ => false,
    }
}

/// The handoff as the audit log records it: without the note, which may tell of a person who is erased later.
fn facts(handoff: Option<&Handoff>) -> Value {
    let team = handoff.and_then(|handoff| handoff.team.as_deref());
    json!({"handed_off": handoff.is_some(), "team": team})
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_admin::problem::VALIDATION;
    use vestibule_domain::account::actor::Actor;

    fn read(body: &Value) -> Result<HandoffRequest, ApiError> {
        read_request(body.as_object().unwrap().clone())
    }

    #[test]
    fn a_team_a_note_and_skills_may_be_absent_and_are_bounded() {
        for bare in [json!({}), json!({"team": null, "note": " \n"})] {
            assert_eq!(read(&bare).unwrap(), HandoffRequest::default());
        }
        let skilled = read(&json!({"skills": ["German", "german"]})).unwrap();
        assert_eq!(skilled, HandoffRequest::default().with_skills(["German"]));
        let (team, note) = ("é".repeat(100), "n".repeat(4000));
        let longest = read(&json!({"team": team, "note": note})).unwrap();
        assert_eq!(longest, HandoffRequest::cut(Some(&team), Some(&note)));
        for (body, field) in [
            (json!({"team": " "}), "team"),
            (json!({"team": format!("{team}x")}), "team"),
            (json!({"team": 7}), "team"),
            (json!({"note": format!("{note}x")}), "note"),
            (json!({"skills": ["German", " "]}), "skills.1"),
            (json!({"skills": "German"}), "skills"),
            (json!({"to": "sales"}), "to"),
        ] {
            let error = read(&body).unwrap_err();
            assert_eq!(error.kind(), &VALIDATION, "{body}");
            assert_eq!(error.errors()[0].field, field);
        }
    }

    #[test]
    fn the_audit_log_names_the_team_and_never_the_note() {
        let request = HandoffRequest::cut(Some("sales"), Some("canary"));
        let handoff = request.made_by(Actor::system(), Timestamp::from_millis(0));
        let expected = json!({"handed_off": true, "team": "sales"});
        assert_eq!(facts(Some(&handoff)), expected);
        assert_eq!(facts(None), json!({"handed_off": false, "team": null}));
    }

    #[test]
    fn a_call_changes_nothing_where_everything_is_as_it_asks() {
        let request = HandoffRequest::cut(Some("sales"), None);
        let other = HandoffRequest::default();
        let handoff = request.made_by(Actor::system(), Timestamp::from_millis(0));
        for (before, wanted, is_done) in [
            (None, None, true),
            (Some(&handoff), Some(&request), true),
            (Some(&handoff), Some(&other), false),
            (Some(&handoff), None, false),
            (None, Some(&request), false),
        ] {
            assert_eq!(is_as_wanted(before, wanted), is_done);
        }
    }
}
