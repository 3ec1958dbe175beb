//! Settings of an environment's agent: as a call sets them, as they are shown, and as the audit log records
//! them.

use super::{health::AgentHealthResponse, secrets};
use crate::{Deps, api_types::AgentEventName};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fmt};
use utoipa::ToSchema;
use vestibule_admin::{FieldErrors, Nullable, api_types::StoredSecret, given, problem::ApiError};
use vestibule_domain::{
    Timestamp,
    account::{
        AgentEndpoint, Environment,
        agent::{AgentTimeout, DeliveryDays, MaxInFlight},
        agent_event::AgentEvent,
        agent_health::AgentHealth,
    },
    egress::{OriginAllowList, check_endpoint},
    secret::Secret,
};
use vestibule_edge::standard_webhooks;

/// Agent of an environment.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"endpoint": "https://agent.example.com/deliveries"}))]
pub struct AgentRequest {
    /// Agent endpoint: an https address of a public host. Required the first time.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, format = "uri", max_length = 2048)]
    pub(super) endpoint: Option<String>,
    /// Key of the signature on deliveries: `whsec_`, then 24 to 64 bytes in base64. If it is left out
    /// the first time, a key is created and shown in this answer only. A key that replaces another takes
    /// its place at once; for 24 hours, deliveries are signed with the replaced one too.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, write_only)]
    signing_secret: Option<String>,
    /// Null ends every previous key at once, as after a leak. No other value can be set.
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    previous_signing_secret: Nullable<String>,
    /// Seconds within which the agent must answer, 1 to 25. The default is 25.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 1, maximum = 25)]
    timeout_seconds: Option<u64>,
    /// Number of calls that the agent may leave unanswered at the same time, 1 to 100. At this limit, messages
    /// wait. The default is 20.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 1, maximum = 100)]
    max_in_flight: Option<u64>,
    /// Days for which a message waits for the agent before it is given up, 1 to 14. The default is 3.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 1, maximum = 14)]
    delivery_days: Option<u64>,
    /// Events that the agent gets besides `message.received`: none the first time, unless the list names
    /// some. A list takes the place of the one before.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_items = 3)]
    events: Option<Vec<AgentEventName>>,
}

/// Agent of an environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentResponse {
    /// Agent endpoint, to which deliveries are sent.
    endpoint: String,
    /// Key of the signature: shown in the answer to the call that created it, and as `{"set": true}`
    /// from then on.
    signing_secret: SigningSecretResponse,
    /// Time until which deliveries are signed with the previous key too. Null when there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_secrets_until: Option<Timestamp>,
    /// Seconds within which the agent must answer.
    timeout_seconds: u64,
    /// Number of calls that the agent may leave unanswered at the same time.
    max_in_flight: u8,
    /// Days for which a message waits for the agent before it is given up.
    delivery_days: u8,
    /// Events that the agent gets besides `message.received`.
    events: Vec<AgentEventName>,
    /// Health of the agent.
    health: AgentHealthResponse,
}

/// Key of the signature on deliveries.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum SigningSecretResponse {
    /// A stored key.
    Stored(StoredSecret),
    /// A key that this call created. It is shown in this answer only.
    Made(String),
}

impl fmt::Debug for SigningSecretResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecretResponse(…)")
    }
}

impl AgentResponse {
    /// Shows an agent, with the signing secret if this call made it.
    pub(super) fn of(
        agent: AgentEndpoint,
        health: AgentHealth,
        made: Option<&Secret>,
        now: Timestamp,
    ) -> Self {
        Self {
            previous_secrets_until: agent.previous_secrets_until(now),
            timeout_seconds: agent.timeout.seconds(),
            max_in_flight: agent.max_in_flight.calls(),
            delivery_days: agent.delivery_days.days(),
            health: health.into(),
            endpoint: agent.endpoint,
            events: agent.events.into_iter().map(Into::into).collect(),
            signing_secret: match made {
                Some(secret) => SigningSecretResponse::Made(secret.reveal().to_owned()),
                None => SigningSecretResponse::Stored(StoredSecret {
                    set: agent
                        .signing_secret
                        .fields
                        .contains_key(AgentEndpoint::SIGNING_SECRET),
                }),
            },
        }
    }
}

/// Validated change of the agent.
#[derive(Clone)]
pub(super) struct AgentPatch {
    pub(super) endpoint: Option<String>,
    signing_secret: Option<Secret>,
    ends_previous_secrets: bool,
    timeout: Option<AgentTimeout>,
    max_in_flight: Option<MaxInFlight>,
    delivery_days: Option<DeliveryDays>,
    pub(super) events: Option<BTreeSet<AgentEvent>>,
}

