//! `POST /v1/auth/factor`: the second step of a sign-in (SPEC D31).

use crate::{
    Deps,
    opening::{self, Opened, SignInStatus},
    records,
    routes::sign_in::SignInResponse,
    second_factor::{self, FactorRequest},
    visitor::{Visitor, session_of},
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use vestibule_admin::{
    JsonBody,
    problem::{ApiError, Problem, SIGN_IN_AGAIN},
};
use vestibule_domain::{
    Timestamp,
    event::Event,
    ports::LoginChange,
    team::{
        login::Login,
        session::{Session, SessionStage},
    },
};

/// Give the second factor
///
/// Completes a sign-in that answered `factor_required`, within ten minutes of it. A session that lacks the factor
/// an account asks for can give it here too.
#[utoipa::path(
    post,
    path = "/v1/auth/factor",
    tag = "Sign-in",
    request_body = FactorRequest,
    responses(
        (status = 200, description = "The code is right.", body = SignInResponse),
        (status = 401, description = "The code is not right, or no sign-in waits for one.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The call comes from a page of another site, or lacks `X-Vestibule-Console: 1`.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn give_factor(
    State(deps): State<Arc<Deps>>,
    visitor: Visitor,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let code = second_factor::read_code(body.0)?;
    let now = deps.admin.clock.now();
    let session = waiting(&deps, &visitor, now).await?;
    let subject = second_factor::subject(&session);
    let login = deps.logins.get_login(session.login_id).await?;
    let login = login.ok_or(&SIGN_IN_AGAIN)?;
    let factor = login.confirmed_factor().ok_or(&SIGN_IN_AGAIN)?;
    let factor = second_factor::use_code(&deps, &subject, (&login, factor), &code, now).await?;
    let after = Login {
        factor: Some(factor),
        updated_at: now,
        ..login.clone()
    };
    let places = deps.logins.accounts(login.id).await?;
    let places = records::places_of(&session, places);
    let event = Event::LoginSignedIn(login.id);
    let facts = records::device_facts(&session.device);
    let audits = records::audits(
        &deps,
        (&login, &places),
        (event, &facts),
        &visitor.origin,
        now,
    );
    let change = LoginChange {
        audits: audits.clone(),
        ..LoginChange::default()
    };
    let session = opening::with_factor(session, now);
    let cookie = opening::change_login(&deps, &after, session, change).await?;
    records::log_events(&audits, event);
    let opened = Opened {
        status: SignInStatus::SignedIn,
        cookies: vec![cookie],
    };
    Ok(opened.into_response())
}

/// The session of the cookie, which lacks its second factor.
async fn waiting(deps: &Deps, visitor: &Visitor, now: Timestamp) -> Result<Session, ApiError> {
    let claim = visitor.session.as_ref().ok_or(&SIGN_IN_AGAIN)?;
    let session = session_of(deps, claim, now).await?.ok_or(&SIGN_IN_AGAIN)?;
    let lacks_factor = match session.stage {
        SessionStage::AwaitingFactor => true,
        SessionStage::Full => session.factor_at.is_none(),
    };
    if lacks_factor {
        Ok(session)
    } else {
        Err(ApiError::new(&SIGN_IN_AGAIN))
    }
}
