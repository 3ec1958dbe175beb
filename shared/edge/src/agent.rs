//! Requests to an environment's agent.

use crate::standard_webhooks;
use vestibule_domain::{
    PortError, Timestamp,
    account::{AgentEndpoint, Environment},
    chat::delivery::Envelope,
    ports::{AgentRequest, SecretVault},
    secret::Secret,
};

/// Makes the request that delivers an envelope to the environment's agent, signed with every secret that
/// signs at this time.
pub async fn delivery_request(
    vault: &dyn SecretVault,
    environment: &Environment,
    agent: &AgentEndpoint,
    envelope: &Envelope<'_>,
    now: Timestamp,
) -> Result<AgentRequest, PortError> {
    let body =
        serde_json::to_vec(envelope).map_err(|error| PortError::rejected("envelope", error))?;
    let secrets = open_secrets(vault, environment, agent, now).await?;
    let signed = standard_webhooks::headers(&envelope.id.to_string(), &body, &secrets, now)
        .map_err(|error| PortError::corrupt("signing secret", error))?;
    let mut headers = vec![("content-type", "application/json".to_owned())];
    headers.extend(signed);
    Ok(AgentRequest {
        endpoint: agent.endpoint.clone(),
        headers,
        body,
        timeout: agent.timeout.duration(),
    })
}

/// Opens the secrets that sign at this time, the current one first.
async fn open_secrets(
    vault: &dyn SecretVault,
    environment: &Environment,
    agent: &AgentEndpoint,
    now: Timestamp,
) -> Result<Vec<Secret>, PortError> {
    let context = Environment::secret_context(environment.scope, environment.id);
    let mut secrets = Vec::new();
    for sealed in agent.secrets_that_sign(now) {
        let secret = vault
            .open(sealed, AgentEndpoint::SIGNING_SECRET, &context)
            .await?
            .ok_or_else(|| PortError::corrupt("signing secret", "it is not set"))?;
        secrets.push(secret);
    }
    Ok(secrets)
}
