//! API keys for scripts (SPEC D26, D29): shown once, stored as a hash, and never with more permissions
//! than their creator has.

use crate::{Deps, api_types::ApiKeyPath};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IdempotencyKey, JsonBody, ListFilter, ListQuery, NoParams,
    PageParams,
    api_types::{ActorResponse, IdempotencyHeader, ListResponse, PermissionName},
    auth::NewApiToken,
    log,
    problem::{ApiError, PERMISSIONS, Problem},
    problem_types, read_fields, validation,
};
use vestibule_domain::{
    PortError, Timestamp,
    account::{
        api_key::ApiKey,
        credential::CredentialId,
        permission::{NotHeld, Permission, Permissions},
    },
    event::{Change, Event},
    ids::{ApiKeyId, EnvironmentId},
    page::Order,
};

problem_types! {
    PERMISSIONS_NOT_HELD = "permissions-not-held", FORBIDDEN, "A key cannot give or take what it does not hold",
        "`permissions` lists the permissions that the calling key lacks.", [PERMISSIONS];
    IDEMPOTENCY_KEY_SPENT = "idempotency-key-spent", CONFLICT, "The Idempotency-Key made an API key before",
        "An API key is shown once. If it is lost, revoke it and create one with a new Idempotency-Key.";
    OWN_KEY = "own-key", CONFLICT, "A key cannot revoke itself",
        "Use another key with the same permissions, so that one always remains that can create new ones.";
}

fn permissions_not_held(NotHeld(missing): NotHeld) -> ApiError {
    let names: Vec<_> = missing.iter().map(|one| one.key()).collect();
    let detail = format!(
        "The calling key does not hold this itself: {}.",
        names.join(", ")
    );
    ApiError::new(&PERMISSIONS_NOT_HELD)
        .with_detail(detail)
        .with_member(&PERMISSIONS, names)
}

const LIFE_DEFAULT_DAYS: u64 = 90;
const LIFE_MAX_DAYS: u64 = 365;

/// An API key to create.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "nightly report", "permissions": ["access_requests.read"], "expires_in_days": 90}))]
pub struct CreateApiKeyRequest {
    /// Name, 1 to 100 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    name: Option<String>,
    /// Permissions of the key: at least one, and only ones that the calling key has.
    #[schema(required = true, nullable = false, min_items = 1)]
    permissions: Option<Vec<PermissionName>>,
    /// Environment that the key is limited to. It then knows of the conversations of this environment only,
    /// and may have no permissions but `conversations.read` and `conversations.reply`.
    #[schema(format = "id")]
    environment_id: Option<String>,
    /// Days until the key expires, 1 to 365; 90 by default.
    #[schema(minimum = 1, maximum = 365)]
    expires_in_days: Option<u64>,
}

/// An API key, without the key itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "nightly report", "permissions": ["access_requests.read"], "environment_id": null,
    "created_by": {"id": "api_key:01JD3Q3Z9V8M4T6K2N7P5R1S0X", "name": "first key"},
    "created_at": "2026-11-22T10:00:00.000Z", "expires_at": "2027-02-20T10:00:00.000Z", "last_used_at": null
}))]
pub struct ApiKeyResponse {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Permissions of the key.
    permissions: Vec<PermissionName>,
    /// Environment that the key is limited to; null if it is not.
    environment_id: Option<String>,
    /// Actor that created the key.
    created_by: ActorResponse,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time from which the key is refused.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Day of the last use.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

/// A newly created API key.
#[derive(Serialize, ToSchema)]
pub struct NewApiKeyResponse {
    /// The key's record.
    #[serde(flatten)]
    record: ApiKeyResponse,
    /// The key itself. It is shown in this answer only.
    #[schema(example = "vst_01JD3Q3Z9V8M4T6K2N7P5R1S0W_…")]
    key: String,
}

impl From<ApiKey> for ApiKeyResponse {
    fn from(key: ApiKey) -> Self {
        Self {
            expires_at: key.ends_at(),
            id: key.id.to_string(),
            permissions: key
                .permissions
                .listed()
                .into_iter()
                .map(Into::into)
                .collect(),
            environment_id: key.environment_id.map(|id| id.to_string()),
            created_by: (&key.created_by).into(),
            name: key.name,
            created_at: key.created_at,
            last_used_at: key.last_used_at,
        }
    }
}

/// The order of creation, the only one in which keys are listed.
#[derive(Debug, Default)]
pub struct InOrder;

impl ListFilter for InOrder {
    type Params = NoParams;
    const ORDER: Order = Order::OldestFirst;

