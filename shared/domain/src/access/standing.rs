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
}

impl PendingTask {
    /// Every task, in the order of execution. The profile comes before a text that depends on it (SPEC A52).
    pub const ALL: [Self; 6] = [
        Self::Merge,
        Self::OnboardingMessage,
        Self::RelatedRequests,
        Self::ApprovalNotice,
        Self::Replay,
        Self::Profile,
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
        self
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
mod tests {
    use super::*;
    use crate::{
        ids::ChatUserId,
        samples::{actor, at, connector, conversation, environment, message, opted_out, standing},
    };
    use proptest::prelude::*;

    #[test]
    fn whether_content_is_awaited_goes_with_the_request_that_is_kept() {
        let asking = |pending, awaits| Standing {
            request_id: Some(AccessRequestId::derive(&["r"])),
            request_pending: pending,
            awaits_content: awaits,
            ..standing()
        };
        for (own, other, expected) in [
            (asking(true, true), asking(true, false), true),
            (asking(true, false), asking(true, true), false),
            (asking(false, true), asking(true, false), false),
            (asking(false, false), asking(true, true), true),
        ] {
            assert_eq!(own.joined_by(&other).awaits_content, expected);
        }
    }

    #[test]
    fn the_message_in_a_placeholders_place_goes_with_its_request() {
        let asking = |name: &str, pending, key: Option<&str>| Standing {
            request_id: Some(AccessRequestId::derive(&[name])),
            request_pending: pending,
            content_key: key.map(str::to_owned),
            ..standing()
        };
        let other = || asking("other", true, Some("slack:2"));
        for (own, theirs, expected) in [
            (
                asking("own", true, Some("slack:1")),
                other(),
                Some("slack:1"),
            ),
            (asking("own", true, None), other(), None),
            (
                asking("own", false, Some("slack:1")),
                other(),
                Some("slack:2"),
            ),
            (
                standing(),
                asking("other", false, Some("slack:2")),
                Some("slack:2"),
            ),
            (
                asking("own", false, None),
                asking("other", false, Some("slack:2")),
                None,
            ),
        ] {
            let joined = own.joined_by(&theirs);
            assert_eq!(joined.content_key.as_deref(), expected);
        }
        let id = AccessRequestId::derive(&["new"]);
        let anew = other().with_request(id, &message(), false);
        assert_eq!(anew.content_key, None);
    }

    #[test]
    fn a_task_is_stored_under_its_name_and_tasks_are_done_in_order() {
        for task in PendingTask::ALL {
            assert_eq!(serde_json::to_value(task).unwrap(), task.key());
        }
        let all: Vec<_> = BTreeSet::from(PendingTask::ALL).into_iter().collect();
        assert_eq!(all, PendingTask::ALL);
    }

    fn asking(name: &str, count: u64) -> Standing {
        Standing {
            request_id: Some(AccessRequestId::derive(&[name])),
            request_pending: true,
            message_count: count,
            recent_events: vec![name.to_owned()],
            ..standing()
        }
    }

    #[test]
    fn of_two_standings_the_pending_request_stays_with_its_count_and_all_events_are_known() {
        let (one, two) = (asking("one", 2), asking("two", 7));
        for (own, other, request) in [
            (&one, &two, &one),
            (&one, &standing(), &one),
            (&standing(), &two, &two),
        ] {
            let joined = own.clone().joined_by(other);
            assert!(joined.request_pending);
            assert_eq!(joined.request_id, request.request_id);
            assert_eq!(joined.message_count, request.message_count);
            for key in own.recent_events.iter().chain(&other.recent_events) {
                assert!(joined.recent_events.contains(key));
            }
            assert_eq!(joined.version, own.version);
        }
    }

    #[test]
    fn of_two_standings_a_message_that_was_sent_and_a_stop_count() {
        let skipped = Standing {
            onboarding_message: Some(SendStatus::Skipped {
                at: at(1),
                reason: None,
            }),
            ..standing()
        };
        let sent = Standing {
            onboarding_message: Some(SendStatus::Sent {
                at: at(2),
                message_id: None,
            }),
            consents: opted_out(at(3)),
            ..standing()
        };
        for (own, other) in [(&skipped, &sent), (&sent, &skipped), (&standing(), &sent)] {
            let joined = own.clone().joined_by(other);
            assert_eq!(joined.onboarding_message, sent.onboarding_message);
            assert_eq!(joined.opted_out_at(), Some(at(3)));
        }
    }

    #[test]
    fn of_two_standings_a_rejection_ends_an_open_door_that_it_came_after() {
        let rejected = |seconds| Standing {
            rejections: Some(Rejections {
                count: 1,
                last_at: at(seconds),
            }),
            ..standing()
        };
        let admitted = Standing {
            admitted_openly_at: Some(at(10)),
            ..standing()
        };
        for (last_at, expected) in [(9, Some(at(10))), (10, None), (11, None)] {
            let joined = admitted.clone().joined_by(&rejected(last_at));
            assert_eq!(joined.admitted_openly_at, expected, "{last_at}");
        }
        let joined = rejected(9).joined_by(&rejected(11));
        let rejections = joined.rejections.unwrap();
        assert_eq!((rejections.count, rejections.last_at), (2, at(11)));
    }

    #[test]
    fn somebody_new_at_a_connector_is_known_by_nothing_but_the_message() {
        let first = Standing::first(&message(), &connector(), at(5));
        let expected = Standing {
            chat_user_id: message().sender.chat_user_id(connector().scope),
            version: 0,
            ..standing()
        };
        assert_eq!(first, expected);
    }

    #[test]
    fn a_request_starts_its_own_count_and_owes_the_onboarding_message_if_it_comes_with_one() {
        let id = AccessRequestId::derive(&["new"]);
        let message = InboundMessage {
            conversation: conversation("D2"),
            ..message()
        };
        let before = Standing {
            message_count: 9,
            recent_events: vec!["slack:Ev0".into()],
            ..standing()
        };
        let without = Standing {
            conversation: conversation("D2"),
            request_id: Some(id),
            request_pending: true,
            message_count: 1,
            last_message_at: Some(at(7)),
            recent_events: vec!["slack:Ev0".into()],
            ..standing()
        };
        let with = Standing {
            onboarding_message: Some(SendStatus::Queued),
            pending_tasks: [PendingTask::OnboardingMessage, PendingTask::Profile].into(),
            ..without.clone()
        };
        assert_eq!(before.clone().with_request(id, &message, false), without);
        assert_eq!(before.with_request(id, &message, true), with);
    }

    #[test]
    fn a_message_is_known_by_any_of_its_keys() {
        let standing = Standing {
            recent_events: vec!["a".into(), "b".into()],
            ..standing()
        };
        for (keys, known) in [
            (vec!["a"], true),
            (vec!["b", "c"], true),
            (vec!["c", "a"], true),
            (vec!["c"], false),
            (vec![], false),
        ] {
            let keys: Vec<String> = keys.into_iter().map(Into::into).collect();
            assert_eq!(standing.has_any(&keys), known, "{keys:?}");
        }
    }

    fn keys(numbers: std::ops::Range<usize>) -> Vec<String> {
        numbers.map(|number| number.to_string()).collect()
    }

    #[test]
    fn of_two_standings_all_event_keys_of_the_release_before_stay_known() {
        let standing = Standing {
            recent_events: keys(3..103),
            ..standing()
        };
        let joined = standing.joined_by(&Standing {
            recent_events: keys(200..299),
            ..crate::samples::standing()
        });
        let expected = [keys(200..299), keys(3..103)].concat();
        assert_eq!(joined.recent_events, expected);
    }

    #[test]
    fn two_standings_joined_keep_a_person_as_one_standing_with_both_histories_does() {
        let connector = Connector {
            onboarding_since: Some(at(20)),
            ..connector()
        };
        for rejected in [9, 10, 11] {
            let rejections = Some(Rejections {
                count: 1,
                last_at: at(rejected),
            });
            let admitted = Standing {
                admitted_openly_at: Some(at(10)),
                ..standing()
            };
            let both = Standing {
                rejections,
                ..admitted.clone()
            };
            let joined = admitted.joined_by(&Standing {
                rejections,
                ..standing()
            });
            assert_eq!(both.kept_by(&connector), rejected < 10, "{rejected}");
            assert_eq!(joined.kept_by(&connector), rejected < 10, "{rejected}");
        }
    }

    #[test]
    fn somebody_is_kept_who_came_in_by_the_instant_of_the_switch() {
        for (admitted, since, kept) in [
            (Some(9), Some(10), true),
            (Some(10), Some(10), true),
            (Some(11), Some(10), false),
            (None, Some(10), false),
            (Some(9), None, false),
        ] {
            let standing = Standing {
                admitted_openly_at: admitted.map(at),
                ..standing()
            };
            let connector = Connector {
                onboarding_since: since.map(at),
                ..connector()
            };
            assert_eq!(standing.kept_by(&connector), kept, "{admitted:?} {since:?}");
        }
    }

    proptest! {
        #[test]
        fn somebody_is_kept_if_everything_speaks_for_it(
            policy in crate::samples::any_policy(),
            keeps in any::<bool>(), in_time in any::<bool>(),
            rejected in proptest::option::of(7_i64..13), moved in proptest::option::of(7_i64..13),
        ) {
            let admitted = if in_time { 9 } else { 11 };
            let standing = Standing {
                admitted_openly_at: Some(at(admitted)),
                rejections: rejected.map(|last| Rejections { count: 1, last_at: at(last) }),
                ..standing()
            };
            let connector = Connector {
                policy,
                existing_users: if keeps { ExistingUsers::Keep } else { ExistingUsers::RequireApproval },
                onboarding_since: Some(at(10)),
                environment_since: moved.map(at),
                ..connector()
            };
            let earlier = |time: Option<i64>| time.is_none_or(|time| time < admitted);
            let kept = policy == Policy::OnBoarding && keeps && in_time && earlier(rejected) && earlier(moved);
            prop_assert_eq!(standing.kept_by(&connector), kept);
        }
    }

    #[test]
    fn the_onboarding_message_is_due_unless_it_went_out_or_is_about_to() {
        let sent = SendStatus::Sent {
            at: at(6),
            message_id: Some("1".into()),
        };
        let failed = SendStatus::Failed {
            at: at(6),
            class: "config".into(),
            reason: "invalid_auth".into(),
        };
        let skipped = SendStatus::Skipped {
            at: at(6),
            reason: None,
        };
        for (onboarding_message, due) in [
            (None, true),
            (Some(SendStatus::Queued), false),
            (Some(sent), false),
            (Some(failed), true),
            (Some(skipped), true),
        ] {
            let standing = Standing {
                onboarding_message,
                ..standing()
            };
            assert_eq!(standing.onboarding_message_due(), due);
        }
    }

    #[test]
    fn of_two_standings_the_earliest_and_the_latest_count_and_the_last_place_of_writing() {
        let own = Standing {
            first_seen_at: at(5),
            last_message_at: Some(at(10)),
            conversation: conversation("own"),
            consents: opted_out(at(2)),
            admitted_openly_at: Some(at(3)),
            ..standing()
        };
        for (wrote, last, place) in [
            (None, 10, "own"),
            (Some(9), 10, "own"),
            (Some(10), 10, "own"),
            (Some(11), 11, "other"),
        ] {
            let other = Standing {
                chat_user_id: ChatUserId::derive(&["other"]),
                first_seen_at: at(4),
                last_message_at: wrote.map(at),
                conversation: conversation("other"),
                consents: opted_out(at(1)),
                admitted_openly_at: Some(at(4)),
                pending_tasks: [PendingTask::Replay].into(),
                version: 8,
                ..standing()
            };
            let expected = Standing {
                first_seen_at: at(4),
                last_message_at: Some(at(last)),
                conversation: conversation(place),
                consents: opted_out(at(2)),
                admitted_openly_at: Some(at(4)),
                ..own.clone()
            };
            assert_eq!(own.clone().joined_by(&other), expected);
        }
    }

    #[test]
    fn of_two_standings_without_a_pending_request_the_own_request_and_count_stay() {
        let (one, two) = (asking("one", 2), asking("two", 7));
        let decided = |standing: &Standing| Standing {
            request_pending: false,
            ..standing.clone()
        };
        for (own, other, request, count, pending) in [
            (decided(&one), decided(&two), one.request_id, 2, false),
            (standing(), decided(&two), two.request_id, 0, false),
            (decided(&one), standing(), one.request_id, 2, false),
            (decided(&one), two.clone(), two.request_id, 7, true),
            (one.clone(), decided(&two), one.request_id, 2, true),
            (standing(), standing(), None, 0, false),
        ] {
            let joined = own.joined_by(&other);
            assert_eq!(joined.request_id, request);
            assert_eq!(joined.message_count, count);
            assert_eq!(joined.request_pending, pending);
        }
    }

    #[test]
    fn of_two_standings_the_approval_to_be_followed_up_stays_else_the_latest_and_the_own_first() {
        let approved = |name: &str, seconds: i64, task: Option<PendingTask>| Standing {
            approval: Some(Approval::new(
                AccessRequestId::derive(&[name]),
                environment("e"),
                actor("grace"),
                at(seconds),
            )),
            pending_tasks: task.into_iter().collect(),
            ..standing()
        };
        let (one, two) = (approved("one", 6, None), approved("two", 6, None));
        let later = approved("later", 7, Some(PendingTask::Profile));
        let owed = approved("owed", 5, Some(PendingTask::Replay));
        for (own, other, expected) in [
            (&one, &two, &one),
            (&one, &later, &later),
            (&later, &one, &later),
            (&one, &owed, &owed),
            (&owed, &later, &owed),
            (&standing(), &two, &two),
            (&one, &standing(), &one),
            (&standing(), &standing(), &standing()),
        ] {
            assert_eq!(own.clone().joined_by(other).approval, expected.approval);
        }
    }

    #[test]
    fn of_two_standings_either_may_have_sent_an_onboarding_message_unseen() {
        let doubtful = |onboarding_in_doubt| Standing {
            onboarding_in_doubt,
            ..standing()
        };
        for (own, other) in [(false, false), (false, true), (true, false), (true, true)] {
            let joined = doubtful(own).joined_by(&doubtful(other));
            assert_eq!(joined.onboarding_in_doubt, own || other);
        }
    }

    fn unreached(request_pending: bool) -> Standing {
        Standing {
            request_pending,
            onboarding_message: Some(SendStatus::Failed {
                at: at(6),
                class: "recipient".into(),
                reason: "blocked".into(),
            }),
            ..standing()
        }
    }

    #[test]
    fn a_message_opens_the_way_while_the_request_is_pending_and_no_stop_counts() {
        let sent = Standing {
            onboarding_message: Some(SendStatus::Sent {
                at: at(6),
                message_id: None,
            }),
            ..unreached(true)
        };
        let stopped = Standing {
            consents: opted_out(at(5)),
            ..unreached(true)
        };
        for (standing, opened) in [
            (unreached(true), true),
            (unreached(false), false),
            (sent, false),
            (stopped, false),
        ] {
            assert_eq!(standing.is_opened_by(&message()), opened);
        }
    }

    #[test]
    fn a_start_opens_the_way_on_its_own_channel() {
        let wish = |channel: Option<&str>, may_write| Wish {
            channel: channel.map(str::to_owned),
            may_write,
            at: at(9),
            event_key: None,
        };
        let mut by_sms = unreached(true);
        by_sms.conversation = by_sms.conversation.on_channel("sms");
        for (standing, wish, opened) in [
            (unreached(true), wish(None, true), true),
            (unreached(true), wish(None, false), false),
            (unreached(false), wish(None, true), false),
            (by_sms.clone(), wish(Some("sms"), true), true),
            (by_sms, wish(Some("whatsapp"), true), false),
        ] {
            assert_eq!(standing.is_opened_by_wish(&wish), opened, "{wish:?}");
        }
    }

    #[test]
    fn a_notice_may_have_been_tried_once_the_task_before_it_is_done() {
        use PendingTask::{ApprovalNotice, Profile, RelatedRequests};
        for (tasks, tried) in [
            (vec![], false),
            (vec![Profile], false),
            (vec![ApprovalNotice, Profile], true),
            (vec![RelatedRequests, ApprovalNotice], false),
        ] {
            let standing = Standing {
                pending_tasks: tasks.into_iter().collect(),
                ..standing()
            };
            assert_eq!(standing.may_have_tried_notice(), tried);
        }
    }

    #[test]
    fn of_two_standings_the_own_onboarding_message_counts_unless_only_the_other_went_out() {
        let told = |status: Option<SendStatus>| Standing {
            onboarding_message: status,
            ..standing()
        };
        let sent = |seconds| {
            Some(SendStatus::Sent {
                at: at(seconds),
                message_id: None,
            })
        };
        let skipped = Some(SendStatus::Skipped {
            at: at(1),
            reason: None,
        });
        for (own, other, expected) in [
            (sent(1), sent(2), sent(1)),
            (Some(SendStatus::Queued), sent(2), sent(2)),
            (
                Some(SendStatus::Queued),
                skipped.clone(),
                Some(SendStatus::Queued),
            ),
            (None, skipped.clone(), skipped),
            (None, None, None),
        ] {
            let joined = told(own).joined_by(&told(other));
            assert_eq!(joined.onboarding_message, expected);
        }
    }
}
