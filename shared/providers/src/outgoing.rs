//! The outbound side of a chat platform: calls as data.
//!
//! A provider is pure. Given the results of the calls so far, it names the next call or the
//! outcome. The caller owns the connection, the time-outs and the retries:
//!
//! ```text
//! let mut so_far = Vec::new();
//! let outcome = loop {
//!     match provider.send(&text, &credentials, &so_far) {
//!         NextCall::Call(call) => so_far.push(make(call).await),
//!         NextCall::Done(outcome) => break outcome,
//!     }
//! };
//! ```
//!
//! A platform that requires a token, then a conversation, then the post takes three turns.

use crate::{reason::clean_reason, webhook::Credentials};
use data_encoding::BASE64;
use http::{HeaderName, Method, header};
use std::{fmt, time::Duration};
use vestibule_domain::{
    chat::conversation::ConversationRef,
    chat::typing::ShowTyping,
    connector::Provider,
    ports::{
        FailureClass, OutgoingText, ProfileOutcome, ProfileQuery, Receipt, RetryScope, SendOutcome,
    },
    secret::Secret,
};

/// The outbound side of one chat platform.
pub trait ChatProvider: Send + Sync {
    /// The platform.
    fn provider(&self) -> Provider;

    /// The APIs that its calls go to, those of its tests and set-up included.
    fn apis(&self) -> &'static [Api];

    /// The secrets that sending and profile look-ups need.
    fn sending_secrets(&self) -> &'static [&'static str];

    /// Splits a text into pieces that each fit in one message.
    fn pieces<'t>(&self, text: &'t str) -> Vec<&'t str>;

    /// Returns the next call that sends `text`, or the outcome. MUST terminate, and MUST NOT make a
    /// private text public (SPEC A38).
    fn send(
        &self,
        text: &OutgoingText<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<SendOutcome>;

    /// Returns the next call that shows that a text is being written, or the end. There is no call where the
    /// platform has no such sign.
    fn show_typing(
        &self,
        typing: &ShowTyping,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<()> {
        let _ = (typing, credentials, so_far);
        NextCall::Done(())
    }

    /// Returns the next call that looks up a profile, or the outcome.
    fn profile(
        &self,
        query: &ProfileQuery<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<ProfileOutcome>;

    /// The time for which the answer to `call` may be reused for the same call, such as a token until it
    /// expires. A call that is repeated within one send is never answered from memory, so a
    /// provider renews a refused token by repeating the call.
    fn keep_answer(&self, call: &OutgoingCall, reply: &HttpReply) -> Option<Duration> {
        let _ = (call, reply);
        None
    }

    /// The time after a person's message in which the platform lets us write to them in this conversation;
    /// `None` if it sets no limit.
    fn reply_window(&self, conversation: &ConversationRef) -> Option<Duration> {
        let _ = conversation;
        None
    }

    /// Whether the platform reports by the message's id that a text which it accepted did not arrive.
    fn reports_late_failures(&self) -> bool {
        false
    }

    /// Whether a text can be looked for by its mark before it is sent again.
    fn finds_marked_texts(&self) -> bool {
        false
    }

    /// Whether the platform tells a person's language in the profile, and not with each message.
    fn profile_tells_language(&self) -> bool {
        false
    }

    /// Shortest time between two texts of one connector, by the platform's limits.
    fn send_interval(&self) -> Duration;
}

/// Largest number of messages that one text may take: a Telegram group accepts this many in a
/// minute. A longer text is refused before any part of it is sent.
pub(crate) const MESSAGES_MAX: usize = 20;

/// Splits a text into messages: at least one, and at most [`MESSAGES_MAX`].
pub(crate) fn messages_of<'t>(
    platform: &dyn ChatProvider,
    text: &'t str,
) -> Result<Vec<&'t str>, CallError> {
    let pieces = platform.pieces(text);
    if pieces.is_empty() {
        return Err(CallError::never(FailureClass::Request, "no_text"));
    }
    if pieces.len() > MESSAGES_MAX {
        return Err(CallError::never(FailureClass::Request, "msg_too_long"));
    }
    Ok(pieces)
}

