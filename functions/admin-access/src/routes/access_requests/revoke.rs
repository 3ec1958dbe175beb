//! `POST /v1/projects/{project_id}/access-requests/{access_request_id}/revoke`

use super::{
    super::chat_users::revoke::Ending,
    decide::{DecideRequest, RequestToDecide, read_note},
    details::{AccessRequestDetailsResponse, details_of},
};
use crate::{Deps, api_types::AccessRequestPath, serving::serves_connector};
use axum::{extract::State, response::Response};
use std::sync::Arc;
use vestibule_admin::{
    Call, IfMatch, OptionalJsonBody, amend,
    api_types::found,
    problem::{ApiError, NOT_FOUND, Problem},
    problem_types,
    routes::Beside,
};
use vestibule_domain::{access::request::RequestStatus, event::Event};

problem_types! {
    NOT_APPROVED = "not-approved", CONFLICT, "The access request is not approved",
        "Only an approval can be revoked.";
}

/// Revoke an approved access request
///
/// Takes the environment from the person, who is a stranger there from their next message on: it makes a new
/// request, without a cool-down. The request stays approved and shows the revocation. Where no access is left,
/// nothing changes.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/access-requests/{access_request_id}/revoke",
    tag = "Access requests",
    params(AccessRequestPath),
    request_body(content = Option<DecideRequest>, description = "Optional."),
    responses(
        (status = 200, description = "The person has no access through this request.", body = AccessRequestDetailsResponse, headers(("ETag" = String, description = "Version of the request with what is shown beside it."))),
        (status = 409, description = "The request is not approved, or the person writes meanwhile.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn revoke_access_request(
    State(deps): State<Arc<Deps>>,
    call: Call,
    Beside(RequestToDecide(request)): Beside<RequestToDecide>,
    body: OptionalJsonBody,
) -> Result<Response, ApiError> {
    let note = read_note(body.0)?;
    let no_request = || ApiError::not_found("access request");
    let request = request.ok_or_else(no_request)?;
    let (scope, id) = (request.scope, request.id);
    if !serves_connector(&deps, &call, scope, request.connector_id).await? {
        return Err(no_request());
    }
    if request.status() != RequestStatus::Approved {
        return Err(ApiError::new(&NOT_APPROVED));
    }
    if request.revocation.is_none() {
        let person = request.chat_user_id;
        let deps: &Deps = &deps;
        let ending = &Ending {
            deps,
            call: &call,
            scope,
            environment_id: request.environment_id,
            note,
            event: Event::AccessRequestRevoked(id),
            request_id: Some(id),
        };
        let read = || async move {
            let user = deps.chat_users.get_chat_user(scope, person).await?;
            user.ok_or_else(|| ApiError::not_found("chat user"))
        };
        match amend(&IfMatch::Absent, read, |user| ending.end(user)).await {
            // A person who was erased has no access.
            Err(error) if *error.kind() == NOT_FOUND => {}
            ended => {
                ended?;
            }
        }
    }
    let request = deps.access_requests.find_access_request(scope, id).await?;
    let request = request.ok_or_else(no_request)?;
    let (version, details) = details_of(&deps, &call, request).await?;
    Ok(found(version, details))
}
