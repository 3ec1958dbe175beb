//! Cold start of the Telegram webhook.

use lambda_http::Error;
use vestibule_providers::telegram::Telegram;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    vestibule_coldstart::webhook(|_| Box::new(Telegram)).await
}
