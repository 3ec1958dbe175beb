//! Subscriptions: the addresses at which an account's own systems hear its events (SPEC F04). The API calls them
//! webhooks.

use super::{catalogue::EventType, outgoing::OutgoingEvent};
use crate::{
    AccountScope, Timestamp,
    account::agent::{
        PreviousSigningSecret, previous_secrets_until, replace_signing_secret, secrets_that_sign,
    },
    connector::SealedSecrets,
    ids::{ProjectId, SubscriptionId},
    record::{Record, Repeatable},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;

/// Largest number of subscriptions of an account.
pub const SUBSCRIPTIONS_MAX: usize = 20;
/// Longest name of a subscription, in characters.
pub const SUBSCRIPTION_NAME_MAX_CHARS: usize = 100;
/// The spelling of all events.
const ALL_EVENTS: &str = "*";

/// The events that a subscription asks for. Spelled as a list of types, or as `["*"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventFilter {
    /// Those of every type, also of types to come.
    All,
    /// Those of these types.
    Only(BTreeSet<EventType>),
}

impl EventFilter {
    /// Reads the spelling of a filter. `None` for an empty list, and for one that names something that nobody can
    /// subscribe to.
    #[must_use]
    pub fn read<T: AsRef<str>>(list: &[T]) -> Option<Self> {
        if let [only] = list
            && only.as_ref() == ALL_EVENTS
        {
            return Some(Self::All);
        }
        let chosen = |text: &T| {
            let kind = EventType::from_key(text.as_ref());
            kind.filter(|kind| kind.can_be_chosen())
        };
        let kinds: Option<BTreeSet<EventType>> = list.iter().map(chosen).collect();
        kinds.filter(|kinds| !kinds.is_empty()).map(Self::Only)
    }

    /// The spelling of the filter.
    #[must_use]
    pub fn listed(&self) -> Vec<&'static str> {
        match self {
            Self::All => vec![ALL_EVENTS],
            Self::Only(kinds) => kinds.iter().map(|kind| kind.key()).collect(),
        }
    }

    /// Whether it asks for events of this type.
    #[must_use]
    pub fn contains(&self, kind: EventType) -> bool {
        match self {
            Self::All => kind.can_be_chosen(),
            Self::Only(kinds) => kinds.contains(&kind),
        }
    }
}

impl Serialize for EventFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.listed().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EventFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::<String>::deserialize(deserializer)?;
        // A row of a later release may name types that this one does not know, and never tells.
        let known = list.iter().filter_map(|key| EventType::from_key(key));
        Ok(Self::read(&list).unwrap_or_else(|| Self::Only(known.collect())))
    }
}

/// An address that hears the events of its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Id of the subscription.
    pub id: SubscriptionId,
    /// The account.
    pub scope: AccountScope,
    /// Name of the subscription.
    pub name: String,
    /// An https address.
    pub url: String,
    /// The events that it asks for.
    pub events: EventFilter,
    /// The project to which it is limited, if it is.
    pub project_id: Option<ProjectId>,
    /// The key of the signature, under the field name [`Subscription::SIGNING_SECRET`].
    pub signing_secret: SealedSecrets,
    /// Replaced signing secrets, the latest first. Each signs until its time is over.
    pub previous_signing_secrets: Vec<PreviousSigningSecret>,
    /// See [`Connector::request_hash`](crate::connector::Connector::request_hash).
    pub request_hash: Option<String>,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Subscription {
    /// The field name of the signing secret.
    pub const SIGNING_SECRET: &str = "signing_secret";

    /// The context that the encryption of this subscription's signing secret is bound to.
    #[must_use]
    pub fn secret_context(scope: AccountScope, id: SubscriptionId) -> String {
        format!(
            "{}|subscription|{id}|{}",
            scope.account_id(),
            Self::SIGNING_SECRET
        )
    }

    /// Whether it asks for this event. One that is limited to a project hears nothing about the account as a whole.
    #[must_use]
    pub fn hears(&self, event: &OutgoingEvent) -> bool {
        let is_its_project = self.project_id.is_none() || self.project_id == event.told.project_id;
        self.scope == event.scope && is_its_project && self.events.contains(event.kind)
    }

    /// The secrets that sign a call at this time, the current one first.
    pub fn secrets_that_sign(&self, now: Timestamp) -> impl Iterator<Item = &SealedSecrets> {
        secrets_that_sign(&self.signing_secret, &self.previous_signing_secrets, now)
    }

    /// Time until which a replaced secret signs too; `None` when none does.
    #[must_use]
    pub fn previous_secrets_until(&self, now: Timestamp) -> Option<Timestamp> {
        previous_secrets_until(&self.previous_signing_secrets, now)
    }

    /// Replaces the signing secret. The replaced one signs too, for
    /// [`PREVIOUS_SECRETS_KEPT`](crate::connector::PREVIOUS_SECRETS_KEPT).
    pub fn replace_signing_secret(&mut self, new: SealedSecrets, now: Timestamp) {
        replace_signing_secret(
            &mut self.signing_secret,
            &mut self.previous_signing_secrets,
            (new, Self::SIGNING_SECRET),
            now,
        );
    }
}

