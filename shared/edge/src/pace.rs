//! Keeps each connector below its platform's limits (PROVIDERS §0), across all sandboxes: texts wait
//! for their turn, and a wait that a platform asks of one sandbox holds for all. A wait for one conversation
//! holds for that one alone: its worker postpones it, and this sandbox does not call the platform for it. A
//! customer's own system that does not answer is left alone for a while, so that the texts of others do not wait for it.

use crate::limits::{ConversationLimits, Place};
use async_trait::async_trait;
use std::{fmt, sync::Arc, time::Duration};
use vestibule_domain::{
    Clock, Timestamp,
    chat::conversation::ConversationRef,
    chat::typing::ShowTyping,
    connector::Connector,
    error::Chain,
    ports::{
        ChatPlatform, Destination, Limited, OutgoingText, ProfileOutcome, ProfileQuery, RetryScope,
        SendOutcome, SendPacer, Turn, is_unanswered,
    },
};
use vestibule_providers::catalogue::{chat_provider, connector_kind};

/// Time for which a customer's own system that did not answer is left alone.
const UNANSWERED_PAUSE: Duration = Duration::from_secs(30);

/// A platform whose texts wait for their turn.
pub struct Paced<P> {
    platform: P,
    pacer: Arc<dyn SendPacer>,
    clock: Arc<dyn Clock>,
    limits: ConversationLimits,
}

impl<P> fmt::Debug for Paced<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paced").finish_non_exhaustive()
    }
}

/// The platform is not called yet.
struct NotYet {
    wait: Duration,
    scope: RetryScope,
    reason: &'static str,
}

impl From<NotYet> for SendOutcome {
    fn from(not_yet: NotYet) -> Self {
        Self::Retry {
            after: Some(not_yet.wait),
            scope: not_yet.scope,
            reason: not_yet.reason.to_owned(),
        }
    }
}

const PAUSED: &str = "the platform asked this connector to wait";
const LIMITED: &str = "the platform asked this conversation to wait";
const CROWDED: &str = "the connector sends as fast as its platform allows";

impl<P> Paced<P> {
    /// Wraps the platform, with turns from this pacer.
    #[must_use]
    pub fn new(platform: P, pacer: Arc<dyn SendPacer>, clock: Arc<dyn Clock>) -> Self {
        Self {
            platform,
            pacer,
            clock,
            limits: ConversationLimits::default(),
        }
    }

    /// Waits for the connector's turn, unless the wait is long or the conversation has to wait itself. Returns the time
    /// since which the platform refuses the connector's calls, if it does.
    async fn admit(
        &self,
        connector: &Connector,
        place: &Place,
    ) -> Result<Option<Timestamp>, NotYet> {
        if let Some(wait) = self.limits.wait(place, self.clock.now()) {
            return Err(NotYet {
                wait,
                scope: RetryScope::Conversation,
                reason: LIMITED,
            });
        }
        self.turn(connector).await
    }

    /// Waits for the connector's turn, unless the wait is long.
    async fn turn(&self, connector: &Connector) -> Result<Option<Timestamp>, NotYet> {
        let Some(provider) = chat_provider(&connector.provider) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let turn = self
            .pacer
            .take_turn(connector.id, provider.send_interval(), now)
            .await;
        let (wait, reason) = match turn {
            Ok(Turn::After(wait)) => {
                self.wait(now, wait).await;
                return Ok(None);
            }
            Ok(Turn::AfterRefusal { wait, since }) => {
                self.wait(now, wait).await;
                return Ok(Some(since));
            }
            Ok(Turn::Crowded(wait)) => (wait, CROWDED),
            Ok(Turn::Paused(wait)) => (wait, PAUSED),
            Err(error) => {
                // The platform's own limit still applies.
                tracing::warn!(connector.id = %connector.id, error = %Chain(&error), "a text goes out without waiting for its turn");
                return Ok(None);
            }
        };
        Err(NotYet {
            wait,
            scope: RetryScope::Connector,
            reason,
        })
    }

    async fn wait(&self, now: Timestamp, wait: Duration) {
        if !wait.is_zero() {
            self.clock.wait_until(now.plus(wait)).await;
        }
    }

    /// Records that the platform took a call, which it refused since then.
    async fn note_taken(&self, connector: &Connector, since: Timestamp) {
        let now = self.clock.now();
        if let Err(error) = self.pacer.note_taken(connector, since, now).await {
            tracing::warn!(connector.id = %connector.id, error = %Chain(&error), "a connector sends again, and the next text tells it");
        }
    }

