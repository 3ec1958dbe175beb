//! Calls of the Bot API, parsing of its answers, and meaning of its errors (PROVIDERS §3.4).

use super::{API, BOT_TOKEN, kind::is_bot_token};
use crate::{
    json,
    outgoing::{CallError, CallResult, Host, HttpReply, OutgoingCall},
    reason::presentable,
    webhook::Credentials,
};
use http::Method;
use serde_json::Value;
use std::time::Duration;
use vestibule_domain::{
    ports::{FailureClass, RetryScope},
    secret::Secret,
    text::is_invisible,
};

/// A bot's token, which is part of every address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a>(&'a Secret);

impl<'a> Token<'a> {
    /// The connector's token, unless it is malformed and could lead a call elsewhere.
    pub(super) fn of(credentials: &Credentials<'a>) -> Result<Self, CallError> {
        credentials
            .secrets
            .get(BOT_TOKEN)
            .filter(|token| is_bot_token(token.reveal()))
            .map(Self)
            .ok_or_else(|| CallError::never(FailureClass::Connector, NO_BOT_TOKEN))
    }

    /// Builds the call of a method without arguments.
    pub(super) fn ask(self, method: &str) -> OutgoingCall {
        let path = format!("/bot{}/{method}", self.0.reveal());
        OutgoingCall::new(Host::Api(API), Method::GET, path)
    }

    /// Builds the call of a method with these arguments.
    pub(super) fn call(self, method: &str, arguments: &Value) -> OutgoingCall {
        let mut call = self.ask(method);
        call.method = Method::POST;
        call.with_json(arguments)
    }

    /// Builds the download of a file. Its address contains the token too, so it is never kept or
    /// shown.
    pub(super) fn download(self, encoded_path: &str) -> OutgoingCall {
        let path = format!("/file/bot{}/{encoded_path}", self.0.reveal());
        OutgoingCall::new(Host::Api(API), Method::GET, path)
    }

    /// Removes the token from a text. Telegram does not repeat it, but an intermediary might repeat
    /// the address.
    pub(super) fn redact(self, text: &str) -> String {
        let token = self.0.reveal();
        let secret = token.split_once(':').map_or(token, |(_, secret)| secret);
        // Invisible characters go first: removing them later could put the token together again.
        let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        visible.replace(secret, "…")
    }

    /// Returns the `result` of an answer that says `ok`. No answer and an unintelligible one are
    /// ambiguous, so the call is retried; queues bound how often.
    pub(super) fn answer(self, result: &CallResult) -> Result<Value, Refused> {
        let reply = match result {
            CallResult::Replied(reply) => reply,
            CallResult::NoReply { reason } => {
                return Err(CallError::later(None, &self.redact(reason)).into());
            }
            CallResult::Forbidden { reason } => {
                let reason = self.redact(reason);
                return Err(CallError::never(FailureClass::Connector, &reason).into());
            }
        };
        let Some(mut answer) = read(reply) else {
            let reason = format!("http_{}", reply.status);
            return Err(CallError::later(reply.retry_after, &reason).into());
        };
        if answer.get("ok") == Some(&Value::Bool(true)) {
            return Ok(answer
                .get_mut("result")
                .map(Value::take)
                .unwrap_or_default());
        }
        Err(self.refused(reply, &answer))
    }

    /// Returns the message in the answer to a message; null if Telegram accepted the message and
    /// the answer cannot be read, because a message that went out must not be repeated.
    pub(super) fn sent(self, result: &CallResult) -> Result<Value, Refused> {
        match result {
            CallResult::Replied(reply) if reply.is_success() && read(reply).is_none() => {
                Ok(Value::Null)
            }
            _ => self.answer(result),
        }
    }

    fn refused(self, reply: &HttpReply, answer: &Value) -> Refused {
        let status = answer
            .get("error_code")
            .and_then(Value::as_u64)
            .and_then(|code| u16::try_from(code).ok())
            .filter(|code| (400..600).contains(code))
            .unwrap_or(reply.status);
        let description = answer.get("description").and_then(Value::as_str);
        let description = self.redact(description.unwrap_or(""));
        let mut reason = presentable(&description);
        if reason.is_empty() {
            reason = format!("http_{status}");
        }
        let parameter = |name: &str| answer.get("parameters")?.get(name)?.as_i64();
        let problem = match meaning(status, &description) {
            Meaning::Never(class) => CallError::never(class, &reason),
            Meaning::Later => {
                let asked = parameter("retry_after")
                    .and_then(|seconds| u64::try_from(seconds).ok())
                    .map(Duration::from_secs);
                CallError::later(reply.retry_after.max(asked), &reason).within(scope(status))
            }
        };
        Refused {
            problem,
            // A supergroup has a negative id; a positive one would be a person's.
            moved_to: parameter("migrate_to_chat_id").filter(|id| status == 400 && *id < 0),
            topic_gone: status == 400
                && TOPIC_GONE
                    .iter()
                    .any(|row| matches(row, &said(&description))),
        }
    }
}

/// The reason if a connector has no well-formed token.
pub(super) const NO_BOT_TOKEN: &str = "no_bot_token";

/// The reason why a call failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// The problem.
    pub(super) problem: CallError,
    /// The new id of the chat, if the chat only moved.
    pub(super) moved_to: Option<i64>,
    /// Whether only the topic is to blame: it was deleted or closed.
    pub(super) topic_gone: bool,
}

