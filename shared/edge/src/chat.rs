//! One sender for every platform: it makes the calls that providers describe (DESIGN §2).

use crate::calls::{CallRunner, Unable};
use async_trait::async_trait;
use std::{fmt, sync::Arc, time::Duration};
use vestibule_domain::{
    Clock, PortError,
    chat::conversation::ConversationRef,
    chat::typing::ShowTyping,
    connector::{Connector, Provider},
    error::Chain,
    ports::{
        ChatPlatform, FailureClass, OutgoingText, ProfileOutcome, ProfileQuery, RetryScope,
        SecretVault, SendOutcome,
    },
};
use vestibule_providers::{
    outgoing::{CallResult, ChatProvider, NextCall},
    transport::ChatTransport,
    webhook::Credentials,
};

/// Sender for every platform that has a [`ChatProvider`].
pub struct Platforms {
    caller: CallRunner,
    providers: &'static [&'static dyn ChatProvider],
}

impl fmt::Debug for Platforms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platforms").finish_non_exhaustive()
    }
}

/// Failure to call the platform, or to get an outcome.
struct Undone {
    reason: String,
    passes: bool,
}

impl From<Unable> for Undone {
    fn from(unable: Unable) -> Self {
        Self {
            passes: matches!(unable, Unable::Secrets(PortError::Unavailable { .. })),
            reason: Chain(&unable).to_string(),
        }
    }
}

impl Platforms {
    /// Creates the sender for these providers.
    #[must_use]
    pub fn new(
        transport: Arc<dyn ChatTransport>,
        vault: Arc<dyn SecretVault>,
        providers: &'static [&'static dyn ChatProvider],
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            caller: CallRunner::new(transport, vault, clock),
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
        next: impl Fn(&dyn ChatProvider, &Credentials<'_>, &[CallResult]) -> NextCall<T> + Send + Sync,
    ) -> Result<T, Undone> {
        let provider = self.provider(&connector.provider).ok_or_else(|| Undone {
            reason: "unknown_provider".to_owned(),
            passes: false,
        })?;
        let outcome = self
            .caller
            .run(
                connector,
                provider.sending_secrets(),
                &|call, reply| provider.keep_answer(call, reply),
                |credentials, so_far| next(provider, credentials, so_far),
            )
            .await?;
        Ok(outcome)
    }
}

#[async_trait]
impl ChatPlatform for Platforms {
    fn pieces(&self, connector: &Connector, text: &str) -> Vec<String> {
        self.provider(&connector.provider).map_or_else(
            || vec![text.to_owned()],
            |provider| {
                provider
                    .pieces(text)
                    .into_iter()
                    .map(str::to_owned)
                    .collect()
            },
        )
    }

    async fn send(&self, connector: &Connector, text: OutgoingText<'_>) -> SendOutcome {
        let outcome = self
            .run(connector, |provider, credentials, so_far| {
                provider.send(&text, credentials, so_far)
            })
            .await;
        outcome.unwrap_or_else(|Undone { reason, passes }| {
            if passes {
                SendOutcome::Retry {
                    after: None,
                    scope: RetryScope::Connector,
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

    fn reply_window(
        &self,
        connector: &Connector,
        conversation: &ConversationRef,
    ) -> Option<Duration> {
        self.provider(&connector.provider)?
            .reply_window(conversation)
    }

    fn reports_late_failures(&self, connector: &Connector) -> bool {
        self.provider(&connector.provider)
            .is_some_and(ChatProvider::reports_late_failures)
    }

    fn finds_marked_texts(&self, connector: &Connector) -> bool {
        self.provider(&connector.provider)
            .is_some_and(ChatProvider::finds_marked_texts)
    }

    fn profile_tells_language(&self, connector: &Connector) -> bool {
        self.provider(&connector.provider)
            .is_some_and(ChatProvider::profile_tells_language)
    }

    async fn show_typing(&self, connector: &Connector, typing: &ShowTyping) {
        let shown = self
            .run(connector, |provider, credentials, so_far| {
                provider.show_typing(typing, credentials, so_far)
            })
            .await;
        if let Err(Undone { reason, .. }) = shown {
            tracing::info!(
                connector.id = %connector.id,
                reason = %reason,
                "it could not be shown that a text is being written"
            );
        }
    }

    async fn profile(&self, connector: &Connector, query: ProfileQuery<'_>) -> ProfileOutcome {
        let outcome = self
            .run(connector, |provider, credentials, so_far| {
                provider.profile(&query, credentials, so_far)
            })
            .await;
        outcome.unwrap_or_else(|Undone { reason, passes }| {
            if passes {
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
