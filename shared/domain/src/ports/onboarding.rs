//! What workers and sweeper need.

use crate::{
    PortError, ProjectScope, Timestamp,
    account::Environment,
    chat_user::{ChatUser, OnboardingMessage, Owed, Standing},
    connector::Connector,
    conversation::ConversationLog,
    ids::{ChatUserId, ConnectorId, LeaseId},
    job::{DeliverMessage, OnboardChatUser},
    ports::AvatarImage,
    profile::Profile,
};
use async_trait::async_trait;
use std::time::Duration;

/// How claiming ended.
#[derive(Debug, Clone)]
pub enum Claim {
    /// It is ours until the lease ends.
    Claimed(Box<ClaimedStanding>),
    /// Another worker is at it until then.
    HeldUntil(Timestamp),
    /// Nothing is owed any more.
    NothingOwed,
}

/// A standing with something owed, and our lease on it.
#[derive(Debug, Clone)]
pub struct ClaimedStanding {
    /// The standing.
    pub standing: Standing,
    /// Which claim this is.
    pub lease: LeaseId,
    /// How many times it was claimed, this one included.
    pub attempt: u32,
}

/// What the work on a claimed standing led to.
#[derive(Debug, Clone)]
pub enum Settlement {
    /// The onboarding message is dealt with; the profile is owed now, under the same lease, and
    /// should this worker die, from `profile_due` on to another.
    Message {
        /// What became of it.
        message: OnboardingMessage,
        /// The new due time of the outbox mark.
        profile_due: Timestamp,
    },
    /// What was owed is done: the mark goes, unless something else came to be owed meanwhile.
    Done(Owed),
    /// Not done: the lease is given back, to be tried again from then on.
    Postponed {
        /// The new due time of the outbox mark.
        until: Timestamp,
    },
}

/// What a platform told of a person.
#[derive(Debug, Clone, Copy)]
pub struct Learnt<'a> {
    /// Names, and the avatar's address.
    pub profile: &'a Profile,
    /// The avatar itself, if it was fetched.
    pub avatar: Option<&'a AvatarImage>,
    /// When.
    pub at: Timestamp,
}

/// Standings, as the onboarding worker sees them.
#[async_trait]
pub trait StandingStore: Send + Sync {
    /// Claims what is owed, for `lease_time`. Two claims never overlap.
    async fn claim(
        &self,
        job: OnboardChatUser,
        lease: LeaseId,
        now: Timestamp,
        lease_time: Duration,
    ) -> Result<Claim, PortError>;

    /// Records the outcome. `Conflict` when the lease was lost to another worker, or when something
    /// else is owed by now.
    async fn settle(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        settlement: Settlement,
    ) -> Result<(), PortError>;

    /// The chat user of a job.
    async fn chat_user(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
    ) -> Result<Option<ChatUser>, PortError>;

    /// Stores what the platform told of a person.
    async fn store_profile(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
        learnt: Learnt<'_>,
    ) -> Result<(), PortError>;
}

/// A mark of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The job to enqueue again.
    pub job: OnboardChatUser,
    /// When it became due.
    pub due: Timestamp,
}

/// The outbox, as the sweeper sees it.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Marks due by `now`, oldest first within a shard, at most `limit`.
    async fn due(&self, now: Timestamp, limit: u16) -> Result<Vec<OutboxEntry>, PortError>;

    /// Moves a mark's due time to `until`, unless it moved or went meanwhile.
    async fn postpone(&self, entry: &OutboxEntry, until: Timestamp) -> Result<(), PortError>;
}

/// What delivering one message needs.
#[derive(Debug, Clone)]
pub struct DeliveryContext {
    /// The connector, unless it was deleted.
    pub connector: Option<Connector>,
    /// The environment with its agent.
    pub environment: Option<Environment>,
    /// Who wrote.
    pub chat_user: Option<ChatUser>,
    /// What was delivered in the conversation before.
    pub conversation: ConversationLog,
}

/// Conversations, as the delivery worker sees them.
#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// Everything a delivery needs, in one read.
    async fn delivery_context(&self, job: &DeliverMessage) -> Result<DeliveryContext, PortError>;

    /// Stores the log that was made from the one read at `log.version`. `Conflict` when somebody
    /// else wrote since. Returns the log with its new version.
    async fn save(
        &self,
        job: &DeliverMessage,
        connector_id: ConnectorId,
        log: ConversationLog,
        now: Timestamp,
    ) -> Result<ConversationLog, PortError>;
}
