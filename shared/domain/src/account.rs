//! The account and what is set up in it.

pub mod actor;

use crate::{
    Timestamp,
    account::actor::Actor,
    connector::SealedSecrets,
    ids::{AccountId, ApiKeyId, AuditId, ClientId, EnvironmentId, ProjectId},
    scope::{AccountScope, ProjectScope},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A customer or brand that the account serves. A default one exists from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One agent with its environments and connectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Account and id.
    pub scope: ProjectScope,
    /// Its name.
    pub name: String,
    /// Counts changes.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Project {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> ProjectId {
        self.scope.project_id()
    }
}

/// Environments that a new project has.
pub const ENVIRONMENTS_DEFAULT: [&str; 3] = ["Development", "Staging", "Production"];

/// A stage of a project, with the agent that serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its id.
    pub id: EnvironmentId,
    /// Account and project.
    pub scope: ProjectScope,
    /// Its name.
    pub name: String,
    /// Place in the list, from 0.
    pub position: u32,
    /// The agent, once it is named (SPEC F01).
    pub agent: Option<AgentEndpoint>,
    /// See [`Connector::request_hash`](crate::connector::Connector::request_hash).
    pub request_hash: Option<String>,
    /// Counts changes.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Environment {
    /// What the encryption of this environment's signing secret is bound to.
    #[must_use]
    pub fn secret_context(scope: ProjectScope, id: EnvironmentId) -> String {
        format!(
            "{}|{}|{id}|{}",
            scope.account_id(),
            scope.project_id(),
            AgentEndpoint::SIGNING_SECRET
        )
    }
}

/// Where deliveries go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentEndpoint {
    /// An https address.
    pub endpoint: String,
    /// The key of the signature, under the field name [`AgentEndpoint::SIGNING_SECRET`].
    pub signing_secret: SealedSecrets,
}

impl AgentEndpoint {
    /// The field name of the signing secret.
    pub const SIGNING_SECRET: &str = "signing_secret";
}

/// What a caller may do. Spelled `area.verb` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Permission {
    /// Read projects, environments and connectors.
    #[serde(rename = "projects.read")]
    ProjectsRead,
    /// Create and change projects and environments.
    #[serde(rename = "projects.write")]
    ProjectsWrite,
    /// Create, change and delete connectors.
    #[serde(rename = "connectors.write")]
    ConnectorsWrite,
    /// Read chat users.
    #[serde(rename = "chat_users.read")]
    ChatUsersRead,
    /// Block and unblock chat users.
    #[serde(rename = "chat_users.block")]
    ChatUsersBlock,
    /// Read access requests.
    #[serde(rename = "access_requests.read")]
    AccessRequestsRead,
    /// Approve and reject access requests (SPEC B39).
    #[serde(rename = "access_requests.decide")]
    AccessRequestsDecide,
    /// List, create and revoke API keys.
    #[serde(rename = "api_keys.manage")]
    ApiKeysManage,
}

impl Permission {
    /// Every permission there is.
    pub const ALL: [Self; 8] = [
        Self::ProjectsRead,
        Self::ProjectsWrite,
        Self::ConnectorsWrite,
        Self::ChatUsersRead,
        Self::ChatUsersBlock,
        Self::AccessRequestsRead,
        Self::AccessRequestsDecide,
        Self::ApiKeysManage,
    ];
}

/// A script's key (SPEC D29). The key itself is shown once; what is stored is its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The account.
    pub scope: AccountScope,
    /// A name for people.
    pub name: String,
    /// SHA-256 of the key, lower-case hex.
    pub hash: String,
    /// What it may do: never more than its creator could.
    pub permissions: BTreeSet<Permission>,
    /// Who made it.
    pub created_by: Actor,
    /// When.
    pub created_at: Timestamp,
    /// From then on it is refused.
    pub expires_at: Timestamp,
    /// The day of its last use, coarse on purpose.
    pub last_used_at: Option<Timestamp>,
}

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose records they may touch.
    pub scope: AccountScope,
    /// As whom their deeds are recorded.
    pub actor: Actor,
    /// What they may do.
    pub permissions: BTreeSet<Permission>,
    /// Until when their proof holds.
    pub until: Timestamp,
}

impl Caller {
    /// Whether they may.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

impl ApiKey {
    /// The caller that presents this key, unless it has expired.
    #[must_use]
    pub fn caller(&self, now: Timestamp) -> Option<Caller> {
        (now < self.expires_at).then(|| Caller {
            scope: self.scope,
            actor: Actor {
                id: format!("api_key:{}", self.id),
                name: self.name.clone(),
            },
            permissions: self.permissions.clone(),
            until: self.expires_at,
        })
    }
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
    /// What, past tense: `access_request.approved`.
    pub action: &'static str,
    /// To what: `access_request:01J…`.
    pub target: String,
    /// What it was before, without secrets.
    pub before: serde_json::Value,
    /// What it is now, without secrets.
    pub after: serde_json::Value,
    /// The API call it came with.
    pub request_id: String,
}
