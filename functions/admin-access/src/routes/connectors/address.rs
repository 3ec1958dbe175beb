//! Addresses of connectors' webhooks.

use super::defaults;
use crate::Deps;
use vestibule_admin::CallOrigin;
use vestibule_domain::{
    connector::{Connector, Provider},
    ids::ConnectorId,
};
use vestibule_providers::catalogue::connector_kind;

/// The path of a connector's webhook.
pub(super) fn webhook_path(provider: &Provider, id: ConnectorId) -> String {
    format!("/webhooks/{provider}/{id}")
}

/// The connector's webhook address, if the address of this API is known.
pub(super) fn webhook_url(
    deps: &Deps,
    origin: &CallOrigin,
    provider: &Provider,
    id: ConnectorId,
) -> Option<String> {
    let base = base_url(deps.public_url.as_deref(), origin)?;
    Some(format!("{base}{}", webhook_path(provider, id)))
}

/// The address to which the platform sends messages: ours, unless the connector names another that
/// leads here.
pub(super) fn address_at_platform(
    deps: &Deps,
    origin: &CallOrigin,
    connector: &Connector,
) -> Option<String> {
    connector_kind(&connector.provider)
        .and_then(|kind| defaults::given_webhook_url(kind, &connector.settings))
        .or_else(|| webhook_url(deps, origin, &connector.provider, connector.id))
}

/// The address under which the stack is reached: the configured one, else the gateway's own. A caller's
/// header is never trusted for it.
pub(in crate::routes) fn base_url(public_url: Option<&str>, origin: &CallOrigin) -> Option<String> {
    match (public_url, &origin.domain_name) {
        (Some(url), _) => Some(url.trim_end_matches('/').to_owned()),
        (None, Some(domain)) => Some(format!("https://{domain}")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(domain: Option<&str>) -> CallOrigin {
        CallOrigin {
            request_id: "r".to_owned(),
            domain_name: domain.map(str::to_owned),
            ..CallOrigin::default()
        }
    }

    #[test]
    fn the_address_is_the_configured_one_else_the_gateway_s() {
        let gateway = origin(Some("abc.example.com"));
        assert_eq!(
            base_url(Some("https://api.acme.com/"), &gateway).as_deref(),
            Some("https://api.acme.com")
        );
        assert_eq!(
            base_url(None, &gateway).as_deref(),
            Some("https://abc.example.com")
        );
        assert_eq!(base_url(None, &origin(None)), None);
    }
}
