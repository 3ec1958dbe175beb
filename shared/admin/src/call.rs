//! One call: who makes it, where it came in, and what it leaves on record.

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

/// What the shell works with.
#[derive(Clone)]
pub struct AdminState {
    /// The credentials of callers.
    pub credentials: Arc<dyn CredentialStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
}

impl fmt::Debug for AdminState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminState").finish_non_exhaustive()
    }
}

/// A call whose caller proved who they are and may do what the route is for. Handlers take it as an
/// argument; only the route's declaration makes it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who calls.
    pub caller: Caller,
    /// Where the call came in.
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

    /// Whose records they may touch.
    #[must_use]
    pub const fn scope(&self) -> AccountScope {
        self.caller.scope
    }

    /// As whom their deeds are recorded.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.caller.actor
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.state.clock.now()
    }

    /// Where new ids come from.
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

    /// A new id of an audit entry.
    #[must_use]
    pub fn audit_id(&self) -> AuditId {
        AuditId::new(self.ids().draw())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // A route that is open to everybody has no caller.
        parts.extensions.get().cloned().ok_or_else(|| {
            PortError::corrupt(
                "route",
                "its handler asks who calls, its declaration does not",
            )
            .into()
        })
    }
}

/// The log line of a change that took effect.
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
