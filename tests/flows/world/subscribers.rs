//! Subscriptions, and the events that they hear, straight from their stores.

use super::{World, fixtures::audit};
use std::{collections::BTreeMap, time::Duration};
use vestibule_domain::{
    AccountScope,
    connector::SealedSecrets,
    event::{
        AuditEntry, Change, Event, delivery::EventDelivery, health::SubscriptionHealth,
        subscription::Subscription,
    },
    ids::{AccountId, MemberId, SubscriptionId},
    job::{EventJob, PublishEvent},
    page::{Order, PageRequest},
    ports::{By, EventDeliveryFilter, RefusalStore, SecretVault, SubscriptionStore},
    secret::Secret,
};

/// The secret by which calls of a new subscription are signed.
pub const SUBSCRIBER_SECRET: &str = "whsec_q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ";

/// Where the key of an outgoing event has its account and its id.
const PARTS: usize = 4;

impl World {
    /// An entry of an account about this event.
    fn entry(&self, scope: AccountScope, event: Event) -> AuditEntry {
        let entry = audit(self.scope, self.now());
        AuditEntry {
            scope,
            change: Change {
                event,
                ..entry.change
            },
            ..entry
        }
    }

    /// Adds a subscription to all events of an account.
    pub async fn subscribes(&self, scope: AccountScope, name: &str, url: String) -> Subscription {
        let id = SubscriptionId::derive(&[&scope.account_id().to_string(), name]);
        let subscription = Subscription {
            id,
            scope,
            name: name.to_owned(),
            url,
            signing_secret: self.sealed_for(scope, id, SUBSCRIBER_SECRET).await,
            created_at: self.now(),
            updated_at: self.now(),
            ..vestibule_samples::subscription()
        };
        let entry = self.entry(scope, Event::SubscriptionCreated(id));
        let by = By {
            audit: &entry,
            proof: &self.stores.proof,
        };
        let added = self
            .stores
            .subscriptions
            .add_subscription(&subscription, by);
        added.await.unwrap();
        subscription
    }

    async fn sealed_for(
        &self,
        scope: AccountScope,
        id: SubscriptionId,
        secret: &str,
    ) -> SealedSecrets {
        let name = Subscription::SIGNING_SECRET.to_owned();
        let fields = BTreeMap::from([(name, Secret::new(secret))]);
        let context = Subscription::secret_context(scope, id);
        let context_of = |_: &str| context.clone();
        let sealed = self.stores.vault.seal(&fields, &context_of);
        sealed.await.unwrap()
    }

    /// Gives a subscription a new signing secret.
    pub async fn rotates(&self, subscription: &mut Subscription, secret: &str) {
        let (scope, id) = (subscription.scope, subscription.id);
        let sealed = self.sealed_for(scope, id, secret).await;
        subscription.replace_signing_secret(sealed, self.now());
        let entry = self.entry(scope, Event::SubscriptionSecretRotated(id));
        let by = By {
            audit: &entry,
            proof: &self.stores.proof,
        };
        let store = &self.stores.subscriptions;
        store.update_subscription(subscription, by).await.unwrap();
        subscription.version += 1;
    }

    /// Deletes a subscription.
    pub async fn unsubscribes(&self, subscription: &Subscription) {
        let event = Event::SubscriptionDeleted(subscription.id);
        let entry = self.entry(subscription.scope, event);
        let by = By {
            audit: &entry,
            proof: &self.stores.proof,
        };
        let store = &self.stores.subscriptions;
        store.delete_subscription(subscription, by).await.unwrap();
    }

    /// Ends the pause of a subscription.
    pub async fn resumes(&self, subscription: &Subscription) {
        let event = Event::SubscriptionResumed(subscription.id);
        let entry = self.entry(subscription.scope, event);
        let by = By {
            audit: &entry,
            proof: &self.stores.proof,
        };
        let store = &self.stores.subscriptions;
        let resumed = store.resume_subscription(subscription.scope, subscription.id, by);
        assert!(resumed.await.unwrap());
    }

    /// Lets members of these names leave an account, which is an event each.
    pub async fn members_leave(&self, scope: AccountScope, names: &[&str]) {
        for name in names {
            let left = Event::MemberLeft(MemberId::derive(&[name]));
            let entry = self.entry(scope, left);
            self.stores.logins.record_refusal(&[entry]).await.unwrap();
        }
    }

    /// All deliveries to a subscription, by their numbers.
    pub async fn deliveries_to(&self, subscription: &Subscription) -> Vec<EventDelivery> {
        let filter = EventDeliveryFilter {
            status: None,
            since: subscription.created_at.minus(Duration::from_secs(1)),
        };
        let page = PageRequest {
            limit: 100,
            cursor: None,
            order: Order::OldestFirst,
        };
        let store = &self.stores.subscriptions;
        let (scope, id) = (subscription.scope, subscription.id);
        let listed = store.event_deliveries(scope, id, &filter, &page);
        listed.await.unwrap().items
    }

    /// The health of a subscription.
    pub async fn health_of(&self, subscription: &Subscription) -> SubscriptionHealth {
        let (scope, id) = (subscription.scope, subscription.id);
        let store = &self.stores.subscriptions;
        let mut found = store.subscription_health(scope, &[id]).await.unwrap();
        found.remove(&id).unwrap_or_default()
    }

    /// The events that are still to be published.
    pub fn unpublished(&self) -> Vec<PublishEvent> {
        let mut marks = self.db.index_items("outbox").unwrap();
        marks.retain(|row| row["sk"] == "OUTGOING_EVENT");
        let job = |key: &str| {
            let parts: Vec<&str> = key.split('#').collect();
            assert_eq!(parts.len(), PARTS, "{key}");
            let account: AccountId = parts[1].parse().unwrap();
            PublishEvent {
                scope: AccountScope::of_verified(account),
                event_id: parts[3].parse().unwrap(),
            }
        };
        let keys = marks.iter().map(|row| row["pk"].as_str().unwrap());
        keys.map(job).collect()
    }

    /// Publishes all events beside the proxies, unless a test is about them.
    pub(super) async fn tell_quietly(&self) {
        if !self.is_told_quietly {
            return;
        }
        for job in self.unpublished() {
            let job = serde_json::to_string(&EventJob::from(job)).unwrap();
            worker_events::handle(&self.stores.events, &job, 1).await;
        }
    }
}
