//! Sends a text (PROVIDERS §4.4).

use super::{API, API_KEY, Dialog360, api, key, kind::MESSAGE_MAX_CHARS, typing::mark_as_read};
use crate::{
    outgoing::{
        Api, CallError, CallResult, ChatProvider, Host, NextCall, OutgoingCall, one_by_one,
    },
    text::{one_each, split},
    webhook::Credentials,
    whatsapp::WINDOW,
    whatsapp::{bsuid_identity, is_bsuid, phone_digits},
};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    chat::conversation::ConversationKind,
    chat::conversation::ConversationRef,
    chat::typing::ShowTyping,
    connector::Provider,
    ports::{
        Destination, FailureClass, OutgoingText, ProfileOutcome, ProfileQuery, Receipt, SendOutcome,
    },
};

impl ChatProvider for Dialog360 {
    fn provider(&self) -> Provider {
        key()
    }

    fn apis(&self) -> &'static [Api] {
        &[API]
    }

    fn sending_secrets(&self) -> &'static [&'static str] {
        &[API_KEY]
    }

    fn pieces<'t>(&self, text: &'t str) -> Vec<&'t str> {
        split(text, MESSAGE_MAX_CHARS, one_each)
    }

    fn send(
        &self,
        text: &OutgoingText<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<SendOutcome> {
        next(text, credentials, so_far).unwrap_or_else(|problem| NextCall::Done(problem.into()))
    }

    fn show_typing(
        &self,
        typing: &ShowTyping,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<()> {
        mark_as_read(typing, credentials, so_far)
    }

    /// Has nobody to ask: `WhatsApp` sends names with messages only.
    fn profile(
        &self,
        _query: &ProfileQuery<'_>,
        _credentials: &Credentials<'_>,
        _so_far: &[CallResult],
    ) -> NextCall<ProfileOutcome> {
        NextCall::Done(ProfileOutcome::None {
            reason: "not_offered".to_owned(),
        })
    }

    /// `WhatsApp`'s window (PROVIDERS §4.4).
    fn reply_window(&self, _conversation: &ConversationRef) -> Option<Duration> {
        Some(WINDOW)
    }

    fn reports_late_failures(&self) -> bool {
        true
    }

    /// 360dialog allows 80 messages per second and number, and a connector has one number; the rest
    /// is margin.
    fn send_interval(&self) -> Duration {
        Duration::from_millis(25)
    }
}

/// Sends one message after the other; the first failure ends it.
fn next(
    text: &OutgoingText<'_>,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> Result<NextCall<SendOutcome>, CallError> {
    one_by_one(&Dialog360, text.text, so_far, taken, |piece| {
        let api_key = credentials
            .secret(API_KEY)
            .ok_or_else(|| CallError::never(FailureClass::Connector, "no_api_key"))?;
        let call = OutgoingCall::new(Host::Api(API), Method::POST, "/messages")
            .with_json(&body(&text.to, piece)?);
        Ok(api::with_key(call, api_key))
    })
}

/// The receipt of an accepted message, which may have no id.
fn taken(result: &CallResult) -> Result<Receipt, CallError> {
    let answer = api::sent(result)?;
    let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str);
    let id = text("/messages/0/id").filter(|id| !id.is_empty());
    Ok(Receipt {
        recipient: text("/contacts/0/user_id").and_then(|id| bsuid_identity(&key(), id)),
        ..id.map(Receipt::of).unwrap_or_default()
    })
}

fn body(to: &Destination<'_>, piece: &str) -> Result<Value, CallError> {
    let address = address(to);
    let (field, recipient) = match phone_digits(address) {
        Some(digits) => ("to", digits),
        None if is_bsuid(address) => ("recipient", address),
        None => {
            return Err(CallError::never(
                FailureClass::Recipient,
                "no_such_recipient",
            ));
        }
    };
    Ok(json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        field: recipient,
        "type": "text",
        // An address must not get a preview, as if it were ours, just because a person made the
        // agent repeat it.
        "text": {"body": piece, "preview_url": false},
    }))
}

