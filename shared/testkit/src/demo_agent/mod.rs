//! An agent to try Vestibule with. Its answers show which facts about the person and the message it received.
//!
//! | call | effect |
//! |---|---|
//! | `POST /deliveries` | accepts a delivery: Standard Webhooks headers and our envelope; 401 for a bad signature or time |
//! | `GET /deliveries` | `{"deliveries": [...], "refused": [...], "violations": [...]}` |
//! | `POST /_control/failures` | `{"kind": "http", "status": 503, "retry_after_secs"?: 5, "times"?: 1}`; also `stall`, `reset_before`, `reset_after` |
//! | `DELETE /_control/failures` | ends all failures |
//! | `POST /_control/answer` | sets the body of every later answer; `null` restores the agent's own |
//!
//! Whoever writes the word "human" is handed off to people.
//!
//! A delivery with a repeated `webhook-id` is counted once and gets its first answer again.

mod answer;
mod envelope;
mod webhook_signature;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::clock::TestClock;
use crate::loopback::{self, Loopback};

pub use webhook_signature::{WebhookHeaders, key, verify};

/// A running agent. It stops when dropped.
#[derive(Debug)]
pub struct DemoAgent {
    server: Loopback,
    shared: Arc<Shared>,
}

/// One delivery that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentDelivery {
    /// `webhook-id`
    pub webhook_id: String,
    /// The number of times it arrived.
    pub times_received: u32,
    /// The envelope.
    pub body: Value,
    /// The answer to it.
    pub answer: Value,
}

/// A way for a delivery to fail.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AgentFailure {
    /// Answers with this status before anything is checked.
    Http {
        /// A status such as 503.
        status: u16,
        /// Value of `Retry-After`.
        #[serde(default)]
        retry_after_secs: Option<u64>,
    },
    /// Never answers; the delivery does not count.
    Stall,
    /// Resets the connection; the delivery does not count.
    ResetBefore,
    /// Counts the delivery, then resets the connection.
    ResetAfter,
}

#[derive(Debug, Deserialize)]
struct FailureRule {
    #[serde(flatten)]
    failure: AgentFailure,
    #[serde(default)]
    times: Option<u32>,
}

#[derive(Debug)]
struct Shared {
    key: Mutex<Vec<u8>>,
    clock: TestClock,
    records: Mutex<Records>,
    revision: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Records {
    deliveries: Vec<AgentDelivery>,
    refused: Vec<String>,
    violations: Vec<String>,
    failures: Vec<FailureRule>,
    answer: Option<Value>,
    answer_bytes: Option<Bytes>,
    answer_texts: Option<usize>,
    messages_of: BTreeMap<String, u32>,
}

impl DemoAgent {
    /// Starts an agent on a free loopback port. The secret is `whsec_<base64>`.
    ///
    /// # Errors
    /// When no port can be bound or the secret is not one.
    pub async fn start(signing_secret: &str, clock: TestClock) -> io::Result<Self> {
        Self::start_on("127.0.0.1:0", signing_secret, clock).await
    }

    /// Starts an agent on this address.
    ///
    /// # Errors
    /// When the address cannot be bound or the secret is not one.
    pub async fn start_on(
        listen: &str,
        signing_secret: &str,
        clock: TestClock,
    ) -> io::Result<Self> {
        let key = key(signing_secret).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "the signing secret must be whsec_ and 24 to 64 bytes in base64",
            )
        })?;
        let shared = Arc::new(Shared {
            key: Mutex::new(key),
            clock,
            records: Mutex::default(),
            revision: watch::Sender::new(0),
        });
        let router = Router::new()
            .route("/deliveries", get(list).post(deliver))
            .route(
                "/_control/failures",
                post(add_failure).delete(clear_failures),
            )
            .route("/_control/answer", post(set_answer))
            .layer(DefaultBodyLimit::max(4 * 1024 * 1024))
            .with_state(Arc::clone(&shared));
        Ok(Self {
            server: Loopback::start_on(listen, router).await?,
            shared,
        })
    }

    /// The address of the server, which is also its origin.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The endpoint for an environment.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{}/deliveries", self.server.url())
    }

    /// The accepted deliveries, in the order of arrival.
    #[must_use]
    pub fn deliveries(&self) -> Vec<AgentDelivery> {
        self.shared.records().deliveries.clone()
    }

    /// The reasons for which deliveries were refused: bad signatures and times.
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        self.shared.records().refused.clone()
    }

    /// Faults of deliveries with a good signature. A test asserts that there are none.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.shared.records().violations.clone()
    }

    /// Makes the next `times` deliveries fail, or all until [`Self::clear_failures`].
    pub fn fail(&self, failure: AgentFailure, times: Option<u32>) {
        self.shared
            .records()
            .failures
            .push(FailureRule { failure, times });
    }

    /// Verifies later deliveries with this secret instead. Returns whether it is one.
    #[must_use]
    pub fn verify_with(&self, signing_secret: &str) -> bool {
        let Some(new) = key(signing_secret) else {
            return false;
        };
        let held = &self.shared.key;
        *held.lock().unwrap_or_else(PoisonError::into_inner) = new;
        true
    }

    /// Ends all failures.
    pub fn clear_failures(&self) {
        self.shared.records().failures.clear();
    }

    /// Sets the body of every later answer; `Value::Null` sends an empty one.
    pub fn answer_with(&self, body: Value) {
        let mut records = self.shared.records();
        records.answer = Some(body);
        records.answer_bytes = None;
    }

    /// Answers every later delivery with this many texts, each the message's own text and a number.
    pub fn answer_with_texts(&self, number: usize) {
        self.shared.records().answer_texts = Some(number);
    }

    /// Sends these bytes, JSON or not, as the body of every later answer.
    pub fn answer_with_bytes(&self, body: &'static [u8]) {
        self.shared.records().answer_bytes = Some(Bytes::from_static(body));
    }

    /// Waits until this number of different deliveries has been accepted.
    ///
    /// # Errors
    /// With the deliveries so far, after the deadline.
    pub async fn await_deliveries(
        &self,
        count: usize,
        deadline: Duration,
    ) -> Result<Vec<AgentDelivery>, Vec<AgentDelivery>> {
        let mut revision = self.shared.revision.subscribe();
        let arrived = revision.wait_for(|_| self.shared.records().deliveries.len() >= count);
        let in_time = tokio::time::timeout(deadline, arrived).await.is_ok();
        let deliveries = self.deliveries();
        if in_time {
            Ok(deliveries)
        } else {
            Err(deliveries)
        }
    }
}

