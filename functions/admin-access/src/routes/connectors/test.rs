//! `POST /v1/projects/{project_id}/connectors/{connector_id}/test`

use super::{outcome::SetUpOutcomeResponse, read};
use crate::{Deps, api_types::ConnectorPath};
use axum::{Json, extract::State};
use serde_json::Value;
use std::sync::Arc;
use vestibule_admin::{ApiPath, Call, log, problem::ApiError};
use vestibule_domain::{
    PortError,
    connector::{ConnectorTest, TestOutcome},
    event::{Change, Event},
};
use vestibule_providers::{
    catalogue::{connector_kind, connector_setup},
    setup::ConnectorSetupOutcome,
};

/// Test a connector
///
/// Asks the platform whether the connector's credentials work. It changes nothing there, and can be repeated. The
/// connector shows the answer as `last_test`.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/connectors/{connector_id}/test",
    tag = "Connectors",
    params(ConnectorPath),
    responses((status = 200, description = "The platform's answer: see `status`.", body = SetUpOutcomeResponse))
)]
pub async fn test_connector(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ConnectorPath>,
) -> Result<Json<SetUpOutcomeResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let connector = read(&deps, &call, scope, path.connector_id).await?;
    let provider = &connector.provider;
    let (kind, setup) = connector_kind(provider)
        .zip(connector_setup(provider))
        .ok_or_else(|| PortError::corrupt("connector", "its provider is not known"))?;
    let outcome = deps.setup_calls().test(setup, &connector).await?;
    let now = call.now();
    let answer = answer_of(&outcome);
    let response = SetUpOutcomeResponse::of(outcome, kind, &connector);
    let test = ConnectorTest {
        at: now,
        outcome: answer,
        problem: response.problem().map(str::to_owned),
    };
    let change = Change {
        event: Event::ConnectorTested(connector.id),
        before: Value::Null,
        after: response.facts(),
    };
    let entry = call.audit(change, now);
    deps.connectors
        .record_test(connector.id, &test, &entry)
        .await?;
    log(&entry);
    Ok(Json(response))
}

/// The answer as it is kept.
const fn answer_of(outcome: &ConnectorSetupOutcome) -> TestOutcome {
    match outcome {
        ConnectorSetupOutcome::Done { .. } => TestOutcome::Ok,
        ConnectorSetupOutcome::Failed { .. } => TestOutcome::Failed,
        ConnectorSetupOutcome::Later { .. } => TestOutcome::Unavailable,
    }
}
