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
mod tests {
    use super::*;
    use crate::samples::{at, connector, conversation, environment};

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
    fn a_group_or_channel_has_the_name_that_is_told_and_a_direct_conversation_has_none() {
        let named = |kind, name| {
            let place = ConversationRef::new(connector().id, kind, "C1".into(), None);
            place.named(name).name
        };
        for kind in [ConversationKind::Group, ConversationKind::Channel] {
            assert_eq!(named(kind, Some("#general")).as_deref(), Some("#general"));
            let deceiving = named(kind, Some(" Pay\u{202E}roll\n "));
            assert_eq!(deceiving.as_deref(), Some("Payroll"));
            assert_eq!(named(kind, Some("\u{200B}")), None);
            assert_eq!(named(kind, None), None);
        }
        assert_eq!(named(ConversationKind::Direct, Some("Ada")), None);
    }

    /// A message of this second that was answered with so many texts.
    fn delivered(place: &ConversationRef, second: i64, replies: u64) -> Delivered<'_> {
        Delivered {
            inbound: Inbound::Message,
            place,
            environment_id: environment("e"),
            chat_user_id: ChatUserId::derive(&["u"]),
            provider_event_id: "Ev1",
            sent_at: at(second),
            at: at(second + 1),
            replies,
            handoff: None,
        }
    }

    #[test]
    fn what_was_delivered_by_the_release_before_stays_known_and_is_not_added_to() {
        let before = Conversation {
            recent_events: keys(3..203),
            ..Conversation::default()
        };
        let record = before.with_delivered(&delivered(&conversation("D1"), 1, 0));
        assert_eq!(record.recent_events, keys(3..203));
        for (keys, known) in [
            (keys(2..3), false),
            (keys(3..4), true),
            (keys(2..4), true),
            (keys(203..204), false),
            (vec![], false),
        ] {
            assert_eq!(record.has_any(&keys), known, "{keys:?}");
        }
    }

    #[test]
    fn a_delivery_and_its_answers_get_numbers_without_gaps_and_time_never_runs_back() {
        let place = conversation("D1");
        let record = Conversation::default()
            .with_delivered(&delivered(&place, 9, 2))
            .with_delivered(&delivered(&place, 8, 0));
        let expected = Conversation {
            message_count: 2,
            message_total: 4,
            last_message_at: Some(at(9)),
            outgoing: Outgoing::default().with_added(2, 3),
            place: Some(place),
            environment_id: Some(environment("e")),
            chat_user_id: Some(ChatUserId::derive(&["u"])),
            last_event_id: Some("Ev1".into()),
            last_activity_at: Some(at(10)),
            ..Conversation::default()
        };
        assert_eq!(record, expected);
    }

    #[test]
    fn what_the_agent_does_not_get_and_changes_leave_no_gap_among_the_messages_that_it_gets() {
        let place = conversation("D1");
        let of = |inbound, second, replies| Delivered {
            inbound,
            ..delivered(&place, second, replies)
        };
        let first = Conversation::default().with_delivered(&of(Inbound::Message, 1, 0));
        let mut record = first.clone();
        for (inbound, replies, total, next) in [
            (Inbound::Nothing, 0, 1, 1),
            (Inbound::Unseen, 0, 2, 1),
            (Inbound::Nothing, 2, 4, 3),
            (Inbound::Unseen, 1, 6, 3),
        ] {
            record = record.with_delivered(&of(inbound, 8, replies));
            assert_eq!(record.last_event_id.as_deref(), Some("Ev1"));
            assert_eq!((record.message_count, record.message_total), (1, total));
            assert_eq!(record.last_message_at, Some(at(1)));
            assert_eq!(record.outgoing.next, next);
        }
        assert_eq!(first.with_delivered(&of(Inbound::Nothing, 8, 0)), first);
        let record = record.with_delivered(&of(Inbound::Message, 7, 0));
        assert_eq!((record.message_count, record.message_total), (2, 7));
        assert_eq!(record.last_message_at, Some(at(7)));
    }

    #[test]
    fn texts_that_answer_no_message_get_the_next_numbers_and_count_as_activity_alone() {
        let place = conversation("D1");
        let answered = Conversation::default().with_delivered(&delivered(&place, 9, 1));
        let record = answered.with_texts(3, at(20));
        let expected = Conversation {
            message_total: 5,
            last_activity_at: Some(at(20)),
            outgoing: Outgoing::default().with_added(2, 5),
            ..answered.clone()
        };
        assert_eq!(record, expected);
        let sent = Conversation {
            outgoing: answered.outgoing.with_finished(2),
            ..answered
        };
        let outgoing = sent.with_texts(3, at(20)).outgoing;
        assert_eq!((outgoing.next, outgoing.last), (3, 5));
        assert_eq!(record.with_texts(1, at(1)).last_activity_at, Some(at(20)));
    }

    #[test]
    fn sending_goes_on_at_the_first_text_that_is_not_finished() {
        let place = conversation("D1");
        let after = |record: Conversation, replies| {
            let record = record.with_delivered(&delivered(&place, 1, replies));
            let outgoing = &record.outgoing;
            (outgoing.has_unsent(), outgoing.next, outgoing.last, record)
        };
        assert!(!Conversation::default().outgoing.has_unsent());
        let (unsent, _, _, record) = after(Conversation::default(), 0);
        assert!(!unsent);
        let (unsent, next, last, record) = after(record, 2);
        assert_eq!((unsent, next, last), (true, 3, 4));
        let (unsent, next, last, record) = after(record, 1);
        assert_eq!((unsent, next, last), (true, 3, 6));
        let outgoing = record.outgoing.with_finished(3).with_finished(4);
        assert_eq!((outgoing.has_unsent(), outgoing.next), (true, 5));
        let outgoing = outgoing.with_finished(6);
        assert_eq!((outgoing.has_unsent(), outgoing.next), (false, 7));
        assert_eq!(outgoing.with_finished(3), outgoing);
        let (unsent, next, last, _) = after(Conversation { outgoing, ..record }, 1);
        assert_eq!((unsent, next, last), (true, 8, 8));
    }

    #[test]
    fn pieces_are_counted_for_the_text_in_hand_only_and_forgotten_when_it_is_finished() {
        let outgoing = Outgoing {
            progress: Some(Progress {
                number: 2,
                pieces_sent: 3,
                in_doubt: false,
            }),
            ..Outgoing::default()
        };
        assert_eq!((outgoing.pieces_sent(2), outgoing.pieces_sent(3)), (3, 0));
        assert_eq!(outgoing.with_finished(2).pieces_sent(2), 0);
        assert_eq!(Outgoing::default().pieces_sent(2), 0);
    }

    #[test]
    fn an_address_that_was_replaced_is_called_no_more_until_a_message_names_another() {
        let at = |url: &str| conversation("D1").answered_at(url);
        let learnt = |place: &ConversationRef, url: &str| Learnt::of(place, None, Some(url.into()));
        let mut record = Outgoing::default();
        record.learn(&learnt(&at("https://a/"), "https://b/"));
        assert_eq!(record.current(&at("https://a/")), at("https://b/"));
        assert_eq!(record.current(&at("https://c/")), at("https://c/"));
        assert_eq!(record.current(&conversation("D1")), conversation("D1"));
        let nothing = learnt(&conversation("D1"), "https://d/");
        assert!(nothing.is_nothing());
        record.learn(&nothing);
        assert_eq!(record.current(&at("https://a/")), at("https://b/"));
    }

    #[test]
    fn a_conversation_that_moved_is_written_to_at_its_new_place_under_the_same_id() {
        let before = conversation("G1");
        let mut moved = Outgoing::default();
        assert_eq!(moved.current(&before), before);
        let learnt = Learnt::of(&before, Some("G2".into()), None);
        assert!(!learnt.is_nothing());
        moved.learn(&learnt);
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
