//! Port of those who write into a conversation without being asked there.

use crate::{
    PortError, ProjectScope, Timestamp,
    access::audience::Audience,
    chat::byline::Byline,
    chat::conversation::{Conversation, ConversationRef},
    chat::given_up::GivenUpId,
    chat::handoff::Handoff,
    chat::history::HistoryDays,
    chat::offering::CaseStep,
    connector::Connector,
    event::AuditEntry,
    ids::{ConnectorId, ConversationId, EnvironmentId, TextBatchId},
    job::{QueuedText, SendMessages},
    ports::{ConversationState, ConversationView},
};
use async_trait::async_trait;

/// A call that adds texts under an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextBatch {
    /// Id of the texts, derived from the key.
    pub id: TextBatchId,
    /// Hash of the call, under its key.
    pub request_hash: String,
}

/// Texts that an earlier call with the same key added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedBefore {
    /// Hash of that call.
    pub request_hash: String,
    /// Number of the first text; the others follow it.
    pub first: u64,
    /// Time of the call.
    pub at: Timestamp,
}

/// A conversation that a call writes into.
#[derive(Debug, Clone)]
pub struct WritingPlace {
    /// The environment of the last message.
    pub environment_id: Option<EnvironmentId>,
    /// The records that writing needs.
    pub context: WritingContext,
}

/// The records that writing into a conversation needs.
#[derive(Debug, Clone)]
pub enum WritingContext {
    /// A call with the same key took effect before.
    Before(AddedBefore),
    /// The call is a new one.
    Open(Box<OpenConversation>),
}

/// A conversation to write into.
#[derive(Debug, Clone)]
pub struct OpenConversation {
    /// Id of the connector.
    pub connector_id: ConnectorId,
    /// The connector, unless it was deleted.
    pub connector: Option<Connector>,
    /// The conversation.
    pub conversation: Conversation,
    /// The people whom its texts reach. `None` where the record does not say where the conversation takes place: the
    /// release before wrote it.
    pub audience: Option<Audience>,
    /// The time for which the project keeps messages.
    pub history: HistoryDays,
}

/// Texts to add to a conversation.
#[derive(Debug, Clone, Copy)]
pub struct NewTexts<'a> {
    /// The order to send them.
    pub order: SendMessages,
    /// The conversation as it was read.
    pub conversation: &'a Conversation,
    /// The conversation as the last message named it.
    pub place: &'a ConversationRef,
    /// The texts, in order; there is at least one.
    pub texts: &'a [String],
    /// Their author.
    pub byline: &'a Byline,
    /// The time for which the project keeps messages.
    pub history: HistoryDays,
    /// The call, if it has an `Idempotency-Key`.
    pub batch: Option<&'a TextBatch>,
    /// The given-up text that the new one replaces.
    pub instead_of: Option<GivenUpId>,
    /// Time of the call.
    pub at: Timestamp,
}

/// The outcome of adding texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddedTexts {
    /// They were added now, with these numbers.
    Now(Vec<QueuedText>),
    /// A call with the same key took effect before.
    Before(AddedBefore),
    /// The given-up text that the new one would replace is not on record. Nothing was added.
    Gone,
}

/// A conversation that is handed off or given back.
#[derive(Debug, Clone, Copy)]
pub struct HandoffChange<'a> {
    /// Account and project.
    pub scope: ProjectScope,
    /// The conversation as it was read.
    pub read: &'a ConversationView,
    /// The handoff from now on; `None` when the conversation is given back.
    pub handoff: Option<&'a Handoff>,
    /// The part that concerns the conversation's case.
    pub case: &'a CaseStep,
    /// The entry of the change.
    pub audit: &'a AuditEntry,
}

/// The store of conversations for those who write into them without being asked there.
#[async_trait]
pub trait ConversationWriter: Send + Sync {
    /// Reads everything that writing into a conversation needs. `None` when there is no such conversation.
    async fn writing_context(
        &self,
        scope: ProjectScope,
        id: ConversationId,
        batch: Option<TextBatchId>,
        now: Timestamp,
    ) -> Result<Option<WritingPlace>, PortError>;

    /// Closes a conversation or opens it again, with the audit entry. `false` when its row is of the release
    /// before, which listed none. `Conflict` when it changed since it was read: read it again and repeat.
    async fn set_state(
        &self,
        scope: ProjectScope,
        read: &ConversationView,
        state: ConversationState,
        audit: &AuditEntry,
    ) -> Result<bool, PortError>;

    /// Adds texts, all or none: their numbers, their rows, the memory of the call and the mark that orders to
    /// send them, and removes the entry whose place they take. `Conflict` when another writer gave numbers in the
    /// conversation since it was read: read it again and repeat.
    async fn add_texts(&self, texts: &NewTexts<'_>) -> Result<AddedTexts, PortError>;

    /// Takes the conversation's turn to show that a text is being written. `false` when it was taken less than
    /// [`TYPING_INTERVAL`](crate::chat::typing::TYPING_INTERVAL) before, or while the connector's platform wants no
    /// calls.
    async fn take_typing_turn(
        &self,
        order: SendMessages,
        now: Timestamp,
    ) -> Result<bool, PortError>;

    /// Hands a conversation off, or gives back one without an open case. `Conflict` when it or its case changed since
    /// they were read: read them again and repeat.
    async fn change_handoff(&self, change: &HandoffChange<'_>) -> Result<(), PortError>;
}
