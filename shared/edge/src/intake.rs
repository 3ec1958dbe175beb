//! The steps of every webhook: verify → parse → decide → one write → acknowledge → enqueue. A message for the agent, of
//! which nothing is written, is enqueued before it is acknowledged.
//!
//! Providers plug in as [`WebhookProvider`]; nothing here names one.

mod batch;
mod changes;
mod decide;
mod directory;
mod holding;
mod lookup;
mod outcome;
mod quota;
mod rest;
mod sender;

pub use lookup::look_up;
pub use outcome::IntakeOutcome;
pub use sender::facts;

use crate::{
    connectors::{ConnectorCache, OpenConnector, repeats},
    logging::{Metric, count},
    spans,
};
use outcome::Content;
use quota::Quotas;
use rest::Rest;
use ring::digest::{SHA256, digest};
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::{sleep, timeout};
use tracing::Instrument;
use vestibule_domain::{
    Clock, PortError,
    access::consent::Wish,
    chat::message::{Identity, InboundMessage},
    chat::repeats::HandledEvent,
    connector::Connector,
    error::Chain,
    ids::{ChatUserId, ConnectorId, SystemIds},
    job::OnboardChatUser,
    ports::{
        ConnectorReader, InboxQueue, IntakeStore, LateFailure, LateFailureOutcome, OUTBOX_PATIENCE,
        OnboardingQueue, SecretVault, StandingPlace, UNREADABLE_BODY_MAX, UNREADABLE_EVENT_KEPT,
        UnreadableEvent,
    },
    retry::conflict_wait,
};
use vestibule_providers::webhook::{
    Cause, Credentials, Event, Parsed, RawRequest, Refusal, Reply, SendFailure, WebhookProvider,
};

/// Time limit of a call: the least patient platform waits three seconds, including a cold start.
pub const TIME_MAX: Duration = Duration::from_millis(1900);

/// The intake of one provider's webhooks.
pub struct Intake {
    provider: Box<dyn WebhookProvider>,
    connectors: ConnectorCache,
    store: Arc<dyn IntakeStore>,
    onboarding: Arc<dyn OnboardingQueue>,
    inbox: Arc<dyn InboxQueue>,
    clock: Arc<dyn Clock>,
    quotas: Quotas,
    rest: Rest,
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").finish_non_exhaustive()
    }
}

/// The ports of an [`Intake`].
pub struct IntakePorts {
    /// Connectors.
    pub connectors: Arc<dyn ConnectorReader>,
    /// Their secrets.
    pub vault: Arc<dyn SecretVault>,
    /// The records behind the decision.
    pub store: Arc<dyn IntakeStore>,
    /// The queue of onboarding jobs.
    pub onboarding: Arc<dyn OnboardingQueue>,
    /// The queue of messages for agents.
    pub inbox: Arc<dyn InboxQueue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for IntakePorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntakePorts").finish_non_exhaustive()
    }
}

impl Intake {
    /// Creates the intake of one provider.
    #[must_use]
    pub fn new(provider: Box<dyn WebhookProvider>, ports: IntakePorts) -> Self {
        let connectors = ConnectorCache::new(
            ports.connectors,
            ports.vault,
            Arc::clone(&ports.clock),
            provider.verification_secrets(),
        );
        Self {
            provider,
            connectors,
            store: ports.store,
            onboarding: ports.onboarding,
            inbox: ports.inbox,
            clock: ports.clock,
            quotas: Quotas::default(),
            rest: Rest::default(),
        }
    }

    /// Takes a message that a caller of our own API brings, who may do so at this connector. A message of an archived
    /// project leaves nothing.
    pub async fn take(
        &self,
        connector: &Connector,
        message: InboundMessage,
    ) -> Result<IntakeOutcome, PortError> {
        if connector.is_archived {
            return Ok(IntakeOutcome::Ignored);
        }
        let taken = self
            .take_written(connector, message, Content::Whole, false)
            .await;
        self.enqueue_rest().await;
        taken
    }

