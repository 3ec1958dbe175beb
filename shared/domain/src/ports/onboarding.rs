//! Ports of the onboarding worker.

use crate::{
    PortError, ProjectScope, Timestamp,
    access::closing::{Closing, ListPosition},
    access::expiry::{Expiry, OldestPending},
    access::request::{AccessRequest, RequestDecision},
    access::standing::{PendingTask, Standing},
    chat::message::Identity,
    chat::profile::Profile,
    chat::send_status::SendStatus,
    chat::user::ChatUser,
    event::AuditEntry,
    ids::{AccessRequestId, ChatUserId, ConnectorId, EnvironmentId, LeaseId},
    job::{ClosePendingRequests, DeliverMessage, ExpireRequests, OnboardChatUser},
    ports::{AvatarImage, Lease, Postponement},
};
use async_trait::async_trait;

/// The outcome of a claim. Only a claimed row is worked on: in every other case another job exists,
/// or a mark that will bring one.
#[derive(Debug, Clone)]
pub enum Claim<T> {
    /// The row is claimed until the lease ends.
    Claimed(T),
    /// Another worker holds the lease until this time.
    HeldUntil(Timestamp),
    /// The job is not to be tried before this time.
    NotBefore(Timestamp),
    /// No task is pending any more.
    NothingPending,
}

impl<T> Claim<T> {
    /// Converts the claimed value.
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
    /// Id of our claim.
    pub lease: LeaseId,
    /// Number of the attempt at the first pending task, from 1. A claim that only found that it had
    /// to wait does not count.
    pub attempt: u32,
}

impl ClaimedStanding {
    /// Whether the onboarding message may have gone out unseen once its task ends with this status.
    #[must_use]
    pub const fn leaves_doubt(&self, status: &SendStatus) -> bool {
        !status.is_sent() && (self.attempt > 1 || self.standing.onboarding_in_doubt)
    }

    /// The attempts that count for the next task once `done` is: this claim is its first, unless a text
    /// behind the finished task may have been tried before that task came.
    #[must_use]
    pub fn attempts_after(&self, done: PendingTask) -> u32 {
        let standing = &self.standing;
        let may_have_tried = match done {
            PendingTask::Merge => {
                let message = PendingTask::OnboardingMessage;
                standing.pending_tasks.contains(&message) || standing.may_have_tried_notice()
            }
            PendingTask::OnboardingMessage => standing.may_have_tried_notice(),
            PendingTask::RelatedRequests
            | PendingTask::ApprovalNotice
            | PendingTask::Replay
            | PendingTask::Profile
            | PendingTask::RequestNotice
            | PendingTask::Register => false,
        };
        if may_have_tried {
            self.attempt.min(2)
        } else {
            1
        }
    }
}

/// The outcome of finishing a merge that waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishedMerge {
    /// The records are one, under this id. The claimed standing moved there with its other tasks, and the
    /// claim is gone.
    Done(ChatUserId),
    /// There is nothing to merge any more.
    Nothing,
    /// Another worker does a task for the person, or another writer came first.
    NotNow,
}

/// A finished task with its result.
#[derive(Debug, Clone)]
pub enum TaskResult {
    /// There was nothing to merge any more.
    Merge,
    /// The onboarding message was handled, with this result.
    OnboardingMessage(SendStatus),
    /// The requests at other connectors were approved.
    RelatedRequests,
    /// The approval notice was handled, with this result.
    ApprovalNotice(SendStatus),
    /// The held message was handled, with this result.
    Replay(SendStatus),
    /// The profile was handled.
    Profile,
    /// Notices of the request were ordered, or nobody gets any.
    RequestNotice,
    /// The person and the directory were brought together.
    Register,
}

impl TaskResult {
    /// The finished task.
    #[must_use]
    pub const fn task(&self) -> PendingTask {
        match self {
            Self::Merge => PendingTask::Merge,
            Self::OnboardingMessage(_) => PendingTask::OnboardingMessage,
            Self::RelatedRequests => PendingTask::RelatedRequests,
            Self::ApprovalNotice(_) => PendingTask::ApprovalNotice,
            Self::Replay(_) => PendingTask::Replay,
            Self::Profile => PendingTask::Profile,
            Self::RequestNotice => PendingTask::RequestNotice,
            Self::Register => PendingTask::Register,
        }
    }

