//! `/v1/me/address…`: another address for the login, by a link that is mailed to it (SPEC D35).
//!
//! The link proves the address only in a browser that is signed in with the same login: whoever is sent the link
//! of somebody else's login gives nothing away by opening it.

use super::{
    me,
    reset::{self, LinkRequest},
};
use crate::{
    Deps, cookies, following, fresh_proof, input, limits,
    opening::{self, SignInStatus},
    problems::{ADDRESS_TAKEN, NO_SENDER, TOKEN_NOT_VALID},
    records,
    routes::sign_in::SignInResponse,
    tokens,
    visitor::known_browser,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    FieldErrors, JsonBody, LoginCall,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    Timestamp,
    account::email_address::EmailAddress,
    event::Event,
    ids::MailId,
    ports::{AddressChange, AddressOutcome, AddressTaking},
    team::{
        login::Login,
        mail::{ChangedCredential, Mail, MailKind, MailOwner, mail_text},
        session::Session,
        throttle::ThrottleKind,
    },
};

/// Time for which a link holds.
const LINK_LIFE: Duration = Duration::from_mins(30);

/// Another address for the login.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "ana@example.org", "password": "seven red kites over Lisbon"}))]
pub struct ChangeAddressRequest {
    /// The new e-mail address.
    #[schema(required = true, nullable = false)]
    email: Option<String>,
    /// The password of the login.
    #[schema(required = true, nullable = false, max_length = 128, write_only)]
    password: Option<String>,
}

/// Nothing to tell.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeAddressResponse {}

