//! Ports of the admin API. Every change includes its audit entry, in one transaction.

use crate::{
    AccountScope, PortError, ProjectScope, Timestamp,
    access::closing::Closing,
    account::{
        Account, Client, Environment, Project, ProjectState,
        api_key::ApiKey,
        credential::{Credential, CredentialClaim},
        layout::ProjectLayout,
        proof::{CallerProof, CredentialId},
    },
    chat::{
        kept_block::KeptBlock,
        user::{ChatUser, ChatUserStatus},
    },
    connector::{Connector, ConnectorSummary, ConnectorTest, Provider},
    erasure::Erasure,
    event::AuditEntry,
    ids::{
        AccountId, ApiKeyId, ChatUserId, ClientId, ConnectorId, KeptBlockId, LoginMethodId,
        MemberId, ProjectId, TeamId,
    },
    page::{CountUpTo, ListError, Page, PageRequest},
    ports::{AvatarImage, By},
    team::{invitation::Invitation, login::Login, mail::Mail, member::Member},
};
use async_trait::async_trait;

/// The first account of a stack.
#[derive(Debug, Clone)]
pub struct SetUp {
    /// The account.
    pub account: Account,
    /// The account's default client.
    pub client: Client,
    /// The account's first key.
    pub key: ApiKey,
    /// The receipt, from which a repeated call gets the same answer.
    pub receipt: SetUpReceipt,
    /// The audit entry.
    pub audit: AuditEntry,
}

/// The receipt of a set-up, so that a caller who lost the answer can get it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetUpReceipt {
    /// Id of the new account.
    pub account_id: AccountId,
    /// Name of the new account.
    pub account_name: String,
    /// The account's default client.
    pub client: Client,
    /// Id of the key.
    pub key_id: ApiKeyId,
    /// End of the key's lifetime.
    pub key_expires_at: Timestamp,
    /// Randomness from which, together with the set-up token, the key is made; base64.
    pub salt: String,
    /// SHA-256 of the caller's `Idempotency-Key`, if there was one; lower-case hex.
    pub idempotency_key_hash: Option<String>,
    /// Time of the set-up.
    pub at: Timestamp,
}

/// The outcome of a set-up.
#[derive(Debug, Clone)]
pub enum SetUpOutcome {
    /// The set-up took effect now.
    Done,
    /// The set-up had already been done.
    AlreadyDone(Box<SetUpReceipt>),
}

/// The outcome of a creation. Ids are derived from the caller's `Idempotency-Key` when there is
/// one, so a repeated call finds the record that it made.
#[derive(Debug, Clone)]
pub enum Created<T> {
    /// The record was created now.
    New,
    /// A record with this id already existed.
    Existing(Box<T>),
    /// A record with this id was deleted. Its id is not used again.
    Spent,
}

impl<T> Created<T> {
    /// Converts the existing record.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Created<U> {
        match self {
            Self::New => Created::New,
            Self::Existing(record) => Created::Existing(Box::new(convert(*record))),
            Self::Spent => Created::Spent,
        }
    }
}

/// A further account (SPEC D34): its default client, and its super admin, who joined or is invited.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The account.
    pub account: Account,
    /// The account's default client.
    pub client: Client,
    /// The super admin: active with a login, or pending with an invitation.
    pub member: Member,
    /// The login of an active super admin, at the version that was read. It changes, so that it is not deleted meanwhile
    /// by a call that knows nothing of the account.
    pub login: Option<Login>,
    /// The invitation of a pending super admin.
    pub invitation: Option<Invitation>,
    /// The mail of that invitation; `None` without a sender address.
    pub mail: Option<Mail>,
    /// The audit entry, in the new account.
    pub audit: AuditEntry,
    /// The right of the caller, in the caller's account; `None` with the stack's set-up secret.
    pub proof: Option<CallerProof>,
}

/// A way in for a stack that lost all others (SPEC D30).
#[derive(Debug, Clone)]
pub struct Recovery {
    /// The account.
    pub account: Account,
    /// The invitation of a super admin, with its pending member. None for the reset of a factor alone.
    pub invitation: Option<Invitation>,
    /// The invited member. One that exists already is at the version that was read.
    pub member: Option<Member>,
    /// The mail of the invitation; `None` without a sender address.
    pub mail: Option<Mail>,
    /// The login whose second factor is removed, at the version that was read.
    pub factor_reset: Option<Login>,
    /// SHA-256 of the set-up secret's value, lower-case hex. A value counts once.
    pub value_hash: String,
    /// The audit entry.
    pub audit: AuditEntry,
}

