//! Ports of the admin API for conversations and their messages.

use crate::{
    PortError, ProjectScope, Timestamp,
    chat::conversation::Conversation,
    chat::handoff::Handoff,
    chat::history::{HistoryDays, StoredMessage},
    chat::user::ChatUser,
    ids::{ChatUserId, ConnectorId, ConversationId, EnvironmentId},
    page::{CountUpTo, ListError, Page, PageRequest},
    record::Record,
};
use async_trait::async_trait;
use std::time::Duration;

/// The largest number that a message can have: numbers are sorted as texts of this many digits.
pub const MESSAGE_NUMBER_MAX: u64 = 999_999_999_999;

/// The longest time from a message's arrival to its record, which gives it its number: a queue keeps a
/// message for at most 14 days (Amazon SQS Developer Guide, Quotas), and one that is redriven as long again.
const RECORDED_LATE_MAX: Duration = Duration::from_hours(28 * 24);

/// The state of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationState {
    /// In progress, with the agent.
    Open,
    /// In progress, with people who took over from the agent.
    HandedOff,
    /// Ended.
    Closed,
}

impl ConversationState {
    /// The key as stored and shown.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::HandedOff => "handed_off",
            Self::Closed => "closed",
        }
    }
}

/// A filter for lists of conversations.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConversationFilter {
    /// Only in this state.
    pub state: Option<ConversationState>,
    /// Only at this connector.
    pub connector_id: Option<ConnectorId>,
    /// Only those in which this person wrote last.
    pub chat_user_id: Option<ChatUserId>,
    /// Only those whose last message went to this environment.
    pub environment_id: Option<EnvironmentId>,
}

/// A conversation with its place in the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationView {
    /// Id of the conversation.
    pub id: ConversationId,
    /// The connector.
    pub connector_id: ConnectorId,
    /// The state.
    pub state: ConversationState,
    /// The conversation.
    pub conversation: Conversation,
}

impl ConversationView {
    /// Returns the conversation after it was handed off or, without a handoff, given back. One that has ended
    /// and has no handoff stays so.
    #[must_use]
    pub fn with_handoff(mut self, handoff: Option<Handoff>) -> Self {
        self.state = match (self.state, &handoff) {
            (_, Some(_)) => ConversationState::HandedOff,
            (ConversationState::Closed, None) => ConversationState::Closed,
            (_, None) => ConversationState::Open,
        };
        self.conversation.handoff = handoff;
        self.conversation.version += 1;
        self
    }
}

impl Record for ConversationView {
    fn version(&self) -> u64 {
        self.conversation.version
    }
}

/// The history of a conversation, as far as it decides which messages are shown to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptHistory {
    /// The environment of the last message.
    pub environment_id: Option<EnvironmentId>,
    /// The time for which the project keeps messages.
    pub days: HistoryDays,
}

/// A glimpse of a conversation: as much as a list shows of the people and the messages in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glimpse {
    /// The person who wrote last, unless erased.
    pub person: Option<ChatUser>,
    /// The last message, unless it is no longer kept, was erased, or cannot be read.
    pub last_message: Option<StoredMessage>,
}

/// The messages of a conversation that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageFilter {
    /// Only with a number above this one.
    pub after: Option<u64>,
    /// Only with a number below this one.
    pub before: Option<u64>,
    /// Only from this time on. Where it differs from one page to the next, the pages still fit together.
    pub since: Timestamp,
}

impl MessageFilter {
    /// The first and the last number that are wanted. `None` when there is no number between the bounds.
    #[must_use]
    pub fn numbers(&self) -> Option<(u64, u64)> {
        let first = self.after.map_or(1, |after| after.saturating_add(1));
        let last = self.before.map_or(MESSAGE_NUMBER_MAX, |before| {
            before.saturating_sub(1).min(MESSAGE_NUMBER_MAX)
        });
        (first <= last).then_some((first, last))
    }

    /// Whether a message of this time is wanted.
    #[must_use]
    pub fn shows(&self, at: Timestamp) -> bool {
        at >= self.since
    }

    /// Whether no message with a lower number than one of this time is wanted.
    #[must_use]
    pub fn ends_before(&self, at: Timestamp) -> bool {
        at.plus(RECORDED_LATE_MAX) < self.since
    }
}

/// A page of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePage {
    /// The page, without the messages that cannot be read.
    pub page: Page<StoredMessage>,
    /// Number of messages that were left out because they cannot be read.
    pub unreadable: usize,
}

/// The reader of conversations and their messages for admins.
#[async_trait]
pub trait ConversationReader: Send + Sync {
    /// Lists the project's conversations, in the order of their last activity. A page may be short, or
    /// empty, without being the last, so that a filter that few conversations pass stays cheap.
    async fn list_conversations(
        &self,
        scope: ProjectScope,
        filter: &ConversationFilter,
        page: &PageRequest,
    ) -> Result<Page<ConversationView>, ListError>;

