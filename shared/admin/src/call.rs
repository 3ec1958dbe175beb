//! One call: its caller, its origin, and the audit entries of its changes.

use crate::{CallOrigin, problem::ApiError};
use axum::{extract::FromRequestParts, http::request::Parts};
use std::{fmt, sync::Arc};
use vestibule_domain::{
    AccountScope, Clock, PortError, Timestamp,
    account::{actor::Actor, credential::Caller},
    event::{AuditEntry, Change},
    ids::{AuditId, IdSource},
    ports::CredentialStore,
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
        }
    }

    /// Draws the id of an audit entry.
    #[must_use]
    pub fn audit_id(&self) -> AuditId {
        AuditId::new(self.ids().draw())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // An open route has no caller.
        parts.extensions.get().cloned().ok_or_else(|| {
            PortError::corrupt(
                "route",
                "its handler asks who calls, its declaration does not",
            )
            .into()
        })
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
