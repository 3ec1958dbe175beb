//! Schemas of a delivery to the agent and of the agent's answer: what `vestibule_domain` serialises and reads
//! without knowing OpenAPI.
//!
//! Tests hold real envelopes against them, field by field: those in `tests/openapi`, and every delivery of
//! every flow in `tests/flows`.

mod content;
mod schema;

use schema::{
    id, list, nullable, number, number_or_null, object, optional, reference, spelled, text,
    text_or_null, time, time_or_null,
};
use serde_json::{Value, json};
use vestibule_admin::api_types::ConversationKindName;
use vestibule_domain::{
    account::agent_event::AgentEvent,
    chat::{
        change::DeliveryEvent,
        delivery::{ENVELOPE_VERSION, REPLIES_MAX},
        test_delivery::TEST_TYPE,
    },
};

/// The schemas by name.
pub(crate) fn all() -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("AgentDelivery", delivery()),
        ("AgentAnswer", answer()),
        ("DeliveryConnector", connector()),
        ("DeliveryConversation", conversation()),
        ("DeliveryChatUser", chat_user()),
        ("DeliveryMessage", message()),
    ];
    all.extend(content::all());
    all
}

fn delivery() -> Value {
    let [edited, deleted, unsupported] = AgentEvent::ALL.map(AgentEvent::key);
    let types = [
        DeliveryEvent::Received.key(),
        edited,
        deleted,
        unsupported,
        TEST_TYPE,
    ];
    let delivery = object(
        "Body of a delivery to an agent. New fields may appear without notice.",
        vec![
            (
                "version",
                spelled(&[ENVELOPE_VERSION]),
                "Version of this form. It changes when a field changes its meaning or is removed.",
            ),
            (
                "type",
                spelled(&types),
                "Kind of event. All but `message.received` only if the environment asks for it, or, as `test`, somebody tries the agent.",
            ),
            (
                "id",
                id(),
                "Id of the delivery, the same on every attempt, and in the header `webhook-id`.",
            ),
            (
                "original_id",
                id(),
                "Id of the delivery of the message that was edited or deleted. Only there if one was.",
            ),
            (
                "delivery_attempt",
                number(),
                "Number of this attempt, from 1.",
            ),
            ("sent_at", time(), "Time of this attempt."),
            ("project_id", id(), "Project."),
            ("environment_id", id(), "Environment whose agent this is."),
            (
                "connector",
                reference("DeliveryConnector"),
                "Connector through which the message came.",
            ),
            (
                "conversation",
                reference("DeliveryConversation"),
                "Conversation.",
            ),
            (
                "chat_user",
                reference("DeliveryChatUser"),
                "Author of the message.",
            ),
            (
                "end_user",
                nullable("object"),
                "The author's entry in the directory; null if there is none.",
            ),
            (
                "message",
                reference("DeliveryMessage"),
                "Message; of one that was edited or deleted, all of it as it is from then on.",
            ),
        ],
    );
    optional(delivery, "original_id")
}

fn connector() -> Value {
    object(
        "Connector of a delivery.",
        vec![
            ("id", id(), "Id."),
            ("name", text(), "Name."),
            (
                "provider",
                text(),
                "Key of the chat platform; `test` in a test delivery.",
            ),
        ],
    )
}

fn conversation() -> Value {
    object(
        "Conversation of a delivery.",
        vec![
            ("id", id(), "Id."),
            (
                "kind",
                spelled(ConversationKindName::SPELLINGS),
                "Readers of an answer: the author alone (`direct`), or others too.",
            ),
            (
                "provider_conversation_id",
                text(),
                "The platform's id of the conversation.",
            ),
            (
                "thread",
                text_or_null(),
                "The platform's id of the thread within the conversation.",
            ),
        ],
    )
}

fn chat_user() -> Value {
    object(
        "Author of the message of a delivery.",
        vec![
            ("id", id(), "Id. Facts about a person belong to it."),
            ("identifier", text(), "The platform's id of the person."),
            (
                "display_name",
                text(),
                "Name, or the identifier until the platform has given one.",
            ),
            ("first_name", text_or_null(), "First name."),
            ("last_name", text_or_null(), "Last name."),
            ("avatar_url", text_or_null(), "Address of the picture."),
        ],
    )
}

fn message() -> Value {
    object(
        "Message of a delivery.",
        vec![
            (
                "text",
                text(),
                "Words of the person or, without any, the content in plain words. Blank only if the person deleted the message.",
            ),
            (
                "content",
                list(&reference("ContentPart")),
                "The same as data: the text, the files, then all else. Empty only if the person deleted the message.",
            ),
            (
                "entities",
                list(&reference("TextEntity")),
                "Mentions and links in the text.",
            ),
            (
                "attachments",
                list(&reference("MessageAttachment")),
                "Files, in the form of the version 2026-11-01: a sticker is an `image`, a voice message `audio`.",
            ),
            (
                "provider_event_id",
                text(),
                "The platform's id of the event.",
            ),
            (
                "sequence",
                number_or_null(),
                "Number among the messages of the conversation that the agent gets, from 1 and without gaps. That of the message that was edited or deleted; null if it has none, or is not on record.",
            ),
            (
                "previous_message_at",
                time_or_null(),
                "Time at which the message before this one was written; null for the first, and for an edited or deleted one.",
            ),
            ("sent_at", time(), "Time of writing, or of the change."),
            ("received_at", time(), "Time of arrival at the webhook."),
        ],
    )
}

/// The agent's answer. Unlike in an envelope, nothing is required.
fn answer() -> Value {
    json!({
        "type": "object",
        "description": "Body of an agent's answer to a delivery. An empty body is fine too. Unknown fields are ignored.",
        "properties": {
            "replies": {
                "type": "array",
                "description": "Messages to send back into the conversation, in order.",
                "maxItems": REPLIES_MAX,
                "items": {
                    "type": "object",
                    "properties": {
                        "text": {"type": "string", "description": "Plain text. A blank one is left out."},
                    },
                    "required": ["text"],
                },
            },
            "handoff": {
                "type": ["object", "null"],
                "description": "Leaves the conversation to people: the agent is not asked again until it is given back. The replies beside it are sent.",
                "properties": {
                    "team": {"type": ["string", "null"], "description": "Name of the team that takes over, up to 100 characters, in any letter case. An unknown one counts as none."},
                    "note": {"type": ["string", "null"], "description": "Note for whoever takes over, up to 4000 characters."},
                    "skills": {
                        "type": ["array", "null"],
                        "description": "Skills that it takes, beside those that the connector asks for: the first 50 count, each up to 50 characters.",
                        "items": {"type": "string"},
                    },
                },
            },
            "typing": {
                "type": ["boolean", "null"],
                "description": "Whether to show behind the replies, for some seconds, that another text is being written.",
            },
        },
        "example": {"replies": [{"text": "Hi Ada"}]},
    })
}
