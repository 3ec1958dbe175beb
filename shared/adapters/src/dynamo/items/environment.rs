use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vestibule_domain::{
    ProjectScope, Timestamp,
    account::{AgentEndpoint, Environment, agent_event::AgentEvent},
    connector::SealedSecrets,
    ids::EnvironmentId,
};

/// An environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct EnvironmentItem {
    pk: String,
    sk: String,
    all_pk: String,
    all_sk: String,
    id: EnvironmentId,
    scope: ProjectScope,
    name: String,
    position: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<AgentAttribute>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_hash: Option<String>,
    pub(in crate::dynamo) version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct AgentAttribute {
    endpoint: String,
    signing_secret: SealedSecrets,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    events: BTreeSet<AgentEvent>,
}

impl From<&Environment> for EnvironmentItem {
    fn from(environment: &Environment) -> Self {
        let key = keys::environment(environment.scope, environment.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            all_pk: keys::environments(environment.scope),
            all_sk: format!("{:06}#{}", environment.position, environment.id),
            id: environment.id,
            scope: environment.scope,
            name: environment.name.clone(),
            position: environment.position,
            agent: environment.agent.clone().map(|agent| AgentAttribute {
                endpoint: agent.endpoint,
                signing_secret: agent.signing_secret,
                events: agent.events,
            }),
            request_hash: environment.request_hash.clone(),
            version: environment.version,
            created_at: environment.created_at,
            updated_at: environment.updated_at,
        }
    }
}

impl From<EnvironmentItem> for Environment {
    fn from(item: EnvironmentItem) -> Self {
        Self {
            id: item.id,
            scope: item.scope,
            name: item.name,
            position: item.position,
            agent: item.agent.map(|agent| AgentEndpoint {
                endpoint: agent.endpoint,
                signing_secret: agent.signing_secret,
                events: agent.events,
            }),
            request_hash: item.request_hash,
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}
