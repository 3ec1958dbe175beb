//! Cold start of the 360dialog (`WhatsApp`) webhook.

use lambda_http::Error;
use mimalloc::MiMalloc;
use vestibule_providers::dialog360::Dialog360;

/// Hands out memory in fewer instructions than the C library does.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    vestibule_coldstart::webhook(|_| Box::new(Dialog360)).await
}
