//! The events that Lambda passes to a function: HTTP API requests (payload format 2.0) and SQS batches.

use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use crate::signed_request::SignedRequest;

/// One request to the HTTP API.
#[derive(Clone, Debug)]
pub struct HttpRequest<'a> {
    /// `POST`, `GET`, …
    pub method: &'a str,
    /// The path without the query, as the client sent it.
    pub path: &'a str,
    /// The query without the question mark, as the client sent it.
    pub query: &'a str,
    /// Names in any case. Repeated headers are joined with commas, as the HTTP API does.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Path parameters of the route, such as `connector_id`.
    pub path_parameters: Vec<(&'a str, &'a str)>,
    /// Time of arrival, in milliseconds.
    pub time_ms: i64,
}

/// Encoding of the body in the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEncoding {
    /// Text, which requires UTF-8.
    Text,
    /// Base64, with `isBase64Encoded`.
    Base64,
}

/// The event for a webhook call to `/webhooks/slack/<connector_id>`.
#[must_use]
pub fn slack_webhook(request: &SignedRequest, connector_id: &str) -> Value {
    http_api(
        &webhook(request, &slack_path(connector_id), connector_id),
        BodyEncoding::Text,
    )
}

/// The event for a webhook call to `/webhooks/<provider>/<connector_id>`.
#[must_use]
pub fn webhook_call(request: &SignedRequest, provider: &str, connector_id: &str) -> Value {
    let path = format!("/webhooks/{provider}/{connector_id}");
    http_api(&webhook(request, &path, connector_id), BodyEncoding::Text)
}

/// The event for a webhook call with the body in base64, as for binary media types and some clients.
#[must_use]
pub fn slack_webhook_base64(request: &SignedRequest, connector_id: &str) -> Value {
    http_api(
        &webhook(request, &slack_path(connector_id), connector_id),
        BodyEncoding::Base64,
    )
}

/// The event for any call. A body that is not UTF-8 is always sent in base64.
#[must_use]
pub fn http_api(request: &HttpRequest<'_>, encoding: BodyEncoding) -> Value {
    let text = std::str::from_utf8(&request.body)
        .ok()
        .filter(|_| encoding == BodyEncoding::Text);
    let mut headers = Map::new();
    headers.insert("host".into(), json!("api.example.test"));
    headers.insert("x-forwarded-proto".into(), json!("https"));
    headers.insert(
        "content-length".into(),
        json!(request.body.len().to_string()),
    );
    for (name, value) in &request.headers {
        let name = name.to_ascii_lowercase();
        let joined = match headers.get(&name).and_then(Value::as_str) {
            Some(before) if name != "host" => format!("{before},{value}"),
            _ => value.clone(),
        };
        headers.insert(name, json!(joined));
    }
    let user_agent = headers
        .get("user-agent")
        .cloned()
        .unwrap_or_else(|| json!(""));
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "testapi000",
            "domainName": "api.example.test",
            "domainPrefix": "api",
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": user_agent,
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": request.time_ms,
        },
        "isBase64Encoded": text.is_none(),
    });
    if let Value::Object(fields) = &mut event {
        if !request.body.is_empty() {
            let body = text.map_or_else(|| BASE64.encode(&request.body), str::to_owned);
            fields.insert("body".into(), json!(body));
        }
        if !request.query.is_empty() {
            let mut query = Map::new();
            for (name, value) in url::form_urlencoded::parse(request.query.as_bytes()) {
                query.insert(name.into_owned(), json!(value));
            }
            fields.insert("queryStringParameters".into(), Value::Object(query));
        }
        if !request.path_parameters.is_empty() {
            let parameters: Map<String, Value> = request
                .path_parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect();
            fields.insert("pathParameters".into(), Value::Object(parameters));
        }
    }
    event
}

/// One message of a batch that is not from [`crate::aws_stub`].
#[derive(Clone, Debug)]
pub struct SqsRecord {
    /// The id that names the message in the function's answer.
    pub message_id: String,
    /// The body.
    pub body: String,
    /// 1 on the first delivery.
    pub receive_count: u32,
    /// The group, for a FIFO queue.
    pub group_id: Option<String>,
    /// Time of sending, in milliseconds.
    pub sent_ms: i64,
}

