//! API keys for scripts (SPEC D26, D29): shown once, stored as a hash, never more than their
//! creator may do.

use crate::{
    Deps,
    api_types::{ApiKeyPath, PermissionName},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, CallOrigin, FieldErrors, IdempotencyKey, JsonBody, ListFilter, ListQuery, NoParams,
    PageParams,
    auth::{Authenticated, NewApiToken, Permitted},
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_admin::{
    api_types::{ActorResponse, IdempotencyHeader, ListResponse},
    audit::{self, Change},
    validation,
};
use vestibule_domain::{
    PortError, Timestamp,
    account::{ApiKey, Permission},
    ids::ApiKeyId,
    page::Order,
};

const LIFE_DEFAULT_DAYS: u64 = 90;
const LIFE_MAX_DAYS: u64 = 365;

/// An API key to make.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "nightly report", "permissions": ["access_requests.read"], "expires_in_days": 90}))]
pub struct CreateApiKeyRequest {
    /// Its name, 1 to 100 characters.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 100)]
    name: Option<String>,
    /// What it may do: at least one, and none that the calling key does not hold itself.
    #[schema(required = true, nullable = false, min_items = 1)]
    permissions: Option<Vec<PermissionName>>,
    /// Days until it expires, 1 to 365; 90 unless said otherwise.
    #[schema(minimum = 1, maximum = 365)]
    expires_in_days: Option<u64>,
}

/// An API key, without the key itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "nightly report", "permissions": ["access_requests.read"],
    "created_by": {"id": "api_key:01JD3Q3Z9V8M4T6K2N7P5R1S0X", "name": "first key"},
    "created_at": "2026-11-22T10:00:00.000Z", "expires_at": "2027-02-20T10:00:00.000Z", "last_used_at": null
}))]
pub struct ApiKeyResponse {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// What it may do.
    permissions: Vec<PermissionName>,
    /// Who made it.
    created_by: ActorResponse,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// From then on it is refused.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Its last use, to the day. Decisions on access requests are not counted.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

/// An API key that was just made.
#[derive(Serialize, ToSchema)]
pub struct NewApiKeyResponse {
    /// The key's record.
    #[serde(flatten)]
    record: ApiKeyResponse,
    /// The key itself. It is shown now and never again.
    #[schema(example = "vst_01JD3Q3Z9V8M4T6K2N7P5R1S0W_…")]
    key: String,
}

impl From<ApiKey> for ApiKeyResponse {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            permissions: key.permissions.iter().map(|one| (*one).into()).collect(),
            created_by: (&key.created_by).into(),
            name: key.name,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
        }
    }
}

/// Keys are listed in the order in which they were made, and in no other.
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
/// In the order in which they were made. Expired keys are listed until they are revoked. Needs
/// `api_keys.manage`.
#[utoipa::path(
    get,
    path = "/v1/api-keys",
    tag = "API keys",
    params(PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<ApiKeyResponse>))
)]
pub async fn list_api_keys(
    State(deps): State<Arc<Deps>>,
    caller: Authenticated,
    query: ListQuery<InOrder>,
) -> Result<Json<ListResponse<ApiKeyResponse>>, ApiError> {
    let caller = caller.holding(Permission::ApiKeysManage)?;
    let mut errors = FieldErrors::default();
    if query.page.order != InOrder::ORDER {
        errors.add(
            "order",
            "must be `oldest`: keys are listed in no other order",
        );
    }
    errors.check_parameters()?;
    let page = deps.api_keys.list_keys(caller.scope(), &query.page).await?;
    Ok(ListResponse::of(page, Into::into))
}

