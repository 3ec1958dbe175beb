//! Parsing of the API's answers, and meaning of its errors (PROVIDERS §4.4).
//!
//! Errors come in two envelopes: Meta's, `{"error": {"code", "message", "error_data"}}`, and that of
//! 360dialog's own gateway, `{"meta": {"success", "http_code", "developer_message"}}`. Meta's are
//! distinguished by their code, the gateway's by their words: either reports a rate limit with the
//! status 400 or 403.

use crate::{
    json,
    outgoing::{CallError, CallResult, HttpReply, OutgoingCall},
    reason::{clean_reason, with_words, words_in},
};
use http::HeaderName;
use serde_json::Value;
use std::{ops::RangeInclusive, time::Duration};
use vestibule_domain::{
    ports::{FailureClass, RetryScope},
    secret::Secret,
};

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
    match read(reply) {
        Some(body) if reply.is_success() && !is_refusal(&body) => Ok(body),
        body => Err(problem(reply, body.as_ref())),
    }
}

/// Returns the body of the answer to a message; null if the message was accepted and the answer
/// cannot be read, because a message that went out must not be repeated.
pub(super) fn sent(result: &CallResult) -> Result<Value, CallError> {
    match result {
        CallResult::Replied(reply) if reply.is_success() && read(reply).is_none() => {
            Ok(Value::Null)
        }
        _ => answer(result),
    }
}

fn read(reply: &HttpReply) -> Option<Value> {
    let body: Option<Value> = json::read(&reply.body).ok();
    body.filter(Value::is_object)
}

/// Classifies a refusal that arrives after the call, as the status of a message. A transient error
/// gets the mildest class: the message is lost, but neither the person nor the credentials are to
/// blame.
pub(super) fn later_refusal(error: Option<&Value>) -> (FailureClass, String) {
    let code = error.and_then(code);
    if let Some((code, row)) = code.and_then(|code| Some((code, find(code)?))) {
        let class = match row.meaning {
            Meaning::Later(..) => FailureClass::Request,
            Meaning::Never(class) => class,
        };
        return (class, reason(code, row));
    }
    let name = code.map_or_else(|| "unnamed_error".to_owned(), |code| code.to_string());
    let reason = with_words(&name, error.and_then(words_in));
    (FailureClass::Request, clean_reason(&reason))
}

fn is_refusal(body: &Value) -> bool {
    body.get("error").is_some_and(|error| !error.is_null())
        || body.pointer("/errors/0").is_some()
        || body.pointer("/meta/success") == Some(&Value::Bool(false))
}

fn problem(reply: &HttpReply, body: Option<&Value>) -> CallError {
    let error = body.and_then(|body| body.get("error").or_else(|| body.pointer("/errors/0")));
    let words = body.and_then(words_in);
    let code = error.and_then(code).or_else(|| code_inside(words?));
    if let Some((code, row)) = code.and_then(|code| Some((code, find(code)?))) {
        return later_or_never(row.meaning, reply, &reason(code, row));
    }
    let status = body
        .and_then(|body| body.pointer("/meta/http_code")?.as_u64())
        .unwrap_or_else(|| reply.status.into());
    let name = code.map_or_else(|| format!("http_{status}"), |code| code.to_string());
    let reason = with_words(&name, words);
    let passes = error.and_then(|error| error.get("is_transient")) == Some(&Value::Bool(true));
    let by_words = words.filter(|_| code.is_none()).and_then(meaning_of_words);
    let is_theirs = words.is_some() || body.is_some_and(is_refusal);
    let by_status = match status {
        401..=403 if code.is_none() => CONNECTOR,
        // An unknown refusal gets the mildest class. An answer that is not 360dialog's comes from
        // some proxy and is transient.
        400..=499 if is_theirs && !PASSING.contains(&status) => REQUEST,
        _ => LATER,
    };
    let meaning = if passes {
        LATER
    } else {
        by_words.unwrap_or(by_status)
    };
    later_or_never(meaning, reply, &reason)
}

/// Statuses below 500 that pass: time-out, conflict, too early, too many.
const PASSING: [u64; 4] = [408, 409, 425, 429];

fn later_or_never(meaning: Meaning, reply: &HttpReply, reason: &str) -> CallError {
    match meaning {
        Meaning::Later(wait, scope) => {
            CallError::later(reply.retry_after.or(wait), reason).within(scope)
        }
        Meaning::Never(class) => CallError::never(class, reason),
    }
}

