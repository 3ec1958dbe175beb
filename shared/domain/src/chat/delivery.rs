//! Deliveries to the agent, and the agent's response (SPEC F01–F03). One envelope for all providers.

use crate::{
    Timestamp,
    chat::change::DeliveryEvent,
    chat::content::{self, Part},
    chat::conversation::{Conversation, ConversationKind},
    chat::entity::Entity,
    chat::message::{Attachment, AttachmentKind},
    chat::user::ChatUser,
    connector::Connector,
    ids::{ChatUserId, ConnectorId, ConversationId, DeliveryId, EnvironmentId, ProjectId},
    job::DeliverMessage,
    text::is_blank,
};
use serde::Serialize;

pub use super::answer::{AgentResponse, REPLIES_MAX, Reply};

/// Version of [`Envelope`]. It changes when a field changes its meaning or is removed; new fields
/// come without notice.
pub const ENVELOPE_VERSION: &str = "2026-12-01";

/// The body of a delivery.
#[derive(Debug, Serialize)]
pub struct Envelope<'a> {
    /// [`ENVELOPE_VERSION`].
    pub version: &'static str,
    /// `message.received`, `message.edited`, `message.deleted` or `message.unsupported`; `test` in a test
    /// delivery.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Id of the delivery, the same on every retry.
    pub id: DeliveryId,
    /// Id of the delivery of the message that was edited or deleted. Absent for a new message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_id: Option<DeliveryId>,
    /// Number of this attempt, from 1.
    pub delivery_attempt: u32,
    /// Time of this attempt.
    pub sent_at: Timestamp,
    /// The project.
    pub project_id: ProjectId,
    /// The environment whose agent this is.
    pub environment_id: EnvironmentId,
    /// The connector that the message came through.
    pub connector: EnvelopeConnector<'a>,
    /// The conversation.
    pub conversation: EnvelopeConversation<'a>,
    /// The sender.
    pub chat_user: EnvelopeChatUser<'a>,
    /// The sender's entry in the directory, if linked.
    pub end_user: Option<()>,
    /// The message.
    pub message: EnvelopeMessage<'a>,
}

/// The connector of an [`Envelope`].
#[derive(Debug, Serialize)]
pub struct EnvelopeConnector<'a> {
    /// Id of the connector.
    pub id: ConnectorId,
    /// Name of the connector.
    pub name: &'a str,
    /// The platform's key.
    pub provider: &'a str,
}

/// The conversation of an [`Envelope`].
#[derive(Debug, Serialize)]
pub struct EnvelopeConversation<'a> {
    /// Id of the conversation.
    pub id: ConversationId,
    /// The audience of the conversation.
    pub kind: ConversationKind,
    /// The platform's id of the conversation.
    pub provider_conversation_id: &'a str,
    /// The thread within the conversation.
    pub thread: Option<&'a str>,
}

/// The chat user of an [`Envelope`].
#[derive(Debug, Serialize)]
pub struct EnvelopeChatUser<'a> {
    /// Id of the chat user.
    pub id: ChatUserId,
    /// The platform's id of the chat user.
    pub identifier: &'a str,
    /// Name of the chat user, or the identifier if there is none.
    pub display_name: &'a str,
    /// First name, if the platform provides one.
    pub first_name: Option<&'a str>,
    /// Last name, if the platform provides one.
    pub last_name: Option<&'a str>,
    /// Address of the avatar, if the platform provides one.
    pub avatar_url: Option<&'a str>,
}

/// The message of an [`Envelope`].
#[derive(Debug, Serialize)]
pub struct EnvelopeMessage<'a> {
    /// The person's own words, plain, or else the content in words. Blank only if it was deleted.
    pub text: String,
    /// The content: text, files, all else. Empty only if it was deleted.
    pub content: Vec<Part>,
    /// Mentions and links in the text.
    pub entities: &'a [Entity],
    /// References to files.
    pub attachments: Vec<EnvelopeAttachment<'a>>,
    /// The platform's id of the event.
    pub provider_event_id: &'a str,
    /// Number among the messages of the conversation that the agent gets, from 1, without gaps. If an
    /// earlier message was changed, its number, or `None` if it has none or is not on record.
    pub sequence: Option<u64>,
    /// Time at which the message before this one was written, also one that people got who had taken the
    /// conversation over; `None` if this is the first, or a change.
    pub previous_message_at: Option<Timestamp>,
    /// Time of writing.
    pub sent_at: Timestamp,
    /// Time of arrival at our webhook.
    pub received_at: Timestamp,
}

