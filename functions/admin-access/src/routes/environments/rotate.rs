//! `POST /v1/projects/{project_id}/environments/{environment_id}/rotate-signing-secret`

use super::{EnvironmentResponse, NO_AGENT, beside, facts, read, secrets};
use crate::{Deps, api_types::EnvironmentPath};
use axum::{extract::State, response::Response};
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, Call, IfMatch, amend,
    api_types::{IfMatchHeader, found},
    log,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    account::Environment,
    event::{Change, Event},
};

/// Rotate the signing secret
///
/// Creates a new signing secret for the environment's agent and shows it in this answer only. Until
/// `previous_secrets_until`, for 24 hours, deliveries are signed with the previous secret too, so no
/// delivery is lost meanwhile. If the previous secret has leaked, end it: change the environment with
/// `{"agent": {"previous_signing_secret": null}}`.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/environments/{environment_id}/rotate-signing-secret",
    tag = "Environments",
    params(EnvironmentPath, IfMatchHeader),
    responses(
        (status = 200, description = "The environment, with the new signing secret.", body = EnvironmentResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "The environment has no agent, or other callers keep changing it.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn rotate_signing_secret(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<EnvironmentPath>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let (deps, call) = (&deps, &call);
    amend(
        &if_match,
        || read(deps, scope, path.environment_id),
        |environment| async move {
            let now = call.now();
            let place = (scope, environment.id);
            let mut agent = environment.agent.clone().ok_or(&NO_AGENT)?;
            let secret = secrets::draw(deps.random.as_ref())?;
            let vault = deps.vault.as_ref();
            secrets::replace(vault, place, &mut agent, secret.clone(), now).await?;
            let changed = Environment {
                agent: Some(agent),
                updated_at: now,
                ..environment.clone()
            };
            let change = Change {
                event: Event::EnvironmentSecretRotated(changed.id),
                before: facts(&environment),
                after: facts(&changed),
            };
            let entry = call.audit(change, now);
            let beside = beside::of(deps, scope, changed.id).await?;
            deps.environments
                .update_environment(&changed, &entry)
                .await?;
            log(&entry);
            let version = changed.version + 1;
            let body = EnvironmentResponse::of(changed, beside, Some(&secret), now);
            Ok(found(version, body))
        },
    )
    .await
}
