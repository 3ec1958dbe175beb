use super::*;
use crate::{
    dialog360::fixtures::{refused, refused_by_gateway, replied},
    reason::REASON_MAX_CHARS,
};
use proptest::prelude::*;
use serde_json::json;

/// Restates PROVIDERS §4.4 independently of the table above.
const FACTS: [(&[i64], &str); 4] = [
    (
        &[
            2, 4, 613, 80_007, 130_429, 131_056, 131_048, 131_000, 131_016, 131_057, 131_064,
            133_004, 133_016, 135_000,
        ],
        "later",
    ),
    (
        &[
            131_026, 131_047, 131_030, 130_472, 131_050, 131_049, 131_021, 137_000, 131_062, 470,
        ],
        "recipient",
    ),
    (
        &[
            0, 3, 10, 190, 200, 230, 299, 368, 130_497, 131_005, 131_031, 131_037, 131_042,
            131_044, 131_045, 133_005, 133_010, 133_015,
        ],
        "connector",
    ),
    (
        &[
            100, 131_008, 131_009, 131_051, 131_053, 132_000, 132_001, 132_999,
        ],
        "request",
    ),
];

/// Class and reason of a refusal.
fn meaning(result: &CallResult) -> (&'static str, String) {
    match answer(result).unwrap_err() {
        CallError::Later { reason, .. } => ("later", reason),
        CallError::Never { class, reason } => (class.key(), reason),
    }
}

#[test]
fn an_answer_with_a_byte_order_mark_and_half_a_surrogate_pair_is_read() {
    let body = "\u{FEFF}{\"messages\":[{\"id\":\"wamid.1\",\"text\":\"cut \\ud83d\"}]}";
    let read = answer(&replied(200, body)).unwrap();
    assert_eq!(read["messages"][0]["text"], "cut \u{FFFD}");
}

#[test]
fn every_code_in_the_facts_has_its_class_whatever_the_status() {
    for (codes, expected) in FACTS {
        for code in codes {
            for status in [200, 400, 401, 403, 404, 429, 500] {
                let (class, reason) = meaning(&refused(status, *code));
                assert_eq!(class, expected, "{code} with {status}");
                assert!(reason.starts_with(&format!("{code}: ")), "{reason}");
            }
        }
    }
}

#[test]
fn every_row_of_the_table_counts_and_fits_into_a_reason() {
    for (index, row) in ERRORS.iter().enumerate() {
        for code in [*row.codes.start(), *row.codes.end()] {
            let first = ERRORS.iter().position(|row| row.codes.contains(&code));
            assert_eq!(first, Some(index), "{code} is hidden by a row above");
            assert!(reason(code, row).len() <= REASON_MAX_CHARS, "{code}");
        }
    }
    let in_facts = |row: &Row| {
        FACTS
            .iter()
            .any(|(codes, _)| codes.iter().any(|code| row.codes.contains(code)))
    };
    assert!(ERRORS.iter().all(in_facts));
}

#[test]
fn the_closed_window_is_named_by_its_code_now_and_later() {
    let expected = "131047: outside the 24-hour window";
    let now = meaning(&refused(400, 131_047));
    assert_eq!(now, ("recipient", expected.to_owned()));
    let later = later_refusal(Some(&json!({"code": 131_047, "title": "Re-engagement"})));
    assert_eq!(later, (FailureClass::Recipient, expected.to_owned()));
}

#[test]
fn a_refusal_that_comes_later_has_the_class_of_its_code() {
    for (codes, expected) in FACTS {
        let expected = if expected == "later" {
            "request"
        } else {
            expected
        };
        for code in codes {
            let (class, reason) = later_refusal(Some(&json!({"code": code})));
            assert_eq!(class.key(), expected, "{code}");
            assert!(reason.starts_with(&format!("{code}: ")), "{reason}");
        }
    }
    for (error, expected) in [
        (Some(json!({"code": 131_999})), "131999"),
        (Some(json!({"code": "131999"})), "131999"),
        (
            Some(json!({"code": 131_999, "title": "New", "error_data": {"details": "Quite new"}})),
            "131999: Quite new",
        ),
        (Some(json!({"title": "canary"})), "unnamed_error: canary"),
        (None, "unnamed_error"),
    ] {
        let later = later_refusal(error.as_ref());
        assert_eq!(later, (FailureClass::Request, expected.to_owned()));
    }
}

#[test]
fn an_unknown_code_is_final_unless_the_status_says_that_it_passes() {
    for (status, expected) in [
        (400, "request"),
        (401, "request"),
        (403, "request"),
        (404, "request"),
        (429, "later"),
        (500, "later"),
        (503, "later"),
        (200, "later"),
    ] {
        let (class, reason) = meaning(&refused(status, 131_999));
        assert_eq!(class, expected, "{status}");
        assert_eq!(reason, "131999: canary details");
    }
}

