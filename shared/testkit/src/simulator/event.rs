//! Events and the state of their delivery.

use std::time::Duration;

use serde::Serialize;

use super::platform::Platform;

/// An event and its delivery.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// The platform's id of it, or the simulator's own.
    pub event_id: String,
    /// The platform.
    pub provider: Platform,
    /// `message`, `app_mention`, `status`, or the name of a fixture.
    pub kind: String,
    /// The connector that receives it.
    pub connector_id: String,
    /// The state of its delivery.
    pub state: DeliveryState,
    /// Every attempt so far.
    pub attempts: Vec<Attempt>,
}

/// State of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Not sent yet.
    Waiting,
    /// Answered with 2xx in time.
    Accepted,
    /// Failed; the platform tries again.
    Retrying,
    /// Failed; the platform has given up.
    GivenUp,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// 0 for the first attempt, then the number of the retry (Slack's `X-Slack-Retry-Num`).
    pub retry_number: u32,
    /// The reason for the retry, as in Slack's `X-Slack-Retry-Reason`.
    pub retry_reason: Option<String>,
    /// Time of the attempt, in milliseconds.
    pub at_ms: i64,
    /// Time until the answer, in milliseconds.
    pub duration_ms: u64,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// The body of the answer.
    pub body: String,
    /// The reason for the failure, in Slack's words: `http_timeout`, `connection_failed`, `http_error`, ….
    pub failure: Option<String>,
}

/// A webhook's answer without HTTP, for tests that call the function itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// The status.
    pub status: u16,
    /// Whether the headers include `X-Slack-No-Retry: 1`.
    pub no_retry: bool,
    /// `Retry-After`, in seconds.
    pub retry_after_secs: Option<u64>,
    /// `Content-Type`
    pub content_type: Option<String>,
    /// The body.
    pub body: String,
}

impl WebhookAnswer {
    /// An answer with this status and body.
    #[must_use]
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            no_retry: false,
            retry_after_secs: None,
            content_type: None,
            body: body.into(),
        }
    }

    /// The same answer with this content type.
    #[must_use]
    pub fn of_type(mut self, content_type: &str) -> Self {
        self.content_type = Some(content_type.to_owned());
        self
    }
}

#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) delivery: Delivery,
    pub(super) body: Vec<u8>,
    /// Its destination, if it is not the connector's webhook.
    pub(super) url: Option<String>,
    /// The queue whose events are sent one after another.
    pub(super) queue: Option<String>,
    /// Grows with each event.
    pub(super) order: u64,
    /// Whether its first attempt was made or is in progress.
    pub(super) is_taken: bool,
    /// Time from the last attempt to the platform's next one.
    pub(super) next_after: Option<Duration>,
}

impl Event {
    pub(super) fn new(
        provider: Platform,
        event_id: &str,
        kind: &str,
        connector_id: &str,
        body: Vec<u8>,
    ) -> Self {
        Self {
            delivery: Delivery {
                event_id: event_id.to_owned(),
                provider,
                kind: kind.to_owned(),
                connector_id: connector_id.to_owned(),
                state: DeliveryState::Waiting,
                attempts: Vec::new(),
            },
            body,
            url: None,
            queue: None,
            order: 0,
            is_taken: false,
            next_after: None,
        }
    }

    /// The same event, behind the others in this queue.
    pub(super) fn in_queue(mut self, queue: String, order: u64) -> Self {
        self.queue = Some(queue);
        self.order = order;
        self
    }

    /// The same event, for this address.
    pub(super) fn to(mut self, url: String) -> Self {
        self.url = Some(url);
        self
    }

    pub(super) fn last_failure(&self) -> Option<&str> {
        self.delivery.attempts.last()?.failure.as_deref()
    }
}