    fn read(_: NoParams, _: &mut FieldErrors) -> Self {
        Self
    }
}

/// List the API keys
///
/// In order of creation. Expired keys are listed until they are revoked.
#[utoipa::path(
    get,
    path = "/v1/api-keys",
    tag = "API keys",
    params(PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<ApiKeyResponse>))
)]
pub async fn list_api_keys(
    State(deps): State<Arc<Deps>>,
    call: Call,
    query: ListQuery<InOrder>,
) -> Result<Json<ListResponse<ApiKeyResponse>>, ApiError> {
    let mut errors = FieldErrors::default();
    if query.page.order != InOrder::ORDER {
        errors.add(
            "order",
            "must be `oldest`: keys are listed in no other order",
        );
    }
    errors.check_parameters()?;
    let page = deps.api_keys.list_keys(call.scope(), &query.page).await?;
    Ok(ListResponse::of(page, Into::into))
}

/// Create an API key
///
/// The key is shown in this answer only.
#[utoipa::path(
    post,
    path = "/v1/api-keys",
    tag = "API keys",
    params(IdempotencyHeader),
    request_body = CreateApiKeyRequest,
    responses(
        (status = 201, description = "The API key was created.", body = NewApiKeyResponse),
        (status = 409, description = "The Idempotency-Key already created an API key, which cannot be shown again.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create_api_key(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    body: JsonBody,
) -> Result<(StatusCode, Json<NewApiKeyResponse>), ApiError> {
    let wanted = KeyDraft::read(body.0)?;
    call.caller
        .permissions
        .check_grant(&wanted.permissions)
        .map_err(permissions_not_held)?;
    let id: ApiKeyId = idempotency.id(&call, "api-keys");
    // A repetition is told so, though the environment may be gone since the key was made for it.
    if idempotency.0.is_some()
        && wanted.environment_id.is_some()
        && deps.api_keys.get_key(call.scope(), id).await?.is_some()
    {
        return Err(idempotency_key_spent());
    }
    check_environment(&deps, &call, wanted.environment_id).await?;
    let made = NewApiToken::generate(call.scope().account_id(), deps.random.as_ref())?;
    let now = call.now();
    let key = ApiKey {
        id,
        scope: call.scope(),
        name: wanted.name,
        hash: made.hash,
        permissions: wanted.permissions,
        environment_id: wanted.environment_id,
        created_by: call.actor().clone(),
        created_at: now,
        expires_at: now.plus(wanted.life),
        owner: call.caller.as_key_owner(),
        last_used_at: None,
    };
    let change = Change {
        event: Event::ApiKeyCreated(id),
        before: Value::Null,
        after: json!({
            "name": key.name,
            "permissions": key.permissions.listed(),
            "environment_id": key.environment_id,
            "expires_at": key.ends_at(),
        }),
    };
    let entry = call.audit(change, now);
    match deps.api_keys.insert_key(&key, &entry).await {
        Ok(()) => {}
        // Only a derived id can already exist.
        Err(PortError::Conflict { .. }) if idempotency.0.is_some() => {
            return Err(idempotency_key_spent());
        }
        Err(error) => return Err(error.into()),
    }
    log(&entry);
    let body = NewApiKeyResponse {
        record: key.into(),
        key: made.token.reveal().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

fn idempotency_key_spent() -> ApiError {
    ApiError::idempotency_key(
        &IDEMPOTENCY_KEY_SPENT,
        "created an API key before; a new API key needs a new key",
    )
}

/// Checks that the environment of a key exists. A key whose environment is deleted meanwhile can do nothing.
async fn check_environment(
    deps: &Deps,
    call: &Call,
    id: Option<EnvironmentId>,
) -> Result<(), ApiError> {
    let Some(id) = id else {
        return Ok(());
    };
    let mut errors = FieldErrors::default();
    if !deps.environments.has_environment(call.scope(), id).await? {
        errors.add(
            "environment_id",
            "must be the id of an environment of one of the account's projects",
        );
    }
    errors.check_body()
}

/// Revoke an API key
///
/// The key is refused from its next call on. A key cannot revoke itself, nor one with permissions that
/// it lacks, so a key with at least the same permissions always remains.
#[utoipa::path(
    delete,
    path = "/v1/api-keys/{api_key_id}",
    tag = "API keys",
    params(ApiKeyPath),
    responses((status = 204, description = "The API key is revoked."))
)]
pub async fn revoke_api_key(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ApiKeyPath>,
) -> Result<StatusCode, ApiError> {
    let found = deps.api_keys.get_key(call.scope(), path.api_key_id).await?;
    let found = found.ok_or_else(|| ApiError::not_found("API key"))?;
    if call.caller.credential == CredentialId::ApiKey(found.id) {
        return Err(ApiError::new(&OWN_KEY));
    }
    call.caller
        .permissions
        .check_act_on(&found.permissions)
        .map_err(permissions_not_held)?;
    let change = Change {
        event: Event::ApiKeyRevoked(found.id),
        before: json!({"status": "active"}),
        after: Value::Null,
    };
    let entry = call.audit(change, call.now());
    let revoked = deps
        .api_keys
        .delete_key(call.scope(), found.id, &entry)
        .await?;
    if !revoked {
        return Err(ApiError::not_found("API key"));
    }
    log(&entry);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug)]
