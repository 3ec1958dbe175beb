//! The Teams webhook's provider, with the signing keys of the Bot Framework.

use std::sync::Arc;
use vestibule_adapters::egress::{HttpKeySource, TEAMS_OPENID_METADATA_URL, TEAMS_SERVICE_ORIGINS};
use vestibule_coldstart::Adapters;
use vestibule_domain::egress::OriginAllowList;
use vestibule_providers::{teams::TeamsWebhook, webhook::WebhookProvider};

/// The inbound side of Teams, from `TEAMS_OPENID_METADATA_URL` and `TEAMS_SERVICE_ORIGINS`.
pub fn provider(adapters: &mut Adapters<'_>) -> Box<dyn WebhookProvider> {
    let vars = adapters.vars();
    let keys = HttpKeySource::named_by(vars.required(TEAMS_OPENID_METADATA_URL));
    vars.required(TEAMS_SERVICE_ORIGINS);
    let origins = vars.parsed(TEAMS_SERVICE_ORIGINS, OriginAllowList::parse);
    Box::new(TeamsWebhook::new(Arc::new(keys), origins))
}
