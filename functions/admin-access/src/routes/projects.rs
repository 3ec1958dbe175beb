//! Projects: one agent each, with environments and connectors.

pub mod archive;
pub mod delete;

use crate::{Deps, api_types::ProjectPath};
use axum::{Json, extract::State, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IdempotencyKey, IfMatch, JsonBody, ListFilter, ListQuery, Made,
    PageParams, amend,
    api_types::{IdempotencyHeader, IfMatchHeader, ListResponse, found},
    given,
    jobs::enqueue_or_leave,
    log,
    problem::{ApiError, Problem},
    problem_types, read_fields, validation,
};
use vestibule_domain::{
    AccountScope, ProjectScope, Timestamp,
    account::{ENVIRONMENTS_DEFAULT, Environment, Project},
    chat::history::{HISTORY_DAYS_MAX, HistoryDays},
    connector::Connector,
    erasure::Erasure,
    event::{Change, Event},
    ids::{EnvironmentId, IdSource, ProjectId},
    ports::OUTBOX_PATIENCE,
};

problem_types! {
    OTHER_CLIENTS = "other-clients", FORBIDDEN, "The project has connectors of other clients",
        "Archiving, restoring and deleting a project concerns every client that it serves. Ask a member with access to all of them.";
}

/// Checks that the caller may touch the records of every client that these connectors serve.
fn check_clients(call: &Call, connectors: &[Connector]) -> Result<(), ApiError> {
    let mut clients = connectors.iter().map(|one| one.client_id);
    if clients.all(|id| call.may_serve(id)) {
        Ok(())
    } else {
        Err(ApiError::new(&OTHER_CLIENTS))
    }
}

/// A project to create.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Help desk", "history_days": 30}))]
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
    /// Days for which messages are kept: 0 to 365; 30 by default. With 0, no text is kept beyond the work
    /// itself.
    #[schema(maximum = 365)]
    history_days: Option<u64>,
}

/// Changes to a project. Fields left out keep their values.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Service desk", "history_days": 90}))]
pub struct UpdateProjectRequest {
    /// Name, 1 to 100 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
    /// Days for which messages are kept: 0 to 365. With 0, no text is kept beyond the work itself. Older
    /// messages are not shown from this call on and are erased within minutes as a rule; a longer time counts
    /// for messages that come after it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, maximum = 365)]
    history_days: Option<u64>,
}

/// A project.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Help desk", "history_days": 30, "archived_at": null,
    "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:00.000Z"
}))]
pub struct ProjectResponse {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Days for which messages are kept.
    history_days: u16,
    /// Time at which it was archived. Null while it is in use.
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Timestamp>,
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
            history_days: project.history_days.days(),
            archived_at: project.archived_at,
            created_at: project.created_at,
            updated_at: project.updated_at,
        }
    }
}

/// Filters for projects.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProjectParams {
    /// Whether to list the archived projects instead of the others; false by default.
    #[param(value_type = Option<bool>, nullable = false)]
    archived: Option<String>,
}

/// Whether archived projects are listed.
#[derive(Debug, Default)]
pub struct ProjectQuery(bool);

impl ListFilter for ProjectQuery {
    type Params = ProjectParams;

    fn read(params: ProjectParams, errors: &mut FieldErrors) -> Self {
        let archived = validation::one_of(
            "archived",
            params.archived.as_deref(),
            &["true", "false"],
            |text| text.parse().ok(),
            errors,
        );
        Self(archived.unwrap_or(false))
    }
}

