//! The check of a login method: whether its provider can be reached, and what it says of itself.

use super::read;
use crate::{Deps, api_types::LoginMethodPath};
use axum::{Json, extract::State};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{ApiPath, Call, problem::ApiError};
use vestibule_domain::team::login_method::ProviderSettings;
use vestibule_openid::{ProviderTransport, discover};

/// The outcome of a check.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "issuer": "https://idp.example.com",
    "endpoints": {
        "authorization": "https://idp.example.com/authorize", "token": "https://idp.example.com/token",
        "user_info": "https://idp.example.com/userinfo", "keys": "https://idp.example.com/keys"
    },
    "problem": null
}))]
pub struct LoginMethodCheck {
    /// Issuer; null with plain OAuth 2.0.
    issuer: Option<String>,
    /// Addresses of the provider; null if there is a problem.
    endpoints: Option<ProviderEndpoints>,
    /// Problem, in words; null if there is none.
    problem: Option<String>,
}

/// Addresses of a provider.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProviderEndpoints {
    /// Sign-in page.
    authorization: String,
    /// Exchange of codes.
    token: String,
    /// Answers who signed in.
    user_info: Option<String>,
    /// Keys of its signatures; null with plain OAuth 2.0.
    keys: Option<String>,
}

/// Check a login method
///
/// Reads what a provider of `OpenID` Connect publishes. Plain OAuth 2.0 has nothing to read: only its addresses are
/// judged. Whether the credentials are right is seen by a trial.
#[utoipa::path(
    post,
    path = "/v1/login-methods/{login_method_id}/check",
    tag = "Login methods",
    params(LoginMethodPath),
    responses((status = 200, description = "The outcome.", body = LoginMethodCheck))
)]
pub async fn check_login_method(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<LoginMethodPath>,
) -> Result<Json<LoginMethodCheck>, ApiError> {
    let method = read(&deps, call.scope(), path.login_method_id).await?;
    let transport = deps.provider_transport.as_ref();
    let issuer = method.provider.issuer().map(str::to_owned);
    Ok(Json(match endpoints(transport, &method.provider).await {
        Ok(endpoints) => LoginMethodCheck {
            issuer,
            endpoints: Some(endpoints),
            problem: None,
        },
        Err(problem) => LoginMethodCheck {
            issuer,
            endpoints: None,
            problem: Some(problem),
        },
    }))
}

async fn endpoints(
    transport: &dyn ProviderTransport,
    provider: &ProviderSettings,
) -> Result<ProviderEndpoints, String> {
    match provider {
        ProviderSettings::OpenIdConnect {
            issuer, tenants, ..
        } => {
            let found = discover(transport, issuer).await;
            let found = found.and_then(|found| found.check_tenants(tenants).map(|()| found));
            let found = found.map_err(|problem| problem.to_string())?;
            Ok(ProviderEndpoints {
                authorization: found.authorization_endpoint.into(),
                token: found.token_endpoint.into(),
                user_info: found.userinfo_endpoint.map(Into::into),
                keys: Some(found.jwks_uri.into()),
            })
        }
        ProviderSettings::OAuth2 {
            authorization_url,
            token_url,
            user_info_url,
            ..
        } => {
            let judged = |name: &str, address: &str| {
                let judged = transport.check(address);
                judged
                    .map(String::from)
                    .map_err(|error| format!("`{name}` {error}"))
            };
            Ok(ProviderEndpoints {
                authorization: judged("authorization_url", authorization_url)?,
                token: judged("token_url", token_url)?,
                user_info: Some(judged("user_info_url", user_info_url)?),
                keys: None,
            })
        }
    }
}
