//! `GET /v1/projects/{project_id}/access-requests/{access_request_id}`

use super::details::{AccessRequestDetailsResponse, rendered};
use crate::{Deps, api_types::AccessRequestPath, serving::serves_connector};
use axum::{extract::State, response::Response};
use std::sync::Arc;
use vestibule_admin::{ApiPath, Call, api_types::found, problem::ApiError};

/// Read an access request
///
/// Includes details about the person and the follow-up.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/access-requests/{access_request_id}",
    tag = "Access requests",
    params(AccessRequestPath),
    responses((status = 200, description = "The access request.", body = AccessRequestDetailsResponse, headers(("ETag" = String, description = "Version of the request with what is shown beside it."))))
)]
pub async fn get_access_request(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<AccessRequestPath>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let no_request = || ApiError::not_found("access request");
    let view = deps
        .access_requests
        .get_access_request(scope, path.access_request_id)
        .await?
        .ok_or_else(no_request)?;
    if !serves_connector(&deps, &call, scope, view.request.connector_id).await? {
        return Err(no_request());
    }
    let (version, details) = rendered(&deps, &call, view);
    Ok(found(version, details))
}