/// The code of an error of Meta's that the gateway repeats in its words, such as
/// `Invalid payload ({"error": {"code": 100, …}})`.
fn code_inside(words: &str) -> Option<i64> {
    let (_, from) = words.split_once('{')?;
    let (inside, _) = from.rsplit_once('}')?;
    let error: Value = json::read(format!("{{{inside}}}").as_bytes()).ok()?;
    code(error.get("error").unwrap_or(&error))
}

/// Classifies an error of the gateway by its words.
fn meaning_of_words(words: &str) -> Option<Meaning> {
    let said = words.to_lowercase();
    let row = GATEWAY
        .iter()
        .find(|(parts, _)| parts.iter().all(|part| said.contains(*part)));
    match row?.1 {
        Meaning::Later(None, scope) => Some(Meaning::Later(wait_in(&said), scope)),
        meaning => Some(meaning),
    }
}

/// The wait in words such as `1 request every 6 seconds`.
fn wait_in(said: &str) -> Option<Duration> {
    let (_, behind) = said.split_once("every ")?;
    let mut words = behind.split_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    let unit = words.next()?;
    let seconds = if unit.starts_with("second") {
        number
    } else if unit.starts_with("minute") {
        number.saturating_mul(60)
    } else if unit.starts_with("hour") {
        number.saturating_mul(3600)
    } else {
        return None;
    };
    Some(Duration::from_secs(seconds))
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
    /// With the shortest wait, if it is known, and the part of the connector that waits.
    Later(Option<Duration>, RetryScope),
    Never(FailureClass),
}

const LATER: Meaning = Meaning::Later(None, RetryScope::Connector);
const CONNECTOR: Meaning = Meaning::Never(FailureClass::Connector);
const RECIPIENT: Meaning = Meaning::Never(FailureClass::Recipient);
const REQUEST: Meaning = Meaning::Never(FailureClass::Request);

/// Limit: one message to one person every six seconds (Meta's "pair rate limit"). It is about one conversation.
const PAIR_WAIT: Meaning = Meaning::Later(Some(Duration::from_secs(6)), RetryScope::Conversation);
/// People blocked or reported the number: sending more soon would make it worse.
const QUALITY_WAIT: Meaning = Meaning::Later(Some(Duration::from_mins(30)), RetryScope::Connector);
/// The gateway's limit of requests in a time. Its words fit the limit for one person as well as one for all.
const REQUESTS: Meaning = Meaning::Later(None, RetryScope::Unclear);

const fn one(code: i64, meaning: Meaning, words: &'static str) -> Row {
    Row {
        codes: code..=code,
        meaning,
        words,
    }
}

/// Errors of 360dialog's gateway, by parts of their words in lower case, all of which must occur.
/// The first matching row counts (docs.360dialog.com, "Error Code Reference": 360dialog Messaging
/// Errors; the limit of one request is quoted by integrators).
const GATEWAY: &[(&[&str], Meaning)] = &[
    (&["exceeded the limit of", "request"], REQUESTS),
    (&["rate limit"], LATER),
    (&["too many requests"], LATER),
    (&["lack of payment"], CONNECTOR),
    (&["overdue invoice"], CONNECTOR),
    (&["disabled"], CONNECTOR),
    (&["deactivated"], CONNECTOR),
    (&["suspended"], CONNECTOR),
    (&["endpoint is blocked"], CONNECTOR),
    (&["invalid api"], CONNECTOR),
    (&["permission denied"], CONNECTOR),
    (&["not available"], LATER),
    (&["internal server error"], LATER),
];

/// Errors of the Cloud API. The first matching row counts.
const ERRORS: &[Row] = &[
    one(2, LATER, "WhatsApp is down for a while"),
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
    one(133_004, LATER, "WhatsApp is down for a while"),
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
    // The number's registration was lost or never made.
    Row {
        codes: 133_005..=133_015,
        meaning: CONNECTOR,
        words: "the number is not registered",
    },
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
                131_026, 131_047, 131_030, 130_472, 131_050, 131_049, 131_021, 137_000, 131_062,
                470,
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
                Some(
                    json!({"code": 131_999, "title": "New", "error_data": {"details": "Quite new"}}),
                ),
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
        let body =
            json!({"meta": {"developer_message": words, "success": false, "http_code": 400}});
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
        let CallResult::Replied(mut reply) = told("You have exceeded the endpoint rate limit.")
        else {
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
}
