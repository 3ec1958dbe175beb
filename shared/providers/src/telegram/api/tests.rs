use super::*;
use crate::{
    reason::clean_reason,
    telegram::fixtures::{TOKEN, TOKEN_SECRET, accepted, refused, replied},
};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// Restates PROVIDERS §3.4 independently of the table above, with descriptions from Telegram's
/// own server where it quotes none.
const FACTS: &[(u16, &str, Meaning)] = &[
    (403, "Forbidden: bot was blocked by the user", RECIPIENT),
    (403, "Forbidden: user is deactivated", RECIPIENT),
    (
        403,
        "Forbidden: bot was kicked from the group chat",
        RECIPIENT,
    ),
    (
        403,
        "Forbidden: bot was kicked from the supergroup chat",
        RECIPIENT,
    ),
    (
        403,
        "Forbidden: bot was kicked from the channel chat",
        RECIPIENT,
    ),
    (
        403,
        "Forbidden: bot is not a member of the group chat",
        RECIPIENT,
    ),
    (
        403,
        "Forbidden: bot is not a member of the supergroup chat",
        RECIPIENT,
    ),
    (
        403,
        "Forbidden: bot is not a member of the channel chat",
        RECIPIENT,
    ),
    (
        403,
        "Forbidden: bot can't initiate conversation with a user",
        RECIPIENT,
    ),
    (
        403,
        "Forbidden: bots can't send messages to bots",
        RECIPIENT,
    ),
    (403, "Forbidden: the group chat was deleted", RECIPIENT),
    (400, "Bad Request: chat not found", RECIPIENT),
    (400, "Bad Request: private chat not found", RECIPIENT),
    (400, "Bad Request: user not found", RECIPIENT),
    (400, "Bad Request: group is deactivated", RECIPIENT),
    (
        400,
        "Bad Request: not enough rights to send text messages to the chat",
        RECIPIENT,
    ),
    (
        400,
        "Bad Request: have no rights to send a message",
        RECIPIENT,
    ),
    (
        400,
        "Bad Request: need administrator rights in the channel chat",
        RECIPIENT,
    ),
    (400, "Bad Request: CHAT_ADMIN_REQUIRED", RECIPIENT),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN", RECIPIENT),
    (400, "Bad Request: TOPIC_CLOSED", RECIPIENT),
    (400, "Bad Request: message thread not found", RECIPIENT),
    (
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        RECIPIENT,
    ),
    (401, "Unauthorized", CONNECTOR),
    (401, "Unauthorized: invalid token specified", CONNECTOR),
    (404, "Not Found", CONNECTOR),
    (400, "Bad Request: message text is empty", REQUEST),
    (400, "Bad Request: message is too long", REQUEST),
    (400, "Bad Request: MESSAGE_TOO_LONG", REQUEST),
    (
        400,
        "Bad Request: can't parse entities: Unsupported start tag",
        REQUEST,
    ),
    (400, "Bad Request: message to be replied not found", REQUEST),
    (404, "Not Found: method not found", REQUEST),
    (413, "Request Entity Too Large", REQUEST),
    (429, "Too Many Requests: retry after 30", LATER),
    (409, "Conflict: terminated by other getUpdates", LATER),
    (500, "Internal Server Error: restart", LATER),
    (502, "Bad Gateway", LATER),
];

fn secret() -> Secret {
    Secret::new(TOKEN)
}

fn answer(result: &CallResult) -> Result<Value, Refused> {
    Token(&secret()).answer(result)
}

fn meaning_of(status: u16, description: &str) -> Meaning {
    let refused = answer(&refused(status, description)).unwrap_err();
    assert_eq!(refused.moved_to, None);
    match refused.problem {
        CallError::Later { reason, .. } => {
            assert_eq!(reason, clean_reason(description));
            LATER
        }
        CallError::Never { class, reason } => {
            assert_eq!(reason, clean_reason(description));
            Meaning::Never(class)
        }
    }
}

#[test]
fn an_answer_with_a_byte_order_mark_and_half_a_surrogate_pair_is_read() {
    let body = "\u{FEFF}{\"ok\":true,\"result\":{\"text\":\"cut \\ud83d\"}}";
    let read = answer(&replied(200, body));
    assert_eq!(read, Ok(json!({"text": "cut \u{FFFD}"})));
}

#[test]
fn every_error_in_the_facts_has_its_class() {
    for (status, description, expected) in FACTS {
        assert_eq!(
            meaning_of(*status, description),
            *expected,
            "{status} {description}"
        );
    }
}

#[test]
fn only_the_bare_word_unauthorized_blames_the_token() {
    for (description, expected) in [
        ("Unauthorized", CONNECTOR),
        ("Unauthorized: bot was kicked from a chat", RECIPIENT),
        (
            "Unauthorized: bot can't initiate conversation with a user",
            RECIPIENT,
        ),
        ("Unauthorized: bot can't send messages to bots", RECIPIENT),
        ("Unauthorized: bot was blocked by the user", RECIPIENT),
    ] {
        assert_eq!(meaning_of(401, description), expected, "{description}");
    }
}

