//! The standing of a chat user at one connector, with the pending tasks.

use crate::{
    Timestamp,
    access::{
        approval::Approval,
        consent::{Consents, Wish},
    },
    chat::{
        conversation::ConversationRef,
        message::{Identity, InboundMessage},
        send_status::SendStatus,
    },
    connector::{Connector, ExistingUsers, Policy},
    ids::{AccessRequestId, ChatUserId, ConnectorId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A pending task for a person at a connector. While any is pending, the standing is in the outbox:
/// a redelivered message or the sweeper enqueues its job again. Tasks are done one by one in this
/// order; a task that must wait holds up those behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingTask {
    /// Merge the person's record with that of their second id, which waited for other tasks (SPEC A29).
    Merge,
    /// Send the onboarding message.
    OnboardingMessage,
    /// After an approval: approve the person's requests at other connectors of the environment.
    RelatedRequests,
    /// After an approval: send the approval notice, if the connector does so.
    ApprovalNotice,
    /// After an approval: hand the held message to the agent, if the connector does so.
    Replay,
    /// Fetch the profile.
    Profile,
    /// Order notices of a request (SPEC B35). A job for a person who asks orders them even without this task. The
    /// task is for a request that brings no such job, or whose job failed to order them or will not try.
    RequestNotice,
    /// Bring the person and the directory together (SPEC C54): link them to the holder of their phone number, or
    /// make a person of them, and let both have the environments of each.
    Register,
}

impl PendingTask {
    /// Every task, in the order of execution. The profile comes before a text that depends on it (SPEC A52).
    pub const ALL: [Self; 8] = [
        Self::Merge,
        Self::OnboardingMessage,
        Self::RelatedRequests,
        Self::ApprovalNotice,
        Self::Replay,
        Self::Profile,
        Self::RequestNotice,
        Self::Register,
    ];
    /// The tasks that an approval leaves. The connector's settings are looked up only when a task is done.
    pub const AFTER_APPROVAL: [Self; 3] =
        [Self::RelatedRequests, Self::ApprovalNotice, Self::Replay];

    /// The key under which a task is stored.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::OnboardingMessage => "onboarding_message",
            Self::RelatedRequests => "related_requests",
            Self::ApprovalNotice => "approval_notice",
            Self::Replay => "replay",
            Self::Profile => "profile",
            Self::RequestNotice => "request_notice",
            Self::Register => "register",
        }
    }
}

/// The rejections at a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejections {
    /// Number of rejections.
    pub count: u32,
    /// Time of the last rejection.
    pub last_at: Timestamp,
}

impl Rejections {
    /// Whether they cancel an admission through an open connector: one that they came after. Who was
    /// let in later was let in all the same.
    #[must_use]
    pub fn cancel(self, admitted_at: Timestamp) -> bool {
        admitted_at <= self.last_at
    }
}

/// Attempts at the first task of a job with which notices are ordered.
const NOTICE_ATTEMPTS: u32 = 5;

/// Maximum number of event keys that a standing keeps when two are joined.
const STANDING_EVENTS_KEPT: usize = 200;

/// The standing of one chat user at one connector. It recognises repeated held messages and is the
/// outbox row of the pending tasks. Every write to it raises its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The connector.
    pub connector_id: ConnectorId,
    /// The person.
    pub chat_user_id: ChatUserId,
    /// Time of the person's first message here.
    pub first_seen_at: Timestamp,
    /// The conversation in which the person wrote; private answers start from it.
    pub conversation: ConversationRef,
    /// Time at which the person was first let through because the connector was open, since the last
    /// rejection and the connector's last move: see [`Standing::admitted_to`].
    pub admitted_openly_at: Option<Timestamp>,
    /// The latest request made here.
    pub request_id: Option<AccessRequestId>,
    /// Whether that request awaits a decision.
    pub request_pending: bool,
    /// Number of messages held since that request was made, the first included.
    pub message_count: u64,
    /// Whether the platform has handed over nothing of what the person wrote since that request was made.
    pub awaits_content: bool,
    /// The first event key of the message that took a placeholder's place in that request.
    pub content_key: Option<String>,
    /// Time of the last held message.
    pub last_message_at: Option<Timestamp>,
    /// Event keys of messages that were held before events had rows of their own
    /// ([`HandledEvent`](crate::chat::repeats::HandledEvent)). None is added.
    pub recent_events: Vec<String>,
    /// Earlier rejections.
    pub rejections: Option<Rejections>,
    /// Status of the onboarding message, once one was due. It is sent at most once per connector
    /// and chat user (SPEC A21), so this status outlives requests.
    pub onboarding_message: Option<SendStatus>,
    /// Whether the onboarding message may have gone out unseen: its task ended without success after an
    /// attempt whose end nobody knows.
    pub onboarding_in_doubt: bool,
    /// The person's wishes to get messages here or not (an SMS STOP or START).
    pub consents: Consents,
    /// The latest approval here, with the results of its follow-up.
    pub approval: Option<Approval>,
    /// The pending tasks.
    pub pending_tasks: BTreeSet<PendingTask>,
    /// The id of the record to merge with, while [`PendingTask::Merge`] is pending.
    pub merge_with: Option<Identity>,
    /// Counts changes.
    pub version: u64,
}

