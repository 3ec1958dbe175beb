//! What the webhooks need: one read, at most one write.

use crate::{
    PortError, ProjectScope, Timestamp,
    access::request::{AccessRequest, Preview},
    access::standing::Standing,
    chat::conversation::ConversationLog,
    chat::message::{Identity, InboundMessage},
    chat::recognition::{Candidate, Handover, Link, Merge},
    chat::user::ChatUser,
    connector::Connector,
    ids::{ChatUserId, ConnectorId, ConversationId},
    job::DeliverMessage,
    ports::FailureClass,
};
use async_trait::async_trait;

/// Finds connectors for webhooks. No scope: the caller has proved nothing yet.
#[async_trait]
pub trait ConnectorReader: Send + Sync {
    /// The connector with this id.
    async fn find_connector(&self, id: ConnectorId) -> Result<Option<Connector>, PortError>;
}

/// Whom and where a message concerns.
#[derive(Debug, Clone, Copy)]
pub struct IntakeKey<'a> {
    /// Account and project.
    pub scope: ProjectScope,
    /// The connector it came through.
    pub connector_id: ConnectorId,
    /// Who wrote.
    pub sender: &'a Identity,
    /// Their second id, if the platform told it.
    pub also_known_as: Option<&'a Identity>,
    /// Where.
    pub conversation_id: ConversationId,
}

/// What is on record under the ids of a message's sender, and about its place.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Under `sender`.
    pub sender: Candidate,
    /// Under `also_known_as`.
    pub also_known_as: Option<Candidate>,
    /// What was delivered in the conversation.
    pub conversation: ConversationLog,
}

/// What is on record about a message's sender and place.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The sender.
    pub chat_user: Option<ChatUser>,
    /// The second id of a sender who is not on record and came with two.
    pub other_id: Option<Identity>,
    /// How they stand at the connector.
    pub standing: Option<Standing>,
    /// What was delivered in the conversation.
    pub conversation: ConversationLog,
}

/// What comes after an attempt to make one record of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// They are one, or one of them changed meanwhile.
    ReadAgain,
    /// A task is still pending for one of them; a later message will do.
    NotNow,
}

/// How a conditional write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It took effect, now or in an attempt before this one.
    Done,
    /// Somebody else wrote first; nothing changed. Read again and decide again.
    Raced,
}

/// A stranger's first message, or their first after a rejection.
#[derive(Debug, Clone)]
pub struct OpenRequest {
    /// The sender, when they are new.
    pub new_chat_user: Option<ChatUser>,
    /// Their standing as it shall be; `version` is that of the record it was made from, 0 for none.
    pub standing: Standing,
    /// Whether `standing.pending_tasks` was added to now, so that an outbox mark goes with it.
    pub has_new_tasks: bool,
    /// The request.
    pub request: AccessRequest,
    /// The sender as they shall be, when they were let in here while the connector was open and are so
    /// no longer (SPEC A42); `version` is that of the record it was made from.
    pub no_longer_admitted: Option<ChatUser>,
    /// The beginning of the message.
    pub preview: Option<Preview>,
    /// The whole message, when an approval hands it to the agent.
    pub held: Option<DeliverMessage>,
}

/// The first message of somebody for whom no request is made: at an open connector, or at one that
/// answers its directory only (SPEC A23).
#[derive(Debug, Clone)]
pub struct Introduction {
    /// Account and project.
    pub scope: ProjectScope,
    /// The sender, when they are new.
    pub new_chat_user: Option<ChatUser>,
    /// Their standing as it shall be; `version` is that of the record it was made from, 0 for none.
    pub standing: Standing,
}

/// How counting a held message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It was counted now.
    Done,
    /// It had been counted before.
    Duplicate,
    /// The request was decided or replaced meanwhile. Read again and decide again.
    Raced,
}

/// The standings of one person under all their ids.
#[derive(Debug, Clone, Copy)]
pub struct StandingPlace<'a> {
    /// Account and project.
    pub scope: ProjectScope,
    /// The connector.
    pub connector_id: ConnectorId,
    /// Whom the ids may stand for.
    pub chat_user_ids: &'a [ChatUserId],
}

