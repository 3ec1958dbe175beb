//! Cold start of the sweeper.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use sweeper::{sweep, wire};
use vestibule_coldstart::start;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let deps = start(|adapters| Ok(wire(adapters))).await?;
    let handler = |_: LambdaEvent<serde_json::Value>| async {
        Ok::<_, Error>(serde_json::json!({ "jobs": sweep(&deps).await? }))
    };
    run(service_fn(handler)).await
}
