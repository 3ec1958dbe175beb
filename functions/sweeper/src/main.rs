//! Cold start of the sweeper.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use std::sync::Arc;
use sweeper::{Deps, sweep};
use vestibule_adapters::{
    aws::{AwsSettings, sdk_config},
    dynamo::{DynamoOutbox, DynamoSendPacer, Table},
    sqs::SqsQueue,
};
use vestibule_domain::SystemClock;
use vestibule_edge::{config, logging};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut vars = config::vars();
    logging::init(&mut vars);
    let aws = sdk_config(&AwsSettings::read(&mut vars));
    let table = Table::new(&aws, &vars.required("TABLE_NAME"));
    let queue = SqsQueue::new(&aws, &vars.required("ONBOARDING_QUEUE_URL"));
    vars.finish()?;
    let deps = Deps {
        outbox: Arc::new(DynamoOutbox::new(table.clone())),
        paces: Arc::new(DynamoSendPacer::new(table)),
        queue: Arc::new(queue),
        clock: Arc::new(SystemClock),
    };
    let handler = |_: LambdaEvent<serde_json::Value>| async {
        Ok::<_, Error>(serde_json::json!({ "jobs": sweep(&deps).await? }))
    };
    run(service_fn(handler)).await
}
