//! The record of calls to the platforms' APIs.

use serde::Serialize;
use serde_json::Value;

use super::failures::Failure;
use super::platform::Platform;

/// One call, answered or not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ApiCall {
    /// Counts from 1.
    pub number: u64,
    /// Time of arrival, in milliseconds.
    pub at_ms: i64,
    /// The platform that was called.
    pub provider: Platform,
    /// The connector whose token it carried.
    pub connector_id: Option<String>,
    /// `chat.postMessage`, `sendMessage`, …
    pub method: String,
    /// `POST` or `GET`.
    pub http_method: String,
    /// The request's content type.
    pub content_type: Option<String>,
    /// The arguments, from query or body. Never the token.
    pub arguments: Value,
    /// The status of the answer; `None` if there was none.
    pub status: Option<u16>,
    /// The answer; null if there was none.
    pub answer: Value,
    /// The injected failure that it met.
    pub failure: Option<Failure>,
    /// Whether the call was carried out, answered or not.
    #[serde(skip)]
    pub(super) is_done: bool,
}

impl ApiCall {
    /// Whether the platform carried the call out, answered or not.
    #[must_use]
    pub const fn took_effect(&self) -> bool {
        self.is_done
    }
}

/// A call or answer that breaks a platform's rules in any state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The number of the call; 0 for the answer to a webhook.
    pub call: u64,
    /// The platform.
    pub provider: Platform,
    /// The API method, or `webhook`.
    pub method: String,
    /// The rule that was broken.
    pub what: String,
}
