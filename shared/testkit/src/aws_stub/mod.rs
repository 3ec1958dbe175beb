//! Just enough of SQS, SES, KMS and Secrets Manager for tests, on one loopback port, distinguished by
//! `X-Amz-Target`, and SES by its signature.
//!
//! A test receives from a queue as Lambda's event source mapping does ([`AwsStub::take_batch`]), so no poller
//! runs.
//! Visibility and the five-minute deduplication window follow a [`TestClock`]; nothing sleeps.

mod kms;
mod secrets;
mod ses;
mod sqs;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::clock::TestClock;
use crate::loopback::Loopback;

pub use ses::{SentMail, error_response as query_error, form_fields};
pub use sqs::{Batch, QueueSpec, QueuedMessage};

/// A running stub. It stops when dropped.
#[derive(Debug)]
pub struct AwsStub {
    server: Loopback,
    services: Arc<Services>,
}

#[derive(Debug)]
struct Services {
    clock: TestClock,
    state: Mutex<Contents>,
}

#[derive(Debug, Default)]
struct Contents {
    queues: BTreeMap<String, sqs::Queue>,
    kms: kms::Kms,
    ses: ses::Ses,
    secrets: BTreeMap<String, secrets::Stored>,
    calls: Vec<AwsCall>,
    ids: u64,
}

/// One call that arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct AwsCall {
    /// `SQS.SendMessage`, `KMS.Decrypt`, `SecretsManager.GetSecretValue`, …
    pub operation: String,
    /// The request's JSON.
    pub input: Value,
    /// The status of the answer.
    pub status: u16,
}

/// An error in the shape of the AWS JSON protocols.
#[derive(Debug)]
struct AwsError {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

type Answer = Result<Value, AwsError>;

impl AwsError {
    fn refused(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind,
            message: message.into(),
        }
    }

    fn response(&self, is_sqs: bool) -> Response {
        let body = json!({"__type": self.kind, "message": self.message, "Message": self.message});
        let mut response = (self.status, body.to_string()).into_response();
        // The SDK prefers an error code in this header, left from SQS's query protocol, to the one in the
        // body.
        if is_sqs
            && let Ok(code) =
                HeaderValue::try_from(format!("{};Sender", sqs::query_code(self.kind)))
        {
            response.headers_mut().insert("x-amzn-query-error", code);
        }
        response
    }
}

impl AwsStub {
    /// Starts an empty stub on a free loopback port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(clock: TestClock) -> io::Result<Self> {
        let services = Arc::new(Services {
            clock,
            state: Mutex::default(),
        });
        let router = Router::new()
            .fallback(handle)
            .with_state(Arc::clone(&services));
        Ok(Self {
            server: Loopback::start(router).await?,
            services,
        })
    }

    /// The endpoint URL for the SDK, the same for all services.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Creates a queue and returns its URL. Its dead-letter queue must exist already.
    #[expect(clippy::must_use_candidate, reason = "called for its effect, too")]
    pub fn create_queue(&self, spec: QueueSpec) -> String {
        let url = self.queue_url(&spec.name);
        self.state()
            .queues
            .insert(spec.name.clone(), sqs::Queue::new(spec));
        url
    }

    /// The URL of the queue with this name.
    #[must_use]
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/000000000000/{name}", self.server.url())
    }

    /// Receives the next batch for Lambda as an event: up to `max` visible messages, in order within a group.
    /// `None` if none is visible. Messages that were received too often go to the dead-letter queue instead.
    #[must_use = "what is taken is in flight"]
    pub fn take_batch(&self, queue: &str, max: usize) -> Option<Batch> {
        sqs::take_batch(
            &mut self.state().queues,
            queue,
            max,
            self.services.clock.now_ms(),
        )
    }

    /// Finishes a batch as Lambda does after the function's answer: deletes every message except those in
    /// `batchItemFailures`, which stay in flight until their visibility ends. `None` means that the function
    /// failed or was killed, and keeps all of them.
    pub fn finish_batch(&self, batch: &Batch, answer: Option<&Value>) {
        sqs::finish_batch(&mut self.state().queues, batch, answer);
    }

    /// Every message in the queue (visible, delayed or in flight), in the order of sending.
    #[must_use]
    pub fn messages(&self, queue: &str) -> Vec<QueuedMessage> {
        let now = self.services.clock.now_ms();
        self.state()
            .queues
            .get(queue)
            .map(|queue| queue.messages(now))
            .unwrap_or_default()
    }

    /// The number of messages that the queue ever accepted, without duplicates.
    #[must_use]
    pub fn accepted(&self, queue: &str) -> usize {
        self.state()
            .queues
            .get(queue)
            .map_or(0, sqs::Queue::accepted)
    }

    /// Moves the messages of a dead-letter queue back to their source, as a redrive does, and returns their
    /// number.
    #[expect(clippy::must_use_candidate, reason = "called for its effect, too")]
    pub fn redrive(&self, dead_letter_queue: &str, source: &str) -> usize {
        sqs::redrive(
            &mut self.state().queues,
            dead_letter_queue,
            source,
            self.services.clock.now_ms(),
        )
    }

    /// Creates or replaces a secret and returns its ARN. Both its name and its ARN find it. The value's date is the
    /// present of the stub's clock.
    #[expect(clippy::must_use_candidate, reason = "called for its effect, too")]
    pub fn set_secret(&self, name: &str, value: &str) -> String {
        let arn = secrets::arn(name);
        let stored = secrets::Stored {
            value: value.to_owned(),
            set_ms: self.services.clock.now_ms(),
        };
        let mut state = self.state();
        state.secrets.insert(name.to_owned(), stored.clone());
        state.secrets.insert(arn.clone(), stored);
        arn
    }

    /// Every mail that was sent, in order.
    #[must_use]
    pub fn mails(&self) -> Vec<SentMail> {
        self.state().ses.sent.clone()
    }

    /// Refuses every mail from now on with this code and message, as SES does; `None` sends them again.
    pub fn refuse_mails(&self, refusal: Option<(&'static str, &str)>) {
        self.state().ses.refusal = refusal.map(|(code, message)| (code, message.to_owned()));
    }

    /// Creates a KMS key and returns its ARN. Both its id and its ARN find it.
    #[expect(clippy::must_use_candidate, reason = "called for its effect, too")]
    pub fn create_key(&self, key_id: &str) -> String {
        self.state().kms.create_key(key_id)
    }

    /// Every call so far, in the order of arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<AwsCall> {
        self.state().calls.clone()
    }

    /// The number of calls of one operation, such as `SQS.SendMessage`.
    #[must_use]
    pub fn count(&self, operation: &str) -> usize {
        self.state()
            .calls
            .iter()
            .filter(|call| call.operation == operation)
            .count()
    }

    /// The stub's clock.
    #[must_use]
    pub fn clock(&self) -> &TestClock {
        &self.services.clock
    }

    /// Advances the clock, so that messages become visible again.
    pub fn advance(&self, by: Duration) {
        self.services.clock.advance(by);
    }

    fn state(&self) -> MutexGuard<'_, Contents> {
        self.services.state()
    }
}

