//! What the agent gets, and what it may answer (SPEC F01–F03). One envelope for all providers.

use crate::{
    Timestamp,
    chat::conversation::ConversationKind,
    chat::message::Attachment,
    chat::user::ChatUser,
    connector::Connector,
    ids::{ChatUserId, ConnectorId, ConversationId, DeliveryId, EnvironmentId, ProjectId},
    job::DeliverMessage,
};
use serde::{Deserialize, Serialize};

/// The version of [`Envelope`]. It changes when a field changes its meaning or goes; new fields
/// come without notice.
pub const ENVELOPE_VERSION: &str = "2026-11-01";

/// The body of a delivery.
#[derive(Debug, Serialize)]
pub struct Envelope<'a> {
    /// [`ENVELOPE_VERSION`].
    pub version: &'static str,
    /// Always `message.received`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The same on every retry.
    pub id: DeliveryId,
    /// When this attempt was made.
    pub sent_at: Timestamp,
    /// The project.
    pub project_id: ProjectId,
    /// The environment whose agent this is.
    pub environment_id: EnvironmentId,
    /// The way the message came.
    pub connector: EnvelopeConnector<'a>,
    /// Where it was written.
    pub conversation: EnvelopeConversation<'a>,
    /// Who wrote it.
    pub chat_user: EnvelopeChatUser<'a>,
    /// Their entry in the directory, if linked.
    pub end_user: Option<()>,
    /// What they wrote.
    pub message: EnvelopeMessage<'a>,
}

/// The connector of an [`Envelope`].
#[derive(Debug, Serialize)]
pub struct EnvelopeConnector<'a> {
    /// Its id.
    pub id: ConnectorId,
    /// Its name.
    pub name: &'a str,
    /// The platform's key.
    pub provider: &'a str,
}

/// The conversation of an [`Envelope`].
#[derive(Debug, Serialize)]
pub struct EnvelopeConversation<'a> {
    /// Its id.
    pub id: ConversationId,
    /// Whether others read along.
    pub kind: ConversationKind,
    /// The platform's id of it.
    pub provider_conversation_id: &'a str,
    /// The thread within it.
    pub thread: Option<&'a str>,
}

/// The chat user of an [`Envelope`].
#[derive(Debug, Serialize)]
pub struct EnvelopeChatUser<'a> {
    /// Their id.
    pub id: ChatUserId,
    /// The platform's id of them.
    pub identifier: &'a str,
    /// Their name, else the identifier.
    pub display_name: &'a str,
    /// Where the platform tells it.
    pub first_name: Option<&'a str>,
    /// Where the platform tells it.
    pub last_name: Option<&'a str>,
    /// Where the platform tells it.
    pub avatar_url: Option<&'a str>,
}

/// The message of an [`Envelope`].
#[derive(Debug, Serialize)]
pub struct EnvelopeMessage<'a> {
    /// Plain text.
    pub text: &'a str,
    /// References to files.
    pub attachments: &'a [Attachment],
    /// The platform's id of the event.
    pub provider_event_id: &'a str,
    /// When it was written.
    pub sent_at: Timestamp,
    /// When it reached us.
    pub received_at: Timestamp,
}

impl<'a> Envelope<'a> {
    /// The envelope of a job.
    #[must_use]
    pub fn of(
        job: &'a DeliverMessage,
        connector: &'a Connector,
        user: &'a ChatUser,
        now: Timestamp,
    ) -> Self {
        Self {
            version: ENVELOPE_VERSION,
            kind: "message.received",
            id: job.delivery_id(),
            sent_at: now,
            project_id: job.scope.project_id(),
            environment_id: job.environment_id,
            connector: EnvelopeConnector {
                id: connector.id,
                name: &connector.name,
                provider: connector.provider.key(),
            },
            conversation: EnvelopeConversation {
                id: job.conversation.id,
                kind: job.conversation.kind,
                provider_conversation_id: &job.conversation.provider_conversation_id,
                thread: job.conversation.thread.as_deref(),
            },
            chat_user: EnvelopeChatUser {
                id: user.id,
                identifier: &user.shown_id().identifier,
                display_name: user.display_name(),
                first_name: user.profile.first_name.as_deref(),
                last_name: user.profile.last_name.as_deref(),
                avatar_url: user.profile.avatar_url.as_deref(),
            },
            end_user: None,
            message: EnvelopeMessage {
                text: &job.text,
                attachments: &job.attachments,
                provider_event_id: &job.provider_event_id,
                sent_at: job.sent_at,
                received_at: job.received_at,
            },
        }
    }
}

/// Most replies that one delivery may have.
pub const REPLIES_MAX: usize = 10;

/// What an agent may put into its response. Unknown fields are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct AgentResponse {
    /// Messages to the person, in order; the first [`REPLIES_MAX`] are sent.
    #[serde(default)]
    pub replies: Vec<Reply>,
}

/// One message of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reply {
    /// Plain text.
    pub text: String,
}
