//! Events on their way to a connector, as Slack sends them: signed, three seconds to answer, three retries.
//!
//! Slack retries at once, after a minute and after five. The `simulator` program does so; tests drive each attempt
//! themselves, so nothing waits.

use std::future::Future;
use std::time::{Duration, Instant};

use hyper::Method;
use serde::Serialize;

use super::{Shared, SimulatorError};
use crate::http_client::{HttpFailure, header_map};
use crate::signed_request::SignedRequest;
use crate::slack_signer::{as_retry, sign};

/// How long Slack waits for an answer.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// How long Slack waits before each of its retries.
pub const RETRY_AFTER: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_mins(1),
    Duration::from_mins(5),
];

/// An event and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// `Ev…`
    pub event_id: String,
    /// `message`, `app_mention`, or the name of a fixture.
    pub kind: String,
    /// The connector it is for.
    pub connector_id: String,
    /// How it stands.
    pub state: DeliveryState,
    /// Every attempt so far.
    pub attempts: Vec<Attempt>,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Not sent yet.
    Waiting,
    /// Answered with 2xx in time.
    Accepted,
    /// Failed, and Slack would try again.
    Retrying,
    /// Failed, and Slack would not try again.
    GivenUp,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// 0 for the first one, else `X-Slack-Retry-Num`.
    pub retry_number: u32,
    /// `X-Slack-Retry-Reason`.
    pub retry_reason: Option<String>,
    /// When it was made, in milliseconds.
    pub at_ms: i64,
    /// How long the answer took, in milliseconds.
    pub duration_ms: u64,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// The body of the answer.
    pub body: String,
    /// Why it failed, in Slack's words: `http_timeout`, `connection_failed`, `http_error`, ….
    pub failure: Option<String>,
}

/// The answer of a webhook that was called without HTTP, for tests that call the function itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// The status.
    pub status: u16,
    /// Whether `X-Slack-No-Retry: 1` was among the headers.
    pub no_retry: bool,
    /// The body.
    pub body: String,
}

impl WebhookAnswer {
    /// An answer with that status and body.
    #[must_use]
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            no_retry: false,
            body: body.into(),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) delivery: Delivery,
    pub(super) body: Vec<u8>,
    pub(super) no_retry: bool,
}

impl Event {
    pub(super) const fn new(
        event_id: String,
        kind: String,
        connector_id: String,
        body: Vec<u8>,
    ) -> Self {
        Self {
            delivery: Delivery {
                event_id,
                kind,
                connector_id,
                state: DeliveryState::Waiting,
                attempts: Vec::new(),
            },
            body,
            no_retry: false,
        }
    }

    fn last_failure(&self) -> Option<&str> {
        self.delivery.attempts.last()?.failure.as_deref()
    }

    fn record(&mut self, attempt: Attempt, no_retry: bool) {
        self.no_retry = no_retry;
        let was_accepted = self.delivery.state == DeliveryState::Accepted;
        self.delivery.attempts.push(attempt);
        let failed = self.last_failure();
        self.delivery.state = match failed {
            None => DeliveryState::Accepted,
            // Somebody asked for one more delivery of what was accepted before; Slack knows it as accepted.
            Some(_) if was_accepted => DeliveryState::Accepted,
            // X-Slack-No-Retry counts on an answer only; a timeout has none.
            Some(_) if no_retry => DeliveryState::GivenUp,
            Some(_) if self.delivery.attempts.len() > RETRY_AFTER.len() => DeliveryState::GivenUp,
            Some(_) => DeliveryState::Retrying,
        };
    }
}

/// What the next attempt at an event sends.
#[derive(Clone, Debug)]
pub(super) struct NextAttempt {
    pub(super) request: SignedRequest,
    pub(super) retry_number: u32,
    pub(super) retry_reason: Option<String>,
    pub(super) url: Option<String>,
}

pub(super) fn next_attempt(shared: &Shared, event_id: &str) -> Result<NextAttempt, SimulatorError> {
    let world = shared.world();
    let event = world
        .events
        .get(event_id)
        .ok_or_else(|| SimulatorError(format!("no event {event_id}")))?;
    let app = world.app(&event.delivery.connector_id).ok_or_else(|| {
        SimulatorError(format!(
            "no app for connector {}",
            event.delivery.connector_id
        ))
    })?;
    let retry_number = u32::try_from(event.delivery.attempts.len()).unwrap_or(u32::MAX);
    let request = sign(
        &app.config.signing_secret,
        shared.clock.now_secs(),
        event.body.clone(),
    );
    // A redelivery of what was accepted is, for Slack, one whose answer got lost.
    let reason = event.last_failure().unwrap_or("http_timeout").to_owned();
    let url = world.webhook_url(app);
    if retry_number == 0 {
        return Ok(NextAttempt {
            request,
            retry_number,
            retry_reason: None,
            url,
        });
    }
    Ok(NextAttempt {
        request: as_retry(request, retry_number, &reason),
        retry_number,
        retry_reason: Some(reason),
        url,
    })
}

/// Makes one attempt with whatever `send` does and records it.
pub(super) async fn attempt_with<S, F>(
    shared: &Shared,
    event_id: &str,
    send: S,
) -> Result<Delivery, SimulatorError>
where
    S: FnOnce(NextAttempt) -> F,
    F: Future<Output = Result<WebhookAnswer, String>>,
{
    let next = next_attempt(shared, event_id)?;
    let (retry_number, retry_reason) = (next.retry_number, next.retry_reason.clone());
    let at_ms = shared.clock.now_ms();
    let started = Instant::now();
    let answer = send(next).await;
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (status, body, no_retry, failure) = match answer {
        Ok(answer) => {
            let failure = (!(200..300).contains(&answer.status)).then(|| "http_error".to_owned());
            (Some(answer.status), answer.body, answer.no_retry, failure)
        }
        Err(failure) => (None, String::new(), false, Some(failure)),
    };
    let attempt = Attempt {
        retry_number,
        retry_reason,
        at_ms,
        duration_ms,
        status,
        body,
        failure,
    };
    shared
        .change(|world| {
            world.events.get_mut(event_id).map(|event| {
                event.record(attempt, no_retry);
                event.delivery.clone()
            })
        })
        .ok_or_else(|| SimulatorError(format!("no event {event_id}")))
}

/// Makes one attempt over HTTP.
pub(super) async fn attempt(shared: &Shared, event_id: &str) -> Result<Delivery, SimulatorError> {
    attempt_with(shared, event_id, |next| post(shared, next)).await
}

async fn post(shared: &Shared, next: NextAttempt) -> Result<WebhookAnswer, String> {
    let url = next.url.unwrap_or_default();
    let pairs = next
        .request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let headers = header_map(pairs).map_err(|_| "unknown_error".to_owned())?;
    let answer = shared
        .client
        .send(
            Method::POST,
            &url,
            headers,
            next.request.body.into(),
            Some(ANSWER_LIMIT),
        )
        .await
        .map_err(|failure| {
            match failure {
                HttpFailure::Timeout => "http_timeout",
                HttpFailure::Connection(_) => "connection_failed",
                HttpFailure::Invalid(_) => "unknown_error",
            }
            .to_owned()
        })?;
    Ok(WebhookAnswer {
        status: answer.status.as_u16(),
        no_retry: answer
            .headers
            .get("x-slack-no-retry")
            .is_some_and(|value| value.as_bytes() == b"1"),
        body: String::from_utf8_lossy(&answer.body).into_owned(),
    })
}
