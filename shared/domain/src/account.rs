//! The account, its clients, its projects and their environments.

pub mod actor;
pub mod agent_event;
pub mod api_key;
pub mod credential;
pub mod permission;

use crate::{
    Timestamp,
    account::agent_event::AgentEvent,
    connector::SealedSecrets,
    ids::{AccountId, ClientId, EnvironmentId, ProjectId},
    record::{Record, Repeatable},
    scope::ProjectScope,
};
use std::collections::BTreeSet;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id of the account.
    pub id: AccountId,
    /// Name of the account.
    pub name: String,
    /// Time of creation.
    pub created_at: Timestamp,
}

/// A customer or brand that the account serves. A default client exists from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Id of the client.
    pub id: ClientId,
    /// Name of the client.
    pub name: String,
    /// Time of creation.
    pub created_at: Timestamp,
}

/// One agent with its environments and connectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Account and id.
    pub scope: ProjectScope,
    /// Name of the project.
    pub name: String,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Project {
    /// Id of the project.
    #[must_use]
    pub const fn id(&self) -> ProjectId {
        self.scope.project_id()
    }
}

impl Record for Project {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Repeated calls for a project can differ in the name only, so no request hash is needed.
impl Repeatable for Project {}

/// Environments that a new project has.
pub const ENVIRONMENTS_DEFAULT: [&str; 3] = ["Development", "Staging", "Production"];

/// A stage of a project, with the agent that serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Id of the environment.
    pub id: EnvironmentId,
    /// Account and project.
    pub scope: ProjectScope,
    /// Name of the environment.
    pub name: String,
    /// Place in the list, from 0.
    pub position: u32,
    /// The agent, once its address is set (SPEC F01).
    pub agent: Option<AgentEndpoint>,
    /// See [`Connector::request_hash`](crate::connector::Connector::request_hash).
    pub request_hash: Option<String>,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Environment {
    /// The context that the encryption of this environment's signing secret is bound to.
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

impl Record for Environment {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Repeatable for Environment {
    fn request_hash(&self) -> Option<&str> {
        self.request_hash.as_deref()
    }
}

/// The agent endpoint: the address that deliveries go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentEndpoint {
    /// An https address.
    pub endpoint: String,
    /// The key of the signature, under the field name [`AgentEndpoint::SIGNING_SECRET`].
    pub signing_secret: SealedSecrets,
    /// The events that the agent gets besides new messages.
    pub events: BTreeSet<AgentEvent>,
}

impl AgentEndpoint {
    /// The field name of the signing secret.
    pub const SIGNING_SECRET: &str = "signing_secret";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, environment, scope};

    #[test]
    fn a_project_is_at_its_own_version() {
        let project = Project {
            scope: scope(),
            name: "Help desk".into(),
            version: 7,
            created_at: at(0),
            updated_at: at(0),
        };
        assert_eq!(
            (Record::version(&project), project.id()),
            (7, scope().project_id())
        );
    }

    #[test]
    fn an_environment_is_at_its_own_version_and_knows_the_call_that_created_it() {
        for request_hash in [None, Some("a1b2".to_owned())] {
            let environment = Environment {
                id: environment("e"),
                scope: scope(),
                name: "Staging".into(),
                position: 1,
                agent: None,
                request_hash: request_hash.clone(),
                version: 7,
                created_at: at(0),
                updated_at: at(0),
            };
            assert_eq!(Record::version(&environment), 7);
            assert_eq!(
                Repeatable::request_hash(&environment),
                request_hash.as_deref()
            );
        }
    }

    /// Another text would leave every stored secret closed.
    #[test]
    fn a_signing_secret_is_bound_to_its_account_project_and_environment() {
        let (scope, id) = (scope(), environment("e"));
        let expected = format!(
            "{}|{}|{id}|signing_secret",
            scope.account_id(),
            scope.project_id()
        );
        assert_eq!(Environment::secret_context(scope, id), expected);
    }
}