/// Create an API key
///
/// The key is shown in this one answer. Needs `api_keys.manage`.
#[utoipa::path(
    post,
    path = "/v1/api-keys",
    tag = "API keys",
    params(IdempotencyHeader),
    request_body = CreateApiKeyRequest,
    responses(
        (status = 201, description = "It was made.", body = NewApiKeyResponse),
        (status = 409, description = "The Idempotency-Key made an API key before, which cannot be shown again.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create_api_key(
    State(deps): State<Arc<Deps>>,
    caller: Authenticated,
    origin: CallOrigin,
    idempotency: IdempotencyKey,
    body: JsonBody,
) -> Result<(StatusCode, Json<NewApiKeyResponse>), ApiError> {
    let caller = caller.holding(Permission::ApiKeysManage)?;
    let wanted = KeyDraft::read(body.0)?;
    check_holder(&wanted.permissions, &caller)?;
    let id = idempotency.id(
        caller.scope(),
        "api-keys",
        deps.ids.as_ref(),
        ApiKeyId::new,
        ApiKeyId::derive,
    );
    let made = NewApiToken::generate(caller.scope().account_id(), deps.random.as_ref())?;
    let now = deps.clock.now();
    let key = ApiKey {
        id,
        scope: caller.scope(),
        name: wanted.name,
        hash: made.hash,
        permissions: wanted.permissions,
        created_by: caller.actor().clone(),
        created_at: now,
        // A key that outlived its maker would be a way around the maker's end.
        expires_at: now.plus(wanted.life).min(caller.until()),
        last_used_at: None,
    };
    let entry = Change {
        action: "api_key.created",
        target: format!("api_key:{id}"),
        before: Value::Null,
        after: json!({
            "name": key.name,
            "permissions": key.permissions,
            "expires_at": key.expires_at,
        }),
    }
    .entry(
        deps.ids.as_ref(),
        caller.scope(),
        caller.actor(),
        &origin,
        now,
    );
    match deps.api_keys.insert_key(&key, &entry).await {
        Ok(()) => {}
        // Only a derived id can be there already.
        Err(PortError::Conflict { .. }) if idempotency.0.is_some() => {
            return Err(ApiError::IdempotencyKeySpent);
        }
        Err(error) => return Err(error.into()),
    }
    audit::log(&entry);
    let body = NewApiKeyResponse {
        record: key.into(),
        key: made.token.reveal().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Revoke an API key
///
/// The key is refused from its next call on. A key cannot be revoked by itself, nor by one that holds
/// less, so somebody who holds as much always remains. Needs `api_keys.manage`.
#[utoipa::path(
    delete,
    path = "/v1/api-keys/{api_key_id}",
    tag = "API keys",
    params(ApiKeyPath),
    responses((status = 204, description = "It is revoked."))
)]
pub async fn revoke_api_key(
    State(deps): State<Arc<Deps>>,
    caller: Authenticated,
    origin: CallOrigin,
    ApiPath(path): ApiPath<ApiKeyPath>,
) -> Result<StatusCode, ApiError> {
    let caller = caller.holding(Permission::ApiKeysManage)?;
    let found = deps
        .api_keys
        .get_key(caller.scope(), path.api_key_id)
        .await?
        .ok_or(ApiError::NotFound("API key"))?;
    if caller.actor().id == format!("api_key:{}", found.id) {
        return Err(ApiError::OwnKey);
    }
    check_holder(&found.permissions, &caller)?;
    let entry = Change {
        action: "api_key.revoked",
        target: format!("api_key:{}", path.api_key_id),
        before: json!({"status": "active"}),
        after: Value::Null,
    }
    .entry(
        deps.ids.as_ref(),
        caller.scope(),
        caller.actor(),
        &origin,
        deps.clock.now(),
    );
    let revoked = deps
        .api_keys
        .delete_key(caller.scope(), path.api_key_id, &entry)
        .await?;
    if !revoked {
        return Err(ApiError::NotFound("API key"));
    }
    audit::log(&entry);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug)]
struct KeyDraft {
    name: String,
    permissions: BTreeSet<Permission>,
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
        // A list of which no entry could be read was complained about entry by entry.
        if permissions.is_empty() && errors.is_empty() {
            errors.add("permissions", "must name at least one permission");
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
                permissions,
                life: Duration::from_hours(24 * days),
            }),
            _ => Err(errors.into_validation()),
        }
    }
}

/// SPEC D26: nobody grants what they do not hold, nor acts on somebody who holds more.
fn check_holder(permissions: &BTreeSet<Permission>, caller: &Permitted) -> Result<(), ApiError> {
    let missing: Vec<_> = permissions
        .iter()
        .copied()
        .filter(|permission| !caller.holds(*permission))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(ApiError::PermissionsNotHeld(missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_admin::auth::ApiToken;
    use vestibule_domain::{AccountScope, account::actor::Actor, ids::AccountId};

    fn read(value: Value) -> Result<KeyDraft, ApiError> {
        match value {
            Value::Object(fields) => KeyDraft::read(fields),
            _ => panic!("not an object"),
        }
    }

    fn broken(value: Value) -> Vec<String> {
        match read(value) {
            Err(ApiError::Validation(errors)) => {
                errors.into_iter().map(|error| error.field).collect()
            }
            _ => Vec::new(),
        }
    }

    fn permitted(permissions: &[Permission]) -> Permitted {
        let account = AccountId::derive(&["a"]);
        let made = NewApiToken::from_secret(account, &[1; 32]);
        let token = ApiToken::parse(made.token.reveal()).unwrap();
        let actor = Actor {
            id: "x".to_owned(),
            name: "x".to_owned(),
        };
        let key = ApiKey {
            id: ApiKeyId::derive(&["k"]),
            scope: AccountScope::of_verified(account),
            name: "x".to_owned(),
            hash: made.hash,
            permissions: permissions.iter().copied().collect(),
            created_by: actor,
            created_at: Timestamp::from_millis(0),
            expires_at: Timestamp::from_millis(1),
            last_used_at: None,
        };
        Authenticated::by_key(&token, Some(&key), Timestamp::from_millis(0))
            .and_then(|caller| caller.holding(Permission::ApiKeysManage))
            .unwrap()
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
    fn a_key_cannot_give_what_it_does_not_hold() {
        let caller = permitted(&[Permission::ApiKeysManage, Permission::ProjectsRead]);
        let ask = |names: &[&str]| {
            let wanted = read(json!({"name": "x", "permissions": names})).unwrap();
            check_holder(&wanted.permissions, &caller)
        };
        assert!(ask(&["projects.read", "api_keys.manage"]).is_ok());
        let Err(ApiError::PermissionsNotHeld(missing)) =
            ask(&["projects.read", "projects.write", "chat_users.read"])
        else {
            panic!("given");
        };
        assert_eq!(
            missing,
            [Permission::ProjectsWrite, Permission::ChatUsersRead]
        );
    }
}
