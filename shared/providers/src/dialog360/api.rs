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
mod tests;