#[test]
fn every_row_of_the_table_counts() {
    let mut seen = BTreeSet::new();
    for (statuses, pattern, expected) in ERRORS {
        for status in *statuses {
            assert!(seen.insert((status, *pattern)), "{pattern} is there twice");
            let said = pattern.replace('*', "something");
            assert_eq!(
                meaning_of(*status, &said),
                *expected,
                "{status} {pattern} is hidden by a row above"
            );
        }
    }
}

#[test]
fn a_refusal_without_a_description_still_has_a_reason() {
    for body in [
        r#"{"ok":false}"#,
        r#"{"ok":false,"error_code":"400","description":""}"#,
        r#"{"ok":false,"error_code":99999,"description":7}"#,
    ] {
        let expected = CallError::Never {
            class: FailureClass::Request,
            reason: "http_400".into(),
        };
        assert_eq!(answer(&replied(400, body)), Err(expected.into()));
    }
}

#[test]
fn a_rate_limit_waits_for_the_longer_of_its_two_times() {
    let seconds = Duration::from_secs;
    for (header, parameter, expected) in [
        (None, json!(30), Some(seconds(30))),
        (Some(seconds(30)), json!(null), Some(seconds(30))),
        (Some(seconds(7)), json!(30), Some(seconds(30))),
        (Some(seconds(30)), json!(7), Some(seconds(30))),
        (None, json!(null), None),
        (None, json!(-5), None),
        (None, json!("soon"), None),
    ] {
        let body = json!({
            "ok": false, "error_code": 429,
            "description": "Too Many Requests: retry after 30",
            "parameters": {"retry_after": parameter},
        });
        let result = CallResult::Replied(HttpReply {
            status: 429,
            retry_after: header,
            body: body.to_string().into_bytes(),
        });
        let expected = CallError::Later {
            after: expected,
            scope: RetryScope::Unclear,
            reason: "Too Many Requests: retry after 30".into(),
        };
        assert_eq!(answer(&result), Err(expected.into()), "{body}");
    }
}

#[test]
fn a_limit_may_be_the_conversations_and_any_other_wait_holds_for_the_connector() {
    for (status, code, expected) in [
        (429, 429, RetryScope::Unclear),
        (400, 429, RetryScope::Unclear),
        (500, 500, RetryScope::Connector),
        (503, 503, RetryScope::Connector),
    ] {
        let body = json!({
            "ok": false, "error_code": code, "description": "x", "parameters": {"retry_after": 3},
        });
        let refused = answer(&replied(status, &body.to_string())).unwrap_err();
        let CallError::Later { scope, after, .. } = refused.problem else {
            panic!("final: {body}");
        };
        let wait = Some(Duration::from_secs(3));
        assert_eq!((scope, after), (expected, wait), "{body}");
    }
    let proxy = answer(&replied(429, "<html>")).unwrap_err();
    let expected = CallError::later(None, "http_429");
    assert_eq!(proxy.problem, expected, "a proxy knows no conversation");
}

#[test]
fn a_group_that_became_a_supergroup_names_its_new_id() {
    for (status, id, expected) in [
        (400, json!(-1_001_160_242_915_i64), Some(-1_001_160_242_915)),
        (400, json!(218_485_655), None),
        (400, json!("-1001160242915"), None),
        (400, json!(null), None),
        (403, json!(-1_001_160_242_915_i64), None),
    ] {
        let body = json!({
            "ok": false, "error_code": status,
            "description": "Bad Request: group chat was upgraded to a supergroup chat",
            "parameters": {"migrate_to_chat_id": id},
        });
        let refused = answer(&replied(status, &body.to_string())).unwrap_err();
        assert_eq!(refused.moved_to, expected, "{body}");
    }
}

