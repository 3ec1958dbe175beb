//! Environments of a project, each with the agent that serves it (SPEC F01).

pub mod health;
pub mod rotate;
mod secrets;
pub mod test;

use super::projects;
use crate::{
    Deps,
    api_types::{AgentEventName, EnvironmentPath, ProjectPath},
};
use axum::{Json, extract::State, response::Response};
use health::AgentHealthResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IdempotencyKey, IfMatch, JsonBody, ListFilter, ListQuery, Made,
    NoParams, Nullable, PageParams, amend,
    api_types::{IdempotencyHeader, IfMatchHeader, ListResponse, StoredSecret, found},
    given, log,
    problem::{ApiError, Problem, ProblemMember},
    problem_types, project_of_empty_list, read_fields, validation,
};
use vestibule_domain::{
    ProjectScope, Timestamp,
    account::{
        AgentEndpoint, Environment,
        agent::{AgentTimeout, DeliveryDays, MaxInFlight},
        agent_event::AgentEvent,
        agent_health::AgentHealth,
    },
    egress::{OriginAllowList, check_endpoint},
    event::{Change, Event},
    ids::EnvironmentId,
    page::{Order, PAGE_MAX, PageRequest},
    secret::Secret,
};
use vestibule_edge::standard_webhooks;

/// The `existing_id` member of problems about a taken name.
const EXISTING_ID: ProblemMember =
    ProblemMember::of::<String>("existing_id", "Id of the record that has the name.");

problem_types! {
    NAME_TAKEN = "name-taken", CONFLICT, "The name is taken",
        "`existing_id` is the record with this name, ignoring case. Choose another name.", [EXISTING_ID];
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

/// Agent of an environment.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"endpoint": "https://agent.example.com/deliveries"}))]
pub struct AgentRequest {
    /// Agent endpoint: an https address of a public host. Required the first time.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, format = "uri", max_length = 2048)]
    endpoint: Option<String>,
    /// Key of the signature on deliveries: `whsec_`, then 24 to 64 bytes in base64. If it is left out
    /// the first time, a key is created and shown in this answer only. A key that replaces another takes
    /// its place at once; for 24 hours, deliveries are signed with the replaced one too.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, write_only)]
    signing_secret: Option<String>,
    /// Null ends every previous key at once, as after a leak. No other value can be set.
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    previous_signing_secret: Nullable<String>,
    /// Seconds within which the agent must answer, 1 to 25. The default is 25.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 1, maximum = 25)]
    timeout_seconds: Option<u64>,
    /// Number of calls that the agent may leave unanswered at the same time, 1 to 100. At this limit, messages
    /// wait. The default is 20.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 1, maximum = 100)]
    max_in_flight: Option<u64>,
    /// Days for which a message waits for the agent before it is given up, 1 to 14. The default is 3.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 1, maximum = 14)]
    delivery_days: Option<u64>,
    /// Events that the agent gets besides `message.received`: none the first time, unless the list names
    /// some. A list takes the place of the one before.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_items = 3)]
    events: Option<Vec<AgentEventName>>,
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
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Agent of an environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentResponse {
    /// Agent endpoint, to which deliveries are sent.
    endpoint: String,
    /// Key of the signature: shown in the answer to the call that created it, and as `{"set": true}`
    /// from then on.
    signing_secret: SigningSecretResponse,
    /// Time until which deliveries are signed with the previous key too. Null when there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_secrets_until: Option<Timestamp>,
    /// Seconds within which the agent must answer.
    timeout_seconds: u64,
    /// Number of calls that the agent may leave unanswered at the same time.
    max_in_flight: u8,
    /// Days for which a message waits for the agent before it is given up.
    delivery_days: u8,
    /// Events that the agent gets besides `message.received`.
    events: Vec<AgentEventName>,
    /// Health of the agent.
    health: AgentHealthResponse,
}

/// Key of the signature on deliveries.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum SigningSecretResponse {
    /// A stored key.
    Stored(StoredSecret),
    /// A key that this call created. It is shown in this answer only.
    Made(String),
}

impl std::fmt::Debug for SigningSecretResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningSecretResponse(…)")
    }
}

