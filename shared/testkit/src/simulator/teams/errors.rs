//! Microsoft's error bodies.

use axum::http::StatusCode;
use serde_json::json;

use crate::simulator::asked::Answer;

/// An error of the connector service or of Graph.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::refused(status, json!({"error": {"code": code, "message": message}}))
}

/// An error of the token endpoint.
pub(super) fn token_error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::refused(status, json!({"error": code, "error_description": message}))
}