#[test]
fn whatever_is_not_an_answer_of_the_bot_api_is_for_later() {
    for (status, body) in [
        (500, "oops"),
        (502, "<html>Bad gateway</html>"),
        (404, "<html>404 Not Found</html>"),
        (200, "<html>Sign in to the hotel network</html>"),
        (200, ""),
        (200, "[]"),
        (200, "{}"),
        (200, r#"{"ok":"true"}"#),
        (302, ""),
        (503, r#"{"ok":true,"result":{}}"#),
    ] {
        let expected = CallError::Later {
            after: None,
            scope: RetryScope::Connector,
            reason: format!("http_{status}"),
        };
        assert_eq!(
            answer(&replied(status, body)),
            Err(expected.into()),
            "{status} {body}"
        );
    }
    let nothing = CallResult::NoReply {
        reason: "timed out".into(),
    };
    assert_eq!(
        answer(&nothing),
        Err(CallError::later(None, "timed out").into())
    );
    let forbidden = CallResult::Forbidden {
        reason: "not there".into(),
    };
    assert_eq!(
        answer(&forbidden),
        Err(CallError::never(FailureClass::Connector, "not there").into())
    );
}

#[test]
fn a_success_is_its_result() {
    assert_eq!(
        answer(&accepted(&json!({"message_id": 133}))),
        Ok(json!({"message_id": 133}))
    );
    assert_eq!(answer(&replied(200, r#"{"ok":true}"#)), Ok(Value::Null));
}

#[test]
fn a_message_that_was_accepted_is_out_whatever_the_body_says() {
    let secret = secret();
    let token = Token(&secret);
    for (status, body) in [
        (200, ""),
        (200, "<html>"),
        (200, r#"{"ok":true,"result":{"message_id":1"#),
        (200, "{}"),
        (200, "[]"),
        (200, r#"{"ok":"true"}"#),
        (200, r#"{"ok":true}"#),
        (201, r#"{"ok":true,"result":{}}"#),
    ] {
        assert_eq!(
            token.sent(&replied(status, body)),
            Ok(Value::Null),
            "{body}"
        );
    }
    let accepted = token.sent(&accepted(&json!({"message_id": 133})));
    assert_eq!(accepted, Ok(json!({"message_id": 133})));
    for result in [
        refused(403, "Forbidden: bot was blocked by the user"),
        replied(200, r#"{"ok":false,"error_code":400,"description":"x"}"#),
        replied(302, ""),
        replied(502, ""),
    ] {
        assert_eq!(token.sent(&result), answer(&result), "{result:?}");
        assert!(answer(&result).is_err());
    }
}

#[test]
fn only_a_topic_that_was_deleted_or_closed_is_gone() {
    for (status, description, gone) in [
        (400, "Bad Request: message thread not found", true),
        (400, "Bad Request: TOPIC_CLOSED", true),
        (400, "Bad Request: TOPIC_DELETED", true),
        (400, "Bad Request: TOPIC_ID_INVALID", true),
        (400, "Bad Request: chat not found", false),
        (400, "Bad Request: message to be replied not found", false),
        (403, "Forbidden: message thread not found", false),
    ] {
        let refused = answer(&refused(status, description)).unwrap_err();
        assert_eq!(refused.topic_gone, gone, "{description}");
    }
}

#[test]
fn no_reason_shows_the_token() {
    let split = format!("{}\u{200B}{}", &TOKEN_SECRET[..9], &TOKEN_SECRET[9..]);
    for said in [
        format!("no route to /bot{TOKEN}/sendMessage"),
        format!("/bot{TOKEN}"),
        split,
        format!("{TOKEN_SECRET}{TOKEN_SECRET}"),
    ] {
        for result in [
            refused(400, &said),
            refused(404, &said),
            refused(429, &said),
            CallResult::NoReply {
                reason: said.clone(),
            },
            CallResult::Forbidden {
                reason: said.clone(),
            },
        ] {
            let refused = format!("{:?}", answer(&result).unwrap_err());
            assert!(!refused.contains(&TOKEN_SECRET[..9]), "{refused}");
        }
    }
}

#[test]
fn the_debug_of_no_call_shows_the_token() {
    let secret = secret();
    let token = Token(&secret);
    for (call, operation) in [
        (token.ask("getMe"), "getMe"),
        (token.call("sendMessage", &json!({})), "sendMessage"),
        (token.download("photos/file_1.jpg"), "file_1.jpg"),
    ] {
        assert!(call.path.contains(TOKEN));
        let shown = format!("{call:?} {token:?}");
        assert!(shown.contains(operation), "{shown}");
        assert!(!shown.contains(TOKEN_SECRET), "{shown}");
    }
}

#[test]
fn a_token_that_could_lead_a_call_elsewhere_is_none() {
    let connector = crate::telegram::fixtures::connector();
    for stored in ["", " ", "../../admin", "110201543:AAHdqTcvCH1vGWJ/../x?y#z"] {
        let secrets = [(BOT_TOKEN.to_owned(), Secret::new(stored))].into();
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        let expected = CallError::never(FailureClass::Connector, NO_BOT_TOKEN);
        assert_eq!(Token::of(&credentials).err(), Some(expected), "{stored}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_us_panic(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let result = CallResult::Replied(HttpReply { status, retry_after: None, body });
        let _ = answer(&result);
    }

    #[test]
    fn a_reason_is_short_and_clean(status in 400_u16..500, said in any::<String>()) {
        let (CallError::Later { reason, .. } | CallError::Never { reason, .. }) =
            answer(&refused(status, &said)).unwrap_err().problem;
        prop_assert_eq!(clean_reason(&reason), reason.as_str());
        prop_assert!(!reason.is_empty());
    }
}
