//! Conversations: the places on a platform where people write.

use crate::{
    Timestamp,
    ids::{ConnectorId, ConversationId, DeliveryId},
};
use serde::{Deserialize, Serialize};

/// The audience of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    /// One person and the agent.
    Direct,
    /// A closed group.
    Group,
    /// A channel that its members read.
    Channel,
}

/// A conversation, as the platform addresses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRef {
    /// Our id of the conversation.
    pub id: ConversationId,
    /// The audience of the conversation.
    pub kind: ConversationKind,
    /// The platform's own id, such as that of a Slack channel.
    pub provider_conversation_id: String,
    /// The thread that an answer belongs to.
    pub thread: Option<String>,
    /// The channel that the conversation counts for (SPEC M02), when its connector has more than
    /// one: SMS or `WhatsApp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The address that answers go to, when the platform names one with each message (Teams). It
    /// comes from outside, so it is checked again before each call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_url: Option<String>,
    /// The platform's name for the person who wrote, where calls about this conversation need
    /// another one than the person's identity (Teams: `29:…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_id: Option<String>,
}

impl ConversationRef {
    /// Makes the conversation at `connector` that the platform knows by these ids.
    #[must_use]
    pub fn new(
        connector: ConnectorId,
        kind: ConversationKind,
        provider_conversation_id: String,
        thread: Option<String>,
    ) -> Self {
        let id = ConversationId::derive(&[
            &connector.to_string(),
            &provider_conversation_id,
            thread.as_deref().unwrap_or(""),
        ]);
        Self {
            id,
            kind,
            provider_conversation_id,
            thread,
            channel: None,
            reply_url: None,
            member_id: None,
        }
    }

    /// Returns the conversation on this channel.
    #[must_use]
    pub fn on_channel(mut self, channel: &str) -> Self {
        self.channel = Some(channel.to_owned());
        self
    }

    /// Returns the conversation with the address that answers go to.
    #[must_use]
    pub fn answered_at(mut self, url: &str) -> Self {
        self.reply_url = Some(url.to_owned());
        self
    }

    /// Returns the conversation with the platform's name for the person who wrote.
    #[must_use]
    pub fn with_member(mut self, id: &str) -> Self {
        self.member_id = Some(id.to_owned());
        self
    }
}

/// The log of deliveries in one conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConversationLog {
    /// Number of messages delivered to the agent.
    pub message_count: u64,
    /// Time of the last delivered message.
    pub last_message_at: Option<Timestamp>,
    /// Event keys of messages that were delivered before events had rows of their own
    /// ([`HandledEvent`](crate::chat::repeats::HandledEvent)). None is added.
    pub recent_events: Vec<String>,
    /// Progress of the answer to the message in hand.
    pub progress: Option<Progress>,
    /// The conversation's new id, once the platform reported that it moved the conversation.
    pub moved_to: Option<String>,
    /// The address for calls that replaces the one in the messages, once the platform named it.
    pub reply_url: Option<ReplacedUrl>,
    /// Counts changes; 0 when nothing is stored yet.
    pub version: u64,
}

/// The replacement of an address that messages name. A message that names another address is newer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacedUrl {
    /// The address in the messages.
    pub named: String,
    /// The address that the platform answers at.
    pub answered: String,
}

/// Progress of the answer to one message, so that a retry continues after the last message sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The delivery being answered.
    pub delivery_id: DeliveryId,
    /// Number of messages of the answer that the platform has accepted.
    pub pieces_sent: usize,
}

impl ConversationLog {
    /// Whether a message with any of these event keys was delivered before events had rows of their
    /// own.
    #[must_use]
    pub fn has_any(&self, keys: &[String]) -> bool {
        keys.iter().any(|key| self.recent_events.contains(key))
    }

    /// Number of messages of the answer to `delivery` that the platform has accepted.
    #[must_use]
    pub fn pieces_sent(&self, delivery: DeliveryId) -> usize {
        self.progress
            .filter(|progress| progress.delivery_id == delivery)
            .map_or(0, |progress| progress.pieces_sent)
    }

    /// Returns the conversation as the platform addresses it now.
    #[must_use]
    pub fn current(&self, conversation: &ConversationRef) -> ConversationRef {
        let mut current = conversation.clone();
        if let Some(moved_to) = &self.moved_to {
            current.provider_conversation_id.clone_from(moved_to);
        }
        if let Some(url) = &self.reply_url
            && current.reply_url.as_ref() == Some(&url.named)
        {
            current.reply_url = Some(url.answered.clone());
        }
        current
    }

    /// Returns the log after the platform answered a call about `conversation` at another address.
    #[must_use]
    pub fn with_reply_url(mut self, conversation: &ConversationRef, answered: String) -> Self {
        if let Some(named) = conversation.reply_url.clone() {
            self.reply_url = Some(ReplacedUrl { named, answered });
        }
        self
    }

