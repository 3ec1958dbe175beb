//! Webhooks: the addresses at which an account's own systems hear its events (SPEC F04). In the code they are
//! subscriptions, because a webhook is a function that a platform calls there.

pub mod create;
pub mod deliveries;
mod draft;
pub mod event_types;
pub mod resume;
pub mod rotate;
mod secrets;
pub mod send_again;
pub mod test;
pub mod update;

use crate::{
    Deps,
    api_types::{PauseReasonName, WebhookPath, WebhookStatusName},
    by,
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, IfMatch, amend,
    api_types::{IfMatchHeader, ListResponse, found},
    log,
    problem::{ApiError, Problem},
    problem_types,
};
use vestibule_domain::{
    Timestamp,
    event::{
        Change, Event,
        health::{Pause, SubscriptionHealth},
        subscription::Subscription,
    },
    ids::SubscriptionId,
    secret::Secret,
    team::client_access::ClientAccess,
};

problem_types! {
    TOO_MANY_WEBHOOKS = "too-many-webhooks", CONFLICT, "The account has too many webhooks",
        "An account can have 20. Delete one first.";
    ALL_CLIENTS_NEEDED = "all-clients-needed", FORBIDDEN, "Webhooks tell of every client",
        "The caller has access to some clients only. Ask somebody with access to all of them.";
    WEBHOOK_TEST_UNDER_WAY = "webhook-test-under-way", TOO_MANY_REQUESTS, "Another test of a webhook is under way",
        "An account has one at a time. Repeat the call after the seconds in `Retry-After`.";
    EVENT_NOT_KEPT = "event-not-kept", CONFLICT, "The event is not kept any more",
        "An event can be sent again for 7 days. Read the record itself through the API.";
}

/// A pause.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"reason": "failing", "since": "2026-11-25T10:00:00.000Z"}))]
pub struct WebhookPauseResponse {
    /// Reason.
    reason: PauseReasonName,
    /// Time of its begin.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

impl From<Pause> for WebhookPauseResponse {
    fn from(pause: Pause) -> Self {
        Self {
            reason: pause.reason.into(),
            since: pause.since,
        }
    }
}

/// A failure of a call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"at": "2026-11-25T10:00:00.000Z", "reason": "http 503"}))]
pub struct WebhookFailureResponse {
    /// Time.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Reason: the status of the answer, or words for a call without one.
    reason: String,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "CRM", "url": "https://crm.example.com/events",
    "events": ["access_request.created", "member.joined"], "project_id": null, "status": "active",
    "paused": null, "failing_since": null, "last_failure": null, "previous_secret_until": null, "version": 1,
    "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:00.000Z"
}))]
pub struct WebhookResponse {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Address to which events are sent.
    url: String,
    /// Types of the events that it gets; `*` alone stands for all, also for those to come.
    events: Vec<String>,
    /// Project to whose events it is limited; null if it is not.
    project_id: Option<String>,
    /// Status.
    status: WebhookStatusName,
    /// Pause; null unless `status` is `paused`.
    paused: Option<WebhookPauseResponse>,
    /// Time of the first failure since its last answer; null while it is well.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// Last failure since its last answer; null while it is well.
    last_failure: Option<WebhookFailureResponse>,
    /// Time until which calls are signed with the previous secret too; null when there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_secret_until: Option<Timestamp>,
    /// Version of the record, as in its `ETag`.
    version: u64,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl WebhookResponse {
    fn of(subscription: Subscription, health: SubscriptionHealth, now: Timestamp) -> Self {
        let events = subscription.events.listed().into_iter();
        Self {
            id: subscription.id.to_string(),
            events: events.map(str::to_owned).collect(),
            project_id: subscription.project_id.map(|id| id.to_string()),
            status: health.status().into(),
            paused: health.paused.map(Into::into),
            failing_since: health.calls.failing_since,
            last_failure: health
                .calls
                .last_failure
                .map(|failure| WebhookFailureResponse {
                    at: failure.at,
                    reason: failure.reason,
                }),
            previous_secret_until: subscription.previous_secrets_until(now),
            version: subscription.version,
            created_at: subscription.created_at,
            updated_at: subscription.updated_at,
            name: subscription.name,
            url: subscription.url,
        }
    }
}

/// A webhook, with the signing secret that the call made.
#[derive(Serialize, ToSchema)]
pub struct SignedWebhookResponse {
    /// The webhook.
    #[serde(flatten)]
    record: WebhookResponse,
    /// Key of the signature on calls. It is shown in this answer only, and null if an earlier call made it.
    #[schema(example = "whsec_…")]
    signing_secret: Option<String>,
}

impl SignedWebhookResponse {
    fn of(record: WebhookResponse, made: Option<&Secret>) -> Self {
        Self {
            record,
            signing_secret: made.map(|secret| secret.reveal().to_owned()),
        }
    }
}

/// The webhook as the audit log records it.
fn facts(subscription: &Subscription) -> Value {
    json!({
        "name": subscription.name,
        "url": subscription.url,
        "events": subscription.events,
        "project_id": subscription.project_id,
    })
}

/// Checks that the caller may know of what webhooks tell: events of every client (SPEC B39).
fn check_reach(call: &Call) -> Result<(), ApiError> {
    if call.caller.clients == ClientAccess::All {
        return Ok(());
    }
    Err(ApiError::new(&ALL_CLIENTS_NEEDED))
}

/// Reads a webhook, which must exist.
async fn read(deps: &Deps, call: &Call, id: SubscriptionId) -> Result<Subscription, ApiError> {
    let found = deps.subscriptions.subscription(call.scope(), id).await?;
    found.ok_or_else(|| ApiError::not_found("webhook"))
}

/// Shows a webhook with its health.
async fn shown(
    deps: &Deps,
    call: &Call,
    subscription: Subscription,
) -> Result<WebhookResponse, ApiError> {
    let id = subscription.id;
    let health = deps
        .subscriptions
        .subscription_health(call.scope(), &[id])
        .await?
        .remove(&id);
    let health = health.unwrap_or_default();
    Ok(WebhookResponse::of(subscription, health, call.now()))
}

/// Answers with a webhook, its health and its version.
async fn answer(
    deps: &Deps,
    call: &Call,
    subscription: Subscription,
) -> Result<Response, ApiError> {
    let version = subscription.version;
    Ok(found(version, shown(deps, call, subscription).await?))
}

/// Stores a changed webhook with the audit entry of this event, and returns it as it is stored.
async fn store(
    deps: &Deps,
    call: &Call,
    before: &Subscription,
    changed: Subscription,
    event: Event,
) -> Result<Subscription, ApiError> {
    let change = Change {
        event,
        before: facts(before),
        after: facts(&changed),
    };
    let entry = call.audit(change, changed.updated_at);
    deps.subscriptions
        .update_subscription(&changed, by(call, &entry))
        .await?;
    log(&entry);
    let version = changed.version + 1;
    Ok(Subscription { version, ..changed })
}

/// List the webhooks
///
/// All webhooks of the account, in order of creation; there are at most 20. Callers who are limited to some clients have no
/// access to webhooks.
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    tag = "Webhooks",
    responses((status = 200, description = "All webhooks.", body = ListResponse<WebhookResponse>))
)]
pub async fn list_webhooks(
    State(deps): State<Arc<Deps>>,
    call: Call,
) -> Result<Json<ListResponse<WebhookResponse>>, ApiError> {
    check_reach(&call)?;
    let all = deps.subscriptions.subscriptions(call.scope()).await?;
    let ids: Vec<SubscriptionId> = all.iter().map(|one| one.id).collect();
    let mut health = deps
        .subscriptions
        .subscription_health(call.scope(), &ids)
        .await?;
    let now = call.now();
    let items = all.into_iter().map(|one| {
        let health = health.remove(&one.id).unwrap_or_default();
        WebhookResponse::of(one, health, now)
    });
    Ok(Json(ListResponse {
        items: items.collect(),
        next_cursor: None,
    }))
}