/// Sends the messages of a text one after the other. `taken` reads the receipt of one, and the first failure ends it;
/// `call` makes the call that sends one. The outcome is the receipt of the last one.
pub(crate) fn one_by_one(
    platform: &dyn ChatProvider,
    text: &str,
    so_far: &[CallResult],
    taken: impl Fn(&CallResult) -> Result<Receipt, CallError>,
    call: impl FnOnce(&str) -> Result<OutgoingCall, CallError>,
) -> Result<NextCall<SendOutcome>, CallError> {
    let messages = messages_of(platform, text)?;
    let mut receipt = Receipt::default();
    for result in so_far {
        receipt = taken(result)?;
    }
    match messages.get(so_far.len()) {
        Some(&message) => call(message).map(NextCall::Call),
        None => Ok(NextCall::Done(SendOutcome::Sent(receipt))),
    }
}

/// The next step.
#[derive(Debug)]
pub enum NextCall<T> {
    /// Make this call, then ask again with its result.
    Call(OutgoingCall),
    /// The final outcome.
    Done(T),
}

/// An API of a platform. A deployment can replace its base address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Api {
    /// Its name in a deployment's list of addresses: lower-case letters, digits and hyphens, unique
    /// among the APIs of all providers.
    pub key: &'static str,
    /// The platform's own base address: an https URL without a trailing slash.
    pub default_url: &'static str,
}

/// Destination of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// The base address of an API.
    Api(Api),
    /// The base address that a Teams message named. The transport makes the call only if
    /// [`is_service_url`](crate::teams::is_service_url) admits it.
    TeamsService(String),
    /// The whole address of a customer's system, which an admin entered and which may hold a token. The transport
    /// makes the call only if it is public, as that of an agent.
    Endpoint(Secret),
}

/// A signature after Standard Webhooks that the caller adds, because it is of the time of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The name of what is sent, the same at each attempt.
    pub id: String,
    /// The secrets that sign.
    pub secrets: Vec<Secret>,
}

/// An HTTP call to a platform. Its `Debug` shows neither a secret nor a person's text.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingCall {
    /// The destination.
    pub host: Host,
    /// The method.
    pub method: Method,
    /// Path relative to the host's base address, beginning with `/` and percent-encoded. Never log
    /// it: some platforms require their token in it.
    pub path: String,
    /// Names and values, not yet encoded.
    pub query: Vec<(String, String)>,
    /// Every header that the platform needs, including the content type of the body. All values
    /// count as secret, because one of them is.
    pub headers: Vec<(HeaderName, Secret)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// The signature to add, if the call needs one.
    pub signing: Option<Box<Signing>>,
}

impl OutgoingCall {
    /// Creates a call without query, headers and body.
    #[must_use]
    pub fn new(host: Host, method: Method, path: impl Into<String>) -> Self {
        Self {
            host,
            method,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            signing: None,
        }
    }

    /// Adds `Authorization: Bearer <token>`.
    #[must_use]
    pub fn with_bearer(mut self, token: &Secret) -> Self {
        let value = Secret::new(format!("Bearer {}", token.reveal()));
        self.headers.push((header::AUTHORIZATION, value));
        self
    }

    /// Adds `Authorization: Basic <user:password>`.
    #[must_use]
    pub fn with_basic(mut self, user: &str, password: &Secret) -> Self {
        let pair = format!("{user}:{}", password.reveal());
        let value = Secret::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
        self.headers.push((header::AUTHORIZATION, value));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &Secret) -> Self {
        self.headers.push((name, value.clone()));
        self
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn with_json(mut self, body: &serde_json::Value) -> Self {
        let media_type = Secret::new("application/json; charset=utf-8");
        self.headers.push((header::CONTENT_TYPE, media_type));
        self.body = Some(body.to_string().into_bytes());
        self
    }

    /// Has the call signed.
    #[must_use]
    pub fn with_signing(mut self, signing: Signing) -> Self {
        self.signing = Some(Box::new(signing));
        self
    }

    /// Sets a form as the body.
    #[must_use]
    pub fn with_form(mut self, fields: &[(&str, &str)]) -> Self {
        let media_type = Secret::new("application/x-www-form-urlencoded; charset=utf-8");
        self.headers.push((header::CONTENT_TYPE, media_type));
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.body = Some(body.into_bytes());
        self
    }
}

impl fmt::Debug for OutgoingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |all: Vec<&str>| all.join(",");
        f.debug_struct("OutgoingCall")
            .field("host", &self.host)
            .field("method", &self.method)
            // A token in a path is never its last part: that names the operation.
            .field("operation", &self.path.rsplit('/').next().unwrap_or(""))
            .field(
                "query",
                &names(self.query.iter().map(|(name, _)| name.as_str()).collect()),
            )
            .field(
                "headers",
                &names(self.headers.iter().map(|(name, _)| name.as_str()).collect()),
            )
            .field("body_bytes", &self.body.as_ref().map(Vec::len))
            .field("is_signed", &self.signing.is_some())
            .finish()
    }
}

