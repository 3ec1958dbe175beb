//! The start of a sign-in at a provider.

use super::{
    PROVIDER_UNAVAILABLE, ProviderPath, ProviderPurpose, SIGN_IN_PAGE, StartProviderSignInRequest,
    redirect_uri,
};
use crate::{
    Deps, cookies, input, joining, limits,
    problems::{OTHER_LOGIN_METHOD, TOKEN_NOT_VALID},
    tokens,
    visitor::{Visitor, session_of},
};
use data_encoding::BASE64URL_NOPAD;
use ring::rand::SecureRandom;
use serde_json::{Map, Value};
use vestibule_admin::{
    FieldErrors,
    auth::random_bytes,
    problem::{ApiError, NOT_A_MEMBER, SIGN_IN_AGAIN},
    read_fields,
};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::{
        credential::{Caller, CredentialClaim, Refusal},
        permission::Permission,
    },
    ids::AccountId,
    ports::{FlowPurpose, SignInFlow},
    secret::Secret,
    team::{
        invitation::InvitedMethod,
        login_method::{LoginMethod, ProviderSettings},
        member_standing::MemberStanding,
        session::{Session, SessionStage},
        throttle::ThrottleKind,
    },
};
use vestibule_openid::{Asking, ProviderProblem, ProviderTransport, Step, Url, authorization_url};

/// Longest address of a page to return to, in bytes.
const RETURN_TO_MAX: usize = 200;
/// The pages of the console.
const CONSOLE: &str = "/console/";

/// A sign-in that begins.
pub(super) struct Asked {
    /// The provider's page.
    pub(super) location: Url,
    /// The token that binds the sign-in to the browser.
    pub(super) browser: Secret,
}

struct Given {
    purpose: ProviderPurpose,
    token: Option<String>,
    return_to: String,
}

/// Begins a sign-in.
pub(super) async fn start(
    deps: &Deps,
    visitor: &Visitor,
    path: ProviderPath,
    body: Map<String, Value>,
) -> Result<Asked, ApiError> {
    let given = read_request(body)?;
    let network = visitor.origin.network();
    limits::admit(deps, ThrottleKind::SignInAddress, &network).await?;
    // Providers' names are on the sign-in page, which anybody may see.
    let scope = AccountScope::of_verified(path.account_id);
    let method = deps.methods.get_method(scope, path.login_method_id).await?;
    let method = method.ok_or_else(|| ApiError::not_found("login method"))?;
    let now = deps.admin.clock.now();
    let purpose = purpose(deps, visitor, &method, &given, now).await?;
    // A provider can be slow, and an account chose it: it gets only so much of what all accounts share.
    limits::admit(deps, ThrottleKind::ProviderStart, &method.id.to_string()).await?;
    let redirect_uri = redirect_uri(deps, &visitor.origin, path).ok_or_else(|| {
        PortError::corrupt(
            "configuration",
            "neither PUBLIC_URL nor the gateway's host is known",
        )
    })?;
    let endpoint = endpoint(deps, &method, now).await.map_err(|problem| {
        tracing::warn!(%problem, "a provider cannot be used");
        unavailable(given.purpose, &problem)
    })?;
    let random = deps.random.as_ref();
    let browser = tokens::flow(random)?;
    let (state, nonce, verifier) = (draw(random)?, draw(random)?, draw(random)?);
    let (scopes, has_nonce) = match &method.provider {
        ProviderSettings::OpenIdConnect { scopes, .. } => (scopes, true),
        ProviderSettings::OAuth2 { scopes, .. } => (scopes, false),
    };
    let asking = Asking {
        client_id: &method.client_id,
        redirect_uri: &redirect_uri,
        scopes,
        state: &state,
        nonce: has_nonce.then_some(nonce.as_str()),
        verifier: &verifier,
    };
    let location = authorization_url(&endpoint, &asking);
    let flow = SignInFlow {
        state_hash: tokens::sha256_hex(&state),
        browser_hash: browser.hash,
        scope,
        method_id: method.id,
        issuer: method.provider.issuer().map(str::to_owned),
        nonce,
        verifier,
        purpose,
        return_to: given.return_to,
        expires_at: now.plus(cookies::FLOW_AGE),
    };
    deps.flows.save_flow(&flow).await?;
    Ok(Asked {
        location,
        browser: browser.token,
    })
}

/// A problem of the provider. Only those who set it up are told more.
fn unavailable(purpose: ProviderPurpose, problem: &ProviderProblem) -> ApiError {
    let error = ApiError::new(&PROVIDER_UNAVAILABLE);
    if purpose == ProviderPurpose::Trial {
        error.with_detail(problem.to_string())
    } else {
        error
    }
}

