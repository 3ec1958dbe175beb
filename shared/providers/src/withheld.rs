//! The rule for messages of which a platform hands over nothing (SPEC F05): they are placeholders on every
//! platform.

use crate::{fields::event_key, webhook::Event};
use vestibule_domain::chat::message::InboundMessage;

/// The event of a person's message: a placeholder, if nothing that the person wrote was handed over.
///
/// The message itself may follow its placeholder under the same id, so a placeholder has keys of its own.
#[must_use]
pub fn event_of(mut message: InboundMessage) -> Event {
    if !message.is_withheld() {
        return Event::Message(Box::new(message));
    }
    let keys = message.event_keys.iter();
    message.event_keys = keys.map(|key| placeholder_key(key)).collect();
    Event::Placeholder(Box::new(message))
}

/// The event key of a message's placeholder, made of the message's own.
#[must_use]
pub fn placeholder_key(key: &str) -> String {
    let (provider, own) = key.split_once(':').unwrap_or(("", key));
    event_key(provider, &format!("withheld:{own}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        Timestamp,
        chat::content::{Location, Part, Parts, Unsupported},
        chat::conversation::{ConversationKind, ConversationRef},
        chat::entity::Entities,
        chat::message::Identity,
        chat::profile::Profile,
        connector::Provider,
        ids::ConnectorId,
    };

    fn sent(text: &str, parts: Vec<Part>) -> Event {
        let direct = ConversationKind::Direct;
        let connector = ConnectorId::derive(&["c"]);
        event_of(InboundMessage {
            sender: Identity {
                provider: Provider::new("slack"),
                platform_scope: "T1".to_owned(),
                identifier: "U1".to_owned(),
            },
            also_known_as: None,
            profile: Profile::default(),
            conversation: ConversationRef::new(connector, direct, "D1".to_owned(), None),
            text: text.to_owned(),
            attachments: Vec::new(),
            parts: Parts::of(parts),
            entities: Entities::default(),
            provider_event_id: "Ev1".to_owned(),
            event_keys: vec![
                event_key("slack", "C1:1:2"),
                event_key("slack", &"x".repeat(200)),
            ],
            sent_at: Timestamp::from_millis(0),
        })
    }

    #[test]
    fn a_message_of_which_nothing_is_handed_over_is_a_placeholder_with_keys_of_its_own() {
        let unsupported = || Part::Unsupported(Unsupported::default());
        let Event::Message(whole) = sent("Hello", vec![unsupported()]) else {
            panic!("no message");
        };
        for parts in [vec![], vec![unsupported()]] {
            let Event::Placeholder(withheld) = sent(" ", parts) else {
                panic!("no placeholder");
            };
            assert_eq!(withheld.event_keys[0], "slack:withheld:C1:1:2");
            assert_eq!(withheld.event_keys.len(), whole.event_keys.len());
            for key in &withheld.event_keys {
                assert!(key.starts_with("slack:withheld:"), "{key}");
                assert!(!whole.event_keys.contains(key), "{key}");
            }
        }
        let place = Part::Location(Location::default());
        assert!(matches!(sent("", vec![place]), Event::Message(_)));
    }
}
