//! Requests to an environment's agent, and its answers.

mod answer;

pub use answer::{AgentAnswer, Unreadable};

use crate::signing::{SigningKeys, signed_request};
use vestibule_domain::{
    PortError, Timestamp,
    account::{AgentEndpoint, Environment},
    chat::delivery::Envelope,
    ports::{AgentRequest, SecretVault},
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
    let keys = SigningKeys {
        sealed: agent.secrets_that_sign(now).collect(),
        field: AgentEndpoint::SIGNING_SECRET,
        context: Environment::secret_context(environment.scope, environment.id),
    };
    let place = (agent.endpoint.as_str(), agent.timeout.duration());
    let id = envelope.id.to_string();
    signed_request(vault, &keys, place, (&id, body), now).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::testing::GlassVault;
    use std::collections::BTreeSet;
    use vestibule_domain::{
        AccountScope,
        account::agent::{AgentTimeout, DeliveryDays, MaxInFlight},
        connector::SealedSecrets,
        ids::{AccountId, DeliveryId, EnvironmentId, ProjectId},
    };

    const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn environment() -> Environment {
        let account = AccountScope::of_verified(AccountId::derive(&["a"]));
        Environment {
            id: EnvironmentId::derive(&["e"]),
            scope: account.project(ProjectId::derive(&["p"])),
            name: "Staging".to_owned(),
            position: 0,
            agent: None,
            request_hash: None,
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    async fn sealed(environment: &Environment, secret: &str) -> SealedSecrets {
        let context = Environment::secret_context(environment.scope, environment.id);
        GlassVault::sealed(AgentEndpoint::SIGNING_SECRET, secret, &context).await
    }

    /// The signatures that a delivery at this time has.
    async fn signatures(agent: &AgentEndpoint, now: Timestamp) -> Vec<String> {
        let environment = environment();
        let envelope = Envelope::test(&environment, DeliveryId::derive(&["d"]), now);
        let request = delivery_request(&GlassVault, &environment, agent, &envelope, now)
            .await
            .unwrap();
        assert_eq!(request.timeout, agent.timeout.duration());
        assert_eq!(request.endpoint, agent.endpoint);
        let (_, header) = request
            .headers
            .iter()
            .find(|(name, _)| *name == "webhook-signature")
            .unwrap();
        header.split(' ').map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn a_delivery_is_signed_with_the_new_secret_and_for_24_hours_with_the_replaced_one() {
        let environment = environment();
        let mut agent = AgentEndpoint {
            endpoint: "https://agent.example.com/".to_owned(),
            signing_secret: sealed(&environment, OLD).await,
            previous_signing_secrets: Vec::new(),
            timeout: AgentTimeout::from_seconds(7).unwrap(),
            max_in_flight: MaxInFlight::default(),
            delivery_days: DeliveryDays::default(),
            events: BTreeSet::new(),
        };
        let by_the_old = signatures(&agent, at(10)).await;
        assert_eq!(by_the_old.len(), 1);
        agent.replace_signing_secret(sealed(&environment, NEW).await, at(10));
        let by_both = signatures(&agent, at(10)).await;
        assert_eq!(by_both.len(), 2);
        assert_eq!(by_both[1], by_the_old[0]);
        let day = 24 * 60 * 60;
        assert_eq!(signatures(&agent, at(9 + day)).await.len(), 2);
        assert_eq!(signatures(&agent, at(10 + day)).await.len(), 1);
    }
}