#[test]
fn a_refusal_without_a_code_goes_by_its_status() {
    for (status, expected) in [
        (400, "request"),
        (401, "connector"),
        (402, "connector"),
        (403, "connector"),
        (404, "request"),
        (409, "later"),
        (429, "later"),
        (500, "later"),
        (502, "later"),
    ] {
        let (class, reason) = meaning(&refused_by_gateway(status));
        let expected = (expected, format!("http_{status}: canary message"));
        assert_eq!((class, reason), expected);
    }
    // The gateway's own code counts, not the status of the answer.
    let body = r#"{"meta":{"success":false,"http_code":429,"developer_message":"x"}}"#;
    let expected = ("later", "http_429: x".to_owned());
    assert_eq!(meaning(&replied(400, body)), expected);
    let old_shape = r#"{"errors":[{"code":470,"title":"Message failed to send"}]}"#;
    assert_eq!(meaning(&replied(400, old_shape)).0, "recipient");
}

#[test]
fn whatever_is_no_answer_of_theirs_goes_by_its_status() {
    for (status, body, expected) in [
        (401, "Unauthorized", "connector"),
        (403, "<html>", "connector"),
        (429, "", "later"),
        (500, "oops", "later"),
        (502, "<html>Bad gateway</html>", "later"),
        (404, "not found", "later"),
        (400, "", "later"),
        (302, "", "later"),
        (200, "", "later"),
        (200, "[]", "later"),
        (200, "<html>Sign in to the hotel network</html>", "later"),
    ] {
        let (class, reason) = meaning(&replied(status, body));
        assert_eq!((class, reason), (expected, format!("http_{status}")));
    }
    let lost = CallResult::NoReply {
        reason: "time-out".into(),
    };
    assert_eq!(meaning(&lost), ("later", "time-out".to_owned()));
    let forbidden = CallResult::Forbidden {
        reason: "not https".into(),
    };
    assert_eq!(meaning(&forbidden), ("connector", "not https".to_owned()));
}

#[test]
fn an_answer_that_is_no_refusal_is_handed_on() {
    for body in ["{}", r#"{"meta":{"api_status":"stable"}}"#] {
        let expected: Value = serde_json::from_str(body).unwrap();
        assert_eq!(answer(&replied(200, body)), Ok(expected.clone()));
        assert_eq!(answer(&replied(201, body)), Ok(expected));
    }
}

#[test]
fn the_platform_says_how_long_to_wait_and_else_the_table() {
    let wait = |code: i64, retry_after: Option<u64>| {
        let CallResult::Replied(mut reply) = refused(403, code) else {
            panic!("no reply");
        };
        reply.retry_after = retry_after.map(Duration::from_secs);
        match answer(&CallResult::Replied(reply)).unwrap_err() {
            CallError::Later { after, .. } => after.map(|after| after.as_secs()),
            CallError::Never { .. } => panic!("final"),
        }
    };
    assert_eq!(wait(130_429, None), None);
    assert_eq!(wait(130_429, Some(40)), Some(40));
    assert_eq!(wait(131_056, None), Some(6));
    assert_eq!(wait(131_056, Some(40)), Some(40));
    assert_eq!(wait(131_048, None), Some(1800));
}

#[test]
fn only_the_limit_for_one_person_is_the_conversations() {
    let scope = |result: &CallResult| match answer(result).unwrap_err() {
        CallError::Later { scope, .. } => scope,
        CallError::Never { reason, .. } => panic!("final: {reason}"),
    };
    for code in FACTS[0].0 {
        for status in [400, 403, 429] {
            let expected = if *code == 131_056 {
                RetryScope::Conversation
            } else {
                RetryScope::Connector
            };
            assert_eq!(scope(&refused(status, *code)), expected, "{code}");
        }
    }
    for (words, expected) in [
        (
            "You have exceeded the limit of 1 request every 6 seconds",
            RetryScope::Unclear,
        ),
        (
            "You have exceeded the endpoint rate limit.",
            RetryScope::Connector,
        ),
        ("Too many requests", RetryScope::Connector),
    ] {
        assert_eq!(scope(&told(words)), expected, "{words}");
    }
    assert_eq!(scope(&replied(502, "")), RetryScope::Connector);
}

/// An answer of the gateway with these words and the status 400.
fn told(words: &str) -> CallResult {
    let body = json!({"meta": {"developer_message": words, "success": false, "http_code": 400}});
    replied(400, &body.to_string())
}