/// An attachment of an [`Envelope`]. Its content stays with the platform.
#[derive(Debug, Serialize)]
pub struct EnvelopeAttachment<'a> {
    /// `image`, `video`, `audio` or `file`; a sticker is an image, and a spoken message audio. The
    /// content tells them apart.
    pub kind: &'static str,
    /// See [`Attachment::provider_id`].
    pub provider_id: &'a str,
    /// See [`Attachment::name`].
    pub name: Option<&'a str>,
    /// See [`Attachment::mime_type`].
    pub mime_type: Option<&'a str>,
    /// See [`Attachment::url`].
    pub url: Option<&'a str>,
}

impl<'a> EnvelopeAttachment<'a> {
    fn of(attachment: &'a Attachment) -> Self {
        Self {
            kind: match attachment.kind {
                AttachmentKind::Image | AttachmentKind::Sticker => "image",
                AttachmentKind::Video => "video",
                AttachmentKind::Audio | AttachmentKind::Voice => "audio",
                AttachmentKind::File => "file",
            },
            provider_id: &attachment.provider_id,
            name: attachment.name.as_deref(),
            mime_type: attachment.mime_type.as_deref(),
            url: attachment.url.as_deref(),
        }
    }
}

impl<'a> EnvelopeMessage<'a> {
    fn of(job: &'a DeliverMessage, attempt: &DeliveryAttempt) -> Self {
        let entities = job.entities.as_slice();
        let (text, content) = if matches!(job.event, DeliveryEvent::Deleted { .. }) {
            (String::new(), Vec::new())
        } else {
            (
                content::text_or_words(&job.text, &job.attachments, &job.parts),
                content::all(&job.text, &job.attachments, &job.parts),
            )
        };
        Self {
            text,
            content,
            // Their places are those of a text that the person wrote.
            entities: if is_blank(&job.text) { &[] } else { entities },
            attachments: job.attachments.iter().map(EnvelopeAttachment::of).collect(),
            provider_event_id: &job.provider_event_id,
            sequence: attempt.sequence,
            previous_message_at: attempt.previous_message_at,
            sent_at: job.sent_at,
            received_at: job.received_at,
        }
    }
}

/// One attempt at a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// Number of the attempt, from 1.
    pub number: u32,
    /// Time of the attempt.
    pub at: Timestamp,
    /// See [`EnvelopeMessage::sequence`].
    pub sequence: Option<u64>,
    /// See [`EnvelopeMessage::previous_message_at`].
    pub previous_message_at: Option<Timestamp>,
}

impl DeliveryAttempt {
    /// Makes the attempt of this number to deliver the next message of a conversation.
    #[must_use]
    pub const fn of(conversation: &Conversation, number: u32, at: Timestamp) -> Self {
        Self {
            number,
            at,
            sequence: Some(conversation.message_count + 1),
            previous_message_at: conversation.last_message_at,
        }
    }

    /// Makes the attempt of this number to deliver a change of the message with this sequence.
    #[must_use]
    pub const fn of_change(sequence: Option<u64>, number: u32, at: Timestamp) -> Self {
        Self {
            number,
            at,
            sequence,
            previous_message_at: None,
        }
    }
}

