//! Connectors of a customer's own system (SPEC E38): the rules of their fields that need more than the value.

use crate::Deps;
use std::collections::BTreeMap;
use vestibule_admin::{FieldErrors, problem::ApiError};
use vestibule_domain::{AccountScope, egress::check_endpoint};
use vestibule_providers::catalogue::ConnectorKind;

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
    let named = |field: &str| format!("{}.{field}", kind.provider());
    if let Some(address) = settings.get_mut(fields.reply_url) {
        match check_endpoint(address, &deps.agent_origin_allowlist) {
            Ok(url) => *address = url.to_string(),
            Err(error) => errors.add(named(fields.reply_url), error.to_string()),
        }
    }
    if let Some(channel) = settings.get(fields.channel) {
        let channels = deps.channels.channels(scope).await?;
        if channels.get(channel).is_none() {
            errors.add(
                named(fields.channel),
                "must be the key of a channel that the account added",
            );
        }
    }
    Ok(())
}
