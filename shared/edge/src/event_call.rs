//! Calls that tell an account's own systems of its events (SPEC F04).

use crate::signed::{SigningSecrets, Unsigned};
use vestibule_domain::{
    PortError, Timestamp,
    event::{delivery::ANSWER_TIME, outgoing::OutgoingEvent, subscription::Subscription},
    ports::{AgentRequest, SecretVault},
};

/// Makes the request that tells a subscription of an event, which has this number there. It is signed with every secret
/// that signs at this time. Its id and body are the same at every attempt.
pub async fn event_request(
    vault: &dyn SecretVault,
    subscription: &Subscription,
    event: &OutgoingEvent,
    sequence: u64,
    now: Timestamp,
) -> Result<AgentRequest, PortError> {
    let unsigned = Unsigned {
        endpoint: &subscription.url,
        id: event.id.to_string(),
        body: event.body(sequence)?,
        timeout: ANSWER_TIME,
    };
    let secrets = SigningSecrets {
        sealed: subscription.secrets_that_sign(now).collect(),
        field: Subscription::SIGNING_SECRET,
        context: Subscription::secret_context(subscription.scope, subscription.id),
    };
    unsigned.signed(vault, &secrets, now).await
}
