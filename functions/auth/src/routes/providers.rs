//! `/v1/auth/providers/…` and `/v1/auth/callback/…`: sign-in at the identity providers of accounts (SPEC D09–D12,
//! D24, D27).
//!
//! An account chose the provider, so its word counts within that account only: it opens sessions of that account's
//! members who bound an identity there, and nothing else. Every method has a redirect address of its own, so that the
//! answer of one provider cannot be taken for that of another (RFC 9700 §4.4.2).
//!
//! | module | content |
//! |---|---|
//! | `asking` | the start: who may begin what |
//! | `returning` | the way back: flow, code, tokens |
//! | `returned` | a person who came back |
//! | `accepting` | an invitation, accepted by an identity |
//! | `binding` | an identity that a member connects |
//! | `outcome` | sessions and trials |

mod accepting;
mod asking;
mod binding;
#[cfg(test)]
mod fixtures;
mod outcome;
mod returned;
mod returning;

use crate::{Deps, cookies, visitor::Visitor};
use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, CallOrigin, JsonBody, paths,
    problem::{ApiError, Problem},
    problem_types,
};
use vestibule_domain::ids::{AccountId, LoginMethodId};

problem_types! {
    SIGN_IN_FAILED = "sign-in-failed", UNAUTHORIZED, "The sign-in at the provider failed",
        "Begin again. If it fails again, an admin of the account can try the login method, and is told the reason.";
    NOT_BOUND = "not-bound", UNAUTHORIZED, "The identity belongs to no member of the account",
        "Accept the invitation first, or sign in otherwise and connect the identity.";
    WRONG_IDENTITY = "wrong-identity", CONFLICT, "The identity is not that of the invited person",
        "Sign in at the provider as the person who was invited: with the invited identifier, or with the invited e-mail address, verified by the provider.";
    IDENTITY_TAKEN = "identity-taken", CONFLICT, "The identity belongs to another member of the account",
        "Sign in at the provider as yourself.";
    PROVIDER_UNAVAILABLE = "provider-unavailable", BAD_GATEWAY, "The provider cannot be used at the moment",
        "Try again later. An admin of the account can check the login method.";
}

paths! {
    /// A login method of an account.
    ProviderPath {
        /// The account's id.
        account_id: AccountId,
        /// The login method's id.
        login_method_id: LoginMethodId
    }
}

/// The address of the page on which people sign in.
const SIGN_IN_PAGE: &str = "/console/sign-in";

/// The purpose of a sign-in at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderPurpose {
    /// Open a session.
    SignIn,
    /// Accept an invitation.
    Accept,
    /// Connect the identity with one's membership.
    Bind,
    /// Try the login method.
    Trial,
}

/// The start of a sign-in at a provider.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"purpose": "sign_in", "return_to": "/console/projects"}))]
pub struct StartProviderSignInRequest {
    /// Purpose. `bind` needs a session of one's own sign-in, `trial` one with `login_methods.manage`.
    #[schema(required = true, nullable = false)]
    purpose: Option<ProviderPurpose>,
    /// Token of the invitation's link, to accept it.
    #[schema(nullable = false, write_only)]
    token: Option<String>,
    /// Page of the console that is shown afterwards.
    #[schema(nullable = false, max_length = 200)]
    return_to: Option<String>,
}

/// The address to which the browser has to go.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"location": "https://idp.example.com/authorize?response_type=code"}))]
pub struct StartProviderSignInResponse {
    /// Address of the provider's sign-in page, for this browser and the next ten minutes.
    location: String,
}

/// The answer of a provider, as the browser brings it.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallbackParams {
    /// The value that the start sent.
    #[param(nullable = false)]
    state: Option<String>,
    /// The code.
    #[param(nullable = false)]
    code: Option<String>,
    /// The issuer (RFC 9207).
    #[param(nullable = false)]
    iss: Option<String>,
    /// The error, instead of a code.
    #[param(nullable = false)]
    error: Option<String>,
}

/// Begin a sign-in at a provider
///
/// Sets a cookie that binds the sign-in to this browser.
#[utoipa::path(
    post,
    path = "/v1/auth/providers/{account_id}/{login_method_id}/start",
    tag = "Sign-in",
    params(ProviderPath),
    request_body = StartProviderSignInRequest,
    responses(
        (status = 200, description = "The address to go to.", body = StartProviderSignInResponse),
        (status = 401, description = "The purpose needs a session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The session is not enough for the purpose.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The invitation cannot be accepted in this way.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "There is no such link.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider does not answer as it must.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn start_provider_sign_in(
    State(deps): State<Arc<Deps>>,
    visitor: Visitor,
    ApiPath(path): ApiPath<ProviderPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let asked = asking::start(&deps, &visitor, path, body.0).await?;
    let location = asked.location.into();
    let mut response = Json(StartProviderSignInResponse { location }).into_response();
    let cookie = cookies::set(cookies::FLOW, asked.browser.reveal(), cookies::FLOW_AGE);
    cookies::add(response.headers_mut(), [cookie]);
    Ok(response)
}

/// Come back from a provider
///
/// The browser is sent on to a page of the console: with `#ok`, with `#factor` if the second factor is still to be
/// given, or with `#problem=` and the last part of a problem's type.
#[utoipa::path(
    get,
    path = "/v1/auth/callback/{account_id}/{login_method_id}",
    tag = "Sign-in",
    params(ProviderPath, CallbackParams),
    responses((status = 303, description = "To a page of the console."))
)]
pub async fn finish_provider_sign_in(
    State(deps): State<Arc<Deps>>,
    visitor: Visitor,
    headers: HeaderMap,
    ApiPath(path): ApiPath<ProviderPath>,
    uri: Uri,
) -> Response {
    // A parameter that cannot be read, or is there twice, counts as absent.
    let params = Query::<CallbackParams>::try_from_uri(&uri);
    let params = params.map(|Query(params)| params).unwrap_or_default();
    let back = returning::Back {
        deps: &deps,
        visitor: &visitor,
        flow_cookie: cookies::read(&headers, cookies::FLOW),
        path,
        params,
    };
    let landing = returning::land(&back).await;
    let mut response = StatusCode::SEE_OTHER.into_response();
    let place = HeaderValue::from_str(&landing.place);
    let place = place.unwrap_or_else(|_| HeaderValue::from_static(SIGN_IN_PAGE));
    response.headers_mut().insert(LOCATION, place);
    let set = landing.cookies.into_iter();
    let all = set.chain([cookies::clear(cookies::FLOW)]);
    cookies::add(response.headers_mut(), all);
    response
}

/// The address to which the provider of this method sends browsers back.
fn redirect_uri(deps: &Deps, origin: &CallOrigin, path: ProviderPath) -> Option<String> {
    let base = match (&deps.admin.public_url, &origin.domain_name) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, Some(domain)) => format!("https://{domain}"),
        (None, None) => return None,
    };
    let (account, method) = (path.account_id, path.login_method_id);
    Some(format!("{base}/v1/auth/callback/{account}/{method}"))
}
