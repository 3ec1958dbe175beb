//! `DELETE /v1/api-keys/{api_key_id}`, and what a key made (SPEC D29).

use super::{ApiKeyResponse, OWN_KEY, check_reach, is_own, read};
use crate::{Deps, api_types::ApiKeyPath, by, rights::check_grant};
use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, Call, FieldErrors,
    api_types::ListResponse,
    log,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    account::{api_key::ApiKey, proof::CredentialId},
    event::{Change, Event},
    ports::{KEYS_ENDED_MAX, KeyEnding},
};

/// Keys that one call looks for among what a key made, and what those made.
const FAMILY_MAX: usize = 200;

/// Whether what a key made is revoked with it.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RevokeQuery {
    /// Whether the keys that the key made, and those that they made, are revoked too; false by default.
    #[param(required = false)]
    made: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for RevokeQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        read_query(parts.uri.query().unwrap_or(""))
    }
}

fn read_query(query: &str) -> Result<RevokeQuery, ApiError> {
    let mut errors = FieldErrors::default();
    let mut given = None;
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if name != "made" {
            errors.add(name, "is not known here");
        } else if given.is_some() {
            errors.add("made", "is given more than once");
        } else {
            let made = value.parse::<bool>();
            if made.is_err() {
                errors.add("made", "must be `true` or `false`");
            }
            given = Some(made.unwrap_or(false));
        }
    }
    errors.check_parameters()?;
    Ok(RevokeQuery {
        made: given.unwrap_or(false),
    })
}

/// The keys that were revoked, and those that were made by one of them and live on.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevokedKeysResponse {
    /// Ids of the keys that are refused from their next call on.
    revoked: Vec<String>,
    /// Keys that the revoked ones made and that were not revoked.
    made: Vec<ApiKeyResponse>,
}

/// Revoke an API key
///
/// The key is refused from its next call on. The answer lists the keys that it made and that live on; with `made`, they
/// are revoked too. Nobody revokes a key with permissions that they lack, unless it is their own. An account keeps a
/// way in: a super admin, or a key with every permission.
#[utoipa::path(
    delete,
    path = "/v1/api-keys/{api_key_id}",
    tag = "API keys",
    params(ApiKeyPath, RevokeQuery),
    responses(
        (status = 200, description = "The API key is revoked.", body = RevokedKeysResponse),
        (status = 409, description = "No other way into the account would be left.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn revoke_api_key(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ApiKeyPath>,
    query: RevokeQuery,
) -> Result<Json<RevokedKeysResponse>, ApiError> {
    let key = read(&deps, &call, path.api_key_id).await?;
    check_may_end(&deps, &call, &key).await?;
    let mut made = descendants(&deps, &call, &key).await?;
    let mut ending = vec![key];
    if query.made {
        for key in &made {
            check_may_end(&deps, &call, key).await?;
        }
        ending.append(&mut made);
        // The caller's own key proves the caller's right to end the others.
        let is_own_key = |key: &ApiKey| call.caller.credential == CredentialId::ApiKey(key.id);
        ending.sort_by_key(is_own_key);
    }
    let mut revoked = Vec::new();
    for part in ending.chunks(KEYS_ENDED_MAX) {
        end(&deps, &call, part).await?;
        revoked.extend(part.iter().map(|key| key.id.to_string()));
    }
    Ok(Json(RevokedKeysResponse {
        revoked,
        made: made.into_iter().map(Into::into).collect(),
    }))
}

/// Checks that a key has no permission, and reaches no client, that the caller lacks. One's own key can be ended
/// by whoever holds it.
async fn check_may_end(deps: &Deps, call: &Call, key: &ApiKey) -> Result<(), ApiError> {
    if is_own(call, key) {
        return Ok(());
    }
    check_grant(call, &key.permissions)?;
    check_reach(deps, call, key.owner).await
}

/// Revokes some keys, all or none.
async fn end(deps: &Deps, call: &Call, keys: &[ApiKey]) -> Result<(), ApiError> {
    let Some(first) = keys.first() else {
        return Ok(());
    };
    let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
    let change = Change {
        event: Event::ApiKeyRevoked(first.id),
        before: json!({"status": "active", "revoked": ids}),
        after: Value::Null,
    };
    let entry = call.audit(change, call.now());
    match deps.api_keys.delete_keys(keys, by(call, &entry)).await? {
        KeyEnding::Done => {
            log(&entry);
            Ok(())
        }
        KeyEnding::LastWay => Err(ApiError::new(&OWN_KEY)),
    }
}

/// The keys that a key made, and those that they made, without the key itself.
async fn descendants(deps: &Deps, call: &Call, key: &ApiKey) -> Result<Vec<ApiKey>, ApiError> {
    let mut known = BTreeSet::from([key.id]);
    let mut found: Vec<ApiKey> = Vec::new();
    let mut next = 0;
    let mut maker = key.id;
    loop {
        let credential = CredentialId::ApiKey(maker);
        let made = deps.api_keys.made_by(call.scope(), &credential).await?;
        found.extend(made.into_iter().filter(|key| known.insert(key.id)));
        match found.get(next) {
            Some(key) if next < FAMILY_MAX => maker = key.id,
            _ => return Ok(found),
        }
        next += 1;
    }
}

/// List the keys that an API key made
///
/// Those that live, with the keys that they made.
#[utoipa::path(
    get,
    path = "/v1/api-keys/{api_key_id}/made",
    tag = "API keys",
    params(ApiKeyPath),
    responses((status = 200, description = "All such keys.", body = ListResponse<ApiKeyResponse>))
)]
pub async fn list_keys_made(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ApiKeyPath>,
) -> Result<Json<ListResponse<ApiKeyResponse>>, ApiError> {
    let key = read(&deps, &call, path.api_key_id).await?;
    let made = descendants(&deps, &call, &key).await?;
    Ok(Json(ListResponse {
        items: made.into_iter().map(Into::into).collect(),
        next_cursor: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_key_made_is_revoked_only_if_that_is_asked_for() {
        for (query, made) in [("", false), ("made=false", false), ("made=true", true)] {
            assert_eq!(read_query(query).unwrap().made, made, "{query}");
        }
        for wrong in ["made=yes", "made=", "all=true", "made=true&made=true"] {
            assert!(read_query(wrong).is_err(), "{wrong}");
        }
    }
}
