//! Parsing of the API's answers, and meaning of its errors (PROVIDERS §4.4).
//!
//! Errors are distinguished by their code: 360dialog reports a rate limit with the status 400 or
//! 403.

use crate::outgoing::{CallError, CallResult, HttpReply, OutgoingCall};
use http::HeaderName;
use serde_json::Value;
use std::{ops::RangeInclusive, time::Duration};
use vestibule_domain::{ports::FailureClass, secret::Secret};

/// Adds the API key of the number to a call.
pub(super) fn with_key(call: OutgoingCall, api_key: &Secret) -> OutgoingCall {
    call.with_header(HeaderName::from_static("d360-api-key"), api_key)
}

/// Returns the body of an answer that is not a refusal. No answer and an unintelligible one are
/// ambiguous, so the call is retried; queues bound how often.
pub(super) fn answer(result: &CallResult) -> Result<Value, CallError> {
    let reply = match result {
        CallResult::Replied(reply) => reply,
        CallResult::NoReply { reason } => return Err(CallError::later(None, reason)),
        CallResult::Forbidden { reason } => {
            return Err(CallError::never(FailureClass::Connector, reason));
        }
    };
    let body = serde_json::from_slice::<Value>(&reply.body)
        .ok()
        .filter(Value::is_object);
    match body {
        Some(body) if (200..300).contains(&reply.status) && !is_refusal(&body) => Ok(body),
        body => Err(problem(reply, body.as_ref())),
    }
}

/// Classifies a refusal that arrives after the call, as the status of a message. A transient error
/// gets the mildest class: the message is lost, but neither the person nor the credentials are to
/// blame.
pub(super) fn later_refusal(error: Option<&Value>) -> (FailureClass, String) {
    let Some(code) = error.and_then(code) else {
        return (FailureClass::Request, "unnamed_error".to_owned());
    };
    match find(code) {
        Some(row) => {
            let class = match row.meaning {
                Meaning::Later(_) => FailureClass::Request,
                Meaning::Never(class) => class,
            };
            (class, reason(code, row))
        }
        None => (FailureClass::Request, code.to_string()),
    }
}

/// Classifies an answer that is neither a refusal nor what it should be.
pub(super) fn not_understood(result: &CallResult) -> CallError {
    let status = match result {
        CallResult::Replied(reply) => reply.status,
        CallResult::NoReply { .. } | CallResult::Forbidden { .. } => 0,
    };
    CallError::later(None, &format!("http_{status}"))
}

fn is_refusal(body: &Value) -> bool {
    body.get("error").is_some_and(|error| !error.is_null())
        || body.pointer("/errors/0").is_some()
        || body.pointer("/meta/success") == Some(&Value::Bool(false))
}

fn problem(reply: &HttpReply, body: Option<&Value>) -> CallError {
    let error = body.and_then(|body| body.get("error").or_else(|| body.pointer("/errors/0")));
    let code = error.and_then(code);
    if let Some((code, row)) = code.and_then(|code| Some((code, find(code)?))) {
        let reason = reason(code, row);
        return match row.meaning {
            Meaning::Later(wait) => CallError::later(reply.retry_after.or(wait), &reason),
            Meaning::Never(class) => CallError::never(class, &reason),
        };
    }
    let status = body
        .and_then(|body| body.pointer("/meta/http_code")?.as_u64())
        .unwrap_or_else(|| reply.status.into());
    let reason = code.map_or_else(|| format!("http_{status}"), |code| code.to_string());
    match status {
        401 | 403 if code.is_none() => CallError::never(FailureClass::Connector, &reason),
        // An unknown refusal gets the mildest class. An answer that is not 360dialog's comes from
        // some proxy and is transient.
        400..=499 if status != 429 && body.is_some_and(is_refusal) => {
            CallError::never(FailureClass::Request, &reason)
        }
        _ => CallError::later(reply.retry_after, &reason),
    }
}

/// The numeric code of an error; some gateways write it as a string.
fn code(error: &Value) -> Option<i64> {
    let code = error.get("code")?;
    code.as_i64().or_else(|| code.as_str()?.parse().ok())
}

fn find(code: i64) -> Option<&'static Row> {
    ERRORS.iter().find(|row| row.codes.contains(&code))
}

/// The code and its meaning, for admins.
fn reason(code: i64, row: &Row) -> String {
    format!("{code}: {}", row.words)
}

struct Row {
    codes: RangeInclusive<i64>,
    meaning: Meaning,
    words: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// With the shortest wait, if it is known.
    Later(Option<Duration>),
    Never(FailureClass),
}

const LATER: Meaning = Meaning::Later(None);
const CONNECTOR: Meaning = Meaning::Never(FailureClass::Connector);
const RECIPIENT: Meaning = Meaning::Never(FailureClass::Recipient);
const REQUEST: Meaning = Meaning::Never(FailureClass::Request);

/// Limit: one message to one person every six seconds.
const PAIR_WAIT: Meaning = Meaning::Later(Some(Duration::from_secs(6)));
/// People blocked or reported the number: sending more soon would make it worse.
const QUALITY_WAIT: Meaning = Meaning::Later(Some(Duration::from_mins(30)));

