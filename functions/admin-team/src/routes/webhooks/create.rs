//! `POST /v1/webhooks`

use super::{
    SignedWebhookResponse, TOO_MANY_WEBHOOKS, WebhookResponse, check_reach,
    draft::{check_project, read_events, read_url},
    facts, secrets,
};
use crate::{Deps, by};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    Call, FieldErrors, IdempotencyKey, JsonBody, Made,
    api_types::IdempotencyHeader,
    problem::{ApiError, CHANGED_MEANWHILE, Problem},
    read_fields, validation,
};
use vestibule_domain::{
    egress::OriginAllowList,
    event::{
        AuditEntry, Change, Event,
        health::SubscriptionHealth,
        subscription::{EventFilter, Subscription},
    },
    ids::{ProjectId, SubscriptionId},
    ports::{Created, SubscriptionAdded},
};

/// Attempts to add a webhook while others add and delete some.
const ATTEMPTS: u32 = 4;

/// A webhook to create.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "CRM", "url": "https://crm.example.com/events", "events": ["access_request.created", "member.joined"]}))]
pub struct CreateWebhookRequest {
    /// Name, 1 to 100 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    name: Option<String>,
    /// Address to which events are sent: an https address of a public host.
    #[schema(required = true, nullable = false, format = "uri", max_length = 2048)]
    url: Option<String>,
    /// Types of the events that it gets, as `GET /v1/webhooks/event-types` lists them; `*` alone stands for all, also for
    /// those to come.
    #[schema(required = true, nullable = false, min_items = 1)]
    events: Option<Vec<String>>,
    /// Project to whose events it is limited. It then gets no events about the account as a whole.
    #[schema(format = "id")]
    project_id: Option<String>,
}

struct Draft {
    name: String,
    url: String,
    events: EventFilter,
    project_id: Option<ProjectId>,
}

fn read_create(fields: Map<String, Value>, allowed: &OriginAllowList) -> Result<Draft, ApiError> {
    let mut errors = FieldErrors::default();
    let request: CreateWebhookRequest = read_fields(fields, &mut errors);
    let name = validation::required_name("name", request.name.as_deref(), &mut errors);
    let url = errors.required("url", request.url);
    let url = read_url(url.as_deref(), allowed, &mut errors);
    let events = errors.required("events", request.events);
    let events = read_events(events.as_deref(), &mut errors);
    let project_id = validation::id("project_id", request.project_id.as_deref(), &mut errors);
    match (name, url, events) {
        (Some(name), Some(url), Some(events)) if errors.is_empty() => Ok(Draft {
            name,
            url,
            events,
            project_id,
        }),
        _ => Err(errors.into_validation()),
    }
}

/// Create a webhook
///
/// From then on, events of the account are sent to the address, signed after Standard Webhooks with the secret that this
/// answer shows. See `webhooks` in this document for what is sent. An event that is not answered with 2xx within
/// 5 seconds is tried again for 3 days.
#[utoipa::path(
    post,
    path = "/v1/webhooks",
    tag = "Webhooks",
    params(IdempotencyHeader),
    request_body = CreateWebhookRequest,
    responses(
        (status = 201, description = "The webhook was created, by this call or an earlier one with this Idempotency-Key. A signing secret from the earlier call is not shown again.", body = SignedWebhookResponse),
        (status = 409, description = "The account has 20 webhooks already.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create_webhook(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    check_reach(&call)?;
    let request_hash = idempotency.request_hash(&body.0);
    let draft = read_create(body.0, &deps.agent_origin_allowlist)?;
    let (scope, now) = (call.scope(), call.now());
    let id: SubscriptionId = idempotency.id(&call, "webhooks");
    // A repeated call is answered though the project may be gone since.
    let is_repeated =
        idempotency.0.is_some() && deps.subscriptions.subscription(scope, id).await?.is_some();
    if !is_repeated {
        check_project(&deps, &call, draft.project_id).await?;
    }
    let secret = secrets::draw(deps.random.as_ref())?;
    let subscription = Subscription {
        id,
        scope,
        name: draft.name,
        url: draft.url,
        events: draft.events,
        project_id: draft.project_id,
        signing_secret: secrets::seal(deps.vault.as_ref(), (scope, id), secret.clone()).await?,
        previous_signing_secrets: Vec::new(),
        request_hash,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let change = Change {
        event: Event::SubscriptionCreated(id),
        before: Value::Null,
        after: facts(&subscription),
    };
    let entry = call.audit(change, now);
    let outcome = add(&deps, &call, &subscription, &entry).await?;
    let made = Made::settle(outcome, subscription, &entry, facts)?;
    // A secret that an earlier call made was shown in its answer.
    let secret = Some(&secret).filter(|_| !made.is_replayed());
    Ok(made.respond(|subscription| {
        let record = WebhookResponse::of(subscription, SubscriptionHealth::default(), now);
        SignedWebhookResponse::of(record, secret)
    }))
}

/// Adds a webhook. Others who add some at the same time may come in between.
async fn add(
    deps: &Deps,
    call: &Call,
    subscription: &Subscription,
    entry: &AuditEntry,
) -> Result<Created<Subscription>, ApiError> {
    for _ in 0..ATTEMPTS {
        let added = deps
            .subscriptions
            .add_subscription(subscription, by(call, entry))
            .await;
        match added.map_err(ApiError::from) {
            Ok(SubscriptionAdded::New) => return Ok(Created::New),
            Ok(SubscriptionAdded::Existing(existing)) => return Ok(Created::Existing(existing)),
            Ok(SubscriptionAdded::TooMany) => return Err(ApiError::new(&TOO_MANY_WEBHOOKS)),
            Err(error) if *error.kind() == CHANGED_MEANWHILE => {}
            Err(error) => return Err(error),
        }
    }
    Err(ApiError::new(&CHANGED_MEANWHILE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn broken(value: Value) -> Vec<String> {
        let Value::Object(fields) = value else {
            panic!("not an object");
        };
        let none = OriginAllowList::parse("").unwrap();
        match read_create(fields, &none) {
            Ok(_) => Vec::new(),
            Err(error) => {
                let fields = error.errors().iter().map(|error| error.field.clone());
                fields.collect()
            }
        }
    }

    #[test]
    fn a_webhook_has_a_name_an_address_and_events() {
        assert_eq!(broken(json!({})), ["name", "url", "events"]);
        let whole = json!({
            "name": "CRM", "url": "https://crm.example.com/", "events": ["*"], "project_id": null,
        });
        assert_eq!(broken(whole), Vec::<String>::new());
        let wrong = json!({
            "name": " ", "url": "https://10.0.0.1/", "events": ["x"], "project_id": "7", "secret": "s",
        });
        assert_eq!(
            broken(wrong),
            ["secret", "name", "url", "events.0", "project_id"]
        );
    }
}
