//! Calls with a token, and meaning of the Connector API's errors (PROVIDERS §2.4).

use super::token::{self, Audience};
use crate::{
    json,
    outgoing::{CallError, CallResult, Host, HttpReply, OutgoingCall},
    reason::{with_words, words_in},
    webhook::Credentials,
};
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use vestibule_domain::{
    ports::{FailureClass, RetryScope},
    secret::Secret,
};

/// Encodes everything but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Encodes one segment of a path. Ids of conversations contain `;`, `:`, `@` and `=`.
pub(super) fn encoded(part: &str) -> String {
    utf8_percent_encode(part, ENCODED).to_string()
}

/// Replays the calls of one send or look-up: calls with known results return them, and the first
/// one without a result is the next to make.
pub(super) struct Replay<'a> {
    credentials: &'a Credentials<'a>,
    results: std::slice::Iter<'a, CallResult>,
    token: Option<Secret>,
    renewed: bool,
    is_gcc: bool,
}

/// The reason why a replay stopped.
pub(super) enum Stop {
    /// This call has to be made first.
    Call(Box<OutgoingCall>),
    /// The operation failed.
    CallError(CallError),
}

impl From<CallError> for Stop {
    fn from(problem: CallError) -> Self {
        Self::CallError(problem)
    }
}

impl<'a> Replay<'a> {
    pub(super) fn new(credentials: &'a Credentials<'a>, so_far: &'a [CallResult]) -> Self {
        Self {
            credentials,
            results: so_far.iter(),
            token: None,
            renewed: false,
            is_gcc: false,
        }
    }

    /// Returns the result of the next call, if it was made already.
    pub(super) fn result(&mut self, call: OutgoingCall) -> Result<&'a CallResult, Stop> {
        self.results
            .next()
            .ok_or_else(|| Stop::Call(Box::new(call)))
    }

    /// Returns a token for this audience.
    pub(super) fn token(&mut self, audience: Audience) -> Result<Secret, Stop> {
        let call = token::request(audience, self.credentials)?;
        Ok(token::read(self.result(call)?)?)
    }

    /// Returns the Connector API's answer to `call`.
    pub(super) fn answer(&mut self, call: &OutgoingCall) -> Result<Value, Stop> {
        Ok(answer(self.made(call)?)?)
    }

    /// Returns the Connector API's answer to a message.
    pub(super) fn sent(&mut self, call: &OutgoingCall) -> Result<Value, Stop> {
        Ok(sent(self.made(call)?)?)
    }

    /// Returns the result of a call. A refused token is renewed once: it may be older than the app's
    /// secret. A call for a tenant in GCC is made once more at GCC's address, and so are all that
    /// follow it.
    fn made(&mut self, call: &OutgoingCall) -> Result<&'a CallResult, Stop> {
        loop {
            let token = match self.token.take() {
                Some(token) => token,
                None => self.token(Audience::Connector)?,
            };
            let mut call = call.clone().with_bearer(&token);
            if self.is_gcc {
                call.host = Host::TeamsService(GCC_SERVICE_URL.to_owned());
            }
            let result = self.result(call)?;
            if status_of(result) == Some(401) && !self.renewed {
                self.renewed = true;
                continue;
            }
            self.token = Some(token);
            if !self.is_gcc && is_wrong_host(result) {
                self.is_gcc = true;
                continue;
            }
            return Ok(result);
        }
    }

    /// The address that the calls so far were answered at, if it is not the one that they named.
    pub(super) fn moved_to(&self) -> Option<&'static str> {
        self.is_gcc.then_some(GCC_SERVICE_URL)
    }
}

/// The address for tenants in Microsoft's Government Community Cloud (msteams-docs, "Send proactive
/// messages"). A call for one of them at another address is refused with [`WRONG_HOST`], to be made
/// again here ("Status codes retry guidance").
const GCC_SERVICE_URL: &str = "https://smba.infra.gcc.teams.microsoft.com/teams";

/// The refusal of a call for a tenant in GCC at another address.
const WRONG_HOST: &str = "InvalidBotApiHost";

fn is_wrong_host(result: &CallResult) -> bool {
    let CallResult::Replied(reply) = result else {
        return false;
    };
    reply.status == 403
        && read(reply).is_some_and(|body| codes(&body).iter().any(|code| code == WRONG_HOST))
}

