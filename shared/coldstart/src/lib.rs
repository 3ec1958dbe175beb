//! The cold start of every webhook function: configuration, one AWS client for all services, the
//! connections opened, then the intake of one provider.

use futures_util::future::join3;
use lambda_http::{Error, service_fn};
use std::{convert::Infallible, sync::Arc};
use vestibule_adapters::{
    aws::{AwsSettings, sdk_config},
    dynamo::{DynamoIntake, KeyringStore, Table},
    sqs::SqsQueue,
    vault::KmsVault,
};
use vestibule_domain::{Clock, SystemClock, vars::Vars};
use vestibule_edge::{
    config, gateway,
    intake::{Intake, IntakePorts},
    logging,
    webhook::handle,
};
use vestibule_providers::webhook::WebhookProvider;

/// Runs the webhook of the provider that `provider` makes from the environment's variables. Returns
/// when Lambda stops the sandbox, or at once with every problem of the configuration.
pub async fn webhook(
    provider: impl FnOnce(&mut Vars<'_>) -> Box<dyn WebhookProvider>,
) -> Result<(), Error> {
    let mut vars = config::vars();
    logging::init(&mut vars);
    let aws = sdk_config(&AwsSettings::read(&mut vars));
    let table = Table::new(&aws, &vars.required("TABLE_NAME"));
    let onboarding = Arc::new(SqsQueue::new(&aws, &vars.required("ONBOARDING_QUEUE_URL")));
    let inbox = Arc::new(SqsQueue::new(&aws, &vars.required("INBOX_QUEUE_URL")));
    let provider = provider(&mut vars);
    vars.finish()?;
    let vault = Arc::new(KmsVault::new(&aws, KeyringStore::new(table.clone())));
    let store = Arc::new(DynamoIntake::new(table));
    // Init has a whole processor, the first call has not: connections are opened now.
    Box::pin(join3(
        vault.warm_beside(store.warm()),
        inbox.warm(),
        provider.warm(SystemClock.now()),
    ))
    .await;
    let ports = IntakePorts {
        connectors: store.clone(),
        vault,
        store,
        onboarding,
        inbox,
        clock: Arc::new(SystemClock),
    };
    let intake = Intake::new(provider, ports);
    gateway::run(service_fn(|request| async {
        Ok::<_, Infallible>(handle(&intake, request).await)
    }))
    .await
}