impl Standing {
    /// Makes the first standing of a person at the connector.
    #[must_use]
    pub fn first(message: &InboundMessage, connector: &Connector, now: Timestamp) -> Self {
        Self {
            connector_id: connector.id,
            chat_user_id: message.sender.chat_user_id(connector.scope),
            first_seen_at: now,
            conversation: message.conversation.clone(),
            admitted_openly_at: None,
            request_id: None,
            request_pending: false,
            message_count: 0,
            awaits_content: false,
            content_key: None,
            last_message_at: None,
            recent_events: Vec::new(),
            rejections: None,
            onboarding_message: None,
            onboarding_in_doubt: false,
            consents: Consents::default(),
            approval: None,
            pending_tasks: BTreeSet::new(),
            merge_with: None,
            version: 0,
        }
    }

    /// Joins two standings of one person at one connector, except for their pending tasks. Events,
    /// sent messages, rejections and opt-outs of both count. The pending request of this standing
    /// stays; without one, the other's pending request is kept. Of two approvals, the one whose follow-up
    /// is still to be done stays, because its held message has not reached the agent; else the latest.
    #[must_use]
    pub fn joined_by(self, other: &Self) -> Self {
        let wrote_last = if other.last_message_at > self.last_message_at {
            other.conversation.clone()
        } else {
            self.conversation.clone()
        };
        let takes_request = other.request_pending && !self.request_pending;
        let onboarding_message = [&self.onboarding_message, &other.onboarding_message]
            .into_iter()
            .flatten()
            .find(|message| message.is_sent())
            .or(self.onboarding_message.as_ref())
            .or(other.onboarding_message.as_ref())
            .cloned();
        let rejections = match (self.rejections, other.rejections) {
            (Some(one), Some(two)) => Some(Rejections {
                count: one.count.saturating_add(two.count),
                last_at: one.last_at.max(two.last_at),
            }),
            (one, two) => one.or(two),
        };
        let mut recent_events = other.recent_events.clone();
        recent_events.extend(self.recent_events.iter().cloned());
        let surplus = recent_events.len().saturating_sub(STANDING_EVENTS_KEPT);
        recent_events.drain(..surplus);
        let keeps_approval = self.approval_weight() >= other.approval_weight();
        let approval = if keeps_approval {
            self.approval
        } else {
            other.approval.clone()
        };
        Self {
            first_seen_at: self.first_seen_at.min(other.first_seen_at),
            conversation: wrote_last,
            admitted_openly_at: self
                .admitted_openly_at
                .max(other.admitted_openly_at)
                .filter(|at| rejections.is_none_or(|rejections| !rejections.cancel(*at))),
            request_id: if takes_request {
                other.request_id
            } else {
                self.request_id.or(other.request_id)
            },
            request_pending: self.request_pending || takes_request,
            message_count: if takes_request {
                other.message_count
            } else {
                self.message_count
            },
            awaits_content: if takes_request {
                other.awaits_content
            } else {
                self.awaits_content
            },
            content_key: if takes_request || self.request_id.is_none() {
                other.content_key.clone()
            } else {
                self.content_key
            },
            last_message_at: self.last_message_at.max(other.last_message_at),
            recent_events,
            rejections,
            onboarding_message,
            onboarding_in_doubt: self.onboarding_in_doubt || other.onboarding_in_doubt,
            consents: self.consents.joined_by(&other.consents),
            approval,
            ..self
        }
    }

    /// The weight of the approval beside that of another standing: none, done or still to be followed up.
    fn approval_weight(&self) -> Option<(bool, Timestamp)> {
        let is_followed_up = PendingTask::AFTER_APPROVAL
            .iter()
            .any(|task| self.pending_tasks.contains(task));
        let approval = self.approval.as_ref()?;
        Some((is_followed_up, approval.at))
    }

