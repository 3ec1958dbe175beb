//! Events on their way to a connector, as the platforms send them: signed, with a time to answer and a schedule of
//! retries.
//!
//! | platform | time to answer | retries |
//! |---|---|---|
//! | Slack | 3 s | at once, after 1 and 5 minutes |
//! | Teams | 15 s | two, after 1 and 5 s: the number is known, the times are not |
//! | Telegram | 60 s | after 1 s, doubling to a minute, or `Retry-After`, for a day; what follows in the same chat waits |
//! | 360dialog | 10 s | after 5 s, doubling to an hour, for 7 days: only the 7 days are documented |
//! | Twilio | 15 s | one when there was no connection; after a 5xx only if the URL has `#rp=5xx` (or `all`) |
//!
//! The `simulator` program keeps the schedule; tests drive each attempt themselves, so nothing waits.

use std::future::Future;
use std::time::{Duration, Instant};

use hyper::Method;
use serde::Serialize;

use super::api::text_header;
use super::calls::Violation;
use super::connectors::Account;
use super::platform::Platform;
use super::world::World;
use super::{Shared, SimulatorError, dialog360, teams, telegram, twilio};
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
/// How long Teams waits before each of its retries.
const TEAMS_RETRY_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// Telegram and 360dialog double their wait up to this.
const TELEGRAM_LONGEST_WAIT: Duration = Duration::from_mins(1);
const DIALOG360_LONGEST_WAIT: Duration = Duration::from_hours(1);
/// What is older is no longer sent.
const TELEGRAM_KEEPS: Duration = Duration::from_hours(24);
const DIALOG360_KEEPS: Duration = Duration::from_hours(7 * 24);
/// Telegram heeds a `Retry-After` up to this.
const TELEGRAM_LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// An event and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// The platform's id of it, or the simulator's own.
    pub event_id: String,
    /// The platform.
    pub provider: Platform,
    /// `message`, `app_mention`, `status`, or the name of a fixture.
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
    /// Failed, and the platform would try again.
    Retrying,
    /// Failed, and the platform would not try again.
    GivenUp,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// 0 for the first one, else the number of the retry, Slack's `X-Slack-Retry-Num`.
    pub retry_number: u32,
    /// Why there is a retry, as in Slack's `X-Slack-Retry-Reason`.
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
    /// `Retry-After`, in seconds.
    pub retry_after_secs: Option<u64>,
    /// `Content-Type`
    pub content_type: Option<String>,
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
    /// Where it goes, if not to the connector's webhook.
    pub(super) url: Option<String>,
    /// Events of the same queue go out one after another.
    pub(super) queue: Option<String>,
    /// Grows with each event.
    pub(super) order: u64,
    /// When the platform tries again, after the last attempt.
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
            next_after: None,
        }
    }

    /// The same event, to be sent after those that are in the queue already.
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

    fn last_failure(&self) -> Option<&str> {
        self.delivery.attempts.last()?.failure.as_deref()
    }

    fn record(&mut self, attempt: Attempt, answer: Option<&WebhookAnswer>, url: &str) {
        let was_accepted = self.delivery.state == DeliveryState::Accepted;
        self.delivery.attempts.push(attempt);
        self.next_after = None;
        self.delivery.state = match self.last_failure() {
            None => DeliveryState::Accepted,
            // Somebody asked for one more delivery of what was accepted before; the platform knows it as accepted.
            Some(_) if was_accepted => DeliveryState::Accepted,
            Some(_) => {
                self.next_after = self.wait(answer, url);
                match self.next_after {
                    Some(_) => DeliveryState::Retrying,
                    None => DeliveryState::GivenUp,
                }
            }
        };
    }

    /// How long the platform waits after the last failure, if it tries again.
    fn wait(&self, answer: Option<&WebhookAnswer>, url: &str) -> Option<Duration> {
        let attempts = &self.delivery.attempts;
        let retries = attempts.len().saturating_sub(1);
        let age_ms = attempts.last()?.at_ms - attempts.first()?.at_ms;
        let is_younger =
            |limit: Duration| u128::try_from(age_ms).unwrap_or_default() < limit.as_millis();
        let doubled = |first: u64, longest: Duration| {
            let factor = 1_u64 << retries.min(16);
            Duration::from_secs(first * factor).min(longest)
        };
        match self.delivery.provider {
            // X-Slack-No-Retry counts on an answer only; a timeout has none.
            Platform::Slack if answer.is_some_and(|answer| answer.no_retry) => None,
            Platform::Slack => RETRY_AFTER.get(retries).copied(),
            Platform::Teams => TEAMS_RETRY_AFTER.get(retries).copied(),
            Platform::Telegram if is_younger(TELEGRAM_KEEPS) => answer
                .and_then(|answer| answer.retry_after_secs)
                .map(|secs| Duration::from_secs(secs).min(TELEGRAM_LONGEST_RETRY_AFTER))
                .or_else(|| Some(doubled(1, TELEGRAM_LONGEST_WAIT))),
            Platform::Dialog360 if is_younger(DIALOG360_KEEPS) => {
                Some(doubled(5, DIALOG360_LONGEST_WAIT))
            }
            Platform::Telegram | Platform::Dialog360 => None,
            Platform::Twilio => {
                let status = attempts.last()?.status;
                twilio::retries(url, status, retries).then_some(Duration::ZERO)
            }
        }
    }
}

/// How long a platform waits for an answer.
const fn answer_limit(platform: Platform) -> Duration {
    match platform {
        Platform::Slack => ANSWER_LIMIT,
        Platform::Teams | Platform::Twilio => Duration::from_secs(15),
        Platform::Telegram => Duration::from_mins(1),
        Platform::Dialog360 => Duration::from_secs(10),
    }
}