impl Record for Subscription {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Repeatable for Subscription {
    fn request_hash(&self) -> Option<&str> {
        self.request_hash.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::told::Told,
        ids::AccountId,
        samples::{at, scope, subscription},
    };
    use serde_json::json;
    use std::collections::BTreeMap;

    fn sealed(secret: &str) -> SealedSecrets {
        let name = Subscription::SIGNING_SECRET.to_owned();
        SealedSecrets {
            wrapped_key: "k".to_owned(),
            fields: BTreeMap::from([(name, secret.to_owned())]),
        }
    }

    fn event(kind: EventType, told: Told) -> OutgoingEvent {
        OutgoingEvent::new(kind, scope().account(), at(1), &["x"], told)
    }

    #[test]
    fn a_filter_is_a_list_of_types_or_a_star() {
        let read = |value| serde_json::from_value::<EventFilter>(value);
        assert_eq!(read(json!(["*"])).unwrap(), EventFilter::All);
        let some = json!(["access_request.created", "member.left"]);
        let filter = read(some.clone()).unwrap();
        assert_eq!(serde_json::to_value(&filter).unwrap(), some);
        assert!(filter.contains(EventType::MemberLeft));
        assert!(!filter.contains(EventType::MemberJoined));
        let wrong: [&[&str]; 4] = [&[], &["*", "member.left"], &["member"], &["webhook.test"]];
        for list in wrong {
            assert_eq!(EventFilter::read(list), None, "{list:?}");
        }
        assert!(read(json!("*")).is_err());
        for kind in EventType::ALL {
            assert_eq!(EventFilter::All.contains(kind), kind.can_be_chosen());
        }
    }

    /// SPEC G06.
    #[test]
    fn a_filter_that_a_later_release_wrote_asks_for_the_types_that_there_are() {
        let read = |value| serde_json::from_value::<EventFilter>(value).unwrap();
        let some = read(json!(["member.left", "member.renamed"]));
        assert_eq!(some, EventFilter::Only([EventType::MemberLeft].into()));
        let none = read(json!(["member.renamed"]));
        assert!(EventType::ALL.iter().all(|kind| !none.contains(*kind)));
    }

    /// SPEC F04.
    #[test]
    fn a_subscription_hears_its_account_its_project_and_its_types_only() {
        let here = event(EventType::ConnectorFailing, Told::in_project(scope()));
        let of_account = event(EventType::MemberLeft, Told::default());
        let all = subscription();
        assert!(all.hears(&here) && all.hears(&of_account));
        let limited = Subscription {
            project_id: Some(scope().project_id()),
            ..subscription()
        };
        assert!(limited.hears(&here) && !limited.hears(&of_account));
        let elsewhere = Subscription {
            project_id: Some(ProjectId::derive(&["q"])),
            ..subscription()
        };
        assert!(!elsewhere.hears(&here));
        let another = Subscription {
            scope: AccountScope::of_verified(AccountId::derive(&["b"])),
            ..subscription()
        };
        assert!(!another.hears(&here));
        let choosy = Subscription {
            events: EventFilter::Only([EventType::MemberLeft].into()),
            ..subscription()
        };
        assert!(choosy.hears(&of_account) && !choosy.hears(&here));
    }

    #[test]
    fn a_replaced_secret_signs_for_24_hours_more() {
        const DAY: i64 = 24 * 60 * 60;
        let mut subscription = Subscription {
            signing_secret: sealed("one"),
            ..subscription()
        };
        subscription.replace_signing_secret(sealed("two"), at(10));
        let signing = |now| {
            let all = subscription.secrets_that_sign(now);
            all.map(|sealed| sealed.fields["signing_secret"].as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(signing(at(9 + DAY)), ["two", "one"]);
        assert_eq!(signing(at(10 + DAY)), ["two"]);
        let until = subscription.previous_secrets_until(at(10));
        assert_eq!(until, Some(at(10 + DAY)));
    }

    #[test]
    fn the_secret_of_a_subscription_opens_nowhere_else() {
        let account = scope().account();
        let contexts = ["s", "t"]
            .map(|name| Subscription::secret_context(account, SubscriptionId::derive(&[name])));
        assert_ne!(contexts[0], contexts[1]);
        assert!(contexts[0].starts_with(&account.account_id().to_string()));
    }
}
