use super::*;
use crate::telegram::fixtures::{
    self, TOKEN, TOKEN_SECRET, accepted, connector, identity, refused, replied,
};
use http::Method;
use proptest::prelude::*;
use vestibule_domain::{chat::conversation::ConversationRef, chat::message::Identity, ports::Mark};

const GROUP: &str = "-4012345678";
const SUPERGROUP: i64 = -1_001_160_242_915;

fn conversation(kind: ConversationKind, chat: &str, topic: Option<&str>) -> ConversationRef {
    ConversationRef::new(connector().id, kind, chat.into(), topic.map(str::to_owned))
}

fn private_chat() -> ConversationRef {
    conversation(ConversationKind::Direct, "218485655", None)
}

fn step(to: Destination<'_>, text: &str, so_far: &[CallResult]) -> NextCall<SendOutcome> {
    let (connector, secrets) = (connector(), fixtures::secrets());
    let credentials = Credentials {
        connector: &connector,
        secrets: &secrets,
    };
    let mark = Some(Mark {
        id: "m",
        look_first: true,
    });
    Telegram.send(
        &OutgoingText {
            id: "t",
            to,
            text,
            mark,
        },
        &credentials,
        so_far,
    )
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

fn body_of(call: &OutgoingCall) -> Value {
    serde_json::from_slice(call.body.as_deref().unwrap()).unwrap()
}

fn sent(message_id: i64) -> CallResult {
    accepted(&json!({"message_id": message_id, "chat": {"id": 1}, "text": "Hello"}))
}

fn migrated() -> CallResult {
    let body = json!({
        "ok": false, "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": SUPERGROUP},
    });
    replied(400, &body.to_string())
}

#[test]
fn a_message_is_exactly_what_telegram_asks_for() {
    let chat = private_chat();
    let call = call(step(
        Destination::Conversation(&chat),
        "<b>*Hello*</b>",
        &[],
    ));
    assert_eq!(call.method, Method::POST);
    assert_eq!(call.path, format!("/bot{TOKEN}/sendMessage"));
    assert!(call.query.is_empty());
    let headers: Vec<_> = call
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.reveal()))
        .collect();
    assert_eq!(
        headers,
        [("content-type", "application/json; charset=utf-8")]
    );
    let expected = json!({
        "chat_id": 218_485_655, "text": "<b>*Hello*</b>", "link_preview_options": {"is_disabled": true},
    });
    assert_eq!(body_of(&call), expected);
}

#[test]
fn an_answer_goes_into_its_topic() {
    let chat = SUPERGROUP.to_string();
    let topic = conversation(ConversationKind::Group, &chat, Some("42"));
    let body = body_of(&call(step(Destination::Conversation(&topic), "Hi", &[])));
    assert_eq!(body["chat_id"], SUPERGROUP);
    assert_eq!(body["message_thread_id"], 42);
}

#[test]
fn the_general_topic_of_a_group_is_not_named_and_the_first_of_a_private_chat_is() {
    let chat = SUPERGROUP.to_string();
    let general = conversation(ConversationKind::Group, &chat, Some("1"));
    let body = body_of(&call(step(Destination::Conversation(&general), "Hi", &[])));
    assert_eq!(body.get("message_thread_id"), None);
    let private = conversation(ConversationKind::Direct, "218485655", Some("1"));
    let body = body_of(&call(step(Destination::Conversation(&private), "Hi", &[])));
    assert_eq!(body["message_thread_id"], 1);
}

