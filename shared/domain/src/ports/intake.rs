//! Ports of the webhooks: one read, at most one write.

use crate::{
    PortError, ProjectScope, Timestamp,
    access::consent::Wish,
    access::preapproval::{KnownNumber, Preapproval},
    access::quota::QuotaUse,
    access::request::{AccessRequest, Preview},
    access::standing::Standing,
    chat::change::MessageChange,
    chat::conversation::Conversation,
    chat::kept_block::KeptBlock,
    chat::message::{Identity, InboundMessage},
    chat::recognition::{Candidate, Handover, Link, Merge},
    chat::renaming::ProfileChange,
    chat::repeats::HandledEvent,
    chat::send_status::SendStatus,
    chat::user::ChatUser,
    connector::Connector,
    directory::{end_user::PhoneHolder, phone::PhoneKey},
    ids::{AccessRequestId, ChatUserId, ConnectorId, ConversationId},
    job::{DeliverMessage, OnboardChatUser},
    ports::FailureClass,
};
use async_trait::async_trait;
use std::collections::BTreeSet;

/// Finds connectors for webhooks. There is no scope, because the caller has proved nothing yet.
#[async_trait]
pub trait ConnectorReader: Send + Sync {
    /// Returns the connector with this id.
    async fn find_connector(&self, id: ConnectorId) -> Result<Option<Connector>, PortError>;
}

/// The sender and the place of a message.
#[derive(Debug, Clone, Copy)]
pub struct IntakeKey<'a> {
    /// Account and project.
    pub scope: ProjectScope,
    /// The connector that the message came through.
    pub connector_id: ConnectorId,
    /// The sender.
    pub sender: &'a Identity,
    /// The sender's second id, if the platform provided one.
    pub also_known_as: Option<&'a Identity>,
    /// The sender's phone number, if the platform asserts one.
    pub phone: Option<&'a PhoneKey>,
    /// The conversation, unless it is not of interest.
    pub conversation_id: Option<ConversationId>,
    /// The event that the message is.
    pub event: &'a HandledEvent,
}

/// The records under the ids of a message's sender, and of its conversation.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The records under `sender`.
    pub sender: Candidate,
    /// The records under `also_known_as`.
    pub also_known_as: Option<Candidate>,
    /// The person of the directory who holds the phone number.
    pub holder: Option<PhoneHolder>,
    /// The conversation.
    pub conversation: Conversation,
    /// Whether the event was handled before.
    pub is_repeated: bool,
    /// Whether the block of an erased person counts for one of the two ids, while nothing is known of the other.
    pub is_half_blocked: bool,
}

/// The records of a message's sender and conversation.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The sender.
    pub chat_user: Option<ChatUser>,
    /// The block of the sender, who is erased.
    pub kept_block: Option<KeptBlock>,
    /// The second id of a new sender who came with two.
    pub other_id: Option<Identity>,
    /// The sender's standing at the connector.
    pub standing: Option<Standing>,
    /// The sender's phone number, if it identifies them and is in the directory.
    pub number: Option<KnownNumber>,
    /// The conversation.
    pub conversation: Conversation,
    /// Whether the event was handled before.
    pub is_repeated: bool,
}

impl Known {
    /// Whether the directory may take the sender in without an admin.
    #[must_use]
    pub fn may_register(&self) -> bool {
        let user = self.chat_user.as_ref();
        user.is_none_or(ChatUser::may_register)
    }
}

/// The outcome of an attempt to merge two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// The records are merged, or one of them changed meanwhile. Read again.
    ReadAgain,
    /// A task is still pending for one of the records, so they stay two for now. The worker of that task
    /// merges them first: a job for it is to be enqueued, if the merge was left to it just now.
    NotNow(Option<OnboardChatUser>),
}

/// The outcome of a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The write took effect, now or in an earlier attempt.
    Done,
    /// Another writer was first and nothing changed. Read again and decide again.
    Raced,
}

/// The outcome of an attempt to open a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// The request is on record, by this write or an earlier attempt of it.
    Done,
    /// Another writer was first and nothing changed. Read again and decide again.
    Raced,
    /// The row of the quota that the write tried is full. Nothing changed; [`IntakeStore::use_quota`] tries the others.
    RowFull,
}

/// The outcome of an attempt to approve a person for whom the directory vouches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preapproved {
    /// The person is approved, now or by an earlier attempt of this call.
    Done,
    /// Another writer was first and nothing changed. Read again and decide again.
    Raced,
    /// The person of the directory is linked to as many chat users as can be. Nothing changed.
    TooMany,
}

