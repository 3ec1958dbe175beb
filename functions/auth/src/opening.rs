//! Sessions: made, opened after a sign-in, and replaced at a change of rights, when the token is a new one
//! too (SPEC D28).

use crate::{
    Deps, cookies, records,
    tokens::{self, LoginClaim},
    visitor::{KnownDevice, Visitor},
};
use axum::http::HeaderValue;
use futures_util::future::try_join;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use vestibule_admin::problem::ApiError;
use vestibule_domain::{
    Timestamp,
    event::Event,
    ids::LoginId,
    ports::{AccountPlace, DeviceToken, LoginChange, Opening},
    team::{
        login::Login,
        mail::MailKind,
        session::{
            AWAITING_FACTOR_LIFE, Device, SESSION_LIFE, SESSIONS_MAX, Session, SessionStage,
            SignInMethod,
        },
    },
};

/// Outcome of a sign-in whose credentials are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum SignInStatus {
    /// The session is open.
    #[serde(rename = "signed_in")]
    SignedIn,
    /// The second factor is asked for.
    #[serde(rename = "factor_required")]
    FactorRequired,
}

/// A session that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The outcome.
    pub status: SignInStatus,
    /// Values of `Set-Cookie`.
    pub cookies: Vec<HeaderValue>,
}

/// The session of a sign-in by password from this device.
#[must_use]
pub fn new_session(login: &Login, hash: String, device: Device, now: Timestamp) -> Session {
    Session {
        login_id: login.id,
        hash,
        method: SignInMethod::Password,
        stage: SessionStage::Full,
        factor_at: None,
        device,
        created_at: now,
        expires_at: now.plus(SESSION_LIFE),
        last_active_at: now,
        has_factor: login.confirmed_factor().is_some(),
        login_version: login.version,
        seen: BTreeMap::new(),
    }
}

/// Lets a session wait for its second factor.
#[must_use]
pub fn awaiting_factor(session: Session) -> Session {
    Session {
        stage: SessionStage::AwaitingFactor,
        expires_at: session.created_at.plus(AWAITING_FACTOR_LIFE),
        ..session
    }
}

/// Completes a session that waited for its second factor, or lacked one.
#[must_use]
pub fn with_factor(session: Session, now: Timestamp) -> Session {
    let (created_at, expires_at) = match session.stage {
        SessionStage::AwaitingFactor => (now, now.plus(SESSION_LIFE)),
        SessionStage::Full => (session.created_at, session.expires_at),
    };
    Session {
        stage: SessionStage::Full,
        factor_at: Some(now),
        created_at,
        expires_at,
        last_active_at: now,
        has_factor: true,
        ..session
    }
}

/// The record of a login for which a session is opened.
#[derive(Debug)]
pub struct Known<'a> {
    /// Its accounts, which are told.
    pub places: &'a [AccountPlace],
    /// Its sessions, of which some may have to end.
    pub sessions: &'a [Session],
    /// The device, if the login knows it.
    pub device: Option<&'a KnownDevice>,
    /// Whether a link makes or renews the login at this moment. Whoever has that link needs no mail about the device.
    pub is_new: bool,
}

impl Known<'static> {
    /// A login that a link makes or renews.
    pub const NEW: Self = Self {
        places: &[],
        sessions: &[],
        device: None,
        is_new: true,
    };
}

/// A session on its way, with what is written beside it.
#[derive(Debug)]
pub struct Prepared {
    /// The session.
    pub session: Session,
    /// The changes beside it.
    pub opening: Opening,
    /// Values of `Set-Cookie` for when it is stored.
    pub cookies: Vec<HeaderValue>,
}

