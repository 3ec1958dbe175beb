//! Errors in the words of each service, so that the SDK classifies them as it would real ones.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::Fault;
use super::parts::parts_at;
use crate::aws_stub::query_error;

/// The answer for a fault that has one, to a call with this body.
pub(super) fn error(class: &str, fault: &Fault, body: &[u8]) -> Response {
    let service = class.split_once('.').map_or("", |(service, _)| service);
    match (service, fault) {
        (_, Fault::Garbage | Fault::GarbageAfter) => {
            json_answer(StatusCode::OK, "{\"this is\": not json".into())
        }
        ("SES", Fault::ExpiredCredentials) => query_error(
            StatusCode::FORBIDDEN,
            "ExpiredToken",
            "The security token included in the request is expired",
        ),
        ("SES", Fault::Throttle) => query_error(
            StatusCode::BAD_REQUEST,
            "Throttling",
            "Maximum sending rate exceeded.",
        ),
        ("SES", _) => query_error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
            "Internal failure",
        ),
        (_, Fault::ExpiredCredentials) => aws(
            StatusCode::BAD_REQUEST,
            "com.amazon.coral.service#ExpiredTokenException",
            "The security token included in the request is expired",
        ),
        ("DynamoDB", Fault::Throttle) => aws(
            StatusCode::BAD_REQUEST,
            "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded.",
        ),
        ("DynamoDB", Fault::TransactionConflict) if class.ends_with("TransactWriteItems") => {
            transaction_cancelled(&[true])
        }
        ("DynamoDB", Fault::ConflictAt { pk, sk }) if class.ends_with("TransactWriteItems") => {
            transaction_cancelled(&parts_at(class, body, pk, sk))
        }
        ("DynamoDB", Fault::TransactionConflict | Fault::ConflictAt { .. }) => aws(
            StatusCode::BAD_REQUEST,
            "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
            "Transaction is ongoing for the item",
        ),
        ("DynamoDB", _) => aws(
            StatusCode::INTERNAL_SERVER_ERROR,
            "com.amazonaws.dynamodb.v20120810#InternalServerError",
            "Internal server error",
        ),
        ("SQS", Fault::Throttle) => aws(
            StatusCode::BAD_REQUEST,
            "com.amazonaws.sqs#RequestThrottled",
            "Request was throttled.",
        ),
        ("SQS", _) => aws(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
            "Internal failure",
        ),
        ("KMS" | "SecretsManager", Fault::Throttle) => aws(
            StatusCode::BAD_REQUEST,
            "ThrottlingException",
            "Rate exceeded",
        ),
        ("KMS", _) => aws(
            StatusCode::INTERNAL_SERVER_ERROR,
            "KMSInternalException",
            "Internal error",
        ),
        ("SecretsManager", _) => aws(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServiceError",
            "Internal error",
        ),
        (_, Fault::Throttle) => (
            StatusCode::TOO_MANY_REQUESTS,
            [
                (header::RETRY_AFTER, "1"),
                (header::CONTENT_TYPE, "application/json"),
            ],
            json!({"ok": false, "error": "ratelimited"}).to_string(),
        )
            .into_response(),
        _ => json_answer(StatusCode::INTERNAL_SERVER_ERROR, "upstream error".into()),
    }
}

/// The answer of every AWS service to a call that no policy allows.
pub(super) fn access_denied(class: &str, reason: &str) -> Response {
    if class.starts_with("SES.") {
        return query_error(StatusCode::FORBIDDEN, "AccessDenied", reason);
    }
    aws(StatusCode::BAD_REQUEST, "AccessDeniedException", reason)
}

/// The answer to a transaction with these parts, some of which met a conflict.
fn transaction_cancelled(conflicts: &[bool]) -> Response {
    let code = |is_conflict: &bool| {
        if *is_conflict {
            "TransactionConflict"
        } else {
            "None"
        }
    };
    let codes: Vec<&str> = conflicts.iter().map(code).collect();
    let reason = |code: &&str| match *code {
        "None" => json!({"Code": "None"}),
        code => json!({"Code": code, "Message": "Transaction is ongoing for the item"}),
    };
    let reasons: Vec<Value> = codes.iter().map(reason).collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": message,
        "CancellationReasons": reasons,
    });
    json_answer(StatusCode::BAD_REQUEST, body.to_string())
}

fn aws(status: StatusCode, kind: &str, message: &str) -> Response {
    json_answer(
        status,
        json!({"__type": kind, "message": message}).to_string(),
    )
}

fn json_answer(status: StatusCode, body: String) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/x-amz-json-1.0")],
        body,
    )
        .into_response()
}
