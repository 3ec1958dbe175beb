//! The catalogue of providers, with the fields of their connectors.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_admin::FieldErrors;
use vestibule_domain::connector::{APPROVAL_NOTICE_DEFAULT, ONBOARDING_MESSAGE_DEFAULT, Provider};
use vestibule_providers::catalogue::{ConnectorKind, Fill, connector_kind, connector_kinds};

/// Placeholder for a connector's own address in the steps of the catalogue.
const WEBHOOK_URL_PLACEHOLDER: &str = "{webhook_url}";

/// The catalogue of providers.
#[derive(Serialize, ToSchema)]
pub struct ProvidersResponse {
    /// One entry per provider.
    items: Vec<ProviderResponse>,
}

/// A provider, with everything that an admin needs to set up a connector.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "provider": "slack", "label": "Slack", "channel": "slack",
    "fields": [{"name": "team_id", "label": "Workspace ID", "placeholder": "T123ABC456", "secret": false, "required": true, "fill": "nothing", "previous_in": null, "help": "Begins with T."}],
    "message_max_chars": 4000,
    "default_onboarding_message": "Thanks for your message! …",
    "default_approval_notice": "Good news: …",
    "set_up_steps": ["Open your app at api.slack.com/apps.", "Set the request URL to {webhook_url}."]
}))]
pub struct ProviderResponse {
    /// Key of the provider. Connectors name it, and hold the provider's fields under it.
    provider: String,
    /// Name for display.
    label: &'static str,
    /// Channel by which the provider's conversations are counted.
    channel: &'static str,
    /// Fields of a connector, in the order in which an admin needs them.
    fields: Vec<ProviderFieldResponse>,
    /// Maximum length of an onboarding message or approval notice, in characters.
    message_max_chars: usize,
    /// Suggested onboarding message: it says that the request is being reviewed, when to expect an
    /// answer, and whom to ask if it is urgent.
    default_onboarding_message: &'static str,
    /// Approval notice of connectors that have none of their own.
    default_approval_notice: &'static str,
    /// Steps to take in the platform's console; `{webhook_url}` stands for the connector's address.
    set_up_steps: Vec<String>,
}

/// A field of a connector.
#[derive(Serialize, ToSchema)]
pub struct ProviderFieldResponse {
    /// Name.
    name: &'static str,
    /// Name for display, as the platform's console has it.
    label: &'static str,
    /// Example of a value, or its beginning with an ellipsis; null where the form of a value tells nothing.
    placeholder: Option<&'static str>,
    /// Whether the value is encrypted and never shown again.
    secret: bool,
    /// Whether a new connector must have the field.
    required: bool,
    /// Value for a new connector that leaves the field out: `nothing`, a `random_secret` that we create
    /// and `…/connect` sends to the platform, or the connector's own `webhook_url`.
    fill: FillName,
    /// Field that keeps the previous value for 24 hours when this one is replaced; null when there is
    /// none. A form can omit that field.
    previous_in: Option<&'static str>,
    /// Place in the platform's console that shows the value.
    help: &'static str,
}

/// Value of a field that is left out of a new connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum FillName {
    /// No value.
    Nothing,
    /// 32 random bytes in base64url.
    RandomSecret,
    /// The connector's webhook address.
    WebhookUrl,
}

impl From<Fill> for FillName {
    fn from(fill: Fill) -> Self {
        match fill {
            Fill::Nothing => Self::Nothing,
            Fill::RandomSecret => Self::RandomSecret,
            Fill::WebhookUrl => Self::WebhookUrl,
        }
    }
}

impl From<&'static dyn ConnectorKind> for ProviderResponse {
    fn from(kind: &'static dyn ConnectorKind) -> Self {
        let fields = kind.fields().iter().map(|field| ProviderFieldResponse {
            name: field.name,
            label: field.label,
            placeholder: field.placeholder,
            secret: field.secret,
            required: field.required,
            fill: field.fill.into(),
            previous_in: field.previous_in,
            help: field.help,
        });
        Self {
            provider: kind.provider().key().to_owned(),
            label: kind.label(),
            channel: kind.channel(),
            fields: fields.collect(),
            message_max_chars: kind.message_max_chars(),
            default_onboarding_message: ONBOARDING_MESSAGE_DEFAULT,
            default_approval_notice: APPROVAL_NOTICE_DEFAULT,
            set_up_steps: kind.set_up_steps(WEBHOOK_URL_PLACEHOLDER),
        }
    }
}

/// List the providers
///
/// Every chat platform for which connectors can be created, with the fields of its connectors and the
/// steps in its console.
#[utoipa::path(
    get,
    path = "/v1/providers",
    tag = "Connectors",
    responses((status = 200, description = "The whole catalogue; it has no pages.", body = ProvidersResponse))
)]
pub async fn list_providers() -> Json<ProvidersResponse> {
    let items = connector_kinds().iter().map(|kind| (*kind).into());
    Json(ProvidersResponse {
        items: items.collect(),
    })
}

/// Reads a provider for which connectors can be created.
pub(super) fn read_provider(
    field: &str,
    given: Option<&str>,
    errors: &mut FieldErrors,
) -> Option<Provider> {
    let provider = Provider::new(given?);
    if connector_kind(&provider).is_some() {
        return Some(provider);
    }
    let keys: Vec<_> = connector_kinds()
        .iter()
        .map(|kind| format!("`{}`", kind.provider()))
        .collect();
    errors.add(field, format!("must be one of {}", keys.join(", ")));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_tells_what_a_form_needs() {
        for kind in connector_kinds() {
            let shown = serde_json::to_value(ProviderResponse::from(*kind)).unwrap();
            assert_eq!(shown["provider"], kind.provider().key());
            assert_eq!(shown["channel"], kind.channel());
            assert!(shown["message_max_chars"].as_u64().unwrap() >= 100);
            let steps = shown["set_up_steps"].as_array().unwrap();
            assert!(!steps.is_empty() && steps.iter().all(serde_json::Value::is_string));
            let fields = shown["fields"].as_array().unwrap();
            assert_eq!(fields.len(), kind.fields().len());
            for field in fields {
                let fill = field["fill"].as_str().unwrap();
                assert!(["nothing", "random_secret", "webhook_url"].contains(&fill));
                assert!(field["help"].as_str().unwrap().len() > 10, "{field}");
                assert!(field["label"].as_str().unwrap().len() > 3, "{field}");
                let placeholder = &field["placeholder"];
                assert!(placeholder.is_null() || placeholder.is_string(), "{field}");
            }
        }
    }

    #[test]
    fn a_provider_is_one_of_the_catalogue() {
        let mut errors = FieldErrors::default();
        assert!(read_provider("provider", Some("slack"), &mut errors).is_some());
        assert!(errors.is_empty());
        assert!(read_provider("provider", Some("Slack"), &mut errors).is_none());
        assert!(errors.names("provider"));
    }
}
