//! Parsing of the API's answers, and meaning of its errors (PROVIDERS §5.4).

use crate::{
    json,
    outgoing::{CallError, CallResult, HttpReply},
    reason::{with_words, words_in},
};
use serde_json::Value;
use std::time::Duration;
use vestibule_domain::ports::{FailureClass, RetryScope};

/// Returns the body of a successful answer. No answer and an unintelligible one are ambiguous, so
/// the call is retried; queues bound how often.
pub(super) fn answer(result: &CallResult) -> Result<Value, CallError> {
    let reply = match result {
        CallResult::Replied(reply) => reply,
        CallResult::NoReply { reason } => return Err(CallError::later(None, reason)),
        CallResult::Forbidden { reason } => {
            return Err(CallError::never(FailureClass::Connector, reason));
        }
    };
    match read(reply) {
        Some(body) if reply.is_success() => Ok(body),
        body => Err(problem(reply, body.as_ref())),
    }
}

/// Returns the answer to a message; null if Twilio accepted the message and the answer cannot be
/// read, because a message that went out must not be repeated.
pub(super) fn sent(result: &CallResult) -> Result<Value, CallError> {
    match result {
        CallResult::Replied(reply) if reply.is_success() => Ok(read(reply).unwrap_or_default()),
        _ => answer(result),
    }
}

fn read(reply: &HttpReply) -> Option<Value> {
    let body: Option<Value> = json::read(&reply.body).ok();
    body.filter(Value::is_object)
}

/// Classifies a refusal. Twilio's has a code or words, in its old envelope (`code`, `message`) or in
/// that of RFC 9457 (`code`, `title`, `detail`); anything else comes from some proxy and is
/// transient. Nobody but Twilio asks for Twilio's credentials, though.
fn problem(reply: &HttpReply, body: Option<&Value>) -> CallError {
    let code = body.and_then(|body| code_in(body, "code"));
    let words = body.and_then(words_in);
    let known = code.and_then(meaning);
    let status = reply.status;
    let is_twilios = code.is_some() || words.is_some();
    let meaning = match status {
        400..=499 if is_twilios && status != 429 => known.unwrap_or(meaning_of_unknown(status)),
        401 => CONNECTOR,
        _ => LATER,
    };
    let name = code.map_or_else(|| format!("http_{status}"), |code| code.to_string());
    let reason = reason(&name, known, words);
    match meaning {
        Meaning::Later => later(code, reply.retry_after, &reason),
        Meaning::Never(class) => CallError::never(class, &reason),
    }
}

/// The limit between two numbers, against endless replies (Twilio's error 14107).
const BETWEEN_TWO_NUMBERS: u64 = 14107;
/// Time for which Twilio refuses all texts between two numbers that reached their limit.
const TWO_NUMBERS_WAIT: Duration = Duration::from_secs(30);

/// Makes a failure that passes. Only the limit between two numbers is about one conversation; those of an
/// account, of a number and of a carrier are not.
pub(super) fn later(code: Option<u64>, after: Option<Duration>, reason: &str) -> CallError {
    if code == Some(BETWEEN_TWO_NUMBERS) {
        let after = after.or(Some(TWO_NUMBERS_WAIT));
        return CallError::later(after, reason).within(RetryScope::Conversation);
    }
    CallError::later(after, reason)
}

/// A code that the table knows says enough; any other is followed by Twilio's words.
pub(super) fn reason(name: &str, known: Option<Meaning>, words: Option<&str>) -> String {
    with_words(name, words.filter(|_| known.is_none()))
}

/// Twilio's error number, from a refusal of either shape or from a message that failed at once.
pub(super) fn code_in(body: &Value, name: &str) -> Option<u64> {
    match body.get(name)? {
        Value::Number(code) => code.as_u64(),
        Value::String(code) => code.parse().ok(),
        _ => None,
    }
}

