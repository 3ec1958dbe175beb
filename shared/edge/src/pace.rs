//! Keeps each connector below its platform's send limits (PROVIDERS §0), over all sandboxes.

use async_trait::async_trait;
use std::{fmt, sync::Arc, time::Duration};
use vestibule_domain::{
    Clock,
    chat::conversation::ConversationRef,
    connector::Connector,
    error::Chain,
    ports::{
        ChatPlatform, OutgoingText, ProfileOutcome, ProfileQuery, SendOutcome, SendPacer, Turn,
    },
};
use vestibule_providers::catalogue::chat_provider;

/// A platform whose texts wait for their turn.
pub struct Paced<P> {
    platform: P,
    pacer: Arc<dyn SendPacer>,
    clock: Arc<dyn Clock>,
}

impl<P> fmt::Debug for Paced<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paced").finish_non_exhaustive()
    }
}

impl<P> Paced<P> {
    /// The platform, at this pace.
    #[must_use]
    pub fn new(platform: P, pacer: Arc<dyn SendPacer>, clock: Arc<dyn Clock>) -> Self {
        Self {
            platform,
            pacer,
            clock,
        }
    }

    /// Waits for the connector's turn, unless too many wait already: then it says how long that takes.
    async fn wait(&self, connector: &Connector) -> Result<(), Duration> {
        let Some(provider) = chat_provider(&connector.provider) else {
            return Ok(());
        };
        let turn = self
            .pacer
            .take_turn(connector.id, provider.send_interval(), self.clock.now())
            .await;
        match turn {
            Ok(Turn::After(wait)) if wait.is_zero() => Ok(()),
            Ok(Turn::After(wait)) => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
            Ok(Turn::Crowded(wait)) => Err(wait),
            Err(error) => {
                // The platform's own limit is the second line.
                tracing::warn!(connector.id = %connector.id, error = %Chain(&error), "a text goes out without waiting for its turn");
                Ok(())
            }
        }
    }
}

#[async_trait]
impl<P: ChatPlatform> ChatPlatform for Paced<P> {
    fn pieces(&self, connector: &Connector, text: &str) -> Vec<String> {
        self.platform.pieces(connector, text)
    }

    async fn send(&self, connector: &Connector, text: OutgoingText<'_>) -> SendOutcome {
        match self.wait(connector).await {
            Ok(()) => self.platform.send(connector, text).await,
            Err(wait) => SendOutcome::Retry {
                after: Some(wait),
                reason: "the connector sends as fast as its platform allows".to_owned(),
            },
        }
    }

    fn reply_window(
        &self,
        connector: &Connector,
        conversation: &ConversationRef,
    ) -> Option<Duration> {
        self.platform.reply_window(connector, conversation)
    }

    async fn profile(&self, connector: &Connector, query: ProfileQuery<'_>) -> ProfileOutcome {
        self.platform.profile(connector, query).await
    }
}
