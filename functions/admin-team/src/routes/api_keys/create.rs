//! `POST /v1/api-keys`

use super::{
    ApiKeyResponse, IDEMPOTENCY_KEY_SPENT, KeyOwnerResponse, NewApiKeyResponse, check_reach,
    read_days,
};
use crate::{
    Deps, by,
    rights::{check_grant, check_held},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    Call, FieldErrors, IdempotencyKey, JsonBody,
    api_types::{IdempotencyHeader, PermissionName},
    auth::NewApiToken,
    log,
    problem::{ApiError, Problem},
    read_fields, validation,
};
use vestibule_domain::{
    PortError,
    account::{
        api_key::{ApiKey, KeyOwner},
        permission::{Permission, Permissions},
        proof::CallerProof,
    },
    event::{Change, Event},
    ids::{ApiKeyId, EnvironmentId},
};

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
    /// Owner: `account`, or by default the member who calls. A key of the account needs `api_keys.manage_account`, and
    /// so does a caller who is no member.
    owner: Option<OwnerName>,
    /// Days until the key expires, 1 to 365; 90 by default.
    #[schema(minimum = 1, maximum = 365)]
    expires_in_days: Option<u64>,
}

/// Owner of a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnerName {
    /// The account: the key outlives the member who made it.
    Account,
}

/// Create an API key
///
/// The key is shown in this answer only. It ends with its owner, and can never do more than its owner.
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
    let request_hash = idempotency.request_hash(&body.0);
    let wanted = KeyDraft::read(body.0)?;
    let owner = owner(&call, wanted.is_of_account)?;
    check_grant(&call, &wanted.permissions)?;
    check_reach(&deps, &call, owner).await?;
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
        previous: None,
        permissions: wanted.permissions,
        environment_id: wanted.environment_id,
        created_by: call.actor().clone(),
        made_by_credential: Some(call.caller.credential.clone()),
        created_at: now,
        expires_at: now.plus(wanted.life),
        owner,
        last_used_at: None,
        request_hash,
        version: 1,
    };
    let change = Change {
        event: Event::ApiKeyCreated(id),
        before: Value::Null,
        after: json!({
            "name": key.name,
            "permissions": key.permissions.listed(),
            "environment_id": key.environment_id,
            "owner": KeyOwnerResponse::from(key.owner),
            "expires_at": key.ends_at(),
        }),
    };
    let entry = call.audit(change, now);
    match deps.api_keys.insert_key(&key, by(&call, &entry)).await {
        Ok(()) => {}
        // Only a derived id can already exist.
        Err(error @ PortError::Conflict { .. })
            if idempotency.0.is_some() && !CallerProof::is_lost(&error) =>
        {
            return Err(idempotency_key_spent());
        }
        Err(error) => return Err(error.into()),
    }
    log(&entry);
    let body = NewApiKeyResponse {
        record: ApiKeyResponse::from(key),
        key: made.token.reveal().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// The owner of a new key: the member who calls, or the account.
fn owner(call: &Call, is_of_account: bool) -> Result<KeyOwner, ApiError> {
    if let Some(id) = call.caller.member_id.filter(|_| !is_of_account) {
        return Ok(KeyOwner::Member { id });
    }
    check_held(call, Permission::ApiKeysManageAccount)?;
    Ok(KeyOwner::Account)
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

#[derive(Debug)]
struct KeyDraft {
    name: String,
    permissions: Permissions,
    environment_id: Option<EnvironmentId>,
    is_of_account: bool,
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
        let days = read_days(request.expires_in_days, &mut errors);
        match name {
            Some(name) if errors.is_empty() => Ok(Self {
                name,
                permissions: Permissions::Only(permissions),
                environment_id,
                is_of_account: request.owner.is_some(),
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
}
