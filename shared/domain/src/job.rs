//! Jobs, by which functions order work from each other. Jobs hold ids; only a message on its way to
//! the agent carries its text. Formats are versioned, so a job enqueued by the previous release can
//! still be read.

mod events;
mod index;
mod outbox;
mod routing;

pub use events::{EventJob, PublishEvent, SendEvent};
pub use index::IndexJob;
pub use outbox::{JobKind, JobOwner, OutboxJob};
pub use routing::{
    DrainDesk, DrainQueue, OfferConversation, RehomeConnector, RequeueMember, RoutingJob,
};

use crate::{
    AccountScope, Timestamp,
    account::email_address::EmailAddress,
    chat::byline::Byline,
    chat::change::DeliveryEvent,
    chat::content::Parts,
    chat::conversation::ConversationRef,
    chat::entity::Entities,
    chat::message::{Attachment, InboundMessage},
    chat::typing::ShowTyping,
    erasure::EraseData,
    event::health::PauseReason,
    ids::{
        AuditId, ChatUserId, ConnectorId, ConversationId, DeliveryId, EnvironmentId, LoginId,
        MailId, SubscriptionId,
    },
    scope::ProjectScope,
    team::mail::MailOwner,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A job of the onboarding queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum OnboardingJob {
    /// Do the pending tasks of a chat user at a connector: see
    /// [`crate::access::standing::PendingTask`]. The record lists the tasks, so a late or repeated
    /// job does no harm.
    OnboardChatUser(OnboardChatUser),
    /// Close pending requests of a connector, some at a time: see [`crate::access::closing`]. The
    /// record holds the reason and the progress.
    ClosePendingRequests(ClosePendingRequests),
    /// Close the requests of a connector that have expired, some at a time: see [`crate::access::expiry`].
    /// The record holds the progress.
    ExpireRequests(ExpireRequests),
    /// Erase what is kept about a person, or messages that are no longer kept, some at a time: see
    /// [`crate::erasure`]. The record holds the progress.
    EraseData(EraseData),
}

impl OnboardingJob {
    /// Kind of the job.
    #[must_use]
    pub const fn kind(self) -> JobKind {
        match self {
            Self::OnboardChatUser(_) => JobKind::OnboardChatUser,
            Self::ClosePendingRequests(_) => JobKind::ClosePendingRequests,
            Self::ExpireRequests(_) => JobKind::ExpireRequests,
            Self::EraseData(_) => JobKind::EraseData,
        }
    }

    /// The party that the job works for.
    #[must_use]
    pub const fn owner(self) -> JobOwner {
        match self {
            Self::OnboardChatUser(job) => JobOwner::Connector(job.connector_id),
            Self::ClosePendingRequests(job) => JobOwner::Connector(job.connector_id),
            Self::ExpireRequests(job) => JobOwner::Connector(job.connector_id),
            Self::EraseData(job) => JobOwner::Project(job.project_id()),
        }
    }
}

impl From<OnboardChatUser> for OnboardingJob {
    fn from(job: OnboardChatUser) -> Self {
        Self::OnboardChatUser(job)
    }
}

impl From<ClosePendingRequests> for OnboardingJob {
    fn from(job: ClosePendingRequests) -> Self {
        Self::ClosePendingRequests(job)
    }
}

impl From<ExpireRequests> for OnboardingJob {
    fn from(job: ExpireRequests) -> Self {
        Self::ExpireRequests(job)
    }
}

impl From<EraseData> for OnboardingJob {
    fn from(job: EraseData) -> Self {
        Self::EraseData(job)
    }
}

/// See [`OnboardingJob::OnboardChatUser`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnboardChatUser {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
    /// The chat user.
    pub chat_user_id: ChatUserId,
    /// The connector.
    pub connector_id: ConnectorId,
}

/// See [`OnboardingJob::ClosePendingRequests`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosePendingRequests {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
    /// The connector whose requests are closed.
    pub connector_id: ConnectorId,
}

/// See [`OnboardingJob::ExpireRequests`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpireRequests {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
    /// The connector whose requests expire.
    pub connector_id: ConnectorId,
}

/// A job of the outgoing queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum OutgoingJob {
    /// Send the texts of a conversation that are due, in the order of their rows. The record knows which
    /// these are, so a late or repeated job does no harm.
    SendMessages(Box<SendMessagesJob>),
}