struct KeyDraft {
    name: String,
    permissions: Permissions,
    environment_id: Option<EnvironmentId>,
    life: Duration,
}

impl KeyDraft {
    fn read(fields: Map<String, Value>) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: CreateApiKeyRequest = read_fields(fields, &mut errors);
        let name = validation::required_name("name", request.name.as_deref(), &mut errors);
        let permissions = errors.required("permissions", request.permissions);
        let permissions: BTreeSet<Permission> =
            permissions.into_iter().flatten().map(Into::into).collect();
        // When no entry of a list could be read, each entry already has an error of its own.
        if permissions.is_empty() && errors.is_empty() {
            errors.add("permissions", "must name at least one permission");
        }
        let given = request.environment_id.as_deref();
        let environment_id = validation::id("environment_id", given, &mut errors);
        let fits = permissions.iter().all(|one| one.fits_one_environment());
        if given.is_some() && !fits {
            errors.add(
                "permissions",
                "must be `conversations.read` and `conversations.reply` at most, because `environment_id` limits the key to one environment",
            );
        }
        let days = request.expires_in_days.unwrap_or(LIFE_DEFAULT_DAYS);
        if !(1..=LIFE_MAX_DAYS).contains(&days) {
            errors.add(
                "expires_in_days",
                format!("must be a whole number from 1 to {LIFE_MAX_DAYS}"),
            );
        }
        match name {
            Some(name) if errors.is_empty() => Ok(Self {
                name,
                permissions: Permissions::Only(permissions),
                environment_id,
                life: Duration::from_hours(24 * days),
            }),
            _ => Err(errors.into_validation()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_admin::problem::VALIDATION;

    fn read(value: Value) -> Result<KeyDraft, ApiError> {
        match value {
            Value::Object(fields) => KeyDraft::read(fields),
            _ => panic!("not an object"),
        }
    }

    fn broken(value: Value) -> Vec<String> {
        let Err(error) = read(value) else {
            return Vec::new();
        };
        assert_eq!(error.kind(), &VALIDATION);
        let fields = error.errors().iter().map(|error| error.field.clone());
        fields.collect()
    }

    #[test]
    fn a_key_lives_90_days_unless_said_otherwise_and_a_year_at_most() {
        let of = |days: Value| {
            read(json!({"name": "x", "permissions": ["projects.read"], "expires_in_days": days}))
                .map(|wanted| wanted.life.as_secs() / 86_400)
                .ok()
        };
        assert_eq!(of(Value::Null), Some(90));
        assert_eq!(of(json!(1)), Some(1));
        assert_eq!(of(json!(365)), Some(365));
        assert_eq!(of(json!(0)), None);
        assert_eq!(of(json!(366)), None);
        assert_eq!(of(json!("90")), None);
    }

    #[test]
    fn a_key_needs_a_name_and_known_permissions() {
        assert_eq!(broken(json!({})), ["name", "permissions"]);
        assert_eq!(
            broken(json!({"name": "x", "permissions": []})),
            ["permissions"]
        );
        assert_eq!(
            broken(json!({"name": "x", "permissions": ["projects.read", "root"]})),
            ["permissions.1"]
        );
    }

    #[test]
    fn a_key_of_one_environment_may_read_and_write_conversations_and_nothing_else() {
        const ID: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0Y";
        let of = |permissions: Value, environment: Value| json!({"name": "x", "permissions": permissions, "environment_id": environment});
        let both = json!(["conversations.read", "conversations.reply"]);
        let limited = read(of(both.clone(), json!(ID))).unwrap();
        assert_eq!(limited.environment_id, ID.parse().ok());
        let unlimited = read(of(json!(["projects.read"]), Value::Null)).unwrap();
        assert_eq!(unlimited.environment_id, None);
        for permission in Permission::ALL {
            let asked = of(json!(["conversations.reply", permission]), json!(ID));
            let expected: &[&str] = if permission.fits_one_environment() {
                &[]
            } else {
                &["permissions"]
            };
            assert_eq!(broken(asked), expected, "{permission}");
        }
        for wrong in [json!("x"), json!(7), json!("")] {
            assert_eq!(broken(of(both.clone(), wrong)), ["environment_id"]);
        }
    }

    #[test]
    fn permissions_that_are_not_held_are_named() {
        let missing = [Permission::ProjectsWrite, Permission::ChatUsersRead];
        let problem = permissions_not_held(NotHeld(missing.into())).problem("id");
        assert_eq!(
            problem.members["permissions"],
            json!(["projects.write", "chat_users.read"])
        );
        assert_eq!(
            problem.detail,
            "The calling key does not hold this itself: projects.write, chat_users.read."
        );
    }
}
