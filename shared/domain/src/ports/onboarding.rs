//! What workers and sweeper need.

use crate::{
    PortError, ProjectScope, Timestamp,
    access::closing::{Closing, ListPosition},
    access::request::{AccessRequest, RequestDecision},
    access::standing::{PendingTask, Standing},
    account::Environment,
    chat::conversation::ConversationLog,
    chat::profile::Profile,
    chat::send_status::SendStatus,
    chat::user::ChatUser,
    connector::Connector,
    event::AuditEntry,
    ids::{AccessRequestId, ChatUserId, ConnectorId, EnvironmentId, LeaseId},
    job::{ClosePendingRequests, DeliverMessage, OnboardChatUser},
    ports::{AvatarImage, Lease, Postponement},
};
use async_trait::async_trait;

/// How claiming ended. Only what was claimed is worked on: for everything else there is another job, or
/// a mark that will bring one.
#[derive(Debug, Clone)]
pub enum Claim<T> {
    /// It is ours until the lease ends.
    Claimed(T),
    /// Another worker is at it until then.
    HeldUntil(Timestamp),
    /// It is not to be tried before then.
    NotBefore(Timestamp),
    /// No task is pending any more.
    NothingPending,
}

impl<T> Claim<T> {
    /// The same for something else that was claimed with it.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Claim<U> {
        match self {
            Self::Claimed(claimed) => Claim::Claimed(convert(claimed)),
            Self::HeldUntil(until) => Claim::HeldUntil(until),
            Self::NotBefore(at) => Claim::NotBefore(at),
            Self::NothingPending => Claim::NothingPending,
        }
    }
}

/// A standing with pending tasks, and our lease on it.
#[derive(Debug, Clone)]
pub struct ClaimedStanding {
    /// The standing.
    pub standing: Standing,
    /// Which claim this is.
    pub lease: LeaseId,
    /// Which attempt this is at what is owed first, from 1. Claims that only found that they had to
    /// wait do not count.
    pub attempt: u32,
}

/// A task that was done, and its result.
#[derive(Debug, Clone)]
pub enum TaskResult {
    /// The onboarding message.
    OnboardingMessage(SendStatus),
    /// The requests at other connectors.
    RelatedRequests,
    /// Telling the person of the approval.
    ApprovalNotice(SendStatus),
    /// Handing the message that waited to the agent.
    Replay(SendStatus),
    /// The profile.
    Profile,
}

impl TaskResult {
    /// The task.
    #[must_use]
    pub const fn task(&self) -> PendingTask {
        match self {
            Self::OnboardingMessage(_) => PendingTask::OnboardingMessage,
            Self::RelatedRequests => PendingTask::RelatedRequests,
            Self::ApprovalNotice(_) => PendingTask::ApprovalNotice,
            Self::Replay(_) => PendingTask::Replay,
            Self::Profile => PendingTask::Profile,
        }
    }
}

/// What a platform told of a person.
#[derive(Debug, Clone, Copy)]
pub struct FetchedProfile<'a> {
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
    /// Claims the pending tasks. Two claims never overlap, and none comes before the time to which the one
    /// before it was postponed.
    async fn claim(
        &self,
        job: OnboardChatUser,
        lease: &Lease,
    ) -> Result<Claim<Box<ClaimedStanding>>, PortError>;

    /// Records that a task is done. When no other is pending, the mark goes, the lease is given back
    /// and `None` returned; else the tasks that are pending now, under the same lease. A task that was added
    /// meanwhile (by another approval) stays. `Conflict` when the lease was lost to another worker.
    async fn settle(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        paid: &TaskResult,
    ) -> Result<Option<Box<ClaimedStanding>>, PortError>;

    /// Gives the lease back: the tasks are tried again later, by no copy of the job sooner.
    /// `Conflict` when the lease was lost to another worker.
    async fn postpone(
        &self,
        job: OnboardChatUser,
        lease: LeaseId,
        postponement: Postponement,
    ) -> Result<(), PortError>;

    /// The message that made a request, if it is kept.
    async fn held_message(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
    ) -> Result<Option<DeliverMessage>, PortError>;

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
        learnt: FetchedProfile<'_>,
    ) -> Result<(), PortError>;
}

/// Some of the pending requests of a project.
#[derive(Debug, Clone)]
pub struct PendingPage {
    /// The closing's connector's among them, oldest first.
    pub requests: Vec<AccessRequest>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<ListPosition>,
}

/// When a closing is gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// At once by a job that is enqueued; should that be lost, at this time.
    Enqueued(Timestamp),
    /// From this time on, by no copy of the job sooner.
    At(Timestamp),
}

/// A decision that follows from something else.
#[derive(Debug, Clone)]
pub struct ImpliedDecision {
    /// The request, as it was when it was read: pending.
    pub request: AccessRequest,
    /// The decision.
    pub decision: RequestDecision,
    /// The record of it.
    pub audit: AuditEntry,
}

/// Requests that are decided without anybody looking at them.
#[async_trait]
pub trait RequestCloser: Send + Sync {
    /// Claims the closing of a job, unless it is finished. Two claims never overlap, and none comes
    /// before the time at which it is to be resumed.
    async fn claim_closing(
        &self,
        job: ClosePendingRequests,
        lease: &Lease,
    ) -> Result<Claim<Closing>, PortError>;

    /// Gives the claim of a closing back: it is tried again from `until` on. `Conflict` when it was
    /// lost to another worker.
    async fn postpone_closing(
        &self,
        job: ClosePendingRequests,
        lease: LeaseId,
        until: Timestamp,
    ) -> Result<(), PortError>;

    /// The pending requests from where the closing's pass has got to. What lists lag behind may be
    /// missing.
    async fn pending_requests(&self, closing: &Closing) -> Result<PendingPage, PortError>;

    /// The pending requests of a person at other connectors that lead to this environment, each as it
    /// is at this moment.
    async fn pending_elsewhere(
        &self,
        scope: ProjectScope,
        chat_user_id: ChatUserId,
        connector_id: ConnectorId,
        environment_id: EnvironmentId,
    ) -> Result<Vec<AccessRequest>, PortError>;

    /// Decides a request: request, standing and audit entry, all or nothing. The rejections on record
    /// stay as they are. `false` when it was decided, or is gone.
    async fn decide_implied(&self, implied: &ImpliedDecision) -> Result<bool, PortError>;

    /// Stores how far a closing has got, and gives its claim back. `false` when somebody else was at it
    /// since it was claimed at `closing.version`.
    async fn save_closing(&self, closing: &Closing, resume: Resume) -> Result<bool, PortError>;

    /// Takes a closing off, unless somebody else was at it since it was claimed.
    async fn finish_closing(&self, closing: &Closing) -> Result<bool, PortError>;
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
