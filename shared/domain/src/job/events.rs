//! Jobs of the queue of outgoing events (SPEC F04).

use crate::{
    AccountScope,
    ids::{OutgoingEventId, SubscriptionId},
};
use serde::{Deserialize, Serialize};

/// A job of the queue of outgoing events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum EventJob {
    /// Order the deliveries of an event to the subscriptions that ask for it. Each delivery exists once, so a late or
    /// repeated job does no harm.
    PublishEvent(PublishEvent),
    /// Send an event to a subscription. The delivery knows whether and when that is to be done, so a late or repeated job
    /// does no harm.
    SendEvent(SendEvent),
}

impl EventJob {
    /// The account, whose jobs share the workers with those of others: one that has many jobs, or slow subscribers, keeps
    /// no other account waiting.
    #[must_use]
    pub fn group(&self) -> String {
        let (Self::PublishEvent(PublishEvent { scope, .. })
        | Self::SendEvent(SendEvent { scope, .. })) = self;
        scope.account_id().to_string()
    }
}

impl From<PublishEvent> for EventJob {
    fn from(job: PublishEvent) -> Self {
        Self::PublishEvent(job)
    }
}

impl From<SendEvent> for EventJob {
    fn from(job: SendEvent) -> Self {
        Self::SendEvent(job)
    }
}

/// See [`EventJob::PublishEvent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PublishEvent {
    /// The account.
    #[serde(flatten)]
    pub scope: AccountScope,
    /// The event.
    pub event_id: OutgoingEventId,
}

/// See [`EventJob::SendEvent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SendEvent {
    /// The account.
    #[serde(flatten)]
    pub scope: AccountScope,
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// The event.
    pub event_id: OutgoingEventId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{event_delivery, scope};

    #[test]
    fn jobs_of_outgoing_events_read_back() {
        let publish = PublishEvent {
            scope: scope().account(),
            event_id: OutgoingEventId::derive(&["e"]),
        };
        for (job, begins) in [
            (
                EventJob::from(publish),
                r#"{"job":"publish_event","account_id":"#,
            ),
            (
                event_delivery().job().into(),
                r#"{"job":"send_event","account_id":"#,
            ),
        ] {
            let json = serde_json::to_string(&job).unwrap();
            assert!(json.starts_with(begins), "{json}");
            assert_eq!(job.group(), scope().account_id().to_string());
            assert_eq!(serde_json::from_str::<EventJob>(&json).unwrap(), job);
        }
    }
}