impl SqsRecord {
    /// A message on its first delivery from a standard queue.
    #[must_use]
    pub fn new(message_id: &str, body: impl Into<String>) -> Self {
        Self {
            message_id: message_id.to_owned(),
            body: body.into(),
            receive_count: 1,
            group_id: None,
            sent_ms: 0,
        }
    }
}

/// The event for a batch from the queue with this name.
#[must_use]
pub fn sqs_batch(queue_name: &str, records: &[SqsRecord]) -> Value {
    let records: Vec<Value> = records
        .iter()
        .map(|record| {
            let mut attributes = Map::new();
            attributes.insert(
                "ApproximateReceiveCount".into(),
                json!(record.receive_count.to_string()),
            );
            attributes.insert("SentTimestamp".into(), json!(record.sent_ms.to_string()));
            attributes.insert("SenderId".into(), json!("AIDATESTSENDER"));
            attributes.insert(
                "ApproximateFirstReceiveTimestamp".into(),
                json!(record.sent_ms.to_string()),
            );
            if let Some(group) = &record.group_id {
                attributes.insert("MessageGroupId".into(), json!(group));
            }
            sqs_record(
                queue_name,
                &record.message_id,
                &format!("receipt-{}", record.message_id),
                &record.body,
                &attributes,
            )
        })
        .collect();
    json!({ "Records": records })
}

pub(crate) fn sqs_record(
    queue_name: &str,
    message_id: &str,
    receipt_handle: &str,
    body: &str,
    attributes: &Map<String, Value>,
) -> Value {
    json!({
        "messageId": message_id,
        "receiptHandle": receipt_handle,
        "body": body,
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": format!("{:x}", md5::compute(body)),
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{queue_name}"),
        "awsRegion": "us-east-1",
    })
}

fn slack_path(connector_id: &str) -> String {
    format!("/webhooks/slack/{connector_id}")
}

fn webhook<'a>(request: &SignedRequest, path: &'a str, connector_id: &'a str) -> HttpRequest<'a> {
    HttpRequest {
        method: "POST",
        path,
        query: "",
        headers: request.headers.clone(),
        body: request.body.clone(),
        path_parameters: vec![("connector_id", connector_id)],
        time_ms: request
            .header(crate::slack_signer::TIMESTAMP_HEADER)
            .and_then(|seconds| seconds.parse::<i64>().ok())
            .unwrap_or_default()
            .saturating_mul(1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack_signer::sign;

    #[test]
    fn a_webhook_event_carries_the_signed_bytes_and_lower_case_headers() {
        let request = sign("s", 5, "{\"a\":\"é\"}").with_header("X-Slack-Retry-Num", "1");
        let event = slack_webhook(&request, "01ABC");
        assert_eq!(event["body"], "{\"a\":\"é\"}");
        assert_eq!(event["isBase64Encoded"], false);
        assert_eq!(event["headers"]["x-slack-retry-num"], "1");
        assert_eq!(event["pathParameters"]["connector_id"], "01ABC");
        assert_eq!(event["requestContext"]["timeEpoch"], 5000);
        let encoded = slack_webhook_base64(&request, "01ABC");
        assert_eq!(encoded["isBase64Encoded"], true);
        assert_eq!(
            BASE64
                .decode(encoded["body"].as_str().unwrap().as_bytes())
                .unwrap(),
            request.body
        );
    }

    #[test]
    fn a_body_that_is_not_utf8_goes_in_base64() {
        let event = slack_webhook(&sign("s", 5, vec![0xff, 0xfe]), "01ABC");
        assert_eq!(event["isBase64Encoded"], true);
        assert_eq!(event["body"], "//4=");
    }

    #[test]
    fn repeated_headers_are_joined_with_commas() {
        let mut request = sign("s", 5, "{}");
        request.headers.push(("X-Two".into(), "a".into()));
        request.headers.push(("x-two".into(), "b".into()));
        assert_eq!(slack_webhook(&request, "c")["headers"]["x-two"], "a,b");
    }
}
