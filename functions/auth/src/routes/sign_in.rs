//! `POST /v1/auth/sign-in` and `/v1/auth/sign-out` (SPEC D28).

use crate::{
    Deps, cookies, input, limits,
    opening::{self, Opened, SignInStatus},
    problems::WRONG_CREDENTIALS,
    records, refusals,
    visitor::{KnownDevice, Visitor, session_of},
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    FieldErrors, JsonBody,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    account::email_address::EmailAddress,
    error::Chain,
    event::Event,
    ports::LoginChange,
    secret::Secret,
    team::{
        login::{Login, PasswordRecord},
        session::SessionStage,
        throttle::ThrottleKind,
    },
};

/// A sign-in.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "ana@example.com", "password": "seven red kites over Lisbon"}))]
pub struct SignInRequest {
    /// E-mail address of the login.
    #[schema(required = true, nullable = false)]
    email: Option<String>,
    /// Its password.
    #[schema(required = true, nullable = false, max_length = 128, write_only)]
    password: Option<String>,
}

/// The outcome of a sign-in. The session is in a cookie.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "signed_in"}))]
pub struct SignInResponse {
    /// `factor_required`: give the code of the second factor within ten minutes.
    pub status: SignInStatus,
}

impl IntoResponse for Opened {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = Json(SignInResponse { status }).into_response();
        cookies::add(response.headers_mut(), self.cookies);
        response
    }
}

struct Given {
    email: EmailAddress,
    password: Secret,
}

fn read_request(fields: Map<String, Value>) -> Result<Given, ApiError> {
    let mut errors = FieldErrors::default();
    let request: SignInRequest = read_fields(fields, &mut errors);
    let email = input::email("email", request.email.as_deref(), &mut errors);
    let password = input::present_password("password", request.password, &mut errors);
    match (email, password) {
        (Some(email), Some(password)) if errors.is_empty() => Ok(Given { email, password }),
        _ => Err(errors.into_validation()),
    }
}

/// Sign in
///
/// With e-mail address and password. Neither the answer nor its time tells whether the address has a login.
#[utoipa::path(
    post,
    path = "/v1/auth/sign-in",
    tag = "Sign-in",
    request_body = SignInRequest,
    responses(
        (status = 200, description = "The credentials are right.", body = SignInResponse),
        (status = 401, description = "The credentials are not right.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The call comes from a page of another site, or lacks `X-Vestibule-Console: 1`.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn sign_in(
    State(deps): State<Arc<Deps>>,
    visitor: Visitor,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let given = read_request(body.0)?;
    let login = deps.logins.find_login(&given.email).await?;
    let login = login.as_ref();
    let place = refusals::place(&given.email, login);
    let known = visitor.known_to(&deps, place, login).await?;
    admit(
        &deps,
        &visitor,
        &given.email,
        known.map(|known| (place.to_string(), known)),
    )
    .await?;
    let verdict = refusals::compare(&deps, login, &given.password).await?;
    let Some(login) = login.filter(|_| verdict.matches) else {
        refusals::record(&deps, &visitor, &given.email, login).await?;
        return Err(ApiError::new(&WRONG_CREDENTIALS));
    };
    let opened = opening::sign_in(&deps, &visitor, login, known).await?;
    if verdict.rehash {
        rehash(&deps, login, &given.password).await;
    }
    Ok(opened.into_response())
}

/// Counts a sign-in: by network, and by address, or by device if the login knows it.
pub(super) async fn admit(
    deps: &Deps,
    visitor: &Visitor,
    email: &EmailAddress,
    known: Option<(String, &KnownDevice)>,
) -> Result<(), ApiError> {
    let network = visitor.origin.network();
    limits::admit(deps, ThrottleKind::SignInAddress, &network).await?;
    if let Some((login_id, known)) = known {
        let subject = limits::device_subject(&login_id, &known.hash);
        return limits::admit(deps, ThrottleKind::SignInDevice, &subject).await;
    }
    limits::admit(deps, ThrottleKind::SignInLogin, &email.hash()).await
}

/// Makes a hash again that an earlier release made at a lower cost. One that fails is made at the next sign-in.
async fn rehash(deps: &Deps, login: &Login, password: &Secret) {
    let Some(before) = &login.password else {
        return;
    };
    let stored = match deps.passwords.hash(password).await {
        Ok(hash) => {
            let set_at = before.set_at;
            let after = Login {
                password: Some(PasswordRecord { hash, set_at }),
                ..login.clone()
            };
            deps.logins
                .update_login(&after, &LoginChange::default())
                .await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = stored {
        tracing::warn!(error = %Chain(&error), "a password was not hashed again");
    }
}

/// Sign out
///
/// Ends the session of the cookie, and removes the cookie.
#[utoipa::path(
    post,
    path = "/v1/auth/sign-out",
    tag = "Sign-in",
    responses(
        (status = 204, description = "Nobody is signed in here."),
        (status = 403, description = "The call comes from a page of another site, or lacks `X-Vestibule-Console: 1`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn sign_out(
    State(deps): State<Arc<Deps>>,
    visitor: Visitor,
) -> Result<Response, ApiError> {
    let now = deps.admin.clock.now();
    let session = match &visitor.session {
        Some(claim) => session_of(&deps, claim, now).await?,
        None => None,
    };
    if let Some(session) = session {
        let id = session.login_id;
        let (login, places) = try_join(deps.logins.get_login(id), deps.logins.accounts(id)).await?;
        let places = records::places_of(&session, places);
        let event = Event::LoginSignedOut(id);
        let after = records::device_facts(&visitor.device());
        // A sign-in that was never completed is not on record, nor is its end.
        let audits = match &login {
            Some(login) if session.stage == SessionStage::Full => records::audits(
                &deps,
                (login, &places),
                (event, &after),
                &visitor.origin,
                now,
            ),
            _ => Vec::new(),
        };
        let ended = [session.hash];
        deps.sessions.end_sessions(id, &ended, &audits).await?;
        records::log_events(&audits, event);
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    cookies::add(response.headers_mut(), [cookies::clear(cookies::SESSION)]);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_address_is_compared_trimmed_and_in_lower_case_and_a_password_as_it_was_typed() {
        let Value::Object(fields) = json!({"email": " Ana@Example.COM ", "password": " a b "})
        else {
            panic!("a body is an object");
        };
        let given = read_request(fields).unwrap();
        assert_eq!(given.email.as_str(), "ana@example.com");
        assert_eq!(given.password.reveal(), " a b ");
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let Value::Object(fields) = json!({"email": "ana", "password": "x".repeat(129)}) else {
            panic!("a body is an object");
        };
        let error = read_request(fields).err().unwrap();
        let fields: Vec<_> = error.errors().iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["email", "password"]);
    }
}
