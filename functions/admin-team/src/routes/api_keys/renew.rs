//! `POST /v1/api-keys/{api_key_id}/renew` and `/rotate` (SPEC D29).

use super::{ApiKeyResponse, KEY_OF_KEY, NewApiKeyResponse, check_power, read, read_days};
use crate::{Deps, api_types::ApiKeyPath, by};
use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, OptionalJsonBody, amend,
    auth::NewApiToken,
    log,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    account::{
        api_key::{ApiKey, KeyOwner, PREVIOUS_HASH_KEPT, PreviousHash},
        permission::Permission,
    },
    event::{Change, Event},
};

/// A renewal.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expires_in_days": 90}))]
pub struct RenewApiKeyRequest {
    /// Days from now until the key expires, 1 to 365; 90 by default. Never earlier than it does.
    #[schema(minimum = 1, maximum = 365)]
    expires_in_days: Option<u64>,
}

/// Renew an API key
///
/// The key lives on, with the same secret. Nobody renews a key with permissions that they lack, or that its own owner
/// lost.
#[utoipa::path(
    post,
    path = "/v1/api-keys/{api_key_id}/renew",
    tag = "API keys",
    params(ApiKeyPath),
    request_body(content = Option<RenewApiKeyRequest>, description = "Optional."),
    responses(
        (status = 200, description = "The renewed key, without the key itself.", body = ApiKeyResponse),
        (status = 409, description = "The key belongs to another API key, or other callers keep changing it.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn renew_api_key(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ApiKeyPath>,
    body: OptionalJsonBody,
) -> Result<Json<ApiKeyResponse>, ApiError> {
    let mut errors = FieldErrors::default();
    let request: RenewApiKeyRequest = read_fields(body.0, &mut errors);
    let days = read_days(request.expires_in_days, &mut errors);
    errors.check_body()?;
    let life = Duration::from_hours(24 * days);
    let (deps, call) = (&*deps, &call);
    amend(
        &IfMatch::Absent,
        || read(deps, call, path.api_key_id),
        |key| async move {
            let now = call.now();
            let renewed = ApiKey {
                expires_at: key.ends_at().max(now.plus(life)),
                owner: owner_of_renewed(call, key.owner)?,
                ..key.clone()
            };
            check_power(deps, call, &renewed).await?;
            let change = Change {
                event: Event::ApiKeyRenewed(key.id),
                before: json!({"expires_at": key.ends_at()}),
                after: json!({"expires_at": renewed.ends_at()}),
            };
            let entry = call.audit(change, now);
            deps.api_keys.renew_key(&renewed, by(call, &entry)).await?;
            log(&entry);
            Ok(Json(ApiKeyResponse::from(renewed)))
        },
    )
    .await
}

/// The owner of a key from its renewal on. A key of another key becomes the account's: it could not outlive that one.
fn owner_of_renewed(call: &Call, owner: KeyOwner) -> Result<KeyOwner, ApiError> {
    match owner {
        KeyOwner::Account | KeyOwner::Member { .. } => Ok(owner),
        KeyOwner::ApiKey { .. } if call.caller.may(Permission::ApiKeysManageAccount) => {
            Ok(KeyOwner::Account)
        }
        KeyOwner::ApiKey { .. } => Err(ApiError::new(&KEY_OF_KEY)),
    }
}

/// Rotate an API key
///
/// The key gets a new secret, which is shown in this answer only. The replaced one is taken for 24 hours more.
#[utoipa::path(
    post,
    path = "/v1/api-keys/{api_key_id}/rotate",
    tag = "API keys",
    params(ApiKeyPath),
    responses(
        (status = 200, description = "The key with its new secret.", body = NewApiKeyResponse),
        (status = 409, description = "Other callers keep changing the key.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn rotate_api_key(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ApiKeyPath>,
) -> Result<Json<NewApiKeyResponse>, ApiError> {
    let (deps, call) = (&*deps, &call);
    amend(
        &IfMatch::Absent,
        || read(deps, call, path.api_key_id),
        |key| async move {
            check_power(deps, call, &key).await?;
            let now = call.now();
            let account_id = call.scope().account_id();
            let made = NewApiToken::generate(account_id, deps.random.as_ref())?;
            let until = now.plus(PREVIOUS_HASH_KEPT);
            let rotated = ApiKey {
                hash: made.hash,
                previous: Some(PreviousHash {
                    hash: key.hash.clone(),
                    until,
                }),
                ..key.clone()
            };
            let change = Change {
                event: Event::ApiKeyRotated(key.id),
                before: json!({}),
                after: json!({"previous_until": until}),
            };
            let entry = call.audit(change, now);
            deps.api_keys
                .rotate_key(&rotated, &key, by(call, &entry))
                .await?;
            log(&entry);
            Ok(Json(NewApiKeyResponse {
                record: rotated.into(),
                key: made.token.reveal().to_owned(),
            }))
        },
    )
    .await
}