fn draw(random: &dyn SecureRandom) -> Result<String, PortError> {
    let bytes = random_bytes::<32>(random)?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}

fn read_request(body: Map<String, Value>) -> Result<Given, ApiError> {
    let mut errors = FieldErrors::default();
    let request: StartProviderSignInRequest = read_fields(body, &mut errors);
    let purpose = errors.required("purpose", request.purpose);
    let token = match (purpose, request.token) {
        (Some(ProviderPurpose::Accept), token) => input::token("token", token, &mut errors),
        (_, None) => None,
        (_, Some(_)) => {
            errors.add("token", "must be left out, except to accept an invitation");
            None
        }
    };
    let return_to = request.return_to.filter(|place| {
        let is_page = is_page(place);
        if !is_page {
            errors.add(
                "return_to",
                "must be a page of the console, such as /console/projects",
            );
        }
        is_page
    });
    match purpose {
        Some(purpose) if errors.is_empty() => Ok(Given {
            purpose,
            token,
            return_to: return_to.unwrap_or_else(|| default_page(purpose).to_owned()),
        }),
        _ => Err(errors.into_validation()),
    }
}

/// The page that is shown after a sign-in for this purpose.
const fn default_page(purpose: ProviderPurpose) -> &'static str {
    match purpose {
        ProviderPurpose::SignIn => CONSOLE,
        ProviderPurpose::Accept => "/console/invitation",
        ProviderPurpose::Bind => "/console/profile",
        ProviderPurpose::Trial => "/console/login-methods",
    }
}

/// Whether a text is the address of a page of the console, and of nothing else on this host or another one.
fn is_page(place: &str) -> bool {
    let is_plain = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'?' | b'=' | b'&' | b'%')
    };
    place.len() <= RETURN_TO_MAX
        && place.starts_with(CONSOLE)
        && place.bytes().all(is_plain)
        && !place.contains("..")
        && !place.contains("//")
}

/// The page that is shown if a sign-in fails.
pub(super) fn page_of_failure(flow: &SignInFlow) -> &str {
    match flow.purpose {
        FlowPurpose::SignIn => SIGN_IN_PAGE,
        FlowPurpose::Accept { .. } | FlowPurpose::Bind { .. } | FlowPurpose::Trial { .. } => {
            &flow.return_to
        }
    }
}

/// Checks that the browser may begin a sign-in for its purpose.
async fn purpose(
    deps: &Deps,
    visitor: &Visitor,
    method: &LoginMethod,
    given: &Given,
    now: Timestamp,
) -> Result<FlowPurpose, ApiError> {
    match given.purpose {
        ProviderPurpose::SignIn => Ok(FlowPurpose::SignIn),
        ProviderPurpose::Accept => {
            let token = given.token.as_deref().unwrap_or_default();
            let link = joining::find_link(deps, token).await?;
            if link.scope() != method.scope {
                return Err(ApiError::new(&TOKEN_NOT_VALID));
            }
            link.check(now)?;
            match link.view.invitation.method {
                InvitedMethod::Provider { method_id, .. } if method_id == method.id => {}
                InvitedMethod::Provider { .. } | InvitedMethod::Password => {
                    return Err(ApiError::new(&OTHER_LOGIN_METHOD));
                }
            }
            Ok(FlowPurpose::Accept {
                invitation_id: link.view.invitation.id,
                token_hash: link.token_hash,
            })
        }
        ProviderPurpose::Bind => {
            let session = own_session(deps, visitor, now).await?;
            let session = session.ok_or(&SIGN_IN_AGAIN)?;
            membership(deps, &session, method.scope).await?;
            Ok(FlowPurpose::Bind {
                login_id: session.login_id,
            })
        }
        ProviderPurpose::Trial => {
            let (_, session_hash) = trier(deps, visitor, method.scope.account_id(), now).await?;
            Ok(FlowPurpose::Trial { session_hash })
        }
    }
}

/// The session of the browser, if the login signed in by what is its own. A provider's session proves nothing beyond
/// its account (SPEC D27).
pub(super) async fn own_session(
    deps: &Deps,
    visitor: &Visitor,
    now: Timestamp,
) -> Result<Option<Session>, ApiError> {
    let Some(claim) = &visitor.session else {
        return Ok(None);
    };
    let session = session_of(deps, claim, now).await?;
    let is_own =
        |session: &Session| session.stage == SessionStage::Full && session.is_own_sign_in();
    Ok(session.filter(is_own))
}