/// Classifies the failure of a message that Twilio had accepted. A transient error is nobody's
/// fault, but the message is lost all the same.
pub(super) fn class_of_failure(code: Option<u64>) -> FailureClass {
    match code.and_then(meaning) {
        Some(Meaning::Never(class)) => class,
        Some(Meaning::Later) | None => FailureClass::Request,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Later,
    Never(FailureClass),
}

pub(super) fn meaning(code: u64) -> Option<Meaning> {
    ERRORS
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, meaning)| *meaning)
}

/// Classifies an error that is not in the table, by its status. Twilio's refusal is final; unless
/// it concerns the credentials, it gets the mildest class.
fn meaning_of_unknown(status: u16) -> Meaning {
    match status {
        401 | 403 | 404 => CONNECTOR,
        408 | 409 | 425 => LATER,
        _ => REQUEST,
    }
}

const LATER: Meaning = Meaning::Later;
const CONNECTOR: Meaning = Meaning::Never(FailureClass::Connector);
const RECIPIENT: Meaning = Meaning::Never(FailureClass::Recipient);
const REQUEST: Meaning = Meaning::Never(FailureClass::Request);

/// Errors of sending, reported at once or by a status callback.
const ERRORS: &[(u64, Meaning)] = &[
    // Too many requests, queue overflow, unknown error, rate limits of carriers and channels.
    (14107, LATER),
    (20429, LATER),
    (21611, LATER),
    (30001, LATER),
    (30008, LATER),
    (30022, LATER),
    (63009, LATER),
    (63010, LATER),
    (63012, LATER),
    (63018, LATER),
    (63038, LATER),
    // Account, token, sender number, region, registration.
    (20003, CONNECTOR),
    (20005, CONNECTOR),
    (20404, CONNECTOR),
    (21408, CONNECTOR),
    (21603, CONNECTOR),
    (21606, CONNECTOR),
    (21659, CONNECTOR),
    (21660, CONNECTOR),
    (30002, CONNECTOR),
    (30032, CONNECTOR),
    (30034, CONNECTOR),
    (63001, CONNECTOR),
    (63002, CONNECTOR),
    (63007, CONNECTOR),
    // The channel is misconfigured at Twilio.
    (63008, CONNECTOR),
    (63020, CONNECTOR),
    // Unknown number, not a mobile, unreachable, unsubscribed (STOP), blocked.
    (21211, RECIPIENT),
    (21217, RECIPIENT),
    (21608, RECIPIENT),
    (21610, RECIPIENT),
    (21612, RECIPIENT),
    (21614, RECIPIENT),
    (30003, RECIPIENT),
    (30004, RECIPIENT),
    (30005, RECIPIENT),
    (30006, RECIPIENT),
    (63003, RECIPIENT),
    (63014, RECIPIENT),
    (63015, RECIPIENT),
    // Outside WhatsApp's 24-hour window.
    (63016, RECIPIENT),
    (63024, RECIPIENT),
    (63032, RECIPIENT),
    // No text, too long, filtered for its content.
    (21602, REQUEST),
    (21617, REQUEST),
    (30007, REQUEST),
    (63005, REQUEST),
    (63013, REQUEST),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        reason::clean_reason,
        twilio::fixtures::{refused, replied},
    };
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Restates PROVIDERS §5.4 independently of the table above. 21602 and 21617 blame the call,
    /// not the connector; 30007 and 30034 have classes of their own.
    const FACTS: [(&[u64], Meaning); 4] = [
        (
            &[
                21610, 21211, 21614, 21612, 21217, 63016, 63003, 63014, 63015, 63024, 63032, 30003,
                30004, 30005, 30006,
            ],
            RECIPIENT,
        ),
        (
            &[20003, 20404, 21606, 21603, 21408, 63007, 63008, 30034],
            CONNECTOR,
        ),
        (&[21602, 21617, 30007], REQUEST),
        (
            &[
                20429, 14107, 30001, 30008, 30022, 63009, 63010, 63012, 63018, 63038,
            ],
            LATER,
        ),
    ];

    fn meaning_of(result: &CallResult, reason_expected: &str) -> Meaning {
        match answer(result).unwrap_err() {
            CallError::Later { reason, .. } => {
                assert_eq!(reason, reason_expected);
                LATER
            }
            CallError::Never { class, reason } => {
                assert_eq!(reason, reason_expected);
                Meaning::Never(class)
            }
        }
    }

    #[test]
    fn an_answer_with_a_byte_order_mark_and_half_a_surrogate_pair_is_read() {
        let body = "\u{FEFF}{\"sid\":\"SM1\",\"body\":\"cut \\ud83d\"}";
        let read = answer(&replied(201, body)).unwrap();
        assert_eq!(read["body"], "cut \u{FFFD}");
    }

    #[test]
    fn every_error_in_the_facts_has_its_class() {
        for (codes, expected) in FACTS {
            for code in codes {
                assert_eq!(meaning(*code), Some(expected), "{code}");
            }
        }
    }

    #[test]
    fn every_row_of_the_table_counts_in_both_shapes() {
        let mut seen = BTreeSet::new();
        for (code, expected) in ERRORS {
            assert!(seen.insert(*code), "{code} is there twice");
            let reason = code.to_string();
            assert_eq!(meaning_of(&refused(400, *code), &reason), *expected);
            let problem = format!(
                r##"{{"type":"https://www.twilio.com/docs/api/errors/{code}","title":"Bad Request","status":400,
                    "code":{code},"detail":"d","instance":"/x","errors":[{{"detail":"d","pointer":"#/To"}}]}}"##
            );
            assert_eq!(meaning_of(&replied(400, &problem), &reason), *expected);
        }
    }

    #[test]
    fn an_unknown_error_is_final_and_its_status_says_whose_fault_it_is() {
        for (status, expected) in [
            (400, REQUEST),
            (401, CONNECTOR),
            (403, CONNECTOR),
            (404, CONNECTOR),
            (408, LATER),
            (409, LATER),
            (422, REQUEST),
            (425, LATER),
        ] {
            let result = refused(status, 99_999);
            assert_eq!(meaning_of(&result, "99999: No"), expected, "{status}");
        }
    }

    #[test]
    fn a_refusal_without_a_code_is_twilios_if_it_has_words() {
        for (status, body, expected) in [
            (
                400,
                r#"{"message":"Something new","status":400}"#,
                (REQUEST, "http_400: Something new"),
            ),
            (
                422,
                r#"{"title":"Unprocessable","detail":"'To' +14155550100 is odd","status":422}"#,
                (REQUEST, "http_422: 'To' +… is odd"),
            ),
            (
                403,
                r#"{"title":"Forbidden","status":403,"code":null}"#,
                (CONNECTOR, "http_403: Forbidden"),
            ),
            (
                404,
                r#"{"message":"No such account"}"#,
                (CONNECTOR, "http_404: No such account"),
            ),
            (409, r#"{"message":"Wait"}"#, (LATER, "http_409: Wait")),
            (429, r#"{"message":"Wait"}"#, (LATER, "http_429: Wait")),
            (503, r#"{"message":"Wait"}"#, (LATER, "http_503: Wait")),
        ] {
            let (meaning, reason) = expected;
            assert_eq!(
                meaning_of(&replied(status, body), reason),
                meaning,
                "{body}"
            );
        }
    }

    #[test]
    fn credentials_that_are_not_accepted_are_the_connectors_fault_with_or_without_a_code() {
        for body in ["", "<html>", r#"{"code":null}"#, r#"{"status":401}"#] {
            let result = replied(401, body);
            assert_eq!(meaning_of(&result, "http_401"), CONNECTOR, "{body}");
        }
        let body = r#"{"detail":"Your AccountSid or AuthToken was incorrect","status":401}"#;
        let reason = "http_401: Your AccountSid or AuthToken was incorrect";
        assert_eq!(meaning_of(&replied(401, body), reason), CONNECTOR);
    }

    #[test]
    fn a_message_that_was_accepted_is_out_whatever_the_body_says() {
        for (status, body) in [
            (201, ""),
            (200, "<html>"),
            (201, "[]"),
            (201, r#"{"sid":"SM01"#),
        ] {
            assert_eq!(sent(&replied(status, body)), Ok(Value::Null), "{body}");
        }
        assert_eq!(
            sent(&replied(201, r#"{"sid":"SM1"}"#)).unwrap()["sid"],
            "SM1"
        );
        for result in [refused(400, 21211), replied(307, ""), replied(502, "")] {
            assert_eq!(sent(&result), answer(&result), "{result:?}");
            assert!(answer(&result).is_err());
        }
    }

    #[test]
    fn a_failure_that_was_told_later_has_a_class_whatever_its_code() {
        for (code, class) in [
            (Some(63016), FailureClass::Recipient),
            (Some(30034), FailureClass::Connector),
            (Some(30007), FailureClass::Request),
            (Some(30008), FailureClass::Request),
            (Some(99_999), FailureClass::Request),
            (None, FailureClass::Request),
        ] {
            assert_eq!(class_of_failure(code), class, "{code:?}");
        }
    }

    #[test]
    fn a_rate_limit_says_how_long_to_wait() {
        let after = Some(Duration::from_secs(7));
        for (body, reason) in [
            (r#"{"code":20429,"status":429}"#, "20429"),
            (r#"{"code":21610}"#, "21610"),
            ("slow down", "http_429"),
        ] {
            let result = CallResult::Replied(HttpReply {
                status: 429,
                retry_after: after,
                body: body.as_bytes().to_vec(),
            });
            let expected = CallError::Later {
                after,
                scope: RetryScope::Connector,
                reason: reason.into(),
            };
            assert_eq!(answer(&result), Err(expected));
        }
    }

    #[test]
    fn only_the_limit_between_two_numbers_is_the_conversations() {
        let passing = ERRORS
            .iter()
            .filter(|(_, meaning)| *meaning == LATER)
            .map(|(code, _)| *code);
        for code in passing {
            let Err(CallError::Later { after, scope, .. }) = answer(&refused(429, code)) else {
                panic!("final: {code}");
            };
            let expected = if code == 14107 {
                (Some(Duration::from_secs(30)), RetryScope::Conversation)
            } else {
                (None, RetryScope::Connector)
            };
            assert_eq!((after, scope), expected, "{code}");
        }
    }

    #[test]
    fn whatever_is_not_an_answer_of_twilios_is_for_later() {
        for (status, body, reason) in [
            (500, "oops", "http_500"),
            (503, r#"{"code":20003}"#, "20003"),
            (502, "<html>Bad gateway</html>", "http_502"),
            (200, "<html>Sign in to the hotel network</html>", "http_200"),
            (201, "", "http_201"),
            (201, "[]", "http_201"),
            (307, "", "http_307"),
            (400, "", "http_400"),
            (403, "<html>", "http_403"),
            (404, "not found", "http_404"),
        ] {
            let expected = CallError::Later {
                after: None,
                scope: RetryScope::Connector,
                reason: reason.into(),
            };
            assert_eq!(answer(&replied(status, body)), Err(expected), "{status}");
        }
        let nothing = CallResult::NoReply {
            reason: "connection reset".into(),
        };
        assert_eq!(meaning_of(&nothing, "connection reset"), LATER);
        let forbidden = CallResult::Forbidden {
            reason: "not on the list".into(),
        };
        assert_eq!(meaning_of(&forbidden, "not on the list"), CONNECTOR);
    }

    proptest! {
        #[test]
        fn no_answer_makes_us_panic(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let result = CallResult::Replied(HttpReply { status, retry_after: None, body });
            let _ = answer(&result);
        }

        #[test]
        fn a_reason_is_short_and_clean(status in 100_u16..600, code in any::<String>()) {
            let body = serde_json::json!({"code": code, "message": code}).to_string();
            if let Err(CallError::Later { reason, .. } | CallError::Never { reason, .. }) = answer(&replied(status, &body)) {
                prop_assert_eq!(clean_reason(&reason), reason);
            }
        }
    }
}
