//! Events in an account. Audit entries, log lines of changes and outgoing events take their words from here.
//!
//! | module | contents |
//! |---|---|
//! | [`catalogue`] | the types of outgoing events, and the fields of their data |
//! | [`told`] | what an outgoing event says |
//! | [`outgoing`] | outgoing events, and those of an audit entry |
//! | [`occasions`] | those of changes without an audit entry |
//! | [`routed`] | those of the router |
//! | [`subscription`] | the addresses that hear them |
//! | [`delivery`] | an event on its way to one of them, and when it is tried again |
//! | [`health`] | the breaker before a subscription, and its pause |

pub mod catalogue;
pub mod delivery;
pub mod health;
pub mod occasions;
pub mod outgoing;
pub mod routed;
pub mod subscription;
pub mod told;

use crate::{
    AccountScope, Timestamp,
    account::actor::Actor,
    ids::{
        AccessRequestId, AccountId, ApiKeyId, AuditId, ChatUserId, ClientId, ConnectorId,
        ConversationId, EndUserId, EnvironmentId, ImportId, InvitationId, KeptBlockId, LoginId,
        LoginMethodId, MemberId, ProjectId, RoleId, SubscriptionId, TeamId,
    },
};
use serde_json::Value;
use told::Told;

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
    /// A conversation was offered to the team.
    ConversationOffered(ConversationId) = "conversation.offered",
    /// A conversation was assigned to a member by hand.
    ConversationAssigned(ConversationId) = "conversation.assigned",
    /// A member claimed a conversation.
    ConversationClaimed(ConversationId) = "conversation.claimed",
    /// A conversation was passed on to a member or a team.
    ConversationTransferred(ConversationId) = "conversation.transferred",
    /// A conversation was put back into its queue.
    ConversationRequeued(ConversationId) = "conversation.requeued",
    /// The work on a conversation ended.
    ConversationReleased(ConversationId) = "conversation.released",
    /// A chat user was erased.
    ChatUserErased(ChatUserId) = "chat_user.erased",
    /// A block whose person is erased was lifted.
    KeptBlockLifted(KeptBlockId) = "kept_block.lifted",
    /// A conversation was closed.
    ConversationClosed(ConversationId) = "conversation.closed",
    /// A conversation was opened again.
    ConversationReopened(ConversationId) = "conversation.reopened",
    /// An access request was approved.
    AccessRequestApproved(AccessRequestId) = "access_request.approved",
    /// An access request was rejected.
    AccessRequestRejected(AccessRequestId) = "access_request.rejected",
    /// A further account was created.
    AccountCreated(AccountId) = "account.created",
    /// An account was changed.
    AccountUpdated(AccountId) = "account.updated",
    /// An account was deleted by its last member.
    AccountDeleted(AccountId) = "account.deleted",
    /// An account got a way in again, by the stack's set-up secret.
    AccountRecovered(AccountId) = "account.recovered",
    /// A client was created.
    ClientCreated(ClientId) = "client.created",
    /// A client was changed.
    ClientUpdated(ClientId) = "client.updated",
    /// A client was deleted.
    ClientDeleted(ClientId) = "client.deleted",
    /// A person was invited.
    MemberInvited(MemberId) = "member.invited",
    /// A member was changed.
    MemberUpdated(MemberId) = "member.updated",
    /// A member was suspended.
    MemberSuspended(MemberId) = "member.suspended",
    /// A suspended member was let in again.
    MemberReinstated(MemberId) = "member.reinstated",
    /// A member was removed.
    MemberRemoved(MemberId) = "member.removed",
    /// A member left.
    MemberLeft(MemberId) = "member.left",
    /// An invitee accepted.
    MemberJoined(MemberId) = "member.joined",
    /// A member bound an identity at a provider of the account.
    IdentityBound(MemberId) = "member.identity_bound",
    /// A member disconnected an identity at a provider of the account.
    IdentityUnbound(MemberId) = "member.identity_unbound",
    /// A member's availability was changed.
    MemberAvailabilityChanged(MemberId) = "member.availability_changed",
    /// An invitation was sent again.
    InvitationResent(InvitationId) = "invitation.resent",
    /// An invitation was revoked.
    InvitationRevoked(InvitationId) = "invitation.revoked",
    /// A link of an invitation was copied.
    InvitationLinkCopied(InvitationId) = "invitation.link_copied",
    /// Mail to an invited address was allowed again.
    InvitationMailBlockLifted(InvitationId) = "invitation.mail_block_lifted",
    /// A role was created.
    RoleCreated(RoleId) = "role.created",
    /// A role was changed.
    RoleUpdated(RoleId) = "role.updated",
    /// A role was deleted.
    RoleDeleted(RoleId) = "role.deleted",
    /// A team was created.
    TeamCreated(TeamId) = "team.created",
    /// A team was changed.
    TeamUpdated(TeamId) = "team.updated",
    /// A team was deleted.
    TeamDeleted(TeamId) = "team.deleted",
    /// A channel was added to an account.
    ChannelAdded(AccountId) = "account.channel_added",
    /// A channel of an account was removed.
    ChannelRemoved(AccountId) = "account.channel_removed",
    /// A login method was set up.
    LoginMethodCreated(LoginMethodId) = "login_method.created",
    /// A login method was changed.
    LoginMethodUpdated(LoginMethodId) = "login_method.updated",
    /// A login method was deleted.
    LoginMethodDeleted(LoginMethodId) = "login_method.deleted",
    /// A sign-in by a login method was tried.
    LoginMethodTried(LoginMethodId) = "login_method.tried",
    /// An API key got a later end.
    ApiKeyRenewed(ApiKeyId) = "api_key.renewed",
    /// An API key got a new secret.
    ApiKeyRotated(ApiKeyId) = "api_key.rotated",
    /// A login signed in.
    LoginSignedIn(LoginId) = "login.signed_in",
    /// A sign-in of a login was refused.
    LoginSignInRefused(LoginId) = "login.sign_in_refused",
    /// A login signed out.
    LoginSignedOut(LoginId) = "login.signed_out",
    /// A login got another password.
    LoginPasswordChanged(LoginId) = "login.password_changed",
    /// A login got another address.
    LoginAddressChanged(LoginId) = "login.address_changed",
    /// A login deleted itself. It has left its accounts before, so this stands in no audit log.
    LoginDeleted(LoginId) = "login.deleted",
    /// A login got a second factor.
    LoginFactorSet(LoginId) = "login.factor_set",
    /// A login removed its second factor.
    LoginFactorRemoved(LoginId) = "login.factor_removed",
    /// The operator removed a login's second factor.
    LoginFactorReset(LoginId) = "login.factor_reset",
    /// Access was taken away from a person who had been approved.
    AccessRequestRevoked(AccessRequestId) = "access_request.revoked",
    /// A request was closed because nobody decided it in time.
    AccessRequestExpired(AccessRequestId) = "access_request.expired",
    /// A person lost the access to an environment.
    ChatUserRevoked(ChatUserId) = "chat_user.revoked",
    /// Everything held about a person on a chat platform was exported.
    ChatUserExported(ChatUserId) = "chat_user.exported",
    /// A person was added to the directory.
    EndUserCreated(EndUserId) = "end_user.created",
    /// A person of the directory was changed.
    EndUserUpdated(EndUserId) = "end_user.updated",
    /// A person was removed from the directory.
    EndUserDeleted(EndUserId) = "end_user.deleted",
    /// A chat user was linked to a person of the directory.
    EndUserLinked(EndUserId) = "end_user.linked",
    /// A chat user was unlinked from a person of the directory.
    EndUserUnlinked(EndUserId) = "end_user.unlinked",
    /// Everything held about a person of the directory was exported.
    EndUserExported(EndUserId) = "end_user.exported",
    /// People were exported from the directory.
    DirectoryExported(ProjectId) = "project.directory_exported",
    /// An import of people began.
    ImportStarted(ImportId) = "import.started",
    /// An import of people was cancelled.
    ImportCancelled(ImportId) = "import.cancelled",
    /// An environment was deleted.
    EnvironmentDeleted(EnvironmentId) = "environment.deleted",
    /// The order of a project's environments was changed.
    EnvironmentsReordered(ProjectId) = "project.environments_reordered",
    /// A project was archived.
    ProjectArchived(ProjectId) = "project.archived",
    /// A project was taken back from the archive.
    ProjectRestored(ProjectId) = "project.restored",
    /// A project was deleted with everything in it.
    ProjectDeleted(ProjectId) = "project.deleted",
    /// A call of a proven caller was refused.
    CallRefused(AccountId) = "call.refused",
    /// A subscription was created.
    SubscriptionCreated(SubscriptionId) = "webhook.created",
    /// A subscription was changed.
    SubscriptionUpdated(SubscriptionId) = "webhook.updated",
    /// A subscription was deleted.
    SubscriptionDeleted(SubscriptionId) = "webhook.deleted",
    /// A subscription got a new signing secret.
    SubscriptionSecretRotated(SubscriptionId) = "webhook.signing_secret_rotated",
    /// A test was sent to a subscription.
    SubscriptionTested(SubscriptionId) = "webhook.tested",
    /// A subscription gets no more events, because it failed for days or is gone.
    SubscriptionPaused(SubscriptionId) = "webhook.paused",
    /// A paused subscription gets events again.
    SubscriptionResumed(SubscriptionId) = "webhook.resumed",
    /// An event was sent to a subscription again.
    SubscriptionSentAgain(SubscriptionId) = "webhook.event_sent_again",
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
    /// The content of the change's outgoing event, beyond that of the entry. It is no part of the audit log.
    pub told: Told,
}

