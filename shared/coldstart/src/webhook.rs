//! Webhook functions: the intake of one provider.

use crate::{Adapters, start::of_process};
use futures_util::future::join3;
use lambda_http::{Error, Request, service_fn};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::time::timeout;
use vestibule_adapters::{dynamo::DynamoIntake, sqs::SqsQueue, vault::KmsVault};
use vestibule_domain::Clock;
use vestibule_edge::{
    gateway,
    intake::{Intake, IntakePorts},
    webhook::handle,
};
use vestibule_providers::webhook::WebhookProvider;

/// Time limit for opening connections to AWS. The first event opens what is missing then. Slack, the least patient platform,
/// waits for three seconds, of which the event itself may take [`TIME_MAX`](vestibule_edge::intake::TIME_MAX).
const CONNECTING_MAX: Duration = Duration::from_millis(500);

/// The adapters behind an intake.
struct IntakeAdapters {
    store: Arc<DynamoIntake>,
    vault: Arc<KmsVault>,
    onboarding: Arc<SqsQueue>,
    inbox: Arc<SqsQueue>,
    clock: Arc<dyn Clock>,
}

impl IntakeAdapters {
    fn new(adapters: &mut Adapters<'_>) -> Self {
        let vault = adapters.vault();
        Self {
            store: adapters.intake(&vault),
            vault,
            onboarding: adapters.onboarding_queue(),
            inbox: adapters.inbox_queue(),
            clock: adapters.clock(),
        }
    }

    /// Opens the connections during init, which has a whole processor; the first call does not. The
    /// provider limits its own time.
    async fn warm(&self, provider: &dyn WebhookProvider) {
        let table = self.vault.warm_beside(self.store.warm());
        let _ = Box::pin(join3(
            timeout(CONNECTING_MAX, table),
            timeout(CONNECTING_MAX, self.inbox.warm()),
            provider.warm(self.clock.now()),
        ))
        .await;
    }

    fn ports(self) -> IntakePorts {
        IntakePorts {
            connectors: self.store.clone(),
            vault: self.vault,
            store: self.store,
            onboarding: self.onboarding,
            inbox: self.inbox,
            clock: self.clock,
        }
    }
}

/// The ports of an intake, over these adapters.
pub fn intake_ports(adapters: &mut Adapters<'_>) -> IntakePorts {
    IntakeAdapters::new(adapters).ports()
}

/// Runs a provider's webhook. Returns when Lambda stops the sandbox, or at once with every problem of
/// the configuration.
pub async fn webhook(
    provider: impl FnOnce(&mut Adapters<'_>) -> Box<dyn WebhookProvider>,
) -> Result<(), Error> {
    let mut adapters = of_process();
    let intake = IntakeAdapters::new(&mut adapters);
    let provider = provider(&mut adapters);
    adapters.finish()?;
    intake.warm(provider.as_ref()).await;
    let intake = Intake::new(provider, intake.ports());
    let answers = service_fn(|request: Request| async {
        Ok::<_, Infallible>(handle(&intake, request).await)
    });
    gateway::run_with_rest(answers, || intake.enqueue_rest()).await
}
