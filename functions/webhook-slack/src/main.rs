//! Cold start of the Slack webhook.

use lambda_http::Error;
use vestibule_providers::slack::Slack;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    vestibule_coldstart::webhook(|_| Box::new(Slack)).await
}
