//! API keys for scripts (SPEC D26, D29): shown once, stored as a hash, owned by a member or by the account, and never
//! stronger than their owner.

pub mod create;
pub mod end;
pub mod renew;

use crate::{
    Deps,
    rights::{check_grant, check_held},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    Call, FieldErrors, ListFilter, ListQuery, NoParams, PageParams,
    api_types::{ActorResponse, ListResponse, PermissionName},
    problem::ApiError,
    problem_types,
};
use vestibule_domain::{
    Timestamp,
    account::{
        api_key::{ApiKey, KeyOwner},
        permission::Permission,
        proof::CredentialId,
    },
    ids::ApiKeyId,
    page::Order,
    team::client_access::ClientAccess,
};

problem_types! {
    IDEMPOTENCY_KEY_SPENT = "idempotency-key-spent", CONFLICT, "The Idempotency-Key made an API key before",
        "An API key is shown once. If it is lost, revoke it and create one with a new Idempotency-Key.";
    OWN_KEY = "own-key", CONFLICT, "No other way into the account would be left",
        "It is the last key with every permission, and no super admin is active. Create another one, or invite a super admin, first.";
    KEY_OF_KEY = "key-of-key", CONFLICT, "The API key belongs to another API key",
        "It ends with that key. Whoever may manage the account's keys can make it the account's by renewing it.";
    CLIENTS_NOT_HELD = "clients-not-held", FORBIDDEN, "The API key reaches clients to which the caller has no access",
        "A key of the account reaches every client, and a member's key those of the member. Ask somebody with access to these clients.";
}

/// Days for which a key lives unless it says otherwise.
const LIFE_DEFAULT_DAYS: u64 = 90;
/// Longest life of a key, from its creation or renewal.
const LIFE_MAX_DAYS: u64 = 365;

/// Kind of owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyOwnerKind {
    /// The account.
    Account,
    /// A member.
    Member,
    /// Another API key, from an earlier release.
    ApiKey,
}

/// Owner of an API key. The key ends with its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"kind": "member", "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W"}))]
pub struct KeyOwnerResponse {
    /// Kind of owner.
    kind: KeyOwnerKind,
    /// Id of the member or API key; null for the account.
    id: Option<String>,
}

impl From<KeyOwner> for KeyOwnerResponse {
    fn from(owner: KeyOwner) -> Self {
        let (kind, id) = match owner {
            KeyOwner::Account => (KeyOwnerKind::Account, None),
            KeyOwner::Member { id } => (KeyOwnerKind::Member, Some(id.to_string())),
            KeyOwner::ApiKey { id, .. } => (KeyOwnerKind::ApiKey, Some(id.to_string())),
        };
        Self { kind, id }
    }
}

/// An API key, without the key itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "nightly report", "permissions": ["access_requests.read"], "environment_id": null,
    "owner": {"kind": "account", "id": null}, "created_by": {"id": "api_key:01JD3Q3Z9V8M4T6K2N7P5R1S0X", "name": "first key"},
    "created_at": "2026-11-22T10:00:00.000Z", "expires_at": "2027-02-20T10:00:00.000Z", "last_used_at": null
}))]
pub struct ApiKeyResponse {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Permissions of the key. A member's key can do those of them that its owner holds.
    permissions: Vec<PermissionName>,
    /// Environment that the key is limited to; null if it is not.
    environment_id: Option<String>,
    /// Owner, with whom the key ends.
    owner: KeyOwnerResponse,
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

/// An API key with the key itself.
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
            owner: key.owner.into(),
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
/// In order of creation. Expired keys are listed until they are revoked. A caller without
/// `api_keys.manage_account` sees its own keys only.
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
    let mut page = deps.api_keys.list_keys(call.scope(), &query.page).await?;
    if !call.caller.may(Permission::ApiKeysManageAccount) {
        page.items.retain(|key| is_own(&call, key));
    }
    Ok(ListResponse::of(page, Into::into))
}

/// Whether a key is the caller's own: the key of the call, or one of the member who calls.
fn is_own(call: &Call, key: &ApiKey) -> bool {
    let is_of_the_call = call.caller.credential == CredentialId::ApiKey(key.id);
    let owner = match key.owner {
        KeyOwner::Member { id } => Some(id),
        KeyOwner::Account | KeyOwner::ApiKey { .. } => None,
    };
    is_of_the_call || (owner.is_some() && owner == call.caller.member_id)
}

/// Reads a key that the caller may manage: its own, and with `api_keys.manage_account` every one. For others, it does
/// not exist.
async fn read(deps: &Deps, call: &Call, id: ApiKeyId) -> Result<ApiKey, ApiError> {
    let found = deps.api_keys.get_key(call.scope(), id).await?;
    let may_manage_all = call.caller.may(Permission::ApiKeysManageAccount);
    found
        .filter(|key| may_manage_all || is_own(call, key))
        .ok_or_else(|| ApiError::not_found("API key"))
}

/// Checks that the caller may hand on what a key can do, since the call makes the key live on.
async fn check_power(deps: &Deps, call: &Call, key: &ApiKey) -> Result<(), ApiError> {
    if key.owner == KeyOwner::Account {
        check_held(call, Permission::ApiKeysManageAccount)?;
    }
    check_grant(call, &key.permissions)?;
    check_reach(deps, call, key.owner).await
}

/// Checks that a key with this owner reaches no client to which the caller has no access (SPEC B39).
async fn check_reach(deps: &Deps, call: &Call, owner: KeyOwner) -> Result<(), ApiError> {
    if call.caller.clients == ClientAccess::All {
        return Ok(());
    }
    let reach = match owner {
        KeyOwner::Member { id } if call.caller.member_id == Some(id) => return Ok(()),
        KeyOwner::Member { id } => {
            let member = deps.members.get_member(call.scope(), id).await?;
            member.map(|member| member.clients)
        }
        KeyOwner::Account | KeyOwner::ApiKey { .. } => Some(ClientAccess::All),
    };
    match reach {
        Some(reach) if !call.caller.clients.covers(&reach) => Err(ApiError::new(&CLIENTS_NOT_HELD)),
        _ => Ok(()),
    }
}

/// Reads the days for which a key lives from now on.
fn read_days(days: Option<u64>, errors: &mut FieldErrors) -> u64 {
    let days = days.unwrap_or(LIFE_DEFAULT_DAYS);
    if !(1..=LIFE_MAX_DAYS).contains(&days) {
        errors.add(
            "expires_in_days",
            format!("must be a whole number from 1 to {LIFE_MAX_DAYS}"),
        );
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::ids::MemberId;

    #[test]
    fn an_owner_is_told_by_its_kind_and_id() {
        let id = MemberId::derive(&["m"]);
        let owner = KeyOwnerResponse::from(KeyOwner::Member { id });
        assert_eq!(owner.kind, KeyOwnerKind::Member);
        assert_eq!(owner.id, Some(id.to_string()));
        let account = KeyOwnerResponse::from(KeyOwner::Account);
        assert_eq!((account.kind, account.id), (KeyOwnerKind::Account, None));
    }

    #[test]
    fn a_key_lives_90_days_unless_said_otherwise_and_a_year_at_most() {
        let of = |days| {
            let mut errors = FieldErrors::default();
            let days = read_days(days, &mut errors);
            errors.is_empty().then_some(days)
        };
        assert_eq!(of(None), Some(90));
        assert_eq!(of(Some(1)), Some(1));
        assert_eq!(of(Some(365)), Some(365));
        assert_eq!(of(Some(0)), None);
        assert_eq!(of(Some(366)), None);
    }
}