    /// Answers a webhook call. An unknown connector, another provider's connector and a bad signature
    /// get the same answer; a failure of our own is a 503, so that the platform tries again. Once the answer is on its
    /// way, [`Self::enqueue_rest`] is due.
    pub async fn answer(
        &self,
        connector_id: Option<ConnectorId>,
        request: &RawRequest<'_>,
    ) -> Reply {
        if request.body.len() > self.provider.body_max() {
            return self.provider.refusal_reply(413);
        }
        let result = timeout(TIME_MAX, self.take_request(connector_id, request)).await;
        match result {
            Ok(Ok(reply)) => reply,
            Ok(Err(Refused::NotAuthentic(refusal))) => {
                tracing::info!(
                    connector.id = connector_id.map(display),
                    reason = refusal.reason,
                    "webhook refused"
                );
                self.provider.refusal_reply(401)
            }
            Ok(Err(Refused::Failed(error))) => {
                tracing::error!(
                    connector.id = connector_id.map(display),
                    error = %Chain(&error),
                    "webhook failed; the platform will try again"
                );
                self.provider.refusal_reply(503)
            }
            Err(_) => {
                tracing::error!(
                    connector.id = connector_id.map(display),
                    "webhook ran out of time; the platform will try again"
                );
                self.provider.refusal_reply(503)
            }
        }
    }

    async fn take_request(
        &self,
        connector_id: Option<ConnectorId>,
        request: &RawRequest<'_>,
    ) -> Result<Reply, Refused> {
        let open = self.verified(connector_id, request).await?;
        let Parsed { events, reply } = self
            .provider
            .parse(request, &open.connector, self.clock.now())
            .map_err(Refused::from)?;
        if open.connector.is_archived {
            tracing::debug!(connector.id = %open.connector.id, "a call is ignored: the project is archived");
            return Ok(reply);
        }
        let bot = self.provider.bot(&Credentials {
            connector: &open.connector,
            secrets: &open.secrets,
        });
        let events = events.into_iter().map(|event| match &bot {
            Some(bot) => event.of_bot(bot),
            None => event,
        });
        self.take_events(&open.connector, events.collect(), request)
            .await?;
        Ok(reply)
    }

    /// Processes one event, and retries it where the platform does not send it again. The whole call is
    /// limited by [`TIME_MAX`], and every write is safe to repeat.
    async fn take_with_retry(
        &self,
        connector: &Connector,
        event: Event,
        request: &RawRequest<'_>,
        is_large_batch: bool,
    ) -> Result<(), PortError> {
        if self.provider.redelivers() {
            let taken = self.take_event(connector, event, request, is_large_batch);
            return Box::pin(taken).await;
        }
        let mut attempt = 0;
        loop {
            attempt += 1;
            let taken = self.take_event(connector, event.clone(), request, is_large_batch);
            match Box::pin(taken).await {
                Err(error @ (PortError::Unavailable { .. } | PortError::Conflict { .. })) => {
                    tracing::warn!(error = %Chain(&error), "an event is tried again: its platform will not send it again");
                    sleep(conflict_wait(attempt, &SystemIds)).await;
                }
                result => return result,
            }
        }
    }

    /// Returns the connector after verifying that its platform sent the request.
    async fn verified(
        &self,
        connector_id: Option<ConnectorId>,
        request: &RawRequest<'_>,
    ) -> Result<Arc<OpenConnector>, Refused> {
        let id = connector_id.ok_or(UNKNOWN)?;
        let known = self.connectors.find(id).await?;
        let Err(refused) = self.verify(known.as_deref(), request).await else {
            return known.ok_or(UNKNOWN);
        };
        // A second attempt would take as long as the first, and the time limit does not allow it.
        if let Refused::Failed(_) = refused {
            return Err(refused);
        }
        // The secret may have been rotated since it was read.
        let fresh = self.connectors.find_fresh(id).await?;
        let unchanged = match (&known, &fresh) {
            (None, None) => true,
            (Some(known), Some(fresh)) => Arc::ptr_eq(known, fresh),
            _ => false,
        };
        if unchanged {
            return Err(refused);
        }
        self.verify(fresh.as_deref(), request).await?;
        fresh.ok_or(UNKNOWN)
    }

