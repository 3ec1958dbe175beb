//! The OpenAPI document: generated from the handlers, and completed with what webhooks get.

use crate::{event_schemas, routes};
use vestibule_admin::openapi::FunctionApi;
use vestibule_domain::event::catalogue::EventType;

/// This function's part of the document.
pub fn part() -> FunctionApi {
    let mut api = FunctionApi::of(&routes::all(), routes::PROBLEM_TYPES);
    for kind in EventType::ALL {
        api.add_schema(&event_schemas::name(kind), event_schemas::schema(kind));
        api.add_webhook(kind.key(), event_schemas::webhook(kind));
    }
    api
}
