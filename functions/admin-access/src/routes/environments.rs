//! Environments of a project, each with the agent that serves it (SPEC F01).

pub mod agent;
mod beside;
pub mod delete;
pub mod health;
pub mod order;
pub mod rotate;
mod secrets;
pub mod test;

use super::projects;
use crate::{
    Deps,
    api_types::{EnvironmentPath, ProjectPath},
};
use agent::{AgentPatch, AgentRequest, AgentResponse, read_agent, set_agent};
use axum::{Json, extract::State, response::Response};
use beside::Beside;
pub(super) use beside::all_connectors;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IdempotencyKey, IfMatch, JsonBody, ListFilter, ListQuery, Made,
    NoParams, Nullable, PageParams, amend,
    api_types::{CountResponse, IdempotencyHeader, IfMatchHeader, ListResponse, found},
    given, log,
    problem::{ApiError, Problem, ProblemMember},
    problem_types, project_of_empty_list, read_fields, validation,
};
use vestibule_domain::{
    ProjectScope, Timestamp,
    account::{
        Environment,
        layout::{ENVIRONMENTS_MAX, ProjectLayout},
    },
    egress::OriginAllowList,
    event::{Change, Event},
    ids::EnvironmentId,
    page::Order,
    secret::Secret,
};

/// The `existing_id` member of problems about a taken name.
const EXISTING_ID: ProblemMember =
    ProblemMember::of::<String>("existing_id", "Id of the record that has the name.");

problem_types! {
    NAME_TAKEN = "name-taken", CONFLICT, "The name is taken",
        "`existing_id` is the record with this name, ignoring case. Choose another name.", [EXISTING_ID];
    TOO_MANY_ENVIRONMENTS = "too-many-environments", CONFLICT, "The project has as many environments as it can have",
        "A project can have 50 environments. Delete one first.";
    NO_AGENT = "no-agent", CONFLICT, "The environment has no agent",
        "Set the agent's endpoint first.";
}

/// An environment to create.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Preview", "agent": {"endpoint": "https://agent.example.com/deliveries"}}))]
pub struct CreateEnvironmentRequest {
    /// Name, 1 to 100 characters; unique in the project, ignoring case.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    name: Option<String>,
    /// Agent that gets the messages.
    agent: Option<AgentRequest>,
}

/// Changes to an environment. Fields left out keep their values.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"agent": {"endpoint": "https://agent.example.com/deliveries"}}))]
pub struct UpdateEnvironmentRequest {
    /// Name, 1 to 100 characters; unique in the project, ignoring case.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
    /// Agent that gets the messages; null removes it.
    #[serde(default)]
    #[schema(value_type = Option<AgentRequest>)]
    agent: Nullable<AgentRequest>,
}

/// An environment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Production", "position": 2,
    "agent": {
        "endpoint": "https://agent.example.com/deliveries", "signing_secret": {"set": true},
        "previous_secrets_until": null, "timeout_seconds": 25, "max_in_flight": 20, "delivery_days": 3,
        "events": ["message.edited"],
        "health": {"status": "ok", "since": null, "last_error": null, "next_attempt_at": null}
    },
    "connector_count": 2, "user_count": {"count": 14, "more": false},
    "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:00.000Z"
}))]
pub struct EnvironmentResponse {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Position in the project's order of environments, from 0.
    position: u32,
    /// Agent; null until one is set.
    agent: Option<AgentResponse>,
    /// Number of connectors that lead to it.
    connector_count: u32,
    /// Number of end users who hold it.
    user_count: CountResponse,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl EnvironmentResponse {
    fn of(environment: Environment, beside: Beside, made: Option<&Secret>, now: Timestamp) -> Self {
        let agent = environment.agent;
        let agent = agent.map(|agent| AgentResponse::of(agent, beside.health, made, now));
        Self {
            id: environment.id.to_string(),
            name: environment.name,
            position: environment.position,
            agent,
            connector_count: beside.connectors,
            user_count: beside.users.into(),
            created_at: environment.created_at,
            updated_at: environment.updated_at,
        }
    }
}

/// The order of their positions, the default for lists of environments.
#[derive(Debug, Default)]
pub struct InOrder;

impl ListFilter for InOrder {
    type Params = NoParams;
    const ORDER: Order = Order::OldestFirst;

    fn read(_: NoParams, _: &mut FieldErrors) -> Self {
        Self
    }
}

/// List the environments
///
/// The project's environments in their order, which `POST …/environments/reorder` changes; `newest` is the
/// reverse.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/environments",
    tag = "Environments",
    params(ProjectPath, PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<EnvironmentResponse>))
)]
pub async fn list_environments(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ListQuery<InOrder>,
) -> Result<Json<ListResponse<EnvironmentResponse>>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let page = deps
        .environments
        .list_environments(scope, &query.page)
        .await?;
    project_of_empty_list(deps.projects.as_ref(), scope, &query.page, &page).await?;
    let ids: Vec<EnvironmentId> = page.items.iter().map(|one| one.id).collect();
    let mut beside = beside::of_all(&deps, scope, &ids).await?;
    let now = call.now();
    Ok(ListResponse::of(page, |one| {
        let beside = beside.remove(&one.id).unwrap_or_default();
        EnvironmentResponse::of(one, beside, None, now)
    }))
}