    /// Returns one conversation.
    async fn get_conversation(
        &self,
        scope: ProjectScope,
        id: ConversationId,
    ) -> Result<Option<ConversationView>, PortError>;

    /// Returns these conversations, in any order. Those that do not exist are left out.
    async fn get_conversations(
        &self,
        scope: ProjectScope,
        ids: &[ConversationId],
    ) -> Result<Vec<ConversationView>, PortError>;

    /// Counts the project's conversations in this state, or all, up to where counting stops.
    async fn count_conversations(
        &self,
        scope: ProjectScope,
        state: Option<ConversationState>,
    ) -> Result<CountUpTo, PortError>;

    /// Returns the time for which the project of a conversation keeps messages, in one read. `None` when
    /// there is no such conversation.
    async fn find_history(
        &self,
        scope: ProjectScope,
        id: ConversationId,
    ) -> Result<Option<KeptHistory>, PortError>;

    /// Returns a glimpse of each of these conversations, in their order, with no message that the project no longer
    /// keeps at `now`. All of them take one read, or one for every fifty of them.
    async fn glimpses(
        &self,
        scope: ProjectScope,
        views: &[ConversationView],
        now: Timestamp,
    ) -> Result<Vec<Glimpse>, PortError>;

    /// Lists messages of a conversation, in the order of their numbers. A page takes one read, or two when
    /// the first finds only messages that are not wanted; it may be short, or empty, without being the
    /// last. A message that cannot be read ends no page.
    async fn list_messages(
        &self,
        scope: ProjectScope,
        id: ConversationId,
        filter: &MessageFilter,
        page: &PageRequest,
    ) -> Result<MessagePage, ListError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{account::actor::Actor, chat::handoff::HandoffRequest, samples::at};

    fn filter(after: Option<u64>, before: Option<u64>) -> MessageFilter {
        MessageFilter {
            after,
            before,
            since: at(0),
        }
    }

    #[test]
    fn the_bounds_themselves_are_not_wanted() {
        for (after, before, numbers) in [
            (None, None, Some((1, MESSAGE_NUMBER_MAX))),
            (Some(0), None, Some((1, MESSAGE_NUMBER_MAX))),
            (Some(5), None, Some((6, MESSAGE_NUMBER_MAX))),
            (None, Some(5), Some((1, 4))),
            (Some(5), Some(7), Some((6, 6))),
            (Some(5), Some(6), None),
            (Some(6), Some(5), None),
            (None, Some(1), None),
            (None, Some(0), None),
            (Some(MESSAGE_NUMBER_MAX), None, None),
            (Some(u64::MAX), None, None),
            (None, Some(u64::MAX), Some((1, MESSAGE_NUMBER_MAX))),
        ] {
            assert_eq!(
                filter(after, before).numbers(),
                numbers,
                "{after:?} {before:?}"
            );
        }
    }

    #[test]
    fn a_message_is_shown_from_the_very_time_on_and_the_search_goes_on_a_while_behind_older_ones() {
        let day = 24 * 3600;
        let wanted = MessageFilter {
            since: at(100 * day),
            ..filter(None, None)
        };
        for (second, shown, ends) in [
            (100 * day, true, false),
            (100 * day - 1, false, false),
            (72 * day, false, false),
            (72 * day - 1, false, true),
        ] {
            assert_eq!(wanted.shows(at(second)), shown, "{second}");
            assert_eq!(wanted.ends_before(at(second)), ends, "{second}");
        }
    }

    #[test]
    fn a_conversation_is_open_again_when_it_is_given_back_even_if_it_had_ended_before() {
        let view = |state| ConversationView {
            id: ConversationId::derive(&["d"]),
            connector_id: ConnectorId::derive(&["c"]),
            state,
            conversation: Conversation::default(),
        };
        let handoff = HandoffRequest::default().made_by(Actor::system(), at(1));
        for (before, handed_off, given_back) in [
            (
                ConversationState::Open,
                ConversationState::HandedOff,
                ConversationState::Open,
            ),
            (
                ConversationState::Closed,
                ConversationState::HandedOff,
                ConversationState::Open,
            ),
        ] {
            let view = view(before).with_handoff(Some(handoff.clone()));
            assert_eq!((view.state, view.version()), (handed_off, 1));
            assert_eq!(view.conversation.handoff.as_ref(), Some(&handoff));
            let view = view.with_handoff(None);
            assert_eq!((view.state, view.version()), (given_back, 2));
            assert_eq!(view.conversation.handoff, None);
        }
    }

    #[test]
    fn the_states_have_keys_of_their_own() {
        assert_eq!(ConversationState::Open.key(), "open");
        assert_eq!(ConversationState::HandedOff.key(), "handed_off");
        assert_eq!(ConversationState::Closed.key(), "closed");
    }
}
