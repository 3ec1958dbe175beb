//! `DELETE /v1/projects/{project_id}/connectors/{connector_id}`

use super::{facts, read};
use crate::{Deps, api_types::ConnectorPath};
use axum::{extract::State, http::StatusCode};
use serde_json::Value;
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, Call, IfMatch, amend,
    api_types::IfMatchHeader,
    jobs::enqueue_or_leave,
    log,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    access::closing::Closing,
    event::{Change, Event},
    ports::OUTBOX_PATIENCE,
};

/// Delete a connector
///
/// Within ten seconds, its webhook answers 401. Access requests made through it remain, with its name;
/// pending ones are rejected within minutes, with the `reason_code` `connector_deleted`, and the people
/// are not notified. Nobody can answer its conversations any more: within minutes, those that members have, or that
/// wait for one, are released.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project_id}/connectors/{connector_id}",
    tag = "Connectors",
    params(ConnectorPath, IfMatchHeader),
    responses(
        (status = 204, description = "The connector is deleted."),
        (status = 409, description = "Other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_connector(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<ConnectorPath>,
) -> Result<StatusCode, ApiError> {
    let scope = call.scope().project(path.project_id);
    let (deps, call) = (&deps, &call);
    amend(
        &if_match,
        || read(deps, call, scope, path.connector_id),
        |connector| async move {
            let now = call.now();
            let change = Change {
                event: Event::ConnectorDeleted(connector.id),
                before: facts(&connector),
                after: Value::Null,
            };
            let entry = call.audit(change, now);
            let request_id = &call.origin.request_id;
            let closing = Closing::of_deletion(&connector, call.actor(), request_id, now);
            let due = now.plus(OUTBOX_PATIENCE);
            deps.connectors
                .delete_connector(&connector, &closing, due, &entry)
                .await?;
            enqueue_or_leave(deps.onboarding.as_ref(), closing.job()).await;
            log(&entry);
            Ok(StatusCode::NO_CONTENT)
        },
    )
    .await
}
