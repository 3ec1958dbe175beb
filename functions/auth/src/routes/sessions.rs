//! `/v1/me/sessions`: the places in which the login is signed in (SPEC D28).

use crate::{Deps, cookies, records};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use data_encoding::BASE32_NOPAD;
use ring::digest;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, LoginCall,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    Timestamp,
    event::Event,
    team::session::{Session, SessionStage},
};

/// Characters of an id on the wire that is derived.
const ID_CHARS: usize = 26;

/// The sessions of the login.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionsResponse {
    /// Sessions, the latest activity first.
    items: Vec<SessionResponse>,
}

/// A session of the login.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "ONSXG43JN5XHG2LPNZZWKZBAMF", "current": true, "device": "Mozilla/5.0 (X11; Linux x86_64)",
    "address": "192.0.2.7", "created_at": "2026-11-29T10:00:00.000Z", "last_active_at": "2026-11-29T10:05:00.000Z",
    "method": "password"
}))]
pub struct SessionResponse {
    /// Id.
    id: String,
    /// Whether it is the one of this call.
    current: bool,
    /// Description of the browser, as it names itself.
    device: String,
    /// IP address of the sign-in.
    address: String,
    /// Time of the sign-in.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last activity, within five minutes.
    #[schema(value_type = String, format = DateTime)]
    last_active_at: Timestamp,
    /// Way of signing in: `password` or `provider`.
    method: &'static str,
}

impl SessionResponse {
    /// Renders a session for a call of the session `current`.
    pub(super) fn of(session: &Session, current: &Session) -> Self {
        Self {
            id: wire_id(session),
            current: session.hash == current.hash,
            device: session.device.user_agent.clone(),
            address: session.device.address.clone(),
            created_at: session.created_at,
            last_active_at: session.last_active_at,
            method: if session.is_own_sign_in() {
                "password"
            } else {
                "provider"
            },
        }
    }
}

/// A session.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct SessionPath {
    /// The session's id.
    #[param(example = "ONSXG43JN5XHG2LPNZZWKZBAMF")]
    pub session_id: String,
}

/// The id of a session on the wire, which says nothing of its token.
fn wire_id(session: &Session) -> String {
    derived_id(&session.hash)
}

/// An id on the wire of something that has a secret or a long name, which it does not tell.
pub(super) fn derived_id(name: &str) -> String {
    let hash = digest::digest(&digest::SHA256, name.as_bytes());
    let id = BASE32_NOPAD.encode(hash.as_ref());
    id.chars().take(ID_CHARS).collect()
}

/// The sessions that are signed in at this time, the latest activity first.
fn open(mut sessions: Vec<Session>, now: Timestamp) -> Vec<Session> {
    sessions.retain(|session| session.stage == SessionStage::Full && session.holds(now));
    sessions.sort_by_key(|session| std::cmp::Reverse(session.last_active_at));
    sessions
}

/// List sessions
#[utoipa::path(
    get,
    path = "/v1/me/sessions",
    tag = "Me",
    responses((status = 200, description = "The sessions of the login.", body = SessionsResponse))
)]
pub async fn list_sessions(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
) -> Result<Json<SessionsResponse>, ApiError> {
    call.own()?;
    let sessions = deps.sessions.list_sessions(call.session.login_id).await?;
    let sessions = open(sessions, call.now());
    let items = sessions
        .iter()
        .map(|session| SessionResponse::of(session, &call.session));
    Ok(Json(SessionsResponse {
        items: items.collect(),
    }))
}

/// End a session
#[utoipa::path(
    delete,
    path = "/v1/me/sessions/{session_id}",
    tag = "Me",
    params(SessionPath),
    responses(
        (status = 204, description = "The session has ended."),
        (status = 404, description = "There is no such session.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn end_session(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
    ApiPath(path): ApiPath<SessionPath>,
) -> Result<Response, ApiError> {
    call.own()?;
    let sessions = deps.sessions.list_sessions(call.session.login_id).await?;
    let ended = sessions
        .into_iter()
        .find(|session| wire_id(session) == path.session_id)
        .ok_or_else(|| ApiError::not_found("session"))?;
    let is_current = ended.hash == call.session.hash;
    end(&deps, &call, &[ended.hash]).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if is_current {
        cookies::add(response.headers_mut(), [cookies::clear(cookies::SESSION)]);
    }
    Ok(response)
}

/// End all other sessions
#[utoipa::path(
    post,
    path = "/v1/me/sessions/end-others",
    tag = "Me",
    responses((status = 204, description = "Only the session of this call is left."))
)]
pub async fn end_other_sessions(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
) -> Result<StatusCode, ApiError> {
    call.own()?;
    let sessions = deps.sessions.list_sessions(call.session.login_id).await?;
    let others: Vec<String> = sessions
        .into_iter()
        .map(|session| session.hash)
        .filter(|hash| *hash != call.session.hash)
        .collect();
    if !others.is_empty() {
        end(&deps, &call, &others).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn end(deps: &Deps, call: &LoginCall, hashes: &[String]) -> Result<(), ApiError> {
    let id = call.session.login_id;
    let login = super::me::read(deps, id).await?;
    let places = deps.logins.accounts(id).await?;
    let (event, facts) = (Event::LoginSignedOut(id), json!({"sessions": hashes.len()}));
    let now = call.now();
    let audits = records::audits(deps, (&login, &places), (event, &facts), &call.origin, now);
    deps.sessions.end_sessions(id, hashes, &audits).await?;
    records::log_events(&audits, event);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use vestibule_domain::{
        ids::LoginId,
        team::session::{Device, SESSION_LIFE, SignInMethod},
    };

    fn session(hash: &str, last_active_at: i64) -> Session {
        let at = Timestamp::from_millis;
        Session {
            login_id: LoginId::derive(&["ana"]),
            hash: hash.to_owned(),
            method: SignInMethod::Password,
            stage: SessionStage::Full,
            factor_at: None,
            device: Device::default(),
            created_at: at(0),
            expires_at: at(0).plus(SESSION_LIFE),
            last_active_at: at(last_active_at),
            has_factor: false,
            login_version: 1,
            seen: BTreeMap::new(),
        }
    }

    #[test]
    fn a_sessions_id_is_26_letters_and_digits_that_are_not_its_hash() {
        let id = wire_id(&session("00ff", 0));
        assert_eq!(id.len(), 26);
        assert_ne!(id, wire_id(&session("00fe", 0)));
        assert!(
            id.bytes()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        );
    }

    #[test]
    fn only_open_sessions_are_listed_the_latest_activity_first() {
        let waiting = Session {
            stage: SessionStage::AwaitingFactor,
            ..session("waiting", 3)
        };
        let ended = Session {
            expires_at: Timestamp::from_millis(5),
            ..session("ended", 4)
        };
        let all = vec![session("a", 1), waiting, ended, session("b", 2)];
        let listed = open(all, Timestamp::from_millis(5));
        let hashes: Vec<_> = listed.iter().map(|one| one.hash.as_str()).collect();
        assert_eq!(hashes, ["b", "a"]);
    }
}
