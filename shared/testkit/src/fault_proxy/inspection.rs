//! Inspection of every call before it is forwarded.

use std::fmt;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::HeaderMap;
use serde_json::Value;

use crate::aws_stub::form_fields;

/// A call to an AWS service, as it arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrivedCall {
    /// `DynamoDB.GetItem`, `KMS.Decrypt`, …
    pub operation: String,
    /// The access key that signed the call; empty for an unsigned call.
    pub access_key_id: String,
    /// The request's JSON, or the fields of its form; null if it is neither.
    pub input: Value,
}

impl ArrivedCall {
    pub(super) fn new(operation: &str, headers: &HeaderMap, body: &Bytes) -> Self {
        let access_key_id = headers
            .get("authorization")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once("Credential=")?.1.split_once('/'))
            .map_or("", |(id, _)| id);
        let input = if operation.starts_with("SES.") {
            form_fields(body)
        } else {
            serde_json::from_slice(body).unwrap_or(Value::Null)
        };
        Self {
            operation: operation.to_owned(),
            access_key_id: access_key_id.to_owned(),
            input,
        }
    }
}

/// Decides whether a call is allowed; the error is the reason for a refusal.
#[derive(Clone)]
pub struct Inspector(Arc<Inspect>);

type Inspect = dyn Fn(&ArrivedCall) -> Result<(), String> + Send + Sync;

impl Inspector {
    /// An inspector that calls this function.
    pub fn new(
        inspect: impl Fn(&ArrivedCall) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(inspect))
    }

    pub(super) fn inspect(&self, call: &ArrivedCall) -> Result<(), String> {
        self.0(call)
    }
}

impl fmt::Debug for Inspector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Inspector").finish_non_exhaustive()
    }
}
