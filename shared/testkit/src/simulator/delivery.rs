//! Delivery of events to a connector, with each platform's own time limit and retry schedule
//! ([`SimulatedPlatform::answer_limit`], [`SimulatedPlatform::retry_after`]).
//!
//! The `simulator` program follows the schedule; tests start each attempt themselves, so nothing waits.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::Method;

use super::asked::text_header;
use super::calls::Violation;
use super::error::SimulatorError;
use super::event::{Attempt, Delivery, DeliveryState, Event, WebhookAnswer};
use super::shared::{FailedAttempt, Shared, Signing, SimulatedPlatform};
use crate::http_client::{HttpFailure, header_map};
use crate::signed_request::SignedRequest;

/// Delay between a call and the first event that follows from it.
const STATUS_DELAY: Duration = Duration::from_millis(150);

/// Records an attempt, and the time of the next one.
fn record(
    event: &mut Event,
    attempt: Attempt,
    answer: Option<&WebhookAnswer>,
    url: &str,
    platform: &dyn SimulatedPlatform,
) {
    let was_accepted = event.delivery.state == DeliveryState::Accepted;
    event.delivery.attempts.push(attempt);
    event.next_after = None;
    event.delivery.state = match event.last_failure() {
        None => DeliveryState::Accepted,
        // A requested redelivery of an accepted event; the platform still counts it as accepted.
        Some(_) if was_accepted => DeliveryState::Accepted,
        Some(_) => {
            event.next_after = platform.retry_after(&FailedAttempt {
                answer,
                retries: event.delivery.attempts.len().saturating_sub(1),
                age: age(&event.delivery),
                url,
            });
            match event.next_after {
                Some(_) => DeliveryState::Retrying,
                None => DeliveryState::GivenUp,
            }
        }
    };
}

/// Time from the first attempt to the last.
fn age(delivery: &Delivery) -> Duration {
    let ends = (delivery.attempts.first(), delivery.attempts.last());
    let (Some(first), Some(last)) = ends else {
        return Duration::ZERO;
    };
    Duration::from_millis(u64::try_from(last.at_ms - first.at_ms).unwrap_or_default())
}

/// The request of the next attempt.
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
        .ok_or_else(|| SimulatorError::no_event(event_id))?;
    let connector_id = &event.delivery.connector_id;
    let connector = world
        .connector(connector_id)
        .ok_or_else(|| SimulatorError::no_connector(connector_id))?;
    let platform = shared.platform(connector.platform());
    let retry_number = u32::try_from(event.delivery.attempts.len()).unwrap_or(u32::MAX);
    // For the platform, a redelivery of an accepted event is one whose answer was lost.
    let retry_reason =
        (retry_number > 0).then(|| event.last_failure().unwrap_or("http_timeout").to_owned());
    let url = event
        .url
        .clone()
        .or_else(|| connector.webhook_url(world.api_url.as_deref()));
    let signing = Signing {
        url: url.as_deref().unwrap_or_default(),
        base_url: &shared.base_url(),
        now_secs: shared.clock.now_secs(),
        retry: retry_reason.as_deref().map(|reason| (retry_number, reason)),
    };
    Ok(NextAttempt {
        request: platform.signed(connector, event.body.clone(), &signing)?,
        retry_number,
        retry_reason,
        url,
        answer_limit: platform.answer_limit(),
    })
}

/// Makes one attempt with `send` and records it.
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
            let platform = shared.platform(event.delivery.provider);
            record(event, attempt, answer.as_ref().ok(), &url, platform);
            let delivery = event.delivery.clone();
            let wrong = answer
                .ok()
                .filter(|answer| (200..300).contains(&answer.status))
                .and_then(|answer| platform.wrong_answer(&answer));
            world.violations.extend(wrong.map(|what| Violation {
                call: 0,
                provider: delivery.provider,
                method: "webhook".to_owned(),
                what,
            }));
            Some(delivery)
        })
        .ok_or_else(|| SimulatorError::no_event(event_id))
}

/// Makes one attempt over HTTP.
pub(super) async fn attempt(shared: &Shared, event_id: &str) -> Result<Delivery, SimulatorError> {
    attempt_with(shared, event_id, |next| post(shared, next)).await
}

async fn post(shared: &Shared, next: NextAttempt) -> Result<WebhookAnswer, String> {
    let url = next.url.unwrap_or_default();
    // The fragment is for the platform itself and is never sent.
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

/// Makes the first attempt, unless an earlier event of its queue is still in progress. A task then makes the
/// retries and sends the events behind it, if that is automatic.
pub(super) async fn first_attempt(
    shared: Arc<Shared>,
    event_id: String,
) -> Result<Delivery, SimulatorError> {
    if !shared.retries_by_itself {
        return attempt(&shared, &event_id).await;
    }
    if let Err(standing) = shared.world().take_event(&event_id) {
        return standing.ok_or_else(|| SimulatorError::no_event(&event_id));
    }
    let delivery = attempt(&shared, &event_id).await?;
    tokio::spawn(follow_up(shared, event_id));
    Ok(delivery)
}

/// Retries on the platform's schedule, then continues with the next event in the queue. Boxed because it is
/// recursive.
fn follow_up(shared: Arc<Shared>, event_id: String) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let next_after = |event_id: &str| shared.world().events.get(event_id)?.next_after;
        while let Some(after) = next_after(&event_id) {
            tokio::time::sleep(after).await;
            if attempt(&shared, &event_id).await.is_err() {
                return;
            }
        }
        let next = shared.world().next_in_queue(&event_id);
        if let Some(next) = next {
            let _ = first_attempt(shared, next).await;
        }
    })
}

/// Sends the events that calls caused, one after another, if that is automatic.
pub(super) fn send_outbox(shared: &Arc<Shared>) {
    if !shared.retries_by_itself || shared.world().outbox.is_empty() {
        return;
    }
    let event_ids = shared.change(|world| std::mem::take(&mut world.outbox));
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        for event_id in event_ids {
            tokio::time::sleep(STATUS_DELAY).await;
            let _ = first_attempt(Arc::clone(&shared), event_id).await;
        }
    });
}