    /// The status of the text that the task sends to the person.
    #[must_use]
    pub const fn text(&self) -> Option<&SendStatus> {
        match self {
            Self::OnboardingMessage(status) | Self::ApprovalNotice(status) => Some(status),
            Self::Merge
            | Self::RelatedRequests
            | Self::Replay(_)
            | Self::Profile
            | Self::RequestNotice
            | Self::Register => None,
        }
    }

    /// The same task with another status of its text.
    #[must_use]
    pub fn with_text(&self, status: SendStatus) -> Self {
        match self {
            Self::OnboardingMessage(_) => Self::OnboardingMessage(status),
            Self::ApprovalNotice(_) => Self::ApprovalNotice(status),
            Self::Merge
            | Self::RelatedRequests
            | Self::Replay(_)
            | Self::Profile
            | Self::RequestNotice
            | Self::Register => self.clone(),
        }
    }
}

/// A profile as a platform provided it.
#[derive(Debug, Clone, Copy)]
pub struct FetchedProfile<'a> {
    /// Names, and the avatar's address.
    pub profile: &'a Profile,
    /// The avatar itself, if it was fetched.
    pub avatar: Option<&'a AvatarImage>,
    /// Names of the fields that differ from what is on record, as the API names them.
    pub changed: &'a [&'static str],
    /// Time of the query.
    pub at: Timestamp,
}

/// A message that a platform accepted, and its recipient.
#[derive(Debug, Clone, Copy)]
pub struct SentMessage<'a> {
    /// Account and project.
    pub scope: ProjectScope,
    /// The connector.
    pub connector_id: ConnectorId,
    /// The recipient.
    pub chat_user_id: ChatUserId,
    /// The platform's id of the message.
    pub message_id: &'a str,
    /// Time of sending.
    pub at: Timestamp,
}

/// The store of standings for the onboarding worker.
#[async_trait]
pub trait StandingStore: Send + Sync {
    /// Claims the pending tasks. Two claims never overlap, and no claim succeeds before the time to
    /// which the previous one was postponed.
    async fn claim(
        &self,
        job: OnboardChatUser,
        lease: &Lease,
    ) -> Result<Claim<Box<ClaimedStanding>>, PortError>;

    /// Records that a task is done. If no other task is pending, removes the mark, gives the lease
    /// back and returns `None`. Otherwise returns the pending tasks, under the same lease. A task
    /// that was added meanwhile by another approval stays. [`Lease::LOST`] when the lease was lost to
    /// another worker.
    ///
    /// `sent` is the text of the task, if its platform reports late failures. It is recorded under its id
    /// with the task, all or nothing: a report that came first gives the text its status, and a later one
    /// finds the person.
    async fn settle(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        paid: &TaskResult,
        sent: Option<&SentMessage<'_>>,
    ) -> Result<Option<Box<ClaimedStanding>>, PortError>;

    /// Adds [`PendingTask::RequestNotice`] to the pending tasks, under the same lease, and returns them. Repeated, it
    /// does no harm. [`Lease::LOST`] when the lease was lost to another worker.
    async fn owe_notice(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
    ) -> Result<Box<ClaimedStanding>, PortError>;

    /// Merges the person's record with the one that the claimed standing names. Pending tasks go along.
    async fn finish_merge(
        &self,
        scope: ProjectScope,
        claimed: &ClaimedStanding,
        now: Timestamp,
    ) -> Result<FinishedMerge, PortError>;

    /// Gives the lease back, so that the tasks are tried again later; no copy of the job is tried
    /// sooner. `Conflict` when the lease was lost to another worker.
    async fn postpone(
        &self,
        job: OnboardChatUser,
        lease: LeaseId,
        postponement: Postponement,
    ) -> Result<(), PortError>;

    /// Records the stable id of a person who is known by a phone number, by the rules of
    /// [`crate::chat::recognition`]. Two records of one person stay two until the person writes.
    async fn note_stable_id(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
        stable_id: &Identity,
    ) -> Result<(), PortError>;

