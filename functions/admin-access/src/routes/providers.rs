//! The catalogue: what connectors can be made for, and what each takes.

use crate::Deps;
use axum::{Json, extract::State};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_domain::{
    account::Permission,
    connector::{APPROVAL_NOTICE_DEFAULT, ONBOARDING_MESSAGE_DEFAULT},
};
use vestibule_edge::{auth::Authenticated, problem::ApiError};
use vestibule_providers::catalogue::{ConnectorKind, connector_kinds};

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
    "fields": [{"name": "team_id", "secret": false, "required": true, "help": "Begins with T."}],
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
    /// Where the platform's console shows it.
    help: &'static str,
}

impl From<&'static dyn ConnectorKind> for ProviderResponse {
    fn from(kind: &'static dyn ConnectorKind) -> Self {
        let fields = kind.fields().iter().map(|field| ProviderFieldResponse {
            name: field.name,
            secret: field.secret,
            required: field.required,
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
/// own console. Needs `projects.read`.
#[utoipa::path(
    get,
    path = "/v1/providers",
    tag = "Connectors",
    responses((status = 200, description = "The catalogue. It is short and has no pages.", body = ProvidersResponse))
)]
pub async fn list_providers(
    State(_deps): State<Arc<Deps>>,
    caller: Authenticated,
) -> Result<Json<ProvidersResponse>, ApiError> {
    caller.holding(Permission::ProjectsRead)?;
    let items = connector_kinds().iter().map(|kind| (*kind).into());
    Ok(Json(ProvidersResponse {
        items: items.collect(),
    }))
}
