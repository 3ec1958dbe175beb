//! Changes of a login method.

use super::{
    LAST_LOGIN_METHOD, LoginMethodResponse, check_other_way, facts,
    provider::{self, LoginProviderRequest},
    read, read_client_id, read_client_secret, seal,
};
use crate::{Deps, api_types::LoginMethodPath, by};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, amend,
    api_types::{IfMatchHeader, found},
    given, log,
    problem::{ApiError, Problem},
    read_fields, validation,
};
use vestibule_domain::{
    event::{Change, Event},
    ports::MethodOutcome,
    secret::Secret,
    team::login_method::LoginMethod,
};

/// Changes to a login method. Fields left out keep their values.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"client_secret": "9Lm2…"}))]
pub struct UpdateLoginMethodRequest {
    /// Name, 1 to 100 characters, read after "Sign in with".
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
    /// Changes to the provider. Its kind, issuer and addresses stay.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    provider: Option<LoginProviderRequest>,
    /// The account's id at the provider. A change asks for another trial.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 255)]
    client_id: Option<String>,
    /// The account's secret at the provider. A change asks for another trial.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 1024, write_only)]
    client_secret: Option<String>,
}

struct Wanted {
    name: Option<String>,
    provider: Option<LoginProviderRequest>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
}

fn read_update(fields: Map<String, Value>) -> (Wanted, FieldErrors) {
    let mut errors = FieldErrors::default();
    let request: UpdateLoginMethodRequest = read_fields(fields, &mut errors);
    let wanted = Wanted {
        name: validation::name("name", request.name.as_deref(), &mut errors),
        provider: request.provider,
        client_id: read_client_id(request.client_id, &mut errors),
        client_secret: read_client_secret(request.client_secret, &mut errors),
    };
    (wanted, errors)
}

/// Change a login method
///
/// Its kind, issuer and addresses cannot be changed, because members are bound to the identities there: add another
/// login method instead. Other credentials or scopes, and fewer tenants, need a new trial. An account that allows single
/// sign-on only takes them from a session through another one of its tried login methods.
#[utoipa::path(
    patch,
    path = "/v1/login-methods/{login_method_id}",
    tag = "Login methods",
    params(LoginMethodPath, IfMatchHeader),
    request_body = UpdateLoginMethodRequest,
    responses(
        (status = 200, description = "The changed login method.", body = LoginMethodResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "The account allows nothing else, the change asks for another trial, and the caller is not signed in through another login method that was tried; or other callers keep changing it.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update_login_method(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<LoginMethodPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let base = deps.link_base(&call.origin)?;
    let (wanted, errors) = read_update(body.0);
    let (deps, call, base, wanted, errors) = (&*deps, &call, &base, &wanted, &errors);
    amend(
        &if_match,
        || read(deps, call.scope(), path.login_method_id),
        |method| async move {
            let now = call.now();
            let changed = changed(deps, &method, wanted, errors.clone()).await?;
            if changed == method {
                let version = method.version;
                return Ok(found(version, LoginMethodResponse::of(method, base)));
            }
            if method.tried_at.is_some() && changed.tried_at.is_none() {
                check_other_way(deps, call, method.id).await?;
            }
            let changed = LoginMethod {
                updated_at: now,
                ..changed
            };
            let change = Change {
                event: Event::LoginMethodUpdated(changed.id),
                before: facts(&method),
                after: facts(&changed),
            };
            let entry = call.audit(change, now);
            match deps
                .methods
                .update_method(&changed, by(call, &entry))
                .await?
            {
                MethodOutcome::Done => log(&entry),
                MethodOutcome::LastTried => return Err(ApiError::new(&LAST_LOGIN_METHOD)),
            }
            let version = changed.version + 1;
            Ok(found(version, LoginMethodResponse::of(changed, base)))
        },
    )
    .await
}

/// Applies the change. One that may keep out who got in before asks for another trial.
async fn changed(
    deps: &Deps,
    method: &LoginMethod,
    wanted: &Wanted,
    mut errors: FieldErrors,
) -> Result<LoginMethod, ApiError> {
    let mut changed = method.clone();
    if let Some(given) = &wanted.provider {
        changed.provider = provider::change(&method.provider, given, &mut errors);
    }
    errors.check_body()?;
    if let Some(name) = &wanted.name {
        changed.name.clone_from(name);
    }
    if let Some(client_id) = &wanted.client_id {
        changed.client_id.clone_from(client_id);
    }
    if let Some(secret) = &wanted.client_secret {
        let (scope, id) = (method.scope, method.id);
        let context = LoginMethod::secret_context(scope, id);
        let sealed = &method.client_secret;
        let vault = deps.vault.as_ref();
        let current = vault
            .open(sealed, LoginMethod::CLIENT_SECRET, &context)
            .await?;
        // The same secret again changes nothing.
        if current.as_ref() != Some(secret) {
            changed.client_secret = seal(vault, (scope, id), secret.clone()).await?;
        }
    }
    if may_keep_out(method, &changed) {
        changed.tried_at = None;
    }
    Ok(changed)
}

/// Whether a change may keep out who got in before.
fn may_keep_out(before: &LoginMethod, after: &LoginMethod) -> bool {
    after.client_id != before.client_id
        || after.client_secret != before.client_secret
        || provider::may_keep_out(&before.provider, &after.provider)
}
