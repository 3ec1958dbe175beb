//! `GET /v1/projects/{project_id}/access-requests/counts`

use super::super::projects;
use crate::{
    Deps,
    api_types::ProjectPath,
    serving::{Served, served},
};
use axum::{Json, extract::State};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{ApiPath, Call, api_types::CountResponse, problem::ApiError};
use vestibule_domain::{
    ProjectScope, Timestamp, access::request::AccessRequest, ports::RequestCounts,
};

/// Numbers of access requests.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "pending": {"count": 12, "more": false}, "approved": {"count": 1000, "more": true},
    "newest_pending": {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "created_at": "2026-11-22T10:00:00.000Z"},
    "held_back": []
}))]
pub struct AccessRequestCountsResponse {
    /// Requests that await a decision.
    pending: CountResponse,
    /// Requests that were approved.
    approved: CountResponse,
    /// The newest request that awaits a decision; null if there is none. For a caller with access to some
    /// clients, it is looked for among the latest hundred of the project.
    newest_pending: Option<NewestPendingResponse>,
    /// Connectors that got more new people than their limit, with what it held back, until a day after the last
    /// such message.
    held_back: Vec<HeldBackResponse>,
}

/// The newest request that awaits a decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewestPendingResponse {
    /// Id.
    id: String,
    /// Time at which the request was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A connector that got more new people than its limit.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldBackResponse {
    /// Id of the connector.
    connector_id: String,
    /// Name of the connector.
    connector_name: String,
    /// Limit on new requests in a minute.
    limit_per_minute: u16,
    /// Messages that made no request.
    messages: u64,
    /// Time of the first of them.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

impl From<AccessRequest> for NewestPendingResponse {
    fn from(request: AccessRequest) -> Self {
        Self {
            id: request.id.to_string(),
            created_at: request.created_at,
        }
    }
}

impl AccessRequestCountsResponse {
    fn of(counts: RequestCounts, held_back: Vec<HeldBackResponse>) -> Self {
        Self {
            pending: counts.pending.into(),
            approved: counts.approved.into(),
            newest_pending: counts.newest_pending.map(Into::into),
            held_back,
        }
    }
}

/// Count the access requests
///
/// Of all connectors of the clients whose records the caller may touch, up to 1,000 of each state. Cheap enough
/// to be asked every few seconds.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/access-requests/counts",
    tag = "Access requests",
    params(ProjectPath),
    responses((status = 200, description = "The numbers.", body = AccessRequestCountsResponse))
)]
pub async fn count_access_requests(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
) -> Result<Json<AccessRequestCountsResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    projects::read(&deps, call.scope(), path.project_id).await?;
    let served = served(&deps, &call, scope).await?;
    let connectors = match &served {
        Served::All => None,
        Served::Only(some) => Some(some),
    };
    let requests = deps.access_requests.as_ref();
    let counts = requests.count_access_requests(scope, connectors).await?;
    let held_back = held_back(&deps, scope, &served, call.now()).await?;
    Ok(Json(AccessRequestCountsResponse::of(counts, held_back)))
}

/// The connectors among these that held back messages within the last day, except deleted ones.
async fn held_back(
    deps: &Deps,
    scope: ProjectScope,
    served: &Served,
    now: Timestamp,
) -> Result<Vec<HeldBackResponse>, ApiError> {
    let mut shown = Vec::new();
    for held in deps.access_requests.held_back(scope, now).await? {
        if !served.contains(held.connector_id) {
            continue;
        }
        let found = deps
            .connectors
            .get_connector(scope, held.connector_id)
            .await?;
        shown.extend(found.map(|connector| HeldBackResponse {
            connector_id: connector.id.to_string(),
            connector_name: connector.name,
            limit_per_minute: connector.request_limits.new_per_minute,
            messages: held.messages,
            since: held.since,
        }));
    }
    Ok(shown)
}
