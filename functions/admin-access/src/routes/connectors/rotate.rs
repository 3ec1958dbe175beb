//! `POST /v1/projects/{project_id}/connectors/{connector_id}/rotate-webhook-secret`

use super::{
    super::{CHANGE_ATTEMPTS, again_after},
    Section,
    connect::connected,
    defaults, facts,
    outcome::SetUpOutcomeResponse,
    read, secrets,
};
use crate::{Deps, api_types::ConnectorPath};
use axum::{extract::State, response::Response};
use std::{collections::BTreeMap, sync::Arc};
use vestibule_admin::{
    ApiPath, CallOrigin, IfMatch,
    auth::Authenticated,
    problem::{ApiError, Problem},
};
use vestibule_admin::{
    api_types::IfMatchHeader,
    audit::{self, Change},
};
use vestibule_domain::{PortError, account::Permission, connector::Connector, secret::Secret};
use vestibule_providers::catalogue::{ConnectorKind, Fill, ValidFields, connector_kind};

/// Draw a new webhook secret
///
/// For platforms that are told a secret by us. The one before is taken for 24 hours more, until
/// `previous_secrets_until`, so no message is lost on the way. The new one is stored, and then the
/// platform is told: the answer is that of `…/connect`. When it is not `ok`, the new secret holds all
/// the same; call `…/connect` until it is. Needs `connectors.write`.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/connectors/{connector_id}/rotate-webhook-secret",
    tag = "Connectors",
    params(ConnectorPath, IfMatchHeader),
    responses(
        (status = 200, description = "There is a new secret. What the platform says to it: see `status`.", body = SetUpOutcomeResponse, headers(("ETag" = String, description = "The connector's version, for `If-Match`."))),
        (status = 409, description = "The platform was not told the last one yet, so it may still use the one before; or it makes the secret itself; or somebody else keeps changing the connector.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "It is not at the version named in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn rotate_webhook_secret(
    State(deps): State<Arc<Deps>>,
    caller: Authenticated,
    origin: CallOrigin,
    if_match: IfMatch,
    ApiPath(path): ApiPath<ConnectorPath>,
) -> Result<Response, ApiError> {
    let caller = caller.holding(Permission::ConnectorsWrite)?;
    let scope = caller.scope().project(path.project_id);
    for _ in 0..CHANGE_ATTEMPTS {
        let connector = read(&deps, scope, path.connector_id).await?;
        let kind = connector_kind(&connector.provider)
            .ok_or_else(|| PortError::corrupt("connector", "its provider is not known"))?;
        let section = new_secret(kind, defaults::random_secret(deps.random.as_ref())?)
            .ok_or(ApiError::NoSecretOfOurs)?;
        if_match.check(connector.version)?;
        let now = deps.clock.now();
        let mut changed = connector.clone();
        secrets::replace(deps.vault.as_ref(), kind, &mut changed, section, now).await?;
        changed.updated_at = now;
        let entry = Change {
            action: "connector.webhook_secret_rotated",
            target: format!("connector:{}", connector.id),
            before: facts(&connector),
            after: facts(&changed),
        }
        .entry(
            deps.ids.as_ref(),
            caller.scope(),
            caller.actor(),
            &origin,
            now,
        );
        match deps.connectors.update_connector(&changed, &entry).await {
            Ok(()) => {
                audit::log(&entry);
                let stored = Connector {
                    version: changed.version + 1,
                    ..changed
                };
                return connected(&deps, &caller, &origin, stored).await;
            }
            Err(error) => again_after(error, &if_match)?,
        }
    }
    Err(ApiError::ChangedMeanwhile)
}

/// The change that puts `secret` where the provider has one of ours.
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
