//! The browser that calls an open route.

use crate::{
    Deps, cookies,
    tokens::{self, LoginClaim},
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use std::sync::Arc;
use vestibule_admin::{CallOrigin, csrf, problem::ApiError};
use vestibule_domain::{
    Timestamp,
    account::credential::{Credential, CredentialClaim},
    ids::LoginId,
    ports::DeviceToken,
    secret::Secret,
    team::{
        login::Login,
        session::{Device, Session},
    },
};

/// The browser that calls an open route. Taking it as an argument refuses calls of other sites.
#[derive(Debug)]
pub struct Visitor {
    /// The origin of the call.
    pub origin: CallOrigin,
    /// The claim of the session's cookie.
    pub session: Option<LoginClaim>,
    /// The device's cookie.
    pub device: Option<KnownDevice>,
}

/// A device's cookie. It has the right form; whether a login knows it is another question.
#[derive(Debug, Clone)]
pub struct KnownDevice {
    /// The token.
    pub token: Secret,
    /// SHA-256 of the token.
    pub hash: String,
}

impl FromRequestParts<Arc<Deps>> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, deps: &Arc<Deps>) -> Result<Self, ApiError> {
        csrf::check(parts, &deps.admin)?;
        let origin = parts.extensions.get::<CallOrigin>().cloned();
        let session = cookies::read(&parts.headers, cookies::SESSION);
        let device = cookies::read(&parts.headers, cookies::DEVICE);
        Ok(Self {
            origin: origin.unwrap_or_default(),
            session: session.and_then(tokens::read_session),
            device: device.and_then(known_device),
        })
    }
}

impl Visitor {
    /// The device as it is recorded.
    #[must_use]
    pub fn device(&self) -> Device {
        device(&self.origin)
    }

    /// The hash of the device's cookie, if the login knows it. One read with a cookie, none without,
    /// whether or not there is such a login.
    pub async fn known_to(
        &self,
        deps: &Deps,
        login_id: LoginId,
        login: Option<&Login>,
    ) -> Result<Option<&KnownDevice>, ApiError> {
        let Some(device) = &self.device else {
            return Ok(None);
        };
        let is_known = is_known(deps, login_id, login, &device.hash).await?;
        Ok(is_known.then_some(device))
    }
}

/// Whether the login knows the browser with the token of this hash.
pub async fn is_known(
    deps: &Deps,
    login_id: LoginId,
    login: Option<&Login>,
    hash: &str,
) -> Result<bool, ApiError> {
    let seen_at = deps.sessions.device_seen_at(login_id, hash).await?;
    let known = login.zip(seen_at);
    Ok(known.is_some_and(|(login, seen_at)| login.knows_browser_of(seen_at)))
}

/// The browser that calls with these headers, if the login knows it.
pub async fn known_browser(
    deps: &Deps,
    headers: &HeaderMap,
    login: &Login,
) -> Result<Option<DeviceToken>, ApiError> {
    let cookie = cookies::read(headers, cookies::DEVICE);
    let Some(hash) = cookie.and_then(tokens::read_device) else {
        return Ok(None);
    };
    let is_known = is_known(deps, login.id, Some(login), &hash).await?;
    Ok(is_known.then_some(DeviceToken { hash }))
}

/// The device of a call, as it is recorded.
#[must_use]
pub fn device(origin: &CallOrigin) -> Device {
    Device::new(origin.user_agent.as_deref(), origin.source_ip.as_deref())
}

fn known_device(token: &str) -> Option<KnownDevice> {
    Some(KnownDevice {
        hash: tokens::read_device(token)?,
        token: Secret::new(token),
    })
}

/// The session that a claim proves, whatever its stage.
pub async fn session_of(
    deps: &Deps,
    claim: &LoginClaim,
    now: Timestamp,
) -> Result<Option<Session>, ApiError> {
    let claim = CredentialClaim::Session {
        login_id: claim.login_id,
        hash: claim.hash.clone(),
        account_id: None,
    };
    let found = deps.admin.credentials.find_credential(&claim).await?;
    Ok(found.and_then(|found| proven(found, &claim, now)))
}

fn proven(found: Credential, claim: &CredentialClaim, now: Timestamp) -> Option<Session> {
    let (Credential::Session { session, .. }, CredentialClaim::Session { login_id, hash, .. }) =
        (found, claim)
    else {
        return None;
    };
    let is_proven = session.login_id == *login_id && session.hash == *hash && session.holds(now);
    is_proven.then_some(session)
}
