//! `POST /v1/projects/{project_id}/archive` and `/restore`

use super::{ProjectResponse, check_clients, read};
use crate::{Deps, api_types::ProjectPath, routes::environments::all_connectors};
use axum::{extract::State, response::Response};
use serde_json::json;
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, Call, IfMatch, amend,
    api_types::found,
    log,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    account::Project,
    event::{Change, Event},
};

/// Archive a project
///
/// Within ten seconds, its connectors acknowledge what platforms send, and leave it at that: nobody is answered, and
/// nothing is kept. What was accepted before is still delivered. The project is read as before; changes in it are
/// refused with 409 `project-archived`, and the default list of projects does not show it.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/archive",
    tag = "Projects",
    params(ProjectPath),
    responses(
        (status = 200, description = "The archived project.", body = ProjectResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Other callers keep changing the project or its connectors.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn archive_project(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
) -> Result<Response, ApiError> {
    put(&deps, &call, path, true).await
}

/// Restore a project
///
/// Takes an archived project back into use. Within ten seconds, its connectors take messages again; those that came
/// meanwhile are gone.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/restore",
    tag = "Projects",
    params(ProjectPath),
    responses(
        (status = 200, description = "The project in use.", body = ProjectResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Other callers keep changing the project or its connectors.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn restore_project(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
) -> Result<Response, ApiError> {
    put(&deps, &call, path, false).await
}

/// Puts a project into the archive, or takes it back. Connectors that an earlier call left behind follow.
async fn put(
    deps: &Deps,
    call: &Call,
    path: ProjectPath,
    archived: bool,
) -> Result<Response, ApiError> {
    amend(
        &IfMatch::Absent,
        || read(deps, call.scope(), path.project_id),
        |project| async move {
            let connectors = all_connectors(deps, project.scope).await?;
            check_clients(call, &connectors)?;
            let all_follow = connectors.iter().all(|one| one.is_archived == archived);
            if project.archived_at.is_some() == archived && all_follow {
                return Ok(found(project.version, ProjectResponse::from(project)));
            }
            let now = call.now();
            let archived_at = project.archived_at.or(Some(now)).filter(|_| archived);
            let changed = Project {
                archived_at,
                updated_at: now,
                ..project.clone()
            };
            let id = project.id();
            let event = if archived {
                Event::ProjectArchived(id)
            } else {
                Event::ProjectRestored(id)
            };
            let change = Change {
                event,
                before: json!({"archived_at": project.archived_at}),
                after: json!({"archived_at": changed.archived_at}),
            };
            let entry = call.audit(change, now);
            deps.projects.archive_project(&changed, &entry).await?;
            log(&entry);
            Ok(found(changed.version + 1, ProjectResponse::from(changed)))
        },
    )
    .await
}
