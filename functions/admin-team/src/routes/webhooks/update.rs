//! `PATCH /v1/webhooks/{webhook_id}`

use super::{
    WebhookResponse, answer, check_reach,
    draft::{check_project, read_events, read_url},
    read, store,
};
use crate::{Deps, api_types::WebhookPath};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, Nullable, amend,
    api_types::IfMatchHeader,
    given,
    problem::{ApiError, Problem},
    read_fields, validation,
};
use vestibule_domain::{
    egress::OriginAllowList,
    event::{
        Event,
        subscription::{EventFilter, Subscription},
    },
    ids::ProjectId,
};

/// Changes to a webhook. Fields left out keep their values.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"events": ["*"]}))]
pub struct UpdateWebhookRequest {
    /// Name, 1 to 100 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
    /// Address to which events are sent, also those that wait: an https address of a public host.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, format = "uri", max_length = 2048)]
    url: Option<String>,
    /// Types of the events that it gets from then on; `*` alone stands for all.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_items = 1)]
    events: Option<Vec<String>>,
    /// Project to whose events it is limited; null ends the limit.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "id")]
    project_id: Nullable<String>,
}

struct Wanted {
    name: Option<String>,
    url: Option<String>,
    events: Option<EventFilter>,
    project_id: Nullable<ProjectId>,
}

impl Wanted {
    fn of(fields: Map<String, Value>, allowed: &OriginAllowList) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: UpdateWebhookRequest = read_fields(fields, &mut errors);
        let project_id = match request.project_id {
            Nullable::Absent => Nullable::Absent,
            Nullable::Null => Nullable::Null,
            Nullable::Value(text) => {
                let id = validation::id("project_id", Some(&text), &mut errors);
                id.map_or(Nullable::Absent, Nullable::Value)
            }
        };
        let wanted = Self {
            name: validation::name("name", request.name.as_deref(), &mut errors),
            url: read_url(request.url.as_deref(), allowed, &mut errors),
            events: read_events(request.events.as_deref(), &mut errors),
            project_id,
        };
        errors.check_body()?;
        Ok(wanted)
    }

    fn applied_to(&self, subscription: &Subscription) -> Subscription {
        let mut changed = subscription.clone();
        if let Some(name) = &self.name {
            changed.name.clone_from(name);
        }
        if let Some(url) = &self.url {
            changed.url.clone_from(url);
        }
        if let Some(events) = &self.events {
            changed.events.clone_from(events);
        }
        match self.project_id {
            Nullable::Absent => {}
            Nullable::Null => changed.project_id = None,
            Nullable::Value(id) => changed.project_id = Some(id),
        }
        changed
    }
}

/// Change a webhook
///
/// Its signing secret stays, also with another address.
#[utoipa::path(
    patch,
    path = "/v1/webhooks/{webhook_id}",
    tag = "Webhooks",
    params(WebhookPath, IfMatchHeader),
    request_body = UpdateWebhookRequest,
    responses(
        (status = 200, description = "The changed webhook.", body = WebhookResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update_webhook(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<WebhookPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    check_reach(&call)?;
    let wanted = Wanted::of(body.0, &deps.agent_origin_allowlist)?;
    let (deps, call, wanted) = (&*deps, &call, &wanted);
    amend(
        &if_match,
        || read(deps, call, path.webhook_id),
        |subscription| async move {
            let changed = wanted.applied_to(&subscription);
            if changed == subscription {
                return answer(deps, call, subscription).await;
            }
            // A limit that stays may be one to a project that is gone.
            if changed.project_id != subscription.project_id {
                check_project(deps, call, changed.project_id).await?;
            }
            let changed = Subscription {
                updated_at: call.now(),
                ..changed
            };
            let event = Event::SubscriptionUpdated(changed.id);
            let changed = store(deps, call, &subscription, changed, event).await?;
            answer(deps, call, changed).await
        },
    )
    .await
}
