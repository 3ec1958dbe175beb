//! `DELETE /v1/projects/{project_id}`

use super::{check_clients, facts, read};
use crate::{Deps, api_types::ProjectPath};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, amend,
    api_types::IfMatchHeader,
    jobs::enqueue_or_leave,
    log,
    problem::{ApiError, Problem},
    problem_types, read_fields,
};
use vestibule_domain::{
    Timestamp,
    access::closing::Closing,
    account::Project,
    connector::Connector,
    erasure::Erasure,
    event::{Change, Event},
    ports::{DELETED_CONNECTORS_MAX, OUTBOX_PATIENCE, ProjectDeletion},
};

problem_types! {
    OTHER_NAME = "other-name", CONFLICT, "The project has another name",
        "`name` is not the name of the project as it is. Type the whole name, in the same case.";
}

/// The confirmation of a deletion.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Help desk"}))]
pub struct DeleteProjectRequest {
    /// Name of the project, exactly as it is.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 100)]
    name: Option<String>,
}

/// A project that is being deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "deleting_since": "2026-11-22T10:00:00.000Z"}))]
pub struct DeletingProjectResponse {
    /// Id.
    id: String,
    /// Time from which on the project is gone, and everything in it is removed.
    #[schema(value_type = String, format = DateTime)]
    deleting_since: Timestamp,
}

/// Delete a project
///
/// With everything in it: connectors, environments, people, requests, conversations, and what waits to be sent. From
/// this call on the project does not exist, and its webhooks answer 401 within ten seconds. A job removes everything in
/// it, within minutes as a rule. The audit log stays. This cannot be undone.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project_id}",
    tag = "Projects",
    params(ProjectPath, IfMatchHeader),
    request_body = DeleteProjectRequest,
    responses(
        (status = 202, description = "The project is gone, and everything in it is being removed.", body = DeletingProjectResponse),
        (status = 409, description = "The project has another name, or other callers keep changing it.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_project(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<ProjectPath>,
    body: JsonBody,
) -> Result<(StatusCode, Json<DeletingProjectResponse>), ApiError> {
    let (deps, call, name) = (&deps, &call, &read_name(body.0)?);
    let response = amend(
        &if_match,
        || read(deps, call.scope(), path.project_id),
        |project| async move {
            if project.name != *name {
                return Err(ApiError::new(&OTHER_NAME));
            }
            delete(deps, call, &project).await
        },
    )
    .await?;
    Ok((StatusCode::ACCEPTED, Json(response)))
}

/// Deletes a project with its connectors, and orders the removal of everything else.
async fn delete(
    deps: &Deps,
    call: &Call,
    project: &Project,
) -> Result<DeletingProjectResponse, ApiError> {
    let scope = project.scope;
    let now = call.now();
    let all = deps.projects.project_remains(scope).await?;
    check_clients(call, &all.connectors)?;
    // One transaction has room for so many.
    let (surplus, last) = all
        .connectors
        .split_at(all.connectors.len().saturating_sub(DELETED_CONNECTORS_MAX));
    for connector in surplus {
        delete_connector(deps, call, connector, now).await?;
    }
    let environments = all.layout.environments.iter().map(|one| one.id).collect();
    let connectors = all.connectors.iter().map(|one| one.id).collect();
    let erasure = Erasure::of_project(scope, environments, connectors, now);
    let names: Vec<_> = last.iter().map(|one| one.name.as_str()).collect();
    let mut before = facts(project);
    if let Some(before) = before.as_object_mut() {
        before.insert("connectors".to_owned(), json!(names));
    }
    let change = Change {
        event: Event::ProjectDeleted(project.id()),
        before,
        after: Value::Null,
    };
    let entry = call.audit(change, now);
    let deletion = ProjectDeletion {
        project,
        connectors: last,
        // Each deletion of a connector counted one change.
        layout_version: all.layout.version + count(surplus),
        erasure: &erasure,
        due: now.plus(OUTBOX_PATIENCE),
    };
    deps.projects
        .delete_project(&deletion, call.by(&entry))
        .await?;
    enqueue_or_leave(deps.onboarding.as_ref(), erasure.job()).await;
    log(&entry);
    Ok(DeletingProjectResponse {
        id: project.id().to_string(),
        deleting_since: now,
    })
}

fn count(connectors: &[Connector]) -> u64 {
    u64::try_from(connectors.len()).unwrap_or(u64::MAX)
}

/// Deletes a connector of which the project has too many for its own transaction.
async fn delete_connector(
    deps: &Deps,
    call: &Call,
    connector: &Connector,
    now: Timestamp,
) -> Result<(), ApiError> {
    let change = Change {
        event: Event::ConnectorDeleted(connector.id),
        before: json!({"name": connector.name}),
        after: Value::Null,
    };
    let entry = call.audit(change, now);
    let closing = Closing::of_deletion(connector, call.actor(), &call.origin.request_id, now);
    deps.connectors
        .delete_connector(connector, &closing, now.plus(OUTBOX_PATIENCE), &entry)
        .await?;
    log(&entry);
    Ok(())
}

fn read_name(fields: Map<String, Value>) -> Result<String, ApiError> {
    let mut errors = FieldErrors::default();
    let request: DeleteProjectRequest = read_fields(fields, &mut errors);
    let name = errors.required("name", request.name);
    errors.check_body()?;
    Ok(name.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<String, ApiError> {
        match body {
            Value::Object(fields) => read_name(fields),
            _ => panic!("a body is an object"),
        }
    }

    /// SPEC C63.
    #[test]
    fn a_deletion_is_confirmed_by_a_name_as_it_is_typed() {
        assert_eq!(read(json!({"name": " Café "})).unwrap(), " Café ");
        for (body, field) in [
            (json!({}), "name"),
            (json!({"name": null}), "name"),
            (json!({"name": 1}), "name"),
            (json!({"name": "a", "force": true}), "force"),
        ] {
            let error = read(body.clone()).unwrap_err();
            assert_eq!(error.errors()[0].field, field, "{body}");
        }
    }
}
