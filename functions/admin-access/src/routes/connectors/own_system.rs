//! Connectors of a customer's own system (SPEC E38): the rules of their fields that need more than the value.

use crate::Deps;
use std::collections::BTreeMap;
use vestibule_admin::{FieldErrors, problem::ApiError};
use vestibule_domain::{AccountScope, connector::Connector, egress::check_endpoint};
use vestibule_providers::catalogue::ConnectorKind;

/// Rule for the fields by which the connector's people are known.
const FIXED: &str = "cannot be changed; create another connector instead";

/// Checks the address that we call, and stores it as it is called; checks that the account added the channel. Fields
/// that are missing are reported elsewhere.
pub(super) async fn check(
    deps: &Deps,
    scope: AccountScope,
    kind: &dyn ConnectorKind,
    settings: &mut BTreeMap<String, String>,
    errors: &mut FieldErrors,
) -> Result<(), ApiError> {
    let Some(fields) = kind.own_system() else {
        return Ok(());
    };
    check_address(deps, kind, fields.reply_url, settings, errors);
    if let Some(channel) = settings.get(fields.channel) {
        let channels = deps.channels.channels(scope).await?;
        if channels.get(channel).is_none() {
            errors.add(
                named(kind, fields.channel),
                "must be the key of a channel that the account added",
            );
        }
    }
    Ok(())
}

/// Checks a change: the address as for a new connector, and that channel and client stay. People are known by both, so
/// with others, everybody would be a stranger, or another client's person of the same id.
pub(super) fn check_change(
    deps: &Deps,
    kind: &dyn ConnectorKind,
    connector: &Connector,
    changed: &mut Connector,
    errors: &mut FieldErrors,
) {
    let Some(fields) = kind.own_system() else {
        return;
    };
    if changed.settings != connector.settings {
        check_address(deps, kind, fields.reply_url, &mut changed.settings, errors);
    }
    let channel = named(kind, fields.channel);
    let keeps_channel =
        changed.settings.get(fields.channel) == connector.settings.get(fields.channel);
    if !keeps_channel && !errors.names(&channel) {
        errors.add(channel, FIXED);
    }
    if changed.client_id != connector.client_id {
        errors.add("client_id", FIXED);
    }
}

fn check_address(
    deps: &Deps,
    kind: &dyn ConnectorKind,
    field: &str,
    settings: &mut BTreeMap<String, String>,
    errors: &mut FieldErrors,
) {
    let Some(address) = settings.get_mut(field) else {
        return;
    };
    match check_endpoint(address, &deps.agent_origin_allowlist) {
        Ok(url) => *address = url.to_string(),
        Err(error) => errors.add(named(kind, field), error.to_string()),
    }
}

/// The name of a field in a body.
fn named(kind: &dyn ConnectorKind, field: &str) -> String {
    format!("{}.{field}", kind.provider())
}
