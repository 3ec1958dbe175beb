//! Cold start of the Telegram webhook.

use lambda_http::Error;
use mimalloc::MiMalloc;
use vestibule_providers::telegram::Telegram;

/// The C library takes a fifth of an event's instructions to hand out memory and take it back.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    vestibule_coldstart::webhook(|_| Box::new(Telegram)).await
}
