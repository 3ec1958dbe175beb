//! Cold start of the Teams webhook.

use lambda_http::Error;
use std::sync::Arc;
use vestibule_adapters::egress::{HttpKeySource, TEAMS_OPENID_METADATA_URL, TEAMS_SERVICE_ORIGINS};
use vestibule_domain::egress::OriginAllowList;
use vestibule_providers::teams::TeamsWebhook;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    vestibule_coldstart::webhook(|vars| {
        let keys = HttpKeySource::named_by(vars.required(TEAMS_OPENID_METADATA_URL));
        vars.required(TEAMS_SERVICE_ORIGINS);
        let origins = vars.parsed(TEAMS_SERVICE_ORIGINS, OriginAllowList::parse);
        Box::new(TeamsWebhook::new(Arc::new(keys), origins))
    })
    .await
}
