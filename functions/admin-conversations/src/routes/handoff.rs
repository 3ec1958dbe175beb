//! `…/conversations/{conversation_id}/handoff`: a conversation passes from the agent to people, and back
//! (SPEC E36, F12).

use super::conversations::{ConversationResponse, find_conversation};
use crate::{Deps, api_types::ConversationPath};
use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, OptionalJsonBody, amend, log,
    problem::{ApiError, Problem},
    read_fields, validation,
};
use vestibule_domain::{
    chat::handoff::{Handoff, HandoffRequest},
    event::{Change, Event},
    ports::HandoffChange,
};

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
    /// Skills that it takes, beside those that the connector asks for: at most 20, each 1 to 50 characters.
    #[schema(max_items = 20)]
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
/// A conversation that is handed off with the same team and note stays as it is; others replace them.
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
    change(&deps, &call, path, Some(&request)).await
}

/// Give a conversation back
///
/// The agent is asked about the messages from then on. It gets none of those that came meanwhile; they are in
/// the history.
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
    change(&deps, &call, path, None).await
}

/// Changes the current record, and tries again when another change came first.
async fn change(
    deps: &Deps,
    call: &Call,
    path: ConversationPath,
    wanted: Option<&HandoffRequest>,
) -> Result<Json<ConversationResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    amend(
        &IfMatch::Absent,
        || find_conversation(deps, call, scope, path.conversation_id),
        |view| async move {
            let before = view.conversation.handoff.as_ref();
            if is_as_wanted(before, wanted) {
                return Ok(Json(view.into()));
            }
            let now = call.now();
            let handoff = wanted.map(|wanted| wanted.made_by(call.actor().clone(), now));
            let event = if handoff.is_some() {
                Event::ConversationHandedOff(view.id)
            } else {
                Event::ConversationGivenBack(view.id)
            };
            let change = Change {
                event,
                before: facts(before),
                after: facts(handoff.as_ref()),
            };
            let entry = call.audit(change, now);
            let change = HandoffChange {
                scope,
                read: &view,
                handoff: handoff.as_ref(),
                audit: &entry,
            };
            deps.writer.change_handoff(&change).await?;
            log(&entry);
            Ok(Json(view.with_handoff(handoff).into()))
        },
    )
    .await
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
    use vestibule_domain::{Timestamp, account::actor::Actor};

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
