//! The sign that the bot is writing. It lasts up to five seconds (Bot API, `sendChatAction`).

use super::api::Token;
use crate::outgoing::OutgoingCall;
use serde_json::{Value, json};

/// Builds the call for this chat.
pub(super) fn chat_action(token: Token<'_>, chat: i64, topic: Option<i64>) -> OutgoingCall {
    let mut arguments = json!({"chat_id": chat, "action": "typing"});
    if let (Some(topic), Value::Object(arguments)) = (topic, &mut arguments) {
        arguments.insert("message_thread_id".into(), topic.into());
    }
    token.call("sendChatAction", &arguments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        outgoing::{CallResult, ChatProvider, NextCall},
        telegram::{
            Telegram,
            fixtures::{self, accepted, connector},
        },
        webhook::Credentials,
    };
    use http::Method;
    use vestibule_domain::{
        Timestamp,
        chat::conversation::{ConversationKind, ConversationRef},
        chat::typing::ShowTyping,
    };

    fn step(
        (kind, chat, topic): (ConversationKind, &str, Option<&str>),
        so_far: &[CallResult],
    ) -> NextCall<()> {
        let (connector, secrets) = (connector(), fixtures::secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        let topic = topic.map(str::to_owned);
        let typing = ShowTyping {
            conversation: ConversationRef::new(connector.id, kind, chat.into(), topic),
            message_id: Some("7".into()),
            at: Timestamp::from_millis(0),
        };
        Telegram.show_typing(&typing, &credentials, so_far)
    }

    #[test]
    fn the_sign_is_one_call_for_the_chat_and_its_topic_whatever_the_answer() {
        let (direct, group) = (ConversationKind::Direct, ConversationKind::Group);
        for (place, expected) in [
            (
                (direct, "218485655", None),
                json!({"chat_id": 218_485_655, "action": "typing"}),
            ),
            (
                (group, "-1001160242915", Some("4")),
                json!({"chat_id": -1_001_160_242_915_i64, "action": "typing", "message_thread_id": 4}),
            ),
        ] {
            let NextCall::Call(call) = step(place, &[]) else {
                panic!("{place:?} gets no call");
            };
            assert_eq!(call.method, Method::POST);
            assert!(call.path.ends_with("/sendChatAction"));
            let body: Value = serde_json::from_slice(call.body.as_deref().unwrap()).unwrap();
            assert_eq!(body, expected);
            let again = step(place, &[accepted(&json!(true))]);
            assert!(matches!(again, NextCall::Done(())), "{place:?}");
        }
    }

    #[test]
    fn a_chat_without_a_number_gets_no_sign() {
        let nowhere = (ConversationKind::Direct, "D1", None);
        assert!(matches!(step(nowhere, &[]), NextCall::Done(())));
    }
}