/// The outcome of a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryOutcome {
    /// It took effect.
    Done,
    /// The value of the set-up secret was used before.
    Used,
}

/// The store of the account itself.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Reads a row, which need not exist, to see whether the store answers.
    async fn answers(&self) -> Result<(), PortError>;
    /// Creates the first account, once per stack. One that was made for the first admin's invitation keeps its
    /// name, and gets the key.
    async fn set_up(&self, set_up: &SetUp) -> Result<SetUpOutcome, PortError>;
    /// Returns the account.
    async fn get_account(&self, scope: AccountScope) -> Result<Option<Account>, PortError>;
    /// Stores an account made from the record at `account.version`. `tried` is a login method that must have been
    /// tried at that moment, as single sign-on only needs one. `Conflict` when the record changed, or the method did.
    async fn update_account(
        &self,
        account: &Account,
        tried: Option<LoginMethodId>,
        by: By<'_>,
    ) -> Result<(), PortError>;
    /// Creates a further account.
    async fn create_account(&self, new: &NewAccount) -> Result<Created<Account>, PortError>;
    /// Makes a way in, once for each value of the set-up secret.
    async fn recover(&self, recovery: &Recovery) -> Result<RecoveryOutcome, PortError>;
    /// Returns the account's default client.
    async fn default_client(&self, scope: AccountScope) -> Result<Option<Client>, PortError>;
}

/// The store of callers' credentials, of every kind.
#[async_trait]
pub trait CredentialStore: Send + Sync {
    /// Finds the credential that is claimed. Only [`Credential::caller`] decides whether it is
    /// valid and proves the claim.
    async fn find_credential(
        &self,
        claim: &CredentialClaim,
    ) -> Result<Option<Credential>, PortError>;
    /// Does the same, and returns the state of a project of the account that is claimed, in the same read. Like
    /// everything that is read under a claim, it counts once the claim is proven.
    async fn find_credential_beside(
        &self,
        claim: &CredentialClaim,
        _project: ProjectId,
    ) -> Result<(Option<Credential>, ProjectState), PortError> {
        let found = self.find_credential(claim).await?;
        Ok((found, ProjectState::Active))
    }
    /// Records a use: a key's day, a session's activity, and that this member was seen, whom the session was proven
    /// to be. Best effort; a credential that was revoked meanwhile stays revoked.
    async fn note_use(
        &self,
        credential: &Credential,
        member: Option<MemberId>,
        now: Timestamp,
    ) -> Result<(), PortError>;
}

