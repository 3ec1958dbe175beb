//! Calls with a token, and meaning of the Connector API's errors (PROVIDERS §2.4).

use super::token::{self, Audience};
use crate::{
    outgoing::{CallError, CallResult, HttpReply, OutgoingCall},
    webhook::Credentials,
};
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use vestibule_domain::{ports::FailureClass, secret::Secret};

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

    /// Returns the Connector API's answer to `call`. A refused token is renewed once: it may be
    /// older than the app's secret.
    pub(super) fn answer(&mut self, call: &OutgoingCall) -> Result<Value, Stop> {
        loop {
            let token = match self.token.take() {
                Some(token) => token,
                None => self.token(Audience::Connector)?,
            };
            let result = self.result(call.clone().with_bearer(&token))?;
            if status_of(result) == Some(401) && !self.renewed {
                self.renewed = true;
                continue;
            }
            self.token = Some(token);
            return Ok(answer(result)?);
        }
    }
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
    let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let blank = reply.body.iter().all(u8::is_ascii_whitespace);
    match body.filter(Value::is_object) {
        Some(body) if is_success(reply) => Ok(body),
        None if is_success(reply) && blank => Ok(Value::Null),
        body => {
            let code = body.as_ref().and_then(|body| {
                let code = body.pointer("/error/code").and_then(Value::as_str);
                code.filter(|code| !code.is_empty())
            });
            Err(problem(reply, code))
        }
    }
}

fn is_success(reply: &HttpReply) -> bool {
    matches!(reply.status, 200..=202)
}

fn problem(reply: &HttpReply, code: Option<&str>) -> CallError {
    let status = format!("http_{}", reply.status);
    let meaning = ERRORS
        .iter()
        .find(|(row, pattern, _)| {
            *row == reply.status && (*pattern == ANY || code == Some(*pattern))
        })
        .map_or_else(|| meaning_of_unknown(reply.status, code), |row| row.2);
    let reason = code.unwrap_or(&status);
    match meaning {
        Meaning::Later => CallError::later(reply.retry_after, reason),
        Meaning::Never(class) => CallError::never(class, reason),
    }
}

/// Classifies an error that is not in the table. With a code it is Microsoft's, and final if its
/// status blames the call; without a code it may be a proxy's.
fn meaning_of_unknown(status: u16, code: Option<&str>) -> Meaning {
    match (status, code) {
        (403 | 404, Some(_)) => RECIPIENT,
        (400..=499, Some(_)) => REQUEST,
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

/// Status, code and meaning. The first matching row counts.
const ERRORS: &[(u16, &str, Meaning)] = &[
    (400, ANY, REQUEST),
    (401, ANY, CONNECTOR),
    (403, "BotDisabledByAdmin", CONNECTOR),
    (403, "NotEnoughPermissions", CONNECTOR),
    // The tenant is in a different cloud from the address that its message named.
    (403, "InvalidBotApiHost", CONNECTOR),
    (403, "BotNotInConversationRoster", RECIPIENT),
    (403, "ConversationBlockedByUser", RECIPIENT),
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
    let host = crate::outgoing::Host::TeamsService(service_url.to_owned());
    OutgoingCall::new(host, method, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::teams::fixtures::{any_json, refused, replied};
    use proptest::prelude::*;
    use std::{collections::BTreeSet, time::Duration};

    /// Restates PROVIDERS §2.4 independently of the table above.
    const FACTS: [(u16, &str, Meaning); 18] = [
        (400, "Bad Argument", REQUEST),
        (401, "BotNotRegistered", CONNECTOR),
        (403, "BotDisabledByAdmin", CONNECTOR),
        (403, "BotNotInConversationRoster", RECIPIENT),
        (403, "ConversationBlockedByUser", RECIPIENT),
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
    fn every_error_in_the_facts_has_its_class_and_keeps_its_name() {
        for (status, code, expected) in FACTS {
            let found = meaning(&refused(status, code));
            assert_eq!(found, (expected, code.to_owned()), "{status}");
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
        assert_eq!(answer(&result), Err(CallError::later(after, "http_429")));
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
            let _ = answer(&replied(status, &body.to_string()));
        }
    }
}
