use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vestibule_domain::{
    AccountScope, Timestamp,
    account::{
        agent::PreviousSigningSecret,
        agent_health::{AgentFailure, AgentHealth, OpenBreaker, Slot},
    },
    connector::SealedSecrets,
    event::{
        health::{Pause, SubscriptionHealth},
        subscription::{EventFilter, Subscription},
    },
    ids::{LeaseId, ProjectId, SubscriptionId},
};

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct SubscriptionItem {
    pk: String,
    sk: String,
    id: SubscriptionId,
    scope: AccountScope,
    name: String,
    url: String,
    events: EventFilter,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    project_id: Option<ProjectId>,
    signing_secret: SealedSecrets,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    previous_signing_secrets: Vec<PreviousSigningSecret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_hash: Option<String>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<&Subscription> for SubscriptionItem {
    fn from(subscription: &Subscription) -> Self {
        let key = keys::subscription(subscription.scope, subscription.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            id: subscription.id,
            scope: subscription.scope,
            name: subscription.name.clone(),
            url: subscription.url.clone(),
            events: subscription.events.clone(),
            project_id: subscription.project_id,
            signing_secret: subscription.signing_secret.clone(),
            previous_signing_secrets: subscription.previous_signing_secrets.clone(),
            request_hash: subscription.request_hash.clone(),
            version: subscription.version,
            created_at: subscription.created_at,
            updated_at: subscription.updated_at,
        }
    }
}

impl From<SubscriptionItem> for Subscription {
    fn from(item: SubscriptionItem) -> Self {
        Self {
            id: item.id,
            scope: item.scope,
            name: item.name,
            url: item.url,
            events: item.events,
            project_id: item.project_id,
            signing_secret: item.signing_secret,
            previous_signing_secrets: item.previous_signing_secrets,
            request_hash: item.request_hash,
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}

/// The health of a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct SubscriptionHealthItem {
    pk: String,
    sk: String,
    failures: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failing_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_failure: Option<AgentFailure>,
    probes: u32,
    /// Present while the breaker is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_probe: Option<Timestamp>,
    /// By number, as text: names of attributes are strings.
    slots: BTreeMap<String, CallAttribute>,
    notes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paused: Option<Pause>,
    version: u64,
}

/// A call in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct CallAttribute {
    id: LeaseId,
    until: Timestamp,
}

impl SubscriptionHealthItem {
    /// Makes the row of this health, as it is after one more change.
    pub(in crate::dynamo) fn next(
        scope: AccountScope,
        id: SubscriptionId,
        health: &SubscriptionHealth,
    ) -> Self {
        let key = keys::subscription_health(scope, id);
        let calls = &health.calls;
        let slot = |(number, slot): (&u8, &Slot)| {
            let call = CallAttribute {
                id: slot.id,
                until: slot.until,
            };
            (number.to_string(), call)
        };
        Self {
            pk: key.pk,
            sk: key.sk,
            failures: calls.failures,
            failing_since: calls.failing_since,
            last_failure: calls.last_failure.clone(),
            probes: calls.breaker.map_or(0, |breaker| breaker.probes),
            next_probe: calls.breaker.map(|breaker| breaker.next_probe),
            slots: calls.slots.iter().map(slot).collect(),
            notes: calls.notes,
            paused: health.paused,
            version: health.version + 1,
        }
    }
}

impl From<SubscriptionHealthItem> for SubscriptionHealth {
    fn from(item: SubscriptionHealthItem) -> Self {
        let slot = |(number, call): (String, CallAttribute)| {
            let slot = Slot {
                id: call.id,
                until: call.until,
            };
            Some((number.parse::<u8>().ok()?, slot))
        };
        Self {
            calls: AgentHealth {
                failures: item.failures,
                failing_since: item.failing_since,
                last_failure: item.last_failure,
                breaker: item.next_probe.map(|next_probe| OpenBreaker {
                    probes: item.probes,
                    next_probe,
                }),
                slots: item.slots.into_iter().filter_map(slot).collect(),
                notes: item.notes,
            },
            paused: item.paused,
            version: item.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::{event::health::CallNote, ids::AccountId};

    #[test]
    fn the_health_of_a_subscription_is_read_as_it_was_stored_one_version_later() {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let id = SubscriptionId::derive(&["s"]);
        let at = |second: i64| Timestamp::from_millis(second * 1000);
        let mut health = SubscriptionHealth::default()
            .with_call(LeaseId::derive(&["l"]), at(0))
            .unwrap();
        for second in 1..4 {
            let note = CallNote::Failed {
                failure: AgentFailure::new(at(second), "http 500"),
                wait: None,
                is_probe: false,
            };
            health = health.noted(&note, None);
        }
        let health = health.noted(&CallNote::Gone(at(5)), None);
        let item = SubscriptionHealthItem::next(scope, id, &health);
        let read: SubscriptionHealthItem = from_row(to_row(&item).unwrap(), "health").unwrap();
        let expected = SubscriptionHealth {
            version: 1,
            ..health
        };
        assert_eq!(SubscriptionHealth::from(read), expected);
    }
}
