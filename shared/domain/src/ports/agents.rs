//! Ports about the health of agents, and the messages that wait for one.

use crate::{
    PortError, Timestamp,
    account::agent::MaxInFlight,
    account::agent_health::{AgentFailure, AgentHealth},
    chat::repeats::HandledEvent,
    ids::{ConversationId, EnvironmentId, LeaseId},
    job::{DeliverMessage, DrainParked},
    ports::{Claim, Lease, Postponement},
    scope::ProjectScope,
};
use async_trait::async_trait;
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// An environment's agent, as its row shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentState {
    /// Its health.
    pub health: AgentHealth,
    /// Whether anything is stored.
    pub is_stored: bool,
    /// Whether the row orders a drain of parked messages.
    pub has_drain: bool,
}

/// A slot to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotRequest {
    /// The new holder.
    pub id: LeaseId,
    /// Number of the slot to look at first.
    pub from: u8,
    /// The agent's limit.
    pub limit: MaxInFlight,
    /// Present time.
    pub now: Timestamp,
    /// Time for which the slot is taken at most.
    pub time: Duration,
}

/// A slot that a call holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldSlot {
    /// Number of the slot.
    pub number: u8,
    /// The holder.
    pub id: LeaseId,
}

/// The outcome of taking a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenSlot {
    /// It was taken.
    Taken(HeldSlot),
    /// None is free, or the breaker is open.
    Full,
}

/// A note about an agent after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentNote {
    /// It answered.
    Answered,
    /// It failed.
    Failed {
        /// The failure.
        failure: AgentFailure,
        /// The wait that the agent asked for.
        wait: Option<Duration>,
        /// Whether the call was the probe of an open breaker.
        is_probe: bool,
    },
}

/// The store of agents' health.
#[async_trait]
pub trait AgentHealthStore: Send + Sync {
    /// Takes a slot of the agent that `state` was read of.
    async fn take_slot(
        &self,
        agent: DrainParked,
        state: &AgentState,
        request: &SlotRequest,
    ) -> Result<TakenSlot, PortError>;

    /// Notes what a call showed, and gives its slot back. Returns the health as it is now.
    async fn note(
        &self,
        agent: DrainParked,
        state: &AgentState,
        note: &AgentNote,
        slot: Option<HeldSlot>,
    ) -> Result<AgentHealth, PortError>;
}

/// Reads the health of agents for the admin API.
#[async_trait]
pub trait AgentHealthReader: Send + Sync {
    /// Returns the health of the agents of these environments. An agent that never failed has none.
    async fn agent_health(
        &self,
        scope: ProjectScope,
        environments: &[EnvironmentId],
    ) -> Result<HashMap<EnvironmentId, AgentHealth>, PortError>;
}

/// A conversation whose messages wait for an agent. While it is on record, every further message of the
/// conversation waits behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParkedConversation {
    /// The agent.
    pub agent: DrainParked,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Number of the last message that was parked, from 1.
    pub last: u64,
    /// Time at which the first message was parked.
    pub since: Timestamp,
}

/// A message that waits for an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedMessage {
    /// Place among the parked messages of its conversation.
    pub number: u64,
    /// Number of attempts to deliver it.
    pub attempts: u32,
    /// Time at which it was parked.
    pub parked_at: Timestamp,
    /// The message.
    pub job: DeliverMessage,
}

/// A message to be parked.
#[derive(Debug, Clone, Copy)]
pub struct Parking<'a> {
    /// The message.
    pub job: &'a DeliverMessage,
    /// Number of attempts to deliver it so far.
    pub attempts: u32,
    /// The parked conversation as it was read, if its messages wait already.
    pub behind: Option<ParkedConversation>,
    /// The event of the message, unless it is on record.
    pub event: Option<&'a HandledEvent>,
    /// Present time.
    pub at: Timestamp,
}

/// The outcome of parking a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parked {
    /// The message is on record.
    Parked,
    /// The conversation is not as it was read. Nothing was written.
    Stale,
}

/// A message that is given up.
#[derive(Debug, Clone, Copy)]
pub struct GivenUp<'a> {
    /// The message.
    pub job: &'a DeliverMessage,
    /// Number of attempts to deliver it.
    pub attempts: u32,
    /// Place among the parked messages of its conversation, if it was parked.
    pub parked: Option<u64>,
    /// The event of the message, unless it is on record.
    pub event: Option<&'a HandledEvent>,
    /// The reason.
    pub reason: &'a str,
    /// Time of giving up.
    pub at: Timestamp,
}

