//! Cold start of the 360dialog (`WhatsApp`) webhook.

use lambda_http::Error;
use mimalloc::MiMalloc;
use vestibule_providers::dialog360::Dialog360;

/// The C library takes a fifth of an event's instructions to hand out memory and take it back.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    vestibule_coldstart::webhook(|_| Box::new(Dialog360)).await
}
