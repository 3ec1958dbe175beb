//! Stands before the agent: its limit of calls in flight and its breaker (DESIGN §11). A quick answer of an
//! agent that is well costs no call of ours.
//!
//! A note about an agent never decides about a message: if it cannot be written, the message goes its way,
//! and a slot is free again when its time is over.

use crate::Deps;
use std::time::Duration;
use vestibule_domain::{
    PortError,
    account::{
        AgentEndpoint,
        agent::MaxInFlight,
        agent_health::{Admission, AgentFailure, AgentHealth, SLOW_AFTER},
    },
    error::Chain,
    ids::LeaseId,
    job::DrainParked,
    ports::{AgentNote, AgentReply, AgentRequest, AgentState, HeldSlot, SlotRequest, TakenSlot},
};
use vestibule_edge::logging::{Metric, count};

/// The agents, in metrics.
pub(crate) const AGENT: &str = "agent";
/// Time for which a slot is held beyond the agent's own time. A worker that was stopped gives none back.
const SLOT_MARGIN: Duration = Duration::from_secs(10);

/// The guard before one call.
pub(crate) struct Guard<'a> {
    deps: &'a Deps,
    agent: DrainParked,
    state: &'a AgentState,
    limit: MaxInFlight,
    time: Duration,
    is_probe: bool,
}

/// The outcome of a call.
pub(crate) enum Called {
    /// The agent's reply, and the slot that the call holds.
    Replied(AgentReply, Option<HeldSlot>),
    /// There was no room for the call.
    NoRoom {
        /// Whether it was broken off.
        was_asked: bool,
    },
}

impl<'a> Guard<'a> {
    /// Makes the guard before the call of an agent whose state was read. `may_probe` when the call may be
    /// the probe of an open breaker.
    pub(crate) fn of(
        deps: &'a Deps,
        agent: DrainParked,
        state: &'a AgentState,
        may_probe: bool,
        endpoint: Option<&AgentEndpoint>,
    ) -> Self {
        Self {
            deps,
            agent,
            state,
            limit: endpoint
                .map(|endpoint| endpoint.max_in_flight)
                .unwrap_or_default(),
            time: endpoint
                .map(|endpoint| endpoint.timeout)
                .unwrap_or_default()
                .duration(),
            is_probe: may_probe && state.health.breaker.is_some(),
        }
    }

    /// Calls the agent. A probe is one call at a time already, so it takes no slot.
    pub(crate) async fn call(&self, request: AgentRequest) -> Called {
        let now = self.deps.clock.now();
        if self.is_probe {
            // A trigger may come too early.
            if now < self.state.health.next_drain(now) {
                return Called::NoRoom { was_asked: false };
            }
            return Called::Replied(self.deps.agents.post(request).await, None);
        }
        let before = match self.state.health.admission(self.limit, now) {
            Admission::Ask => None,
            Admission::AskWithSlot => Some(self.take_slot().await),
            Admission::Wait => Some(Ok(TakenSlot::Full)),
        };
        let slot = match before {
            None => None,
            Some(Ok(TakenSlot::Taken(slot))) => Some(slot),
            Some(Ok(TakenSlot::Full)) => return Called::NoRoom { was_asked: false },
            Some(Err(error)) => unguarded(&error),
        };
        let mut call = self.deps.agents.post(request);
        if slot.is_some() || self.time <= SLOW_AFTER {
            return Called::Replied(call.await, slot);
        }
        if let Ok(reply) = tokio::time::timeout(SLOW_AFTER, &mut call).await {
            return Called::Replied(reply, None);
        }
        match self.take_slot().await {
            Ok(TakenSlot::Taken(slot)) => Called::Replied(call.await, Some(slot)),
            Ok(TakenSlot::Full) => Called::NoRoom { was_asked: true },
            Err(error) => Called::Replied(call.await, unguarded(&error)),
        }
    }

    async fn take_slot(&self) -> Result<TakenSlot, PortError> {
        let drawn = self.deps.ids.draw();
        let request = SlotRequest {
            id: LeaseId::new(drawn),
            from: drawn.to_bytes().last().copied().unwrap_or(0),
            limit: self.limit,
            now: self.deps.clock.now(),
            time: self.time + SLOT_MARGIN,
        };
        let health = &self.deps.health;
        health.take_slot(self.agent, self.state, &request).await
    }

    /// Notes that the agent answered.
    pub(crate) async fn answered(&self, slot: Option<HeldSlot>) {
        if slot.is_some() || self.state.health.is_unwell() {
            self.note(&AgentNote::Answered, slot).await;
        }
        if self.state.health.breaker.is_some() {
            count(Metric::BreakerClosed, AGENT, self.deps.clock.now());
        }
    }

    /// Notes a failure, and returns the agent's health now.
    pub(crate) async fn failed(
        &self,
        reason: &str,
        wait: Option<Duration>,
        slot: Option<HeldSlot>,
    ) -> AgentHealth {
        let failure = AgentFailure::new(self.deps.clock.now(), reason);
        let expected = self.state.health.failed(&failure, wait, self.is_probe);
        let note = AgentNote::Failed {
            failure,
            wait,
            is_probe: self.is_probe,
        };
        let health = self.note(&note, slot).await.unwrap_or(expected);
        // Calls that fail at the same time may each find it opened.
        if self.state.health.breaker.is_none() && health.breaker.is_some() {
            count(Metric::BreakerOpened, AGENT, self.deps.clock.now());
        }
        health
    }

    async fn note(&self, note: &AgentNote, slot: Option<HeldSlot>) -> Option<AgentHealth> {
        let noted = self.deps.health.note(self.agent, self.state, note, slot);
        match noted.await {
            Ok(health) => Some(health),
            Err(error) => {
                tracing::warn!(
                    environment.id = %self.agent.environment_id,
                    error = %Chain(&error),
                    "the health of an agent could not be noted"
                );
                None
            }
        }
    }
}

/// Goes on without a slot.
fn unguarded(error: &PortError) -> Option<HeldSlot> {
    tracing::warn!(error = %Chain(error), "an agent is asked without a slot");
    None
}
