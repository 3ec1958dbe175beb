//! The way back from a provider: the flow, the code, and the person.

use super::{
    CallbackParams, ProviderPath, SIGN_IN_FAILED, SIGN_IN_PAGE, accepting,
    asking::{self, address},
    binding, outcome, redirect_uri,
    returned::{Done, Returned},
};
use crate::{Deps, problems::LOGIN_METHOD_NOT_ALLOWED, tokens, visitor::Visitor};
use axum::http::HeaderValue;
use futures_util::future::try_join;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::Duration;
use tokio::time::timeout;
use vestibule_admin::problem::{ApiError, ProblemType};
use vestibule_domain::{
    PortError, Timestamp,
    ports::{FlowPurpose, SignInFlow},
    secret::Secret,
    team::{
        identity::IdentityHash,
        login_method::{LoginMethod, ProviderSettings},
    },
};
use vestibule_openid::{
    OAuth2Fields, OpenIdRules, Person, ProviderProblem, Redeemed, SignIn, Step, oauth2_person,
    open_id_person,
};

/// Time for all calls to a provider together. The function has 15 seconds.
const PROVIDER_PATIENCE: Duration = Duration::from_secs(10);
/// Longest state that is looked up, in bytes. Ours have 43.
const STATE_MAX: usize = 100;

/// A browser that comes back.
pub(super) struct Back<'a> {
    pub(super) deps: &'a Deps,
    pub(super) visitor: &'a Visitor,
    pub(super) flow_cookie: Option<&'a str>,
    pub(super) path: ProviderPath,
    pub(super) params: CallbackParams,
}

/// The page on which a browser lands.
#[derive(Debug)]
pub(super) struct Landing {
    /// Its address.
    pub(super) place: String,
    /// Values of `Set-Cookie`.
    pub(super) cookies: Vec<HeaderValue>,
}

/// The reason why a sign-in failed: for the browser, and in full for those who try a method.
struct Failure {
    error: ApiError,
    reason: Option<String>,
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self {
            error,
            reason: None,
        }
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        Self::from(ApiError::from(error))
    }
}

impl From<&'static ProblemType> for Failure {
    fn from(kind: &'static ProblemType) -> Self {
        Self::from(ApiError::new(kind))
    }
}

impl Failure {
    fn because(reason: impl Into<String>) -> Self {
        Self {
            error: ApiError::new(&SIGN_IN_FAILED),
            reason: Some(reason.into()),
        }
    }
}

/// Completes a sign-in, and says where the browser goes.
pub(super) async fn land(back: &Back<'_>) -> Landing {
    let flow = match take(back).await {
        Ok(flow) => flow,
        Err(failure) => return failed(SIGN_IN_PAGE, &failure, false),
    };
    match Box::pin(complete(back, &flow)).await {
        Ok(done) => {
            let mark = if done.awaits_factor { "factor" } else { "ok" };
            Landing {
                place: format!("{}#{mark}", flow.return_to),
                cookies: done.cookies,
            }
        }
        Err(failure) => {
            let is_trial = matches!(flow.purpose, FlowPurpose::Trial { .. });
            failed(asking::page_of_failure(&flow), &failure, is_trial)
        }
    }
}

fn failed(page: &str, failure: &Failure, is_trial: bool) -> Landing {
    let kind = failure.error.kind();
    let slug = kind.uri.rsplit('/').next().unwrap_or_default();
    let reason = failure.reason.as_deref().unwrap_or_default();
    if kind.status.is_server_error() {
        tracing::error!(error = ?failure.error, "a sign-in at a provider failed");
    } else {
        tracing::info!(problem = slug, reason, "a sign-in at a provider failed");
    }
    let mut place = format!("{page}#problem={slug}");
    if is_trial && !reason.is_empty() {
        let reason = utf8_percent_encode(reason, NON_ALPHANUMERIC);
        place = format!("{place}&reason={reason}");
    }
    Landing {
        place,
        cookies: Vec::new(),
    }
}

/// Takes the flow of the state, once. It must have begun in this browser, and at this method: the answer of one
/// provider is never passed on to another.
async fn take(back: &Back<'_>) -> Result<SignInFlow, Failure> {
    let state = back.params.state.as_deref().unwrap_or_default();
    if state.is_empty() || state.len() > STATE_MAX {
        return Err(Failure::because("the answer has no state"));
    }
    let now = back.deps.admin.clock.now();
    let hash = tokens::sha256_hex(state);
    let flow = back.deps.flows.take_flow(&hash, now).await?;
    let flow = flow.ok_or_else(|| Failure::because("the sign-in was over, or never begun"))?;
    let browser = back.flow_cookie.and_then(tokens::read_flow);
    if browser.as_deref() != Some(flow.browser_hash.as_str()) {
        return Err(Failure::because("the sign-in began in another browser"));
    }
    let began = (flow.scope.account_id(), flow.method_id);
    if began != (back.path.account_id, back.path.login_method_id) {
        return Err(Failure::because("the answer is another provider's"));
    }
    Ok(flow)
}

