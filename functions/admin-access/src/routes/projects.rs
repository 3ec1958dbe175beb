//! Projects: one agent each, with environments and connectors.

use crate::{Deps, api_types::ProjectPath};
use axum::{Json, extract::State, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IdempotencyKey, IfMatch, JsonBody, ListQuery, Made, PageParams,
    amend,
    api_types::{IdempotencyHeader, IfMatchHeader, ListResponse, found},
    given, log,
    problem::{ApiError, Problem},
    read_fields, validation,
};
use vestibule_domain::{
    AccountScope, ProjectScope, Timestamp,
    account::{ENVIRONMENTS_DEFAULT, Environment, Project},
    event::{Change, Event},
    ids::{EnvironmentId, IdSource, ProjectId},
};

/// A project to create.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Help desk"}))]
pub struct CreateProjectRequest {
    /// Name, 1 to 100 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    name: Option<String>,
}

/// Changes to a project. Fields left out keep their values.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Service desk"}))]
pub struct UpdateProjectRequest {
    /// Name, 1 to 100 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
}

/// A project.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Help desk",
    "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:00.000Z"
}))]
pub struct ProjectResponse {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Project> for ProjectResponse {
    fn from(project: Project) -> Self {
        Self {
            id: project.id().to_string(),
            name: project.name,
            created_at: project.created_at,
            updated_at: project.updated_at,
        }
    }
}

/// List the projects
///
/// All projects of the account.
#[utoipa::path(
    get,
    path = "/v1/projects",
    tag = "Projects",
    params(PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<ProjectResponse>))
)]
pub async fn list_projects(
    State(deps): State<Arc<Deps>>,
    call: Call,
    query: ListQuery<()>,
) -> Result<Json<ListResponse<ProjectResponse>>, ApiError> {
    let page = deps
        .projects
        .list_projects(call.scope(), &query.page)
        .await?;
    Ok(ListResponse::of(page, Into::into))
}

/// Create a project
///
/// The project starts with the environments Development, Staging and Production.
#[utoipa::path(
    post,
    path = "/v1/projects",
    tag = "Projects",
    params(IdempotencyHeader),
    request_body = CreateProjectRequest,
    responses((status = 201, description = "The project was created, by this call or an earlier one with this Idempotency-Key.", body = ProjectResponse))
)]
pub async fn create_project(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let mut errors = FieldErrors::default();
    let request: CreateProjectRequest = read_fields(body.0, &mut errors);
    let name = validation::required_name("name", request.name.as_deref(), &mut errors);
    let (Some(name), true) = (name, errors.is_empty()) else {
        return Err(errors.into_validation());
    };
    let now = call.now();
    let id: ProjectId = idempotency.id(&call, "projects");
    let project = Project {
        scope: call.scope().project(id),
        name,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let change = Change {
        event: Event::ProjectCreated(id),
        before: Value::Null,
        after: json!({"name": project.name, "environments": ENVIRONMENTS_DEFAULT}),
    };
    let entry = call.audit(change, now);
    let environments = default_environments(project.scope, call.ids(), now);
    let outcome = deps
        .projects
        .create_project(&project, &environments, &entry)
        .await?;
    Ok(Made::settle(outcome, project, &entry, facts)?.respond(ProjectResponse::from))
}

/// Creation times lie a millisecond apart, so that lists in order of creation keep this order.
fn default_environments(
    scope: ProjectScope,
    ids: &dyn IdSource,
    now: Timestamp,
) -> Vec<Environment> {
    ENVIRONMENTS_DEFAULT
        .into_iter()
        .zip(0_u32..)
        .map(|(name, position)| {
            let at = now.plus(Duration::from_millis(position.into()));
            Environment {
                id: EnvironmentId::new(ids.draw()),
                scope,
                name: name.to_owned(),
                position,
                agent: None,
                request_hash: None,
                version: 1,
                created_at: at,
                updated_at: at,
            }
        })
        .collect()
}

/// Read a project
///
/// Its environments and connectors have lists of their own.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}",
    tag = "Projects",
    params(ProjectPath),
    responses((status = 200, description = "The project.", body = ProjectResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))))
)]
pub async fn get_project(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
) -> Result<Response, ApiError> {
    let project = read(&deps, call.scope(), path.project_id).await?;
    Ok(found(project.version, ProjectResponse::from(project)))
}

/// Change a project
///
/// Rename it.
#[utoipa::path(
    patch,
    path = "/v1/projects/{project_id}",
    tag = "Projects",
    params(ProjectPath, IfMatchHeader),
    request_body = UpdateProjectRequest,
    responses(
        (status = 200, description = "The changed project.", body = ProjectResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update_project(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<ProjectPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let name = read_update(body.0)?;
    let (deps, call, name) = (&deps, &call, &name);
    amend(
        &if_match,
        || read(deps, call.scope(), path.project_id),
        |project| async move {
            let now = call.now();
            let changed = Project {
                name: name.clone().unwrap_or_else(|| project.name.clone()),
                updated_at: now,
                ..project.clone()
            };
            if changed.name == project.name {
                return Ok(found(project.version, ProjectResponse::from(project)));
            }
            let change = Change {
                event: Event::ProjectUpdated(project.id()),
                before: facts(&project),
                after: facts(&changed),
            };
            let entry = call.audit(change, now);
            deps.projects.update_project(&changed, &entry).await?;
            log(&entry);
            Ok(found(changed.version + 1, ProjectResponse::from(changed)))
        },
    )
    .await
}

/// Reads a project, which must exist.
pub(super) async fn read(
    deps: &Deps,
    scope: AccountScope,
    id: ProjectId,
) -> Result<Project, ApiError> {
    deps.projects
        .get_project(scope, id)
        .await?
        .ok_or_else(|| ApiError::not_found("project"))
}

fn read_update(fields: Map<String, Value>) -> Result<Option<String>, ApiError> {
    let mut errors = FieldErrors::default();
    let request: UpdateProjectRequest = read_fields(fields, &mut errors);
    let name = validation::name("name", request.name.as_deref(), &mut errors);
    errors.check_body()?;
    Ok(name)
}

/// The project as the audit log records it.
fn facts(project: &Project) -> Value {
    json!({"name": project.name})
}
