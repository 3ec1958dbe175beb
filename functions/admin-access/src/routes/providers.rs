//! The catalogue: what connectors can be made for, and what each takes.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_admin::FieldErrors;
use vestibule_domain::connector::{APPROVAL_NOTICE_DEFAULT, ONBOARDING_MESSAGE_DEFAULT, Provider};
use vestibule_providers::catalogue::{ConnectorKind, Fill, connector_kind, connector_kinds};

/// Stands for a connector's own address in the steps of the catalogue.
const WEBHOOK_URL_PLACEHOLDER: &str = "{webhook_url}";

/// Everything that connectors can be made for.
#[derive(Serialize, ToSchema)]
pub struct ProvidersResponse {
    /// One entry a provider.
    items: Vec<ProviderResponse>,
}

/// A chat platform, as an admin sets it up.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "provider": "slack", "label": "Slack", "channel": "slack",
    "fields": [{"name": "team_id", "secret": false, "required": true, "fill": "nothing", "previous_in": null, "help": "Begins with T."}],
    "message_max_chars": 4000,
    "default_onboarding_message": "Thanks for your message! …",
    "default_approval_notice": "Good news: …",
    "set_up_steps": ["Open your app at api.slack.com/apps.", "Set the request URL to {webhook_url}."]
}))]
pub struct ProviderResponse {
    /// The key that connectors are made with. Their fields stand under it.
    provider: String,
    /// Its name for people.
    label: &'static str,
    /// The channel that its conversations count for.
    channel: &'static str,
    /// What has to be filled in, in the order an admin meets it.
    fields: Vec<ProviderFieldResponse>,
    /// Longest onboarding message, in characters.
    message_max_chars: usize,
    /// A good text to begin with: it says that the request is being reviewed, when to expect an
    /// answer, and whom to ask if it is urgent.
    default_onboarding_message: &'static str,
    /// What people are told after an approval, unless their connector says otherwise.
    default_approval_notice: &'static str,
    /// What to do in the platform's console; `{webhook_url}` stands for the connector's address.
    set_up_steps: Vec<String>,
}

/// One field of a connector.
#[derive(Serialize, ToSchema)]
pub struct ProviderFieldResponse {
    /// Its name.
    name: &'static str,
    /// Whether it is encrypted and never shown again.
    secret: bool,
    /// Whether a connector cannot be made without it.
    required: bool,
    /// What it becomes when it is left out of a new connector: `nothing`, a `random_secret` that we
    /// draw and the platform is told by `…/connect`, or the connector's own `webhook_url`.
    fill: FillName,
    /// The field that keeps the value before for 24 hours when this one is replaced; null when none
    /// does. A form can leave that field out.
    previous_in: Option<&'static str>,
    /// Where the platform's console shows it.
    help: &'static str,
}

/// What a field becomes that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum FillName {
    /// It stays away.
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
/// Every chat platform that a connector can be made for, the fields it takes, and the steps in its
/// own console.
#[utoipa::path(
    get,
    path = "/v1/providers",
    tag = "Connectors",
    responses((status = 200, description = "The catalogue. It is short and has no pages.", body = ProvidersResponse))
)]
pub async fn list_providers() -> Json<ProvidersResponse> {
    let items = connector_kinds().iter().map(|kind| (*kind).into());
    Json(ProvidersResponse {
        items: items.collect(),
    })
}

/// A provider that connectors can be made for.
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
