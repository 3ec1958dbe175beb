//! `GET /v1/webhooks/event-types`

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_admin::api_types::ListResponse;
use vestibule_domain::event::catalogue::EventType;

/// A type of event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "access_request.created", "description": "A stranger asked for access.", "has_project": true
}))]
pub struct EventTypeResponse {
    /// The type.
    #[serde(rename = "type")]
    key: &'static str,
    /// The type in a sentence.
    description: &'static str,
    /// Whether its events are about one project. A webhook that is limited to a project gets no others.
    has_project: bool,
}

/// List the types of events
///
/// All types that a webhook can ask for.
#[utoipa::path(
    get,
    path = "/v1/webhooks/event-types",
    tag = "Webhooks",
    responses((status = 200, description = "All types.", body = ListResponse<EventTypeResponse>))
)]
pub async fn list_event_types() -> Json<ListResponse<EventTypeResponse>> {
    let chosen = EventType::ALL
        .into_iter()
        .filter(|kind| kind.can_be_chosen());
    let items = chosen.map(|kind| EventTypeResponse {
        key: kind.key(),
        description: kind.description(),
        has_project: kind.is_of_project(),
    });
    Json(ListResponse {
        items: items.collect(),
        next_cursor: None,
    })
}
