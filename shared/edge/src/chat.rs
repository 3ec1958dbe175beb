//! One sender for every platform: it makes the calls that providers describe (DESIGN §2).

use crate::connectors::OpenConnector;
use async_trait::async_trait;
use std::{fmt, sync::Arc};
use vestibule_domain::{
    PortError,
    connector::{Connector, Provider},
    error::Chain,
    message::Identity,
    ports::{ChatPlatform, FailureClass, OutgoingText, ProfileOutcome, SecretVault, SendOutcome},
};
use vestibule_providers::{
    outgoing::{CallResult, ChatProvider, Step},
    transport::ChatTransport,
    webhook::Credentials,
};

/// Calls that one send or one profile may take; no platform needs as many.
const CALLS_MAX: usize = 32;

/// Reaches every platform that has a [`ChatProvider`].
pub struct Platforms {
    transport: Arc<dyn ChatTransport>,
    vault: Arc<dyn SecretVault>,
    providers: &'static [&'static dyn ChatProvider],
}

impl fmt::Debug for Platforms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platforms").finish_non_exhaustive()
    }
}

/// Why the calls of a provider could not be made.
enum Unable {
    /// Nobody knows this platform.
    NoProvider,
    /// The connector's secrets cannot be opened now, or never.
    Secrets(PortError),
    /// The provider asks for one call after another.
    TooManyCalls,
}

impl Unable {
    fn reason(&self) -> String {
        match self {
            Self::NoProvider => "unknown_provider".to_owned(),
            Self::Secrets(error) => Chain(error).to_string(),
            Self::TooManyCalls => "too_many_calls".to_owned(),
        }
    }

    fn passes(&self) -> bool {
        matches!(self, Self::Secrets(PortError::Unavailable { .. }))
    }
}

impl Platforms {
    /// The platforms of these providers.
    #[must_use]
    pub fn new(
        transport: Arc<dyn ChatTransport>,
        vault: Arc<dyn SecretVault>,
        providers: &'static [&'static dyn ChatProvider],
    ) -> Self {
        Self {
            transport,
            vault,
            providers,
        }
    }

    fn provider(&self, key: &Provider) -> Option<&'static dyn ChatProvider> {
        self.providers
            .iter()
            .copied()
            .find(|provider| provider.provider() == *key)
    }

    /// Makes calls until the provider knows the outcome.
    async fn run<T>(
        &self,
        connector: &Connector,
        next: impl Fn(&dyn ChatProvider, &Credentials<'_>, &[CallResult]) -> Step<T> + Send + Sync,
    ) -> Result<T, Unable> {
        let provider = self
            .provider(&connector.provider)
            .ok_or(Unable::NoProvider)?;
        let open = OpenConnector::open(
            connector.clone(),
            provider.sending_secrets(),
            self.vault.as_ref(),
        )
        .await
        .map_err(Unable::Secrets)?;
        let credentials = Credentials {
            connector,
            secrets: &open.secrets,
        };
        let mut so_far = Vec::new();
        while so_far.len() < CALLS_MAX {
            match next(provider, &credentials, &so_far) {
                Step::Done(outcome) => return Ok(outcome),
                Step::Call(call) => {
                    let result = self.transport.call(&connector.provider, call).await;
                    so_far.push(result);
                }
            }
        }
        Err(Unable::TooManyCalls)
    }
}

#[async_trait]
impl ChatPlatform for Platforms {
    fn pieces(&self, connector: &Connector, text: &str) -> Vec<String> {
        self.provider(&connector.provider)
            .map_or_else(|| vec![text.to_owned()], |provider| provider.pieces(text))
    }

    async fn send(&self, connector: &Connector, text: OutgoingText<'_>) -> SendOutcome {
        let outcome = self
            .run(connector, |provider, credentials, so_far| {
                provider.send(&text, credentials, so_far)
            })
            .await;
        outcome.unwrap_or_else(|unable| {
            let reason = unable.reason();
            if unable.passes() {
                SendOutcome::Retry {
                    after: None,
                    reason,
                }
            } else {
                SendOutcome::Failed {
                    class: FailureClass::Connector,
                    reason,
                }
            }
        })
    }

    async fn profile(&self, connector: &Connector, identity: &Identity) -> ProfileOutcome {
        let outcome = self
            .run(connector, |provider, credentials, so_far| {
                provider.profile(identity, credentials, so_far)
            })
            .await;
        outcome.unwrap_or_else(|unable| {
            let reason = unable.reason();
            if unable.passes() {
                ProfileOutcome::Retry {
                    after: None,
                    reason,
                }
            } else {
                ProfileOutcome::None { reason }
            }
        })
    }
}