/// The store of API keys.
#[async_trait]
pub trait ApiKeyStore: Send + Sync {
    /// Adds a key.
    async fn insert_key(&self, key: &ApiKey, by: By<'_>) -> Result<(), PortError>;
    /// Lists the account's keys, in the order of creation.
    async fn list_keys(
        &self,
        scope: AccountScope,
        page: &PageRequest,
    ) -> Result<Page<ApiKey>, ListError>;
    /// Returns the key with this id, unless it was revoked.
    async fn get_key(&self, scope: AccountScope, id: ApiKeyId)
    -> Result<Option<ApiKey>, PortError>;
    /// Stores a later end of the key at `key.version`. `Conflict` when the key changed or was revoked.
    async fn renew_key(&self, key: &ApiKey, by: By<'_>) -> Result<(), PortError>;
    /// Stores a new secret of the key at `before.version`; the replaced one is taken until
    /// `after.previous` ends. `Conflict` when the key changed or was revoked.
    async fn rotate_key(
        &self,
        after: &ApiKey,
        before: &ApiKey,
        by: By<'_>,
    ) -> Result<(), PortError>;
    /// Revokes keys at once, all or none of them, at most [`KEYS_ENDED_MAX`]. A key that is gone already does no
    /// harm.
    async fn delete_keys(&self, keys: &[ApiKey], by: By<'_>) -> Result<KeyEnding, PortError>;
    /// Returns the keys that calls with this credential made.
    async fn made_by(
        &self,
        scope: AccountScope,
        credential: &CredentialId,
    ) -> Result<Vec<ApiKey>, PortError>;
}

/// Keys that one call can revoke.
pub const KEYS_ENDED_MAX: usize = 18;

/// The outcome of revoking keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyEnding {
    /// They are revoked.
    Done,
    /// No other way into the account would be left. Nothing was revoked.
    LastWay,
}

/// The store of projects.
#[async_trait]
pub trait ProjectStore: Send + Sync {
    /// Creates a project with its environments.
    async fn create_project(
        &self,
        project: &Project,
        environments: &[Environment],
        audit: &AuditEntry,
    ) -> Result<Created<Project>, PortError>;
    /// Returns one project.
    async fn get_project(
        &self,
        scope: AccountScope,
        id: ProjectId,
    ) -> Result<Option<Project>, PortError>;
    /// Lists the account's projects that are archived, or those that are not.
    async fn list_projects(
        &self,
        scope: AccountScope,
        archived: bool,
        page: &PageRequest,
    ) -> Result<Page<Project>, ListError>;
    /// Stores a project made from the record at `project.version`. `Conflict` when the record changed.
    async fn update_project(&self, project: &Project, audit: &AuditEntry) -> Result<(), PortError>;
    /// Stores a project that is archived or taken back, made from the record at `project.version`. Its connectors
    /// follow in the same transaction, except where there are too many for one: then the first of them precede it.
    /// `Conflict` when the project, its layout or a connector changed.
    async fn archive_project(&self, project: &Project, audit: &AuditEntry)
    -> Result<(), PortError>;
    /// Returns what goes with a project at once.
    async fn project_remains(&self, scope: ProjectScope) -> Result<ProjectRemains, PortError>;
    /// Deletes a project with connectors of it, and leaves the order to remove everything else in it. `Conflict` when
    /// the project, its layout or a connector changed.
    async fn delete_project(
        &self,
        deletion: &ProjectDeletion<'_>,
        by: By<'_>,
    ) -> Result<(), PortError>;
    /// Like [`update_project`](Self::update_project), and leaves an erasure of the messages that are no
    /// longer kept in the same transaction, with an outbox mark due at `due`.
    async fn update_and_erase(
        &self,
        project: &Project,
        erasure: &Erasure,
        due: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
}

/// Records that are deleted together with a project.
#[derive(Debug, Clone)]
pub struct ProjectRemains {
    /// The layout.
    pub layout: ProjectLayout,
    /// The connectors.
    pub connectors: Vec<Connector>,
}

/// Connectors that one transaction deletes with their project.
pub const DELETED_CONNECTORS_MAX: usize = 15;

/// The deletion of a project.
#[derive(Debug, Clone, Copy)]
pub struct ProjectDeletion<'a> {
    /// The project, as it was read.
    pub project: &'a Project,
    /// Its connectors, as they were read: all that are left, at most [`DELETED_CONNECTORS_MAX`].
    pub connectors: &'a [Connector],
    /// The version of its layout.
    pub layout_version: u64,
    /// The order to remove everything else.
    pub erasure: &'a Erasure,
    /// Time at which the outbox mark of the order is due.
    pub due: Timestamp,
}

/// The effects of a change of a connector's policy (SPEC A42).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PolicyEffects {
    /// Pending requests that would be closed.
    pub requests_closed: CountUpTo,
    /// People let in because the connector was open who would continue without approval.
    pub chat_users_kept: CountUpTo,
    /// People let in because the connector was open who would need approval.
    pub chat_users_needing_approval: CountUpTo,
}

/// The store of connectors.
#[async_trait]
pub trait ConnectorStore: Send + Sync {
    /// Creates a connector. `Conflict` when its client was deleted meanwhile.
    async fn create_connector(
        &self,
        connector: &Connector,
        audit: &AuditEntry,
    ) -> Result<Created<Connector>, PortError>;
    /// Returns one connector.
    async fn get_connector(
        &self,
        scope: ProjectScope,
        id: ConnectorId,
    ) -> Result<Option<Connector>, PortError>;
    /// Whether the account has this team, which a connector is to name.
    async fn has_team(&self, scope: AccountScope, id: TeamId) -> Result<bool, PortError>;
    /// Lists the project's connectors.
    async fn list_connectors(
        &self,
        scope: ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<Connector>, ListError>;
    /// Stores a connector made from the record at `connector.version`. `Conflict` when the record changed.
    async fn update_connector(
        &self,
        connector: &Connector,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
    /// Records an action on a connector that changed nothing.
    async fn record(&self, audit: &AuditEntry) -> Result<(), PortError>;
    /// Records a test of a connector, in place of the one before.
    async fn record_test(
        &self,
        id: ConnectorId,
        test: &ConnectorTest,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
    /// Returns what is shown beside each of these connectors of a project, in their order. In a project from before
    /// numbers of requests were kept, pending ones are counted among the newest 300.
    async fn summaries(
        &self,
        scope: ProjectScope,
        ids: &[ConnectorId],
    ) -> Result<Vec<ConnectorSummary>, PortError>;
    /// Like [`update_connector`](Self::update_connector), and leaves a closing of its pending requests
    /// in the same transaction, with an outbox mark due at `due`.
    async fn update_and_close(
        &self,
        connector: &Connector,
        closing: &Closing,
        due: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
    /// Stores a connector made from the record at `connector.version` that passes from the client `from` to
    /// another, and leaves a closing of its pending requests in the same transaction if one is given, with an
    /// outbox mark due at the time beside it. `Conflict` when the record changed, or the client was deleted.
    async fn update_and_pass_on(
        &self,
        connector: &Connector,
        from: ClientId,
        closing: Option<(&Closing, Timestamp)>,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
    /// Counts the effects on requests and people of changing the connector from `before` to `after`.
    async fn policy_effects(
        &self,
        before: &Connector,
        after: &Connector,
    ) -> Result<PolicyEffects, PortError>;
    /// Deletes the connector as it was read, and leaves a closing of its pending requests in the
    /// same transaction, with an outbox mark due at `due`. `Conflict` when the connector changed
    /// since.
    async fn delete_connector(
        &self,
        connector: &Connector,
        closing: &Closing,
        due: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
}

/// A filter for lists of chat users.
#[derive(Debug, Clone, Default)]
pub struct ChatUserFilter {
    /// Only with this status.
    pub status: Option<ChatUserStatus>,
    /// Only from this platform.
    pub provider: Option<Provider>,
    /// Only hits of this search. Then the list is in the order of the search, whatever the page's. See
    /// [`texts_of_chat_user`](crate::search::texts_of_chat_user).
    pub query: Option<String>,
}

impl ChatUserFilter {
    /// Whether the filter keeps this chat user, apart from the search.
    #[must_use]
    pub fn keeps(&self, user: &ChatUser) -> bool {
        let of_provider = |provider: &Provider| user.identity.provider == *provider;
        self.status.is_none_or(|status| user.status() == status)
            && self.provider.as_ref().is_none_or(of_provider)
    }

    /// The filter without the search, as a text; empty if it keeps everybody.
    #[must_use]
    pub fn rest(&self) -> String {
        if self.status.is_none() && self.provider.is_none() {
            return String::new();
        }
        format!("{:?}|{:?}", self.status, self.provider)
    }
}

/// The store of chat users for admins.
#[async_trait]
pub trait ChatUserStore: Send + Sync {
    /// Returns one chat user.
    async fn get_chat_user(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
    ) -> Result<Option<ChatUser>, PortError>;
    /// Returns a chat user's picture, if we keep a copy.
    async fn get_avatar(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
    ) -> Result<Option<AvatarImage>, PortError>;
    /// Lists the project's chat users.
    async fn list_chat_users(
        &self,
        scope: ProjectScope,
        filter: &ChatUserFilter,
        page: &PageRequest,
    ) -> Result<Page<ChatUser>, ListError>;
    /// Counts the project's chat users with this status, one by one.
    async fn count_chat_users(
        &self,
        scope: ProjectScope,
        status: ChatUserStatus,
    ) -> Result<CountUpTo, PortError>;
    /// Makes a person a stranger, in one transaction: the record as it was read, the picture, the second id
    /// and the standings go, except for [a wish for silence](crate::access::standing::Standing::erased). A block becomes a
    /// [`KeptBlock`]. Leaves an erasure of the rest, with an outbox mark due at `due`. `Conflict` when the person wrote
    /// or was changed meanwhile.
    async fn erase_chat_user(
        &self,
        user: &ChatUser,
        erasure: &Erasure,
        due: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
    /// Returns the erasure of this person that is under way.
    async fn find_erasure(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
    ) -> Result<Option<Erasure>, PortError>;
    /// Stores a chat user made from the record at `user.version`. `Conflict` when the record changed.
    async fn update_chat_user(
        &self,
        scope: ProjectScope,
        user: &ChatUser,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
    /// Lists the project's blocks whose people are erased, by the time of the block.
    async fn list_kept_blocks(
        &self,
        scope: ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<KeptBlock>, ListError>;
    /// Returns one block whose person is erased.
    async fn get_kept_block(
        &self,
        scope: ProjectScope,
        id: KeptBlockId,
    ) -> Result<Option<KeptBlock>, PortError>;
    /// Lifts a block whose person is erased, as it was read, under every id. `Conflict` when it changed.
    async fn lift_kept_block(
        &self,
        scope: ProjectScope,
        block: &KeptBlock,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
}
