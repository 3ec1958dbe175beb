//! Ports of the delivery worker and of the worker that sends texts.

use crate::{
    PortError, Timestamp,
    access::audience::Audience,
    account::Environment,
    chat::conversation::{Conversation, ConversationRef, Inbound, Learnt, Outgoing, Progress},
    chat::given_up::GivenUpText,
    chat::handoff::Handoff,
    chat::history::HistoryDays,
    chat::offering::CaseStep,
    chat::repeats::HandledEvent,
    chat::send_status::SendStatus,
    chat::user::ChatUser,
    connector::Connector,
    ids::LeaseId,
    job::{DeliverMessage, QueuedText, SendMessages},
    ports::{AgentState, Claim, Lease, ParkedConversation, Postponement},
    routing::case::Case,
};
use async_trait::async_trait;

/// The records that a delivery needs.
#[derive(Debug, Clone)]
pub struct DeliveryContext {
    /// The connector, unless it was deleted.
    pub connector: Option<Connector>,
    /// The environment with its agent.
    pub environment: Option<Environment>,
    /// The sender.
    pub chat_user: Option<ChatUser>,
    /// The conversation.
    pub conversation: Conversation,
    /// The time for which the project keeps messages.
    pub history: HistoryDays,
    /// Whether the message was delivered before.
    pub is_delivered: bool,
    /// The environment's agent.
    pub agent: AgentState,
    /// The messages of the conversation that wait for the agent, if there are any.
    pub parked: Option<ParkedConversation>,
    /// The case of the conversation, if it ever asked for a member.
    pub case: Option<Case>,
}

/// A delivery that the agent answered, or a message that the agent does not get.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryRecord<'a> {
    /// The message.
    pub job: &'a DeliverMessage,
    /// Its addition to the conversation.
    pub inbound: Inbound,
    /// The conversation as it was read.
    pub conversation: &'a Conversation,
    /// The event to be remembered.
    pub event: &'a HandledEvent,
    /// The texts of the answer, in order; none is blank.
    pub replies: &'a [String],
    /// The handoff that begins with the delivery.
    pub handoff: Option<&'a Handoff>,
    /// The part that concerns the conversation's case.
    pub case: &'a CaseStep,
    /// The time for which the project keeps messages.
    pub history: HistoryDays,
    /// Time of the answer.
    pub at: Timestamp,
}

/// The message that an edit or a deletion is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Original {
    /// It is on record.
    OnRecord {
        /// Its `sequence`, if it has one.
        sequence: Option<u64>,
    },
    /// It is not on record, or not yet.
    Unknown,
}

impl Original {
    /// The message's `sequence`, if it is known and has one.
    #[must_use]
    pub const fn sequence(self) -> Option<u64> {
        match self {
            Self::OnRecord { sequence } => sequence,
            Self::Unknown => None,
        }
    }
}

/// The outcome of recording a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It was recorded now, with these texts to send.
    Now(Vec<QueuedText>),
    /// The message was delivered and recorded before, perhaps by an attempt of this very call whose answer
    /// was lost. Texts to send may be on record.
    Before,
}

/// The store of conversations for the delivery worker.
#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// Reads everything that a delivery needs, in one read.
    async fn delivery_context(
        &self,
        job: &DeliverMessage,
        now: Timestamp,
    ) -> Result<DeliveryContext, PortError>;

    /// Changes the message on record that an edit or a deletion is about: the one that the event with the first
    /// of these keys brought, or else the second. Has no effect if the message is not on record, or a later
    /// change is; a deletion counts as later than an edit of the same time. Returns the message.
    async fn change_message(
        &self,
        change: &DeliverMessage,
        originals: &[String; 2],
    ) -> Result<Original, PortError>;

    /// Records a delivery, all or nothing: the conversation, the event, the message itself if it is one and
    /// the project keeps any, the handoff, the offer of its case with the mark that orders to find a member, each
    /// of its texts and, if there are any, the mark that orders to send them. `Conflict` when another writer gave
    /// numbers in the conversation since it was read, handed it off or gave it back, or its case was offered or
    /// released: read it again and repeat with the same answer.
    async fn record_delivery(&self, record: &DeliveryRecord<'_>) -> Result<Recorded, PortError>;
}

