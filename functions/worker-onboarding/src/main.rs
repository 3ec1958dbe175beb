//! Cold start of the onboarding worker.

use lambda_runtime::Error;
use vestibule_coldstart::start;
use vestibule_edge::batch;
use worker_onboarding::{handle, wire};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (deps, queue) = start(|adapters| Ok(wire(adapters)?)).await?;
    let work = async |body: String, receives| handle(&deps, &body, receives).await;
    batch::serve(queue.as_ref(), work).await
}