#[test]
fn an_error_of_the_gateway_has_the_class_of_its_words_whatever_the_status() {
    for (words, expected) in [
        (
            "You have exceeded the limit of 1 request every 6 seconds",
            "later",
        ),
        ("You have exceeded the endpoint rate limit.", "later"),
        ("Too many requests", "later"),
        ("WhatsApp for Business API not available", "later"),
        ("Internal server error", "later"),
        (
            "Your WhatsApp for Business API has been disabled",
            "connector",
        ),
        ("This number was deactivated", "connector"),
        (
            "Could not send message due to lack of payment. Messaging can resume once overdue \
             invoices towards 360Dialog are settled. Please reach out to our integration partner.",
            "connector",
        ),
        ("Invalid api_key", "connector"),
        ("Invalid API key", "connector"),
        ("The endpoint is blocked", "connector"),
        ("Permission denied for partner x", "connector"),
        ("Parameter text.body is missing", "request"),
    ] {
        let (class, reason) = meaning(&told(words));
        assert_eq!(class, expected, "{words}");
        let begin: String = format!("http_400: {words}").chars().take(60).collect();
        assert!(reason.starts_with(&begin), "{reason}");
    }
}

#[test]
fn every_row_of_the_gateways_words_counts() {
    for (index, (parts, _)) in GATEWAY.iter().enumerate() {
        let said = parts.join(" ");
        let is_hit =
            |(parts, _): &(&[&str], Meaning)| parts.iter().all(|part| said.contains(*part));
        assert_eq!(GATEWAY.iter().position(is_hit), Some(index), "{said}");
    }
}

#[test]
fn the_gateways_words_say_how_long_to_wait() {
    for (limit, expected) in [
        ("1 request every 6 seconds", Some(6)),
        ("2 requests every 1 minute", Some(60)),
        ("100 requests every 2 hours", Some(7200)),
        ("1 request every 99999999999 minutes", Some(86_400)),
        ("1 request every second", None),
        ("1 request every 7 days", None),
        ("1 request every", None),
    ] {
        let words = format!("You have exceeded the limit of {limit}");
        let CallError::Later { after, .. } = answer(&told(&words)).unwrap_err() else {
            panic!("final: {words}");
        };
        assert_eq!(after.map(|after| after.as_secs()), expected, "{words}");
    }
    let CallResult::Replied(mut reply) = told("You have exceeded the endpoint rate limit.") else {
        panic!("no reply");
    };
    reply.retry_after = Some(Duration::from_secs(40));
    let expected = CallError::later(
        reply.retry_after,
        "http_400: You have exceeded the endpoint rate limit.",
    );
    assert_eq!(answer(&CallResult::Replied(reply)), Err(expected));
}

#[test]
fn the_gateways_envelope_needs_no_more_than_its_words() {
    let body = r#"{"meta":{"developer_message":"Something new","http_code":400}}"#;
    let expected = ("request", "http_400: Something new".to_owned());
    assert_eq!(meaning(&replied(400, body)), expected);
}

#[test]
fn an_error_of_metas_inside_the_gateways_words_counts_by_its_code() {
    let words = r#"Invalid payload ({"error":{"message":"canary","code":131030}})"#;
    let expected = (
        "recipient",
        "131030: not in the list of test recipients".to_owned(),
    );
    assert_eq!(meaning(&told(words)), expected);
    let words = r#"Invalid payload ({"error":{"message":"cut \ud83d","code":131030}})"#;
    assert_eq!(meaning(&told(words)), expected);
    let words = r#"Invalid payload ({"error":{"message":"canary","code":131999}})"#;
    let expected = ("request", "131999: Invalid payload".to_owned());
    assert_eq!(meaning(&told(words)), expected);
}

#[test]
fn an_unknown_error_that_meta_calls_transient_passes() {
    let body = r#"{"error":{"code":131999,"message":"Try later","is_transient":true}}"#;
    let expected = ("later", "131999: Try later".to_owned());
    assert_eq!(meaning(&replied(400, body)), expected);
}

#[test]
fn a_message_that_was_accepted_is_out_whatever_the_body_says() {
    for body in ["", "<html>", "[]", r#"{"messages":[{"id":"wam"#] {
        assert_eq!(sent(&replied(200, body)), Ok(Value::Null), "{body}");
    }
    assert_eq!(sent(&replied(202, "{}")), Ok(json!({})));
    for result in [
        refused(200, 131_026),
        refused(400, 131_026),
        replied(302, ""),
        replied(502, ""),
    ] {
        assert_eq!(sent(&result), answer(&result), "{result:?}");
        assert!(answer(&result).is_err());
    }
}

#[test]
fn the_reason_of_a_known_error_is_ours() {
    let (_, reason) = meaning(&refused(400, 131_026));
    assert!(!reason.contains("canary"), "{reason}");
}

proptest! {
    #[test]
    fn no_answer_makes_us_panic(status in 0_u16..1000, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let result = CallResult::Replied(HttpReply { status, retry_after: None, body });
        let _ = answer(&result);
    }

    #[test]
    fn a_reason_is_short_and_clean(status in 100_u16..600, code in any::<i64>()) {
        if let Err(CallError::Later { reason, .. } | CallError::Never { reason, .. }) = answer(&refused(status, code)) {
            prop_assert_eq!(clean_reason(&reason), reason);
        }
    }
}