impl Prepared {
    /// Tells of a session that was stored: to the log, and by mail.
    pub async fn stored(self, deps: &Deps) -> Opened {
        let status = match self.session.stage {
            SessionStage::Full => SignInStatus::SignedIn,
            SessionStage::AwaitingFactor => SignInStatus::FactorRequired,
        };
        if status == SignInStatus::SignedIn {
            let event = Event::LoginSignedIn(self.session.login_id);
            records::log_events(&self.opening.audits, event);
        }
        records::enqueue(deps, self.opening.mail.as_ref()).await;
        Opened {
            status,
            cookies: self.cookies,
        }
    }
}

/// Prepares a session after what is the login's own: its password, or a link that makes or renews it. It waits for
/// the second factor, if the login has one.
pub fn prepare(
    deps: &Deps,
    visitor: &Visitor,
    login: &Login,
    known: &Known<'_>,
) -> Result<Prepared, ApiError> {
    let now = deps.admin.clock.now();
    let token = tokens::session(login.id, deps.random.as_ref())?;
    let mut session = new_session(login, token.hash, visitor.device(), now);
    if session.has_factor {
        session = awaiting_factor(session);
    }
    let (device_token, device_hash) = if let Some(device) = known.device {
        (device.token.clone(), device.hash.clone())
    } else {
        let drawn = tokens::device(deps.random.as_ref())?;
        (drawn.token, drawn.hash)
    };
    let audits = match session.stage {
        SessionStage::Full => {
            let event = Event::LoginSignedIn(login.id);
            let after = records::device_facts(&session.device);
            let places = known.places;
            records::audits(deps, (login, places), (event, &after), &visitor.origin, now)
        }
        SessionStage::AwaitingFactor => Vec::new(),
    };
    let mail = if known.device.is_none() && !known.is_new {
        let device = session.device.clone();
        records::login_mail(deps, login, MailKind::NewDevice { device, at: now }, now)
    } else {
        None
    };
    let opening = Opening {
        end: ending(known.sessions, login.id, visitor.session.as_ref()),
        device: DeviceToken { hash: device_hash },
        mail,
        audits,
    };
    Ok(Prepared {
        session,
        opening,
        cookies: vec![
            session_cookie(token.token.reveal()),
            cookies::set(cookies::DEVICE, device_token.reveal(), cookies::DEVICE_AGE),
        ],
    })
}

/// Opens a session after the login's own password. `device` is the one that signs in, if the login knows it.
pub async fn sign_in(
    deps: &Deps,
    visitor: &Visitor,
    login: &Login,
    device: Option<&KnownDevice>,
) -> Result<Opened, ApiError> {
    let places = deps.logins.accounts(login.id);
    let sessions = deps.sessions.list_sessions(login.id);
    let (places, sessions) = try_join(places, sessions).await?;
    let known = Known {
        places: &places,
        sessions: &sessions,
        device,
        is_new: false,
    };
    let prepared = prepare(deps, visitor, login, &known)?;
    let stored = deps
        .sessions
        .open_session(&prepared.session, &prepared.opening);
    stored.await?;
    Ok(prepared.stored(deps).await)
}

/// The sessions that end when one more is opened by the login's own credentials: the one of the same browser,
/// and the oldest where there are too many. Sessions through providers neither count nor end, so that no
/// account's provider pushes the login's own ones out.
fn ending(sessions: &[Session], login_id: LoginId, browser: Option<&LoginClaim>) -> Vec<String> {
    let browser = browser.filter(|claim| claim.login_id == login_id);
    let is_browsers = |session: &&Session| browser.is_some_and(|claim| claim.hash == session.hash);
    let mut own: Vec<&Session> = sessions
        .iter()
        .filter(|session| session.is_own_sign_in() && !is_browsers(session))
        .collect();
    own.sort_by_key(|session| session.created_at);
    let surplus = (own.len() + 1).saturating_sub(SESSIONS_MAX);
    let oldest = own.into_iter().take(surplus);
    oldest
        .chain(sessions.iter().filter(is_browsers))
        .map(|session| session.hash.clone())
        .collect()
}

