//! What is remembered of the calls to the APIs of the platforms.

use serde::Serialize;
use serde_json::Value;

use super::failures::Failure;
use super::platform::Platform;

/// One call, answered or not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ApiCall {
    /// Counts from 1.
    pub number: u64,
    /// When it arrived, in milliseconds.
    pub at_ms: i64,
    /// The platform that was called.
    pub provider: Platform,
    /// Whose token it carried.
    pub connector_id: Option<String>,
    /// `chat.postMessage`, `sendMessage`, …
    pub method: String,
    /// `POST` or `GET`.
    pub http_method: String,
    /// The request's content type.
    pub content_type: Option<String>,
    /// The arguments, from wherever the method takes them. Never the token.
    pub arguments: Value,
    /// The status it was answered with; `None` if it was not answered.
    pub status: Option<u16>,
    /// The answer; null if it was not answered.
    pub answer: Value,
    /// The switch that it met.
    pub failure: Option<Failure>,
    /// Whether what was asked for was done, answered or not.
    #[serde(skip)]
    pub(super) is_done: bool,
}

impl ApiCall {
    /// Whether the platform did what was asked, answered or not.
    #[must_use]
    pub const fn took_effect(&self) -> bool {
        self.is_done
    }
}

/// Something that a client of a platform must not do, whatever the state of things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The number of the call; 0 for an answer to a webhook.
    pub call: u64,
    /// The platform.
    pub provider: Platform,
    /// The API method, or `webhook`.
    pub method: String,
    /// What is wrong.
    pub what: String,
}
