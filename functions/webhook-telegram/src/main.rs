//! Cold start of the Telegram webhook.

use lambda_http::Error;
use mimalloc::MiMalloc;
use vestibule_providers::telegram::Telegram;

/// Hands out memory in fewer instructions than the C library does.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    vestibule_coldstart::webhook(|_| Box::new(Telegram)).await
}
