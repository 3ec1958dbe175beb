//! Login methods: the identity providers of the account (SPEC D09–D12, D27). Passwords are a rule of the account.

pub mod check;
mod provider;
pub mod update;

use crate::{Deps, api_types::LoginMethodPath, by, routes::account};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use provider::{LoginProviderRequest, LoginProviderResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IdempotencyKey, IfMatch, JsonBody, Made, amend,
    api_types::{IdempotencyHeader, IfMatchHeader, ListResponse, StoredSecret, found},
    log,
    problem::{ApiError, Problem},
    problem_types, read_fields, validation,
};
use vestibule_domain::{
    AccountScope, Timestamp,
    connector::SealedSecrets,
    event::{Change, Event},
    ids::LoginMethodId,
    ports::{MethodOutcome, SecretVault},
    secret::Secret,
    team::login_method::{LOGIN_METHODS_MAX, LoginMethod, ProviderSettings},
};

problem_types! {
    TOO_MANY_LOGIN_METHODS = "too-many-login-methods", CONFLICT, "The account has too many login methods",
        "An account can have 10. Delete one first.";
    LAST_LOGIN_METHOD = "last-login-method", CONFLICT, "The account allows single sign-on only, and this may be its last login method that works",
        "Let the account allow passwords again first, or add another login method, try it, and sign in through it. Otherwise nobody might be able to sign in.";
}

/// Maximum length of a client id, in characters.
const CLIENT_ID_MAX: usize = 255;
/// Maximum length of a client secret, in characters.
const CLIENT_SECRET_MAX: usize = 1024;

/// A login method to create.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Acme", "provider": {"kind": "open_id_connect", "issuer": "https://idp.example.com"},
    "client_id": "vestibule", "client_secret": "9Lm2…"
}))]
pub struct CreateLoginMethodRequest {
    /// Name, 1 to 100 characters, read after "Sign in with".
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    name: Option<String>,
    /// Kind and addresses of the provider.
    #[schema(required = true, nullable = false)]
    provider: Option<LoginProviderRequest>,
    /// The account's id at the provider.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 255)]
    client_id: Option<String>,
    /// The account's secret at the provider.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 1024,
        write_only
    )]
    client_secret: Option<String>,
}

/// A login method.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Acme",
    "provider": {
        "kind": "open_id_connect", "issuer": "https://idp.example.com", "tenants": [], "identifier_claim": "sub",
        "authorization_url": null, "token_url": null, "user_info_url": null, "identifier_field": null,
        "email_field": null, "name_field": null, "scopes": ["openid", "email", "profile"]
    },
    "client_id": "vestibule", "client_secret": {"set": true},
    "redirect_uri": "https://chat.example.com/v1/auth/callback/01JD3Q3Z9V8M4T6K2N7P5R1S0X/01JD3Q3Z9V8M4T6K2N7P5R1S0W",
    "tried_at": null, "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:00.000Z"
}))]
pub struct LoginMethodResponse {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Kind and addresses of the provider.
    provider: LoginProviderResponse,
    /// The account's id at the provider.
    client_id: String,
    /// The account's secret at the provider, which is not shown.
    client_secret: StoredSecret,
    /// Address to which the provider sends browsers back; register exactly this one there.
    redirect_uri: String,
    /// Time of the last trial that went well since the credentials were set; null if there was none.
    #[schema(value_type = Option<String>, format = DateTime)]
    tried_at: Option<Timestamp>,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl LoginMethodResponse {
    fn of(method: LoginMethod, base: &str) -> Self {
        let secrets = &method.client_secret.fields;
        Self {
            client_secret: StoredSecret {
                set: secrets.contains_key(LoginMethod::CLIENT_SECRET),
            },
            redirect_uri: format!(
                "{base}/v1/auth/callback/{}/{}",
                method.scope.account_id(),
                method.id
            ),
            id: method.id.to_string(),
            name: method.name,
            provider: method.provider.into(),
            client_id: method.client_id,
            tried_at: method.tried_at,
            created_at: method.created_at,
            updated_at: method.updated_at,
        }
    }
}

/// The login method as the audit log records it.
fn facts(method: &LoginMethod) -> Value {
    json!({
        "name": method.name,
        "provider": provider::facts(&method.provider),
        "client_id": method.client_id,
    })
}

/// List the login methods
///
/// All identity providers of the account; there are at most 10.
#[utoipa::path(
    get,
    path = "/v1/login-methods",
    tag = "Login methods",
    responses((status = 200, description = "All login methods.", body = ListResponse<LoginMethodResponse>))
)]
pub async fn list_login_methods(
    State(deps): State<Arc<Deps>>,
    call: Call,
) -> Result<Json<ListResponse<LoginMethodResponse>>, ApiError> {
    let base = deps.link_base(&call.origin)?;
    let methods = deps.methods.list_methods(call.scope()).await?;
    let items = methods.into_iter();
    Ok(Json(ListResponse {
        items: items
            .map(|method| LoginMethodResponse::of(method, &base))
            .collect(),
        next_cursor: None,
    }))
}

