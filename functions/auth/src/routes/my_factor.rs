//! `/v1/me/factor…`: the second factor of the login (SPEC D31, D33).

use super::me;
use crate::{
    Deps, cookies, fresh_proof, input,
    opening::{self, with_factor},
    problems::{
        ACCOUNTS, FACTOR_ALREADY_SET, FACTOR_NOT_SET, FACTOR_REQUIRED_BY, NamedAccount,
        NamedAccounts,
    },
    records,
    second_factor::{self, FactorRequest, GivenCode},
    totp,
    visitor::known_browser,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    FieldErrors, JsonBody, LoginCall, OptionalJsonBody,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    Timestamp,
    event::Event,
    ports::{AccountPlace, LoginChange},
    team::{
        login::{Login, SecondFactor},
        mail::ChangedCredential,
        member::MemberStatus,
        session::Session,
    },
};

/// The proof of the person who sets a second factor up.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "seven red kites over Lisbon"}))]
pub struct BeginFactorRequest {
    /// The password of the login; required if there is one.
    #[schema(nullable = false, max_length = 128, write_only)]
    password: Option<String>,
}

/// A second factor that was begun. It protects nothing until a code confirms it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "uri": "otpauth://totp/Vestibule:…"}))]
pub struct NewFactorResponse {
    /// The secret, to be typed into an authenticator app.
    secret: String,
    /// The same as an address, for a QR code.
    uri: String,
}

/// Recovery codes, shown once. Each counts once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"recovery_codes": ["abcd-efgh-2345-6723"]}))]
pub struct RecoveryCodesResponse {
    /// Ten codes.
    recovery_codes: Vec<String>,
}

