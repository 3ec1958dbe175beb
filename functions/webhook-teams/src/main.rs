//! Cold start of the Teams webhook.

use lambda_http::Error;
use mimalloc::MiMalloc;

/// The C library takes a fifth of an event's instructions to hand out memory and take it back.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    vestibule_coldstart::webhook(webhook_teams::provider).await
}
