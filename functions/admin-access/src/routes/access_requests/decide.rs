//! `POST /v1/projects/{project_id}/access-requests/{access_request_id}/approve` and `/reject`
//!
//! The admin call whose cost is bounded (PERFORMANCE §2): one read of key and request together, one
//! transaction, and for an approval one job that sees to what follows it. That is why it authenticates by itself, does not note the day of the key's use,
//! and answers with the request alone.

use super::AccessRequestResponse;
use crate::{Deps, api_types::AccessRequestPath};
use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, CallOrigin, FieldErrors, OptionalJsonBody,
    auth::{ApiToken, Authenticated, Bearer},
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_admin::{audit, jobs::enqueue_or_leave, validation};
use vestibule_domain::{
    access::request::{DecideOutcome, Verdict},
    account::Permission,
    ids::AuditId,
    job::OnboardChatUser,
};

/// Why a request is decided as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "A new colleague."}))]
pub struct DecideRequest {
    /// For other admins; at most 4000 characters. The person does not see it.
    #[schema(max_length = 4000)]
    note: Option<String>,
}

/// Approve an access request
///
/// The person may talk to the agent of the environment from their next message on, through every
/// connector of it. What else follows is the connector's `after_approval`; requests of theirs that are
/// pending at other connectors of the environment are approved along. The same decision by the same key again changes nothing and is answered alike.
/// The answer leaves out what is shown beside the request; read it for that. Needs
/// `access_requests.decide`.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/access-requests/{access_request_id}/approve",
    tag = "Access requests",
    params(AccessRequestPath),
    request_body(content = Option<DecideRequest>, description = "May be left out."),
    responses(
        (status = 200, description = "The request is approved.", body = AccessRequestResponse),
        (status = 409, description = "It was decided before; `decision` says how. Or the chat user is blocked: unblock first.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn approve_access_request(
    State(deps): State<Arc<Deps>>,
    Bearer(token): Bearer,
    origin: CallOrigin,
    path: Result<ApiPath<AccessRequestPath>, ApiError>,
    body: Result<OptionalJsonBody, ApiError>,
) -> Result<Json<AccessRequestResponse>, ApiError> {
    decide(&deps, &token, &origin, path, body, Verdict::Approve).await
}

/// Reject an access request
///
/// The person stays without access. A message of theirs after the connector's cool-down makes a
/// new request. The same decision by the same key again changes nothing and is answered alike.
/// Needs `access_requests.decide`.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/access-requests/{access_request_id}/reject",
    tag = "Access requests",
    params(AccessRequestPath),
    request_body(content = Option<DecideRequest>, description = "May be left out."),
    responses(
        (status = 200, description = "The request is rejected.", body = AccessRequestResponse),
        (status = 409, description = "It was decided before; `decision` says how.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn reject_access_request(
    State(deps): State<Arc<Deps>>,
    Bearer(token): Bearer,
    origin: CallOrigin,
    path: Result<ApiPath<AccessRequestPath>, ApiError>,
    body: Result<OptionalJsonBody, ApiError>,
) -> Result<Json<AccessRequestResponse>, ApiError> {
    decide(&deps, &token, &origin, path, body, Verdict::Reject).await
}

/// Path and body come as they were read: what is wrong with them is told to a caller who proved who
/// they are, and to nobody else.
async fn decide(
    deps: &Deps,
    token: &ApiToken,
    origin: &CallOrigin,
    path: Result<ApiPath<AccessRequestPath>, ApiError>,
    body: Result<OptionalJsonBody, ApiError>,
    verdict: Verdict,
) -> Result<Json<AccessRequestResponse>, ApiError> {
    let now = deps.clock.now();
    let ApiPath(path) = match path {
        Ok(path) => path,
        Err(error) => {
            let key = deps
                .api_keys
                .find_key(token.account_id(), token.hash())
                .await?;
            Authenticated::by_key(token, key.as_ref(), now)?;
            return Err(error);
        }
    };
    let (key, request) = deps
        .access_requests
        .find_key_and_request(
            token.account_id(),
            token.hash(),
            path.project_id,
            path.access_request_id,
        )
        .await?;
    let caller = Authenticated::by_key(token, key.as_ref(), now)?
        .holding(Permission::AccessRequestsDecide)?;
    let note = read_note(body?.0)?;
    let request = request.ok_or(ApiError::NotFound("access request"))?;
    let audit = (AuditId::new(deps.ids.draw()), origin.request_id.as_str());
    let outcome = deps
        .access_requests
        .decide(
            &request,
            verdict,
            caller.actor(),
            note.as_deref(),
            audit,
            now,
        )
        .await?;
    match outcome {
        DecideOutcome::Recorded(request) => {
            let action = match verdict {
                Verdict::Approve => "access_request.approved",
                Verdict::Reject => "access_request.rejected",
            };
            audit::log_as(
                action,
                &format!("access_request:{}", request.id),
                caller.actor(),
            );
            if verdict == Verdict::Approve {
                let job = OnboardChatUser {
                    scope: request.scope,
                    chat_user_id: request.chat_user_id,
                    connector_id: request.connector_id,
                };
                enqueue_or_leave(deps.onboarding.as_ref(), job).await;
            }
            Ok(Json((*request).into()))
        }
        DecideOutcome::AlreadySame(request) => Ok(Json((*request).into())),
        DecideOutcome::AlreadyDecided(request) => Err(match request.decision {
            Some(decision) => ApiError::AlreadyDecided(Box::new(decision)),
            // Between the refusal and the reading somebody took the decision back.
            None => ApiError::ChangedMeanwhile,
        }),
        DecideOutcome::ChatUserBlocked => Err(ApiError::ChatUserBlocked),
        DecideOutcome::NotFound => Err(ApiError::NotFound("access request")),
    }
}

fn read_note(fields: Map<String, Value>) -> Result<Option<String>, ApiError> {
    let mut errors = FieldErrors::default();
    let request: DecideRequest = read_fields(fields, &mut errors);
    let note = validation::note("note", request.note.as_deref(), &mut errors);
    errors.check_body()?;
    Ok(note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_domain::access::request::NOTE_MAX_CHARS;

    fn read(value: Value) -> Result<Option<String>, ApiError> {
        match value {
            Value::Object(fields) => read_note(fields),
            _ => panic!("not an object"),
        }
    }

    #[test]
    fn a_note_is_optional_and_has_at_most_4000_characters() {
        assert_eq!(read(json!({})).unwrap(), None);
        assert_eq!(read(json!({"note": null})).unwrap(), None);
        assert_eq!(
            read(json!({"note": " fine\u{0} "})).unwrap().as_deref(),
            Some("fine")
        );
        assert!(read(json!({"note": "x".repeat(NOTE_MAX_CHARS)})).is_ok());
        assert!(read(json!({"note": "x".repeat(NOTE_MAX_CHARS + 1)})).is_err());
        assert!(read(json!({"notes": "fine"})).is_err());
    }
}