/// Add a login method
///
/// Register its `redirect_uri` at the provider, check it, and try it by a sign-in before you invite anybody by it.
#[utoipa::path(
    post,
    path = "/v1/login-methods",
    tag = "Login methods",
    params(IdempotencyHeader),
    request_body = CreateLoginMethodRequest,
    responses(
        (status = 201, description = "The login method was added, by this call or an earlier one with this Idempotency-Key.", body = LoginMethodResponse),
        (status = 409, description = "The account has 10 login methods already.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create_login_method(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let base = deps.link_base(&call.origin)?;
    let request_hash = idempotency.request_hash(&body.0);
    let given = read_create(body.0, &deps)?;
    let (scope, now) = (call.scope(), call.now());
    let id: LoginMethodId = idempotency.id(&call, "login-methods");
    let others = deps.methods.list_methods(scope).await?;
    // A record that already has this call's id was created by the same Idempotency-Key.
    let is_there = others.iter().any(|other| other.id == id);
    if !is_there && others.len() >= LOGIN_METHODS_MAX {
        return Err(ApiError::new(&TOO_MANY_LOGIN_METHODS));
    }
    let method = LoginMethod {
        id,
        scope,
        name: given.name,
        provider: given.provider,
        client_id: given.client_id,
        client_secret: seal(deps.vault.as_ref(), (scope, id), given.client_secret).await?,
        tried_at: None,
        request_hash,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let change = Change {
        event: Event::LoginMethodCreated(id),
        before: Value::Null,
        after: facts(&method),
    };
    let entry = call.audit(change, now);
    let outcome = deps
        .methods
        .create_method(&method, by(&call, &entry))
        .await?;
    let made = Made::settle(outcome, method, &entry, facts)?;
    Ok(made.respond(|method| LoginMethodResponse::of(method, &base)))
}

/// Read a login method
///
/// Its secret is not shown.
#[utoipa::path(
    get,
    path = "/v1/login-methods/{login_method_id}",
    tag = "Login methods",
    params(LoginMethodPath),
    responses((status = 200, description = "The login method.", body = LoginMethodResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))))
)]
pub async fn get_login_method(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<LoginMethodPath>,
) -> Result<Response, ApiError> {
    let base = deps.link_base(&call.origin)?;
    let method = read(&deps, call.scope(), path.login_method_id).await?;
    let version = method.version;
    Ok(found(version, LoginMethodResponse::of(method, &base)))
}

