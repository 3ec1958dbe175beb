//! Cold start of the worker of outgoing events.

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use vestibule_coldstart::start;
use vestibule_edge::batch;
use worker_events::{handle, wire};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (deps, queue) = start(|adapters| Ok(wire(adapters)?)).await?;
    let (deps, queue) = (&deps, queue.as_ref());
    let work = async move |event: LambdaEvent<SqsEvent>| {
        let handle = async |body: String, receives| handle(deps, &body, receives).await;
        Ok::<_, Error>(batch::run(event.payload, queue, handle).await)
    };
    run(service_fn(work)).await
}
