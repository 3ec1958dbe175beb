//! Bodies: JSON, and streams of bytes.

use crate::problem::{ApiError, BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header::CONTENT_TYPE},
};
use serde_json::{Map, Value};

/// Maximum size of a body.
pub const BODY_MAX_BYTES: usize = 256 * 1024;

/// The body of a call: a JSON object whose fields are not checked yet.
#[derive(Debug, Default)]
pub struct JsonBody(pub Map<String, Value>);

/// An optional body, empty when the call has none.
#[derive(Debug, Default)]
pub struct OptionalJsonBody(pub Map<String, Value>);

impl JsonBody {
    /// Removes a field and returns its value, of any type.
    pub fn take(&mut self, field: &str) -> Option<Value> {
        self.0.remove(field)
    }
}

/// A body of at most so many bytes, of which the caller says no more.
#[derive(Debug)]
pub struct OctetStream<const MAX: usize>(pub Bytes);

impl<S: Send + Sync, const MAX: usize> FromRequest<S> for OctetStream<MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        if !is_of(&parts.headers, &["application/octet-stream"]) {
            let problem = ApiError::new(&UNSUPPORTED_MEDIA_TYPE);
            return Err(problem.with_detail("Send `Content-Type: application/octet-stream`."));
        }
        let read = to_bytes(body, MAX).await;
        read.map(Self).map_err(|_| {
            let problem = ApiError::new(&BODY_TOO_LARGE);
            problem.with_detail(format!("The body must have at most {MAX} bytes."))
        })
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(ApiError::new(&UNSUPPORTED_MEDIA_TYPE));
        }
        object(&read(body).await?).map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for OptionalJsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = read(body).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        if !is_json(&parts.headers) {
            return Err(ApiError::new(&UNSUPPORTED_MEDIA_TYPE));
        }
        object(&bytes).map(Self)
    }
}

async fn read(body: Body) -> Result<Bytes, ApiError> {
    // The gateway delivers whole bodies, so exceeding the limit is the only possible failure.
    to_bytes(body, BODY_MAX_BYTES)
        .await
        .map_err(|_| ApiError::new(&BODY_TOO_LARGE))
}

fn is_json(headers: &HeaderMap) -> bool {
    is_of(
        headers,
        &["application/json", "application/merge-patch+json"],
    )
}

/// Whether the body is declared to be of one of these media types.
fn is_of(headers: &HeaderMap, media_types: &[&str]) -> bool {
    let declared = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or(value).trim());
    declared.is_some_and(|declared| {
        let mut media_types = media_types.iter();
        media_types.any(|media_type| declared.eq_ignore_ascii_case(media_type))
    })
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(ApiError::malformed_body("it is not an object")),
        // Only the position is reported: serde's text may repeat a part of the body.
        Err(error) => Err(ApiError::malformed_body(&format!(
            "line {}, column {} is not JSON",
            error.line(),
            error.column()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::MALFORMED_BODY;

    fn request(content_type: Option<&str>, body: impl Into<Body>) -> Request {
        let builder = Request::builder().method("POST").uri("/");
        let builder = match content_type {
            Some(value) => builder.header(CONTENT_TYPE, value),
            None => builder,
        };
        builder.body(body.into()).unwrap()
    }

    async fn error(content_type: Option<&str>, body: impl Into<Body>) -> ApiError {
        JsonBody::from_request(request(content_type, body), &())
            .await
            .unwrap_err()
    }

    #[tokio::test]
    async fn a_json_object_is_read() {
        for content_type in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/merge-patch+json",
        ] {
            let body = JsonBody::from_request(request(Some(content_type), "{\"a\": 1}"), &())
                .await
                .unwrap();
            assert_eq!(body.0.len(), 1, "{content_type}");
        }
    }

    #[tokio::test]
    async fn anything_else_is_refused() {
        let json = Some("application/json");
        for content_type in [None, Some("text/plain")] {
            let refused = error(content_type, "{}").await;
            assert_eq!(refused.kind(), &UNSUPPORTED_MEDIA_TYPE, "{content_type:?}");
        }
        for body in ["", "[]", "null", "{", "{\"token\": xoxb-canary}"] {
            let refused = error(json, body).await;
            assert_eq!(refused.kind(), &MALFORMED_BODY, "{body}");
            assert!(!refused.to_string().contains("canary"), "{refused}");
        }
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(BODY_MAX_BYTES));
        assert_eq!(error(json, large).await.kind(), &BODY_TOO_LARGE);
    }

    #[tokio::test]
    async fn a_body_that_is_not_needed_may_be_left_out_and_not_be_null() {
        let none = OptionalJsonBody::from_request(request(None, ""), &()).await;
        assert!(none.unwrap().0.is_empty());
        let other = OptionalJsonBody::from_request(request(None, "{}"), &()).await;
        assert_eq!(other.unwrap_err().kind(), &UNSUPPORTED_MEDIA_TYPE);
        let null = request(Some("application/json"), "null");
        let null = OptionalJsonBody::from_request(null, &()).await;
        assert_eq!(null.unwrap_err().kind(), &MALFORMED_BODY);
    }

    #[tokio::test]
    async fn a_stream_of_bytes_is_declared_as_one_and_has_a_limit() {
        let octets = Some("application/octet-stream");
        let read = OctetStream::<3>::from_request(request(octets, "\u{FF}a"), &()).await;
        assert_eq!(read.unwrap().0, "\u{FF}a".as_bytes());
        let large = OctetStream::<3>::from_request(request(octets, "abcd"), &()).await;
        assert_eq!(large.unwrap_err().kind(), &BODY_TOO_LARGE);
        for other in [None, Some("application/json")] {
            let refused = OctetStream::<3>::from_request(request(other, "abc"), &()).await;
            assert_eq!(refused.unwrap_err().kind(), &UNSUPPORTED_MEDIA_TYPE);
        }
    }
}
