//! `GET /v1/auth/methods`: the ways of signing in.

use crate::Deps;
use axum::{Json, extract::State};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{FieldErrors, ListFilter, ListQuery, problem::ApiError, validation};
use vestibule_domain::{AccountScope, ids::AccountId, team::login_method::LoginMethod};

/// The account whose ways of signing in are asked for.
#[derive(Debug, Default)]
pub struct MethodsFilter {
    account_id: Option<AccountId>,
}

/// The account, as received.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MethodsParams {
    /// Id of the account.
    #[param(required = false, format = "id", nullable = false)]
    account: Option<String>,
}

impl ListFilter for MethodsFilter {
    type Params = MethodsParams;

    fn read(params: MethodsParams, errors: &mut FieldErrors) -> Self {
        Self {
            account_id: validation::id("account", params.account.as_deref(), errors),
        }
    }
}

/// The ways of signing in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"password": true, "providers": [{"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Acme"}]}))]
pub struct SignInMethodsResponse {
    /// Whether a password is taken.
    password: bool,
    /// The account's identity providers.
    providers: Vec<SignInProvider>,
}

/// An identity provider of an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignInProvider {
    /// Id of the login method.
    pub id: String,
    /// Name, read after "Sign in with".
    pub name: String,
}

impl From<&LoginMethod> for SignInProvider {
    fn from(method: &LoginMethod) -> Self {
        Self {
            id: method.id.to_string(),
            name: method.name.clone(),
        }
    }
}

/// List the ways of signing in
///
/// Of the account that `account` names. Without one, and for one that does not exist, only the password is
/// listed.
#[utoipa::path(
    get,
    path = "/v1/auth/methods",
    tag = "Sign-in",
    params(MethodsParams),
    responses((status = 200, description = "The ways of signing in.", body = SignInMethodsResponse))
)]
pub async fn list_sign_in_methods(
    State(deps): State<Arc<Deps>>,
    query: ListQuery<MethodsFilter>,
) -> Result<Json<SignInMethodsResponse>, ApiError> {
    let mut answer = SignInMethodsResponse {
        password: true,
        providers: Vec::new(),
    };
    if let Some(id) = query.filter.account_id {
        // Names of providers are on the sign-in page, which anybody may see.
        let scope = AccountScope::of_verified(id);
        let (account, methods) = try_join(
            deps.accounts.get_account(scope),
            deps.methods.list_methods(scope),
        )
        .await?;
        if let Some(account) = account {
            answer.password = !account.rules.sso_only;
            let enabled = methods
                .iter()
                .filter(|method| account.rules.methods.contains_key(&method.id));
            answer.providers = enabled.map(SignInProvider::from).collect();
        }
    }
    Ok(Json(answer))
}
