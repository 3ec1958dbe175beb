//! Stands before a subscription: the bound of its calls in flight and its breaker. A quick answer of one that is well
//! costs no call of ours.
//!
//! A note about a subscription never decides about an event: if it cannot be written, the event goes its way, and a slot is
//! free again when its time is over.

use crate::Deps;
use std::time::Duration;
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::agent_health::SLOW_AFTER,
    error::Chain,
    event::{
        delivery::EventAttempt,
        health::{CALLS_IN_FLIGHT_MAX, CallNote, Room, SubscriptionHealth},
    },
    ids::{LeaseId, SubscriptionId},
    ports::{AgentReply, AgentRequest},
};
use vestibule_edge::logging::{Metric, count};

/// The provider of a customer's system, in metrics.
pub(crate) const PROVIDER: &str = "webhook";

/// The outcome of a call.
pub(crate) enum Called {
    /// The reply.
    Replied(AgentReply),
    /// There was no room for the call, or none to wait longer for its answer.
    NoRoom(Room),
}

/// The guard before one call.
pub(crate) struct Guard<'a> {
    deps: &'a Deps,
    scope: AccountScope,
    id: SubscriptionId,
    /// The health as it was last seen.
    health: SubscriptionHealth,
    /// The slot that the call holds.
    slot: Option<LeaseId>,
    is_probe: bool,
}

impl<'a> Guard<'a> {
    /// Makes the guard before a call of a subscription whose health was read.
    pub(crate) const fn of(
        deps: &'a Deps,
        (scope, id): (AccountScope, SubscriptionId),
        health: SubscriptionHealth,
    ) -> Self {
        Self {
            deps,
            scope,
            id,
            health,
            slot: None,
            is_probe: false,
        }
    }

    /// Makes the call.
    pub(crate) async fn call(&mut self, request: AgentRequest) -> Called {
        let deps = self.deps;
        let now = deps.clock.now();
        let room = self.health.room(now);
        let is_busy = self.health.calls.slots_taken(now) * 2 >= usize::from(CALLS_IN_FLIGHT_MAX);
        let needs_slot = match room {
            Room::Call => is_busy,
            Room::Probe => true,
            Room::WaitUntil(_) | Room::Paused => return Called::NoRoom(room),
        };
        if needs_slot && let Some(room) = self.full().await {
            return Called::NoRoom(room);
        }
        let mut call = deps.client.post(request);
        if needs_slot {
            return Called::Replied(call.await);
        }
        if let Ok(reply) = tokio::time::timeout(SLOW_AFTER, &mut call).await {
            return Called::Replied(reply);
        }
        match self.full().await {
            Some(room) => Called::NoRoom(room),
            None => Called::Replied(call.await),
        }
    }

    /// Takes a slot. Returns what keeps the call from it.
    async fn full(&mut self) -> Option<Room> {
        let slot = LeaseId::new(self.deps.ids.draw());
        let now = self.deps.clock.now();
        let sender = &self.deps.sender;
        let taken = sender.take_call(self.scope, self.id, &self.health, slot, now);
        match taken.await {
            Ok((room, health)) => {
                self.health = health;
                if matches!(room, Room::WaitUntil(_) | Room::Paused) {
                    return Some(room);
                }
                self.slot = Some(slot);
                self.is_probe = room == Room::Probe;
            }
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "a subscription is called without a slot");
            }
        }
        None
    }

    /// Notes what an attempt showed.
    pub(crate) async fn note(&self, attempt: &EventAttempt, reply: &AgentReply) {
        let note = match attempt.failure() {
            None => CallNote::Answered,
            Some(_) if attempt.is_gone() => CallNote::Gone(attempt.at),
            Some(failure) => CallNote::Failed {
                failure,
                wait: asked_wait(reply),
                is_probe: self.is_probe,
            },
        };
        match self.noted(&note).await {
            Ok(health) => self.report(&health, attempt.at),
            Err(error) => tracing::warn!(
                subscription.id = %self.id,
                error = %Chain(&error),
                "the health of a subscription could not be noted"
            ),
        }
    }

    /// Tells how the health differs from the one before the call.
    fn report(&self, health: &SubscriptionHealth, at: Timestamp) {
        let before = &self.health;
        if health.paused.is_some() && before.paused.is_none() {
            tracing::warn!(subscription.id = %self.id, "a subscription is paused");
        }
        match (before.calls.breaker, health.calls.breaker) {
            (None, Some(_)) => count(Metric::BreakerOpened, PROVIDER, at),
            (Some(_), None) => count(Metric::BreakerClosed, PROVIDER, at),
            (None, None) | (Some(_), Some(_)) => {}
        }
    }

    async fn noted(&self, note: &CallNote) -> Result<SubscriptionHealth, PortError> {
        let sender = &self.deps.sender;
        sender
            .note_call(self.scope, self.id, &self.health, note, self.slot)
            .await
    }
}

/// The wait that a subscription asked for.
pub(crate) const fn asked_wait(reply: &AgentReply) -> Option<Duration> {
    match reply {
        AgentReply::Refused { after, .. } => *after,
        AgentReply::Answered { .. }
        | AgentReply::AnsweredTooMuch { .. }
        | AgentReply::Unreachable { .. }
        | AgentReply::Forbidden { .. } => None,
    }
}