/// The reason why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// The call may work later, or may even have worked.
    Later {
        /// The wait for which the platform asked.
        after: Option<Duration>,
        /// The part of the connector that the wait holds for.
        scope: RetryScope,
        /// The platform's reason, cleaned.
        reason: String,
    },
    /// The call will never work.
    Never {
        /// Party at fault.
        class: FailureClass,
        /// The platform's reason, cleaned.
        reason: String,
    },
}

/// Longest wait that a platform's answer can ask for. The whole connector may wait for it, so that one
/// mistaken answer (milliseconds for seconds, say) must not silence it for years.
pub const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

impl CallError {
    /// Creates [`Later`](Self::Later) for the whole connector.
    #[must_use]
    pub fn later(after: Option<Duration>, reason: &str) -> Self {
        Self::Later {
            after: after.map(|after| after.min(RETRY_AFTER_MAX)),
            scope: RetryScope::Connector,
            reason: clean_reason(reason),
        }
    }

    /// Names the part of the connector that the wait holds for. A call that will never work has no wait.
    #[must_use]
    pub fn within(self, scope: RetryScope) -> Self {
        match self {
            Self::Later { after, reason, .. } => Self::Later {
                after,
                scope,
                reason,
            },
            never @ Self::Never { .. } => never,
        }
    }

    /// Creates [`Never`](Self::Never).
    #[must_use]
    pub fn never(class: FailureClass, reason: &str) -> Self {
        Self::Never {
            class,
            reason: clean_reason(reason),
        }
    }
}

impl From<CallError> for SendOutcome {
    fn from(problem: CallError) -> Self {
        match problem {
            CallError::Later {
                after,
                scope,
                reason,
            } => Self::Retry {
                after,
                scope,
                reason,
            },
            CallError::Never { class, reason } => Self::Failed { class, reason },
        }
    }
}

/// A profile is optional, so only transient problems are retried.
impl From<CallError> for ProfileOutcome {
    fn from(problem: CallError) -> Self {
        match problem {
            CallError::Later { after, reason, .. } => Self::Retry { after, reason },
            CallError::Never { reason, .. } => Self::None { reason },
        }
    }
}

/// Result of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallResult {
    /// The platform answered.
    Replied(HttpReply),
    /// The platform did not answer. The call may or may not have taken effect.
    NoReply {
        /// Why, without the address.
        reason: String,
    },
    /// The call was not made, because its destination is forbidden.
    Forbidden {
        /// The rule.
        reason: String,
    },
}

/// A platform's answer. Its `Debug` does not show the body, which may hold a token or a name.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpReply {
    /// The HTTP status.
    pub status: u16,
    /// The `Retry-After` header, if present and readable.
    pub retry_after: Option<Duration>,
    /// The body, truncated to the caller's limit.
    pub body: Vec<u8>,
}

impl HttpReply {
    /// Whether the platform did what it was asked, whatever its answer says besides.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

impl fmt::Debug for HttpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpReply")
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_can_ask_for_a_wait_of_a_day_at_most() {
        let day = Duration::from_hours(24);
        for (asked, waits) in [
            (None, None),
            (Some(Duration::from_secs(30)), Some(Duration::from_secs(30))),
            (Some(day), Some(day)),
            (Some(day + Duration::from_secs(1)), Some(day)),
            (Some(Duration::MAX), Some(day)),
        ] {
            let CallError::Later { after, .. } = CallError::later(asked, "flood") else {
                unreachable!("`later` creates `Later`");
            };
            assert_eq!(after, waits, "{asked:?}");
        }
    }

    #[test]
    fn a_wait_holds_for_the_connector_unless_the_platform_means_less() {
        let wait = Some(Duration::from_secs(6));
        let retry = |problem: CallError| match SendOutcome::from(problem) {
            SendOutcome::Retry { after, scope, .. } => (after, scope),
            other => panic!("not tried again: {other:?}"),
        };
        let plain = CallError::later(wait, "flood");
        assert_eq!(retry(plain.clone()), (wait, RetryScope::Connector));
        for scope in [RetryScope::Conversation, RetryScope::Unclear] {
            assert_eq!(retry(plain.clone().within(scope)), (wait, scope));
        }
        let never = CallError::never(FailureClass::Request, "no_text");
        assert_eq!(never.clone().within(RetryScope::Conversation), never);
    }
}