/// The active membership of a session's login in an account. The account's rules about the way of signing in are not
/// asked: connecting an identity is how they are met.
pub(super) async fn membership(
    deps: &Deps,
    session: &Session,
    scope: AccountScope,
) -> Result<MemberStanding, ApiError> {
    let places = deps.logins.accounts(session.login_id).await?;
    let standing = places
        .into_iter()
        .map(|place| place.standing)
        .find(|standing| standing.member.scope == scope && standing.is_active());
    standing.ok_or_else(|| ApiError::new(&NOT_A_MEMBER))
}

/// The caller who tries a login method, with the hash of its session.
pub(super) async fn trier(
    deps: &Deps,
    visitor: &Visitor,
    account_id: AccountId,
    now: Timestamp,
) -> Result<(Caller, String), ApiError> {
    let session = visitor.session.as_ref().ok_or(&SIGN_IN_AGAIN)?;
    let claim = CredentialClaim::Session {
        login_id: session.login_id,
        hash: session.hash.clone(),
        account_id: Some(account_id),
    };
    let found = deps.admin.credentials.find_credential(&claim).await?;
    let found = found.ok_or(&SIGN_IN_AGAIN)?;
    let caller = found.caller(&claim, now).map_err(|refusal| match refusal {
        Refusal::Unknown | Refusal::AwaitingFactor => ApiError::new(&SIGN_IN_AGAIN),
        Refusal::NotAMember => ApiError::new(&NOT_A_MEMBER),
        Refusal::Insufficient(missing) => ApiError::sign_in_insufficient(missing),
    })?;
    if !caller.may(Permission::LoginMethodsManage) {
        return Err(ApiError::permission_missing(Permission::LoginMethodsManage));
    }
    Ok((caller, session.hash.clone()))
}

/// The address of the provider's sign-in page.
async fn endpoint(
    deps: &Deps,
    method: &LoginMethod,
    now: Timestamp,
) -> Result<Url, ProviderProblem> {
    let transport = deps.transport.as_ref();
    match &method.provider {
        ProviderSettings::OpenIdConnect {
            issuer, tenants, ..
        } => {
            let provider = deps.keys.provider(transport, issuer, now).await?;
            provider.check_tenants(tenants)?;
            Ok(provider.authorization_endpoint)
        }
        ProviderSettings::OAuth2 {
            authorization_url, ..
        } => address(transport, authorization_url),
    }
}

/// A stored address of a provider, judged again: the rule may have become stricter.
pub(super) fn address(
    transport: &dyn ProviderTransport,
    address: &str,
) -> Result<Url, ProviderProblem> {
    transport.check(address).map_err(|error| ProviderProblem {
        step: Step::Discovery,
        reason: format!("an address of the provider {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Result<Given, ApiError> {
        let Value::Object(body) = body else {
            panic!("an object")
        };
        read_request(body)
    }

    #[test]
    fn a_sign_in_leads_back_to_a_page_of_the_console_and_nowhere_else() {
        for page in [
            "/console/",
            "/console/projects",
            "/console/projects/01J?tab=a&x=%20",
        ] {
            let given = read(json!({"purpose": "sign_in", "return_to": page})).unwrap();
            assert_eq!(given.return_to, page);
        }
        for page in [
            "",
            "/",
            "/console",
            "//evil.example/console/",
            "https://evil.example/console/",
            "/console//evil.example",
            "/console/../v1/auth/sign-out",
            "/console/\\evil.example",
            "/console/#problem=x",
            "/console/\r\nset-cookie: a=b",
            "/console/é",
            &format!("/console/{}", "x".repeat(200)),
        ] {
            let refused = read(json!({"purpose": "sign_in", "return_to": page}));
            let refused = refused.err().unwrap();
            let fields: Vec<_> = refused.errors().iter().map(|one| &one.field).collect();
            assert_eq!(fields, ["return_to"], "{page}");
        }
    }

    #[test]
    fn a_token_belongs_to_an_acceptance_and_to_nothing_else() {
        let given = read(json!({"purpose": "accept", "token": "vsi_x"})).unwrap();
        assert_eq!(given.token.as_deref(), Some("vsi_x"));
        assert_eq!(given.return_to, "/console/invitation");
        for body in [
            json!({}),
            json!({"purpose": "enter"}),
            json!({"purpose": "accept"}),
            json!({"purpose": "accept", "token": ""}),
            json!({"purpose": "sign_in", "token": "vsi_x"}),
            json!({"purpose": "trial", "token": "vsi_x"}),
        ] {
            assert!(read(body.clone()).is_err(), "{body}");
        }
    }
}
