//! One call: its caller or login, its origin, and the audit entries of its changes.

use crate::{CallOrigin, problem::ApiError};
use axum::{extract::FromRequestParts, http::request::Parts};
use std::{fmt, sync::Arc};
use vestibule_domain::{
    AccountScope, Clock, PortError, Timestamp,
    account::{
        actor::Actor,
        credential::{Caller, Missing, Refusal},
    },
    event::{AuditEntry, Change, told::Told},
    ids::{AuditId, ClientId, EnvironmentId, IdSource},
    ports::{AuditStore, By, CredentialStore, ThrottleStore},
    team::session::Session,
};

/// Ports of the shell.
#[derive(Clone)]
pub struct AdminState {
    /// The credentials of callers.
    pub credentials: Arc<dyn CredentialStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of new ids.
    pub ids: Arc<dyn IdSource>,
    /// `PUBLIC_URL`: the origin of this site, if it is not the gateway's own.
    pub public_url: Option<String>,
    /// The audit log, for refused attempts.
    pub audit: Arc<dyn AuditStore>,
    /// Throttles, so that refused attempts do not fill it.
    pub throttles: Arc<dyn ThrottleStore>,
}

impl fmt::Debug for AdminState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminState").finish_non_exhaustive()
    }
}

/// A call whose caller is authenticated and has the route's permission. Handlers take it as an
/// argument; only the route's declaration creates it.
#[derive(Debug, Clone)]
pub struct Call {
    /// The authenticated caller.
    pub caller: Caller,
    /// The origin of the call.
    pub origin: CallOrigin,
    state: AdminState,
}

impl Call {
    pub(crate) fn new(caller: Caller, origin: CallOrigin, state: AdminState) -> Self {
        Self {
            caller,
            origin,
            state,
        }
    }

    /// The account whose records the caller may touch.
    #[must_use]
    pub const fn scope(&self) -> AccountScope {
        self.caller.scope
    }

    /// The actor under which the caller's changes are recorded.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.caller.actor
    }

    /// Whether the caller may know of a record of this environment. For a caller that is limited to one
    /// environment, no other record exists: the answer is that to an unknown id.
    #[must_use]
    pub fn may_know_of(&self, environment_id: Option<EnvironmentId>) -> bool {
        knows_of(self.caller.environment_id, environment_id)
    }

    /// Whether the caller may know of a record of this client (SPEC B39). For others, the answer is that to an
    /// unknown id.
    #[must_use]
    pub fn may_serve(&self, client_id: ClientId) -> bool {
        self.caller.clients.contains(client_id)
    }

    /// Narrows the environment by which a list is filtered to those of which the caller may know. `false` if
    /// nothing is left.
    #[must_use]
    pub fn narrow(&self, filter: &mut Option<EnvironmentId>) -> bool {
        if filter.is_none() {
            *filter = self.caller.environment_id;
        }
        knows_of(self.caller.environment_id, *filter)
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.state.clock.now()
    }

    /// The source of new ids.
    #[must_use]
    pub fn ids(&self) -> &dyn IdSource {
        self.state.ids.as_ref()
    }

    /// The audit entry of a change that this call makes.
    #[must_use]
    pub fn audit(&self, change: Change, at: Timestamp) -> AuditEntry {
        AuditEntry {
            id: self.audit_id(),
            scope: self.scope(),
            at,
            actor: self.actor().clone(),
            change,
            request_id: self.origin.request_id.clone(),
            told: Told::default(),
        }
    }

    /// Draws the id of an audit entry.
    #[must_use]
    pub fn audit_id(&self) -> AuditId {
        AuditId::new(self.ids().draw())
    }

    /// The author of a change with this audit entry, for a store that checks the caller's right once more.
    #[must_use]
    pub const fn by<'a>(&'a self, audit: &'a AuditEntry) -> By<'a> {
        By {
            audit,
            proof: &self.caller.proof,
        }
    }
}

/// A call of somebody who is signed in, whatever the account. Handlers take it as an argument; only the route's
/// declaration creates it.
#[derive(Debug, Clone)]
pub struct LoginCall {
    /// The session, which is complete and has not ended.
    pub session: Session,
    /// The origin of the call.
    pub origin: CallOrigin,
    /// The call in the account that it names, if the session opens that account.
    pub account: Option<Call>,
    /// The reason why the session does not open the account that the call names.
    pub refused: Option<Refusal>,
    state: AdminState,
}

impl LoginCall {
    pub(crate) fn new(
        session: Session,
        origin: CallOrigin,
        account: Result<Option<Caller>, Refusal>,
        state: AdminState,
    ) -> Self {
        let refused = account.as_ref().err().copied();
        let account = account.ok().flatten();
        Self {
            account: account.map(|caller| Call::new(caller, origin.clone(), state.clone())),
            session,
            origin,
            refused,
            state,
        }
    }

    /// Checks that the login signed in by what is its own. What concerns a login as a whole is not for a
    /// provider that an account chose (SPEC D27).
    pub fn own(&self) -> Result<(), ApiError> {
        if self.session.is_own_sign_in() {
            Ok(())
        } else {
            Err(ApiError::sign_in_insufficient(Missing::OwnSignIn))
        }
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.state.clock.now()
    }

    /// The source of new ids.
    #[must_use]
    pub fn ids(&self) -> &dyn IdSource {
        self.state.ids.as_ref()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LoginCall {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or_else(undeclared)
    }
}

/// The error of a handler that asks who calls where the route's declaration does not.
fn undeclared() -> ApiError {
    PortError::corrupt(
        "route",
        "its handler asks who calls, its declaration does not",
    )
    .into()
}

/// Whether a record of this environment exists for a caller with this limit.
fn knows_of(limit: Option<EnvironmentId>, environment_id: Option<EnvironmentId>) -> bool {
    limit.is_none() || limit == environment_id
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // An open route has no caller.
        parts.extensions.get().cloned().ok_or_else(undeclared)
    }
}

/// Logs a change that took effect.
pub fn log(entry: &AuditEntry) {
    let event = entry.change.event;
    tracing::info!(
        change.action = event.key(),
        change.target = event.target(),
        actor.id = %entry.actor.id,
        "{}",
        event.key()
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixtures::{Stores, session},
        problem::SIGN_IN_INSUFFICIENT,
    };
    use vestibule_domain::{
        ids::{AccountId, LoginMethodId},
        team::{identity::IdentityHash, session::SignInMethod},
    };

    /// SPEC D27.
    #[test]
    fn a_providers_session_is_not_the_logins_own() {
        let call = |method| {
            let session = Session {
                method,
                ..session()
            };
            let state = Stores::default().state();
            LoginCall::new(session, CallOrigin::default(), Ok(None), state)
        };
        assert!(call(SignInMethod::Password).own().is_ok());
        let provider = SignInMethod::Provider {
            account_id: AccountId::derive(&["a"]),
            method_id: LoginMethodId::derive(&["m"]),
            identity: IdentityHash::oidc("https://idp.example", "1"),
        };
        let refused = call(provider).own().unwrap_err();
        assert_eq!(refused.kind(), &SIGN_IN_INSUFFICIENT);
    }

    #[test]
    fn a_caller_of_one_environment_knows_of_no_record_of_another_or_of_none() {
        let [one, other] = ["e", "f"].map(|name| Some(EnvironmentId::derive(&[name])));
        for (limit, environment_id, knows) in [
            (None, None, true),
            (None, one, true),
            (one, one, true),
            (one, other, false),
            (one, None, false),
        ] {
            assert_eq!(knows_of(limit, environment_id), knows);
        }
    }
}
