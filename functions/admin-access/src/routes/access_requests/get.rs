//! `GET /v1/projects/{project_id}/access-requests/{access_request_id}`

use super::AccessRequestDetailsResponse;
use crate::{Deps, wire::AccessRequestPath};
use axum::{Json, extract::State};
use std::sync::Arc;
use vestibule_domain::account::Permission;
use vestibule_edge::{admin::ApiPath, auth::Authenticated, problem::ApiError};

/// Read an access request
///
/// Needs `access_requests.read`.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/access-requests/{access_request_id}",
    tag = "Access requests",
    params(AccessRequestPath),
    responses((status = 200, description = "The access request.", body = AccessRequestDetailsResponse))
)]
pub async fn get_access_request(
    State(deps): State<Arc<Deps>>,
    caller: Authenticated,
    ApiPath(path): ApiPath<AccessRequestPath>,
) -> Result<Json<AccessRequestDetailsResponse>, ApiError> {
    let caller = caller.holding(Permission::AccessRequestsRead)?;
    let scope = caller.scope().project(path.project_id);
    let view = deps
        .access_requests
        .get_access_request(scope, path.access_request_id)
        .await?
        .ok_or(ApiError::NotFound("access request"))?;
    let now = deps.clock.now();
    Ok(Json(AccessRequestDetailsResponse::of(view, now)))
}
