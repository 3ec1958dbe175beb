//! Events in an account. Audit entries and log lines of changes take their words from here.

use crate::{
    AccountScope, Timestamp,
    account::actor::Actor,
    ids::{
        AccessRequestId, AccountId, ApiKeyId, AuditId, ChatUserId, ConnectorId, ConversationId,
        EnvironmentId, ProjectId,
    },
};
use serde_json::Value;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident($id:ident) = $key:literal),* $(,)?) => {
        /// An event with its target. Its key is `<kind of thing>.<past participle>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $name($id)),*
        }

        impl Event {
            /// The keys of all events. A key never changes once entries with it are stored.
            pub const KEYS: &[&str] = &[$($key),*];

            /// The key of the event.
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
    /// The stack's first account was created.
    AccountSetUp(AccountId) = "account.set_up",
    /// An API key was created.
    ApiKeyCreated(ApiKeyId) = "api_key.created",
    /// An API key was revoked.
    ApiKeyRevoked(ApiKeyId) = "api_key.revoked",
    /// A project was created.
    ProjectCreated(ProjectId) = "project.created",
    /// A project was changed.
    ProjectUpdated(ProjectId) = "project.updated",
    /// Deliveries and messages of a project that were given up were tried again.
    ProjectDeliveriesRedriven(ProjectId) = "project.deliveries_redriven",
    /// An environment was created.
    EnvironmentCreated(EnvironmentId) = "environment.created",
    /// An environment was changed.
    EnvironmentUpdated(EnvironmentId) = "environment.updated",
    /// A test delivery was sent to an environment's agent.
    EnvironmentTested(EnvironmentId) = "environment.tested",
    /// An environment's agent got a new signing secret.
    EnvironmentSecretRotated(EnvironmentId) = "environment.signing_secret_rotated",
    /// A connector was created.
    ConnectorCreated(ConnectorId) = "connector.created",
    /// A connector was changed.
    ConnectorUpdated(ConnectorId) = "connector.updated",
    /// A connector was deleted.
    ConnectorDeleted(ConnectorId) = "connector.deleted",
    /// A connector's credentials were tried at its platform.
    ConnectorTested(ConnectorId) = "connector.tested",
    /// A connector got a new webhook secret.
    ConnectorSecretRotated(ConnectorId) = "connector.webhook_secret_rotated",
    /// A platform accepted a connector's webhook address.
    ConnectorConnected(ConnectorId) = "connector.connected",
    /// A platform did not accept a connector's webhook address.
    ConnectorConnectFailed(ConnectorId) = "connector.connect_failed",
    /// A caller received instructions for entering a connector's webhook address by hand.
    ConnectorConnectAsked(ConnectorId) = "connector.connect_asked",
    /// A chat user was blocked.
    ChatUserBlocked(ChatUserId) = "chat_user.blocked",
    /// A chat user was unblocked.
    ChatUserUnblocked(ChatUserId) = "chat_user.unblocked",
    /// A conversation was handed off to people.
    ConversationHandedOff(ConversationId) = "conversation.handed_off",
    /// A conversation was given back to the agent.
    ConversationGivenBack(ConversationId) = "conversation.given_back",
    /// A chat user was erased.
    ChatUserErased(ChatUserId) = "chat_user.erased",
    /// A conversation was closed.
    ConversationClosed(ConversationId) = "conversation.closed",
    /// A conversation was opened again.
    ConversationReopened(ConversationId) = "conversation.reopened",
    /// An access request was approved.
    AccessRequestApproved(AccessRequestId) = "access_request.approved",
    /// An access request was rejected.
    AccessRequestRejected(AccessRequestId) = "access_request.rejected",
}

impl Event {
    /// The target of the event: `connector:01J…`.
    #[must_use]
    pub fn target(self) -> String {
        let kind = self.key().split('.').next().unwrap_or_default();
        format!("{kind}:{}", self.target_id())
    }
}

/// An event with the changed values, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The event.
    pub event: Event,
    /// The target before the event; null when there was none.
    pub before: Value,
    /// The target after the event; null when it no longer exists.
    pub after: Value,
}

/// A record of who did what, written in the same transaction as the change (SPEC G02).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Id of the entry; sorts by time.
    pub id: AuditId,
    /// The account.
    pub scope: AccountScope,
    /// Time of the change.
    pub at: Timestamp,
    /// The author of the change.
    pub actor: Actor,
    /// The change and its target.
    pub change: Change,
    /// The API call that made the change, or the request whose approval implied it.
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
            "chat_user.erased",
            "chat_user.unblocked",
            "connector.connect_asked",
            "connector.connect_failed",
            "connector.connected",
            "connector.created",
            "connector.deleted",
            "connector.tested",
            "connector.updated",
            "connector.webhook_secret_rotated",
            "conversation.closed",
            "conversation.given_back",
            "conversation.handed_off",
            "conversation.reopened",
            "environment.created",
            "environment.signing_secret_rotated",
            "environment.tested",
            "environment.updated",
            "project.created",
            "project.deliveries_redriven",
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
