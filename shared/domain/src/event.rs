//! What happens in an account. Audit entries and log lines of changes derive their words from here.

use crate::{
    AccountScope, Timestamp,
    account::actor::Actor,
    ids::{
        AccessRequestId, AccountId, ApiKeyId, AuditId, ChatUserId, ConnectorId, EnvironmentId,
        ProjectId,
    },
};
use serde_json::Value;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident($id:ident) = $key:literal),* $(,)?) => {
        /// Something that happened, and to what. Its key is `<kind of thing>.<past participle>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $name($id)),*
        }

        impl Event {
            /// The keys of all events. Those of stored entries never change.
            pub const KEYS: &[&str] = &[$($key),*];

            /// Its key.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name(_) => $key),* }
            }

            fn target_id(self) -> String {
                match self { $(Self::$name(id) => id.to_string()),* }
            }
        }
    };
}

events! {
    /// The stack's first account was made.
    AccountSetUp(AccountId) = "account.set_up",
    /// An API key was made.
    ApiKeyCreated(ApiKeyId) = "api_key.created",
    /// An API key was revoked.
    ApiKeyRevoked(ApiKeyId) = "api_key.revoked",
    /// A project was made.
    ProjectCreated(ProjectId) = "project.created",
    /// A project was changed.
    ProjectUpdated(ProjectId) = "project.updated",
    /// An environment was made.
    EnvironmentCreated(EnvironmentId) = "environment.created",
    /// An environment was changed.
    EnvironmentUpdated(EnvironmentId) = "environment.updated",
    /// A connector was made.
    ConnectorCreated(ConnectorId) = "connector.created",
    /// A connector was changed.
    ConnectorUpdated(ConnectorId) = "connector.updated",
    /// A connector was deleted.
    ConnectorDeleted(ConnectorId) = "connector.deleted",
    /// A connector's credentials were tried at its platform.
    ConnectorTested(ConnectorId) = "connector.tested",
    /// A connector got a new webhook secret.
    ConnectorSecretRotated(ConnectorId) = "connector.webhook_secret_rotated",
    /// A platform was told a connector's webhook address.
    ConnectorConnected(ConnectorId) = "connector.connected",
    /// A platform could not be told a connector's webhook address.
    ConnectorConnectFailed(ConnectorId) = "connector.connect_failed",
    /// Somebody was told how to enter a connector's webhook address by hand.
    ConnectorConnectAsked(ConnectorId) = "connector.connect_asked",
    /// A chat user was blocked.
    ChatUserBlocked(ChatUserId) = "chat_user.blocked",
    /// A chat user was unblocked.
    ChatUserUnblocked(ChatUserId) = "chat_user.unblocked",
    /// An access request was approved.
    AccessRequestApproved(AccessRequestId) = "access_request.approved",
    /// An access request was rejected.
    AccessRequestRejected(AccessRequestId) = "access_request.rejected",
}

impl Event {
    /// To what it happened: `connector:01J…`.
    #[must_use]
    pub fn target(self) -> String {
        let kind = self.key().split('.').next().unwrap_or_default();
        format!("{kind}:{}", self.target_id())
    }
}

/// An event with what it changed, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub event: Event,
    /// What its target was before; null when there was none.
    pub before: Value,
    /// What its target is now; null when it is no more.
    pub after: Value,
}

/// A record of who did what to what, written in the same transaction as the deed (SPEC G02).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id; sorts by time.
    pub id: AuditId,
    /// The account.
    pub scope: AccountScope,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What, and to what.
    pub change: Change,
    /// What it came with: an API call, or the request whose approval implied it.
    pub request_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_keys_of_stored_entries_stay_as_they_are() {
        let stored = [
            "access_request.approved",
            "access_request.rejected",
            "account.set_up",
            "api_key.created",
            "api_key.revoked",
            "chat_user.blocked",
            "chat_user.unblocked",
            "connector.connect_asked",
            "connector.connect_failed",
            "connector.connected",
            "connector.created",
            "connector.deleted",
            "connector.tested",
            "connector.updated",
            "connector.webhook_secret_rotated",
            "environment.created",
            "environment.updated",
            "project.created",
            "project.updated",
        ];
        let keys: BTreeSet<_> = Event::KEYS.iter().copied().collect();
        assert_eq!(keys, BTreeSet::from(stored));
        assert_eq!(keys.len(), Event::KEYS.len());
    }

    #[test]
    fn a_target_names_its_kind_and_its_id() {
        let id = ApiKeyId::derive(&["k"]);
        assert_eq!(Event::ApiKeyRevoked(id).target(), format!("api_key:{id}"));
        let id = AccessRequestId::derive(&["r"]);
        assert_eq!(
            Event::AccessRequestApproved(id).target(),
            format!("access_request:{id}")
        );
    }
}
