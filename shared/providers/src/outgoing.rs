//! The outbound side of a chat platform: calls as data.
//!
//! A provider is pure. It is told what came of the calls so far and names the next one, or the
//! outcome. Whoever drives it owns the connection, the time-outs and the retries:
//!
//! ```text
//! let mut so_far = Vec::new();
//! let outcome = loop {
//!     match provider.send(&text, &credentials, &so_far) {
//!         Step::Call(call) => so_far.push(make(call).await),
//!         Step::Done(outcome) => break outcome,
//!     }
//! };
//! ```
//!
//! A platform that wants a token, then a conversation, then the post, takes three turns.

use crate::webhook::Credentials;
use http::{HeaderName, Method, header};
use std::{fmt, time::Duration};
use vestibule_domain::{
    connector::Provider,
    message::Identity,
    ports::{OutgoingText, ProfileOutcome, SendOutcome},
    secret::Secret,
};

/// The outbound side of one chat platform.
pub trait ChatProvider: Send + Sync {
    /// The platform.
    fn provider(&self) -> Provider;

    /// The secrets that sending and asking for profiles take.
    fn sending_secrets(&self) -> &'static [&'static str];

    /// The text in the pieces that the platform takes, each fit for one message.
    fn pieces(&self, text: &str) -> Vec<String>;

    /// The next call that sends `text`, or how sending ended. MUST come to an end, and MUST NOT
    /// make a private text public (SPEC A38).
    fn send(
        &self,
        text: &OutgoingText<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> Step<SendOutcome>;

    /// The next call that asks who `identity` is, or how asking ended.
    fn profile(
        &self,
        identity: &Identity,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> Step<ProfileOutcome>;
}

/// What to do next.
#[derive(Debug)]
pub enum Step<T> {
    /// Make this call, and ask again with its result.
    Call(OutgoingCall),
    /// It is over.
    Done(T),
}

/// An HTTP call to a platform. Its `Debug` shows no secret and nothing that a person wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingCall {
    /// The method.
    pub method: Method,
    /// Begins with `/`; relative to the base address that is configured for the provider.
    /// Some platforms want their token in here, so it is not to be logged.
    pub path: String,
    /// Names and values, not yet encoded.
    pub query: Vec<(String, String)>,
    /// Every header that the platform needs, the content type of the body included. All values are
    /// taken as secret, because one of them is.
    pub headers: Vec<(HeaderName, Secret)>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

impl OutgoingCall {
    /// A call without query, headers and body.
    #[must_use]
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// The call with `Authorization: Bearer <token>`.
    #[must_use]
    pub fn with_bearer(mut self, token: &Secret) -> Self {
        let value = Secret::new(format!("Bearer {}", token.reveal()));
        self.headers.push((header::AUTHORIZATION, value));
        self
    }

    /// The call with one more query parameter.
    #[must_use]
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The call with a JSON body.
    #[must_use]
    pub fn with_json(mut self, body: &serde_json::Value) -> Self {
        let media_type = Secret::new("application/json; charset=utf-8");
        self.headers.push((header::CONTENT_TYPE, media_type));
        self.body = Some(body.to_string().into_bytes());
        self
    }
}

impl fmt::Debug for OutgoingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |all: Vec<&str>| all.join(",");
        f.debug_struct("OutgoingCall")
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
            .finish()
    }
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallResult {
    /// The platform answered.
    Replied(HttpReply),
    /// It did not. Nothing is known about whether the call took effect.
    NoReply {
        /// Why, without the address.
        reason: String,
    },
}

/// A platform's answer. Its `Debug` does not show the body, which may hold a token or a name.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpReply {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After`, if it was there and could be read.
    pub retry_after: Option<Duration>,
    /// The body, as far as the caller was ready to read it.
    pub body: Vec<u8>,
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