    /// Brings a person and the directory together (SPEC C54). Somebody who is linked shares their environments
    /// with the person whom they are linked to. Anybody else is linked to the holder of the phone number that
    /// their platform asserts. Without one, whoever was let in becomes a person of the directory; a stranger does
    /// not, and neither does somebody blocked or kept apart. `is_admitted` says that a connector let them through.
    async fn register(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
        is_admitted: bool,
        now: Timestamp,
    ) -> Result<(), PortError>;

    /// Returns the message that made a request, if it was kept.
    async fn held_message(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
    ) -> Result<Option<DeliverMessage>, PortError>;

    /// Returns the chat user of a job.
    async fn chat_user(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
    ) -> Result<Option<ChatUser>, PortError>;

    /// Stores a profile as a platform provided it.
    async fn store_profile(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
        learnt: FetchedProfile<'_>,
    ) -> Result<(), PortError>;
}

/// One page of a project's pending requests.
#[derive(Debug, Clone)]
pub struct PendingPage {
    /// The requests on the page that belong to the closing's connector, oldest first.
    pub requests: Vec<AccessRequest>,
    /// Start of the next page; `None` on the last page.
    pub next: Option<ListPosition>,
}

/// The time at which work on a closing continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// At once, by a job that is enqueued. If that job is lost, at this time.
    Enqueued(Timestamp),
    /// From this time on; no copy of the job continues sooner.
    At(Timestamp),
}

/// A decision that follows from another one or from a change of the connector.
#[derive(Debug, Clone)]
pub struct ImpliedDecision {
    /// The request as it was read, pending.
    pub request: AccessRequest,
    /// The decision.
    pub decision: RequestDecision,
    /// The audit entry.
    pub audit: AuditEntry,
}

/// The store for requests that are decided without a person looking at them.
#[async_trait]
pub trait RequestCloser: Send + Sync {
    /// Claims the closing of a job, unless it is finished. Two claims never overlap, and no claim
    /// succeeds before the time at which the closing is to be resumed.
    async fn claim_closing(
        &self,
        job: ClosePendingRequests,
        lease: &Lease,
    ) -> Result<Claim<Closing>, PortError>;

    /// Gives the claim of a closing back, so that it is tried again from `until` on. `Conflict`
    /// when the claim was lost to another worker.
    async fn postpone_closing(
        &self,
        job: ClosePendingRequests,
        lease: LeaseId,
        until: Timestamp,
    ) -> Result<(), PortError>;

    /// Returns the next page of pending requests in the closing's pass. The newest may be missing,
    /// because lists lag behind.
    async fn pending_requests(&self, closing: &Closing) -> Result<PendingPage, PortError>;

    /// Returns a person's pending requests for this environment at all connectors but this one, each
    /// in its current state.
    async fn pending_elsewhere(
        &self,
        scope: ProjectScope,
        chat_user_id: ChatUserId,
        except: Option<ConnectorId>,
        environment_id: EnvironmentId,
    ) -> Result<Vec<AccessRequest>, PortError>;

    /// Decides a request: request, standing and audit entry, all or nothing. Does not count as a
    /// rejection on the standing. `false` when the request was already decided, or no longer
    /// exists.
    async fn decide_implied(&self, implied: &ImpliedDecision) -> Result<bool, PortError>;

    /// Stores a closing's progress and gives its claim back. `false` when another worker changed it
    /// since it was claimed at `closing.version`.
    async fn save_closing(&self, closing: &Closing, resume: Resume) -> Result<bool, PortError>;

    /// Removes a closing. `false` when another worker changed it since it was claimed.
    async fn finish_closing(&self, closing: &Closing) -> Result<bool, PortError>;

    /// Claims the order to close requests as they expire, under the rules of
    /// [`claim_closing`](Self::claim_closing).
    async fn claim_expiry(
        &self,
        job: ExpireRequests,
        lease: &Lease,
    ) -> Result<Claim<Expiry>, PortError>;