    /// Returns the log after one more message of the answer to `delivery` was sent.
    #[must_use]
    pub fn with_piece_sent(mut self, delivery: DeliveryId) -> Self {
        let pieces_sent = self.pieces_sent(delivery) + 1;
        self.progress = Some(Progress {
            delivery_id: delivery,
            pieces_sent,
        });
        self
    }

    /// Returns the log after a message written at `at` was delivered and answered.
    #[must_use]
    pub fn with_delivered(mut self, at: Timestamp) -> Self {
        self.message_count += 1;
        self.last_message_at = self.last_message_at.max(Some(at));
        self.progress = None;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, connector, conversation};

    fn keys(numbers: std::ops::Range<usize>) -> Vec<String> {
        numbers.map(|number| number.to_string()).collect()
    }

    #[test]
    fn a_conversation_is_one_thread_of_one_connector() {
        let of = |connector: &str, channel: &str, thread: Option<&str>| {
            let connector = ConnectorId::derive(&[connector]);
            let (kind, thread) = (ConversationKind::Channel, thread.map(Into::into));
            ConversationRef::new(connector, kind, channel.into(), thread)
        };
        let own = of("c", "C1", None);
        assert_eq!(own, of("c", "C1", None));
        for other in [
            of("d", "C1", None),
            of("c", "C2", None),
            of("c", "C1", Some("1")),
        ] {
            assert_ne!(other.id, own.id);
        }
    }

    #[test]
    fn a_conversation_keeps_its_id_whatever_is_told_of_it() {
        let told = conversation("D1")
            .on_channel("sms")
            .answered_at("https://smba.example.com/")
            .with_member("29:1");
        let expected = ConversationRef {
            channel: Some("sms".into()),
            reply_url: Some("https://smba.example.com/".into()),
            member_id: Some("29:1".into()),
            ..conversation("D1")
        };
        assert_eq!(told, expected);
        assert_eq!(told.id, conversation("D1").id);
    }

    #[test]
    fn what_was_delivered_by_the_release_before_stays_known_and_a_log_does_not_grow() {
        let log = ConversationLog {
            recent_events: keys(3..203),
            ..ConversationLog::default()
        }
        .with_delivered(at(1));
        assert_eq!(log.recent_events, keys(3..203));
        for (keys, known) in [
            (keys(2..3), false),
            (keys(3..4), true),
            (keys(2..4), true),
            (keys(203..204), false),
            (vec![], false),
        ] {
            assert_eq!(log.has_any(&keys), known, "{keys:?}");
        }
    }

    #[test]
    fn a_delivery_is_counted_and_ends_the_progress_and_time_never_runs_back() {
        let delivery = DeliveryId::derive(&["d"]);
        let log = ConversationLog::default()
            .with_piece_sent(delivery)
            .with_delivered(at(9))
            .with_delivered(at(8));
        let expected = ConversationLog {
            message_count: 2,
            last_message_at: Some(at(9)),
            ..ConversationLog::default()
        };
        assert_eq!(log, expected);
    }

    #[test]
    fn pieces_are_counted_for_the_delivery_in_hand_only() {
        let (one, two) = (DeliveryId::derive(&["1"]), DeliveryId::derive(&["2"]));
        let log = ConversationLog::default();
        assert_eq!(log.pieces_sent(one), 0);
        let log = log.with_piece_sent(one).with_piece_sent(one);
        assert_eq!((log.pieces_sent(one), log.pieces_sent(two)), (2, 0));
        let log = log.with_piece_sent(two);
        assert_eq!((log.pieces_sent(one), log.pieces_sent(two)), (0, 1));
    }

    #[test]
    fn an_address_that_was_replaced_is_called_no_more_until_a_message_names_another() {
        let at = |url: &str| conversation("D1").answered_at(url);
        let log = ConversationLog::default().with_reply_url(&at("https://a/"), "https://b/".into());
        assert_eq!(log.current(&at("https://a/")), at("https://b/"));
        assert_eq!(log.current(&at("https://c/")), at("https://c/"));
        assert_eq!(log.current(&conversation("D1")), conversation("D1"));
        let log = log.with_reply_url(&conversation("D1"), "https://d/".into());
        assert_eq!(log.current(&at("https://a/")), at("https://b/"));
    }

    #[test]
    fn a_conversation_that_moved_is_written_to_at_its_new_place_under_the_same_id() {
        let before = conversation("G1");
        let stays = ConversationLog::default();
        assert_eq!(stays.current(&before), before);
        let moved = ConversationLog {
            moved_to: Some("G2".into()),
            ..stays
        };
        let expected = ConversationRef {
            provider_conversation_id: "G2".into(),
            ..before.clone()
        };
        assert_eq!(moved.current(&before), expected);
        assert_eq!(
            before.id,
            ConversationRef::new(connector().id, before.kind, "G1".into(), None).id
        );
    }
}