/// What is wrong with the answer of a webhook that was called without a mistake of the platform's.
fn wrong_answer(platform: Platform, answer: &WebhookAnswer) -> Option<String> {
    if !(200..300).contains(&answer.status) {
        return None;
    }
    match platform {
        Platform::Slack | Platform::Dialog360 => None,
        Platform::Teams => (!answer.body.is_empty())
            .then(|| "a body in the answer to an activity that wants none".to_owned()),
        Platform::Telegram => (!answer.body.is_empty()).then(|| {
            "a body in the answer: what is in it would be carried out as a call".to_owned()
        }),
        Platform::Twilio => twilio::wrong_answer(answer),
    }
}

/// What the next attempt at an event sends.
#[derive(Clone, Debug)]
pub(super) struct NextAttempt {
    pub(super) request: SignedRequest,
    pub(super) retry_number: u32,
    pub(super) retry_reason: Option<String>,
    pub(super) url: Option<String>,
    pub(super) answer_limit: Duration,
}

pub(super) fn next_attempt(shared: &Shared, event_id: &str) -> Result<NextAttempt, SimulatorError> {
    let world = shared.world();
    let event = world
        .events
        .get(event_id)
        .ok_or_else(|| SimulatorError(format!("no event {event_id}")))?;
    let retry_number = u32::try_from(event.delivery.attempts.len()).unwrap_or(u32::MAX);
    // A redelivery of what was accepted is, for the platform, one whose answer got lost.
    let retry_reason =
        (retry_number > 0).then(|| event.last_failure().unwrap_or("http_timeout").to_owned());
    let (request, url) = signed(
        &world,
        event,
        shared.clock.now_secs(),
        &shared.base_url(),
        retry_reason.as_deref().map(|reason| (retry_number, reason)),
    )?;
    Ok(NextAttempt {
        request,
        retry_number,
        retry_reason,
        url,
        answer_limit: answer_limit(event.delivery.provider),
    })
}

/// The request as the platform signs it now, and where it goes.
fn signed(
    world: &World,
    event: &Event,
    now_secs: i64,
    base_url: &str,
    retry: Option<(u32, &str)>,
) -> Result<(SignedRequest, Option<String>), SimulatorError> {
    let connector_id = &event.delivery.connector_id;
    let body = event.body.clone();
    if let Some(app) = world.app(connector_id) {
        let request = sign(&app.config.signing_secret, now_secs, body);
        let request = match retry {
            Some((number, reason)) => as_retry(request, number, reason),
            None => request,
        };
        return Ok((request, world.webhook_url(app)));
    }
    let connector = world
        .connector(connector_id)
        .ok_or_else(|| SimulatorError(format!("no app for connector {connector_id}")))?;
    let url = event
        .url
        .clone()
        .or_else(|| connector.webhook_url(world.api_url.as_deref()));
    let request = match &connector.config.account {
        Account::Telegram(account) => telegram::signed(connector, account, body),
        Account::Dialog360(account) => dialog360::signed(connector, account, body),
        Account::Twilio(account) => {
            twilio::signed(account, url.as_deref().unwrap_or_default(), body)
        }
        Account::Teams(account) => teams::signed(account, base_url, now_secs, body)?,
    };
    Ok((request, url))
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
    let url = next.url.clone().unwrap_or_default();
    let at_ms = shared.clock.now_ms();
    let started = Instant::now();
    let answer = send(next).await;
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let attempt = Attempt {
        retry_number,
        retry_reason,
        at_ms,
        duration_ms,
        status: answer.as_ref().ok().map(|answer| answer.status),
        body: answer
            .as_ref()
            .map(|answer| answer.body.clone())
            .unwrap_or_default(),
        failure: match &answer {
            Ok(answer) if (200..300).contains(&answer.status) => None,
            Ok(_) => Some("http_error".to_owned()),
            Err(failure) => Some(failure.clone()),
        },
    };
    shared
        .change(|world| {
            let event = world.events.get_mut(event_id)?;
            event.record(attempt, answer.as_ref().ok(), &url);
            let delivery = event.delivery.clone();
            let wrong = answer
                .ok()
                .and_then(|answer| wrong_answer(delivery.provider, &answer));
            world.violations.extend(wrong.map(|what| Violation {
                call: 0,
                provider: delivery.provider,
                method: "webhook".to_owned(),
                what,
            }));
            Some(delivery)
        })
        .ok_or_else(|| SimulatorError(format!("no event {event_id}")))
}

/// Makes one attempt over HTTP.
pub(super) async fn attempt(shared: &Shared, event_id: &str) -> Result<Delivery, SimulatorError> {
    attempt_with(shared, event_id, |next| post(shared, next)).await
}

async fn post(shared: &Shared, next: NextAttempt) -> Result<WebhookAnswer, String> {
    let url = next.url.unwrap_or_default();
    // The fragment is the platform's own; it never goes over the wire.
    let url = url.split('#').next().unwrap_or_default();
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
            url,
            headers,
            next.request.body.into(),
            Some(next.answer_limit),
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
    let header = |name: &str| text_header(&answer.headers, name);
    Ok(WebhookAnswer {
        status: answer.status.as_u16(),
        no_retry: header("x-slack-no-retry").as_deref() == Some("1"),
        retry_after_secs: header("retry-after").and_then(|secs| secs.parse().ok()),
        content_type: header("content-type"),
        body: String::from_utf8_lossy(&answer.body).into_owned(),
    })
}