/// A conversation with texts to send, and our lease on it.
#[derive(Debug, Clone)]
pub struct ClaimedConversation {
    /// The order.
    pub job: SendMessages,
    /// Id of our claim.
    pub lease: LeaseId,
    /// Number of the attempt at the next text, from 1. A claim that only found that it had to wait does
    /// not count.
    pub attempt: u32,
    /// The conversation, as the last message named it.
    pub place: ConversationRef,
    /// The texts that go out.
    pub outgoing: Outgoing,
    /// Start of the claim.
    pub claimed_at: Timestamp,
}

/// A text that is to be sent, as it was found on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsent {
    /// The text.
    Text(QueuedText),
    /// A row that cannot be read.
    Unreadable(UnreadableText),
}

/// A text on record that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadableText {
    /// Its number.
    pub number: u64,
    /// See [`QueuedText::is_ephemeral`].
    pub is_ephemeral: bool,
}

/// The outcome for one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextOutcome {
    /// The result.
    pub status: SendStatus,
    /// News about the conversation in the platform's answer.
    pub learnt: Learnt,
    /// Whether the text stays on record: it is not [ephemeral](QueuedText::is_ephemeral).
    pub keep: bool,
    /// The text, if it is to be listed among those that were given up.
    pub given_up: Option<AbandonedText>,
}

/// A text that is given up and can be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbandonedText {
    /// The text.
    pub text: GivenUpText,
    /// Time of its creation.
    pub created_at: Timestamp,
    /// Time of giving up.
    pub at: Timestamp,
    /// The reason.
    pub reason: String,
    /// Number of attempts.
    pub attempts: u32,
}

/// The store of conversations for the worker that sends their texts.
#[async_trait]
pub trait OutgoingStore: Send + Sync {
    /// Claims the texts of a conversation. Two claims never overlap, and no claim succeeds before the
    /// time to which the previous one was postponed.
    async fn claim(
        &self,
        job: SendMessages,
        lease: &Lease,
    ) -> Result<Claim<Box<ClaimedConversation>>, PortError>;

    /// Returns the first texts that are to be sent, in order, at most `limit`. If there are none, nothing
    /// is left: see [`finish`](Self::finish). A text that cannot be read is among them, so that it does not
    /// keep the later ones.
    async fn unsent(
        &self,
        claimed: &ClaimedConversation,
        limit: usize,
    ) -> Result<Vec<Unsent>, PortError>;

    /// Returns whom the conversation's texts reach, for a text that answers no message. `None` when the
    /// conversation is not on record.
    async fn audience(&self, claimed: &ClaimedConversation) -> Result<Option<Audience>, PortError>;

    /// Records that a piece of a text is done which is not its last, and what the platform told.
    /// [`Lease::LOST`] when the lease was lost to another worker.
    async fn record_piece(
        &self,
        claimed: &mut ClaimedConversation,
        progress: Progress,
        learnt: &Learnt,
    ) -> Result<(), PortError>;

    /// Records that a text is finished, sent or given up, and what was given up, in one write. If no other text is to be sent, removes the
    /// mark, gives the lease back and returns `None`. Otherwise returns the conversation as it is now,
    /// under the same lease, with the first attempt at the next text. [`Lease::LOST`] when the lease was
    /// lost to another worker.
    async fn record_text(
        &self,
        claimed: Box<ClaimedConversation>,
        number: u64,
        outcome: &TextOutcome,
    ) -> Result<Option<Box<ClaimedConversation>>, PortError>;

    /// Records that a text which cannot be read is given up, under the rules of
    /// [`record_text`](Self::record_text).
    async fn record_unreadable(
        &self,
        claimed: Box<ClaimedConversation>,
        text: UnreadableText,
        status: &SendStatus,
    ) -> Result<Option<Box<ClaimedConversation>>, PortError>;

    /// Records that no text is left on record that is to be sent, under the same rules: those that
    /// [`unsent`](Self::unsent) did not find are gone.
    async fn finish(
        &self,
        claimed: Box<ClaimedConversation>,
    ) -> Result<Option<Box<ClaimedConversation>>, PortError>;

    /// Gives the lease back, so that the texts are tried again later; no copy of the job is tried
    /// sooner. `Conflict` when the lease was lost to another worker.
    async fn postpone(
        &self,
        job: SendMessages,
        lease: LeaseId,
        postponement: Postponement,
    ) -> Result<(), PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_on_record_has_a_sequence_if_the_agent_got_it() {
        for (original, sequence) in [
            (Original::OnRecord { sequence: Some(7) }, Some(7)),
            (Original::OnRecord { sequence: None }, None),
            (Original::Unknown, None),
        ] {
            assert_eq!(original.sequence(), sequence, "{original:?}");
        }
    }
}