/// Phone number or BSUID. A direct conversation belongs to the person and has the phone number, if
/// it is known; others could read any other conversation (SPEC A38).
fn address<'a>(to: &Destination<'a>) -> &'a str {
    match to {
        Destination::Privately(identity, conversation)
            if conversation.kind != ConversationKind::Direct =>
        {
            &identity.identifier
        }
        Destination::Conversation(conversation) | Destination::Privately(_, conversation) => {
            &conversation.provider_conversation_id
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog360::fixtures::{self, refused, refused_by_gateway, replied};
    use std::collections::BTreeMap;
    use vestibule_domain::{chat::conversation::ConversationRef, ports::RetryScope};

    const PHONE: &str = "972987654321";
    const BSUID: &str = "US.13491208655302741918";

    fn conversation(kind: ConversationKind, address: &str) -> ConversationRef {
        ConversationRef::new(fixtures::connector().id, kind, address.into(), None)
    }

    fn step(to: Destination<'_>, text: &str, so_far: &[CallResult]) -> NextCall<SendOutcome> {
        let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        let text = OutgoingText {
            id: "t",
            to,
            text,
            mark: None,
        };
        Dialog360.send(&text, &credentials, so_far)
    }

    fn call(step: NextCall<SendOutcome>) -> OutgoingCall {
        match step {
            NextCall::Call(call) => call,
            NextCall::Done(outcome) => panic!("no call but {outcome:?}"),
        }
    }

    fn outcome(step: NextCall<SendOutcome>) -> SendOutcome {
        match step {
            NextCall::Done(outcome) => outcome,
            NextCall::Call(call) => panic!("no outcome but {call:?}"),
        }
    }

    /// The outcome of sending `Hello`, given the result of its call.
    fn outcome_of(result: CallResult) -> SendOutcome {
        let direct = conversation(ConversationKind::Direct, PHONE);
        outcome(step(Destination::Conversation(&direct), "Hello", &[result]))
    }

    fn body_of(call: &OutgoingCall) -> Value {
        serde_json::from_slice(call.body.as_deref().unwrap()).unwrap()
    }

    fn sent(id: &str) -> CallResult {
        let body = json!({
            "messaging_product": "whatsapp",
            "contacts": [{"input": PHONE, "wa_id": PHONE}],
            "messages": [{"id": id}],
        });
        replied(200, &body.to_string())
    }

    #[test]
    fn a_message_is_exactly_what_360dialog_asks_for() {
        let direct = conversation(ConversationKind::Direct, PHONE);
        let call = call(step(Destination::Conversation(&direct), "Hello", &[]));
        assert_eq!(call.host, Host::Api(API));
        assert_eq!(call.method, Method::POST);
        assert_eq!(call.path, "/messages");
        assert!(call.query.is_empty());
        let headers: Vec<_> = call
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.reveal()))
            .collect();
        let expected = [
            ("content-type", "application/json; charset=utf-8"),
            ("d360-api-key", "canary-api-key_AK"),
        ];
        assert_eq!(headers, expected);
        let expected = json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": PHONE,
            "type": "text", "text": {"body": "Hello", "preview_url": false},
        });
        assert_eq!(body_of(&call), expected);
    }

    #[test]
    fn somebody_without_a_phone_number_is_reached_by_their_bsuid() {
        let direct = conversation(ConversationKind::Direct, BSUID);
        let body = body_of(&call(step(Destination::Conversation(&direct), "Hi", &[])));
        assert_eq!(body["recipient"], BSUID);
        assert_eq!(body.get("to"), None);
    }

    #[test]
    fn a_private_text_goes_into_the_direct_conversation() {
        for (person, address, field, expected) in [
            (fixtures::phone(), PHONE, "to", PHONE),
            (fixtures::bsuid(), PHONE, "to", PHONE),
            (fixtures::bsuid(), BSUID, "recipient", BSUID),
        ] {
            let direct = conversation(ConversationKind::Direct, address);
            let to = Destination::Privately(&person, &direct);
            let body = body_of(&call(step(to, "Wait", &[])));
            assert_eq!(body[field], expected);
        }
    }

    #[test]
    fn a_private_text_never_goes_where_others_read_along() {
        for kind in [ConversationKind::Group, ConversationKind::Channel] {
            let group = conversation(kind, "4915112345678");
            for (person, field, expected) in [
                (fixtures::phone(), "to", PHONE),
                (fixtures::bsuid(), "recipient", BSUID),
            ] {
                let to = Destination::Privately(&person, &group);
                let body = body_of(&call(step(to, "Wait", &[])));
                assert_eq!(body[field], expected);
                assert!(!body.to_string().contains("4915112345678"));
            }
        }
    }

    #[test]
    fn an_address_that_is_none_costs_no_call() {
        for address in ["", "0", "group-1", "us.1"] {
            let direct = conversation(ConversationKind::Direct, address);
            let expected = SendOutcome::Failed {
                class: FailureClass::Recipient,
                reason: "no_such_recipient".into(),
            };
            let done = outcome(step(Destination::Conversation(&direct), "Hello", &[]));
            assert_eq!(done, expected, "{address}");
        }
    }

    #[test]
    fn a_message_that_was_taken_is_known_by_its_id() {
        let expected = SendOutcome::Sent(Receipt::of("wamid.HBgM=="));
        assert_eq!(outcome_of(sent("wamid.HBgM==")), expected);
        let created = replied(201, r#"{"messages":[{"id":"wamid.HBgM=="}]}"#);
        assert_eq!(outcome_of(created), expected);
    }

    #[test]
    fn the_recipients_stable_id_is_taken_from_the_answer_if_it_is_one() {
        for (user_id, expected) in [
            (json!(BSUID), Some(fixtures::bsuid())),
            (json!("13491208655302741918"), None),
            (json!(null), None),
            (json!(7), None),
        ] {
            let contact = json!({"input": PHONE, "wa_id": PHONE, "user_id": user_id});
            let answer = json!({"contacts": [contact], "messages": [{"id": "wamid.1"}]});
            let SendOutcome::Sent(receipt) = outcome_of(replied(200, &answer.to_string())) else {
                panic!("not sent");
            };
            assert_eq!(receipt.recipient, expected, "{user_id}");
            assert_eq!(receipt.message_id.as_deref(), Some("wamid.1"));
        }
    }

    #[test]
    fn a_long_text_is_sent_piece_by_piece_and_known_by_its_last() {
        let direct = conversation(ConversationKind::Direct, PHONE);
        let to = Destination::Conversation(&direct);
        let text = format!("{}\n\n{}", "a".repeat(3000), "b".repeat(3000));
        let first = body_of(&call(step(to, &text, &[])));
        assert_eq!(first["text"]["body"], "a".repeat(3000));
        let second = body_of(&call(step(to, &text, &[sent("wamid.1")])));
        assert_eq!(second["text"]["body"], "b".repeat(3000));
        let done = outcome(step(to, &text, &[sent("wamid.1"), sent("wamid.2")]));
        assert_eq!(done, SendOutcome::Sent(Receipt::of("wamid.2")));
        assert_eq!(Dialog360.pieces(&text).len(), 2);
    }

    #[test]
    fn the_longest_onboarding_message_is_one_message() {
        let text = "é".repeat(MESSAGE_MAX_CHARS);
        assert_eq!(Dialog360.pieces(&text), std::slice::from_ref(&text));
        let direct = conversation(ConversationKind::Direct, PHONE);
        let to = Destination::Conversation(&direct);
        let done = outcome(step(to, &text, &[sent("wamid.1")]));
        assert_eq!(done, SendOutcome::Sent(Receipt::of("wamid.1")));
    }

    #[test]
    fn a_failure_in_the_middle_ends_the_sending() {
        let direct = conversation(ConversationKind::Direct, PHONE);
        let so_far = [sent("wamid.1"), refused(400, 131_026)];
        let to = Destination::Conversation(&direct);
        let done = outcome(step(to, &"a ".repeat(4000), &so_far));
        assert!(matches!(
            done,
            SendOutcome::Failed {
                class: FailureClass::Recipient,
                ..
            }
        ));
    }

    #[test]
    fn a_text_that_cannot_be_sent_costs_no_call() {
        let direct = conversation(ConversationKind::Direct, PHONE);
        for (text, reason) in [
            (String::new(), "no_text"),
            (" \n ".to_owned(), "no_text"),
            (
                "a".repeat(MESSAGE_MAX_CHARS * crate::outgoing::MESSAGES_MAX + 1),
                "msg_too_long",
            ),
        ] {
            let expected = SendOutcome::Failed {
                class: FailureClass::Request,
                reason: reason.into(),
            };
            let done = outcome(step(Destination::Conversation(&direct), &text, &[]));
            assert_eq!(done, expected);
        }
    }

    #[test]
    fn without_a_key_the_connector_is_to_blame() {
        let connector = fixtures::connector();
        let direct = conversation(ConversationKind::Direct, PHONE);
        let text = OutgoingText {
            id: "t",
            to: Destination::Conversation(&direct),
            text: "Hello",
            mark: None,
        };
        let credentials = Credentials {
            connector: &connector,
            secrets: &BTreeMap::new(),
        };
        let expected = SendOutcome::Failed {
            class: FailureClass::Connector,
            reason: "no_api_key".into(),
        };
        assert_eq!(outcome(Dialog360.send(&text, &credentials, &[])), expected);
    }

    #[test]
    fn a_rate_limit_is_tried_again_though_its_status_is_403() {
        for code in [130_429, 131_056] {
            let done = outcome_of(refused(403, code));
            assert!(matches!(done, SendOutcome::Retry { .. }), "{code}");
        }
        let done = outcome_of(refused(429, 613));
        assert!(matches!(done, SendOutcome::Retry { .. }));
    }

    #[test]
    fn a_closed_window_is_named() {
        let expected = SendOutcome::Failed {
            class: FailureClass::Recipient,
            reason: "131047: outside the 24-hour window".into(),
        };
        assert_eq!(outcome_of(refused(400, 131_047)), expected);
    }

    #[test]
    fn a_revoked_key_is_the_connectors_fault() {
        for result in [refused_by_gateway(401), refused_by_gateway(403)] {
            let done = outcome_of(result);
            assert!(matches!(
                done,
                SendOutcome::Failed {
                    class: FailureClass::Connector,
                    ..
                }
            ));
        }
    }

    #[test]
    fn what_is_ambiguous_is_tried_again() {
        for (result, reason) in [
            (replied(502, ""), "http_502"),
            (replied(302, ""), "http_302"),
            (
                CallResult::NoReply {
                    reason: "time-out".into(),
                },
                "time-out",
            ),
        ] {
            let expected = SendOutcome::Retry {
                after: None,
                scope: RetryScope::Connector,
                reason: reason.into(),
            };
            assert_eq!(outcome_of(result), expected);
        }
    }

    #[test]
    fn a_message_whose_answer_cannot_be_read_is_sent_and_not_repeated() {
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"messages":[]}"#,
            r#"{"messages":[{"id":""}]}"#,
            r#"{"messages":[{"id":7}]}"#,
            r#"{"messages":[{"id":"wamid"#,
        ] {
            for status in [200, 201] {
                let done = outcome_of(replied(status, body));
                assert_eq!(done, SendOutcome::Sent(Receipt::default()), "{body}");
            }
        }
    }

    #[test]
    fn nobody_is_asked_for_a_profile() {
        let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        let (person, direct) = (
            fixtures::phone(),
            conversation(ConversationKind::Direct, PHONE),
        );
        let query = ProfileQuery {
            identity: &person,
            conversation: &direct,
        };
        assert!(matches!(
            Dialog360.profile(&query, &credentials, &[]),
            NextCall::Done(ProfileOutcome::None { .. })
        ));
    }

    #[test]
    fn the_debug_of_a_call_shows_neither_key_nor_text_nor_number() {
        let direct = conversation(ConversationKind::Direct, PHONE);
        let to = Destination::Conversation(&direct);
        let shown = format!("{:?}", call(step(to, "a canary text", &[])));
        assert!(shown.contains("messages"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
        assert!(!shown.contains(PHONE), "{shown}");
    }
}