/// The status of the answer.
pub(super) fn status_of(result: &CallResult) -> Option<u16> {
    match result {
        CallResult::Replied(reply) => Some(reply.status),
        CallResult::NoReply { .. } | CallResult::Forbidden { .. } => None,
    }
}

/// Returns the body of an answer; null if it is empty. No answer and an unintelligible one are
/// ambiguous, so the call is retried; queues bound how often.
pub(super) fn answer(result: &CallResult) -> Result<Value, CallError> {
    let reply = match result {
        CallResult::Replied(reply) => reply,
        CallResult::NoReply { reason } => return Err(CallError::later(None, reason)),
        CallResult::Forbidden { reason } => {
            return Err(CallError::never(FailureClass::Connector, reason));
        }
    };
    let blank = reply.body.iter().all(u8::is_ascii_whitespace);
    match read(reply) {
        Some(body) if reply.is_success() => Ok(body),
        None if reply.is_success() && blank => Ok(Value::Null),
        body => Err(problem(reply, body.as_ref())),
    }
}

/// Returns the answer to a message; null if it was accepted and the answer cannot be read, because a
/// message that went out must not be repeated.
fn sent(result: &CallResult) -> Result<Value, CallError> {
    match result {
        CallResult::Replied(reply) if reply.is_success() => Ok(read(reply).unwrap_or_default()),
        _ => answer(result),
    }
}

fn read(reply: &HttpReply) -> Option<Value> {
    let body: Option<Value> = json::read(&reply.body).ok();
    body.filter(Value::is_object)
}

/// Whether a message was refused only because its thread, or the thread's first message, is gone.
pub(super) fn is_thread_gone(problem: &CallError) -> bool {
    const GONE: [&str; 2] = ["ActivityNotFoundInConversation", "ConversationNotFound"];
    matches!(problem, CallError::Never { reason, .. } if GONE.contains(&reason.as_str()))
}

/// The codes in a refusal, the most telling first. It comes in two envelopes, and either may hold a
/// third one:
///
/// - `{"error": {"code": "…", "message": "…", "innerHttpError": {"statusCode": 403, "body": {…}}}}`
///   (Bot Connector API, `ErrorResponse`);
/// - `{"errorCode": 209, "message": "{\"subCode\": \"MessageWritesBlocked\", \"details\": \"…\"}"}`
///   (msteams-docs, "Send proactive messages"), where the message can also be an object.
fn codes(body: &Value) -> Vec<String> {
    let sub_code = |place| detail(body, place, "subCode");
    let code = body.pointer("/error/code").and_then(written);
    let inner = body.pointer("/error/innerHttpError/body");
    let number = body.get("errorCode").and_then(written);
    [sub_code("/message"), sub_code("/error/message")]
        .into_iter()
        .flatten()
        .chain(code)
        .chain(inner.map(codes).unwrap_or_default())
        .chain(number)
        .collect()
}