/// Begin a second factor
///
/// Another one that was begun and never confirmed is replaced.
#[utoipa::path(
    post,
    path = "/v1/me/factor",
    tag = "Me",
    request_body(content = Option<BeginFactorRequest>, description = "Required if the login has a password."),
    responses(
        (status = 201, description = "Confirm it with a first code.", body = NewFactorResponse),
        (status = 401, description = "The password is not right.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is a second factor.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn begin_factor(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
    headers: HeaderMap,
    body: OptionalJsonBody,
) -> Result<Response, ApiError> {
    call.own()?;
    let login = me::read(&deps, call.session.login_id).await?;
    if login.confirmed_factor().is_some() {
        return Err(ApiError::new(&FACTOR_ALREADY_SET));
    }
    check_password(&deps, &headers, &login, body.0).await?;
    let (factor, secret) = second_factor::begin(&deps, login.id).await?;
    let after = Login {
        factor: Some(factor),
        updated_at: call.now(),
        ..login
    };
    deps.logins
        .update_login(&after, &LoginChange::default())
        .await?;
    let answer = NewFactorResponse {
        secret: totp::spelled(&secret),
        uri: totp::uri(&secret, after.email.as_str()),
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Checks the password of a login that has one: whoever found an open session must not lock its owner out.
async fn check_password(
    deps: &Deps,
    headers: &HeaderMap,
    login: &Login,
    fields: Map<String, Value>,
) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    let request: BeginFactorRequest = read_fields(fields, &mut errors);
    let given = if login.password.is_some() {
        input::present_password("password", request.password, &mut errors)
    } else {
        None
    };
    errors.check_body()?;
    let Some(given) = given else {
        return Ok(());
    };
    let browser = known_browser(deps, headers, login).await?;
    fresh_proof::check_password(deps, login, browser.as_ref(), &given).await
}

/// Confirm the second factor
///
/// Answers with recovery codes, and gives the session a new token.
#[utoipa::path(
    post,
    path = "/v1/me/factor/confirm",
    tag = "Me",
    request_body = FactorRequest,
    responses(
        (status = 200, description = "The second factor is set.", body = RecoveryCodesResponse),
        (status = 401, description = "The code is not right.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "None was begun, or one is set.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn confirm_factor(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
    body: JsonBody,
) -> Result<Response, ApiError> {
    call.own()?;
    let code = second_factor::read_code(body.0)?;
    let login = me::read(&deps, call.session.login_id).await?;
    if login.confirmed_factor().is_some() {
        return Err(ApiError::new(&FACTOR_ALREADY_SET));
    }
    let begun = login.factor.as_ref().ok_or(&FACTOR_NOT_SET)?;
    let now = call.now();
    let used = check(&deps, &call, (&login, begun), &code, now).await?;
    let (shown, recovery) = second_factor::draw_recovery(&deps, login.id)?;
    let factor = SecondFactor {
        confirmed_at: Some(now),
        recovery,
        ..used
    };
    let session = with_factor(call.session.clone(), now);
    let changed = Changed {
        factor: Some(factor),
        session,
        event: Event::LoginFactorSet(login.id),
    };
    let cookie = store(&deps, &call, login, changed, now).await?;
    Ok(codes(shown, cookie))
}

/// Draw new recovery codes
///
/// The earlier ones count no longer.
#[utoipa::path(
    post,
    path = "/v1/me/factor/recovery-codes",
    tag = "Me",
    request_body = FactorRequest,
    responses(
        (status = 200, description = "New codes.", body = RecoveryCodesResponse),
        (status = 401, description = "The code is not right.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is no second factor.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn draw_recovery_codes(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
    body: JsonBody,
) -> Result<Response, ApiError> {
    call.own()?;
    let code = second_factor::read_code(body.0)?;
    let login = me::read(&deps, call.session.login_id).await?;
    let now = call.now();
    let set = login.confirmed_factor().ok_or(&FACTOR_NOT_SET)?;
    let used = check(&deps, &call, (&login, set), &code, now).await?;
    let (shown, recovery) = second_factor::draw_recovery(&deps, login.id)?;
    let changed = Changed {
        factor: Some(SecondFactor { recovery, ..used }),
        session: with_factor(call.session.clone(), now),
        event: Event::LoginFactorSet(login.id),
    };
    let cookie = store(&deps, &call, login, changed, now).await?;
    Ok(codes(shown, cookie))
}

/// Remove the second factor
///
/// Refused while one of the login's accounts requires it.
#[utoipa::path(
    post,
    path = "/v1/me/factor/remove",
    tag = "Me",
    request_body = FactorRequest,
    responses(
        (status = 204, description = "There is no second factor."),
        (status = 401, description = "The code is not right.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There was none, or an account requires it.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn remove_factor(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
    body: JsonBody,
) -> Result<Response, ApiError> {
    call.own()?;
    let code = second_factor::read_code(body.0)?;
    let login = me::read(&deps, call.session.login_id).await?;
    let set = login.confirmed_factor().ok_or(&FACTOR_NOT_SET)?;
    let places = deps.logins.accounts(login.id).await?;
    let requiring = requiring(&places);
    if !requiring.0.is_empty() {
        let accounts = serde_json::to_value(requiring).unwrap_or_default();
        return Err(ApiError::new(&FACTOR_REQUIRED_BY).with_member(&ACCOUNTS, accounts));
    }
    let now = call.now();
    check(&deps, &call, (&login, set), &code, now).await?;
    let changed = Changed {
        factor: None,
        session: Session {
            factor_at: None,
            has_factor: false,
            ..call.session.clone()
        },
        event: Event::LoginFactorRemoved(login.id),
    };
    let cookie = store(&deps, &call, login, changed, now).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    cookies::add(response.headers_mut(), [cookie]);
    Ok(response)
}

/// The accounts that require the second factor.
fn requiring(places: &[AccountPlace]) -> NamedAccounts {
    let is_there = |place: &&AccountPlace| {
        place.account.rules.factor_required && place.standing.member.status != MemberStatus::Removed
    };
    let requiring = places.iter().filter(is_there);
    let named = requiring.map(|place| NamedAccount {
        id: place.account.id.to_string(),
        name: place.account.name.clone(),
    });
    NamedAccounts(named.collect())
}

async fn check(
    deps: &Deps,
    call: &LoginCall,
    (login, factor): (&Login, &SecondFactor),
    code: &GivenCode,
    now: Timestamp,
) -> Result<SecondFactor, ApiError> {
    let subject = second_factor::subject(&call.session);
    second_factor::use_code(deps, &subject, (login, factor), code, now).await
}

/// A change of the second factor.
struct Changed {
    factor: Option<SecondFactor>,
    session: Session,
    event: Event,
}

/// Stores the login, replaces its session, and tells the person by mail.
async fn store(
    deps: &Deps,
    call: &LoginCall,
    login: Login,
    changed: Changed,
    now: Timestamp,
) -> Result<HeaderValue, ApiError> {
    let places = deps.logins.accounts(login.id).await?;
    let facts = json!({"factor": changed.factor.is_some()});
    let event = changed.event;
    let audits = records::audits(deps, (&login, &places), (event, &facts), &call.origin, now);
    let change = LoginChange {
        mail: records::changed_mail(deps, &login, ChangedCredential::SecondFactor, now),
        audits: audits.clone(),
        ..LoginChange::default()
    };
    let after = Login {
        factor: changed.factor,
        updated_at: now,
        ..login
    };
    let cookie = opening::change_login(deps, &after, changed.session, change).await?;
    records::log_events(&audits, event);
    Ok(cookie)
}

fn codes(shown: Vec<String>, cookie: HeaderValue) -> Response {
    let answer = RecoveryCodesResponse {
        recovery_codes: shown,
    };
    let mut response = Json(answer).into_response();
    cookies::add(response.headers_mut(), [cookie]);
    response
}
