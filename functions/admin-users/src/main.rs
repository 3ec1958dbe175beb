//! Cold start of the admin API for the users of projects.

use admin_users::{router, wire};
use lambda_http::Error;
use vestibule_coldstart::{gateway, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let deps = start(|adapters| Ok(wire(adapters))).await?;
    gateway::run(router(deps)).await
}