/// A message that the platform took and could not deliver.
#[derive(Debug, Clone, Copy)]
pub struct LateFailure<'a> {
    /// The platform's id of the message.
    pub message_id: &'a str,
    /// Whose fault.
    pub class: FailureClass,
    /// The platform's word for it.
    pub reason: &'a str,
    /// When we were told.
    pub at: Timestamp,
}

/// How noting a failure ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateFailureOutcome {
    /// The record says so now, or did before.
    Done,
    /// No onboarding message has this id.
    Unknown,
    /// An onboarding message is on its way and may have this id. Ask again.
    NotYet,
}

/// The records behind the decision.
#[async_trait]
pub trait IntakeStore: Send + Sync {
    /// Everything on record, in one consistent read.
    async fn load(&self, key: &IntakeKey<'_>) -> Result<Loaded, PortError>;

    /// Records that two ids are one person's, unless the record changed since it was read: then it
    /// does nothing. The caller reads again in either case.
    async fn link(&self, scope: ProjectScope, link: &Link) -> Result<(), PortError>;

    /// Records who has a phone by now, under the same rule.
    async fn hand_over(&self, scope: ProjectScope, handover: &Handover) -> Result<(), PortError>;

    /// Makes one record of two, under the same rule. How the absorbed one stood at connectors goes
    /// along ([`Standing::joined_by`] where the other stood already); where the other has a pending
    /// request, or the access, its own is closed.
    async fn merge(
        &self,
        scope: ProjectScope,
        merge: &Merge,
        now: Timestamp,
    ) -> Result<Merged, PortError>;

    /// Records sender, standing and request, all or nothing, with an outbox mark due at `due` when
    /// it has new tasks. MUST refuse when sender or standing changed since they were
    /// read, and MUST report `Done` when it was this very write that changed them.
    async fn open_request(&self, open: &OpenRequest, due: Timestamp) -> Result<Written, PortError>;

    /// Records the first message of somebody for whom no request is made, under the same rules.
    async fn introduce(
        &self,
        introduction: &Introduction,
        due: Timestamp,
    ) -> Result<Written, PortError>;

    /// Counts a message on the pending request of `standing`, once per event key. Where the last of
    /// them was written is where the person is answered.
    async fn count_held(
        &self,
        scope: ProjectScope,
        standing: &Standing,
        message: &InboundMessage,
    ) -> Result<Counted, PortError>;

    /// Records that the onboarding message of this id did not arrive. `Unknown` when none of these
    /// people was sent it, `NotYet` when one is about to be recorded as sent.
    async fn note_send_failure(
        &self,
        place: &StandingPlace<'_>,
        failure: &LateFailure<'_>,
    ) -> Result<LateFailureOutcome, PortError>;

    /// Records that these people do not want to be written to since then, or with `None` that they do
    /// again. Nobody is made known by it.
    async fn note_consent(
        &self,
        place: &StandingPlace<'_>,
        opted_out_at: Option<Timestamp>,
    ) -> Result<(), PortError>;

    /// Keeps an authentic event that could not be read, for a person to look at. Keeping it twice
    /// is keeping it once.
    async fn keep_unreadable(&self, letter: &UnreadableEvent) -> Result<(), PortError>;
}

/// An authentic event that could not be read.
#[derive(Debug, Clone)]
pub struct UnreadableEvent {
    /// Through which connector it came.
    pub connector_id: ConnectorId,
    /// SHA-256 of the body, lower-case hex.
    pub body_hash: String,
    /// What could not be read, without content.
    pub detail: String,
    /// The body, cut to [`UNREADABLE_BODY_MAX`] bytes.
    pub body: String,
    /// When it came.
    pub received_at: Timestamp,
    /// When it is deleted.
    pub expires_at: Timestamp,
}

/// How much of a body a [`UnreadableEvent`] keeps, in bytes.
pub const UNREADABLE_BODY_MAX: usize = 64 * 1024;
/// How long a [`UnreadableEvent`] is kept.
pub const UNREADABLE_EVENT_KEPT: std::time::Duration = std::time::Duration::from_hours(24 * 14);