    async fn verify(
        &self,
        open: Option<&OpenConnector>,
        request: &RawRequest<'_>,
    ) -> Result<(), Refused> {
        let open = open
            .filter(|open| open.connector.provider == self.provider.provider())
            .ok_or(UNKNOWN)?;
        let credentials = Credentials {
            connector: &open.connector,
            secrets: &open.secrets,
        };
        self.provider
            .verify(request, &credentials, self.clock.now())
            .await
            .map_err(Refused::from)
    }

    async fn take_event(
        &self,
        connector: &Connector,
        event: Event,
        request: &RawRequest<'_>,
        is_large_batch: bool,
    ) -> Result<(), PortError> {
        let provider = connector.provider.key();
        match event {
            Event::Message(message) => {
                self.take_written(connector, *message, Content::Whole, is_large_batch)
                    .await?;
                Ok(())
            }
            Event::Placeholder(message) => {
                self.take_written(connector, *message, Content::Withheld, is_large_batch)
                    .await?;
                Ok(())
            }
            Event::Changed(change) => {
                let message = change.message.clone();
                self.take_written(
                    connector,
                    message,
                    Content::Changed(&change),
                    is_large_batch,
                )
                .await?;
                Ok(())
            }
            Event::Ignored { kind } => {
                tracing::debug!(connector.id = %connector.id, event.kind = %kind, "event ignored");
                Ok(())
            }
            Event::SendFailed(failure) => self.take_failure(connector, &failure).await,
            Event::Consent {
                sender,
                channel,
                may_write,
                at,
                event_key,
            } => {
                let wish = Wish {
                    channel,
                    may_write,
                    at: at.unwrap_or_else(|| self.clock.now()),
                    event_key,
                };
                self.take_wish(connector, &sender, &wish).await
            }
            Event::Throttled { .. } => {
                tracing::warn!(connector.id = %connector.id, "the platform withholds events");
                count(Metric::ProviderThrottled, provider, self.clock.now());
                Ok(())
            }
            Event::Unreadable { detail } => {
                tracing::warn!(connector.id = %connector.id, detail = %detail, "an authentic event cannot be read; it is kept");
                count(Metric::EventUnreadable, provider, self.clock.now());
                self.keep_unreadable(connector.id, detail, request.body)
                    .await
            }
        }
    }

    /// Takes a message. Every line that is logged meanwhile has its ids.
    async fn take_written(
        &self,
        connector: &Connector,
        message: InboundMessage,
        content: Content<'_>,
        is_large_batch: bool,
    ) -> Result<IntakeOutcome, PortError> {
        let span = spans::of_message(connector, &message);
        let taken = self.take_remembered(connector, message, content, is_large_batch);
        let taken = Box::pin(taken).instrument(span.clone()).await;
        span.in_scope(|| match &taken {
            Ok(outcome) => tracing::info!(outcome = outcome.key(), "message taken"),
            Err(error) => tracing::warn!(error = %Chain(error), "message not taken"),
        });
        taken
    }

    /// Takes a message, and remembers its event if nothing else does.
    async fn take_remembered(
        &self,
        connector: &Connector,
        message: InboundMessage,
        content: Content<'_>,
        is_large_batch: bool,
    ) -> Result<IntakeOutcome, PortError> {
        let now = self.clock.now();
        let handled = HandledEvent::of(&message, connector.id, repeats(connector), now);
        let taken = Box::pin(self.take_message(connector, message, content, &handled)).await?;
        if taken.leaves_event_to_remember(handled.repeats, is_large_batch) {
            self.store.remember(&handled).await?;
        }
        count(Metric::MessageTaken, taken.decision(), now);
        if taken == IntakeOutcome::RequestOpened {
            let provider = connector.provider.key();
            count(Metric::AccessRequestCreated, provider, now);
        }
        Ok(taken)
    }