/// The order to send the texts of a conversation, as its record makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessages {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
    /// The connector.
    pub connector_id: ConnectorId,
    /// The conversation.
    pub conversation_id: ConversationId,
}

/// See [`OutgoingJob::SendMessages`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessagesJob {
    /// The order.
    #[serde(flatten)]
    pub order: SendMessages,
    /// The texts with which the job was enqueued, in order: a hint that saves reading them. They count
    /// only if the first of them is the next one to send.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<QueuedText>,
    /// The order to show behind the texts that another one is being written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typing: Option<ShowTyping>,
}

/// Size up to which a job carries its texts, in bytes.
pub const JOB_TEXTS_MAX_BYTES: usize = 64 * 1024;

impl SendMessagesJob {
    /// Makes the job. It carries these texts if they are not too long together.
    #[must_use]
    pub fn new(order: SendMessages, texts: Vec<QueuedText>) -> Self {
        let size: usize = texts.iter().map(|text| text.text.len()).sum();
        let texts = if size <= JOB_TEXTS_MAX_BYTES {
            texts
        } else {
            Vec::new()
        };
        Self {
            order,
            texts,
            typing: None,
        }
    }

    /// Returns the job with an order to show that a text is being written.
    #[must_use]
    pub fn with_typing(self, typing: Option<ShowTyping>) -> Self {
        Self { typing, ..self }
    }
}

impl From<SendMessages> for SendMessagesJob {
    fn from(order: SendMessages) -> Self {
        Self::new(order, Vec::new())
    }
}

/// A text that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedText {
    /// Place in the conversation.
    pub number: u64,
    /// Time of creation.
    pub at: Timestamp,
    /// The text.
    pub text: String,
    /// Whether the text is kept for sending only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_ephemeral: bool,
    /// Whether the text answers no message, or one that had waited. Then it is checked before it is sent whether the person may
    /// be written to: see [`Audience`](crate::access::audience::Audience).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unprompted: bool,
    /// The author.
    #[serde(default, skip_serializing_if = "Byline::is_agent")]
    pub byline: Byline,
}

impl QueuedText {
    /// The text as it goes out.
    #[must_use]
    pub fn said(&self) -> Cow<'_, str> {
        self.byline.above(&self.text)
    }
}

/// A job of the queue of mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum EmailJob {
    /// Send a mail. The record knows whether it is still to be sent, so a late or repeated job does no harm.
    SendMail(SendMail),
}

/// See [`EmailJob::SendMail`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SendMail {
    /// The party that the mail is about.
    #[serde(flatten)]
    pub owner: MailOwner,
    /// The mail.
    pub mail_id: MailId,
}

/// A job of the queue of work on accounts and their people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum TeamJob {
    /// Make the stack's first account, unless there is one, and invite its first super admin. The record of the
    /// set-up knows whether that was done, so a late or repeated job does no harm.
    InviteFirstAdmin(InviteFirstAdmin),
    /// Tell members of a project's new access requests: see [`crate::team::notices`]. The record holds the
    /// progress, so a late or repeated job does no harm.
    SendNotices(SendNotices),
    /// Record a refused sign-in in the audit log of each account of its login. The ids of the entries follow from
    /// the job, so a late or repeated job does no harm.
    RecordRefusal(RecordRefusal),
    /// Tell the members who see webhooks that one is paused (SPEC F04). The ids of the mails follow from the pause, so a
    /// late or repeated job does no harm.
    TellPause(TellPause),
}

/// See [`TeamJob::TellPause`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TellPause {
    /// The account.
    #[serde(flatten)]
    pub scope: AccountScope,
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// The reason of the pause.
    pub reason: PauseReason,
    /// Time of its begin.
    pub since: Timestamp,
}

/// See [`TeamJob::SendNotices`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendNotices {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
}

/// See [`TeamJob::RecordRefusal`]. It has no mark in the outbox, since it is all that a refused sign-in leaves. It looks
/// the same for an address without a login, whose id nobody has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRefusal {
    /// The login.
    pub login_id: LoginId,
    /// The id that those of the entries are derived from.
    pub audit_id: AuditId,
    /// IP address of the caller.
    pub address: String,
    /// The call's id.
    pub request_id: String,
    /// Time of the call.
    pub at: Timestamp,
}

