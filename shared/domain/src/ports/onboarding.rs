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
    ids::{AccessRequestId, AuditId, ChatUserId, ConnectorId, EnvironmentId, LeaseId},
    job::{ClosePendingRequests, DeliverMessage, OnboardChatUser, OnboardingJob},
    ports::AvatarImage,
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
    /// No task is pending any more.
    NothingPending,
}

/// A standing with pending tasks, and our lease on it.
#[derive(Debug, Clone)]
pub struct ClaimedStanding {
    /// The standing.
    pub standing: Standing,
    /// Which claim this is.
    pub lease: LeaseId,
    /// How many times it was claimed, this one included.
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
    /// Claims the pending tasks, for `lease_time`. Two claims never overlap.
    async fn claim(
        &self,
        job: OnboardChatUser,
        lease: LeaseId,
        now: Timestamp,
        lease_time: Duration,
    ) -> Result<Claim, PortError>;

    /// Records that a task is done. When no other is pending, the mark goes, the lease is given back
    /// and `None` returned; else the tasks that are pending now, under the same lease, with the mark due at `due`
    /// should this worker die. A task that was added meanwhile (by another approval) stays.
    /// `Conflict` when the lease was lost to another worker.
    async fn settle(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        paid: &TaskResult,
        due: Timestamp,
    ) -> Result<Option<Box<ClaimedStanding>>, PortError>;

    /// Gives the lease back: the tasks are to be tried again from `until` on. `Conflict` when the
    /// lease was lost to another worker.
    async fn postpone(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        until: Timestamp,
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

/// How long after work was written down, or its next attempt was due, the sweeper takes it for
/// forgotten.
pub const OUTBOX_PATIENCE: Duration = Duration::from_mins(1);

/// Some of the pending requests of a project.
#[derive(Debug, Clone)]
pub struct PendingPage {
    /// The closing's connector's among them, oldest first.
    pub requests: Vec<AccessRequest>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<ListPosition>,
}

/// A decision that follows from something else.
#[derive(Debug, Clone)]
pub struct ImpliedDecision {
    /// The request, as it was when it was read: pending.
    pub request: AccessRequest,
    /// The decision.
    pub decision: RequestDecision,
    /// The id of the audit entry.
    pub audit_id: AuditId,
    /// What the audit entry names as its cause: the API call, or the request that was approved.
    pub request_id: String,
}

/// Requests that are decided without anybody looking at them.
#[async_trait]
pub trait RequestCloser: Send + Sync {
    /// The closing of a job, unless it is finished.
    async fn find_closing(&self, job: ClosePendingRequests) -> Result<Option<Closing>, PortError>;

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

    /// Stores how far a closing has got, to be gone on with at `due` should its job be lost. `false`
    /// when somebody else was at it since it was read at `closing.version`.
    async fn save_closing(&self, closing: &Closing, due: Timestamp) -> Result<bool, PortError>;

    /// Takes a closing off, unless somebody else was at it since it was read.
    async fn finish_closing(&self, closing: &Closing) -> Result<bool, PortError>;
}

/// A mark of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The job to enqueue again.
    pub job: OnboardingJob,
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