/// Reads a change of the agent.
pub(super) fn read_agent(
    agent: AgentRequest,
    allowed: &OriginAllowList,
    errors: &mut FieldErrors,
) -> AgentPatch {
    let endpoint = agent
        .endpoint
        .and_then(|text| match check_endpoint(text.trim(), allowed) {
            Ok(url) => Some(url.to_string()),
            Err(error) => {
                errors.add("agent.endpoint", error.to_string());
                None
            }
        });
    let signing_secret = agent.signing_secret.map(|text| Secret::new(text.trim()));
    if let Some(secret) = &signing_secret
        && let Err(error) = standard_webhooks::key_of(secret)
    {
        errors.add("agent.signing_secret", error.to_string());
    }
    if matches!(agent.previous_signing_secret, Nullable::Value(_)) {
        let rule = "can only be null, which ends every previous secret";
        errors.add("agent.previous_signing_secret", rule);
    }
    AgentPatch {
        endpoint,
        signing_secret,
        ends_previous_secrets: agent.previous_signing_secret == Nullable::Null,
        timeout: read_timeout(agent.timeout_seconds, errors),
        max_in_flight: read_max_in_flight(agent.max_in_flight, errors),
        delivery_days: read_delivery_days(agent.delivery_days, errors),
        events: agent
            .events
            .map(|events| events.into_iter().map(Into::into).collect()),
    }
}

fn read_timeout(seconds: Option<u64>, errors: &mut FieldErrors) -> Option<AgentTimeout> {
    match AgentTimeout::from_seconds(seconds?) {
        Ok(timeout) => Some(timeout),
        Err(error) => {
            errors.add("agent.timeout_seconds", error.to_string());
            None
        }
    }
}

fn read_max_in_flight(calls: Option<u64>, errors: &mut FieldErrors) -> Option<MaxInFlight> {
    match MaxInFlight::new(calls?) {
        Ok(limit) => Some(limit),
        Err(error) => {
            errors.add("agent.max_in_flight", error.to_string());
            None
        }
    }
}

fn read_delivery_days(days: Option<u64>, errors: &mut FieldErrors) -> Option<DeliveryDays> {
    match DeliveryDays::new(days?) {
        Ok(days) => Some(days),
        Err(error) => {
            errors.add("agent.delivery_days", error.to_string());
            None
        }
    }
}

/// Sets the agent. Creates a signing secret when there is none yet and none is given.
pub(super) async fn set_agent(
    deps: &Deps,
    environment: &mut Environment,
    patch: AgentPatch,
    now: Timestamp,
) -> Result<Option<Secret>, ApiError> {
    let place = (environment.scope, environment.id);
    let vault = deps.vault.as_ref();
    let (mut agent, made) = if let Some(mut agent) = environment.agent.take() {
        if let Some(secret) = patch.signing_secret {
            secrets::replace(vault, place, &mut agent, secret, now).await?;
        }
        agent.endpoint = patch.endpoint.unwrap_or(agent.endpoint);
        (agent, None)
    } else {
        let Some(endpoint) = patch.endpoint else {
            return Ok(None);
        };
        let (secret, made) = if let Some(given) = patch.signing_secret {
            (given, None)
        } else {
            let made = secrets::draw(deps.random.as_ref())?;
            (made.clone(), Some(made))
        };
        let agent = AgentEndpoint {
            endpoint,
            signing_secret: secrets::seal(vault, place, secret).await?,
            previous_signing_secrets: Vec::new(),
            timeout: AgentTimeout::default(),
            max_in_flight: MaxInFlight::default(),
            delivery_days: DeliveryDays::default(),
            events: BTreeSet::new(),
        };
        (agent, made)
    };
    agent.events = patch.events.unwrap_or(agent.events);
    agent.timeout = patch.timeout.unwrap_or(agent.timeout);
    agent.max_in_flight = patch.max_in_flight.unwrap_or(agent.max_in_flight);
    agent.delivery_days = patch.delivery_days.unwrap_or(agent.delivery_days);
    if patch.ends_previous_secrets {
        agent.previous_signing_secrets.clear();
    }
    environment.agent = Some(agent);
    Ok(made)
}

/// The agent as the audit log records it.
pub(super) fn facts(agent: &AgentEndpoint) -> Value {
    json!({
        "endpoint": agent.endpoint,
        "signing_secret": {"set": !agent.signing_secret.fields.is_empty()},
        "previous_secrets_until": agent.previous_signing_secrets.iter().map(|previous| previous.until).max(),
        "timeout_seconds": agent.timeout.seconds(),
        "max_in_flight": agent.max_in_flight.calls(),
        "delivery_days": agent.delivery_days.days(),
        "events": agent.events,
    })
}
