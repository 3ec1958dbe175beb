//! Ports of an account's people, and of what only they may change.

use crate::{
    AccountScope, PortError, Timestamp,
    account::{Account, Client, actor::Actor},
    event::AuditEntry,
    ids::{
        AccountId, AuditId, ClientId, ConnectorId, InvitationId, LoginMethodId, MemberId,
        ProjectId, TeamId,
    },
    page::{ListError, Page, PageRequest},
    ports::{By, Created, Opening},
    team::{
        identity::AccountIdentity,
        invitation::{Invitation, InvitationStatus},
        login::Login,
        login_method::LoginMethod,
        mail::Mail,
        member::{Member, MemberStatus},
        role::{RoleKey, Roles},
        session::Session,
    },
};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeMap;

/// A filter for lists of members.
#[derive(Debug, Clone, Default)]
pub struct MemberFilter {
    /// Only with this role.
    pub role: Option<RoleKey>,
    /// Only with this status.
    pub status: Option<MemberStatus>,
    /// Only of this team.
    pub team_id: Option<TeamId>,
}

/// The time at which each member was last seen in their account.
pub type LastSeen = BTreeMap<MemberId, Timestamp>;

/// The outcome of a change of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberOutcome {
    /// It took effect.
    Done,
    /// No active super admin would be left. Nothing was changed.
    LastSuperAdmin,
}

/// The store of members and roles.
#[async_trait]
pub trait MemberStore: Send + Sync {
    /// Returns one member.
    async fn get_member(
        &self,
        scope: AccountScope,
        id: MemberId,
    ) -> Result<Option<Member>, PortError>;
    /// Returns the account's custom roles.
    async fn roles(&self, scope: AccountScope) -> Result<Roles, PortError>;
    /// Lists the account's members, except removed ones, by name.
    async fn list_members(
        &self,
        scope: AccountScope,
        filter: &MemberFilter,
        page: &PageRequest,
    ) -> Result<Page<Member>, ListError>;
    /// Returns some of the members with this role, of any status but removed.
    async fn members_with_role(
        &self,
        scope: AccountScope,
        role: &RoleKey,
        limit: u16,
    ) -> Result<Vec<Member>, PortError>;
    /// Returns when these members were last seen in their account, those who were.
    async fn last_seen(&self, members: &[&Member]) -> Result<LastSeen, PortError>;
    /// Stores a member made from the record at `before.version`, and revokes these invitations. A removal also
    /// drops the login's pointer and the address, and revokes the member's pending invitation. An account keeps
    /// an active super admin, whatever races (SPEC D26). `Conflict` when a record changed.
    async fn update_member(
        &self,
        after: &Member,
        before: &Member,
        revoke: &[Invitation],
        by: By<'_>,
    ) -> Result<MemberOutcome, PortError>;
    /// Orders to requeue what these members may not have, once [`OUTBOX_PATIENCE`](crate::ports::OUTBOX_PATIENCE) is over.
    async fn order_requeue(
        &self,
        scope: AccountScope,
        members: &[MemberId],
        by: By<'_>,
    ) -> Result<(), PortError>;
    /// Stores the roles made from those at `roles.version`, with orders to requeue what these members may not have any
    /// more. `Conflict` when they changed.
    async fn save_roles(
        &self,
        roles: &Roles,
        scope: AccountScope,
        requeue: &[MemberId],
        by: By<'_>,
    ) -> Result<(), PortError>;
}

/// A new invitation with its pending member.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// The pending member.
    pub member: Member,
    /// The mail; `None` without a sender address, or if the link is to be copied.
    pub mail: Option<Mail>,
    /// The invitation of the same address that it replaces, as it was read. It is revoked.
    pub replaces: Option<Invitation>,
}

/// The outcome of inviting.
#[derive(Debug, Clone)]
pub enum Invited {
    /// The invitation was made now.
    New,
    /// An invitation with this id already existed.
    Existing(Box<Invitation>),
    /// The address has a member in this account, with this invitation if there is one.
    Taken(Box<Member>, Option<Box<Invitation>>),
}

/// An invitation with the records shown beside it.
#[derive(Debug, Clone)]
pub struct InvitationView {
    /// The invitation.
    pub invitation: Invitation,
    /// Its member.
    pub member: Member,
    /// Its mails, the latest first. A list has the latest only.
    pub mails: Vec<Mail>,
}

/// The login of an acceptance.
#[derive(Debug, Clone)]
pub enum AcceptingLogin {
    /// One that accepting makes.
    New(Login),
    /// One that exists, at the version that was read.
    Existing(Login),
    /// An unproven one, which the link renews.
    Renewed(RenewedLogin),
}

