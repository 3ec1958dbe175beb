//! `PATCH /v1/projects/{project_id}/conversations/{conversation_id}`

use super::{
    super::handoff::give_back, ConversationResponse, ConversationStateName, case::shown,
    find_conversation,
};
use crate::{Deps, api_types::ConversationPath};
use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, amend, log,
    problem::{ApiError, CHANGED_MEANWHILE, Problem},
    read_fields,
};
use vestibule_domain::{
    ProjectScope,
    event::{Change, Event},
    ports::{ConversationState, ConversationView},
};

/// A change of a conversation.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "closed"}))]
pub struct UpdateConversationRequest {
    /// State: `closed` ends the conversation, `open` opens it again.
    #[schema(required = true, nullable = false)]
    state: Option<ConversationStateName>,
}

/// Close a conversation
///
/// Ends a conversation, or opens it again. The next message of a person opens it as well. Either ends a
/// handoff. A closed conversation is like an open one in every other respect: the agent can write into it, and
/// its messages stay.
#[utoipa::path(
    patch,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}",
    tag = "Conversations",
    params(ConversationPath),
    request_body = UpdateConversationRequest,
    responses(
        (status = 200, description = "The conversation.", body = ConversationResponse),
        (status = 409, description = "Messages keep arriving in the conversation.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update_conversation(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ConversationPath>,
    body: JsonBody,
) -> Result<Json<ConversationResponse>, ApiError> {
    let state = read_state(body.0)?;
    let scope = call.scope().project(path.project_id);
    amend(
        &IfMatch::Absent,
        || find_conversation(&deps, &call, scope, path.conversation_id),
        |view| set_state(&deps, &call, scope, view, state),
    )
    .await?;
    let view = find_conversation(&deps, &call, scope, path.conversation_id).await?;
    Ok(Json(shown(&deps, scope, view).await?))
}

async fn set_state(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    view: ConversationView,
    state: ConversationState,
) -> Result<(), ApiError> {
    if view.state == state {
        return Ok(());
    }
    let case = deps.routing.case(scope, view.id).await?;
    if case.is_some_and(|case| case.is_open()) {
        // Its case ends first, with the handoff; a conversation that is to be closed is read again then.
        give_back(deps, call, scope, view).await?;
        return if state == ConversationState::Open {
            Ok(())
        } else {
            Err(ApiError::new(&CHANGED_MEANWHILE))
        };
    }
    let event = match (state, view.state) {
        (ConversationState::Closed, _) => Event::ConversationClosed(view.id),
        (_, ConversationState::HandedOff) => Event::ConversationGivenBack(view.id),
        _ => Event::ConversationReopened(view.id),
    };
    let change = Change {
        event,
        before: json!({"state": view.state.key()}),
        after: json!({"state": state.key()}),
    };
    let entry = call.audit(change, call.now());
    if !deps.writer.set_state(scope, &view, state, &entry).await? {
        return Err(ApiError::not_found("conversation"));
    }
    log(&entry);
    Ok(())
}

fn read_state(fields: Map<String, Value>) -> Result<ConversationState, ApiError> {
    let mut errors = FieldErrors::default();
    let request: UpdateConversationRequest = read_fields(fields, &mut errors);
    match errors.required("state", request.state) {
        Some(ConversationStateName::HandedOff) => {
            errors.add(
                "state",
                "must be `open` or `closed`; `POST …/handoff` hands a conversation off",
            );
            Err(errors.into_validation())
        }
        Some(state) if errors.is_empty() => Ok(state.into()),
        _ => Err(errors.into_validation()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<ConversationState, Vec<String>> {
        let Value::Object(fields) = body else {
            panic!("a body is an object");
        };
        read_state(fields).map_err(|error| {
            let fields = error.errors().iter().map(|error| error.field.clone());
            fields.collect()
        })
    }

    #[test]
    fn a_conversation_is_closed_or_opened_and_nothing_else() {
        assert_eq!(
            read(json!({"state": "closed"})),
            Ok(ConversationState::Closed)
        );
        assert_eq!(read(json!({"state": "open"})), Ok(ConversationState::Open));
        for body in [
            json!({}),
            json!({"state": "ended"}),
            json!({"state": "handed_off"}),
            json!({"state": null}),
            json!({"state": 1}),
        ] {
            assert_eq!(read(body.clone()), Err(vec!["state".to_owned()]), "{body}");
        }
        let unknown = read(json!({"state": "open", "note": "done"}));
        assert_eq!(unknown, Err(vec!["note".to_owned()]));
    }
}