/// A request to open: for a stranger's first message, or the first that may ask again after a rejection.
#[derive(Debug, Clone)]
pub struct OpenRequest {
    /// The sender, when they are new.
    pub new_chat_user: Option<ChatUser>,
    /// The standing to store, with new tasks; `version` is that of the record it was made from, 0 for none.
    pub standing: Standing,
    /// The request.
    pub request: AccessRequest,
    /// The sender's record to store, when the sender was let in here while the connector was open
    /// and no longer is (SPEC A42); `version` is that of the record it was made from.
    pub no_longer_admitted: Option<ChatUser>,
    /// The beginning of the message.
    pub preview: Option<Preview>,
    /// The whole message, when an approval may hand it to the agent.
    pub held: Option<DeliverMessage>,
    /// The event that the message is.
    pub event: HandledEvent,
    /// The change of a known sender's profile that comes with the message.
    pub profile: Option<ProfileChange>,
    /// The use of the quota, unless the person used it before.
    pub quota: Option<QuotaUse>,
}

/// The first message of a person for whom no request is made: at an open connector, or at one that
/// answers only people in its directory (SPEC A23).
#[derive(Debug, Clone)]
pub struct Introduction {
    /// Account and project.
    pub scope: ProjectScope,
    /// The sender, when they are new.
    pub new_chat_user: Option<ChatUser>,
    /// The standing to store; `version` is that of the record it was made from, 0 for none.
    pub standing: Standing,
    /// The change of a known sender's profile that comes with the message.
    pub profile: Option<ProfileChange>,
}

/// The parts of a person's first message that are kept until their request is decided.
#[derive(Debug, Clone)]
pub struct FirstMessage {
    /// The beginning of the message.
    pub preview: Option<Preview>,
    /// The whole message, when an approval may hand it to the agent.
    pub held: Option<DeliverMessage>,
}

/// The outcome of counting a held message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// The message was counted now.
    Done,
    /// The message had already been counted.
    Duplicate,
    /// The request was decided or replaced meanwhile. Read again and decide again.
    Raced,
}

/// The place of one person's standings at a connector, under all ids.
#[derive(Debug, Clone, Copy)]
pub struct StandingPlace<'a> {
    /// Account and project.
    pub scope: ProjectScope,
    /// The connector.
    pub connector_id: ConnectorId,
    /// The chat users that the ids may stand for.
    pub chat_user_ids: &'a [ChatUserId],
}

/// A message that the platform accepted but could not deliver.
#[derive(Debug, Clone, Copy)]
pub struct LateFailure<'a> {
    /// The platform's id of the message.
    pub message_id: &'a str,
    /// The part at fault.
    pub class: FailureClass,
    /// The platform's own reason.
    pub reason: &'a str,
    /// Time of the failure report.
    pub at: Timestamp,
}

impl LateFailure<'_> {
    /// The status of the message.
    #[must_use]
    pub fn status(&self) -> SendStatus {
        SendStatus::Failed {
            at: self.at,
            class: self.class.key().to_owned(),
            reason: self.reason.to_owned(),
        }
    }
}

/// The outcome of recording a late failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateFailureOutcome {
    /// The failure is on record, now or from before.
    Done,
    /// No onboarding message or approval notice on record has this id. If one gets it, it is recorded as
    /// failed.
    Unknown,
}