/// A login that a link renews: what was set before ends, whoever set it (SPEC D24, D30). So do the identities that accounts
/// bound to it, all but that of the acceptance.
#[derive(Debug, Clone)]
pub struct RenewedLogin {
    /// The login as it is afterwards, at the version that was read.
    pub login: Login,
    /// The hashes of its sessions. All end, one whose opening is on its way included.
    pub ended: Vec<String>,
    /// Its members without the limits that end with the proof of the invited address, each at the version that was
    /// read.
    pub freed: Vec<Member>,
}

impl AcceptingLogin {
    /// The login.
    #[must_use]
    pub const fn login(&self) -> &Login {
        match self {
            Self::New(login) | Self::Existing(login) => login,
            Self::Renewed(renewed) => &renewed.login,
        }
    }
}

/// An acceptance of an invitation.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// The invitation as it was read.
    pub invitation: Invitation,
    /// The member, active and with its login, made from the record at `member.version`.
    pub member: Member,
    /// The login.
    pub login: AcceptingLogin,
    /// Version of the roles by which the member's rights were compared with those for which the link was made;
    /// `None` if they did not decide. `Conflict` when they changed.
    pub roles_version: Option<u64>,
    /// The session that accepting opens.
    pub session: Option<Session>,
    /// The changes beside the session.
    pub opening: Option<Opening>,
    /// The identity that accepting binds.
    pub identity: Option<AccountIdentity>,
    /// The audit entry.
    pub audit: AuditEntry,
}

/// The outcome of an acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// The login is a member.
    Joined,
    /// The invitation cannot be accepted.
    NotPending(InvitationStatus),
    /// A login with this address was made meanwhile.
    AddressTaken,
    /// The login is a member already.
    AlreadyMember,
}

/// The store of invitations.
#[async_trait]
pub trait InvitationStore: Send + Sync {
    /// Adds an invitation with its member and mail. The mail's mark is due at once.
    async fn invite(&self, new: &NewInvitation, by: By<'_>) -> Result<Invited, PortError>;
    /// Returns one invitation with the records shown beside it.
    async fn get_invitation(
        &self,
        scope: AccountScope,
        id: InvitationId,
    ) -> Result<Option<InvitationView>, PortError>;
    /// Lists the account's invitations, by creation.
    async fn list_invitations(
        &self,
        scope: AccountScope,
        page: &PageRequest,
    ) -> Result<Page<InvitationView>, ListError>;
    /// Stores an invitation made from the record at `invitation.version`, with its member at `member.version`
    /// and a further mail if they are given. `Conflict` when a record changed.
    async fn update_invitation(
        &self,
        invitation: &Invitation,
        member: Option<&Member>,
        mail: Option<&Mail>,
        by: By<'_>,
    ) -> Result<(), PortError>;
    /// Notes that a link was opened, the first time.
    async fn note_opened(
        &self,
        scope: AccountScope,
        id: InvitationId,
        at: Timestamp,
    ) -> Result<(), PortError>;
    /// Accepts a pending invitation: invitation, member, login, session and identity, all or nothing. The time
    /// is checked in the same write.
    async fn accept(&self, acceptance: &Acceptance) -> Result<Accepted, PortError>;
}

/// The outcome of a change after which a login method may let nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MethodOutcome {
    /// It is done.
    Done,
    /// Members sign in at a provider only, and no other login method was tried. Nothing was changed.
    LastTried,
}

/// The store of login methods. Each change is also one of
/// [`AccountRules::methods`](crate::account::rules::AccountRules::methods).
#[async_trait]
pub trait LoginMethodStore: Send + Sync {
    /// Returns all login methods of the account.
    async fn list_methods(&self, scope: AccountScope) -> Result<Vec<LoginMethod>, PortError>;
    /// Returns one login method.
    async fn get_method(
        &self,
        scope: AccountScope,
        id: LoginMethodId,
    ) -> Result<Option<LoginMethod>, PortError>;
    /// Creates a login method.
    async fn create_method(
        &self,
        method: &LoginMethod,
        by: By<'_>,
    ) -> Result<Created<LoginMethod>, PortError>;
    /// Stores a login method made from the record at `method.version`. An account of single sign-on only keeps one
    /// that was tried. `Conflict` when the record changed.
    async fn update_method(
        &self,
        method: &LoginMethod,
        by: By<'_>,
    ) -> Result<MethodOutcome, PortError>;
    /// Deletes the login method as it was read. An account of single sign-on only keeps one that was tried.
    /// `Conflict` when the record changed.
    async fn delete_method(
        &self,
        method: &LoginMethod,
        by: By<'_>,
    ) -> Result<MethodOutcome, PortError>;
}

