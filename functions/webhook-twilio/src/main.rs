//! Cold start of the Twilio webhook.

use lambda_http::Error;
use vestibule_providers::twilio::Twilio;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    vestibule_coldstart::webhook(|_| Box::new(Twilio)).await
}
