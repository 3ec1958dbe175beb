//! The way of one message of a platform, as far as records of it are left.

use crate::{
    Timestamp,
    access::request::AccessRequest,
    chat::{given_up::GivenUpEntry, history::StoredMessage},
    ids::{ConversationId, DeliveryId},
    ports::ParkedMessage,
};

/// The records of one message, found by the key of its event. A message of which none is left has an empty trace.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// The event.
    pub event: Option<TracedEvent>,
    /// The conversation.
    pub conversation_id: Option<ConversationId>,
    /// The access request that the message made or counts on.
    pub request: Option<AccessRequest>,
    /// The message, while it waits for the agent or is given up.
    pub undelivered: Option<Undelivered>,
    /// The message on record.
    pub message: Option<StoredMessage>,
    /// The texts that answer it, in order.
    pub replies: Vec<StoredMessage>,
}

/// The row of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TracedEvent {
    /// Time at which it was handled last: by the webhook or, if that left the message to the agent's queue, by the worker.
    pub handled_at: Timestamp,
    /// Time at which the message was delivered.
    pub delivered_at: Option<Timestamp>,
}

/// A message that the agent has not got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// Id of the delivery.
    pub delivery_id: DeliveryId,
    /// Whether it was given up.
    pub is_given_up: bool,
    /// Number of attempts so far.
    pub attempts: u32,
    /// Time since which it waits, or at which it was given up.
    pub since: Timestamp,
    /// The reason of giving up.
    pub reason: Option<String>,
}

/// The outcome of a message so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceOutcome {
    /// Nothing is on record.
    Unknown,
    /// Its event was taken, and nothing followed from it.
    Taken,
    /// It made an access request or counts on one, and no agent got it.
    Held,
    /// It waits for the agent.
    Waiting,
    /// It was given up.
    GivenUp,
    /// It is on record, and the agent did not get it.
    Recorded,
    /// The agent got it, or its change.
    Delivered,
}

impl Trace {
    /// The outcome so far.
    #[must_use]
    pub fn outcome(&self) -> TraceOutcome {
        let Some(event) = &self.event else {
            return TraceOutcome::Unknown;
        };
        if event.delivered_at.is_some() {
            let is_unseen = |message: &StoredMessage| message.sequence.is_none();
            return if self.message.as_ref().is_some_and(is_unseen) {
                TraceOutcome::Recorded
            } else {
                TraceOutcome::Delivered
            };
        }
        match (&self.undelivered, &self.request) {
            (Some(undelivered), _) if undelivered.is_given_up => TraceOutcome::GivenUp,
            (Some(_), _) => TraceOutcome::Waiting,
            (None, Some(_)) => TraceOutcome::Held,
            (None, None) => TraceOutcome::Taken,
        }
    }

    /// Id of the delivery, as far as the records tell it.
    #[must_use]
    pub fn delivery_id(&self) -> Option<DeliveryId> {
        let undelivered = self.undelivered.as_ref();
        let mut messages = self.message.iter().chain(&self.replies);
        undelivered
            .map(|undelivered| undelivered.delivery_id)
            .or_else(|| messages.find_map(|message| message.delivery_id))
    }
}

impl From<&ParkedMessage> for Undelivered {
    fn from(parked: &ParkedMessage) -> Self {
        Self {
            delivery_id: parked.job.delivery_id(),
            is_given_up: false,
            attempts: parked.attempts,
            since: parked.parked_at,
            reason: None,
        }
    }
}

impl From<&GivenUpEntry> for Undelivered {
    fn from(entry: &GivenUpEntry) -> Self {
        Self {
            delivery_id: entry.id.delivery_id,
            is_given_up: true,
            attempts: entry.attempts,
            since: entry.given_up_at,
            reason: Some(entry.reason.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        job::DeliverMessage,
        samples::{self, at, connector, message},
    };

    fn event(delivered_at: Option<Timestamp>) -> TracedEvent {
        TracedEvent {
            handled_at: at(1),
            delivered_at,
        }
    }

    fn undelivered(is_given_up: bool) -> Undelivered {
        Undelivered {
            delivery_id: DeliveryId::derive(&["d"]),
            is_given_up,
            attempts: 3,
            since: at(2),
            reason: None,
        }
    }

    fn stored(sequence: Option<u64>) -> StoredMessage {
        let job = DeliverMessage::of(message(), &connector(), at(1));
        StoredMessage::inbound(&job, 1, sequence)
    }

    #[test]
    fn the_outcome_of_a_message_is_the_furthest_step_on_record() {
        let request = || Some(samples::request());
        for (event, request, undelivered, message, outcome) in [
            (None, None, None, None, TraceOutcome::Unknown),
            (Some(event(None)), None, None, None, TraceOutcome::Taken),
            (Some(event(None)), request(), None, None, TraceOutcome::Held),
            (
                Some(event(None)),
                request(),
                Some(undelivered(false)),
                None,
                TraceOutcome::Waiting,
            ),
            (
                Some(event(None)),
                None,
                Some(undelivered(true)),
                None,
                TraceOutcome::GivenUp,
            ),
            (
                Some(event(Some(at(3)))),
                request(),
                None,
                Some(stored(Some(1))),
                TraceOutcome::Delivered,
            ),
            (
                Some(event(Some(at(3)))),
                None,
                None,
                Some(stored(None)),
                TraceOutcome::Recorded,
            ),
            (
                Some(event(Some(at(3)))),
                None,
                None,
                None,
                TraceOutcome::Delivered,
            ),
        ] {
            let trace = Trace {
                event,
                request,
                undelivered,
                message,
                ..Trace::default()
            };
            assert_eq!(trace.outcome(), outcome, "{trace:?}");
        }
    }

    #[test]
    fn the_delivery_s_id_is_that_of_the_first_record_that_names_it() {
        assert_eq!(Trace::default().delivery_id(), None);
        let trace = Trace {
            message: Some(stored(Some(1))),
            ..Trace::default()
        };
        let id = trace
            .message
            .as_ref()
            .and_then(|message| message.delivery_id);
        assert!(id.is_some());
        assert_eq!(trace.delivery_id(), id);
        let waits = Trace {
            undelivered: Some(undelivered(false)),
            ..trace
        };
        assert_eq!(waits.delivery_id(), Some(DeliveryId::derive(&["d"])));
    }
}