impl From<CallError> for Refused {
    fn from(problem: CallError) -> Self {
        Self {
            problem,
            moved_to: None,
            topic_gone: false,
        }
    }
}

impl From<Refused> for CallError {
    fn from(refused: Refused) -> Self {
        refused.problem
    }
}

/// The JSON object of an answer that says whether it is `ok`; `None` if a proxy or a stranger
/// answered.
fn read(reply: &HttpReply) -> Option<Value> {
    let body: Value = json::read(&reply.body).ok()?;
    let ok = body.get("ok")?.as_bool()?;
    // Only 200 is a success; a refusal has its own code inside.
    (!ok || reply.status == 200).then_some(body)
}

/// Classifies an error: the first matching row of [`ERRORS`] counts.
fn meaning(status: u16, description: &str) -> Meaning {
    let said = said(description);
    ERRORS
        .iter()
        .find(|(statuses, pattern, _)| statuses.contains(&status) && matches(pattern, &said))
        .map_or(LATER, |(_, _, meaning)| *meaning)
}

/// A description in lower case, without its prefix.
fn said(description: &str) -> String {
    let said = description.to_ascii_lowercase();
    PREFIXES
        .iter()
        .find_map(|prefix| said.strip_prefix(prefix))
        .unwrap_or(&said)
        .to_owned()
}

/// The part of the connector that a wait holds for. A private chat, a group and the whole bot each have a
/// limit, and a group may have a slow mode; every refusal is the same 429 (core.telegram.org, "Bots FAQ", and
/// PROVIDERS §3.4).
const fn scope(status: u16) -> RetryScope {
    if status == 429 {
        RetryScope::Unclear
    } else {
        RetryScope::Connector
    }
}

/// Descriptions that only blame the topic; also in a private chat with topics.
const TOPIC_GONE: [&str; 2] = ["message thread not found", "topic_*"];

fn matches(pattern: &str, said: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == said, |prefix| said.starts_with(prefix))
}

/// Prefixes of descriptions. Older answers say "Unauthorized" where newer ones say "Forbidden".
const PREFIXES: [&str; 3] = ["bad request: ", "forbidden: ", "unauthorized: "];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Later,
    Never(FailureClass),
}

const LATER: Meaning = Meaning::Later;
const CONNECTOR: Meaning = Meaning::Never(FailureClass::Connector);
const RECIPIENT: Meaning = Meaning::Never(FailureClass::Recipient);
const REQUEST: Meaning = Meaning::Never(FailureClass::Request);

const BAD: &[u16] = &[400];
const NO: &[u16] = &[400, 401, 403];

/// Status, description after its prefix in lower case, and meaning. A trailing `*` matches
/// anything. An error that matches no row is retried.
const ERRORS: &[(&[u16], &str, Meaning)] = &[
    (NO, "bot was blocked by the user", RECIPIENT),
    (NO, "user is deactivated", RECIPIENT),
    (NO, "bot was kicked from *", RECIPIENT),
    (NO, "bot is not a member of *", RECIPIENT),
    (NO, "bot can't initiate conversation with a user", RECIPIENT),
    (NO, "bots can't send messages to bots", RECIPIENT),
    (NO, "bot can't send messages to bots", RECIPIENT),
    (NO, "the group chat was deleted", RECIPIENT),
    (NO, "not enough rights*", RECIPIENT),
    (NO, "have no rights to send a message", RECIPIENT),
    (NO, "need administrator rights*", RECIPIENT),
    (NO, "chat not found", RECIPIENT),
    (NO, "private chat not found", RECIPIENT),
    (NO, "user not found", RECIPIENT),
    (NO, "group is deactivated", RECIPIENT),
    // Without the new id there is no chat to send it to.
    (
        BAD,
        "group chat was upgraded to a supergroup chat",
        RECIPIENT,
    ),
    (BAD, "message thread not found", RECIPIENT),
    (BAD, "topic_*", RECIPIENT),
    // CHAT_ADMIN_REQUIRED, CHAT_WRITE_FORBIDDEN, CHAT_RESTRICTED and similar.
    (BAD, "chat_*", RECIPIENT),
    (BAD, "peer_id_invalid", RECIPIENT),
    (BAD, "channel_private", RECIPIENT),
    (BAD, "privacy_premium_required", RECIPIENT),
    (BAD, "allow_payment_required*", RECIPIENT),
    (&[400, 406], "frozen_method_invalid", CONNECTOR),
    (BAD, "logged out", CONNECTOR),
    (BAD, "message text is empty", REQUEST),
    (BAD, "message is too long", REQUEST),
    (BAD, "message_too_long", REQUEST),
    (BAD, "can't parse entities*", REQUEST),
    (BAD, "message to be replied not found", REQUEST),
    (&[404], "not found", CONNECTOR),
    (&[404], "*", REQUEST),
    // "Unauthorized" alone, or followed by a note on the token.
    (&[401], "*", CONNECTOR),
    // An unknown refusal: of the recipient, or of the text.
    (&[403], "*", RECIPIENT),
    (&[400, 402, 405, 406, 410, 413, 414, 422], "*", REQUEST),
];

#[cfg(test)]
mod tests;