    /// Records a wish, unless its event was handled before, and lets an onboarding message go out to which it
    /// opened the way. Its row says so even where no standing does:
    /// the first START of a person comes before they are on record.
    async fn take_wish(
        &self,
        connector: &Connector,
        sender: &[Identity],
        wish: &Wish,
    ) -> Result<(), PortError> {
        let handled =
            HandledEvent::wished(wish, connector.id, repeats(connector), self.clock.now());
        let keys = handled.keys.iter().cloned().collect();
        let known = self
            .store
            .remembered(connector.id, &keys, handled.at)
            .await?;
        if !known.is_empty() {
            return Ok(());
        }
        let ids = chat_user_ids(connector, sender);
        let due = handled.at.plus(OUTBOX_PATIENCE);
        let opened = self
            .store
            .note_consent(&place(connector, &ids), wish, due)
            .await?;
        for chat_user_id in opened {
            self.enqueue_later(OnboardChatUser {
                scope: connector.scope,
                chat_user_id,
                connector_id: connector.id,
            });
        }
        self.store.remember(&handled).await
    }

    /// Records that the platform could not deliver a message that it had accepted. If that was the
    /// onboarding message, its request shows the failure.
    async fn take_failure(
        &self,
        connector: &Connector,
        failure: &SendFailure,
    ) -> Result<(), PortError> {
        let now = self.clock.now();
        tracing::warn!(
            connector.id = %connector.id,
            failure.class = failure.class.key(),
            reason = %failure.reason,
            "the platform could not deliver a message that it had taken"
        );
        count(Metric::SendFailedLater, connector.provider.key(), now);
        let ids = chat_user_ids(connector, &failure.recipient);
        let noted = self
            .store
            .note_send_failure(
                &place(connector, &ids),
                &LateFailure {
                    message_id: &failure.message_id,
                    class: failure.class,
                    reason: &failure.reason,
                    at: now,
                },
            )
            .await?;
        if noted == LateFailureOutcome::Unknown {
            tracing::debug!(connector.id = %connector.id, "it is no onboarding message or notice on record");
        }
        Ok(())
    }

    async fn keep_unreadable(
        &self,
        connector_id: ConnectorId,
        detail: String,
        body: &[u8],
    ) -> Result<(), PortError> {
        let now = self.clock.now();
        let kept = body.get(..UNREADABLE_BODY_MAX).unwrap_or(body);
        self.store
            .keep_unreadable(&UnreadableEvent {
                connector_id,
                body_hash: data_encoding::HEXLOWER.encode(digest(&SHA256, body).as_ref()),
                detail,
                body: String::from_utf8_lossy(kept).into_owned(),
                received_at: now,
                expires_at: now.plus(UNREADABLE_EVENT_KEPT),
            })
            .await
    }
}

enum Refused {
    NotAuthentic(Refusal),
    Failed(PortError),
}

impl From<PortError> for Refused {
    fn from(error: PortError) -> Self {
        Self::Failed(error)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal.cause {
            Cause::NotAuthentic => Self::NotAuthentic(refusal),
            Cause::NotCheckable => {
                Self::Failed(PortError::unavailable("verification", refusal.reason))
            }
        }
    }
}

const UNKNOWN: Refused = Refused::NotAuthentic(Refusal::because(
    "there is no such connector of this platform",
));

fn place<'a>(connector: &Connector, chat_user_ids: &'a [ChatUserId]) -> StandingPlace<'a> {
    StandingPlace {
        scope: connector.scope,
        connector_id: connector.id,
        chat_user_ids,
    }
}

fn chat_user_ids(connector: &Connector, known_as: &[Identity]) -> Vec<ChatUserId> {
    known_as
        .iter()
        .map(|identity| identity.chat_user_id(connector.scope))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_checked_is_a_failure_of_ours_and_no_refusal() {
        let ours = Refused::from(Refusal::not_checkable("no keys"));
        assert!(matches!(
            ours,
            Refused::Failed(PortError::Unavailable { .. })
        ));
        let theirs = Refused::from(Refusal::because("no token"));
        assert!(matches!(theirs, Refused::NotAuthentic(_)));
    }
}
