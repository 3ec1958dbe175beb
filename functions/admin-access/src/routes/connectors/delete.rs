//! `DELETE /v1/projects/{project_id}/connectors/{connector_id}`

use super::{
    super::{CHANGE_ATTEMPTS, again_after},
    facts, read,
};
use crate::{Deps, api_types::ConnectorPath};
use axum::{extract::State, http::StatusCode};
use serde_json::Value;
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, CallOrigin, IfMatch,
    auth::Authenticated,
    problem::{ApiError, Problem},
};
use vestibule_admin::{
    api_types::IfMatchHeader,
    audit::{self, Change},
    jobs::enqueue_or_leave,
};
use vestibule_domain::{access::closing::Closing, account::Permission, ports::OUTBOX_PATIENCE};

/// Delete a connector
///
/// Its webhook answers 401 from then on, within ten seconds. Access requests made through it stay
/// and keep its name; pending ones are rejected within minutes, with the `reason_code`
/// `connector_deleted`, and nobody is told. Needs `connectors.write`.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project_id}/connectors/{connector_id}",
    tag = "Connectors",
    params(ConnectorPath, IfMatchHeader),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, description = "Somebody else keeps changing it.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "It is not at the version named in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_connector(
    State(deps): State<Arc<Deps>>,
    caller: Authenticated,
    origin: CallOrigin,
    if_match: IfMatch,
    ApiPath(path): ApiPath<ConnectorPath>,
) -> Result<StatusCode, ApiError> {
    let caller = caller.holding(Permission::ConnectorsWrite)?;
    let scope = caller.scope().project(path.project_id);
    for _ in 0..CHANGE_ATTEMPTS {
        let connector = read(&deps, scope, path.connector_id).await?;
        if_match.check(connector.version)?;
        let now = deps.clock.now();
        let entry = Change {
            action: "connector.deleted",
            target: format!("connector:{}", connector.id),
            before: facts(&connector),
            after: Value::Null,
        }
        .entry(
            deps.ids.as_ref(),
            caller.scope(),
            caller.actor(),
            &origin,
            now,
        );
        let closing = Closing::of_deletion(&connector, caller.actor(), &origin.request_id, now);
        let due = now.plus(OUTBOX_PATIENCE);
        match deps
            .connectors
            .delete_connector(&connector, &closing, due, &entry)
            .await
        {
            Ok(()) => {
                enqueue_or_leave(deps.onboarding.as_ref(), closing.job()).await;
                audit::log(&entry);
                return Ok(StatusCode::NO_CONTENT);
            }
            Err(error) => again_after(error, &if_match)?,
        }
    }
    Err(ApiError::ChangedMeanwhile)
}