/// Ask for another address
///
/// Mails a link to the new address, and tells the present one. The answer is the same whether or not another
/// login has the new address; then its owner is told instead.
#[utoipa::path(
    post,
    path = "/v1/me/address",
    tag = "Me",
    request_body = ChangeAddressRequest,
    responses(
        (status = 202, description = "A mail is on its way to the new address.", body = ChangeAddressResponse),
        (status = 401, description = "The password is not right.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The stack sends no mail.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn change_address(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    call.own()?;
    let mut errors = FieldErrors::default();
    let request: ChangeAddressRequest = read_fields(body.0, &mut errors);
    let email = input::email("email", request.email.as_deref(), &mut errors);
    let password = input::present_password("password", request.password, &mut errors);
    let login = me::read(&deps, call.session.login_id).await?;
    if email.as_ref() == Some(&login.email) {
        errors.add("email", "must be another address than the present one");
    }
    let (Some(email), Some(password), true) = (email, password, errors.is_empty()) else {
        return Err(errors.into_validation());
    };
    if deps.mail_from.is_none() {
        return Err(ApiError::new(&NO_SENDER));
    }
    let browser = known_browser(&deps, &headers, &login).await?;
    fresh_proof::check_password(&deps, &login, browser.as_ref(), &password).await?;
    for subject in [login.id.to_string(), email.hash()] {
        limits::admit(&deps, ThrottleKind::AddressChange, &subject).await?;
    }
    send_link(&deps, &login, email, call.now()).await?;
    Ok((StatusCode::ACCEPTED, Json(ChangeAddressResponse {})).into_response())
}

/// Orders the mails: the same calls whether or not another login has the address.
async fn send_link(
    deps: &Deps,
    login: &Login,
    email: EmailAddress,
    now: Timestamp,
) -> Result<(), ApiError> {
    let has_login = deps.logins.find_login(&email).await?.is_some();
    let token = tokens::address(login.id, deps.random.as_ref())?;
    let expires_at = now.plus(LINK_LIFE);
    let mail_id = MailId::new(deps.admin.ids.draw());
    let fields = BTreeMap::from([(Mail::TOKEN.to_owned(), token.token)]);
    let context = move |_: &str| Mail::secret_context(mail_id);
    let sealed = deps.vault.seal(&fields, &context).await?;
    // For an address that is taken, a row is written that no token leads to.
    let (kind, hash) = if has_login {
        (MailKind::AddressTaken { at: now }, mail_id.to_string())
    } else {
        (MailKind::AddressChange { expires_at }, token.hash)
    };
    let change = AddressChange {
        login_id: login.id,
        hash,
        email: email.clone(),
        from: login.email.clone(),
        password_set_at: login.password.as_ref().map(|password| password.set_at),
        expires_at,
    };
    let asked = MailKind::AddressChangeAsked {
        to: mail_text(&email.masked()),
        at: now,
    };
    // The new address may be a stranger's, who must not be sent texts that somebody else chose.
    let owner = MailOwner::Login(login.id);
    let mut mails = vec![Mail::queued(
        mail_id,
        owner,
        email,
        None,
        kind,
        Some(sealed),
        now,
    )];
    mails.extend(records::login_mail(deps, login, asked, now));
    deps.addresses.ask_address(&change, &mails).await?;
    for mail in &mails {
        records::enqueue(deps, Some(mail)).await;
    }
    Ok(())
}

/// Take the new address
///
/// With the link that was mailed to it, in a browser that is signed in with the same login. Ends every other
/// session of the login, and gives this one a new token. Both addresses are told.
#[utoipa::path(
    post,
    path = "/v1/me/address/confirm",
    tag = "Me",
    request_body = LinkRequest,
    responses(
        (status = 200, description = "The login has the new address.", body = SignInResponse),
        (status = 409, description = "Another login has the address, or the login was changed meanwhile.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "The link is not valid for this login.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn confirm_address(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
    body: JsonBody,
) -> Result<Response, ApiError> {
    call.own()?;
    let token = reset::read_link(body.0)?;
    let network = call.origin.network();
    limits::admit(&deps, ThrottleKind::Token, &network).await?;
    let login = me::read(&deps, call.session.login_id).await?;
    let change = find(&deps, &login, &token, call.now()).await?;
    let cookie = take(&deps, &call, &login, change).await?;
    let status = SignInStatus::SignedIn;
    let mut response = Json(SignInResponse { status }).into_response();
    cookies::add(response.headers_mut(), [cookie]);
    Ok(response)
}

/// Finds the change of this very login that a link is for.
async fn find(
    deps: &Deps,
    login: &Login,
    token: &str,
    now: Timestamp,
) -> Result<AddressChange, ApiError> {
    let claim = tokens::read_address(token).filter(|claim| claim.login_id == login.id);
    let claim = claim.ok_or(&TOKEN_NOT_VALID)?;
    let change = deps
        .addresses
        .find_address_change(login.id, &claim.hash)
        .await?;
    let change = change.filter(|change| change.hash == claim.hash && change.holds(login, now));
    change.ok_or_else(|| ApiError::new(&TOKEN_NOT_VALID))
}

/// Gives the login its new address, and the session that asks a new token.
async fn take(
    deps: &Deps,
    call: &LoginCall,
    login: &Login,
    change: AddressChange,
) -> Result<HeaderValue, ApiError> {
    let now = call.now();
    let after = Login {
        email: change.email.clone(),
        address_since: now,
        verified_at: Some(now),
        updated_at: now,
        ..login.clone()
    };
    let token = tokens::session(login.id, deps.random.as_ref())?;
    let sessions = deps.sessions.list_sessions(login.id);
    let (sessions, places) = try_join(sessions, deps.logins.accounts(login.id)).await?;
    let event = Event::LoginAddressChanged(login.id);
    let facts = json!({"from": login.email.masked(), "to": after.email.masked()});
    let audits = records::audits(deps, (login, &places), (event, &facts), &call.origin, now);
    let told = |to: &Login| records::changed_mail(deps, to, ChangedCredential::Address, now);
    let mails: Vec<Mail> = [told(login), told(&after)].into_iter().flatten().collect();
    let current = call.session.hash.clone();
    let others = sessions.into_iter().map(|session| session.hash);
    let taking = AddressTaking {
        end_sessions: others.filter(|hash| *hash != current).collect(),
        session: Session {
            hash: token.hash,
            ..call.session.clone()
        },
        after,
        change,
        current,
        mails,
        audits,
    };
    if deps.addresses.take_address(&taking).await? == AddressOutcome::Taken {
        return Err(ApiError::new(&ADDRESS_TAKEN));
    }
    records::log_events(&taking.audits, event);
    for mail in &taking.mails {
        records::enqueue(deps, Some(mail)).await;
    }
    following::follow(deps, login.id, now).await;
    Ok(opening::session_cookie(token.token.reveal()))
}
