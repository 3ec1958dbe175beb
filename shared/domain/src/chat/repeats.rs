//! Events that may come again: repeated by their platform, or replayed by somebody who captured a
//! request.

use crate::{
    Timestamp,
    access::{consent::Wish, request::AccessRequest},
    chat::message::InboundMessage,
    ids::{AccessRequestId, ConnectorId, ConversationId},
    job::DeliverMessage,
};
use std::time::Duration;

/// Time during which an event of a platform may come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// Not longer than this after the event was handled.
    For(Duration),
    /// For ever: requests are signed and bear no date, so a captured one stays authentic.
    ForEver,
}

impl Repeats {
    /// Returns the time from which an event handled at `now` can be forgotten.
    #[must_use]
    pub fn until(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::For(time) => Some(now.plus(time)),
            Self::ForEver => None,
        }
    }
}

/// An event that is handled, to be remembered for as long as it may come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandledEvent {
    /// The connector that the event came through.
    pub connector_id: ConnectorId,
    /// The keys by which a second delivery is recognised, each once.
    pub keys: Vec<String>,
    /// Time of handling.
    pub at: Timestamp,
    /// Time during which the event may come again.
    pub repeats: Repeats,
    /// The conversation of the event's message.
    pub conversation_id: Option<ConversationId>,
    /// The access request that the message made or counts on, or would have made.
    pub request_id: Option<AccessRequestId>,
}

impl HandledEvent {
    /// Makes the event of a message that arrives at `at`.
    #[must_use]
    pub fn of(
        message: &InboundMessage,
        connector_id: ConnectorId,
        repeats: Repeats,
        at: Timestamp,
    ) -> Self {
        Self {
            connector_id,
            keys: each_once(&message.event_keys),
            at,
            repeats,
            conversation_id: Some(message.conversation.id),
            request_id: None,
        }
    }

    /// Makes the event of a message that was delivered at `at`.
    #[must_use]
    pub fn delivered(job: &DeliverMessage, repeats: Repeats, at: Timestamp) -> Self {
        Self {
            connector_id: job.connector_id,
            keys: each_once(&job.event_keys),
            at,
            repeats,
            conversation_id: Some(job.conversation.id),
            request_id: Some(AccessRequest::id_of(
                job.connector_id,
                job.chat_user_id,
                job.event_key(),
            )),
        }
    }

    /// Makes the event of a wish that arrives at `at`. Its key differs from that of the message which
    /// expressed the wish, because either may be handled without the other.
    #[must_use]
    pub fn wished(wish: &Wish, connector_id: ConnectorId, repeats: Repeats, at: Timestamp) -> Self {
        let key = wish.event_key.as_ref();
        Self {
            connector_id,
            keys: key.map(|key| format!("wish:{key}")).into_iter().collect(),
            at,
            repeats,
            conversation_id: None,
            request_id: None,
        }
    }

    /// Returns the event of a message that is held on this request.
    #[must_use]
    pub fn held_on(&self, request_id: AccessRequestId) -> Self {
        Self {
            request_id: Some(request_id),
            ..self.clone()
        }
    }

    /// Returns the time from which the event can be forgotten.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.repeats.until(self.at)
    }
}

/// One write or read names a row only once.
fn each_once(keys: &[String]) -> Vec<String> {
    let mut once: Vec<String> = Vec::with_capacity(keys.len());
    for key in keys {
        if !once.contains(key) {
            once.push(key.clone());
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, connector, message};

    #[test]
    fn an_event_is_remembered_while_it_may_come_again_and_a_signed_undated_one_for_ever() {
        let day = Repeats::For(Duration::from_hours(24));
        for (repeats, until) in [(day, Some(at(5 + 86_400))), (Repeats::ForEver, None)] {
            let event = HandledEvent::of(&message(), connector().id, repeats, at(5));
            assert_eq!(event.until(), until);
        }
    }

    #[test]
    fn a_wish_is_another_event_than_the_message_that_expressed_it() {
        let wish = |event_key: Option<&str>| Wish {
            channel: None,
            may_write: true,
            at: at(1),
            event_key: event_key.map(Into::into),
        };
        let of = |wish: &Wish| HandledEvent::wished(wish, connector().id, Repeats::ForEver, at(9));
        assert_eq!(of(&wish(Some("a"))).keys, ["wish:a"]);
        assert!(of(&wish(None)).keys.is_empty());
    }

    #[test]
    fn an_event_has_each_of_its_keys_once_and_the_same_when_it_is_delivered() {
        let message = InboundMessage {
            event_keys: ["a", "b", "a"].map(Into::into).into(),
            ..message()
        };
        let connector = connector();
        let taken = HandledEvent::of(&message, connector.id, Repeats::ForEver, at(9));
        assert_eq!(taken.keys, ["a", "b"]);
        let job = DeliverMessage::of(message, &connector, at(9));
        // A message that is held makes the request whose id a delivery of it names too.
        let request = AccessRequest::id_of(connector.id, job.chat_user_id, "a");
        assert_eq!(
            HandledEvent::delivered(&job, Repeats::ForEver, at(9)),
            taken.held_on(request)
        );
    }
}
