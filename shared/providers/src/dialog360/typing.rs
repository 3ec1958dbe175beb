//! The sign that an answer is being written. `WhatsApp` shows it for up to 25 seconds, and only together with the
//! mark that the person's last message was read (Meta, "Typing indicators"; 360dialog, "Messages statuses").

use super::{API, API_KEY, api};
use crate::{
    outgoing::{CallResult, Host, NextCall, OutgoingCall},
    webhook::Credentials,
};
use http::Method;
use serde_json::json;
use vestibule_domain::chat::typing::ShowTyping;

/// Returns the one call, or the end.
pub(super) fn mark_as_read(
    typing: &ShowTyping,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> NextCall<()> {
    let (Some(message_id), Some(api_key), []) = (
        typing.message_id.as_deref(),
        credentials.secret(API_KEY),
        so_far,
    ) else {
        return NextCall::Done(());
    };
    let body = json!({
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": message_id,
        "typing_indicator": {"type": "text"},
    });
    let call = OutgoingCall::new(Host::Api(API), Method::POST, "/messages").with_json(&body);
    NextCall::Call(api::with_key(call, api_key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dialog360::{
            Dialog360,
            fixtures::{self, replied},
        },
        outgoing::ChatProvider,
    };
    use serde_json::Value;
    use vestibule_domain::{
        Timestamp,
        chat::conversation::{ConversationKind, ConversationRef},
    };

    fn step(message_id: Option<&str>, so_far: &[CallResult]) -> Option<OutgoingCall> {
        let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        let (kind, phone) = (ConversationKind::Direct, "972987654321".to_owned());
        let typing = ShowTyping {
            conversation: ConversationRef::new(connector.id, kind, phone, None),
            message_id: message_id.map(str::to_owned),
            at: Timestamp::from_millis(0),
        };
        match Dialog360.show_typing(&typing, &credentials, so_far) {
            NextCall::Call(call) => Some(call),
            NextCall::Done(()) => None,
        }
    }

    #[test]
    fn the_persons_message_is_marked_as_read_by_one_call_whatever_the_answer() {
        let call = step(Some("wamid.1"), &[]).unwrap();
        assert_eq!(call.path, "/messages");
        let body: Value = serde_json::from_slice(call.body.as_deref().unwrap()).unwrap();
        let expected = json!({
            "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1",
            "typing_indicator": {"type": "text"},
        });
        assert_eq!(body, expected);
        for answer in [replied(200, r#"{"success": true}"#), replied(400, "{}")] {
            assert_eq!(step(Some("wamid.1"), &[answer]), None);
        }
    }

    #[test]
    fn without_a_message_there_is_nothing_to_mark() {
        assert_eq!(step(None, &[]), None);
    }
}