impl Shared {
    fn key(&self) -> Vec<u8> {
        let key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        key.clone()
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    fn next_failure(&mut self) -> Option<AgentFailure> {
        let rule = self.failures.first_mut()?;
        let failure = rule.failure.clone();
        if let Some(times) = &mut rule.times {
            *times = times.saturating_sub(1);
        }
        self.failures.retain(|rule| rule.times != Some(0));
        Some(failure)
    }

    /// Counts a new delivery, and returns the answer to a new or a repeated one.
    fn accept(&mut self, webhook_id: &str, envelope: Value) -> Value {
        if let Some(known) = self
            .deliveries
            .iter_mut()
            .find(|delivery| delivery.webhook_id == webhook_id)
        {
            known.times_received += 1;
            if known.body.pointer("/message") != envelope.pointer("/message") {
                self.violations
                    .push(format!("{webhook_id} came again with another message"));
            }
            return known.answer.clone();
        }
        self.violations
            .extend(envelope::faults(&envelope, webhook_id));
        let person = envelope
            .pointer("/chat_user/id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let count = self.messages_of.entry(person.to_owned()).or_default();
        *count += 1;
        let own = || match self.answer_texts {
            Some(number) => json!({ "replies": numbered(&envelope, number) }),
            None if answer::is_for_a_human(&envelope) => answer::handing_off(&envelope),
            None => json!({"replies": [{"text": answer::to(&envelope, *count)}]}),
        };
        let answer = self.answer.clone().unwrap_or_else(own);
        self.deliveries.push(AgentDelivery {
            webhook_id: webhook_id.to_owned(),
            times_received: 1,
            body: envelope,
            answer: answer.clone(),
        });
        answer
    }
}

async fn deliver(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let failure = shared.records().next_failure();
    match &failure {
        Some(AgentFailure::Stall) => return loopback::never().await,
        Some(AgentFailure::ResetBefore) => return loopback::reset(),
        Some(AgentFailure::Http {
            status,
            retry_after_secs,
        }) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = status.into_response();
            if let Some(secs) = retry_after_secs {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, (*secs).into());
            }
            return response;
        }
        Some(AgentFailure::ResetAfter) | None => {}
    }
    let answer = match read(&shared, &headers, &body) {
        Ok((webhook_id, envelope)) => {
            let answer = shared.records().accept(&webhook_id, envelope);
            shared.revision.send_modify(|revision| *revision += 1);
            answer
        }
        Err(reason) => {
            shared.records().refused.push(reason.to_owned());
            return (StatusCode::UNAUTHORIZED, Json(json!({"error": reason}))).into_response();
        }
    };
    if failure == Some(AgentFailure::ResetAfter) {
        return loopback::reset();
    }
    let bytes = shared.records().answer_bytes.clone();
    if let Some(bytes) = bytes {
        return ([(header::CONTENT_TYPE, "application/json")], bytes).into_response();
    }
    if answer.is_null() {
        return StatusCode::NO_CONTENT.into_response();
    }
    Json(answer).into_response()
}

fn read(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(String, Value), &'static str> {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let webhook = WebhookHeaders {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
    };
    verify(&shared.key(), &webhook, body, shared.clock.now_secs())?;
    if !header("content-type").starts_with("application/json") {
        shared
            .records()
            .violations
            .push(format!("content type `{}`", header("content-type")));
    }
    let envelope = serde_json::from_slice(body).map_err(|_| "the body is not JSON")?;
    Ok((webhook.id.to_owned(), envelope))
}

/// The message's own text, this many times, each with a number: `Hello 1`, `Hello 2`.
fn numbered(envelope: &Value, number: usize) -> Vec<Value> {
    let said = envelope.pointer("/message/text").and_then(Value::as_str);
    let said = said.unwrap_or_default();
    (1..=number)
        .map(|number| json!({"text": format!("{said} {number}")}))
        .collect()
}

async fn list(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let records = shared.records();
    Json(json!({
        "deliveries": records.deliveries,
        "refused": records.refused,
        "violations": records.violations,
    }))
}

async fn add_failure(
    State(shared): State<Arc<Shared>>,
    Json(rule): Json<FailureRule>,
) -> StatusCode {
    shared.records().failures.push(rule);
    StatusCode::NO_CONTENT
}

async fn clear_failures(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.records().failures.clear();
    StatusCode::NO_CONTENT
}

async fn set_answer(State(shared): State<Arc<Shared>>, Json(answer): Json<Value>) -> StatusCode {
    shared.records().answer = (!answer.is_null()).then_some(answer);
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests;
