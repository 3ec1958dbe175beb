//! Cold start of the Slack webhook.

use lambda_http::{Error, run, service_fn};
use std::{convert::Infallible, sync::Arc};
use vestibule_adapters::{
    aws::{AwsSettings, sdk_config},
    dynamo::{DynamoIntake, KeyringStore, Table},
    sqs::SqsQueue,
    vault::KmsVault,
};
use vestibule_domain::SystemClock;
use vestibule_edge::{
    config,
    intake::{Intake, IntakePorts},
    logging,
    webhook::handle,
};
use vestibule_providers::slack::Slack;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut vars = config::vars();
    logging::init(&mut vars);
    let aws = sdk_config(&AwsSettings::read(&mut vars));
    let table = Table::new(&aws, &vars.required("TABLE_NAME"));
    let onboarding = Arc::new(SqsQueue::new(&aws, &vars.required("ONBOARDING_QUEUE_URL")));
    let inbox = Arc::new(SqsQueue::new(&aws, &vars.required("INBOX_QUEUE_URL")));
    vars.finish()?;
    let vault = Arc::new(KmsVault::new(&aws, KeyringStore::new(table.clone())));
    let store = Arc::new(DynamoIntake::new(table));
    // Init has a whole processor, the first call has not: connections are opened now.
    futures_util::future::join(vault.warm(), inbox.warm()).await;
    let ports = IntakePorts {
        connectors: store.clone(),
        vault,
        store,
        onboarding,
        inbox,
        clock: Arc::new(SystemClock),
    };
    let intake = Intake::new(Box::new(Slack), ports);
    run(service_fn(|request| async {
        Ok::<_, Infallible>(handle(&intake, request).await)
    }))
    .await
}
