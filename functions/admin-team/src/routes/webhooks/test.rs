//! `POST /v1/webhooks/{webhook_id}/test`

use super::{WEBHOOK_TEST_UNDER_WAY, check_reach, read};
use crate::{Deps, api_types::WebhookPath};
use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, log,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    error::Chain,
    event::{
        Change, Event, delivery::EventAttempt, outgoing::OutgoingEvent, subscription::Subscription,
    },
    ids::OutgoingEventId,
    ports::{AgentReply, TestBegun},
};
use vestibule_edge::subscriptions::event_request;

/// Number of a test among the events of a webhook: it is none of them.
const SEQUENCE: u64 = 0;

/// Outcome of a test of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookTestStatus {
    /// The answer was 2xx.
    Delivered,
    /// The answer had another status.
    Refused,
    /// There was no answer in time.
    Unreachable,
    /// The address may not be called.
    Forbidden,
}

impl WebhookTestStatus {
    const fn of(reply: &AgentReply) -> Self {
        match reply {
            AgentReply::Answered { .. } | AgentReply::AnsweredTooMuch { .. } => Self::Delivered,
            AgentReply::Refused { .. } => Self::Refused,
            AgentReply::Unreachable { .. } => Self::Unreachable,
            AgentReply::Forbidden { .. } => Self::Forbidden,
        }
    }
}

/// The answer of a webhook to a test event. A refusal by the webhook is an answer, not an error of this API.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "status": "refused", "http_status": 503, "duration_ms": 240, "answer": "try later", "problem": "http 503"
}))]
pub struct WebhookTestResponse {
    /// Outcome.
    status: WebhookTestStatus,
    /// HTTP status of the answer; null when there was none.
    http_status: Option<u16>,
    /// Milliseconds from the call to the end of the answer.
    duration_ms: u64,
    /// Beginning of the answer as printable text, at most 1 KB. Null without an answer, and always if the webhook is at an
    /// origin that the operator allowed although it is private.
    answer: Option<String>,
    /// Reason of the failure; null if `status` is `delivered`.
    problem: Option<String>,
}

impl WebhookTestResponse {
    fn of(reply: &AgentReply, attempt: EventAttempt) -> Self {
        Self {
            status: WebhookTestStatus::of(reply),
            http_status: attempt.http_status,
            duration_ms: attempt.took_ms,
            answer: attempt.answer,
            problem: attempt.problem,
        }
    }
}

/// Send a test event to a webhook
///
/// Sends an event of the type `webhook.test` with the number 0 at once, signed as all others, and shows the answer. It
/// reaches a paused webhook too, and says nothing about its state. An account has one test at a time.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{webhook_id}/test",
    tag = "Webhooks",
    params(WebhookPath),
    responses(
        (status = 200, description = "The webhook's answer: see `status`.", body = WebhookTestResponse),
        (status = 429, description = "Another test of the account is under way.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = String, description = "Seconds to wait."))),
    )
)]
pub async fn test_webhook(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<WebhookPath>,
) -> Result<Json<WebhookTestResponse>, ApiError> {
    check_reach(&call)?;
    let scope = call.scope();
    let subscription = read(&deps, &call, path.webhook_id).await?;
    let id = OutgoingEventId::new(call.ids().draw());
    let now = call.now();
    // Written before the call, so that a test whose execution is killed is on record too.
    let change = Change {
        event: Event::SubscriptionTested(subscription.id),
        before: Value::Null,
        after: json!({"event_id": id}),
    };
    let entry = call.audit(change, now);
    let subscriptions = &deps.subscriptions;
    match subscriptions.begin_test(scope, id, now, &entry).await? {
        TestBegun::Begun => log(&entry),
        TestBegun::Busy(wait) => {
            return Err(ApiError::new(&WEBHOOK_TEST_UNDER_WAY).with_retry_after(wait));
        }
    }
    let tested = send(&deps, &call, &subscription, id).await;
    if let Err(error) = subscriptions.end_test(scope, id).await {
        tracing::warn!(
            webhook.id = %subscription.id,
            error = %Chain(&error),
            "the end of a test was not recorded; the next one has to wait for its time"
        );
    }
    tested.map(Json)
}

/// Sends the event, and reads the answer.
async fn send(
    deps: &Deps,
    call: &Call,
    subscription: &Subscription,
    id: OutgoingEventId,
) -> Result<WebhookTestResponse, ApiError> {
    let called_at = call.now();
    let event = OutgoingEvent::test(call.scope(), subscription.id, id, called_at);
    let vault = deps.vault.as_ref();
    let request = event_request(vault, subscription, &event, SEQUENCE, called_at).await?;
    let reply = deps.agents.post(request).await;
    let now = call.now();
    // Whoever may set an address could read any page of a private origin by a test.
    let shows_answer = deps
        .agent_origin_allowlist
        .admit(&subscription.url)
        .is_none();
    let attempt = EventAttempt::of(&reply, now, now.since(called_at), shows_answer);
    Ok(WebhookTestResponse::of(&reply, attempt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use vestibule_domain::Timestamp;

    #[test]
    fn a_test_tells_the_answer_or_why_there_is_none() {
        let shown = |reply: &AgentReply, shows_answer| {
            let at = Timestamp::from_millis(0);
            let attempt = EventAttempt::of(reply, at, Duration::from_millis(7), shows_answer);
            serde_json::to_value(WebhookTestResponse::of(reply, attempt)).unwrap()
        };
        let fine = AgentReply::Answered {
            status: 204,
            body: b"ok".to_vec(),
        };
        assert_eq!(
            shown(&fine, true),
            json!({"status": "delivered", "http_status": 204, "duration_ms": 7, "answer": "ok", "problem": null})
        );
        assert_eq!(shown(&fine, false)["answer"], Value::Null);
        let much = AgentReply::AnsweredTooMuch { status: 200 };
        assert_eq!(shown(&much, true)["status"], "delivered");
        let refused = AgentReply::Refused {
            status: 500,
            body: b"broken".to_vec(),
            after: None,
        };
        let seen = shown(&refused, true);
        assert_eq!(
            (&seen["status"], &seen["http_status"]),
            (&json!("refused"), &json!(500))
        );
        assert_eq!(seen["answer"], "broken");
        let late = AgentReply::Unreachable {
            reason: "timed out".to_owned(),
        };
        let seen = shown(&late, true);
        assert_eq!(
            (&seen["status"], &seen["problem"]),
            (&json!("unreachable"), &json!("timed out"))
        );
        let private = AgentReply::Forbidden {
            reason: "must be public".to_owned(),
        };
        assert_eq!(shown(&private, true)["status"], "forbidden");
    }
}