impl AuditEntry {
    /// Sets what the outgoing event of the change says beside what the entry shows.
    #[must_use]
    pub fn about(self, told: Told) -> Self {
        Self { told, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Keys in entries that are stored.
    const STORED: [&str; 105] = [
        "access_request.approved",
        "access_request.expired",
        "access_request.rejected",
        "access_request.revoked",
        "account.channel_added",
        "account.channel_removed",
        "account.created",
        "account.deleted",
        "account.recovered",
        "account.set_up",
        "account.updated",
        "api_key.created",
        "api_key.renewed",
        "api_key.revoked",
        "api_key.rotated",
        "call.refused",
        "chat_user.blocked",
        "chat_user.erased",
        "chat_user.exported",
        "chat_user.revoked",
        "chat_user.unblocked",
        "client.created",
        "client.deleted",
        "client.updated",
        "connector.connect_asked",
        "connector.connect_failed",
        "connector.connected",
        "connector.created",
        "connector.deleted",
        "connector.tested",
        "connector.updated",
        "connector.webhook_secret_rotated",
        "conversation.assigned",
        "conversation.claimed",
        "conversation.closed",
        "conversation.given_back",
        "conversation.handed_off",
        "conversation.offered",
        "conversation.released",
        "conversation.reopened",
        "conversation.requeued",
        "conversation.transferred",
        "end_user.created",
        "end_user.deleted",
        "end_user.exported",
        "end_user.linked",
        "end_user.unlinked",
        "end_user.updated",
        "environment.created",
        "environment.deleted",
        "environment.signing_secret_rotated",
        "environment.tested",
        "environment.updated",
        "import.cancelled",
        "import.started",
        "invitation.link_copied",
        "invitation.mail_block_lifted",
        "invitation.resent",
        "invitation.revoked",
        "kept_block.lifted",
        "login.address_changed",
        "login.deleted",
        "login.factor_removed",
        "login.factor_reset",
        "login.factor_set",
        "login.password_changed",
        "login.sign_in_refused",
        "login.signed_in",
        "login.signed_out",
        "login_method.created",
        "login_method.deleted",
        "login_method.tried",
        "login_method.updated",
        "member.availability_changed",
        "member.identity_bound",
        "member.identity_unbound",
        "member.invited",
        "member.joined",
        "member.left",
        "member.reinstated",
        "member.removed",
        "member.suspended",
        "member.updated",
        "project.archived",
        "project.created",
        "project.deleted",
        "project.deliveries_redriven",
        "project.directory_exported",
        "project.environments_reordered",
        "project.restored",
        "project.updated",
        "role.created",
        "role.deleted",
        "role.updated",
        "team.created",
        "team.deleted",
        "team.updated",
        "webhook.created",
        "webhook.deleted",
        "webhook.event_sent_again",
        "webhook.paused",
        "webhook.resumed",
        "webhook.signing_secret_rotated",
        "webhook.tested",
        "webhook.updated",
    ];

    #[test]
    fn the_keys_of_stored_entries_stay_as_they_are() {
        let keys: BTreeSet<_> = Event::KEYS.iter().copied().collect();
        assert_eq!(keys, BTreeSet::from(STORED));
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