impl EnvironmentResponse {
    fn of(
        environment: Environment,
        health: AgentHealth,
        made: Option<&Secret>,
        now: Timestamp,
    ) -> Self {
        let agent = environment.agent.map(|agent| AgentResponse {
            previous_secrets_until: agent.previous_secrets_until(now),
            timeout_seconds: agent.timeout.seconds(),
            max_in_flight: agent.max_in_flight.calls(),
            delivery_days: agent.delivery_days.days(),
            health: health.into(),
            endpoint: agent.endpoint,
            events: agent.events.into_iter().map(Into::into).collect(),
            signing_secret: match made {
                Some(secret) => SigningSecretResponse::Made(secret.reveal().to_owned()),
                None => SigningSecretResponse::Stored(StoredSecret {
                    set: agent
                        .signing_secret
                        .fields
                        .contains_key(AgentEndpoint::SIGNING_SECRET),
                }),
            },
        });
        Self {
            id: environment.id.to_string(),
            name: environment.name,
            position: environment.position,
            agent,
            created_at: environment.created_at,
            updated_at: environment.updated_at,
        }
    }
}

/// The order of creation, the default for lists of environments.
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
/// The project's environments, oldest first by default.
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
    let mut health = deps.agent_health.agent_health(scope, &ids).await?;
    let now = call.now();
    Ok(ListResponse::of(page, |one| {
        let health = health.remove(&one.id).unwrap_or_default();
        EnvironmentResponse::of(one, health, None, now)
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
        (status = 409, description = "An environment of the project already has this name.", body = Problem, content_type = "application/problem+json"),
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
    let others = all_environments(&deps, scope).await?;
    // A record that already has this call's id was created by the same Idempotency-Key.
    if !others.iter().any(|other| other.id == id) {
        is_free(&name, id, &others)?;
    }
    let position = others.iter().map(|other| other.position + 1).max();
    let now = call.now();
    let mut environment = Environment {
        id,
        scope,
        name,
        position: position.unwrap_or(0),
        agent: None,
        request_hash,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let secret = match agent {
        Some(agent) => set_agent(&deps, &mut environment, agent, now).await?,
        None => None,
    };
    let change = Change {
        event: Event::EnvironmentCreated(id),
        before: Value::Null,
        after: facts(&environment),
    };
    let entry = call.audit(change, now);
    // A call that is repeated may find an environment in use. Nothing may fail after the secret was stored.
    let health = health::of(&deps, scope, id).await?;
    let outcome = deps
        .environments
        .create_environment(&environment, &entry)
        .await?;
    let made = Made::settle(outcome, environment, &entry, facts)?;
    // A secret that an earlier call created was shown in its answer.
    let secret = secret.filter(|_| !made.is_replayed());
    Ok(made
        .respond(|environment| EnvironmentResponse::of(environment, health, secret.as_ref(), now)))
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
    let health = health::of(&deps, scope, environment.id).await?;
    Ok(found(
        environment.version,
        EnvironmentResponse::of(environment, health, None, call.now()),
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
            let health = health::of(deps, scope, environment.id).await?;
            if changed == environment {
                let body = EnvironmentResponse::of(environment, health, None, now);
                return Ok(found(changed.version, body));
            }
            if !validation::same_name(&changed.name, &environment.name) {
                let others = all_environments(deps, scope).await?;
                is_free(&changed.name, changed.id, &others)?;
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
            deps.environments
                .update_environment(&changed, &entry)
                .await?;
            log(&entry);
            let version = changed.version + 1;
            let body = EnvironmentResponse::of(changed, health, made.as_ref(), now);
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

/// Validated change of the agent.
#[derive(Clone)]
struct AgentPatch {
    endpoint: Option<String>,
    signing_secret: Option<Secret>,
    ends_previous_secrets: bool,
    timeout: Option<AgentTimeout>,
    max_in_flight: Option<MaxInFlight>,
    delivery_days: Option<DeliveryDays>,
    events: Option<BTreeSet<AgentEvent>>,
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

fn read_agent(
    agent: AgentRequest,
    allowed: &OriginAllowList,
    errors: &mut FieldErrors,
) -> AgentPatch {
    let endpoint = agent
        .endpoint
        .and_then(|text| match check_endpoint(text.trim(), allowed) {
            Ok(url) => Some(url.to_string()),
            Err(error) => {
                errors.add("agent.endpoint", error.to_string());
                None
            }
        });
    let signing_secret = agent.signing_secret.map(|text| Secret::new(text.trim()));
    if let Some(secret) = &signing_secret
        && let Err(error) = standard_webhooks::key_of(secret)
    {
        errors.add("agent.signing_secret", error.to_string());
    }
    if matches!(agent.previous_signing_secret, Nullable::Value(_)) {
        let rule = "can only be null, which ends every previous secret";
        errors.add("agent.previous_signing_secret", rule);
    }
    AgentPatch {
        endpoint,
        signing_secret,
        ends_previous_secrets: agent.previous_signing_secret == Nullable::Null,
        timeout: read_timeout(agent.timeout_seconds, errors),
        max_in_flight: read_max_in_flight(agent.max_in_flight, errors),
        delivery_days: read_delivery_days(agent.delivery_days, errors),
        events: agent
            .events
            .map(|events| events.into_iter().map(Into::into).collect()),
    }
}

fn read_timeout(seconds: Option<u64>, errors: &mut FieldErrors) -> Option<AgentTimeout> {
    match AgentTimeout::from_seconds(seconds?) {
        Ok(timeout) => Some(timeout),
        Err(error) => {
            errors.add("agent.timeout_seconds", error.to_string());
            None
        }
    }
}

fn read_max_in_flight(calls: Option<u64>, errors: &mut FieldErrors) -> Option<MaxInFlight> {
    match MaxInFlight::new(calls?) {
        Ok(limit) => Some(limit),
        Err(error) => {
            errors.add("agent.max_in_flight", error.to_string());
            None
        }
    }
}

fn read_delivery_days(days: Option<u64>, errors: &mut FieldErrors) -> Option<DeliveryDays> {
    match DeliveryDays::new(days?) {
        Ok(days) => Some(days),
        Err(error) => {
            errors.add("agent.delivery_days", error.to_string());
            None
        }
    }
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

/// Sets the agent. Creates a signing secret when there is none yet and none is given.
async fn set_agent(
    deps: &Deps,
    environment: &mut Environment,
    patch: AgentPatch,
    now: Timestamp,
) -> Result<Option<Secret>, ApiError> {
    let place = (environment.scope, environment.id);
    let vault = deps.vault.as_ref();
    let (mut agent, made) = if let Some(mut agent) = environment.agent.take() {
        if let Some(secret) = patch.signing_secret {
            secrets::replace(vault, place, &mut agent, secret, now).await?;
        }
        agent.endpoint = patch.endpoint.unwrap_or(agent.endpoint);
        (agent, None)
    } else {
        let Some(endpoint) = patch.endpoint else {
            return Ok(None);
        };
        let (secret, made) = if let Some(given) = patch.signing_secret {
            (given, None)
        } else {
            let made = secrets::draw(deps.random.as_ref())?;
            (made.clone(), Some(made))
        };
        let agent = AgentEndpoint {
            endpoint,
            signing_secret: secrets::seal(vault, place, secret).await?,
            previous_signing_secrets: Vec::new(),
            timeout: AgentTimeout::default(),
            max_in_flight: MaxInFlight::default(),
            delivery_days: DeliveryDays::default(),
            events: BTreeSet::new(),
        };
        (agent, made)
    };
    agent.events = patch.events.unwrap_or(agent.events);
    agent.timeout = patch.timeout.unwrap_or(agent.timeout);
    agent.max_in_flight = patch.max_in_flight.unwrap_or(agent.max_in_flight);
    agent.delivery_days = patch.delivery_days.unwrap_or(agent.delivery_days);
    if patch.ends_previous_secrets {
        agent.previous_signing_secrets.clear();
    }
    environment.agent = Some(agent);
    Ok(made)
}

/// Reads every environment of the project; there are few.
async fn all_environments(deps: &Deps, scope: ProjectScope) -> Result<Vec<Environment>, ApiError> {
    let mut all = Vec::new();
    let mut page = PageRequest {
        limit: PAGE_MAX,
        cursor: None,
        order: Order::OldestFirst,
    };
    loop {
        let found = deps.environments.list_environments(scope, &page).await?;
        all.extend(found.items);
        match found.next {
            None => return Ok(all),
            next => page.cursor = next,
        }
    }
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
        "agent": environment.agent.as_ref().map(|agent| json!({
            "endpoint": agent.endpoint,
            "signing_secret": {"set": !agent.signing_secret.fields.is_empty()},
            "previous_secrets_until": agent.previous_signing_secrets.iter().map(|previous| previous.until).max(),
            "timeout_seconds": agent.timeout.seconds(),
            "max_in_flight": agent.max_in_flight.calls(),
            "delivery_days": agent.delivery_days.days(),
            "events": agent.events,
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use vestibule_admin::problem::VALIDATION;
    use vestibule_domain::{
        AccountScope,
        ids::{AccountId, ProjectId},
    };

    fn fields(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(fields) => fields,
            _ => panic!("not an object"),
        }
    }

    fn broken(value: Value) -> Vec<String> {
        let Err(error) = read_create(fields(value), &OriginAllowList::default()) else {
            return Vec::new();
        };
        assert_eq!(error.kind(), &VALIDATION);
        let fields = error.errors().iter().map(|error| error.field.clone());
        fields.collect()
    }

    fn environment(name: &str) -> Environment {
        let scope =
            AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
        Environment {
            id: EnvironmentId::derive(&[name]),
            scope,
            name: name.to_owned(),
            position: 0,
            agent: None,
            request_hash: None,
            version: 1,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn an_environment_needs_a_name_and_an_agent_an_endpoint() {
        assert_eq!(broken(json!({"agent": {}})), ["name", "agent.endpoint"]);
        assert_eq!(
            broken(
                json!({"name": " ", "agent": {"endpoint": "http://10.0.0.1/", "signing_secret": "x"}})
            ),
            ["name", "agent.endpoint", "agent.signing_secret"]
        );
        assert!(broken(json!({"name": "Preview"})).is_empty());
        assert!(
            broken(json!({"name": "Preview", "agent": {
                "endpoint": "https://agent.example.com/deliveries",
                "signing_secret": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
            }}))
            .is_empty()
        );
    }

    #[test]
    fn a_time_is_1_to_25_whole_seconds_and_a_previous_secret_can_only_be_ended() {
        let agent = |name: &str, value: Value| {
            let mut agent = json!({"endpoint": "https://agent.example.com/deliveries"});
            agent[name] = value;
            json!({"name": "Preview", "agent": agent})
        };
        for wrong in [
            json!(0),
            json!(26),
            json!(-1),
            json!(2.5),
            json!("5"),
            json!(null),
        ] {
            let fields = broken(agent("timeout_seconds", wrong.clone()));
            assert_eq!(fields, ["agent.timeout_seconds"], "{wrong}");
        }
        for right in [1, 25] {
            assert!(broken(agent("timeout_seconds", json!(right))).is_empty());
        }
        for (field, most) in [("max_in_flight", 100), ("delivery_days", 14)] {
            for wrong in [
                json!(0),
                json!(most + 1),
                json!(-1),
                json!("5"),
                json!(null),
            ] {
                let fields = broken(agent(field, wrong.clone()));
                assert_eq!(fields, [format!("agent.{field}")], "{wrong}");
            }
            for right in [1, most] {
                assert!(broken(agent(field, json!(right))).is_empty());
            }
        }
        let previous = "agent.previous_signing_secret";
        for wrong in [
            json!(""),
            json!("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"),
            json!(1),
        ] {
            let fields = broken(agent("previous_signing_secret", wrong.clone()));
            assert_eq!(fields, [previous], "{wrong}");
        }
        assert!(broken(agent("previous_signing_secret", json!(null))).is_empty());
    }

    #[test]
    fn an_agent_inside_is_allowed_where_the_stack_says_so() {
        let allowed = OriginAllowList::parse("http://127.0.0.1:9401").unwrap();
        let body = json!({"name": "x", "agent": {"endpoint": "http://127.0.0.1:9401/deliveries"}});
        assert!(read_create(fields(body.clone()), &allowed).is_ok());
        assert_eq!(broken(body), ["agent.endpoint"]);
    }

    #[test]
    fn an_update_tells_no_agent_from_nothing_said_of_it() {
        let read = |value| read_update(fields(value), &OriginAllowList::default());
        assert!(matches!(read(json!({})).0.agent, Nullable::Absent));
        assert!(matches!(
            read(json!({"agent": null})).0.agent,
            Nullable::Null
        ));
        let (patch, errors) = read(json!({"agent": {"endpoint": "https://a.example.com"}}));
        assert!(matches!(patch.agent, Nullable::Value(_)));
        assert!(errors.is_empty());
        let (_, errors) = read(json!({"name": null}));
        assert!(errors.names("name"));
    }

    #[test]
    fn a_name_is_free_unless_another_environment_has_it_in_any_case() {
        let all = [environment("Production")];
        let id = EnvironmentId::derive(&["new"]);
        assert!(is_free("Preview", id, &all).is_ok());
        let taken = is_free("PRODUCTION", id, &all).unwrap_err();
        assert_eq!(taken.kind(), &NAME_TAKEN);
        let members = taken.problem("id").members;
        assert_eq!(members["existing_id"], json!(all[0].id));
        assert!(is_free("production", all[0].id, &all).is_ok());
    }

    #[test]
    fn a_signing_secret_is_shown_by_the_call_that_made_it_only() {
        let mut environment = environment("x");
        environment.agent = Some(AgentEndpoint {
            endpoint: "https://a.example.com/".to_owned(),
            signing_secret: vestibule_domain::connector::SealedSecrets {
                wrapped_key: String::new(),
                fields: BTreeMap::from([("signing_secret".to_owned(), "sealed".to_owned())]),
            },
            previous_signing_secrets: Vec::new(),
            timeout: AgentTimeout::default(),
            max_in_flight: MaxInFlight::default(),
            delivery_days: DeliveryDays::default(),
            events: BTreeSet::from([AgentEvent::Deleted]),
        });
        let shown = |made: Option<&Secret>| {
            let (health, now) = (AgentHealth::default(), Timestamp::from_millis(0));
            let response = EnvironmentResponse::of(environment.clone(), health, made, now);
            serde_json::to_value(response).unwrap()
        };
        let made = Secret::new("whsec_x");
        assert_eq!(shown(Some(&made))["agent"]["signing_secret"], "whsec_x");
        assert_eq!(shown(None)["agent"]["signing_secret"], json!({"set": true}));
        assert!(!facts(&environment).to_string().contains("sealed"));
        let events = json!(["message.deleted"]);
        assert_eq!(shown(None)["agent"]["events"], events);
        assert_eq!(facts(&environment)["agent"]["events"], events);
    }

    #[test]
    fn the_events_of_an_agent_are_known_ones_and_each_counts_once() {
        let agent = |events: Value| json!({"name": "x", "agent": {"endpoint": "https://agent.example.com/", "events": events}});
        for (events, field) in [
            (json!(["message.edited", "message.read"]), "agent.events.1"),
            (json!("message.edited"), "agent.events"),
            (json!(null), "agent.events"),
        ] {
            assert_eq!(broken(agent(events.clone())), [field], "{events}");
        }
        let twice = agent(json!([
            "message.deleted",
            "message.edited",
            "message.deleted"
        ]));
        let Ok((_, Some(patch))) = read_create(fields(twice), &OriginAllowList::default()) else {
            panic!("not read");
        };
        let expected = [AgentEvent::Edited, AgentEvent::Deleted];
        assert_eq!(patch.events, Some(BTreeSet::from(expected)));
    }
}