/// Delete a login method
///
/// Its members keep their other ways of signing in. Sessions that were opened through it end to be accepted. In an account
/// that allows single sign-on only, it takes a session through another one of its login methods that was tried.
#[utoipa::path(
    delete,
    path = "/v1/login-methods/{login_method_id}",
    tag = "Login methods",
    params(LoginMethodPath, IfMatchHeader),
    responses(
        (status = 204, description = "The login method is deleted."),
        (status = 409, description = "The account allows nothing else, and the caller is not signed in through another one that was tried, or other callers keep changing it.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_login_method(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<LoginMethodPath>,
) -> Result<StatusCode, ApiError> {
    let (deps, call) = (&*deps, &call);
    amend(
        &if_match,
        || read(deps, call.scope(), path.login_method_id),
        |method| async move {
            check_other_way(deps, call, method.id).await?;
            let change = Change {
                event: Event::LoginMethodDeleted(method.id),
                before: facts(&method),
                after: Value::Null,
            };
            let entry = call.audit(change, call.now());
            match deps
                .methods
                .delete_method(&method, by(call, &entry))
                .await?
            {
                MethodOutcome::Done => {
                    log(&entry);
                    Ok(StatusCode::NO_CONTENT)
                }
                MethodOutcome::LastTried => Err(ApiError::new(&LAST_LOGIN_METHOD)),
            }
        },
    )
    .await
}

/// Checks, in an account that allows single sign-on only, that the caller is signed in through another login method than
/// this one. A good trial says that a method works, and not that anybody is known by it.
async fn check_other_way(deps: &Deps, call: &Call, id: LoginMethodId) -> Result<(), ApiError> {
    let account = account::read(deps, call.scope()).await?;
    if !account.rules.sso_only {
        return Ok(());
    }
    let through = account::check_provider(deps, call, &account.rules).await?;
    if through == id {
        return Err(ApiError::new(&LAST_LOGIN_METHOD));
    }
    Ok(())
}

/// Reads a login method, which must exist.
async fn read(
    deps: &Deps,
    scope: AccountScope,
    id: LoginMethodId,
) -> Result<LoginMethod, ApiError> {
    deps.methods
        .get_method(scope, id)
        .await?
        .ok_or_else(|| ApiError::not_found("login method"))
}

/// Seals a client secret for its login method.
async fn seal(
    vault: &dyn SecretVault,
    (scope, id): (AccountScope, LoginMethodId),
    secret: Secret,
) -> Result<SealedSecrets, ApiError> {
    let context = LoginMethod::secret_context(scope, id);
    let fields = BTreeMap::from([(LoginMethod::CLIENT_SECRET.to_owned(), secret)]);
    Ok(vault.seal(&fields, &|_| context.clone()).await?)
}

struct Given {
    name: String,
    provider: ProviderSettings,
    client_id: String,
    client_secret: Secret,
}

fn read_create(fields: Map<String, Value>, deps: &Deps) -> Result<Given, ApiError> {
    let mut errors = FieldErrors::default();
    let request: CreateLoginMethodRequest = read_fields(fields, &mut errors);
    let name = validation::required_name("name", request.name.as_deref(), &mut errors);
    let provider = errors.required("provider", request.provider);
    let transport = deps.provider_transport.as_ref();
    let provider = provider.and_then(|given| provider::read(given, transport, &mut errors));
    let client_id = errors.required("client_id", request.client_id);
    let client_id = read_client_id(client_id, &mut errors);
    let client_secret = errors.required("client_secret", request.client_secret);
    let client_secret = read_client_secret(client_secret, &mut errors);
    match (name, provider, client_id, client_secret) {
        (Some(name), Some(provider), Some(client_id), Some(client_secret)) if errors.is_empty() => {
            Ok(Given {
                name,
                provider,
                client_id,
                client_secret,
            })
        }
        _ => Err(errors.into_validation()),
    }
}

fn read_client_id(given: Option<String>, errors: &mut FieldErrors) -> Option<String> {
    let given = given?;
    let is_plain = given.chars().all(|c| c == ' ' || c.is_ascii_graphic());
    if is_plain && (1..=CLIENT_ID_MAX).contains(&given.len()) && given.trim() == given {
        return Some(given);
    }
    errors.add(
        "client_id",
        format!("must be 1 to {CLIENT_ID_MAX} visible ASCII characters"),
    );
    None
}

fn read_client_secret(given: Option<String>, errors: &mut FieldErrors) -> Option<Secret> {
    let given = given?;
    if (1..=CLIENT_SECRET_MAX).contains(&given.chars().count()) {
        return Some(Secret::new(given));
    }
    errors.add(
        "client_secret",
        format!("must be 1 to {CLIENT_SECRET_MAX} characters"),
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use vestibule_domain::ids::AccountId;

    #[test]
    fn a_client_id_is_plain_text_and_a_secret_is_taken_as_it_is() {
        for (id, good) in [
            ("vestibule", true),
            ("0oa1.apps example", true),
            ("", false),
            (" a", false),
            ("a\n", false),
            ("é", false),
            (&"x".repeat(256), false),
        ] {
            let mut errors = FieldErrors::default();
            let read = read_client_id(Some(id.to_owned()), &mut errors);
            assert_eq!(read.is_some(), good, "{id}");
            assert_eq!(errors.names("client_id"), !good);
        }
        let mut errors = FieldErrors::default();
        let secret = read_client_secret(Some(" wörd ".to_owned()), &mut errors);
        assert_eq!(secret, Some(Secret::new(" wörd ")));
        for wrong in [String::new(), "x".repeat(1025)] {
            assert_eq!(read_client_secret(Some(wrong), &mut errors), None);
        }
        assert!(errors.names("client_secret"));
    }

    #[test]
    fn the_record_of_a_change_holds_no_secret() {
        let method = LoginMethod {
            id: LoginMethodId::derive(&["m"]),
            scope: AccountScope::of_verified(AccountId::derive(&["a"])),
            name: "Acme".to_owned(),
            provider: ProviderSettings::OpenIdConnect {
                issuer: "https://idp.example.com".to_owned(),
                tenants: BTreeSet::new(),
                identifier_claim: "sub".to_owned(),
                scopes: vec!["openid".to_owned()],
            },
            client_id: "vestibule".to_owned(),
            client_secret: SealedSecrets::default(),
            tried_at: None,
            request_hash: None,
            version: 1,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        };
        let facts = facts(&method);
        assert_eq!(facts["provider"]["issuer"], "https://idp.example.com");
        assert_eq!(facts.get("client_secret"), None);
        let shown = LoginMethodResponse::of(method.clone(), "https://chat.example.com");
        assert_eq!(
            shown.redirect_uri,
            format!(
                "https://chat.example.com/v1/auth/callback/{}/{}",
                method.scope.account_id(),
                method.id
            )
        );
        let shown = serde_json::to_value(shown).unwrap();
        assert_eq!(shown["client_secret"], json!({"set": false}));
    }
}
