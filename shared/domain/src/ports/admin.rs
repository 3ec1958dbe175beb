//! What the admin API needs. Every change takes its audit entry and is one transaction with it.

use crate::{
    AccountScope, PortError, ProjectScope, Timestamp,
    access::closing::Closing,
    access::request::{AccessRequest, DecideOutcome, Preview, RequestDecision, RequestStatus},
    access::standing::Standing,
    account::{
        Account, Client, Environment, Project,
        api_key::ApiKey,
        credential::{Credential, CredentialClaim},
    },
    chat::user::{ChatUser, ChatUserStatus},
    connector::{Connector, Provider},
    event::AuditEntry,
    ids::{
        AccessRequestId, AccountId, ApiKeyId, ChatUserId, ConnectorId, EnvironmentId, ProjectId,
    },
    page::{ListError, Page, PageRequest},
    ports::AvatarImage,
};
use async_trait::async_trait;

/// The first account of a stack.
#[derive(Debug, Clone)]
pub struct SetUp {
    /// The account.
    pub account: Account,
    /// Its default client.
    pub client: Client,
    /// Its first key.
    pub key: ApiKey,
    /// How to give the same answer once more.
    pub receipt: SetUpReceipt,
    /// The record.
    pub audit: AuditEntry,
}

/// What is kept of a set-up, so that a caller whose answer got lost can have it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetUpReceipt {
    /// The account that was made.
    pub account_id: AccountId,
    /// Its name.
    pub account_name: String,
    /// Its default client.
    pub client: Client,
    /// The key's id.
    pub key_id: ApiKeyId,
    /// When the key expires.
    pub key_expires_at: Timestamp,
    /// Randomness from which, with the set-up token, the key is made; base64.
    pub salt: String,
    /// SHA-256 of the caller's `Idempotency-Key`, if it gave one; lower-case hex.
    pub idempotency_key_hash: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// How a set-up ended.
#[derive(Debug, Clone)]
pub enum SetUpOutcome {
    /// It took effect now.
    Done,
    /// It was done before.
    AlreadyDone(Box<SetUpReceipt>),
}

/// How a creation ended. Ids are derived from the caller's `Idempotency-Key` when there is one, so
/// a repeated call meets the record it made.
#[derive(Debug, Clone)]
pub enum Created<T> {
    /// It was made now.
    New,
    /// A record with this id was there already.
    Existing(Box<T>),
}

/// The account itself.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Makes the first account, once per stack.
    async fn set_up(&self, set_up: &SetUp) -> Result<SetUpOutcome, PortError>;
    /// The account's default client.
    async fn default_client(&self, scope: AccountScope) -> Result<Option<Client>, PortError>;
}

/// The credentials of callers, of whatever kind.
#[async_trait]
pub trait CredentialStore: Send + Sync {
    /// The credential that is claimed. Whether it holds and proves the claim is for
    /// [`Credential::caller`] to say.
    async fn find_credential(
        &self,
        claim: &CredentialClaim,
    ) -> Result<Option<Credential>, PortError>;
    /// Notes the day of use. Best effort; a credential that was taken back meanwhile stays so.
    async fn note_use(&self, credential: &Credential, now: Timestamp) -> Result<(), PortError>;
}

/// API keys.
#[async_trait]
pub trait ApiKeyStore: Send + Sync {
    /// Adds a key.
    async fn insert_key(&self, key: &ApiKey, audit: &AuditEntry) -> Result<(), PortError>;
    /// The account's keys, in the order they were made.
    async fn list_keys(
        &self,
        scope: AccountScope,
        page: &PageRequest,
    ) -> Result<Page<ApiKey>, ListError>;
    /// The key with this id, unless it was revoked.
    async fn get_key(&self, scope: AccountScope, id: ApiKeyId)
    -> Result<Option<ApiKey>, PortError>;
    /// Revokes a key at once. `false` when there is none with this id.
    async fn delete_key(
        &self,
        scope: AccountScope,
        id: ApiKeyId,
        audit: &AuditEntry,
    ) -> Result<bool, PortError>;
}

/// Projects.
#[async_trait]
pub trait ProjectStore: Send + Sync {
    /// Makes a project with its environments.
    async fn create_project(
        &self,
        project: &Project,
        environments: &[Environment],
        audit: &AuditEntry,
    ) -> Result<Created<Project>, PortError>;
    /// One project.
    async fn get_project(
        &self,
        scope: AccountScope,
        id: ProjectId,
    ) -> Result<Option<Project>, PortError>;
    /// The account's projects.
    async fn list_projects(
        &self,
        scope: AccountScope,
        page: &PageRequest,
    ) -> Result<Page<Project>, ListError>;
    /// Stores a project made from the record at `project.version`. `Conflict` when that changed.
    async fn update_project(&self, project: &Project, audit: &AuditEntry) -> Result<(), PortError>;
}

