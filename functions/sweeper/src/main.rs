//! Cold start of the sweeper.

use lambda_runtime::Error;
use serde_json::{Value, json};
use sweeper::{sweep, wire};
use vestibule_coldstart::start;
use vestibule_edge::runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let deps = start(|adapters| Ok(wire(adapters))).await?;
    runtime::run(async |_: Value| Ok(json!({ "jobs": sweep(&deps).await? }))).await
}
