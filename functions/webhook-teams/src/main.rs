//! Cold start of the Teams webhook.

use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    vestibule_coldstart::webhook(webhook_teams::provider).await
}
