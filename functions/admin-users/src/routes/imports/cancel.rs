//! `POST /v1/projects/{project_id}/end-users/imports/{import_id}/cancel`

use super::{read, shown};
use crate::{Deps, api_types::ImportPath};
use axum::{extract::State, response::Response};
use serde_json::{Value, json};
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, Call, IfMatch, amend,
    jobs::import_or_leave,
    log,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    directory::import::Import,
    event::{Change, Event},
};

/// Cancel an import
///
/// Rows that were imported stay so. One that runs ends at its worker's next look, also while it fails; see
/// `cancel_requested`. One that is over stays as it is.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/end-users/imports/{import_id}/cancel",
    tag = "Users",
    params(ImportPath),
    responses(
        (status = 200, description = "The import ends, or is over.", body = super::ImportResponse, headers(("ETag" = String, description = "Version of the record."))),
        (status = 409, description = "Other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn cancel_import(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ImportPath>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let (deps, call) = (&*deps, &call);
    amend(
        &IfMatch::Absent,
        || read(deps, scope, path.import_id),
        |import| cancel(deps, call, import),
    )
    .await
}

async fn cancel(deps: &Deps, call: &Call, import: Import) -> Result<Response, ApiError> {
    if import.status.is_over() || import.is_cancelled {
        return Ok(shown(import));
    }
    let change = Change {
        event: Event::ImportCancelled(import.id),
        before: json!({"status": import.status}),
        after: Value::Null,
    };
    let entry = call.audit(change, call.now());
    let by = call.by(&entry);
    let stored = deps.imports.cancel_import(&import, by).await?;
    log(&entry);
    import_or_leave(deps.index.as_ref(), stored.job()).await;
    Ok(shown(stored))
}
