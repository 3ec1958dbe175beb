//! Test deliveries: envelopes of a message that nobody wrote, to try an environment's agent with.

use crate::{
    Timestamp,
    account::Environment,
    chat::{
        content::Part,
        conversation::ConversationKind,
        delivery::{
            ENVELOPE_VERSION, Envelope, EnvelopeChatUser, EnvelopeConnector, EnvelopeConversation,
            EnvelopeMessage,
        },
    },
    ids::{ChatUserId, ConnectorId, ConversationId, DeliveryId},
};

/// Type of the envelope of a test delivery.
pub const TEST_TYPE: &str = "test";
/// Text of the message of a test delivery.
pub const TEST_TEXT: &str =
    "This is a test delivery from Vestibule. Nobody wrote it, and nobody will get your answer.";
/// Stands for the platform, and for the platform's ids.
const TEST: &str = "test";

impl Envelope<'static> {
    /// Makes the envelope of a test delivery. It has the form of any other. Its connector, conversation and
    /// chat user do not exist; they are the same in every test of the environment, so that an agent that
    /// keeps records makes one of them only.
    #[must_use]
    pub fn test(environment: &Environment, id: DeliveryId, now: Timestamp) -> Self {
        let environment_id = environment.id.to_string();
        let parts = [TEST, environment_id.as_str()];
        Self {
            version: ENVELOPE_VERSION,
            kind: TEST_TYPE,
            id,
            original_id: None,
            delivery_attempt: 1,
            sent_at: now,
            project_id: environment.scope.project_id(),
            environment_id: environment.id,
            connector: EnvelopeConnector {
                id: ConnectorId::derive(&parts),
                name: "Test",
                provider: TEST,
            },
            conversation: EnvelopeConversation {
                id: ConversationId::derive(&parts),
                kind: ConversationKind::Direct,
                provider_conversation_id: TEST,
                thread: None,
            },
            chat_user: EnvelopeChatUser {
                id: ChatUserId::derive(&parts),
                identifier: TEST,
                display_name: "Test",
                first_name: None,
                last_name: None,
                avatar_url: None,
            },
            end_user: None,
            message: EnvelopeMessage {
                text: TEST_TEXT.to_owned(),
                content: vec![Part::Text {
                    text: TEST_TEXT.to_owned(),
                }],
                entities: &[],
                attachments: Vec::new(),
                provider_event_id: TEST,
                sequence: Some(1),
                previous_message_at: None,
                sent_at: now,
                received_at: now,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{conversation::Conversation, delivery::DeliveryAttempt};
    use crate::job::DeliverMessage;
    use crate::samples::{at, chat_user, connector, environment, message, scope};
    use serde_json::{Value, json};

    fn sample() -> Environment {
        Environment {
            id: environment("e"),
            scope: scope(),
            name: "Staging".into(),
            position: 1,
            agent: None,
            request_hash: None,
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn test(delivery: &str, second: i64) -> Value {
        let id = DeliveryId::derive(&[delivery]);
        serde_json::to_value(Envelope::test(&sample(), id, at(second))).unwrap()
    }

    #[test]
    fn a_test_delivery_is_told_by_its_type_and_has_the_fields_of_any_other() {
        let test = test("d", 10);
        assert_eq!(test["type"], "test");
        assert_eq!(test["connector"]["provider"], "test");
        assert_eq!(test["environment_id"], json!(environment("e")));

        let (connector, user) = (connector(), chat_user());
        let job = DeliverMessage::of(message(), &connector, at(9));
        let attempt = DeliveryAttempt::of(&Conversation::default(), 1, at(10));
        let other = Envelope::of(&job, &connector, &user, &attempt);
        let other = serde_json::to_value(other).unwrap();
        let fields = |envelope: &Value, part: &str| -> Vec<String> {
            let fields = envelope.pointer(part).and_then(Value::as_object).unwrap();
            fields.keys().cloned().collect()
        };
        for part in ["", "/connector", "/conversation", "/chat_user", "/message"] {
            assert_eq!(fields(&test, part), fields(&other, part), "{part}");
        }
    }

    #[test]
    fn two_tests_of_an_environment_are_two_deliveries_of_the_same_person() {
        let (one, other) = (test("d1", 10), test("d2", 20));
        assert_ne!(one["id"], other["id"]);
        for part in ["connector", "conversation", "chat_user"] {
            assert_eq!(one[part], other[part], "{part}");
        }
    }
}