impl<'a> Envelope<'a> {
    /// Makes the envelope of a job.
    #[must_use]
    pub fn of(
        job: &'a DeliverMessage,
        connector: &'a Connector,
        user: &'a ChatUser,
        attempt: &DeliveryAttempt,
    ) -> Self {
        Self {
            version: ENVELOPE_VERSION,
            kind: job.event.key(),
            id: job.delivery_id(),
            original_id: job.original_id(),
            delivery_attempt: attempt.number,
            sent_at: attempt.at,
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
            message: EnvelopeMessage::of(job, attempt),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::{
            content::{Location, Parts},
            entity::{Entities, Mark},
        },
        samples::{at, chat_user, connector, message},
    };
    use serde_json::{Value, json};

    /// The message of the envelope of a job.
    fn enveloped(job: &DeliverMessage) -> Value {
        let (connector, user) = (connector(), chat_user());
        let attempt = DeliveryAttempt::of(&Conversation::default(), 1, at(10));
        let envelope = Envelope::of(job, &connector, &user, &attempt);
        serde_json::to_value(envelope.message).unwrap()
    }

    fn job() -> DeliverMessage {
        DeliverMessage::of(message(), &connector(), at(9))
    }

    #[test]
    fn a_change_names_its_type_and_the_delivery_of_the_original_and_a_new_message_neither() {
        let original_key = job().event_key().to_owned();
        let (connector, user) = (connector(), chat_user());
        for (event, kind, text, parts) in [
            (DeliveryEvent::Received, "message.received", "Hello", 1),
            (
                DeliveryEvent::Unsupported,
                "message.unsupported",
                "Hello",
                1,
            ),
            (
                DeliveryEvent::Edited {
                    original_key: original_key.clone(),
                },
                "message.edited",
                "Hello",
                1,
            ),
            (
                DeliveryEvent::Deleted {
                    original_key,
                    is_for_history: false,
                },
                "message.deleted",
                "",
                0,
            ),
        ] {
            let is_change = event.original_key().is_some();
            let job = DeliverMessage { event, ..job() };
            let attempt = DeliveryAttempt::of(&Conversation::default(), 1, at(10));
            let envelope = Envelope::of(&job, &connector, &user, &attempt);
            let envelope = serde_json::to_value(envelope).unwrap();
            assert_eq!(envelope["type"], kind);
            assert_eq!(envelope["message"]["text"], text);
            assert_eq!(
                envelope["message"]["content"].as_array().unwrap().len(),
                parts
            );
            let original = job.delivery_id().to_string();
            let expected = is_change.then_some(json!(original));
            assert_eq!(envelope.get("original_id").cloned(), expected, "{kind}");
        }
    }

    fn file(kind: AttachmentKind) -> Attachment {
        Attachment {
            kind,
            provider_id: "F1".into(),
            name: Some("plan.png".into()),
            mime_type: None,
            url: None,
        }
    }

    #[test]
    fn a_message_of_only_a_file_is_words_and_content_to_the_agent() {
        for (kind, attachment_kind, file_type, words) in [
            (AttachmentKind::Image, "image", "image", "Picture: plan.png"),
            (
                AttachmentKind::Sticker,
                "image",
                "sticker",
                "Sticker: plan.png",
            ),
            (AttachmentKind::Video, "video", "video", "Video: plan.png"),
            (AttachmentKind::Audio, "audio", "audio", "Audio: plan.png"),
            (
                AttachmentKind::Voice,
                "audio",
                "voice",
                "Voice message: plan.png",
            ),
            (AttachmentKind::File, "file", "document", "File: plan.png"),
        ] {
            let message = enveloped(&DeliverMessage {
                text: " ".into(),
                attachments: vec![file(kind)],
                ..job()
            });
            assert_eq!(message["text"], words);
            assert_eq!(message["content"][0]["kind"], "file");
            assert_eq!(message["content"][0]["type"], file_type);
            let expected = json!([{"kind": attachment_kind, "provider_id": "F1", "name": "plan.png", "mime_type": null, "url": null}]);
            assert_eq!(message["attachments"], expected);
        }
    }

    #[test]
    fn a_text_stays_as_it_was_written_beside_all_else() {
        let message = enveloped(&DeliverMessage {
            attachments: vec![file(AttachmentKind::Image)],
            parts: Parts::of([Part::Location(Location::default())]),
            entities: Entities::of("Hello", [mention()]),
            ..job()
        });
        assert_eq!(message["text"], "Hello");
        let kinds = ["text", "file", "location"];
        for (index, kind) in kinds.into_iter().enumerate() {
            assert_eq!(message["content"][index]["kind"], kind);
        }
        assert_eq!(
            message["entities"],
            json!([{"offset": 0, "length": 5, "kind": "everybody"}])
        );
    }

    #[test]
    fn words_that_the_person_did_not_write_mention_nobody() {
        let message = enveloped(&DeliverMessage {
            text: "\u{200B}   \n".into(),
            entities: Entities::of("\u{200B}   \n", [mention()]),
            ..job()
        });
        assert_eq!(message["text"], "Content that cannot be shown here");
        assert_eq!(message["content"][0]["kind"], "unsupported");
        assert_eq!(message["entities"], json!([]));
    }

    #[test]
    fn an_envelope_tells_its_attempt_and_its_place_in_the_conversation() {
        let conversation = Conversation {
            message_count: 4,
            last_message_at: Some(at(6)),
            ..Conversation::default()
        };
        let (job, connector, user) = (job(), connector(), chat_user());
        let attempt = DeliveryAttempt::of(&conversation, 3, at(10));
        let envelope = Envelope::of(&job, &connector, &user, &attempt);
        let envelope = serde_json::to_value(envelope).unwrap();
        assert_eq!(envelope["delivery_attempt"], 3);
        assert_eq!(envelope["sent_at"], json!(at(10)));
        assert_eq!(envelope["message"]["sequence"], 5);
        assert_eq!(envelope["message"]["previous_message_at"], json!(at(6)));
        let first = enveloped(&job);
        assert_eq!(first["sequence"], 1);
        assert_eq!(first["previous_message_at"], Value::Null);
        for (sequence, expected) in [(Some(2), json!(2)), (None, Value::Null)] {
            let attempt = DeliveryAttempt::of_change(sequence, 3, at(10));
            let envelope = Envelope::of(&job, &connector, &user, &attempt);
            let envelope = serde_json::to_value(envelope).unwrap();
            assert_eq!(envelope["delivery_attempt"], 3);
            assert_eq!(envelope["message"]["sequence"], expected);
            assert_eq!(envelope["message"]["previous_message_at"], Value::Null);
        }
    }

    fn mention() -> Entity {
        Entity {
            offset: 0,
            length: 5,
            what: Mark::Everybody,
        }
    }
}