/// List the projects
///
/// The projects of the account that are in use, or those that are archived.
#[utoipa::path(
    get,
    path = "/v1/projects",
    tag = "Projects",
    params(ProjectParams, PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<ProjectResponse>))
)]
pub async fn list_projects(
    State(deps): State<Arc<Deps>>,
    call: Call,
    query: ListQuery<ProjectQuery>,
) -> Result<Json<ListResponse<ProjectResponse>>, ApiError> {
    let page = deps
        .projects
        .list_projects(call.scope(), query.filter.0, &query.page)
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
    let history_days = read_history(request.history_days, &mut errors);
    let (Some(name), true) = (name, errors.is_empty()) else {
        return Err(errors.into_validation());
    };
    let now = call.now();
    let id: ProjectId = idempotency.id(&call, "projects");
    let project = Project {
        scope: call.scope().project(id),
        name,
        history_days: history_days.unwrap_or_default(),
        archived_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let change = Change {
        event: Event::ProjectCreated(id),
        before: Value::Null,
        after: json!({
            "name": project.name, "history_days": project.history_days,
            "environments": ENVIRONMENTS_DEFAULT
        }),
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
/// Its name, or the time for which its messages are kept.
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
    let update = read_update(body.0)?;
    let (deps, call, update) = (&deps, &call, &update);
    amend(
        &if_match,
        || read(deps, call.scope(), path.project_id),
        |project| async move {
            let now = call.now();
            let changed = Project {
                name: update.name.clone().unwrap_or_else(|| project.name.clone()),
                history_days: update.history_days.unwrap_or(project.history_days),
                updated_at: now,
                ..project.clone()
            };
            if facts(&changed) == facts(&project) {
                return Ok(found(project.version, ProjectResponse::from(project)));
            }
            let change = Change {
                event: Event::ProjectUpdated(project.id()),
                before: facts(&project),
                after: facts(&changed),
            };
            let entry = call.audit(change, now);
            if changed.history_days < project.history_days {
                let erasure = Erasure::of_history(changed.scope, now);
                let due = now.plus(OUTBOX_PATIENCE);
                deps.projects
                    .update_and_erase(&changed, &erasure, due, &entry)
                    .await?;
                enqueue_or_leave(deps.onboarding.as_ref(), erasure.job()).await;
            } else {
                deps.projects.update_project(&changed, &entry).await?;
            }
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

/// Changes to a project, checked.
struct Update {
    name: Option<String>,
    history_days: Option<HistoryDays>,
}

fn read_update(fields: Map<String, Value>) -> Result<Update, ApiError> {
    let mut errors = FieldErrors::default();
    let request: UpdateProjectRequest = read_fields(fields, &mut errors);
    let name = validation::name("name", request.name.as_deref(), &mut errors);
    let history_days = read_history(request.history_days, &mut errors);
    errors.check_body()?;
    Ok(Update { name, history_days })
}

fn read_history(days: Option<u64>, errors: &mut FieldErrors) -> Option<HistoryDays> {
    let days = days?;
    let history = u16::try_from(days).ok().and_then(HistoryDays::new);
    if history.is_none() {
        errors.add(
            "history_days",
            format!("must be a whole number from 0 to {HISTORY_DAYS_MAX}"),
        );
    }
    history
}

/// The project as the audit log records it.
fn facts(project: &Project) -> Value {
    json!({"name": project.name, "history_days": project.history_days})
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_admin::problem::FieldError;

    fn read(body: Value) -> Result<(Option<String>, Option<u16>), ApiError> {
        let Value::Object(fields) = body else {
            panic!("a body is an object");
        };
        let update = read_update(fields)?;
        Ok((update.name, update.history_days.map(HistoryDays::days)))
    }

    #[test]
    fn messages_are_kept_for_no_day_up_to_a_year_and_an_error_names_field_and_rule() {
        for days in [0_u16, 1, 30, 365] {
            let read = read(json!({ "history_days": days })).unwrap();
            assert_eq!(read, (None, Some(days)));
        }
        assert_eq!(read(json!({})).unwrap(), (None, None));
        let expected = FieldError {
            field: "history_days".to_owned(),
            rule: "must be a whole number from 0 to 365".to_owned(),
        };
        for days in [366, 65_536, u64::MAX] {
            let error = read(json!({ "history_days": days })).unwrap_err();
            assert_eq!(error.errors(), std::slice::from_ref(&expected));
        }
        for days in [json!(-1), json!(1.5), json!("30"), Value::Null] {
            let error = read(json!({ "history_days": days })).unwrap_err();
            assert_eq!(error.errors().len(), 1, "{days}");
        }
    }
}
