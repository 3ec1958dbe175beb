//! `POST /v1/me/password`: another password for the login (SPEC D28, D33).

use super::me;
use crate::{
    Deps, cookies, fresh_proof, input,
    opening::{self, SignInStatus},
    records,
    routes::sign_in::SignInResponse,
    visitor::known_browser,
};
use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use futures_util::future::try_join;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    FieldErrors, JsonBody, LoginCall,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    event::Event,
    ports::LoginChange,
    team::{
        login::{Login, PasswordRecord},
        mail::ChangedCredential,
    },
};

/// A change of the password.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current": "seven red kites over Lisbon", "new": "four other words entirely"}))]
pub struct ChangePasswordRequest {
    /// The present password; required if there is one.
    #[schema(nullable = false, max_length = 128, write_only)]
    current: Option<String>,
    /// The new password, 15 to 128 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 15,
        max_length = 128,
        write_only
    )]
    new: Option<String>,
}

/// Change the password
///
/// Ends every other session of the login, and gives this one a new token. The login forgets every browser but this one,
/// so that a mail tells of the next sign-in from another.
#[utoipa::path(
    post,
    path = "/v1/me/password",
    tag = "Me",
    request_body = ChangePasswordRequest,
    responses(
        (status = 200, description = "The password is changed.", body = SignInResponse),
        (status = 401, description = "The present password is not right.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The login was changed meanwhile.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn change_password(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    call.own()?;
    let login = me::read(&deps, call.session.login_id).await?;
    let mut errors = FieldErrors::default();
    let request: ChangePasswordRequest = read_fields(body.0, &mut errors);
    let rules = (&login.email, login.name.as_str());
    let new = input::new_password("new", request.new, rules, &mut errors);
    let current = if login.password.is_some() {
        input::present_password("current", request.current, &mut errors)
    } else {
        None
    };
    let Some(new) = new.filter(|_| errors.is_empty()) else {
        return Err(errors.into_validation());
    };
    let browser = known_browser(&deps, &headers, &login).await?;
    if let Some(current) = current {
        fresh_proof::check_password(&deps, &login, browser.as_ref(), &current).await?;
    }
    let now = call.now();
    let after = Login {
        password: Some(PasswordRecord {
            hash: deps.passwords.hash(&new).await?,
            set_at: now,
        }),
        updated_at: now,
        ..login.clone()
    };
    let sessions = deps.sessions.list_sessions(login.id);
    let (sessions, places) = try_join(sessions, deps.logins.accounts(login.id)).await?;
    let event = Event::LoginPasswordChanged(login.id);
    let facts = json!({"by": "login"});
    let audits = records::audits(&deps, (&login, &places), (event, &facts), &call.origin, now);
    let change = LoginChange {
        end_sessions: sessions.into_iter().map(|session| session.hash).collect(),
        ends_earlier: true,
        // The new password does not make the login forget the browser that sets it.
        device: browser,
        mail: records::changed_mail(&deps, &login, ChangedCredential::Password, now),
        audits: audits.clone(),
        ..LoginChange::default()
    };
    let cookie = opening::change_login(&deps, &after, call.session, change).await?;
    records::log_events(&audits, event);
    let status = SignInStatus::SignedIn;
    let mut response = Json(SignInResponse { status }).into_response();
    cookies::add(response.headers_mut(), [cookie]);
    Ok(response)
}
