use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vestibule_domain::{
    ProjectScope, Timestamp,
    account::{
        AgentEndpoint, Environment,
        agent::{AgentTimeout, DeliveryDays, MaxInFlight, PreviousSigningSecret},
        agent_event::AgentEvent,
    },
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    previous_signing_secrets: Vec<PreviousSigningSecret>,
    /// Absent in rows of agents that have had the default since before it could be set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeout_seconds: Option<u64>,
    /// The two below are absent in rows of the release before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_in_flight: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delivery_days: Option<u64>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    events: BTreeSet<AgentEvent>,
}

impl From<AgentEndpoint> for AgentAttribute {
    fn from(agent: AgentEndpoint) -> Self {
        Self {
            endpoint: agent.endpoint,
            signing_secret: agent.signing_secret,
            previous_signing_secrets: agent.previous_signing_secrets,
            timeout_seconds: Some(agent.timeout.seconds()),
            max_in_flight: Some(agent.max_in_flight.calls().into()),
            delivery_days: Some(agent.delivery_days.days().into()),
            events: agent.events,
        }
    }
}

impl From<AgentAttribute> for AgentEndpoint {
    fn from(stored: AgentAttribute) -> Self {
        let timeout = stored.timeout_seconds.map(AgentTimeout::from_seconds);
        let max_in_flight = stored.max_in_flight.map(MaxInFlight::new);
        let delivery_days = stored.delivery_days.map(DeliveryDays::new);
        Self {
            endpoint: stored.endpoint,
            signing_secret: stored.signing_secret,
            previous_signing_secrets: stored.previous_signing_secrets,
            // A value that another release allowed, and this one does not, is no reason to deliver nothing.
            timeout: timeout.and_then(Result::ok).unwrap_or_default(),
            max_in_flight: max_in_flight.and_then(Result::ok).unwrap_or_default(),
            delivery_days: delivery_days.and_then(Result::ok).unwrap_or_default(),
            events: stored.events,
        }
    }
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
            agent: environment.agent.clone().map(Into::into),
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
            agent: item.agent.map(Into::into),
            request_hash: item.request_hash,
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(agent: Value) -> AgentEndpoint {
        let stored: AgentAttribute = serde_json::from_value(agent).unwrap();
        stored.into()
    }

    fn sealed(text: &str) -> Value {
        json!({"wrapped_key": "k", "fields": {"signing_secret": text}})
    }

    #[test]
    fn an_agent_that_the_release_before_wrote_has_the_defaults_and_no_previous_secret() {
        let agent = read(json!({"endpoint": "https://a.test/", "signing_secret": sealed("s")}));
        assert_eq!(agent.timeout, AgentTimeout::default());
        assert_eq!(agent.max_in_flight, MaxInFlight::default());
        assert_eq!(agent.delivery_days, DeliveryDays::default());
        assert!(agent.previous_signing_secrets.is_empty());
    }

    #[test]
    fn an_agent_is_read_as_it_was_written() {
        let stored = json!({
            "endpoint": "https://a.test/", "signing_secret": sealed("s2"),
            "previous_signing_secrets": [{"secret": sealed("s1"), "until": "2026-12-02T10:00:00.000Z"}],
            "timeout_seconds": 7, "max_in_flight": 30, "delivery_days": 2,
        });
        let agent = read(stored.clone());
        assert_eq!(agent.timeout.seconds(), 7);
        assert_eq!(agent.max_in_flight.calls(), 30);
        assert_eq!(agent.delivery_days.days(), 2);
        assert_eq!(agent.previous_signing_secrets.len(), 1);
        let written = serde_json::to_value(AgentAttribute::from(agent)).unwrap();
        assert_eq!(written, stored);
    }

    #[test]
    fn a_limit_that_is_not_allowed_here_is_the_default_one() {
        for wrong in [0, 101, 300] {
            let stored = json!({
                "endpoint": "https://a.test/", "signing_secret": sealed("s"),
                "max_in_flight": wrong, "delivery_days": wrong
            });
            let agent = read(stored);
            assert_eq!(agent.max_in_flight, MaxInFlight::default(), "{wrong}");
            assert_eq!(agent.delivery_days, DeliveryDays::default(), "{wrong}");
        }
    }

    #[test]
    fn a_time_that_is_not_allowed_here_is_the_default_one() {
        for seconds in [0, 26] {
            let stored = json!({"endpoint": "https://a.test/", "signing_secret": sealed("s"), "timeout_seconds": seconds});
            assert_eq!(read(stored).timeout, AgentTimeout::default(), "{seconds}");
        }
    }
}
