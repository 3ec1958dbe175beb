//! Conversations: the places on a platform where people write.

use crate::{
    Timestamp,
    chat::handoff::Handoff,
    ids::{ChatUserId, ConnectorId, ConversationId, EnvironmentId},
    text::clean_name,
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
    /// The name of a group or channel, where the platform tells it with the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
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
            name: None,
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

    /// Returns the conversation with its name as the platform tells it, cleaned. A direct one has none.
    #[must_use]
    pub fn named(mut self, raw: Option<&str>) -> Self {
        let is_shared = self.kind != ConversationKind::Direct;
        self.name = raw.filter(|_| is_shared).and_then(clean_name);
        self
    }
}

/// A conversation on record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conversation {
    /// Number of messages that the agent got, which is the `sequence` of the last one.
    pub message_count: u64,
    /// Number of messages both ways, which is the `number` of the last one.
    pub message_total: u64,
    /// Time at which the last message was written that the agent got, or people who took over.
    pub last_message_at: Option<Timestamp>,
    /// Event keys of messages that were delivered before events had rows of their own
    /// ([`HandledEvent`](crate::chat::repeats::HandledEvent)). None is added.
    pub recent_events: Vec<String>,
    /// The conversation as the last message named it. Absent in rows of the release before.
    pub place: Option<ConversationRef>,
    /// The environment of the last message. Absent in rows of the release before.
    pub environment_id: Option<EnvironmentId>,
    /// The sender of the last message. Absent in rows of the release before.
    pub chat_user_id: Option<ChatUserId>,
    /// The platform's id of the last message of a person. Absent in rows of the release before.
    pub last_event_id: Option<String>,
    /// Time of the last message either way. Absent in rows of the release before.
    pub last_activity_at: Option<Timestamp>,
    /// The handoff, while people have the conversation instead of the agent.
    pub handoff: Option<Handoff>,
    /// The texts that go out.
    pub outgoing: Outgoing,
    /// Counts changes; 0 when nothing is stored yet.
    pub version: u64,
}

/// The texts of a conversation that go out, and what sending them told. Only the worker that sends them
/// changes it, apart from the texts that are added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Number of the first message that may still have to be sent. Messages from here on may also be
    /// inbound.
    pub next: u64,
    /// Number of the last message that is to be sent, or was; 0 when there is none.
    pub last: u64,
    /// Pieces that went out of the text in hand.
    pub progress: Option<Progress>,
    /// The conversation's new id, once the platform reported that it moved the conversation.
    pub moved_to: Option<String>,
    /// The address for calls that replaces the one in the messages, once the platform named it.
    pub reply_url: Option<ReplacedUrl>,
}

impl Default for Outgoing {
    fn default() -> Self {
        Self {
            next: 1,
            last: 0,
            progress: None,
            moved_to: None,
            reply_url: None,
        }
    }
}

/// The replacement of an address that messages name. A message that names another address is newer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacedUrl {
    /// The address in the messages.
    pub named: String,
    /// The address that the platform answers at.
    pub answered: String,
}

/// Progress of one text, so that a retry continues after the last piece sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Number of the text.
    pub number: u64,
    /// Number of its pieces that are done.
    pub pieces_sent: usize,
    /// Whether the next piece may have gone out: the platform did not answer an attempt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_doubt: bool,
}

/// News about a conversation in a platform's answer to a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Learnt {
    /// The conversation's new id.
    pub moved_to: Option<String>,
    /// The new address for calls.
    pub reply_url: Option<ReplacedUrl>,
}

impl Learnt {
    /// Makes the news in the answer to a text in `place`, as messages name it.
    #[must_use]
    pub fn of(
        place: &ConversationRef,
        moved_to: Option<String>,
        reply_url: Option<String>,
    ) -> Self {
        let reply_url = place.reply_url.clone().zip(reply_url);
        Self {
            moved_to,
            reply_url: reply_url.map(|(named, answered)| ReplacedUrl { named, answered }),
        }
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.moved_to.is_none() && self.reply_url.is_none()
    }
}

/// The addition of a delivery to its conversation, besides the texts of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inbound {
    /// A message that the agent gets.
    Message,
    /// A message that the agent does not get. It leaves no gap among those that the agent gets.
    Unseen,
    /// A message for people who took the conversation over. It leaves no gap either, and the platform's time
    /// for answers counts from it.
    HandedOff,
    /// No message: an earlier one was changed.
    Nothing,
}

impl Inbound {
    /// Number of messages.
    #[must_use]
    pub const fn messages(self) -> u64 {
        match self {
            Self::Message | Self::Unseen | Self::HandedOff => 1,
            Self::Nothing => 0,
        }
    }

