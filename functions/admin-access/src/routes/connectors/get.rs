//! `GET /v1/projects/{project_id}/connectors/{connector_id}`

use super::{ConnectorResponse, read};
use crate::{Deps, api_types::ConnectorPath};
use axum::{extract::State, response::Response};
use std::sync::Arc;
use vestibule_admin::{ApiPath, Call, api_types::found, problem::ApiError};

/// Read a connector
///
/// Secrets are shown only as set or not.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/connectors/{connector_id}",
    tag = "Connectors",
    params(ConnectorPath),
    responses((status = 200, description = "The connector.", body = ConnectorResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))))
)]
pub async fn get_connector(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ConnectorPath>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let connector = read(&deps, &call, scope, path.connector_id).await?;
    let version = connector.version;
    let body = ConnectorResponse::read(&deps, &call, connector).await?;
    Ok(found(version, body))
}