/// See [`TeamJob::InviteFirstAdmin`]. It has no mark in the outbox: the record of the set-up is its condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteFirstAdmin {
    /// The address of the first super admin.
    pub email: EmailAddress,
    /// Name of the first super admin.
    pub name: String,
    /// Name of the account.
    pub account_name: String,
}

/// A job of the inbox queue. Jobs of one conversation stay in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum InboxJob {
    /// Hand a message to the environment's agent, and record its replies.
    DeliverMessage(Box<DeliverMessage>),
    /// Try the agent of an environment, and hand the messages that wait for it over. The records know
    /// which these are and when the next attempt is due, so a late or repeated job does no harm.
    DrainParked(DrainParked),
}

/// See [`InboxJob::DrainParked`]. It also names the agent that the messages wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrainParked {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
    /// The environment.
    pub environment_id: EnvironmentId,
}

/// See [`InboxJob::DeliverMessage`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverMessage {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
    /// The connector that the message came through.
    pub connector_id: ConnectorId,
    /// The environment whose agent gets the message.
    pub environment_id: EnvironmentId,
    /// The sender.
    pub chat_user_id: ChatUserId,
    /// The conversation.
    pub conversation: ConversationRef,
    /// The event to deliver. A new message if it is absent.
    #[serde(default, skip_serializing_if = "DeliveryEvent::is_received")]
    pub event: DeliveryEvent,
    /// See [`InboundMessage::text`].
    pub text: String,
    /// Files in the message.
    pub attachments: Vec<Attachment>,
    /// See [`InboundMessage::parts`]. Absent in jobs of the envelope's version 2026-11-01.
    #[serde(default, skip_serializing_if = "Parts::is_empty")]
    pub parts: Parts,
    /// See [`InboundMessage::entities`]. Absent in jobs of the envelope's version 2026-11-01.
    #[serde(default, skip_serializing_if = "Entities::is_empty")]
    pub entities: Entities,
    /// The platform's id of the event.
    pub provider_event_id: String,
    /// See [`InboundMessage::event_keys`].
    pub event_keys: Vec<String>,
    /// Time of writing, as the platform states it.
    pub sent_at: Timestamp,
    /// Time of arrival at our webhook.
    pub received_at: Timestamp,
}

impl DeliverMessage {
    /// The order to send what this message's conversation has to send.
    #[must_use]
    pub const fn send_messages(&self) -> SendMessages {
        SendMessages {
            scope: self.scope,
            connector_id: self.connector_id,
            conversation_id: self.conversation.id,
        }
    }

    /// The order to hand over what waits for this message's agent.
    #[must_use]
    pub const fn drain_parked(&self) -> DrainParked {
        DrainParked {
            scope: self.scope,
            environment_id: self.environment_id,
        }
    }

    /// The key that names this message to the queue and the agent.
    #[must_use]
    pub fn event_key(&self) -> &str {
        self.event_keys.first().map_or("", String::as_str)
    }

    /// The delivery id that every attempt to deliver this message has.
    #[must_use]
    pub fn delivery_id(&self) -> DeliveryId {
        self.id_under(self.event_key())
    }

    /// The id of the delivery with this event key through the same connector.
    #[must_use]
    pub fn id_under(&self, event_key: &str) -> DeliveryId {
        Self::id_at(self.connector_id, event_key)
    }

    /// The id of the delivery with this event key through this connector.
    #[must_use]
    pub fn id_at(connector_id: ConnectorId, event_key: &str) -> DeliveryId {
        DeliveryId::derive(&[&connector_id.to_string(), event_key])
    }

    /// The delivery id of the message that this delivery changes.
    #[must_use]
    pub fn original_id(&self) -> Option<DeliveryId> {
        self.event.original_key().map(|key| self.id_under(key))
    }

    /// Makes the job for `message`.
    #[must_use]
    pub fn of(
        message: InboundMessage,
        connector: &crate::connector::Connector,
        received_at: Timestamp,
    ) -> Self {
        Self {
            scope: connector.scope,
            connector_id: connector.id,
            environment_id: connector.environment_id,
            chat_user_id: message.sender.chat_user_id(connector.scope),
            conversation: message.conversation,
            event: DeliveryEvent::Received,
            text: message.text,
            attachments: message.attachments,
            parts: message.parts,
            entities: message.entities,
            provider_event_id: message.provider_event_id,
            event_keys: message.event_keys,
            sent_at: message.sent_at,
            received_at,
        }
    }
}

#[cfg(test)]
mod tests;