#[test]
fn a_reply_whose_topic_has_gone_is_sent_once_more_without_it() {
    let chat = SUPERGROUP.to_string();
    for (kind, chat) in [
        (ConversationKind::Group, chat.as_str()),
        (ConversationKind::Direct, "218485655"),
    ] {
        let topic = conversation(kind, chat, Some("42"));
        let to = Destination::Conversation(&topic);
        for description in [
            "Bad Request: message thread not found",
            "Bad Request: TOPIC_CLOSED",
            "Bad Request: TOPIC_DELETED",
        ] {
            let gone = refused(400, description);
            let mut expected = body_of(&call(step(to, "Hi", &[])));
            expected
                .as_object_mut()
                .unwrap()
                .remove("message_thread_id");
            let again = body_of(&call(step(to, "Hi", std::slice::from_ref(&gone))));
            assert_eq!(again, expected, "{description}");
            let done = outcome(step(to, "Hi", &[gone.clone(), sent(7)]));
            assert_eq!(done, SendOutcome::Sent(Receipt::of("7")));
            let expected = SendOutcome::Failed {
                class: FailureClass::Recipient,
                reason: description.into(),
            };
            assert_eq!(outcome(step(to, "Hi", &[gone.clone(), gone])), expected);
        }
    }
}

#[test]
fn a_group_may_lose_its_topics_and_move() {
    let group = conversation(ConversationKind::Group, GROUP, Some("42"));
    let to = Destination::Conversation(&group);
    let gone = refused(400, "Bad Request: message thread not found");
    for so_far in [[gone.clone(), migrated()], [migrated(), gone]] {
        let body = body_of(&call(step(to, "Hi", &so_far)));
        assert_eq!(body["chat_id"], SUPERGROUP);
        assert_eq!(body.get("message_thread_id"), None);
    }
}

#[test]
fn nobody_in_a_group_is_pinged_by_what_a_text_repeats() {
    let said = "You wrote: @boss, mail boss@example.com";
    for kind in [ConversationKind::Group, ConversationKind::Channel] {
        let group = conversation(kind, GROUP, None);
        let body = body_of(&call(step(Destination::Conversation(&group), said, &[])));
        let expected = "You wrote: @\u{200B}boss, mail boss@example.com";
        assert_eq!(body["text"], expected);
        assert_eq!(body.get("entities"), None);
        let person = identity();
        let body = body_of(&call(step(
            Destination::Privately(&person, &group),
            said,
            &[],
        )));
        assert_eq!(body["text"], said);
    }
    let chat = private_chat();
    let body = body_of(&call(step(Destination::Conversation(&chat), said, &[])));
    assert_eq!(body["text"], said);
}

#[test]
fn a_text_full_of_mentions_still_fits() {
    let text = "@ab ".repeat(3000);
    let group = conversation(ConversationKind::Group, GROUP, None);
    for piece in Telegram.pieces(&text) {
        let body = body_of(&call(step(Destination::Conversation(&group), piece, &[])));
        let sent = body["text"].as_str().unwrap();
        assert!(sent.encode_utf16().count() <= MESSAGE_MAX_CHARS);
    }
}

#[test]
fn a_message_whose_answer_cannot_be_read_is_sent_and_not_repeated() {
    let chat = private_chat();
    for body in [
        "",
        "<html>",
        r#"{"ok":true,"result":{"message_id":13"#,
        "{}",
    ] {
        let to = Destination::Conversation(&chat);
        let done = outcome(step(to, "Hello", &[replied(200, body)]));
        assert_eq!(done, SendOutcome::Sent(Receipt::default()), "{body}");
    }
}

#[test]
fn a_private_text_stays_in_the_topic_of_the_private_chat_that_asked() {
    let person = identity();
    let topic_in = |kind, chat: &str| {
        let place = conversation(kind, chat, Some("7"));
        let body = body_of(&call(step(
            Destination::Privately(&person, &place),
            "Wait",
            &[],
        )));
        body.get("message_thread_id").cloned()
    };
    let private = topic_in(ConversationKind::Direct, "218485655");
    assert_eq!(private, Some(json!(7)));
    assert_eq!(topic_in(ConversationKind::Group, GROUP), None);
}

