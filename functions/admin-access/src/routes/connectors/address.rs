//! Addresses of connectors' webhooks.

use super::defaults;
use crate::Deps;
use vestibule_admin::CallOrigin;
use vestibule_domain::{
    ProjectScope,
    connector::{Connector, Provider},
    ids::ConnectorId,
};
use vestibule_providers::catalogue::connector_kind;

/// The path of a connector's webhook, or of the call that brings its messages if no platform sends them.
pub(super) fn webhook_path(scope: ProjectScope, provider: &Provider, id: ConnectorId) -> String {
    let is_own = connector_kind(provider).is_some_and(|kind| kind.own_system().is_some());
    if is_own {
        format!(
            "/v1/projects/{}/connectors/{id}/messages",
            scope.project_id()
        )
    } else {
        format!("/webhooks/{provider}/{id}")
    }
}

/// The connector's webhook address, if the address of this API is known.
pub(super) fn webhook_url(
    deps: &Deps,
    origin: &CallOrigin,
    scope: ProjectScope,
    provider: &Provider,
    id: ConnectorId,
) -> Option<String> {
    let base = base_url(deps.public_url.as_deref(), origin)?;
    Some(format!("{base}{}", webhook_path(scope, provider, id)))
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
        .or_else(|| {
            webhook_url(
                deps,
                origin,
                connector.scope,
                &connector.provider,
                connector.id,
            )
        })
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
    use super::{super::fixtures, *};

    fn origin(domain: Option<&str>) -> CallOrigin {
        CallOrigin {
            request_id: "r".to_owned(),
            domain_name: domain.map(str::to_owned),
            ..CallOrigin::default()
        }
    }

    /// SPEC E38.
    #[test]
    fn messages_come_to_a_webhook_of_the_platform_or_by_a_call_of_the_api() {
        let connector = fixtures::connector();
        let (scope, id) = (connector.scope, connector.id);
        let path = |provider| webhook_path(scope, &Provider::new(provider), id);
        assert_eq!(path("slack"), format!("/webhooks/slack/{id}"));
        let project = scope.project_id();
        let own = format!("/v1/projects/{project}/connectors/{id}/messages");
        assert_eq!(path("api"), own);
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