    /// Whether the agent gets the message.
    #[must_use]
    pub const fn is_counted(self) -> bool {
        matches!(self, Self::Message)
    }

    /// Whether somebody answers the message: the agent, or people who took over.
    #[must_use]
    pub const fn is_answered(self) -> bool {
        matches!(self, Self::Message | Self::HandedOff)
    }
}

/// A delivery that was answered, as the conversation's record counts it.
#[derive(Debug, Clone, Copy)]
pub struct Delivered<'a> {
    /// Its addition.
    pub inbound: Inbound,
    /// The conversation, as the message names it.
    pub place: &'a ConversationRef,
    /// The environment whose agent got the message.
    pub environment_id: EnvironmentId,
    /// The sender.
    pub chat_user_id: ChatUserId,
    /// The platform's id of the message.
    pub provider_event_id: &'a str,
    /// Time of writing.
    pub sent_at: Timestamp,
    /// Time of the answer.
    pub at: Timestamp,
    /// Number of texts in the answer.
    pub replies: u64,
    /// The handoff in the answer.
    pub handoff: Option<&'a Handoff>,
}

impl Conversation {
    /// Whether a message with any of these event keys was delivered before events had rows of their
    /// own.
    #[must_use]
    pub fn has_any(&self, keys: &[String]) -> bool {
        keys.iter().any(|key| self.recent_events.contains(key))
    }

    /// Returns the record after one more delivery. Its message gets the next number, and the texts of its
    /// answer those after it. A delivery that adds neither, and hands nothing off, leaves the record as it is.
    #[must_use]
    pub fn with_delivered(&self, delivered: &Delivered<'_>) -> Self {
        let inbound = self.message_total + delivered.inbound.messages();
        let message_total = inbound + delivered.replies;
        if message_total == self.message_total && delivered.handoff.is_none() {
            return self.clone();
        }
        let outgoing = if delivered.replies > 0 {
            self.outgoing.with_added(inbound + 1, message_total)
        } else {
            self.outgoing.clone()
        };
        let last_message_at = if delivered.inbound.is_answered() {
            self.last_message_at.max(Some(delivered.sent_at))
        } else {
            self.last_message_at
        };
        let last_event_id = if delivered.inbound == Inbound::Nothing {
            self.last_event_id.clone()
        } else {
            Some(delivered.provider_event_id.to_owned())
        };
        let message_count = self.message_count + u64::from(delivered.inbound.is_counted());
        Self {
            message_count,
            message_total,
            last_message_at,
            place: Some(delivered.place.clone()),
            environment_id: Some(delivered.environment_id),
            chat_user_id: Some(delivered.chat_user_id),
            last_event_id,
            last_activity_at: self.last_activity_at.max(Some(delivered.at)),
            handoff: delivered.handoff.or(self.handoff.as_ref()).cloned(),
            outgoing,
            ..self.clone()
        }
    }

    /// Returns the record after this many texts were written that answer no message. They get the next
    /// numbers.
    #[must_use]
    pub fn with_texts(&self, texts: u64, at: Timestamp) -> Self {
        let message_total = self.message_total + texts;
        Self {
            message_total,
            last_activity_at: self.last_activity_at.max(Some(at)),
            outgoing: self
                .outgoing
                .with_added(self.message_total + 1, message_total),
            ..self.clone()
        }
    }
}

impl Outgoing {
    /// Whether a text may still have to be sent.
    #[must_use]
    pub const fn has_unsent(&self) -> bool {
        self.next <= self.last
    }

    /// Number of pieces of the text with this number that are done.
    #[must_use]
    pub fn pieces_sent(&self, number: u64) -> usize {
        self.progress
            .filter(|progress| progress.number == number)
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

    /// Takes over what a platform told.
    pub fn learn(&mut self, learnt: &Learnt) {
        if let Some(moved_to) = &learnt.moved_to {
            self.moved_to = Some(moved_to.clone());
        }
        if let Some(url) = &learnt.reply_url {
            self.reply_url = Some(url.clone());
        }
    }

    /// Returns the record after texts up to `last` were added, of which `first` is the first. If nothing is
    /// waiting, sending goes on there.
    #[must_use]
    pub fn with_added(&self, first: u64, last: u64) -> Self {
        let next = if self.has_unsent() { self.next } else { first };
        Self {
            next,
            last,
            ..self.clone()
        }
    }

    /// Returns the record after the text with this number was sent or given up.
    #[must_use]
    pub fn with_finished(&self, number: u64) -> Self {
        Self {
            next: self.next.max(number + 1),
            progress: None,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod handoff_tests;

#[cfg(test)]
mod tests;