/// A code, which may be a name or a number.
fn written(code: &Value) -> Option<String> {
    match code {
        Value::String(name) if !name.is_empty() => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A text in the JSON that is the message at `place`.
fn detail(body: &Value, place: &str, name: &str) -> Option<String> {
    let text = |message: &Value| Some(message.get(name)?.as_str()?.to_owned());
    match body.pointer(place)? {
        Value::String(message) => text(&json::read(message.as_bytes()).ok()?),
        message => text(message),
    }
    .filter(|text| !text.is_empty())
}

/// Classifies a refusal. The row that names one of its codes comes before the row of its status.
fn problem(reply: &HttpReply, body: Option<&Value>) -> CallError {
    let codes = body.map(codes).unwrap_or_default();
    let status = reply.status;
    let rows = || ERRORS.iter().filter(move |(row, ..)| *row == status);
    if let Some((_, code, meaning)) = rows().find(|(_, code, _)| codes.iter().any(|c| c == code)) {
        return later_or_never(*meaning, reply, code);
    }
    let words = body.and_then(|body| {
        let details = detail(body, "/message", "details");
        details.or_else(|| words_in(body).map(str::to_owned))
    });
    let meaning = rows().find(|(_, code, _)| *code == ANY).map_or_else(
        || meaning_of_unknown(status, !codes.is_empty() || words.is_some()),
        |(.., meaning)| *meaning,
    );
    let unnamed = format!("http_{status}");
    let reason = with_words(codes.first().unwrap_or(&unnamed), words.as_deref());
    later_or_never(meaning, reply, &reason)
}

fn later_or_never(meaning: Meaning, reply: &HttpReply, reason: &str) -> CallError {
    match meaning {
        Meaning::Later => CallError::later(reply.retry_after, reason).within(scope(reply.status)),
        Meaning::Never(class) => CallError::never(class, reason),
    }
}

/// The part of the connector that a wait holds for. A bot has one limit per thread and another per tenant, and
/// both are refused with 429 (msteams-docs, "Optimize your bot with rate limiting", and PROVIDERS §2.4); 412
/// comes from "multiple concurrent operations on the same conversation" (msteams-docs, "Status codes from bot
/// conversational APIs").
const fn scope(status: u16) -> RetryScope {
    match status {
        429 => RetryScope::Unclear,
        412 => RetryScope::Conversation,
        _ => RetryScope::Connector,
    }
}

/// Classifies an error that is not in the table. With a code or words it is Microsoft's, and final
/// if its status blames the call; without them it may be a proxy's.
fn meaning_of_unknown(status: u16, is_explained: bool) -> Meaning {
    match status {
        403 | 404 if is_explained => RECIPIENT,
        400..=499 if is_explained => REQUEST,
        _ => LATER,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Later,
    Never(FailureClass),
}

const LATER: Meaning = Meaning::Later;
const CONNECTOR: Meaning = Meaning::Never(FailureClass::Connector);
const RECIPIENT: Meaning = Meaning::Never(FailureClass::Recipient);
const REQUEST: Meaning = Meaning::Never(FailureClass::Request);

/// Any code, or none.
const ANY: &str = "*";

/// Status, code and meaning (msteams-docs, "Status codes from bot conversational APIs").
const ERRORS: &[(u16, &str, Meaning)] = &[
    (400, ANY, REQUEST),
    (401, "BotNotRegistered", CONNECTOR),
    (401, ANY, CONNECTOR),
    (403, "BotDisabledByAdmin", CONNECTOR),
    (403, "NotEnoughPermissions", CONNECTOR),
    // The tenant is in a different cloud from the address that its message named, and not in GCC.
    (403, WRONG_HOST, CONNECTOR),
    (403, "BotNotInConversationRoster", RECIPIENT),
    (403, "ConversationBlockedByUser", RECIPIENT),
    // The person did not install the app, or blocked or removed it.
    (403, "ForbiddenOperationException", RECIPIENT),
    (403, "MessageWritesBlocked", RECIPIENT),
    (404, "ConversationNotFound", RECIPIENT),
    (404, "ActivityNotFoundInConversation", RECIPIENT),
    (408, ANY, LATER),
    (412, ANY, LATER),
    (413, ANY, REQUEST),
    (429, ANY, LATER),
    (500, "ServiceError", REQUEST),
    (502, ANY, LATER),
    (503, ANY, LATER),
    (504, ANY, LATER),
];

/// Builds a call to the Connector API at `service_url`.
pub(super) fn call(service_url: &str, method: Method, path: String) -> OutgoingCall {
    let host = Host::TeamsService(service_url.to_owned());
    OutgoingCall::new(host, method, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        reason::code_of,
        teams::fixtures::{any_json, refused, replied},
    };
    use proptest::prelude::*;
    use std::{collections::BTreeSet, time::Duration};

    /// Restates PROVIDERS §2.4 independently of the table above.
    const FACTS: [(u16, &str, Meaning); 20] = [
        (400, "Bad Argument", REQUEST),
        (401, "BotNotRegistered", CONNECTOR),
        (403, "BotDisabledByAdmin", CONNECTOR),
        (403, "BotNotInConversationRoster", RECIPIENT),
        (403, "ConversationBlockedByUser", RECIPIENT),
        (403, "ForbiddenOperationException", RECIPIENT),
        (403, "MessageWritesBlocked", RECIPIENT),
        (403, "NotEnoughPermissions", CONNECTOR),
        (403, "InvalidBotApiHost", CONNECTOR),
        (404, "ConversationNotFound", RECIPIENT),
        (404, "ActivityNotFoundInConversation", RECIPIENT),
        (412, "PreconditionFailed", LATER),
        (413, "MessageSizeTooBig", REQUEST),
        (429, "Throttled", LATER),
        (500, "ServiceError", REQUEST),
        (502, "BadGateway", LATER),
        (503, "ServiceUnavailable", LATER),
        (504, "GatewayTimeout", LATER),
        (403, "BrandNewPolicy", RECIPIENT),
        (405, "BrandNewRule", REQUEST),
    ];

    fn meaning(result: &CallResult) -> (Meaning, String) {
        match answer(result).unwrap_err() {
            CallError::Later { reason, .. } => (LATER, reason),
            CallError::Never { class, reason } => (Meaning::Never(class), reason),
        }
    }

    #[test]
    fn an_answer_with_a_byte_order_mark_and_half_a_surrogate_pair_is_read() {
        let body = "\u{FEFF}{\"id\":\"1\",\"text\":\"cut \\ud83d\"}";
        let read = answer(&replied(201, body)).unwrap();
        assert_eq!(read["text"], "cut \u{FFFD}");
    }

    #[test]
    fn every_error_in_the_facts_has_its_class_and_keeps_its_name() {
        for (status, code, expected) in FACTS {
            let (found, reason) = meaning(&refused(status, code));
            assert_eq!(found, expected, "{status} {code}");
            assert_eq!(code_of(&reason), code, "{status}");
        }
    }

    #[test]
    fn every_row_of_the_table_counts() {
        let mut seen = BTreeSet::new();
        for (status, code, expected) in ERRORS {
            assert!(
                seen.insert((status, code)),
                "{status} {code} is there twice"
            );
            let code = if *code == ANY { "Something" } else { code };
            let (found, _) = meaning(&refused(*status, code));
            assert_eq!(found, *expected, "{status} {code} is hidden by a row above");
        }
    }

    #[test]
    fn a_status_says_enough_where_there_is_no_code() {
        for (status, body, expected) in [
            (400, "", REQUEST),
            (401, "", CONNECTOR),
            (413, "", REQUEST),
            (429, "", LATER),
            (403, "<html>proxy</html>", LATER),
            (404, "not found", LATER),
            (404, r#"{"error":{"code":""}}"#, LATER),
            (500, "", LATER),
            (302, "", LATER),
            (200, "<html>Sign in to the hotel network</html>", LATER),
            (200, "[]", LATER),
        ] {
            let found = meaning(&replied(status, body));
            assert_eq!(found, (expected, format!("http_{status}")), "{body}");
        }
    }

    #[test]
    fn a_refusal_is_understood_in_either_envelope() {
        let blocked = r#"{"errorCode":209,"message":"{\r\n  \"subCode\": \"MessageWritesBlocked\",\r\n  \"details\": \"Thread is blocked from message writes.\",\r\n  \"errorCode\": null\r\n}"}"#;
        for body in [
            blocked,
            r#"{"errorCode":209,"message":{"subCode":"MessageWritesBlocked"}}"#,
            r#"{"error":{"code":"MessageWritesBlocked","message":"blocked"}}"#,
            r#"{"error":{"code":"Forbidden","message":"{\"subCode\":\"MessageWritesBlocked\"}"}}"#,
            r#"{"errorCode":209,"message":"{\"subCode\":\"MessageWritesBlocked\",\"details\":\"cut \\ud83d\"}"}"#,
            r#"{"error":{"code":"Forbidden","innerHttpError":{"statusCode":403,"body":{"errorCode":209,"message":{"subCode":"MessageWritesBlocked"}}}}}"#,
        ] {
            let expected = (RECIPIENT, "MessageWritesBlocked".to_owned());
            assert_eq!(meaning(&replied(403, body)), expected, "{body}");
        }
    }

    #[test]
    fn a_refusal_that_the_table_does_not_know_is_told_in_microsofts_words() {
        for (status, body, expected) in [
            (
                403,
                r#"{"errorCode":1007,"message":"{\"subCode\":\"BrandNew\",\"details\":\"Not like this.\"}"}"#,
                (RECIPIENT, "BrandNew: Not like this."),
            ),
            (
                403,
                r#"{"errorCode":1007,"message":"Not like this."}"#,
                (RECIPIENT, "1007: Not like this."),
            ),
            (403, r#"{"errorCode":1007}"#, (RECIPIENT, "1007")),
            (403, r#"{"errorCode":"1007"}"#, (RECIPIENT, "1007")),
            (403, r#"{"error":{"code":1007}}"#, (RECIPIENT, "1007")),
            (
                403,
                r#"{"error":"Not for you"}"#,
                (RECIPIENT, "http_403: Not for you"),
            ),
            (
                403,
                r#"{"message":"Forbidden for you"}"#,
                (RECIPIENT, "http_403: Forbidden for you"),
            ),
            (
                401,
                r#"{"message":"Authorization has been denied for this request."}"#,
                (
                    CONNECTOR,
                    "http_401: Authorization has been denied for this request.",
                ),
            ),
            (
                400,
                r#"{"error":{"code":"Bad Argument","message":"Invalid user identity"}}"#,
                (REQUEST, "Bad Argument: Invalid user identity"),
            ),
            (
                405,
                r#"{"message":"Not allowed"}"#,
                (REQUEST, "http_405: Not allowed"),
            ),
            (503, r#"{"message":"Wait"}"#, (LATER, "http_503: Wait")),
        ] {
            let (meaning_expected, reason) = expected;
            let found = meaning(&replied(status, body));
            assert_eq!(found, (meaning_expected, reason.to_owned()), "{body}");
        }
    }

    #[test]
    fn a_message_that_was_accepted_is_out_whatever_the_body_says() {
        for status in [200, 201, 202, 204] {
            for body in ["", "<html>", "[]", r#"{"id":"14859"#] {
                assert_eq!(sent(&replied(status, body)), Ok(Value::Null), "{body}");
            }
        }
        let accepted = replied(201, r#"{"id":"1485983408511"}"#);
        assert_eq!(sent(&accepted).unwrap()["id"], "1485983408511");
        for result in [
            refused(403, "ConversationBlockedByUser"),
            replied(302, ""),
            replied(502, ""),
        ] {
            assert_eq!(sent(&result), answer(&result), "{result:?}");
            assert!(answer(&result).is_err());
        }
    }

    #[test]
    fn a_success_may_be_empty() {
        for status in [200, 201, 202] {
            assert_eq!(answer(&replied(status, "")), Ok(Value::Null));
            let body = r#"{"id":"1485983408511"}"#;
            assert_eq!(
                answer(&replied(status, body)).unwrap()["id"],
                "1485983408511"
            );
        }
    }

    #[test]
    fn a_rate_limit_says_how_long_to_wait() {
        let after = Some(Duration::from_secs(30));
        let result = CallResult::Replied(HttpReply {
            status: 429,
            retry_after: after,
            body: Vec::new(),
        });
        let expected = CallError::later(after, "http_429").within(RetryScope::Unclear);
        assert_eq!(answer(&result), Err(expected));
    }

    #[test]
    fn a_limit_may_be_the_threads_a_conflict_is_and_any_other_wait_holds_for_the_connector() {
        for (status, code, expected) in [
            (429, "Throttled", RetryScope::Unclear),
            (412, "PreconditionFailed", RetryScope::Conversation),
            (502, "BadGateway", RetryScope::Connector),
            (503, "ServiceUnavailable", RetryScope::Connector),
        ] {
            let Err(CallError::Later { scope, .. }) = answer(&refused(status, code)) else {
                panic!("final: {status}");
            };
            assert_eq!(scope, expected, "{status}");
        }
    }

    #[test]
    fn an_address_that_may_not_be_called_is_the_connectors_fault() {
        let result = CallResult::Forbidden {
            reason: "the address is not one of Microsoft's".into(),
        };
        assert_eq!(meaning(&result).0, CONNECTOR);
    }

    #[test]
    fn an_id_is_one_part_of_a_path() {
        assert_eq!(
            encoded("19:a@thread.tacv2;messageid=1/../x?y#z é"),
            "19%3Aa%40thread.tacv2%3Bmessageid%3D1%2F..%2Fx%3Fy%23z%20%C3%A9"
        );
    }

    proptest! {
        #[test]
        fn no_answer_makes_us_panic(status in 100_u16..600, body in any_json()) {
            let result = replied(status, &body.to_string());
            let _ = (answer(&result), sent(&result), is_wrong_host(&result));
        }
    }
}
