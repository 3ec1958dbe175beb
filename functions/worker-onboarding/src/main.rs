//! Cold start of the onboarding worker.

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use std::sync::Arc;
use vestibule_adapters::{
    aws::{AwsSettings, sdk_config},
    dynamo::{DynamoClosings, DynamoIntake, DynamoStandings, KeyringStore, Table},
    egress::{HttpChatTransport, PlatformAddresses},
    sqs::SqsQueue,
    vault::KmsVault,
};
use vestibule_domain::{SystemClock, ids::SystemIds};
use vestibule_edge::{batch, chat::Platforms, config, logging};
use vestibule_providers::catalogue::chat_providers;
use worker_onboarding::{Deps, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut vars = config::vars();
    logging::init(&mut vars);
    let aws = sdk_config(&AwsSettings::read(&mut vars));
    let table = Table::new(&aws, &vars.required("TABLE_NAME"));
    let queue = SqsQueue::new(&aws, &vars.required("ONBOARDING_QUEUE_URL"));
    let inbox = SqsQueue::new(&aws, &vars.required("INBOX_QUEUE_URL"));
    let addresses = PlatformAddresses::read(&mut vars);
    vars.finish()?;
    let transport = HttpChatTransport::new(addresses)?;
    let vault = Arc::new(KmsVault::new(&aws, KeyringStore::new(table.clone())));
    vault.warm().await;
    let deps = Deps {
        standings: Arc::new(DynamoStandings::new(table.clone())),
        requests: Arc::new(DynamoClosings::new(table.clone())),
        connectors: Arc::new(DynamoIntake::new(table)),
        inbox: Arc::new(inbox),
        onboarding: Arc::new(queue.clone()),
        platform: Arc::new(Platforms::new(
            Arc::new(transport),
            vault,
            chat_providers(),
            Arc::new(SystemClock),
        )),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
    };
    let (deps, queue) = (&deps, &queue);
    let work = async move |event: LambdaEvent<SqsEvent>| {
        let handle = async |body: String, _| handle(deps, &body).await;
        Ok::<_, Error>(batch::run(event.payload, queue, handle).await)
    };
    run(service_fn(work)).await
}
