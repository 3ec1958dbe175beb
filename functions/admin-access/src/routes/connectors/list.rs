//! `GET /v1/projects/{project_id}/connectors`

use super::{super::project_of_empty_list, ConnectorResponse};
use crate::{Deps, api_types::ProjectPath};
use axum::{Json, extract::State};
use std::sync::Arc;
use vestibule_admin::api_types::ListResponse;
use vestibule_admin::{
    ApiPath, CallOrigin, ListQuery, PageParams, auth::Authenticated, problem::ApiError,
};
use vestibule_domain::account::Permission;

/// List the connectors
///
/// The project's connectors. Needs `projects.read`.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/connectors",
    tag = "Connectors",
    params(ProjectPath, PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<ConnectorResponse>))
)]
pub async fn list_connectors(
    State(deps): State<Arc<Deps>>,
    caller: Authenticated,
    origin: CallOrigin,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ListQuery<()>,
) -> Result<Json<ListResponse<ConnectorResponse>>, ApiError> {
    let caller = caller.holding(Permission::ProjectsRead)?;
    let scope = caller.scope().project(path.project_id);
    let page = deps.connectors.list_connectors(scope, &query.page).await?;
    let is_empty = page.items.is_empty();
    project_of_empty_list(
        &deps,
        caller.scope(),
        path.project_id,
        &query.page,
        is_empty,
    )
    .await?;
    Ok(ListResponse::of(page, |connector| {
        ConnectorResponse::of(&deps, &origin, connector)
    }))
}
