//! `POST /v1/projects/{project_id}/connectors/{connector_id}/rotate-webhook-secret`

use super::{
    NO_SECRET_OF_OURS, Section, connect::connected, defaults, facts, outcome::SetUpOutcomeResponse,
    read, secrets,
};
use crate::{Deps, api_types::ConnectorPath};
use axum::{extract::State, response::Response};
use std::{collections::BTreeMap, sync::Arc};
use vestibule_admin::{
    ApiPath, Call, IfMatch, amend,
    api_types::IfMatchHeader,
    log,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    PortError,
    connector::Connector,
    event::{Change, Event},
    secret::Secret,
};
use vestibule_providers::catalogue::{ConnectorKind, Fill, ValidFields, connector_kind};

/// Rotate the webhook secret
///
/// For platforms that get the secret from this API. The previous secret stays valid for 24 hours, until
/// `previous_secrets_until`, so no message is lost meanwhile. The new secret is stored first, then sent
/// to the platform; the answer is the same as for `…/connect`. If `status` is not `ok`, the new secret
/// is in effect all the same; call `…/connect` until it is.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/connectors/{connector_id}/rotate-webhook-secret",
    tag = "Connectors",
    params(ConnectorPath, IfMatchHeader),
    responses(
        (status = 200, description = "The new secret is stored. `status` is the platform's answer.", body = SetUpOutcomeResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "The platform does not have the last secret yet, and may still use the previous one; or the platform issues the secret itself; or other callers keep changing the connector.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn rotate_webhook_secret(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<ConnectorPath>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let (deps, call) = (&deps, &call);
    let stored = amend(
        &if_match,
        || async move {
            let connector = read(deps, call, scope, path.connector_id).await?;
            let kind = connector_kind(&connector.provider)
                .ok_or_else(|| PortError::corrupt("connector", "its provider is not known"))?;
            let secret = defaults::random_secret(deps.random.as_ref())?;
            let section = new_secret(kind, secret).ok_or(&NO_SECRET_OF_OURS)?;
            Ok((connector, (kind, section)))
        },
        |(connector, (kind, section)): (Connector, (&'static dyn ConnectorKind, Section))| async move {
            let now = call.now();
            let mut changed = connector.clone();
            let vault = deps.vault.as_ref();
            secrets::replace(vault, kind, &connector, &mut changed, section, now).await?;
            changed.updated_at = now;
            let change = Change {
                event: Event::ConnectorSecretRotated(connector.id),
                before: facts(&connector),
                after: facts(&changed),
            };
            let entry = call.audit(change, now);
            deps.connectors.update_connector(&changed, &entry).await?;
            log(&entry);
            Ok(Connector {
                version: changed.version + 1,
                ..changed
            })
        },
    )
    .await?;
    connected(deps, call, stored).await
}

/// The change that sets `secret` in the provider's field for a secret of ours.
fn new_secret(kind: &dyn ConnectorKind, secret: Secret) -> Option<Section> {
    let spec = kind
        .fields()
        .iter()
        .find(|spec| spec.fill == Fill::RandomSecret && spec.previous_in.is_some())?;
    Some(Section {
        fields: ValidFields {
            secrets: BTreeMap::from([(spec.name.to_owned(), secret)]),
            ..ValidFields::default()
        },
        ..Section::default()
    })
}
