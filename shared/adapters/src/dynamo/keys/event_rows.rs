//! Keys of outgoing events, of the subscriptions that hear them, and of their deliveries.
//!
//! Whoever sends events must not write addresses and secrets, so what calls leave behind stands in a partition of its
//! own for each subscription.

use super::{Key, of_account, parse_account};
use vestibule_domain::{
    AccountScope,
    ids::{OutgoingEventId, SubscriptionId},
    job::{PublishEvent, SendEvent},
};

/// An outgoing event. It has a partition of its own because roles are limited by partition, and nearly every function
/// writes events.
#[must_use]
pub fn outgoing_event(scope: AccountScope, id: OutgoingEventId) -> Key {
    let place = of_account(scope, &format!("{OUTGOING_EVENT}#{id}"));
    Key::new(place, OUTGOING_EVENT)
}

const OUTGOING_EVENT: &str = "OUTGOING_EVENT";

/// Parses the key of an outgoing event: the outbox index contains only keys.
#[must_use]
pub fn parse_outgoing_event(key: &Key) -> Option<PublishEvent> {
    let (scope, rest) = parse_account(&key.pk)?;
    let [OUTGOING_EVENT, id] = rest.as_slice() else {
        return None;
    };
    let event_id = id.parse().ok()?;
    (key.sk == OUTGOING_EVENT).then_some(PublishEvent { scope, event_id })
}

/// The partition of an account's subscriptions.
#[must_use]
pub fn subscriptions(scope: AccountScope) -> String {
    of_account(scope, "SUBSCRIPTIONS")
}

/// A subscription.
#[must_use]
pub fn subscription(scope: AccountScope, id: SubscriptionId) -> Key {
    Key::new(subscriptions(scope), format!("{SUBSCRIPTION_PREFIX}{id}"))
}

/// Prefix of the sort keys of subscriptions.
pub const SUBSCRIPTION_PREFIX: &str = "SUBSCRIPTION#";

/// The ids of an account's subscriptions, by which their number is limited.
#[must_use]
pub fn subscription_ids(scope: AccountScope) -> Key {
    Key::new(subscriptions(scope), "IDS")
}

/// The test of a subscription of the account that is under way.
#[must_use]
pub fn subscription_test(scope: AccountScope) -> Key {
    Key::new(subscriptions(scope), "TEST")
}

fn of_subscription(scope: AccountScope, id: SubscriptionId) -> String {
    of_account(scope, &format!("{SUBSCRIPTION}#{id}"))
}

const SUBSCRIPTION: &str = "SUBSCRIPTION";

/// The number of the last event that a subscription was to get.
#[must_use]
pub fn subscription_sequence(scope: AccountScope, id: SubscriptionId) -> Key {
    Key::new(of_subscription(scope, id), "SEQUENCE")
}

/// The health of a subscription, and its pause.
#[must_use]
pub fn subscription_health(scope: AccountScope, id: SubscriptionId) -> Key {
    Key::new(of_subscription(scope, id), "HEALTH")
}

/// The delivery of an event to a subscription.
#[must_use]
pub fn event_delivery(job: SendEvent) -> Key {
    Key::new(
        of_subscription(job.scope, job.subscription_id),
        format!("{DELIVERY_PREFIX}{}", job.event_id),
    )
}

const DELIVERY_PREFIX: &str = "DELIVERY#";

/// Parses the key of an event delivery: the outbox index contains only keys.
#[must_use]
pub fn parse_event_delivery(key: &Key) -> Option<SendEvent> {
    let (scope, rest) = parse_account(&key.pk)?;
    let [SUBSCRIPTION, id] = rest.as_slice() else {
        return None;
    };
    Some(SendEvent {
        scope,
        subscription_id: id.parse().ok()?,
        event_id: key.sk.strip_prefix(DELIVERY_PREFIX)?.parse().ok()?,
    })
}

/// The list of the deliveries to a subscription, by their numbers.
#[must_use]
pub fn event_deliveries(scope: AccountScope, id: SubscriptionId) -> String {
    format!("{}#DELIVERIES", of_subscription(scope, id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::ids::AccountId;

    #[test]
    fn keys_of_orders_about_events_read_back_and_no_other_one_is_read_as_such() {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let send = SendEvent {
            scope,
            subscription_id: SubscriptionId::derive(&["s"]),
            event_id: OutgoingEventId::derive(&["e"]),
        };
        let publish = PublishEvent {
            scope,
            event_id: send.event_id,
        };
        let event = outgoing_event(scope, send.event_id);
        assert_eq!(parse_outgoing_event(&event), Some(publish));
        assert_eq!(parse_event_delivery(&event), None);
        let delivery = event_delivery(send);
        assert_eq!(parse_event_delivery(&delivery), Some(send));
        assert_eq!(parse_outgoing_event(&delivery), None);
        for key in [
            subscription(scope, send.subscription_id),
            subscription_ids(scope),
            subscription_test(scope),
            subscription_sequence(scope, send.subscription_id),
            subscription_health(scope, send.subscription_id),
        ] {
            assert_eq!(parse_outgoing_event(&key), None, "{key}");
            assert_eq!(parse_event_delivery(&key), None, "{key}");
        }
    }

    /// The role of whoever sends events is limited by partition.
    #[test]
    fn what_calls_leave_behind_lies_apart_from_addresses_and_secrets() {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let id = SubscriptionId::derive(&["s"]);
        let own = subscription_health(scope, id).pk;
        assert_eq!(own, subscription_sequence(scope, id).pk);
        assert_ne!(own, subscription(scope, id).pk);
        assert_ne!(own, event_deliveries(scope, id));
    }
}
