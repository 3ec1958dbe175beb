//! Sending of texts, and its outcomes.

use super::*;
use crate::twilio::fixtures::{self, replied};
use std::collections::BTreeMap;
use vestibule_domain::{
    chat::conversation::{ConversationKind, ConversationRef},
    chat::message::Identity,
    connector::Connector,
    ports::{Mark, RetryScope},
};

const SID: &str = "SM0123456789abcdef0123456789abcdef";

fn conversation(address: &str) -> ConversationRef {
    let connector = fixtures::connector();
    ConversationRef::new(connector.id, ConversationKind::Direct, address.into(), None)
}

fn step_at(
    connector: &Connector,
    to: Destination<'_>,
    text: &str,
    so_far: &[CallResult],
) -> NextCall<SendOutcome> {
    let secrets = fixtures::secrets();
    let credentials = Credentials {
        connector,
        secrets: &secrets,
    };
    let text = OutgoingText {
        id: "t",
        to,
        text,
        mark: None,
    };
    Twilio.send(&text, &credentials, so_far)
}

/// The next step of sending a text to this address.
fn step(address: &str, text: &str, so_far: &[CallResult]) -> NextCall<SendOutcome> {
    let conversation = conversation(address);
    let to = Destination::Conversation(&conversation);
    step_at(&fixtures::connector(), to, text, so_far)
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

fn form_of(call: &OutgoingCall) -> BTreeMap<String, String> {
    form_urlencoded::parse(call.body.as_deref().unwrap())
        .into_owned()
        .collect()
}

fn taken(sid: &str) -> CallResult {
    replied(
        201,
        &format!(r#"{{"sid":"{sid}","status":"queued","error_code":null,"error_message":null}}"#),
    )
}

#[test]
fn an_sms_is_exactly_what_twilio_asks_for() {
    let call = call(step("+14133881111", "1+1 = 2 & Grüße", &[]));
    assert_eq!(call.host, Host::Api(API));
    assert_eq!(call.method, Method::POST);
    assert_eq!(
        call.path,
        "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json"
    );
    assert!(call.query.is_empty());
    let headers: Vec<_> = call
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.reveal()))
        .collect();
    let pair = format!("{}:canary-auth-token", fixtures::ACCOUNT);
    let basic = format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()));
    assert_eq!(
        headers,
        [
            ("authorization", basic.as_str()),
            (
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8"
            ),
        ]
    );
    let body = String::from_utf8(call.body.unwrap()).unwrap();
    assert_eq!(
        body,
        "To=%2B14133881111&From=%2B12028831111&Body=1%2B1+%3D+2+%26+Gr%C3%BC%C3%9Fe\
         &StatusCallback=https%3A%2F%2Fapi.example%2Fwebhooks%2Ftwilio%2F01J"
    );
}

#[test]
fn an_answer_goes_out_on_the_channel_that_the_question_came_on() {
    for (to, from) in [
        ("+14133881111", "+12028831111"),
        ("whatsapp:+14133881111", "whatsapp:+12028831111"),
        ("whatsapp:AR.1A2B3C", "whatsapp:+12028831111"),
    ] {
        let form = form_of(&call(step(to, "Hello", &[])));
        assert_eq!((form["To"].as_str(), form["From"].as_str()), (to, from));
    }
}

#[test]
fn failures_are_reported_to_the_address_without_its_fragment() {
    for (configured, callback) in [
        (
            "https://a.example/x#rc=3&rp=4xx,5xx,ct,rt",
            Some("https://a.example/x"),
        ),
        (
            "https://A.example:443/x?a=1",
            Some("https://A.example:443/x?a=1"),
        ),
        ("", None),
    ] {
        let conversation = conversation("+14133881111");
        let to = Destination::Conversation(&conversation);
        let form = form_of(&call(step_at(
            &fixtures::connector_at(configured),
            to,
            "Hello",
            &[],
        )));
        let told = form.get("StatusCallback").map(String::as_str);
        assert_eq!(told, callback);
    }
}

