//! Cold start of the Teams webhook.

use lambda_http::Error;
use mimalloc::MiMalloc;

/// Hands out memory in fewer instructions than the C library does.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    vestibule_coldstart::webhook(webhook_teams::provider).await
}
