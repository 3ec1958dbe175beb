//! Edits and deletions: a person changes a message that was written before. A change is never a new
//! message.

use crate::{
    Timestamp,
    account::agent_event::AgentEvent,
    chat::{content::Parts, conversation::Inbound, entity::Entities, message::InboundMessage},
};
use serde::{Deserialize, Serialize};

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It has other content, or is back after a deletion.
    Edited,
    /// It is gone.
    Deleted,
}

impl ChangeKind {
    /// The kind's spelling in event keys.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Deleted => "deleted",
        }
    }
}

/// A change of a message by the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageChange {
    /// The message as it is from now on, without content if it was deleted. Its event keys and its time
    /// are those of the change.
    pub message: InboundMessage,
    /// Kind of the change.
    pub kind: ChangeKind,
    /// The first of the message's own event keys.
    pub original_key: String,
    /// Time at which the message itself was written, if the platform names it with the change.
    pub written_at: Option<Timestamp>,
}

impl MessageChange {
    /// Makes the change of `message`, whose event keys and time are those of the change.
    #[must_use]
    pub fn new(message: InboundMessage, kind: ChangeKind, original_key: String) -> Self {
        let message = match kind {
            ChangeKind::Edited => message,
            ChangeKind::Deleted => InboundMessage {
                text: String::new(),
                attachments: Vec::new(),
                parts: Parts::default(),
                entities: Entities::default(),
                ..message
            },
        };
        Self {
            message,
            kind,
            original_key,
            written_at: None,
        }
    }

    /// Adds the time at which the message itself was written.
    #[must_use]
    pub fn of_message_at(self, at: Option<Timestamp>) -> Self {
        Self {
            written_at: at,
            ..self
        }
    }

    /// The event by which the history follows a deletion by a person without access (SPEC A45). An edit would
    /// bring in what such a person writes, so there is none for it.
    #[must_use]
    pub fn event_for_history(&self) -> Option<DeliveryEvent> {
        (self.kind == ChangeKind::Deleted).then(|| DeliveryEvent::Deleted {
            original_key: self.original_key.clone(),
            is_for_history: true,
        })
    }

    /// The event of its delivery.
    #[must_use]
    pub fn event(&self) -> DeliveryEvent {
        let original_key = self.original_key.clone();
        match self.kind {
            ChangeKind::Edited => DeliveryEvent::Edited { original_key },
            ChangeKind::Deleted => DeliveryEvent::Deleted {
                original_key,
                is_for_history: false,
            },
        }
    }
}

/// The event that a delivery tells the agent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeliveryEvent {
    /// A person wrote a message.
    #[default]
    Received,
    /// A person wrote something that the platform does not hand over.
    Unsupported,
    /// A person edited a message.
    Edited {
        /// See [`MessageChange::original_key`].
        original_key: String,
    },
    /// A person deleted a message.
    Deleted {
        /// See [`MessageChange::original_key`].
        original_key: String,
        /// Whether the person has no access: what they wrote before is gone from the history, and no agent is
        /// told.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_for_history: bool,
    },
}

impl DeliveryEvent {
    /// Whether the delivery is of a new message that every agent gets.
    #[must_use]
    pub const fn is_received(&self) -> bool {
        matches!(self, Self::Received)
    }

    /// Whether it changes the history and reaches no agent.
    #[must_use]
    pub const fn is_for_history(&self) -> bool {
        matches!(
            self,
            Self::Deleted {
                is_for_history: true,
                ..
            }
        )
    }