/// Read a webhook
///
/// Its signing secret is not shown.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{webhook_id}",
    tag = "Webhooks",
    params(WebhookPath),
    responses((status = 200, description = "The webhook.", body = WebhookResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))))
)]
pub async fn get_webhook(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<WebhookPath>,
) -> Result<Response, ApiError> {
    check_reach(&call)?;
    let subscription = read(&deps, &call, path.webhook_id).await?;
    answer(&deps, &call, subscription).await
}

/// Delete a webhook
///
/// It gets no more events, and those that wait for it are not sent.
#[utoipa::path(
    delete,
    path = "/v1/webhooks/{webhook_id}",
    tag = "Webhooks",
    params(WebhookPath, IfMatchHeader),
    responses(
        (status = 204, description = "The webhook is deleted."),
        (status = 409, description = "Other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_webhook(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<WebhookPath>,
) -> Result<StatusCode, ApiError> {
    check_reach(&call)?;
    let (deps, call) = (&*deps, &call);
    amend(
        &if_match,
        || read(deps, call, path.webhook_id),
        |subscription| async move {
            let change = Change {
                event: Event::SubscriptionDeleted(subscription.id),
                before: facts(&subscription),
                after: Value::Null,
            };
            let entry = call.audit(change, call.now());
            deps.subscriptions
                .delete_subscription(&subscription, by(call, &entry))
                .await?;
            log(&entry);
            Ok(StatusCode::NO_CONTENT)
        },
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        account::agent_health::AgentFailure,
        event::health::{CallNote, PauseReason},
        ids::ProjectId,
    };

    fn subscription() -> Subscription {
        Subscription {
            project_id: Some(ProjectId::derive(&["p"])),
            version: 3,
            ..vestibule_samples::subscription()
        }
    }

    fn shown(health: SubscriptionHealth) -> Value {
        let shown = WebhookResponse::of(subscription(), health, Timestamp::from_millis(0));
        serde_json::to_value(shown).unwrap()
    }

    #[test]
    fn a_webhook_shows_since_when_and_why_it_fails_and_why_it_is_paused() {
        let well = shown(SubscriptionHealth::default());
        assert_eq!(well["status"], "active");
        assert_eq!(well["events"], json!(["*"]));
        for field in ["paused", "failing_since", "last_failure"] {
            assert_eq!(well[field], Value::Null, "{field}");
        }
        let at = Timestamp::from_millis(1_800_000_000_000);
        let failed = CallNote::Failed {
            failure: AgentFailure::new(at, "http 503"),
            wait: None,
            is_probe: false,
        };
        let failing = SubscriptionHealth::default().noted(&failed, None);
        let failing_shown = shown(failing.clone());
        assert_eq!(failing_shown["status"], "failing");
        assert_eq!(failing_shown["failing_since"], json!(at));
        assert_eq!(
            failing_shown["last_failure"],
            json!({"at": at, "reason": "http 503"})
        );
        let gone = shown(failing.noted(&CallNote::Gone(at), None));
        assert_eq!(gone["status"], "paused");
        assert_eq!(
            gone["paused"],
            json!({"reason": PauseReason::Gone.key(), "since": at})
        );
    }

    #[test]
    fn the_record_of_a_change_holds_no_secret() {
        let facts = facts(&subscription());
        assert_eq!(facts["events"], json!(["*"]));
        assert_eq!(facts.get("signing_secret"), None);
    }
}
