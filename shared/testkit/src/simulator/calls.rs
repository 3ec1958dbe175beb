//! What is remembered of the calls to the Web API.

use serde::Serialize;
use serde_json::Value;

use super::failures::Failure;

/// One call, answered or not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ApiCall {
    /// Counts from 1.
    pub number: u64,
    /// When it arrived, in milliseconds.
    pub at_ms: i64,
    /// Whose token it carried.
    pub connector_id: Option<String>,
    /// `chat.postMessage`, …
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
}

impl ApiCall {
    /// Whether Slack did what was asked, answered or not.
    #[must_use]
    pub fn took_effect(&self) -> bool {
        self.answer.get("ok") == Some(&Value::Bool(true))
            || self.failure.as_ref().is_some_and(Failure::takes_effect)
    }
}

/// Something that a client of Slack must not do, whatever the state of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The number of the call.
    pub call: u64,
    /// The API method.
    pub method: String,
    /// What is wrong.
    pub what: String,
}