const fn one(code: i64, meaning: Meaning, words: &'static str) -> Row {
    Row {
        codes: code..=code,
        meaning,
        words,
    }
}

/// Errors of the Cloud API. The first matching row counts.
const ERRORS: &[Row] = &[
    one(4, LATER, "too many calls of the app"),
    one(613, LATER, "too many calls"),
    one(80_007, LATER, "too many calls of the account"),
    one(130_429, LATER, "too many messages of the number"),
    one(131_056, PAIR_WAIT, "too many messages to this person"),
    one(131_048, QUALITY_WAIT, "slowed down for low quality"),
    one(131_000, LATER, "something went wrong at WhatsApp"),
    one(131_016, LATER, "WhatsApp is overloaded"),
    one(131_057, LATER, "the account is in maintenance"),
    one(131_064, LATER, "not possible at the moment"),
    one(133_016, LATER, "too many registrations of the number"),
    one(135_000, LATER, "unnamed error of WhatsApp"),
    one(131_026, RECIPIENT, "cannot be delivered to this person"),
    one(131_047, RECIPIENT, "outside the 24-hour window"),
    // The same before the Cloud API.
    one(470, RECIPIENT, "outside the 24-hour window"),
    one(131_030, RECIPIENT, "not in the list of test recipients"),
    one(130_472, RECIPIENT, "withheld for an experiment of Meta's"),
    one(131_050, RECIPIENT, "this person stopped such messages"),
    one(131_049, RECIPIENT, "withheld to keep engagement healthy"),
    one(131_021, RECIPIENT, "the number cannot write to itself"),
    one(137_000, RECIPIENT, "cannot be delivered to this person"),
    one(131_062, RECIPIENT, "takes a phone number, not a user id"),
    one(0, CONNECTOR, "the credentials are not accepted"),
    one(3, CONNECTOR, "the app lacks a capability"),
    one(10, CONNECTOR, "the app lacks a permission"),
    one(190, CONNECTOR, "the credentials have expired"),
    Row {
        codes: 200..=299,
        meaning: CONNECTOR,
        words: "the app lacks a permission",
    },
    one(368, CONNECTOR, "the account is blocked by policy"),
    one(130_497, CONNECTOR, "the account may not write there"),
    one(131_005, CONNECTOR, "access denied"),
    one(131_031, CONNECTOR, "the account is locked"),
    one(131_037, CONNECTOR, "the display name is not approved"),
    one(131_042, CONNECTOR, "a problem with the payment method"),
    one(131_044, CONNECTOR, "a problem with the payment method"),
    one(131_045, CONNECTOR, "the number is not registered"),
    one(100, REQUEST, "invalid parameter"),
    one(131_008, REQUEST, "required parameter missing"),
    one(131_009, REQUEST, "invalid parameter value"),
    one(131_051, REQUEST, "unsupported type of message"),
    one(131_053, REQUEST, "media upload failed"),
    Row {
        codes: 132_000..=132_999,
        meaning: REQUEST,
        words: "a problem with the template",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dialog360::fixtures::{refused, refused_by_gateway, replied},
        webhook::{KIND_MAX_CHARS, clean_kind},
    };
    use proptest::prelude::*;
    use serde_json::json;

    /// Restates PROVIDERS §4.4 independently of the table above.
    const FACTS: [(&[i64], &str); 4] = [
        (
            &[
                4, 613, 80_007, 130_429, 131_056, 131_048, 131_000, 131_016, 131_057, 131_064,
                133_016, 135_000,
            ],
            "later",
        ),
        (
            &[
                131_026, 131_047, 131_030, 130_472, 131_050, 131_049, 131_021, 137_000, 131_062,
                470,
            ],
            "recipient",
        ),
        (
            &[
                0, 3, 10, 190, 200, 230, 299, 368, 130_497, 131_005, 131_031, 131_037, 131_042,
                131_044, 131_045,
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
                assert!(reason(code, row).len() <= KIND_MAX_CHARS, "{code}");
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
            (Some(json!({"title": "canary"})), "unnamed_error"),
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
            assert_eq!(reason, "131999");
        }
    }

    #[test]
    fn a_refusal_without_a_code_goes_by_its_status() {
        for (status, expected) in [
            (400, "request"),
            (401, "connector"),
            (403, "connector"),
            (404, "request"),
            (429, "later"),
            (500, "later"),
            (502, "later"),
        ] {
            let (class, reason) = meaning(&refused_by_gateway(status));
            assert_eq!((class, reason), (expected, format!("http_{status}")));
        }
        // The gateway's own code counts, not the status of the answer.
        let body = r#"{"meta":{"success":false,"http_code":429,"developer_message":"x"}}"#;
        let expected = ("later", "http_429".to_owned());
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
    fn a_reason_holds_nothing_that_the_platform_wrote_about() {
        for result in [
            refused(400, 131_026),
            refused(400, 131_999),
            refused_by_gateway(400),
        ] {
            let (_, reason) = meaning(&result);
            assert!(!reason.contains("canary"), "{reason}");
        }
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
                prop_assert_eq!(clean_kind(&reason), reason);
            }
        }
    }
}
