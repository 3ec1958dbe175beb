//! `POST /v1/webhooks/{webhook_id}/rotate-secret`

use super::{SignedWebhookResponse, check_reach, read, secrets, shown, store};
use crate::{Deps, api_types::WebhookPath};
use axum::{extract::State, response::Response};
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, Call, IfMatch, amend,
    api_types::{IfMatchHeader, found},
    problem::{ApiError, Problem},
};
use vestibule_domain::event::{Event, subscription::Subscription};

/// Rotate a webhook's signing secret
///
/// Makes a new signing secret and shows it in this answer only. Until `previous_secret_until`, for 24 hours, calls are signed
/// with the previous secret too.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{webhook_id}/rotate-secret",
    tag = "Webhooks",
    params(WebhookPath, IfMatchHeader),
    responses(
        (status = 200, description = "The webhook, with the new signing secret.", body = SignedWebhookResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn rotate_webhook_signing_secret(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<WebhookPath>,
) -> Result<Response, ApiError> {
    check_reach(&call)?;
    let (deps, call) = (&*deps, &call);
    amend(
        &if_match,
        || read(deps, call, path.webhook_id),
        |subscription| async move {
            let now = call.now();
            let secret = secrets::draw(deps.random.as_ref())?;
            let place = (call.scope(), subscription.id);
            let sealed = secrets::seal(deps.vault.as_ref(), place, secret.clone()).await?;
            let mut changed = Subscription {
                updated_at: now,
                ..subscription.clone()
            };
            changed.replace_signing_secret(sealed, now);
            let event = Event::SubscriptionSecretRotated(changed.id);
            let changed = store(deps, call, &subscription, changed, event).await?;
            let version = changed.version;
            let record = shown(deps, call, changed).await?;
            Ok(found(
                version,
                SignedWebhookResponse::of(record, Some(&secret)),
            ))
        },
    )
    .await
}
