//! The events of one request: one after another within a conversation, several conversations at once.
//!
//! Some platforms collect events of many people in one request (360dialog), and send all of it again when
//! it was not accepted in time. Messages of a large batch are therefore remembered one by one as they are
//! taken, and left out when the batch comes again: each delivery gets further, until one ends it.

use super::Intake;
use futures_util::{StreamExt, stream};
use std::collections::BTreeSet;
use vestibule_domain::{
    PortError, chat::message::InboundMessage, connector::Connector, ids::ConversationId,
};
use vestibule_providers::webhook::{Event, RawRequest};

/// Conversations whose events are taken at once. It is also the number of messages up to which a batch is
/// not remembered piece by piece: they are taken in the time of one, or are few enough to be taken in
/// order.
pub(super) const CONCURRENCY: usize = 16;

impl Intake {
    /// Takes all events of a request. One that fails does not stop the others, and its error is returned
    /// at the end.
    pub(super) async fn take_events(
        &self,
        connector: &Connector,
        events: Vec<Event>,
        request: &RawRequest<'_>,
    ) -> Result<(), PortError> {
        let is_large = message_count(&events) > CONCURRENCY;
        let events = if is_large {
            self.not_taken_before(connector, events).await?
        } else {
            events
        };
        let failures: Vec<Option<PortError>> = stream::iter(in_conversations(events))
            .map(|group| self.take_group(connector, group, request, is_large))
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
        failures.into_iter().flatten().next().map_or(Ok(()), Err)
    }

    /// Leaves out the messages that an earlier delivery of the same batch took. Their jobs are in their
    /// queues, or their marks in the outbox.
    async fn not_taken_before(
        &self,
        connector: &Connector,
        events: Vec<Event>,
    ) -> Result<Vec<Event>, PortError> {
        let keys: BTreeSet<String> = events.iter().flat_map(event_keys).cloned().collect();
        let now = self.clock.now();
        let taken = self.store.remembered(connector.id, &keys, now).await?;
        Ok(events
            .into_iter()
            .filter(|event| !event_keys(event).iter().any(|key| taken.contains(key)))
            .collect())
    }

    /// Takes events one after another, and returns the last error.
    async fn take_group(
        &self,
        connector: &Connector,
        events: Vec<Event>,
        request: &RawRequest<'_>,
        is_large_batch: bool,
    ) -> Option<PortError> {
        let mut failed = None;
        for event in events {
            let taken = self.take_with_retry(connector, event, request, is_large_batch);
            if let Err(error) = Box::pin(taken).await {
                failed = Some(error);
            }
        }
        failed
    }
}

/// The message that an event brings or changes, with or without its content.
fn message(event: &Event) -> Option<&InboundMessage> {
    match event {
        Event::Message(message) | Event::Placeholder(message) => Some(message),
        Event::Changed(change) => Some(&change.message),
        _ => None,
    }
}

/// The keys of an event that is a message.
fn event_keys(event: &Event) -> &[String] {
    message(event).map_or(&[], |message| &message.event_keys)
}

fn message_count(events: &[Event]) -> usize {
    events.iter().filter_map(message).count()
}

/// Groups messages by conversation, in the order of the request. Any other event is its own group.
fn in_conversations(events: Vec<Event>) -> Vec<Vec<Event>> {
    let mut groups: Vec<(Option<ConversationId>, Vec<Event>)> = Vec::new();
    for event in events {
        let id = message(&event).map(|message| message.conversation.id);
        // Most events of a large batch are statuses, which need no search.
        let group = id.and_then(|id| groups.iter_mut().find(|(group, _)| *group == Some(id)));
        match group {
            Some((_, events)) => events.push(event),
            None => groups.push((id, vec![event])),
        }
    }
    groups.into_iter().map(|(_, events)| events).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        Timestamp,
        chat::content::Parts,
        chat::conversation::{ConversationKind, ConversationRef},
        chat::entity::Entities,
        chat::message::Identity,
        chat::profile::Profile,
        connector::Provider,
        ids::ConnectorId,
    };

    fn written(place: &str, text: &str) -> Event {
        let connector = ConnectorId::derive(&["c"]);
        let kind = ConversationKind::Direct;
        Event::Message(Box::new(InboundMessage {
            sender: Identity {
                provider: Provider::new("360dialog"),
                platform_scope: String::new(),
                identifier: place.to_owned(),
            },
            also_known_as: None,
            profile: Profile::default(),
            conversation: ConversationRef::new(connector, kind, place.to_owned(), None),
            text: text.to_owned(),
            attachments: Vec::new(),
            parts: Parts::default(),
            entities: Entities::default(),
            provider_event_id: text.to_owned(),
            event_keys: vec![text.to_owned()],
            sent_at: Timestamp::from_millis(0),
        }))
    }

    #[test]
    fn messages_of_a_conversation_stay_in_order_and_nothing_else_waits_for_them() {
        let status = || Event::ignored("status");
        let batch = vec![
            written("ada", "1"),
            status(),
            written("bob", "2"),
            written("ada", "3"),
            status(),
        ];
        assert_eq!(message_count(&batch), 3);
        let groups = in_conversations(batch);
        assert_eq!(
            groups,
            [
                vec![written("ada", "1"), written("ada", "3")],
                vec![status()],
                vec![written("bob", "2")],
                vec![status()],
            ]
        );
    }

    #[test]
    fn only_a_message_has_keys_by_which_it_is_left_out() {
        assert_eq!(event_keys(&written("ada", "1")), ["1"]);
        assert!(event_keys(&Event::ignored("status")).is_empty());
    }
}
