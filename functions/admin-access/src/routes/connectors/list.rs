//! `GET /v1/projects/{project_id}/connectors`

use super::ConnectorResponse;
use crate::{Deps, api_types::ProjectPath};
use axum::{Json, extract::State};
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, Call, ListQuery, PageParams, api_types::ListResponse, problem::ApiError,
    project_of_empty_list,
};

/// List the connectors
///
/// All connectors of the project, of the clients whose records the caller may touch. A page may be short, or
/// empty, before the last one.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/connectors",
    tag = "Connectors",
    params(ProjectPath, PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<ConnectorResponse>))
)]
pub async fn list_connectors(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ListQuery<()>,
) -> Result<Json<ListResponse<ConnectorResponse>>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let mut page = deps.connectors.list_connectors(scope, &query.page).await?;
    page.items
        .retain(|connector| call.may_serve(connector.client_id));
    project_of_empty_list(deps.projects.as_ref(), scope, &query.page, &page).await?;
    Ok(ListResponse::of(page, |connector| {
        ConnectorResponse::of(&deps, &call.origin, connector)
    }))
}