    /// Gives the claim of such an order back, like [`postpone_closing`](Self::postpone_closing).
    async fn postpone_expiry(
        &self,
        job: ExpireRequests,
        lease: LeaseId,
        until: Timestamp,
    ) -> Result<(), PortError>;

    /// Returns the project's oldest pending requests behind the end of what the order has done. The newest of
    /// all may be missing, because lists lag behind.
    async fn oldest_pending(&self, expiry: &Expiry) -> Result<OldestPending, PortError>;

    /// Stores the progress of such an order, like [`save_closing`](Self::save_closing).
    async fn save_expiry(&self, expiry: &Expiry, resume: Resume) -> Result<bool, PortError>;

    /// Removes such an order. `false` when another worker or a change of the connector was first.
    async fn finish_expiry(&self, expiry: &Expiry) -> Result<bool, PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::send_status::SkipReason,
        samples::{at, standing},
    };

    fn claimed(attempt: u32, tasks: &[PendingTask]) -> ClaimedStanding {
        ClaimedStanding {
            standing: Standing {
                pending_tasks: tasks.iter().copied().collect(),
                ..standing()
            },
            lease: LeaseId::derive(&["l"]),
            attempt,
        }
    }

    #[test]
    fn a_message_that_was_not_sent_is_in_doubt_after_an_earlier_attempt_or_doubt() {
        let skipped = SendStatus::Skipped {
            at: at(1),
            reason: None,
        };
        let sent = SendStatus::Sent {
            at: at(1),
            message_id: None,
        };
        for (attempt, doubted, status, doubt) in [
            (1, false, &skipped, false),
            (2, false, &skipped, true),
            (1, true, &skipped, true),
            (2, true, &sent, false),
        ] {
            let mut claimed = claimed(attempt, &[PendingTask::OnboardingMessage]);
            claimed.standing.onboarding_in_doubt = doubted;
            assert_eq!(claimed.leaves_doubt(status), doubt);
        }
    }

    #[test]
    fn a_report_changes_the_status_of_the_text_and_nothing_else() {
        let status = |reason| SendStatus::Skipped { at: at(1), reason };
        let (before, after) = (status(None), status(Some(SkipReason::OptedOut)));
        for (result, is_text) in [
            (TaskResult::OnboardingMessage(before.clone()), true),
            (TaskResult::ApprovalNotice(before.clone()), true),
            (TaskResult::Replay(before.clone()), false),
            (TaskResult::Merge, false),
            (TaskResult::RelatedRequests, false),
            (TaskResult::Profile, false),
            (TaskResult::RequestNotice, false),
            (TaskResult::Register, false),
        ] {
            assert_eq!(result.text(), is_text.then_some(&before));
            let changed = result.with_text(after.clone());
            assert_eq!(changed.task(), result.task());
            assert_eq!(changed.text(), is_text.then_some(&after));
        }
    }

    #[test]
    fn a_text_that_may_have_been_tried_is_not_tried_for_the_first_time() {
        use PendingTask::{ApprovalNotice, Merge, OnboardingMessage, Profile, RelatedRequests};
        for (done, tasks, attempt, left) in [
            (OnboardingMessage, vec![OnboardingMessage, Profile], 9, 1),
            (
                OnboardingMessage,
                vec![OnboardingMessage, ApprovalNotice],
                9,
                2,
            ),
            (
                OnboardingMessage,
                vec![OnboardingMessage, ApprovalNotice],
                1,
                1,
            ),
            (
                OnboardingMessage,
                vec![OnboardingMessage, RelatedRequests, ApprovalNotice],
                9,
                1,
            ),
            (Merge, vec![Merge, OnboardingMessage], 9, 2),
            (Merge, vec![Merge, ApprovalNotice], 9, 2),
            (Merge, vec![Merge, Profile], 9, 1),
            (RelatedRequests, vec![RelatedRequests, ApprovalNotice], 9, 1),
            (Profile, vec![ApprovalNotice, Profile], 9, 1),
        ] {
            assert_eq!(
                claimed(attempt, &tasks).attempts_after(done),
                left,
                "{done:?}"
            );
        }
    }
}
