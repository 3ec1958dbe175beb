//! `GET /v1/health`: whether the stack can do its work, for monitors outside it.

use crate::Deps;
use axum::{Json, extract::State};
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use utoipa::ToSchema;
use vestibule_admin::problem::ApiError;
use vestibule_domain::PortError;

/// The time that the table has. A monitor that gets no answer learns less than one that gets a bad one.
const PATIENCE: Duration = Duration::from_secs(2);

/// A stack that is well.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"status": "ok", "version": "0.1.0", "dependencies": {"table": "ok"}}))]
pub struct HealthResponse {
    /// The stack's health. One that is not well answers with a problem.
    status: HealthName,
    /// Version of Vestibule.
    version: &'static str,
    /// The services that every call depends on.
    dependencies: DependenciesResponse,
}

/// The services that every call depends on.
#[derive(Serialize, ToSchema)]
pub struct DependenciesResponse {
    /// The table, which was read just now.
    table: HealthName,
}

/// Health of a stack or service.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthName {
    /// It answers.
    Ok,
}

/// Read the stack's health
///
/// Reads a row of the table. If the table does not answer within two seconds, the answer is 503.
#[utoipa::path(
    get,
    path = "/v1/health",
    tag = "Documentation",
    responses((status = 200, description = "The stack is well.", body = HealthResponse))
)]
pub async fn get_health(State(deps): State<Arc<Deps>>) -> Result<Json<HealthResponse>, ApiError> {
    timeout(PATIENCE, deps.accounts.answers())
        .await
        .map_err(|elapsed| PortError::unavailable("table", elapsed))??;
    Ok(Json(HealthResponse {
        status: HealthName::Ok,
        version: env!("CARGO_PKG_VERSION"),
        dependencies: DependenciesResponse {
            table: HealthName::Ok,
        },
    }))
}