    /// Remembers the limits that an answer of the platform tells of.
    async fn learn(&self, connector: &Connector, place: Place, outcome: &SendOutcome) {
        match outcome {
            SendOutcome::Sent(_) => self.limits.note_sent(connector.id),
            SendOutcome::Retry {
                after: Some(wait),
                scope,
                ..
            } => {
                let now = self.clock.now();
                let is_connectors = match scope {
                    RetryScope::Connector => true,
                    RetryScope::Conversation => {
                        self.limits.note(place, now.plus(*wait));
                        false
                    }
                    RetryScope::Unclear => self.limits.note_unclear(place, now, now.plus(*wait)),
                };
                if is_connectors {
                    self.pause(connector, Limited::Texts, *wait).await;
                }
            }
            SendOutcome::Retry {
                after: None,
                reason,
                ..
            } => {
                if is_own_system(connector) && is_unanswered(reason) {
                    self.pause(connector, Limited::Texts, UNANSWERED_PAUSE)
                        .await;
                }
            }
            SendOutcome::Failed { .. } => {}
        }
    }

    /// Records for all jobs of the connector that its platform is to be left alone.
    async fn pause(&self, connector: &Connector, what: Limited, wait: Duration) {
        let until = self.clock.now().plus(wait);
        if let Err(error) = self.pacer.pause(connector.id, what, until).await {
            tracing::warn!(connector.id = %connector.id, error = %Chain(&error), "the platform is to be left alone, and only this job knows");
        }
    }
}

/// Whether the connector's texts go to a system of a customer.
fn is_own_system(connector: &Connector) -> bool {
    connector_kind(&connector.provider).is_some_and(|kind| kind.own_system().is_some())
}

#[async_trait]
impl<P: ChatPlatform> ChatPlatform for Paced<P> {
    fn pieces(&self, connector: &Connector, text: &str) -> Vec<String> {
        self.platform.pieces(connector, text)
    }

    async fn send(&self, connector: &Connector, text: OutgoingText<'_>) -> SendOutcome {
        let place = Place::of(connector.id, &text.to);
        let refused_since = match self.admit(connector, &place).await {
            Ok(since) => since,
            Err(not_yet) => return not_yet.into(),
        };
        let outcome = self.platform.send(connector, text).await;
        if let (Some(since), SendOutcome::Sent(_)) = (refused_since, &outcome) {
            self.note_taken(connector, since).await;
        }
        self.learn(connector, place, &outcome).await;
        outcome
    }

    /// Takes no turn: the sign delays no text. A conversation that has to wait gets none.
    async fn show_typing(&self, connector: &Connector, typing: &ShowTyping) {
        let to = Destination::Conversation(&typing.conversation);
        let place = Place::of(connector.id, &to);
        if self.limits.wait(&place, self.clock.now()).is_none() {
            self.platform.show_typing(connector, typing).await;
        }
    }

    fn reply_window(
        &self,
        connector: &Connector,
        conversation: &ConversationRef,
    ) -> Option<Duration> {
        self.platform.reply_window(connector, conversation)
    }

    fn reports_late_failures(&self, connector: &Connector) -> bool {
        self.platform.reports_late_failures(connector)
    }

    fn finds_marked_texts(&self, connector: &Connector) -> bool {
        self.platform.finds_marked_texts(connector)
    }

    fn profile_tells_language(&self, connector: &Connector) -> bool {
        self.platform.profile_tells_language(connector)
    }

    async fn profile(&self, connector: &Connector, query: ProfileQuery<'_>) -> ProfileOutcome {
        let paused = self.pacer.profiles_paused(connector.id, self.clock.now());
        match paused.await {
            Ok(None) => {}
            Ok(Some(wait)) => {
                return ProfileOutcome::Retry {
                    after: Some(wait),
                    reason: PAUSED.to_owned(),
                };
            }
            Err(error) => {
                tracing::warn!(connector.id = %connector.id, error = %Chain(&error), "a profile is asked for without knowing whether it may be");
            }
        }
        let outcome = self.platform.profile(connector, query).await;
        if let ProfileOutcome::Retry {
            after: Some(wait), ..
        } = &outcome
        {
            self.pause(connector, Limited::Profiles, *wait).await;
        }
        outcome
    }
}

#[cfg(test)]
mod tests;
