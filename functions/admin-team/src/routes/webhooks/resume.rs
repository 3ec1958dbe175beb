//! `POST /v1/webhooks/{webhook_id}/resume`

use super::{WebhookResponse, answer, check_reach, read};
use crate::{Deps, api_types::WebhookPath, by};
use axum::{extract::State, response::Response};
use serde_json::json;
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, Call, log,
    problem::{ApiError, Problem},
};
use vestibule_domain::event::{Change, Event};

/// Resume a paused webhook
///
/// It gets events again: those that happen from then on, and within the hour those that waited when it was paused. Events
/// that happened meanwhile were not kept for it. For one that is not paused, nothing changes.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{webhook_id}/resume",
    tag = "Webhooks",
    params(WebhookPath),
    responses(
        (status = 200, description = "The webhook.", body = WebhookResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Its calls keep changing its state.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn resume_webhook(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<WebhookPath>,
) -> Result<Response, ApiError> {
    check_reach(&call)?;
    let subscription = read(&deps, &call, path.webhook_id).await?;
    let change = Change {
        event: Event::SubscriptionResumed(subscription.id),
        before: json!({"status": "paused"}),
        after: json!({"status": "active"}),
    };
    let entry = call.audit(change, call.now());
    let was_paused = deps
        .subscriptions
        .resume_subscription(call.scope(), subscription.id, by(&call, &entry))
        .await?;
    if was_paused {
        log(&entry);
    }
    answer(&deps, &call, subscription).await
}