async fn complete(back: &Back<'_>, flow: &SignInFlow) -> Result<Done, Failure> {
    let (deps, now) = (back.deps, back.deps.admin.clock.now());
    let (method, account) = try_join(
        deps.methods.get_method(flow.scope, flow.method_id),
        deps.accounts.get_account(flow.scope),
    )
    .await?;
    let (Some(method), Some(account)) = (method, account) else {
        return Err(Failure::from(&LOGIN_METHOD_NOT_ALLOWED));
    };
    let is_same_issuer = method.provider.issuer() == flow.issuer.as_deref();
    if !is_same_issuer || !account.rules.methods.contains_key(&method.id) {
        return Err(Failure::from(&LOGIN_METHOD_NOT_ALLOWED));
    }
    let person = Box::pin(person(back, flow, &method, now));
    let person = timeout(PROVIDER_PATIENCE, person).await;
    let person = person.unwrap_or_else(|_| Err(Failure::because("the provider is too slow")))?;
    // The issuer of the token: where a provider serves many tenants, a subject is one of a tenant's.
    let identity = match &person.issuer {
        Some(issuer) => IdentityHash::oidc(issuer, &person.subject),
        None => IdentityHash::oauth2(method.id, &person.subject),
    };
    let returned = Returned {
        deps,
        visitor: back.visitor,
        flow,
        method,
        account,
        person,
        identity,
        now,
    };
    Ok(match &flow.purpose {
        FlowPurpose::SignIn => outcome::sign_in(&returned).await?,
        FlowPurpose::Accept {
            invitation_id,
            token_hash,
        } => accepting::accept(&returned, *invitation_id, token_hash).await?,
        FlowPurpose::Bind { login_id } => binding::bind(&returned, *login_id).await?,
        FlowPurpose::Trial { session_hash } => outcome::trial(&returned, session_hash).await?,
    })
}

/// Exchanges the code, and reads who signed in.
async fn person(
    back: &Back<'_>,
    flow: &SignInFlow,
    method: &LoginMethod,
    now: Timestamp,
) -> Result<Person, Failure> {
    let (deps, params) = (back.deps, &back.params);
    if params.error.is_some() {
        return Err(Failure::because("the provider answered with an error"));
    }
    let code = params.code.as_deref().filter(|code| !code.is_empty());
    let code = code.ok_or_else(|| Failure::because("the answer has no code"))?;
    let code = Secret::new(code);
    let redirect_uri = redirect_uri(deps, &back.visitor.origin, back.path)
        .ok_or_else(|| Failure::because("the stack's address is not known"))?;
    let context = LoginMethod::secret_context(method.scope, method.id);
    let secret = deps
        .vault
        .open(&method.client_secret, LoginMethod::CLIENT_SECRET, &context)
        .await?
        .ok_or_else(|| PortError::corrupt("login method", "it has no client secret"))?;
    let sign_in = SignIn {
        client_id: &method.client_id,
        client_secret: &secret,
        redeemed: Redeemed {
            code: &code,
            redirect_uri: &redirect_uri,
            verifier: &flow.verifier,
        },
        nonce: &flow.nonce,
        wants_profile: matches!(
            flow.purpose,
            FlowPurpose::Accept { .. } | FlowPurpose::Bind { .. } | FlowPurpose::Trial { .. }
        ),
        now,
    };
    ask(back, method, &sign_in)
        .await
        .map_err(|problem| Failure::because(problem.to_string()))
}

async fn ask(
    back: &Back<'_>,
    method: &LoginMethod,
    sign_in: &SignIn<'_>,
) -> Result<Person, ProviderProblem> {
    let transport = back.deps.transport.as_ref();
    let keys = back.deps.keys.as_ref();
    match &method.provider {
        ProviderSettings::OpenIdConnect {
            issuer,
            tenants,
            identifier_claim,
            ..
        } => {
            let provider = keys.provider(transport, issuer, sign_in.now).await?;
            let is_own = |named: &str| provider.is_issuer(named, tenants);
            check_issuer(back.params.iss.as_deref(), provider.names_issuer, is_own)?;
            let rules = OpenIdRules {
                identifier_claim,
                tenants,
            };
            open_id_person(transport, keys, &provider, &rules, sign_in).await
        }
        ProviderSettings::OAuth2 {
            token_url,
            user_info_url,
            identifier_field,
            email_field,
            name_field,
            ..
        } => {
            let token_url = address(transport, token_url)?;
            let user_info_url = address(transport, user_info_url)?;
            let fields = OAuth2Fields {
                identifier: identifier_field,
                email: email_field.as_deref(),
                name: name_field.as_deref(),
            };
            oauth2_person(transport, (&token_url, &user_info_url), &fields, sign_in).await
        }
    }
}

/// An answer that names its issuer names the provider's own (RFC 9207 §2.4).
fn check_issuer(
    named: Option<&str>,
    must_name: bool,
    is_own: impl Fn(&str) -> bool,
) -> Result<(), ProviderProblem> {
    let is_good = match named {
        Some(named) => is_own(named),
        None => !must_name,
    };
    if is_good {
        return Ok(());
    }
    Err(ProviderProblem {
        step: Step::IdToken,
        reason: "the answer is of another issuer".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_names_its_issuer_names_the_one_that_was_asked() {
        let issuer = "https://idp.example";
        for (named, must_name, good) in [
            (Some(issuer), true, true),
            (Some(issuer), false, true),
            (None, false, true),
            (None, true, false),
            (Some("https://evil.example"), false, false),
            (Some("https://idp.example/"), false, false),
            (Some(""), false, false),
        ] {
            let checked = check_issuer(named, must_name, |named| named == issuer);
            assert_eq!(checked.is_ok(), good, "{named:?}");
        }
    }

    #[test]
    fn a_page_is_told_the_problem_and_a_trial_the_reason_too() {
        let failure = Failure::because("token endpoint: the provider answered 401");
        let landing = failed("/console/login-methods", &failure, true);
        assert_eq!(
            landing.place,
            "/console/login-methods#problem=sign-in-failed&reason=token%20endpoint%3A%20the%20provider%20answered%20401"
        );
        let landing = failed(SIGN_IN_PAGE, &failure, false);
        assert_eq!(landing.place, "/console/sign-in#problem=sign-in-failed");
    }
}