#[test]
fn a_private_text_goes_to_the_one_person_of_the_conversation() {
    let conversation = conversation("whatsapp:+14133881111");
    let person = Identity {
        provider: key(),
        platform_scope: "phone".into(),
        identifier: "+14133881111".into(),
    };
    let to = Destination::Privately(&person, &conversation);
    let form = form_of(&call(step_at(&fixtures::connector(), to, "Wait", &[])));
    assert_eq!(form["To"], "whatsapp:+14133881111");
}

#[test]
fn a_conversation_that_is_no_address_is_not_called() {
    for address in ["", "C123", "226787", "whatsapp:", "+1 413"] {
        let expected = SendOutcome::Failed {
            class: FailureClass::Recipient,
            reason: "no_address".into(),
        };
        assert_eq!(outcome(step(address, "Hello", &[])), expected, "{address}");
    }
}

#[test]
fn a_message_that_was_taken_is_sent_and_named() {
    for status in [200, 201] {
        let body = format!(r#"{{"sid":"{SID}","status":"accepted"}}"#);
        let done = outcome(step("+14133881111", "Hello", &[replied(status, &body)]));
        assert_eq!(done, SendOutcome::Sent(Receipt::of(SID)));
    }
}

#[test]
fn a_long_text_is_sent_piece_by_piece_and_its_receipt_is_the_last_ones() {
    let text = format!("{}\n\n{}", "a".repeat(1500), "b".repeat(1500));
    let first = form_of(&call(step("+14133881111", &text, &[])));
    assert_eq!(first["Body"], "a".repeat(1500));
    let second = form_of(&call(step("+14133881111", &text, &[taken("SM1")])));
    assert_eq!(second["Body"], "b".repeat(1500));
    let done = outcome(step("+14133881111", &text, &[taken("SM1"), taken(SID)]));
    assert_eq!(done, SendOutcome::Sent(Receipt::of(SID)));
    assert_eq!(Twilio.pieces(&text).len(), 2);
}

#[test]
fn no_piece_is_longer_than_twilio_takes_however_it_counts() {
    for text in ["a".repeat(1600), "é".repeat(1600), "👋".repeat(800)] {
        assert_eq!(Twilio.pieces(&text), [text.as_str()]);
    }
    for text in ["a".repeat(1601), "👋".repeat(801), "word ".repeat(900)] {
        let pieces = Twilio.pieces(&text);
        assert!(pieces.len() > 1);
        for piece in pieces {
            assert!(piece.encode_utf16().count() <= MESSAGE_MAX_CHARS);
        }
    }
}

#[test]
fn a_failure_in_the_middle_ends_the_sending() {
    let text = "a ".repeat(2000);
    let so_far = [taken("SM1"), fixtures::refused(400, 21610)];
    let expected = SendOutcome::Failed {
        class: FailureClass::Recipient,
        reason: "21610".into(),
    };
    assert_eq!(outcome(step("+14133881111", &text, &so_far)), expected);
}

#[test]
fn a_message_that_failed_as_it_was_taken_is_not_sent() {
    for (code, expected) in [
        ("30002", ("connector", "30002")),
        ("30006", ("recipient", "30006")),
        ("null", ("request", "failed")),
        ("30001", ("later", "30001")),
    ] {
        let body = format!(r#"{{"sid":"{SID}","status":"failed","error_code":{code}}}"#);
        let (class, reason) = match outcome(step("+14133881111", "Hello", &[replied(201, &body)])) {
            SendOutcome::Failed { class, reason } => (class.key(), reason),
            SendOutcome::Retry { reason, .. } => ("later", reason),
            SendOutcome::Sent(_) => panic!("sent"),
        };
        assert_eq!((class, reason.as_str()), expected);
    }
}

#[test]
fn a_message_that_failed_as_it_was_taken_may_hold_up_its_conversation_alone() {
    for (code, expected) in [
        (14107, RetryScope::Conversation),
        (30001, RetryScope::Connector),
    ] {
        let body = format!(r#"{{"sid":"{SID}","status":"failed","error_code":{code}}}"#);
        let done = outcome(step("+14133881111", "Hello", &[replied(201, &body)]));
        let SendOutcome::Retry { scope, .. } = done else {
            panic!("not tried again: {done:?}");
        };
        assert_eq!(scope, expected, "{code}");
    }
}

#[test]
fn a_text_that_cannot_be_sent_costs_no_call() {
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
        assert_eq!(outcome(step("+14133881111", &text, &[])), expected);
    }
}

#[test]
fn without_its_settings_and_token_the_connector_is_to_blame() {
    let conversation = conversation("+14133881111");
    let to = Destination::Conversation(&conversation);
    for (field, reason) in [
        (ACCOUNT_SID, "no_account_sid"),
        (PHONE_NUMBER, "no_phone_number"),
    ] {
        let mut connector = fixtures::connector();
        connector.settings.remove(field);
        let expected = SendOutcome::Failed {
            class: FailureClass::Connector,
            reason: reason.into(),
        };
        assert_eq!(outcome(step_at(&connector, to, "Hello", &[])), expected);
        connector
            .settings
            .insert(ACCOUNT_SID.into(), "AC/../x".into());
        let done = outcome(step_at(&connector, to, "Hello", &[]));
        assert!(matches!(done, SendOutcome::Failed { .. }));
    }
    let connector = fixtures::connector();
    let credentials = Credentials {
        connector: &connector,
        secrets: &BTreeMap::new(),
    };
    let text = OutgoingText {
        id: "t",
        to,
        text: "Hello",
        mark: None,
    };
    let expected = SendOutcome::Failed {
        class: FailureClass::Connector,
        reason: "no_auth_token".into(),
    };
    assert_eq!(outcome(Twilio.send(&text, &credentials, &[])), expected);
}

#[test]
fn what_is_ambiguous_is_tried_again() {
    let lost = CallResult::NoReply {
        reason: "time-out".into(),
    };
    for result in [
        lost,
        fixtures::refused(429, 20429),
        fixtures::refused(503, 21211),
        replied(307, ""),
    ] {
        let done = outcome(step("+14133881111", "Hello", &[result]));
        assert!(matches!(done, SendOutcome::Retry { .. }), "{done:?}");
    }
}

#[test]
fn a_message_whose_answer_cannot_be_read_is_sent_and_not_repeated() {
    for body in ["", "<html>", "{}", r#"{"sid":7}"#, r#"{"sid":"SM0123"#] {
        for status in [200, 201, 202] {
            let done = outcome(step("+14133881111", "Hello", &[replied(status, body)]));
            assert_eq!(done, SendOutcome::Sent(Receipt::default()), "{body}");
        }
    }
}

#[test]
fn a_failure_that_the_table_does_not_know_is_told_in_twilios_words() {
    let body = format!(
        r#"{{"sid":"{SID}","status":"failed","error_code":99999,"error_message":"Something new"}}"#
    );
    let expected = SendOutcome::Failed {
        class: FailureClass::Request,
        reason: "99999: Something new".into(),
    };
    assert_eq!(
        outcome(step("+14133881111", "Hello", &[replied(201, &body)])),
        expected
    );
}

#[test]
fn a_text_that_may_have_been_sent_before_cannot_be_looked_for() {
    let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
    let conversation = conversation("+14133881111");
    let text = OutgoingText {
        id: "t",
        to: Destination::Conversation(&conversation),
        text: "Hello",
        mark: Some(Mark {
            id: "m1",
            look_first: true,
        }),
    };
    let credentials = Credentials {
        connector: &connector,
        secrets: &secrets,
    };
    let call = call(Twilio.send(&text, &credentials, &[]));
    assert_eq!(call.method, Method::POST);
}

#[test]
fn nobody_is_asked_for_a_profile() {
    let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
    let conversation = conversation("+14133881111");
    let identity = Identity {
        provider: key(),
        platform_scope: "phone".into(),
        identifier: "+14133881111".into(),
    };
    let query = ProfileQuery {
        identity: &identity,
        conversation: &conversation,
    };
    let credentials = Credentials {
        connector: &connector,
        secrets: &secrets,
    };
    let step = Twilio.profile(&query, &credentials, &[]);
    assert!(matches!(step, NextCall::Done(ProfileOutcome::None { .. })));
}

#[test]
fn the_debug_of_a_call_shows_neither_token_nor_text_nor_number() {
    let call = call(step("+14133881111", "a canary text", &[]));
    let shown = format!("{call:?}");
    assert!(shown.contains("Messages.json"), "{shown}");
    assert!(
        !shown.contains("canary") && !shown.contains("1413"),
        "{shown}"
    );
}
