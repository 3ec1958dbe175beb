//! Cold start of the 360dialog (`WhatsApp`) webhook.

use lambda_http::Error;
use vestibule_providers::dialog360::Dialog360;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    vestibule_coldstart::webhook(|_| Box::new(Dialog360)).await
}
