//! `POST /v1/webhooks/{webhook_id}/deliveries/{event_id}/send-again`

use super::{EVENT_NOT_KEPT, check_reach, deliveries::EventDeliveryResponse, read};
use crate::{Deps, api_types::WebhookEventPath, by};
use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, Call,
    jobs::event_or_leave,
    log,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    account::permission::Permission,
    event::{Change, Event},
    job::SendEvent,
    ports::SentAgain,
};

/// Send an event to a webhook again
///
/// Whatever became of it before, it is sent with the same id, body and number, and tried for 3 days again. An event can be
/// sent again for 7 days. A paused webhook gets it once it is resumed.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{webhook_id}/deliveries/{event_id}/send-again",
    tag = "Webhooks",
    params(WebhookEventPath),
    responses(
        (status = 202, description = "The delivery, which waits.", body = EventDeliveryResponse),
        (status = 409, description = "The event is not kept any more, or its attempts keep changing it.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn send_event_again(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<WebhookEventPath>,
) -> Result<(StatusCode, Json<EventDeliveryResponse>), ApiError> {
    check_reach(&call)?;
    let subscription = read(&deps, &call, path.webhook_id).await?;
    let job = SendEvent {
        scope: call.scope(),
        subscription_id: subscription.id,
        event_id: path.event_id,
    };
    if deps.subscriptions.event_delivery(job).await?.is_none() {
        return Err(ApiError::not_found("event"));
    }
    let now = call.now();
    let change = Change {
        event: Event::SubscriptionSentAgain(subscription.id),
        before: Value::Null,
        after: json!({"event_id": path.event_id}),
    };
    let entry = call.audit(change, now);
    let sent = deps
        .subscriptions
        .send_again(job, now, by(&call, &entry))
        .await?;
    let SentAgain::Ordered(delivery) = sent else {
        return Err(ApiError::new(&EVENT_NOT_KEPT));
    };
    log(&entry);
    event_or_leave(deps.events.as_ref(), job).await;
    let mut shown = EventDeliveryResponse::from(*delivery);
    if !call.caller.may(Permission::WebhooksRead) {
        // The receiver's answer is for readers.
        shown.last = None;
    }
    Ok((StatusCode::ACCEPTED, Json(shown)))
}