    /// The `type` of the delivery.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Received => "message.received",
            Self::Unsupported => AgentEvent::Unsupported.key(),
            Self::Edited { .. } => AgentEvent::Edited.key(),
            Self::Deleted { .. } => AgentEvent::Deleted.key(),
        }
    }

    /// The event that the environment must ask for; `None` for one that every agent gets.
    #[must_use]
    pub const fn asked_for(&self) -> Option<AgentEvent> {
        match self {
            Self::Received => None,
            Self::Unsupported => Some(AgentEvent::Unsupported),
            Self::Edited { .. } => Some(AgentEvent::Edited),
            Self::Deleted { .. } => Some(AgentEvent::Deleted),
        }
    }

    /// The delivery's addition to its conversation, if the agent gets it or does not.
    #[must_use]
    pub const fn adds(&self, reaches_agent: bool) -> Inbound {
        match self {
            Self::Edited { .. } | Self::Deleted { .. } => Inbound::Nothing,
            Self::Received | Self::Unsupported if reaches_agent => Inbound::Message,
            Self::Received | Self::Unsupported => Inbound::Unseen,
        }
    }

    /// See [`MessageChange::original_key`].
    #[must_use]
    pub fn original_key(&self) -> Option<&str> {
        match self {
            Self::Received | Self::Unsupported => None,
            Self::Edited { original_key } | Self::Deleted { original_key, .. } => {
                Some(original_key)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::message;
    use serde_json::json;

    #[test]
    fn what_was_deleted_has_no_content_and_what_was_edited_has_the_new_one() {
        let edited = MessageChange::new(message(), ChangeKind::Edited, "slack:1".into());
        assert_eq!(edited.message, message());
        let deleted = MessageChange::new(message(), ChangeKind::Deleted, "slack:1".into());
        let expected = InboundMessage {
            text: String::new(),
            ..message()
        };
        assert_eq!(deleted.message, expected);
    }

    /// Changes are recognised by their event keys. A release that spelt them differently would take each twice.
    #[test]
    fn a_change_is_spelt_in_event_keys_as_it_was_in_every_release_before() {
        assert_eq!(ChangeKind::Edited.key(), "edited");
        assert_eq!(ChangeKind::Deleted.key(), "deleted");
    }

    #[test]
    fn of_a_person_without_access_the_history_follows_a_deletion_and_no_edit() {
        let change = |kind| MessageChange::new(message(), kind, "slack:1".into());
        assert_eq!(change(ChangeKind::Edited).event_for_history(), None);
        let event = change(ChangeKind::Deleted).event_for_history().unwrap();
        assert!(event.is_for_history());
        assert_eq!(event.original_key(), Some("slack:1"));
        assert_eq!(event.adds(false), Inbound::Nothing);
        let stored = json!({"kind": "deleted", "original_key": "slack:1", "is_for_history": true});
        assert_eq!(serde_json::to_value(&event).unwrap(), stored);
        assert_eq!(
            serde_json::from_value::<DeliveryEvent>(stored).unwrap(),
            event
        );
        assert!(!DeliveryEvent::default().is_for_history());
    }

    #[test]
    fn a_delivery_is_of_a_new_message_unless_it_says_which_one_it_changes() {
        let original_key = || "slack:1".to_owned();
        for (kind, event, stored, key) in [
            (
                ChangeKind::Edited,
                DeliveryEvent::Edited {
                    original_key: original_key(),
                },
                json!({"kind": "edited", "original_key": "slack:1"}),
                "message.edited",
            ),
            (
                ChangeKind::Deleted,
                DeliveryEvent::Deleted {
                    original_key: original_key(),
                    is_for_history: false,
                },
                json!({"kind": "deleted", "original_key": "slack:1"}),
                "message.deleted",
            ),
        ] {
            let change = MessageChange::new(message(), kind, original_key());
            assert_eq!(change.event(), event);
            assert_eq!(serde_json::to_value(&event).unwrap(), stored);
            assert_eq!(
                serde_json::from_value::<DeliveryEvent>(stored).unwrap(),
                event
            );
            assert_eq!(event.key(), key);
            assert_eq!(event.asked_for().map(AgentEvent::key), Some(key));
            assert_eq!(event.original_key(), Some("slack:1"));
            assert!(!event.is_received() && !event.is_for_history());
            for reaches_agent in [false, true] {
                assert_eq!(event.adds(reaches_agent), Inbound::Nothing);
            }
        }
        let unsupported = DeliveryEvent::Unsupported;
        let stored = json!({"kind": "unsupported"});
        assert_eq!(serde_json::to_value(&unsupported).unwrap(), stored);
        assert_eq!(unsupported.key(), "message.unsupported");
        let asked_for = unsupported.asked_for().map(AgentEvent::key);
        assert_eq!(asked_for, Some("message.unsupported"));
        assert_eq!(unsupported.original_key(), None);
        assert!(!unsupported.is_received());
        let received = DeliveryEvent::default();
        assert_eq!(received.key(), "message.received");
        assert_eq!(
            (received.asked_for(), received.original_key()),
            (None, None)
        );
        assert!(received.is_received());
        for event in [received, unsupported] {
            assert_eq!(event.adds(true), Inbound::Message);
            assert_eq!(event.adds(false), Inbound::Unseen);
        }
    }
}
