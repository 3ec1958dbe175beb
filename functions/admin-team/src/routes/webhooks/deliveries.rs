//! `GET /v1/webhooks/{webhook_id}/deliveries`

use super::{check_reach, read};
use crate::{
    Deps,
    api_types::{EventDeliveryStatusName, WebhookPath},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, Call, FieldErrors, ListFilter, ListQuery, PageParams, api_types::ListResponse,
    problem::ApiError, validation,
};
use vestibule_domain::{
    Timestamp,
    event::delivery::{EventAttempt, EventDelivery, EventDeliveryStatus, LISTED_FOR},
    ports::EventDeliveryFilter,
};

/// An attempt to deliver an event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "at": "2026-11-22T10:00:01.000Z", "duration_ms": 240, "http_status": 503, "answer": "try later", "problem": "http 503"
}))]
pub struct EventAttemptResponse {
    /// Time of the answer.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Milliseconds from the call to the end of the answer.
    duration_ms: u64,
    /// HTTP status of the answer; null when there was none.
    http_status: Option<u16>,
    /// Beginning of the answer as printable text, at most 1 KB. Null without an answer, and always if the webhook is at an
    /// origin that the operator allowed although it is private.
    answer: Option<String>,
    /// Reason of the failure; null if the attempt succeeded.
    problem: Option<String>,
}

impl From<EventAttempt> for EventAttemptResponse {
    fn from(attempt: EventAttempt) -> Self {
        Self {
            at: attempt.at,
            duration_ms: attempt.took_ms,
            http_status: attempt.http_status,
            answer: attempt.answer,
            problem: attempt.problem,
        }
    }
}

/// An event on its way to a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "event_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "type": "access_request.created", "project_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X",
    "sequence": 12, "status": "delivered", "tries": 1, "created_at": "2026-11-22T10:00:00.000Z", "next_try_at": null,
    "last": {"at": "2026-11-22T10:00:01.000Z", "duration_ms": 240, "http_status": 200, "answer": "ok", "problem": null}
}))]
pub struct EventDeliveryResponse {
    /// Id of the event, the same on every attempt.
    event_id: String,
    /// Type of the event.
    #[serde(rename = "type")]
    kind: String,
    /// Project of the event; null if it is about the account as a whole.
    project_id: Option<String>,
    /// Number of the event at this webhook, from 1, without gaps.
    sequence: u64,
    /// Status.
    status: EventDeliveryStatusName,
    /// Number of attempts since it was ordered, or ordered again.
    tries: u32,
    /// Time of the order.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the next attempt; null once there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_try_at: Option<Timestamp>,
    /// Last attempt; null before the first.
    pub(super) last: Option<EventAttemptResponse>,
}

impl From<EventDelivery> for EventDeliveryResponse {
    fn from(delivery: EventDelivery) -> Self {
        Self {
            event_id: delivery.event_id.to_string(),
            kind: delivery.kind.to_string(),
            project_id: delivery.project_id.map(|id| id.to_string()),
            sequence: delivery.sequence,
            status: delivery.status.into(),
            tries: delivery.tries,
            created_at: delivery.created_at,
            next_try_at: delivery.next_try_at,
            last: delivery.last.map(Into::into),
        }
    }
}

/// Filters of the deliveries, as received.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryParams {
    /// Only with this status.
    #[param(nullable = false, value_type = Option<EventDeliveryStatusName>)]
    status: Option<String>,
}

/// Filters of the deliveries.
#[derive(Debug, Default)]
pub struct DeliveryList(Option<EventDeliveryStatus>);

impl ListFilter for DeliveryList {
    type Params = DeliveryParams;

    fn read(params: DeliveryParams, errors: &mut FieldErrors) -> Self {
        let status = validation::one_of(
            "status",
            params.status.as_deref(),
            EventDeliveryStatusName::SPELLINGS,
            EventDeliveryStatusName::parse,
            errors,
        );
        Self(status.map(Into::into))
    }
}

/// List what was sent to a webhook
///
/// Events of the last 7 days, and those that were sent again since, by their numbers, the latest first, with the last
/// attempt of each.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{webhook_id}/deliveries",
    tag = "Webhooks",
    params(WebhookPath, PageParams, DeliveryParams),
    responses((status = 200, description = "One page.", body = ListResponse<EventDeliveryResponse>))
)]
pub async fn list_webhook_deliveries(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<WebhookPath>,
    query: ListQuery<DeliveryList>,
) -> Result<Json<ListResponse<EventDeliveryResponse>>, ApiError> {
    check_reach(&call)?;
    let subscription = read(&deps, &call, path.webhook_id).await?;
    let DeliveryList(status) = query.filter;
    let filter = EventDeliveryFilter {
        status,
        since: call.now().minus(LISTED_FOR),
    };
    let page = deps
        .subscriptions
        .event_deliveries(call.scope(), subscription.id, &filter, &query.page)
        .await?;
    Ok(ListResponse::of(page, Into::into))
}
