//! `GET /v1/projects/{project_id}/connectors`

use super::ConnectorResponse;
use crate::{Deps, api_types::ProjectPath};
use axum::{Json, extract::State};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, ListFilter, ListQuery, PageParams, api_types::ListResponse,
    problem::ApiError, project_of_empty_list, validation,
};
use vestibule_domain::{connector::Connector, ids::EnvironmentId};

/// Filters for connectors.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConnectorParams {
    /// Only connectors that lead to this environment.
    #[param(nullable = false, format = "id")]
    environment_id: Option<String>,
}

/// Validated filters.
#[derive(Debug, Default)]
pub struct ConnectorQuery {
    environment_id: Option<EnvironmentId>,
}

impl ListFilter for ConnectorQuery {
    type Params = ConnectorParams;

    fn read(params: ConnectorParams, errors: &mut FieldErrors) -> Self {
        let environment_id = params.environment_id.as_deref();
        Self {
            environment_id: validation::id("environment_id", environment_id, errors),
        }
    }
}

impl ConnectorQuery {
    fn covers(&self, connector: &Connector) -> bool {
        self.environment_id
            .is_none_or(|id| id == connector.environment_id)
    }
}

/// List the connectors
///
/// All connectors of the project, of the clients whose records the caller may touch. A page may be short, or
/// empty, before the last one.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/connectors",
    tag = "Connectors",
    params(ProjectPath, ConnectorParams, PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<ConnectorResponse>))
)]
pub async fn list_connectors(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ListQuery<ConnectorQuery>,
) -> Result<Json<ListResponse<ConnectorResponse>>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let mut page = deps.connectors.list_connectors(scope, &query.page).await?;
    page.items
        .retain(|connector| call.may_serve(connector.client_id) && query.filter.covers(connector));
    project_of_empty_list(deps.projects.as_ref(), scope, &query.page, &page).await?;
    let page = ConnectorResponse::read_page(&deps, &call, page).await?;
    Ok(ListResponse::of(page, |connector| connector))
}