/// Create an environment
///
/// If the call sets an agent without a signing secret, one is created and shown in this answer only.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/environments",
    tag = "Environments",
    params(ProjectPath, IdempotencyHeader),
    request_body = CreateEnvironmentRequest,
    responses(
        (status = 201, description = "The environment was created, by this call or an earlier one with this Idempotency-Key. A signing secret from the earlier call is not shown again.", body = EnvironmentResponse),
        (status = 409, description = "An environment of the project already has this name, or the project has as many environments as it can have.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create_environment(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    ApiPath(path): ApiPath<ProjectPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let request_hash = idempotency.request_hash(&body.0);
    let (name, agent) = read_create(body.0, &deps.agent_origin_allowlist)?;
    let route = format!("projects/{}/environments", path.project_id);
    let id: EnvironmentId = idempotency.id(&call, &route);
    projects::read(&deps, call.scope(), path.project_id).await?;
    // A call that is repeated may find an environment in use. Nothing may fail after the secret was stored.
    let beside = &beside::of(&deps, scope, id).await?;
    let (deps, call, draft) = (&deps, &call, &(name, agent, request_hash));
    amend(
        &IfMatch::Absent,
        || layout(deps, scope),
        |layout| async move {
            let (name, agent, request_hash) = draft.clone();
            may_be_made(&name, id, &layout)?;
            let now = call.now();
            let mut environment = Environment {
                id,
                scope,
                name,
                position: layout.next_position(),
                agent: None,
                request_hash,
                version: 1,
                created_at: now,
                updated_at: now,
            };
            let secret = match agent {
                Some(agent) => set_agent(deps, &mut environment, agent, now).await?,
                None => None,
            };
            let change = Change {
                event: Event::EnvironmentCreated(id),
                before: Value::Null,
                after: facts(&environment),
            };
            let entry = call.audit(change, now);
            let outcome = deps
                .environments
                .create_environment(&environment, layout.version, &entry)
                .await?;
            let made = Made::settle(outcome, environment, &entry, facts)?;
            // A secret that an earlier call created was shown in its answer.
            let secret = secret.filter(|_| !made.is_replayed());
            Ok(made.respond(|environment| {
                EnvironmentResponse::of(environment, beside.clone(), secret.as_ref(), now)
            }))
        },
    )
    .await
}

/// Read an environment
///
/// Includes the agent that serves it.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/environments/{environment_id}",
    tag = "Environments",
    params(EnvironmentPath),
    responses((status = 200, description = "The environment.", body = EnvironmentResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))))
)]
pub async fn get_environment(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<EnvironmentPath>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let environment = read(&deps, scope, path.environment_id).await?;
    let beside = beside::of(&deps, scope, environment.id).await?;
    Ok(found(
        environment.version,
        EnvironmentResponse::of(environment, beside, None, call.now()),
    ))
}