/// Environments.
#[async_trait]
pub trait EnvironmentStore: Send + Sync {
    /// Makes an environment.
    async fn create_environment(
        &self,
        environment: &Environment,
        audit: &AuditEntry,
    ) -> Result<Created<Environment>, PortError>;
    /// One environment.
    async fn get_environment(
        &self,
        scope: ProjectScope,
        id: EnvironmentId,
    ) -> Result<Option<Environment>, PortError>;
    /// The project's environments, in the order they were made.
    async fn list_environments(
        &self,
        scope: ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<Environment>, ListError>;
    /// Stores an environment made from the record at `environment.version`. `Conflict` when that
    /// changed.
    async fn update_environment(
        &self,
        environment: &Environment,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
}

/// A number that is not counted to its end when it is large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountUpTo {
    /// How many were counted.
    pub count: u32,
    /// Whether there may be more.
    pub more: bool,
}

/// What a change of a connector's policy would mean (SPEC A42).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PolicyEffects {
    /// Pending requests that would be closed.
    pub requests_closed: CountUpTo,
    /// People once let in because the connector was open who would go on without approval.
    pub chat_users_kept: CountUpTo,
    /// Such people who would need approval.
    pub chat_users_needing_approval: CountUpTo,
}

/// Connectors.
#[async_trait]
pub trait ConnectorStore: Send + Sync {
    /// Makes a connector.
    async fn create_connector(
        &self,
        connector: &Connector,
        audit: &AuditEntry,
    ) -> Result<Created<Connector>, PortError>;
    /// One connector.
    async fn get_connector(
        &self,
        scope: ProjectScope,
        id: ConnectorId,
    ) -> Result<Option<Connector>, PortError>;
    /// The project's connectors.
    async fn list_connectors(
        &self,
        scope: ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<Connector>, ListError>;
    /// Stores a connector made from the record at `connector.version`. `Conflict` when that
    /// changed.
    async fn update_connector(
        &self,
        connector: &Connector,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
    /// Records what was done with a connector and changed nothing.
    async fn record(&self, audit: &AuditEntry) -> Result<(), PortError>;
    /// Like [`update_connector`](Self::update_connector), and leaves a closing of its pending requests
    /// in the same transaction, with an outbox mark due at `due`.
    async fn update_and_close(
        &self,
        connector: &Connector,
        closing: &Closing,
        due: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
    /// What a change of the connector from `before` to `after` would mean for requests and people.
    async fn policy_effects(
        &self,
        before: &Connector,
        after: &Connector,
    ) -> Result<PolicyEffects, PortError>;
    /// Deletes the connector as read, and leaves a closing of its pending requests in the same
    /// transaction, with an outbox mark due at `due`. `Conflict` when it changed since.
    async fn delete_connector(
        &self,
        connector: &Connector,
        closing: &Closing,
        due: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
}

/// Which chat users are wanted.
#[derive(Debug, Clone, Default)]
pub struct ChatUserFilter {
    /// With this status only.
    pub status: Option<ChatUserStatus>,
    /// Of this platform only.
    pub provider: Option<Provider>,
}

/// Chat users, as admins see them.
#[async_trait]
pub trait ChatUserStore: Send + Sync {
    /// One chat user.
    async fn get_chat_user(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
    ) -> Result<Option<ChatUser>, PortError>;
    /// Their picture, if we keep a copy.
    async fn get_avatar(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
    ) -> Result<Option<AvatarImage>, PortError>;
    /// The project's chat users.
    async fn list_chat_users(
        &self,
        scope: ProjectScope,
        filter: &ChatUserFilter,
        page: &PageRequest,
    ) -> Result<Page<ChatUser>, ListError>;
    /// Stores a chat user made from the record at `user.version`. `Conflict` when that changed.
    async fn update_chat_user(
        &self,
        scope: ProjectScope,
        user: &ChatUser,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
}

/// Which access requests are wanted.
#[derive(Debug, Clone, Default)]
pub struct AccessRequestFilter {
    /// With this status only.
    pub status: Option<RequestStatus>,
    /// Of this connector only.
    pub connector_id: Option<ConnectorId>,
    /// Of this platform only.
    pub provider: Option<Provider>,
    /// Made at or after.
    pub created_after: Option<Timestamp>,
    /// Made before.
    pub created_before: Option<Timestamp>,
}

/// A request with what is shown beside it.
#[derive(Debug, Clone)]
pub struct AccessRequestView {
    /// The request.
    pub request: AccessRequest,
    /// Who asks.
    pub chat_user: Option<ChatUser>,
    /// How they stand at the connector: message counts and the fate of the onboarding message.
    pub standing: Option<Standing>,
    /// The beginning of the message that made the request, if it is kept.
    pub preview: Option<Preview>,
}

/// Access requests, as admins see them.
#[async_trait]
pub trait AccessRequestStore: Send + Sync {
    /// One request.
    async fn get_access_request(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
    ) -> Result<Option<AccessRequestView>, PortError>;

    /// One request by itself.
    async fn find_access_request(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
    ) -> Result<Option<AccessRequest>, PortError>;

    /// The project's requests.
    async fn list_access_requests(
        &self,
        scope: ProjectScope,
        filter: &AccessRequestFilter,
        page: &PageRequest,
    ) -> Result<Page<AccessRequestView>, ListError>;

    /// Decides a pending request: request, grant, standing and audit entry, all or nothing. Of two
    /// decisions one takes effect, and the other learns of it. An approval leaves what follows it on
    /// the standing, with an outbox mark.
    async fn decide(
        &self,
        request: &AccessRequest,
        decision: &RequestDecision,
        audit: &AuditEntry,
    ) -> Result<DecideOutcome, PortError>;
}