/// The place of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectorPlace {
    /// The project.
    pub project_id: ProjectId,
    /// The connector.
    pub connector_id: ConnectorId,
}

/// The outcome of deleting a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientDeletion {
    /// It is deleted. No connector can name it from now on.
    Done,
    /// These connectors name it. Nothing was deleted.
    InUse(Vec<ConnectorPlace>),
}

/// The store of clients. A client belongs to the account of the change's audit entry.
#[async_trait]
pub trait ClientStore: Send + Sync {
    /// Lists the account's clients, by name.
    async fn list_clients(
        &self,
        scope: AccountScope,
        page: &PageRequest,
    ) -> Result<Page<Client>, ListError>;
    /// Returns one client.
    async fn get_client(
        &self,
        scope: AccountScope,
        id: ClientId,
    ) -> Result<Option<Client>, PortError>;
    /// Creates a client.
    async fn create_client(
        &self,
        client: &Client,
        by: By<'_>,
    ) -> Result<Created<Client>, PortError>;
    /// Stores a client made from the record at `client.version`. `Conflict` when the record changed.
    async fn update_client(&self, client: &Client, by: By<'_>) -> Result<(), PortError>;
    /// Deletes the client as it was read, unless connectors name it. `Conflict` when the record changed.
    async fn delete_client(&self, client: &Client, by: By<'_>)
    -> Result<ClientDeletion, PortError>;
}

/// A filter for the audit log.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only with this key of an event.
    pub action: Option<String>,
    /// Only about this target.
    pub target: Option<String>,
    /// Only at this time or later.
    pub from: Option<Timestamp>,
    /// Only before this time.
    pub to: Option<Timestamp>,
}

/// An audit entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAuditEntry {
    /// Id of the entry; sorts by time.
    pub id: AuditId,
    /// Time of the change.
    pub at: Timestamp,
    /// The author of the change.
    pub actor: Actor,
    /// The key of the event.
    pub action: String,
    /// The target of the event.
    pub target: String,
    /// The target before the event.
    pub before: Value,
    /// The target after the event.
    pub after: Value,
    /// The API call that made the change.
    pub request_id: String,
}

/// The store of the audit log. Nothing changes or deletes an entry.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Lists entries. A page may be short, or empty, before the last one.
    async fn list_audit(
        &self,
        scope: AccountScope,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<StoredAuditEntry>, ListError>;
    /// Adds an entry of what changed nothing.
    async fn append(&self, entry: &AuditEntry) -> Result<(), PortError>;
}

/// The state of the stack's set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetUpState {
    /// The first account.
    pub account_id: AccountId,
    /// Time of the set-up.
    pub at: Timestamp,
    /// Time at which the first super admin was invited.
    pub admin_invited_at: Option<Timestamp>,
    /// Whether the account's first key was made.
    pub key_set_up: bool,
    /// Time of the last recovery.
    pub recovered_at: Option<Timestamp>,
}

/// Reads the state of the stack's set-up.
#[async_trait]
pub trait SetUpReader: Send + Sync {
    /// Returns the state; `None` before the set-up.
    async fn set_up_state(&self) -> Result<Option<SetUpState>, PortError>;
}

/// Counts orders of the first super admin's invitation.
#[async_trait]
pub trait FirstAdminOrders: Send + Sync {
    /// Counts an order if one is due: nobody was invited, and the orders before are long enough ago (see
    /// [`wait_after_orders`](crate::team::first_admin::wait_after_orders)). `true` for the one of several callers that is
    /// to make it.
    async fn count_due_order(&self, now: Timestamp) -> Result<bool, PortError>;
}

/// The invitation of the stack's first super admin.
#[derive(Debug, Clone)]
pub struct FirstAdmin {
    /// The first account with its default client, if there is none yet.
    pub account: Option<(Account, Client)>,
    /// The account.
    pub scope: AccountScope,
    /// The invitation.
    pub invitation: Invitation,
    /// The pending member.
    pub member: Member,
    /// The mail; `None` without a sender address.
    pub mail: Option<Mail>,
    /// The audit entry.
    pub audit: AuditEntry,
}

/// The store of the first super admin's invitation.
#[async_trait]
pub trait FirstAdminStore: Send + Sync {
    /// Returns the name of the account, as it is now.
    async fn account_name(&self, scope: AccountScope) -> Result<Option<String>, PortError>;
    /// Invites the first super admin, once per stack. `false` if that was done before.
    async fn invite_first_admin(&self, first: &FirstAdmin) -> Result<bool, PortError>;
}
