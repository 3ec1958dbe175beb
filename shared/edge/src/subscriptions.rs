//! Signed requests to the subscriptions of an account (SPEC F04).

use crate::signing::{SigningKeys, signed_request};
use vestibule_domain::{
    PortError, Timestamp,
    event::{delivery::ANSWER_TIME, outgoing::OutgoingEvent, subscription::Subscription},
    ports::{AgentRequest, SecretVault},
};

/// Makes the request that tells a subscription an event under this number, signed with every secret that signs at this
/// time.
pub async fn event_request(
    vault: &dyn SecretVault,
    subscription: &Subscription,
    event: &OutgoingEvent,
    sequence: u64,
    now: Timestamp,
) -> Result<AgentRequest, PortError> {
    let keys = SigningKeys {
        sealed: subscription.secrets_that_sign(now).collect(),
        field: Subscription::SIGNING_SECRET,
        context: Subscription::secret_context(subscription.scope, subscription.id),
    };
    let body = event.body(sequence)?;
    let id = event.id.to_string();
    signed_request(
        vault,
        &keys,
        (&subscription.url, ANSWER_TIME),
        (&id, body),
        now,
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::testing::GlassVault;
    use vestibule_domain::{
        AccountScope,
        connector::SealedSecrets,
        event::{catalogue::EventType, subscription::EventFilter, told::Told},
        ids::{AccountId, SubscriptionId},
    };

    const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    async fn sealed(secret: &str) -> SealedSecrets {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let context = Subscription::secret_context(scope, SubscriptionId::derive(&["s"]));
        GlassVault::sealed(Subscription::SIGNING_SECRET, secret, &context).await
    }

    /// SPEC F04.
    #[tokio::test]
    async fn an_event_is_signed_with_the_new_secret_and_for_24_hours_with_the_replaced_one() {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let mut subscription = Subscription {
            id: SubscriptionId::derive(&["s"]),
            scope,
            name: "CRM".to_owned(),
            url: "https://crm.example.com/".to_owned(),
            events: EventFilter::All,
            project_id: None,
            signing_secret: sealed(OLD).await,
            previous_signing_secrets: Vec::new(),
            request_hash: None,
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        };
        let kind = EventType::MemberLeft;
        let event = OutgoingEvent::new(kind, scope, at(0), &["x"], Told::default());
        subscription.replace_signing_secret(sealed(NEW).await, at(10));
        let day = 24 * 60 * 60;
        for (second, signatures) in [(10, 2), (9 + day, 2), (10 + day, 1)] {
            let request = event_request(&GlassVault, &subscription, &event, 7, at(second))
                .await
                .unwrap();
            assert_eq!(request.endpoint, subscription.url);
            assert_eq!(request.timeout, ANSWER_TIME);
            assert_eq!(request.body, event.body(7).unwrap());
            let header = |wanted: &str| {
                let found = request.headers.iter().find(|(name, _)| *name == wanted);
                found.map(|(_, value)| value.clone()).unwrap()
            };
            assert_eq!(header("webhook-id"), event.id.to_string());
            assert_eq!(
                header("webhook-timestamp"),
                at(second).seconds().to_string()
            );
            let signed = header("webhook-signature");
            assert_eq!(signed.split(' ').count(), signatures, "{second}");
        }
    }
}
