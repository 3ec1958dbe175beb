//! Tests and connects connectors with the calls that [`ConnectorSetup`]s describe.

use crate::calls::{CallRunner, KEEP_NOTHING, Unable};
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::timeout;
use vestibule_domain::{Clock, PortError, connector::Connector, ports::SecretVault};
use vestibule_providers::{
    outgoing::{CallResult, NextCall},
    setup::{ConnectorSetup, ConnectorSetupOutcome},
    transport::ChatTransport,
    webhook::Credentials,
};

/// Time limit for all calls of one test or connect. The admin waits, and the function has 15 s.
pub const TIME_MAX: Duration = Duration::from_secs(10);

/// Runner of tests and connects.
pub struct SetupCalls {
    caller: CallRunner,
}

impl fmt::Debug for SetupCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetupCalls").finish_non_exhaustive()
    }
}

impl SetupCalls {
    /// Creates a runner that calls through this transport, with secrets from this vault.
    #[must_use]
    pub fn new(
        transport: Arc<dyn ChatTransport>,
        vault: Arc<dyn SecretVault>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            caller: CallRunner::new(transport, vault, clock),
        }
    }

    /// Tests the credentials. Fails when the secrets cannot be opened.
    pub async fn test(
        &self,
        setup: &dyn ConnectorSetup,
        connector: &Connector,
    ) -> Result<ConnectorSetupOutcome, PortError> {
        self.run(setup, connector, |credentials, so_far| {
            setup.test(credentials, so_far)
        })
        .await
    }

    /// Registers `webhook_url` with the platform; `None` where the platform has no API for it. Fails
    /// when the secrets cannot be opened.
    pub async fn connect(
        &self,
        setup: &dyn ConnectorSetup,
        connector: &Connector,
        webhook_url: &str,
    ) -> Result<Option<ConnectorSetupOutcome>, PortError> {
        let next = |credentials: &Credentials<'_>, so_far: &[CallResult]| match setup.connect(
            webhook_url,
            credentials,
            so_far,
        ) {
            None => NextCall::Done(None),
            Some(NextCall::Call(call)) => NextCall::Call(call),
            Some(NextCall::Done(outcome)) => NextCall::Done(Some(outcome)),
        };
        self.run(setup, connector, next).await
    }

    async fn run<T: From<ConnectorSetupOutcome>>(
        &self,
        setup: &dyn ConnectorSetup,
        connector: &Connector,
        next: impl Fn(&Credentials<'_>, &[CallResult]) -> NextCall<T> + Send + Sync,
    ) -> Result<T, PortError> {
        let run = self
            .caller
            .run(connector, setup.setup_secrets(), KEEP_NOTHING, next);
        let later = |reason: &str| {
            Ok(T::from(ConnectorSetupOutcome::Later {
                after: None,
                reason: reason.to_owned(),
            }))
        };
        match timeout(TIME_MAX, run).await {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(Unable::Secrets(error))) => Err(error),
            Ok(Err(Unable::TooManyCalls)) => later("too_many_calls"),
            Err(_) => later("timed_out"),
        }
    }
}