impl Services {
    fn state(&self) -> MutexGuard<'_, Contents> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shortens `AmazonSQS.SendMessage` to `SQS.SendMessage`, the name that tests count and break calls by.
#[must_use]
pub fn operation_name(target: &str) -> String {
    let (service, operation) = target.split_once('.').unwrap_or((target, ""));
    let service = match service {
        "AmazonSQS" => "SQS",
        "TrentService" => "KMS",
        "secretsmanager" => "SecretsManager",
        other if other.starts_with("DynamoDB") => "DynamoDB",
        other => other,
    };
    format!("{service}.{operation}")
}

/// Names the operation of a call to an AWS service, such as `SQS.SendMessage`. `None` if it is no such call.
#[must_use]
pub fn operation(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let target = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    match target {
        Some(target) => Some(operation_name(target)),
        None => ses::action(headers, body).map(|action| format!("SES.{action}")),
    }
}

async fn handle(
    State(services): State<Arc<Services>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let operation = operation(&headers, &body).unwrap_or_else(|| operation_name(""));
    let is_ses = operation.starts_with("SES.");
    let input: Value = if is_ses {
        form_fields(&body)
    } else {
        serde_json::from_slice(&body).unwrap_or(Value::Null)
    };
    let signed = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 "));
    let now_ms = services.clock.now_ms();
    let mut state = services.state();
    let answer = if signed {
        dispatch(&mut state, &operation, &input, now_ms)
    } else {
        Err(AwsError {
            status: StatusCode::FORBIDDEN,
            kind: "MissingAuthenticationToken",
            message: "Request is missing Authentication Token".into(),
        })
    };
    let mut response = match &answer {
        answer if is_ses => ses::response(answer),
        Ok(body) => (StatusCode::OK, body.to_string()).into_response(),
        Err(error) => error.response(operation.starts_with("SQS.")),
    };
    state.calls.push(AwsCall {
        operation,
        input,
        status: response.status().as_u16(),
    });
    let headers = response.headers_mut();
    if !is_ses {
        headers.insert(
            "content-type",
            HeaderValue::from_static("application/x-amz-json-1.1"),
        );
    }
    headers.insert("x-amzn-requestid", HeaderValue::from_static("test"));
    response
}

fn dispatch(state: &mut Contents, operation: &str, input: &Value, now_ms: i64) -> Answer {
    state.ids += 1;
    let id = state.ids;
    match operation {
        "SQS.SendMessage" => sqs::send_message(&mut state.queues, input, id, now_ms),
        "SQS.ChangeMessageVisibility" => sqs::change_visibility(&mut state.queues, input, now_ms),
        "SQS.GetQueueAttributes" => sqs::attributes(&state.queues, input, now_ms),
        "SQS.DeleteMessage" => sqs::delete_message(&mut state.queues, input),
        "SES.SendEmail" => ses::send_email(&mut state.ses, input, id),
        "KMS.GenerateDataKey" => state.kms.generate_data_key(input, id),
        "KMS.Decrypt" => state.kms.decrypt(input),
        "SecretsManager.GetSecretValue" => secrets::get_value(&state.secrets, input),
        other => Err(AwsError::refused(
            "UnknownOperationException",
            format!("the stub does not know {other}"),
        )),
    }
}

fn text<'a>(input: &'a Value, field: &str) -> Option<&'a str> {
    input.get(field).and_then(Value::as_str)
}

#[cfg(test)]
mod tests;