/// The store of the records behind the decision.
#[async_trait]
pub trait IntakeStore: Send + Sync {
    /// Reads all records about a message, in one consistent read.
    async fn load(&self, key: &IntakeKey<'_>) -> Result<Loaded, PortError>;

    /// Records that two ids belong to one person. Does nothing if the record changed since it was
    /// read. The caller reads again in either case.
    async fn link(&self, scope: ProjectScope, link: &Link) -> Result<(), PortError>;

    /// Records the new holder of a phone number, under the same rule.
    async fn hand_over(&self, scope: ProjectScope, handover: &Handover) -> Result<(), PortError>;

    /// Makes the block of an erased person, which counts for one of these ids, count for the other one too, if nothing
    /// is known of it. An id for which the block has no room gets a block of its own.
    async fn extend_block(
        &self,
        scope: ProjectScope,
        stable: &Identity,
        phone: &Identity,
    ) -> Result<(), PortError>;

    /// Merges two records into one, under the same rule. Standings of the absorbed record move
    /// along ([`Standing::joined_by`] where the survivor has one at the same connector). The
    /// absorbed record's pending request is closed where the survivor has a pending request or the
    /// access, and so are the survivor's where it gains the access.
    async fn merge(
        &self,
        scope: ProjectScope,
        merge: &Merge,
        now: Timestamp,
    ) -> Result<Merged, PortError>;

    /// Lets a person use the quota of new requests of a connector's minute. `false` when it is used up. A
    /// person who used the quota of this minute may go on.
    async fn use_quota(&self, usage: &QuotaUse) -> Result<bool, PortError>;

    /// Counts a message that a customer's own system brings in this minute of the clock. `false` when the connector has
    /// brought [`BROUGHT_PER_MINUTE`](crate::access::quota::BROUGHT_PER_MINUTE). One that is brought again counts again.
    async fn count_brought(
        &self,
        connector_id: ConnectorId,
        now: Timestamp,
    ) -> Result<bool, PortError>;

    /// Counts a message that makes no request because the quota is used up. Nothing else is kept of it.
    async fn count_held_back(
        &self,
        scope: ProjectScope,
        connector_id: ConnectorId,
        now: Timestamp,
    ) -> Result<(), PortError>;

    /// Records sender, standing, request, event and the use of the quota's row that the person tries first, all or
    /// nothing, with an outbox mark due at `due` when there are new tasks. MUST refuse when sender or standing changed
    /// since they were read, or the row is full of others, and MUST report `Done` when this very write changed them.
    async fn open_request(&self, open: &OpenRequest, due: Timestamp) -> Result<Opened, PortError>;

    /// Records the first message of a person for whom no request is made, under the same rules.
    async fn introduce(
        &self,
        introduction: &Introduction,
        due: Timestamp,
    ) -> Result<Written, PortError>;

    /// Returns a request.
    async fn find_request(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
    ) -> Result<Option<AccessRequest>, PortError>;

    /// Records the approval of a person for whom the directory vouches: sender, link, standing, request and
    /// audit entry, all or nothing, with an outbox mark due at `due`. MUST refuse when the sender, the standing,
    /// the request, or what the row of the number says changed since they were read.
    async fn preapprove(
        &self,
        approval: &Preapproval,
        due: Timestamp,
    ) -> Result<Preapproved, PortError>;

    /// Records a standing with new tasks of a person who is let through, with an outbox mark due at `due`.
    async fn leave_tasks(
        &self,
        scope: ProjectScope,
        standing: &Standing,
        due: Timestamp,
    ) -> Result<Written, PortError>;

    /// Counts a message on the pending request of `standing`, once per event key, and takes over the
    /// profile that it tells. The person is answered where the last message was written. `first` is the
    /// first message with content after a placeholder made the request, and takes its place, unless
    /// another has: then it is `Raced`. If the message opens the way for the onboarding message
    /// ([`Standing::is_opened_by`]), that is due again, with an outbox mark.
    async fn count_held(
        &self,
        scope: ProjectScope,
        standing: &Standing,
        message: &InboundMessage,
        first: Option<&FirstMessage>,
        event: &HandledEvent,
        profile: Option<&ProfileChange>,
    ) -> Result<Counted, PortError>;

    /// Changes what is kept of the message that made this request, its preview and the held message, unless
    /// it is gone or a newer change is on record. A deletion outweighs an edit of the same time.
    async fn change_first_message(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
        change: &MessageChange,
    ) -> Result<(), PortError>;

    /// Takes over a profile, unless another message changed it since it was read.
    async fn take_profile(
        &self,
        scope: ProjectScope,
        change: &ProfileChange,
        now: Timestamp,
    ) -> Result<(), PortError>;

    /// Remembers an event that leaves no other record. Remembering it twice has no further effect.
    async fn remember(&self, event: &HandledEvent) -> Result<(), PortError>;

    /// Returns those of these event keys that are remembered.
    async fn remembered(
        &self,
        connector_id: ConnectorId,
        event_keys: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<BTreeSet<String>, PortError>;

    /// Records that the message with this id did not arrive. The id decides, whoever the report names;
    /// `place` helps to find a message that has no row of its own.
    async fn note_send_failure(
        &self,
        place: &StandingPlace<'_>,
        failure: &LateFailure<'_>,
    ) -> Result<LateFailureOutcome, PortError>;

    /// Records a wish of these people to receive messages or not, unless a newer one is on record. Does
    /// not create records of unknown people. Returns those to whom it opened the way: their onboarding
    /// message is due again, with an outbox mark due at `due` (SPEC A48).
    async fn note_consent(
        &self,
        place: &StandingPlace<'_>,
        wish: &Wish,
        due: Timestamp,
    ) -> Result<Vec<ChatUserId>, PortError>;

    /// Stores an unreadable event, for a person to look at. Storing it twice has no further effect.
    async fn keep_unreadable(&self, letter: &UnreadableEvent) -> Result<(), PortError>;
}

/// An unreadable event: authentic, but not understood.
#[derive(Debug, Clone)]
pub struct UnreadableEvent {
    /// The connector that the event came through.
    pub connector_id: ConnectorId,
    /// SHA-256 of the body, lower-case hex.
    pub body_hash: String,
    /// Description of the unreadable part, without its content.
    pub detail: String,
    /// The body, cut to [`UNREADABLE_BODY_MAX`] bytes.
    pub body: String,
    /// Time of arrival.
    pub received_at: Timestamp,
    /// Time of deletion.
    pub expires_at: Timestamp,
}

/// Maximum number of bytes of the body that an [`UnreadableEvent`] keeps.
pub const UNREADABLE_BODY_MAX: usize = 64 * 1024;
/// Retention of an [`UnreadableEvent`].
pub const UNREADABLE_EVENT_KEPT: std::time::Duration = std::time::Duration::from_hours(24 * 14);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_event_is_kept_for_14_days_with_64_kib_of_its_body() {
        assert_eq!(UNREADABLE_EVENT_KEPT.as_secs(), 14 * 86_400);
        assert_eq!(UNREADABLE_BODY_MAX, 65_536);
    }
}
