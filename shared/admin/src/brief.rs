//! Answers to callers who may change a record and not read it.

use crate::problem::ApiError;
use axum::{
    body::{Body, to_bytes},
    http::{StatusCode, header::CONTENT_LENGTH},
    response::Response,
};
use serde_json::{Map, Value, json};
use vestibule_domain::PortError;

/// Maximum size of an answer that is shortened. One record is far smaller.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;

/// Members that are the call's own rather than the record's: its target, and the effects that a dry run
/// was asked for.
const OWN: [&str; 2] = ["id", "dry_run"];
const SIGNING_SECRET: &str = "signing_secret";

/// Shortens the answer to a change of a record. What the call itself made is shown: a new record is its
/// maker's (`201`), and an answer without an `id` is an outcome and no record.
pub(crate) async fn brief(response: Response) -> Result<Response, ApiError> {
    if response.status() != StatusCode::OK {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, ANSWER_MAX_BYTES)
        .await
        .map_err(|error| PortError::corrupt("answer", error))?;
    let Some(own) = serde_json::from_slice::<Value>(&bytes)
        .ok()
        .and_then(|answer| own(&answer))
    else {
        return Ok(Response::from_parts(parts, Body::from(bytes)));
    };
    parts.headers.remove(CONTENT_LENGTH);
    let body = Body::from(Value::Object(own).to_string());
    Ok(Response::from_parts(parts, body))
}

/// The members that the caller gets of an answer that shows a record.
fn own(answer: &Value) -> Option<Map<String, Value>> {
    answer.get("id")?;
    let mut own: Map<String, Value> = OWN
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), answer.get(name)?.clone())))
        .collect();
    // A signing secret that this call drew is shown in its answer only.
    if let Some(secret @ Value::String(_)) = answer.get(SIGNING_SECRET) {
        own.insert(SIGNING_SECRET.to_owned(), secret.clone());
    }
    if let Some(secret @ Value::String(_)) = answer.pointer("/agent/signing_secret") {
        own.insert("agent".to_owned(), json!({"signing_secret": secret}));
    }
    Some(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Json, response::IntoResponse};

    async fn shortened(status: StatusCode, body: Value) -> Value {
        let response = (status, Json(body)).into_response();
        let shortened = brief(response).await.unwrap();
        assert_eq!(shortened.status(), status);
        let bytes = to_bytes(shortened.into_body(), 10_000).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn of_a_record_only_the_id_is_shown_and_what_belongs_to_the_call() {
        for (answer, shown) in [
            (json!({"id": "1", "name": "Ada"}), json!({"id": "1"})),
            (
                json!({"id": "1", "name": "Ada", "dry_run": {"count": 2}}),
                json!({"id": "1", "dry_run": {"count": 2}}),
            ),
            (
                json!({"id": "1", "agent": {"endpoint": "https://a.test", "signing_secret": {"set": true}}}),
                json!({"id": "1"}),
            ),
            (
                json!({"id": "1", "agent": {"endpoint": "https://a.test", "signing_secret": "drawn"}}),
                json!({"id": "1", "agent": {"signing_secret": "drawn"}}),
            ),
            (
                json!({"id": "1", "url": "https://a.test", "signing_secret": "drawn"}),
                json!({"id": "1", "signing_secret": "drawn"}),
            ),
            (
                json!({"id": "1", "url": "https://a.test", "signing_secret": null}),
                json!({"id": "1"}),
            ),
        ] {
            assert_eq!(shortened(StatusCode::OK, answer).await, shown);
        }
    }

    #[tokio::test]
    async fn a_new_record_and_an_outcome_are_shown_whole() {
        let made = json!({"id": "1", "name": "Ada"});
        assert_eq!(shortened(StatusCode::CREATED, made.clone()).await, made);
        let outcome = json!({"status": "ok"});
        assert_eq!(shortened(StatusCode::OK, outcome.clone()).await, outcome);
    }
}