    /// Returns the standing after `message` opened a request.
    #[must_use]
    pub fn with_request(
        mut self,
        request_id: AccessRequestId,
        message: &InboundMessage,
        with_onboarding_message: bool,
    ) -> Self {
        // Attempts at an approval notice go on being counted, and may be too many for a job to bring a notice.
        let brings_no_notice = !with_onboarding_message || self.may_have_tried_notice();
        self.conversation = message.conversation.clone();
        self.request_id = Some(request_id);
        self.request_pending = true;
        self.message_count = 1;
        self.content_key = None;
        self.last_message_at = Some(message.sent_at);
        if with_onboarding_message {
            self.onboarding_message = Some(SendStatus::Queued);
            self.pending_tasks
                .extend([PendingTask::OnboardingMessage, PendingTask::Profile]);
        }
        if brings_no_notice {
            self.pending_tasks.insert(PendingTask::RequestNotice);
        }
        self
    }

    /// Returns the standing with the order to bring the person and the directory together, if it is due.
    #[must_use]
    pub fn registering(mut self, is_due: bool) -> Self {
        if is_due {
            self.pending_tasks.insert(PendingTask::Register);
        }
        self
    }

    /// Whether a job for this person orders notices of their request (SPEC B35). A repeated order does no harm, but
    /// one with every attempt at a text would be for nothing.
    #[must_use]
    pub fn brings_a_notice(&self, attempt: u32) -> bool {
        let owes = |task| self.pending_tasks.contains(&task);
        let comes_with_message = owes(PendingTask::OnboardingMessage) && attempt <= NOTICE_ATTEMPTS;
        self.request_pending && (owes(PendingTask::RequestNotice) || comes_with_message)
    }

    /// Whether the pending onboarding message may have been tried: it was pending before the latest request.
    #[must_use]
    pub fn may_have_tried_message(&self) -> bool {
        self.pending_tasks.contains(&PendingTask::OnboardingMessage)
            && self.pending_tasks.contains(&PendingTask::RequestNotice)
    }

    /// Time at which the person opted out of messages where private answers go, unless they opted in
    /// again.
    #[must_use]
    pub fn opted_out_at(&self) -> Option<Timestamp> {
        self.consents
            .opted_out_at(self.conversation.channel.as_deref())
    }

    /// Whether a message with any of these event keys was held before events had rows of their own.
    #[must_use]
    pub fn has_any(&self, keys: &[String]) -> bool {
        keys.iter().any(|key| self.recent_events.contains(key))
    }

    /// Time at which the person was let through because the connector was open. `None` if a rejection
    /// came after that, or if the connector led to another environment then.
    #[must_use]
    pub fn admitted_to(&self, connector: &Connector) -> Option<Timestamp> {
        let moved_at = connector.environment_since;
        self.admitted_openly_at
            .filter(|at| {
                self.rejections
                    .is_none_or(|rejections| !rejections.cancel(*at))
            })
            .filter(|at| moved_at.is_none_or(|moved| moved < *at))
    }

    /// Whether the person was let through while the connector was open, and the switch to
    /// onboarding kept such people (SPEC A42).
    #[must_use]
    pub fn kept_by(&self, connector: &Connector) -> bool {
        connector.policy == Policy::OnBoarding
            && connector.existing_users == ExistingUsers::Keep
            && matches!(
                (self.admitted_to(connector), connector.onboarding_since),
                (Some(admitted), Some(since)) if admitted <= since
            )
    }

    /// Whether the onboarding message of the pending request found no way to the person, who may open one
    /// later (SPEC A48).
    #[must_use]
    pub fn awaits_a_way(&self) -> bool {
        self.request_pending
            && self
                .onboarding_message
                .as_ref()
                .is_some_and(SendStatus::found_no_way)
    }

    /// Whether a message of the person opens the way for the onboarding message. One that is written in spite
    /// of a STOP does not: only a START does.
    #[must_use]
    pub fn is_opened_by(&self, message: &InboundMessage) -> bool {
        let channel = message.conversation.channel.as_deref();
        self.awaits_a_way() && self.consents.opted_out_at(channel).is_none()
    }

    /// Whether a wish of the person opens the way for the onboarding message.
    #[must_use]
    pub fn is_opened_by_wish(&self, wish: &Wish) -> bool {
        self.awaits_a_way() && wish.may_write && wish.channel == self.conversation.channel
    }

    /// Whether the pending approval notice may have been tried: the task before it is done.
    #[must_use]
    pub fn may_have_tried_notice(&self) -> bool {
        self.pending_tasks.contains(&PendingTask::ApprovalNotice)
            && !self.pending_tasks.contains(&PendingTask::RelatedRequests)
    }

    /// Whether the onboarding message may still go out: it is neither sent nor queued. A message
    /// that failed, or was skipped because the request was decided first, goes out with the next
    /// request.
    #[must_use]
    pub fn onboarding_message_due(&self) -> bool {
        !matches!(
            self.onboarding_message,
            Some(SendStatus::Sent { .. } | SendStatus::Queued)
        )
    }
}

#[cfg(test)]
mod tests;