/// The agent of an environment whose parked messages are in hand, and our lease on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedAgent {
    /// The order.
    pub job: DrainParked,
    /// Id of our claim.
    pub lease: LeaseId,
    /// Counts the orders. It shows whether anything was parked since it was read.
    pub orders: u64,
    /// Number of claims since a worker last reported back, this one included.
    pub attempt: u32,
    /// The last parked conversation that was looked at. It is kept until the next claim.
    pub place: Option<ConversationId>,
}

/// The store of messages that wait for an agent.
#[async_trait]
pub trait ParkingStore: Send + Sync {
    /// Parks a message: the conversation, the message and its event, all or nothing. One that was delivered is stale. If its
    /// conversation was not parked before, a drain must be ordered afterwards, before the message's job is acknowledged.
    async fn park(&self, parking: &Parking<'_>) -> Result<Parked, PortError>;

    /// Orders a drain, to begin at `due` unless one is ordered for another time.
    async fn order_drain(
        &self,
        agent: DrainParked,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<(), PortError>;

    /// Claims the parked messages of an agent. Two claims never overlap, and no claim succeeds before the
    /// time to which the previous one was postponed.
    async fn claim_drain(
        &self,
        job: DrainParked,
        lease: &Lease,
    ) -> Result<Claim<ClaimedAgent>, PortError>;

    /// Returns parked conversations behind this one in the order of their ids, at most `limit`.
    async fn parked_conversations(
        &self,
        agent: DrainParked,
        behind: Option<ConversationId>,
        limit: usize,
    ) -> Result<Vec<ParkedConversation>, PortError>;

    /// Returns those of these conversations that people answer instead of the agent.
    async fn handed_off(
        &self,
        conversations: &[ParkedConversation],
    ) -> Result<HashSet<ConversationId>, PortError>;

    /// Returns the first parked messages of a conversation, in order, at most `limit`.
    async fn parked_messages(
        &self,
        conversation: &ParkedConversation,
        limit: usize,
    ) -> Result<Vec<ParkedMessage>, PortError>;

    /// Removes a message that waits no longer. Does nothing when it is gone.
    async fn remove_parked(&self, message: &ParkedMessage) -> Result<(), PortError>;

    /// Puts a deletion in the place of what waits of the message that it deletes: the message, which the event
    /// with one of these keys brought, and its edits. They may wait for the agents of several environments, between
    /// which the connector was moved. Whoever has one of them in hand finds the deletion after it. No row is made.
    async fn withdraw(
        &self,
        deletion: &DeliverMessage,
        originals: &[String; 2],
    ) -> Result<(), PortError>;

    /// Removes what was given up of the message that this deletion deletes, which the event with one of these keys
    /// brought, so that nobody redrives it.
    async fn remove_given_up(
        &self,
        deletion: &DeliverMessage,
        originals: &[String; 2],
    ) -> Result<(), PortError>;

    /// Counts one more attempt at a message. Does nothing when it is gone.
    async fn count_attempt(&self, message: &ParkedMessage) -> Result<(), PortError>;

    /// Records that a message is given up, with its event, and removes it from the parked ones. Does nothing and returns
    /// `false` when it was parked and is gone, or was delivered.
    async fn give_up(&self, given_up: &GivenUp<'_>) -> Result<bool, PortError>;

    /// Removes a conversation none of whose messages waits any more. `false` when a message was parked
    /// since it was read.
    async fn unpark(&self, conversation: &ParkedConversation) -> Result<bool, PortError>;

    /// Gives the lease back and removes the order, because no conversation is parked. When a drain was
    /// ordered since the claim was made or returned, returns the claim as it is now instead: look again.
    async fn finish_drain(&self, claimed: ClaimedAgent) -> Result<Option<ClaimedAgent>, PortError>;

    /// Gives the lease back and keeps the place, so that the messages are tried again later, from there.
    /// `Conflict` when the lease was lost to another worker.
    async fn postpone_drain(
        &self,
        claimed: &ClaimedAgent,
        postponement: Postponement,
    ) -> Result<(), PortError>;
}