/// Change an environment
///
/// Rename it, or set the agent that serves it.
#[utoipa::path(
    patch,
    path = "/v1/projects/{project_id}/environments/{environment_id}",
    tag = "Environments",
    params(EnvironmentPath, IfMatchHeader),
    request_body = UpdateEnvironmentRequest,
    responses(
        (status = 200, description = "The changed environment.", body = EnvironmentResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Another environment of the project has this name, or other callers keep changing this one.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update_environment(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<EnvironmentPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let (wanted, errors) = read_update(body.0, &deps.agent_origin_allowlist);
    let (deps, call, wanted, errors) = (&deps, &call, &wanted, &errors);
    amend(
        &if_match,
        || async move {
            let environment = read(deps, scope, path.environment_id).await?;
            check_update(wanted, &environment, errors.clone())?;
            Ok(environment)
        },
        |environment| async move {
            let now = call.now();
            let (changed, made) = changed(deps, &environment, wanted, now).await?;
            let beside = beside::of(deps, scope, environment.id).await?;
            if changed == environment {
                let body = EnvironmentResponse::of(environment, beside, None, now);
                return Ok(found(changed.version, body));
            }
            let changed = Environment {
                updated_at: now,
                ..changed
            };
            let change = Change {
                event: Event::EnvironmentUpdated(changed.id),
                before: facts(&environment),
                after: facts(&changed),
            };
            let entry = call.audit(change, now);
            if validation::same_name(&changed.name, &environment.name) {
                deps.environments
                    .update_environment(&changed, &entry)
                    .await?;
            } else {
                let layout = layout(deps, scope).await?;
                is_free(&changed.name, changed.id, &layout.environments)?;
                deps.environments
                    .rename_environment(&changed, layout.version, &entry)
                    .await?;
            }
            log(&entry);
            let version = changed.version + 1;
            let body = EnvironmentResponse::of(changed, beside, made.as_ref(), now);
            Ok(found(version, body))
        },
    )
    .await
}

/// Checks that an environment without an agent gets an endpoint with its first one. The body alone does
/// not show whether it is the first.
fn check_update(
    wanted: &EnvironmentPatch,
    environment: &Environment,
    mut errors: FieldErrors,
) -> Result<(), ApiError> {
    if let Nullable::Value(agent) = &wanted.agent
        && environment.agent.is_none()
    {
        errors.required("agent.endpoint", agent.endpoint.as_ref());
    }
    errors.check_body()
}

async fn read(
    deps: &Deps,
    scope: ProjectScope,
    id: EnvironmentId,
) -> Result<Environment, ApiError> {
    deps.environments
        .get_environment(scope, id)
        .await?
        .ok_or_else(|| ApiError::not_found("environment"))
}

struct EnvironmentPatch {
    name: Option<String>,
    agent: Nullable<AgentPatch>,
}

fn read_create(
    fields: Map<String, Value>,
    allowed: &OriginAllowList,
) -> Result<(String, Option<AgentPatch>), ApiError> {
    let mut errors = FieldErrors::default();
    let request: CreateEnvironmentRequest = read_fields(fields, &mut errors);
    let name = validation::required_name("name", request.name.as_deref(), &mut errors);
    let agent = request.agent.map(|agent| {
        errors.required("agent.endpoint", agent.endpoint.as_ref());
        read_agent(agent, allowed, &mut errors)
    });
    match name {
        Some(name) if errors.is_empty() => Ok((name, agent)),
        _ => Err(errors.into_validation()),
    }
}

fn read_update(
    fields: Map<String, Value>,
    allowed: &OriginAllowList,
) -> (EnvironmentPatch, FieldErrors) {
    let mut errors = FieldErrors::default();
    let request: UpdateEnvironmentRequest = read_fields(fields, &mut errors);
    let patch = EnvironmentPatch {
        name: validation::name("name", request.name.as_deref(), &mut errors),
        agent: match request.agent {
            Nullable::Absent => Nullable::Absent,
            Nullable::Null => Nullable::Null,
            Nullable::Value(agent) => Nullable::Value(read_agent(agent, allowed, &mut errors)),
        },
    };
    (patch, errors)
}

/// Applies the patch. Also returns the signing secret if one was created.
async fn changed(
    deps: &Deps,
    environment: &Environment,
    patch: &EnvironmentPatch,
    now: Timestamp,
) -> Result<(Environment, Option<Secret>), ApiError> {
    let mut changed = environment.clone();
    if let Some(name) = &patch.name {
        changed.name.clone_from(name);
    }
    let made = match &patch.agent {
        Nullable::Absent => None,
        Nullable::Null => {
            changed.agent = None;
            None
        }
        Nullable::Value(agent) => set_agent(deps, &mut changed, agent.clone(), now).await?,
    };
    Ok((changed, made))
}

/// Reads the layout of a project.
async fn layout(deps: &Deps, scope: ProjectScope) -> Result<ProjectLayout, ApiError> {
    let layout = deps.environments.layout(scope).await;
    layout.map_err(ApiError::from)
}

/// Checks that an environment of this name can be added, unless a call with the same Idempotency-Key added it.
fn may_be_made(name: &str, id: EnvironmentId, layout: &ProjectLayout) -> Result<(), ApiError> {
    let others = &layout.environments;
    if others.iter().any(|other| other.id == id) {
        return Ok(());
    }
    is_free(name, id, others)?;
    if others.len() >= ENVIRONMENTS_MAX {
        return Err(ApiError::new(&TOO_MANY_ENVIRONMENTS));
    }
    Ok(())
}

fn is_free(name: &str, id: EnvironmentId, others: &[Environment]) -> Result<(), ApiError> {
    let taken = others
        .iter()
        .find(|other| other.id != id && validation::same_name(&other.name, name));
    match taken {
        None => Ok(()),
        Some(other) => Err(name_taken(other.id)),
    }
}

fn name_taken(existing: EnvironmentId) -> ApiError {
    ApiError::new(&NAME_TAKEN)
        .with_detail(format!(
            "The environment {existing} already has this name, ignoring case. Choose another name."
        ))
        .with_member(&EXISTING_ID, existing.to_string())
}

/// The environment as the audit log records it.
fn facts(environment: &Environment) -> Value {
    json!({
        "name": environment.name,
        "agent": environment.agent.as_ref().map(agent::facts),
    })
}

#[cfg(test)]
mod tests;