#[test]
fn a_private_text_never_goes_into_a_group() {
    let person = identity();
    for (kind, chat) in [
        (ConversationKind::Group, GROUP),
        (ConversationKind::Channel, GROUP),
        (ConversationKind::Direct, GROUP),
    ] {
        let conversation = conversation(kind, chat, Some("42"));
        let to = Destination::Privately(&person, &conversation);
        let body = body_of(&call(step(to, "Please wait", &[])));
        assert_eq!(body["chat_id"], 218_485_655, "{kind:?} {chat}");
        assert!(body.get("message_thread_id").is_none());
    }
}

#[test]
fn a_private_text_does_not_follow_a_group() {
    let person = identity();
    let group = conversation(ConversationKind::Group, GROUP, None);
    let to = Destination::Privately(&person, &group);
    let done = outcome(step(to, "Please wait", &[migrated()]));
    assert!(matches!(
        done,
        SendOutcome::Failed {
            class: FailureClass::Recipient,
            ..
        }
    ));
}

#[test]
fn an_id_that_is_no_persons_gets_no_private_text() {
    let group = conversation(ConversationKind::Group, GROUP, None);
    for (identifier, class) in [
        (GROUP, FailureClass::Recipient),
        ("0", FailureClass::Recipient),
        ("@somebody", FailureClass::Request),
        ("", FailureClass::Request),
    ] {
        let person = Identity {
            identifier: identifier.into(),
            ..identity()
        };
        let done = outcome(step(Destination::Privately(&person, &group), "Wait", &[]));
        let SendOutcome::Failed { class: found, .. } = done else {
            panic!("{identifier}: {done:?}");
        };
        assert_eq!(found, class, "{identifier}");
    }
}

#[test]
fn who_never_wrote_to_the_bot_in_private_cannot_be_reached() {
    let person = identity();
    let group = conversation(ConversationKind::Group, GROUP, None);
    let refused = refused(
        403,
        "Forbidden: bot can't initiate conversation with a user",
    );
    let to = Destination::Privately(&person, &group);
    let expected = SendOutcome::Failed {
        class: FailureClass::Recipient,
        reason: "Forbidden: bot can't initiate conversation with a user".into(),
    };
    assert_eq!(outcome(step(to, "Please wait", &[refused])), expected);
}

#[test]
fn a_message_that_was_taken_has_a_receipt() {
    let chat = private_chat();
    let done = step(Destination::Conversation(&chat), "Hello", &[sent(133)]);
    assert_eq!(outcome(done), SendOutcome::Sent(Receipt::of("133")));
}

#[test]
fn a_group_that_became_a_supergroup_is_followed_once() {
    let group = conversation(ConversationKind::Group, GROUP, None);
    let to = Destination::Conversation(&group);
    let again = call(step(to, "Hello", &[migrated()]));
    let mut expected = body_of(&call(step(to, "Hello", &[])));
    assert_eq!(expected["chat_id"], -4_012_345_678_i64);
    expected["chat_id"] = SUPERGROUP.into();
    assert_eq!(body_of(&again), expected);

    let done = outcome(step(to, "Hello", &[migrated(), sent(7)]));
    let expected = Receipt {
        message_id: Some("7".into()),
        moved_to: Some(SUPERGROUP.to_string()),
        ..Receipt::default()
    };
    assert_eq!(done, SendOutcome::Sent(expected));

    let done = outcome(step(to, "Hello", &[migrated(), migrated()]));
    assert!(matches!(done, SendOutcome::Failed { .. }), "{done:?}");
}

#[test]
fn a_long_text_follows_a_group_with_what_is_left_of_it() {
    let group = conversation(ConversationKind::Group, GROUP, None);
    let to = Destination::Conversation(&group);
    let text = format!("{}\n\n{}", "a".repeat(3000), "b".repeat(3000));
    let first = body_of(&call(step(to, &text, &[])));
    assert_eq!(first["text"], "a".repeat(3000));
    let second = body_of(&call(step(to, &text, &[sent(1), migrated()])));
    assert_eq!(second["text"], "b".repeat(3000));
    assert_eq!(second["chat_id"], SUPERGROUP);
    let done = outcome(step(to, &text, &[sent(1), migrated(), sent(2)]));
    assert!(matches!(done, SendOutcome::Sent(Receipt { message_id: Some(id), .. }) if id == "2"));
}

