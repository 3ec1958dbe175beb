//! `GET /v1/projects/{project_id}/end-users/imports/{import_id}/errors`, and the same as CSV.

use super::{ImportErrorResponse, read};
use crate::{Deps, api_types::ImportPath};
use axum::{Json, extract::State, response::Response};
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, Call, ListQuery, PlaceParams,
    api_types::ListResponse,
    export::{ExportCursor, ExportedRows},
    problem::ApiError,
};
use vestibule_domain::directory::import::ImportError;

const COLUMNS: [&str; 4] = ["line", "column", "rule", "message"];

/// List the mistakes in a file
///
/// Those that the last run found, in the file's order; at most 5000.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/end-users/imports/{import_id}/errors",
    tag = "Users",
    params(ImportPath, PlaceParams),
    responses((status = 200, description = "One page.", body = ListResponse<ImportErrorResponse>))
)]
pub async fn list_import_errors(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ImportPath>,
    query: ListQuery<()>,
) -> Result<Json<ListResponse<ImportErrorResponse>>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let import = read(&deps, scope, path.import_id).await?;
    let page = deps
        .imports
        .list_import_errors(&import, &query.page)
        .await?;
    Ok(ListResponse::of(page, Into::into))
}

/// Export the mistakes in a file
///
/// Those that the last run found as CSV, at most 1000 rows an answer. The header `Link` with `rel="next"` leads to the
/// next ones, and `Vestibule-Next-Cursor` names them; without these, the answer is the last.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/end-users/imports/{import_id}/errors/export",
    tag = "Users",
    params(ImportPath, ExportCursor),
    responses((status = 200, description = "Some rows.", content((String = "text/csv")), headers(
        ("Link" = String, description = "Address of the next rows, with `rel=\"next\"`."),
        ("Vestibule-Next-Cursor" = String, description = "Start of the next rows.")
    )))
)]
pub async fn export_import_errors(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ImportPath>,
    query: ListQuery<()>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let import = read(&deps, scope, path.import_id).await?;
    let (imports, wanted) = (&deps.imports, &import);
    let found = ExportedRows::read(query.page, |page| async move {
        Ok(imports.list_import_errors(wanted, &page).await?)
    })
    .await?;
    let path = format!(
        "/v1/projects/{}/end-users/imports/{}/errors/export",
        path.project_id, path.import_id
    );
    Ok(found.into_csv("errors.csv", (&path, &[]), COLUMNS, cells))
}

fn cells(error: ImportError) -> [String; COLUMNS.len()] {
    [
        error.line.to_string(),
        error.column,
        error.rule,
        error.message,
    ]
}