/// Changes a login and replaces the session that asks for it: `session` gets a new token, and the old one
/// ends. One that ended meanwhile is not replaced. Returns the cookie.
pub async fn change_login(
    deps: &Deps,
    after: &Login,
    mut session: Session,
    mut change: LoginChange,
) -> Result<HeaderValue, ApiError> {
    let token = tokens::session(after.id, deps.random.as_ref())?;
    change.end_sessions.retain(|ended| *ended != session.hash);
    change.replaces = Some(std::mem::replace(&mut session.hash, token.hash));
    change.session = Some(session);
    deps.logins.update_login(after, &change).await?;
    records::enqueue(deps, change.mail.as_ref()).await;
    Ok(session_cookie(token.token.reveal()))
}

/// The cookie of a session.
#[must_use]
pub fn session_cookie(token: &str) -> HeaderValue {
    cookies::set(cookies::SESSION, token, cookies::SESSION_AGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        account::email_address::EmailAddress,
        ids::{AccountId, LoginMethodId},
        team::{identity::IdentityHash, login::Preferences},
    };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn login() -> Login {
        Login {
            id: LoginId::derive(&["ana"]),
            email: EmailAddress::parse("ana@example.com").unwrap(),
            address_since: at(0),
            name: "Ana".to_owned(),
            verified_at: Some(at(0)),
            password: None,
            factor: None,
            preferences: Preferences::default(),
            left_at: None,
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn session(hash: &str, created_at: i64) -> Session {
        new_session(&login(), hash.to_owned(), Device::default(), at(created_at))
    }

    fn claim(hash: &str) -> LoginClaim {
        LoginClaim {
            login_id: login().id,
            hash: hash.to_owned(),
        }
    }

    #[test]
    fn a_sign_in_ends_the_session_of_its_browser_and_the_oldest_beyond_fifty() {
        let sessions: Vec<_> = (0..50).rev().map(|n| session(&n.to_string(), n)).collect();
        let ended = |sessions: &[Session], browser: Option<&LoginClaim>| {
            ending(sessions, login().id, browser)
        };
        assert_eq!(ended(&sessions, None), ["0"]);
        assert_eq!(ended(&sessions, Some(&claim("7"))), ["7"]);
        assert_eq!(ended(&sessions, Some(&claim("gone"))), ["0"]);
        assert!(ended(&sessions[..49], None).is_empty());
        let other = LoginClaim {
            login_id: LoginId::derive(&["bob"]),
            hash: "7".to_owned(),
        };
        assert!(ended(&sessions[..49], Some(&other)).is_empty());
    }

    /// SPEC D27: what one account chose does nothing to the login.
    #[test]
    fn sessions_through_providers_push_none_of_the_logins_own_out_and_end_for_none() {
        let through_provider = |n: i64| Session {
            method: SignInMethod::Provider {
                account_id: AccountId::derive(&["hostile"]),
                method_id: LoginMethodId::derive(&["m"]),
                identity: IdentityHash::oidc("https://hostile.example", "x"),
            },
            ..session(&format!("p{n}"), n)
        };
        let mut sessions: Vec<_> = (0..100).map(through_provider).collect();
        sessions.push(session("own", 500));
        assert!(ending(&sessions, login().id, None).is_empty());
    }

    #[test]
    fn a_session_waits_for_its_factor_ten_minutes_and_lives_seven_days_from_then() {
        let waiting = awaiting_factor(session("a", 1000));
        assert!(waiting.holds(at(1000 + 599_999)));
        assert!(!waiting.holds(at(1000 + 600_000)));
        let complete = with_factor(waiting, at(300_000));
        assert_eq!(complete.stage, SessionStage::Full);
        assert_eq!(complete.factor_at, Some(at(300_000)));
        assert_eq!(complete.expires_at, at(300_000).plus(SESSION_LIFE));
        // A full session that gives its factor later does not live longer for it.
        let later = with_factor(session("b", 0), at(300_000));
        assert_eq!(later.expires_at, at(0).plus(SESSION_LIFE));
    }
}