#[test]
fn a_failure_in_the_middle_ends_the_sending() {
    let chat = private_chat();
    let so_far = [
        sent(1),
        refused(403, "Forbidden: bot was blocked by the user"),
    ];
    let text = "a ".repeat(4000);
    let done = outcome(step(Destination::Conversation(&chat), &text, &so_far));
    let expected = SendOutcome::Failed {
        class: FailureClass::Recipient,
        reason: "Forbidden: bot was blocked by the user".into(),
    };
    assert_eq!(done, expected);
}

#[test]
fn a_message_holds_4096_units_and_no_more() {
    assert_eq!(Telegram.pieces(&"a".repeat(4096)).len(), 1);
    assert_eq!(Telegram.pieces(&"a".repeat(4097)).len(), 2);
    assert_eq!(Telegram.pieces(&"世".repeat(4096)).len(), 1);
    assert_eq!(Telegram.pieces(&"👋".repeat(2048)).len(), 1);
    assert_eq!(Telegram.pieces(&"👋".repeat(2049)).len(), 2);
}

#[test]
fn a_text_that_cannot_be_sent_costs_no_call() {
    let chat = private_chat();
    for (text, reason) in [
        (String::new(), "no_text"),
        (" \n ".to_owned(), "no_text"),
        (
            "a".repeat(MESSAGE_MAX_CHARS * crate::outgoing::MESSAGES_MAX + 1),
            "msg_too_long",
        ),
    ] {
        let done = outcome(step(Destination::Conversation(&chat), &text, &[]));
        let expected = SendOutcome::Failed {
            class: FailureClass::Request,
            reason: reason.into(),
        };
        assert_eq!(done, expected);
    }
}

#[test]
fn without_a_token_the_connector_is_to_blame() {
    let connector = connector();
    let chat = private_chat();
    let text = OutgoingText {
        id: "t",
        to: Destination::Conversation(&chat),
        text: "Hello",
        mark: None,
    };
    let credentials = Credentials {
        connector: &connector,
        secrets: &std::collections::BTreeMap::new(),
    };
    let done = outcome(Telegram.send(&text, &credentials, &[]));
    assert!(matches!(
        done,
        SendOutcome::Failed {
            class: FailureClass::Connector,
            ..
        }
    ));
}

#[test]
fn what_is_ambiguous_is_tried_again() {
    let chat = private_chat();
    let lost = CallResult::NoReply {
        reason: "timed out".into(),
    };
    let limited = replied(
        429,
        r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}"#,
    );
    for (result, expected) in [(limited, Some(Duration::from_secs(7))), (lost, None)] {
        let done = outcome(step(Destination::Conversation(&chat), "Hello", &[result]));
        let SendOutcome::Retry { after, .. } = done else {
            panic!("not tried again");
        };
        assert_eq!(after, expected);
    }
}

#[test]
fn the_debug_of_a_call_shows_neither_token_nor_text() {
    let chat = private_chat();
    let call = call(step(Destination::Conversation(&chat), "a canary text", &[]));
    let shown = format!("{call:?}");
    assert!(shown.contains("sendMessage"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
    assert!(!shown.contains(TOKEN_SECRET), "{shown}");
}

proptest! {
    #[test]
    fn no_answer_makes_sending_endless(result in fixtures::any_json(), ok in any::<bool>()) {
        let chat = private_chat();
        let answer = replied(200, &json!({"ok": ok, "result": result}).to_string());
        outcome(step(Destination::Conversation(&chat), "Hello", &[answer]));
    }
}
