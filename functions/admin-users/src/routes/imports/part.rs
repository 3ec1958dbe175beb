//! `PUT /v1/projects/{project_id}/end-users/imports/{import_id}/parts/{part}`

use super::{read, shown, wrong_state};
use crate::{Deps, api_types::ImportPartPath};
use axum::{extract::State, response::Response};
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, Call, OctetStream,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    PortError,
    directory::import::{IMPORT_PART_MAX_BYTES, IMPORT_PARTS_MAX, ImportStatus},
};

/// Send a part of a file
///
/// At most 4 MiB. Parts are put together in the order of their numbers, whatever the order of the calls. A part that is
/// sent again replaces the earlier one.
#[utoipa::path(
    put,
    path = "/v1/projects/{project_id}/end-users/imports/{import_id}/parts/{part}",
    tag = "Users",
    params(ImportPartPath),
    request_body(content = String, content_type = "application/octet-stream", description = "The bytes of the part."),
    responses(
        (status = 200, description = "The import with this part.", body = super::ImportResponse, headers(("ETag" = String, description = "Version of the record."))),
        (status = 409, description = "The import awaits no parts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn put_import_part(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ImportPartPath>,
    body: OctetStream<IMPORT_PART_MAX_BYTES>,
) -> Result<Response, ApiError> {
    if !(1..=IMPORT_PARTS_MAX).contains(&path.part) {
        return Err(ApiError::not_found("part"));
    }
    let scope = call.scope().project(path.project_id);
    let import = read(&deps, scope, path.import_id).await?;
    if import.status != ImportStatus::Uploading {
        return Err(wrong_state(&import));
    }
    let upload = call.audit_id().to_string();
    let put = deps
        .imports
        .put_import_part(&import, path.part, &upload, &body.0, call.now());
    match put.await {
        Ok(import) => Ok(shown(import)),
        // It was started or cancelled meanwhile.
        Err(PortError::Conflict { .. }) => {
            Err(wrong_state(&read(&deps, scope, path.import_id).await?))
        }
        Err(error) => Err(error.into()),
    }
}
