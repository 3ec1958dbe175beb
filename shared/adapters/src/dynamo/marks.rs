//! Outbox marks: the place in the outbox index of a row that orders a job.
//!
//! A mark is two attributes. [`OUTBOX_PK`] names the kind of job and a shard; [`OUTBOX_DUE`] is one
//! number of up to 18 digits that sorts a shard's marks by owner (a connector or an environment), then by
//! state, then by time:
//!
//! ```text
//! lane (up to 8 digits) | 0 waiting, 1 in flight (1 digit) | due, seconds since 1970 (10 digits)
//! ```
//!
//! The lane is a hash of the owner's id. So the oldest marks of any one owner are a range
//! of their own, and a sweep steps from one owner to the next without reading an owner's
//! whole backlog. Two owners share a lane, and with it their share of a sweep, once in 90
//! million pairs.

use super::keys::{self, Key, OUTBOX_DUE, OUTBOX_PK};
use super::table::{Attributes, n, s};
use aws_sdk_dynamodb::types::AttributeValue;
use vestibule_domain::{
    ProjectScope, Timestamp,
    ids::{ChatUserId, ConnectorId},
    job::{JobOwner, OnboardChatUser, OnboardingJob, OutboxJob},
    ports::{OUTBOX_SHARDS, OutboxPart},
    search::SearchTarget,
};

/// Number of lanes. With the digits after it, a mark fits into an `i64`.
const LANES: u64 = 90_000_000;
/// The step between states in a position: one more than the largest time.
const STATE: i64 = 10_000_000_000;
const LANE: i64 = 10 * STATE;

/// The row that orders a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) key: Key,
    partition: String,
    lane: i64,
}

impl Marked {
    /// Finds the row that orders this job.
    pub(super) fn by(job: OutboxJob) -> Self {
        let (key, spread_by) = match job {
            OutboxJob::Onboarding(OnboardingJob::OnboardChatUser(job)) => (
                keys::standing(job.scope, job.chat_user_id, job.connector_id),
                job.chat_user_id.to_string(),
            ),
            OutboxJob::Onboarding(OnboardingJob::ClosePendingRequests(job)) => (
                keys::closing(job.scope, job.connector_id),
                job.connector_id.to_string(),
            ),
            OutboxJob::Onboarding(OnboardingJob::ExpireRequests(job)) => (
                keys::expiry(job.scope, job.connector_id),
                job.connector_id.to_string(),
            ),
            OutboxJob::Onboarding(OnboardingJob::EraseData(job)) => (
                keys::erasure(job.scope, job.target),
                job.project_id().to_string(),
            ),
            OutboxJob::SendMessages(job) => (
                keys::outgoing(job.scope, job.conversation_id, job.connector_id),
                job.conversation_id.to_string(),
            ),
            OutboxJob::DrainParked(job) => (
                keys::agent(job.scope, job.environment_id),
                job.environment_id.to_string(),
            ),
            OutboxJob::SendMail(job) => (keys::mail(job), job.mail_id.to_string()),
            OutboxJob::SendNotices(job) => {
                (keys::notices(job.scope), job.scope.project_id().to_string())
            }
            OutboxJob::IndexRecord(job) => {
                let id = match job.target {
                    SearchTarget::EndUser(id) => id.to_string(),
                    SearchTarget::ChatUser(id) => id.to_string(),
                };
                (keys::index_order(job.scope, job.target), id)
            }
            OutboxJob::ImportUsers(job) => (
                keys::import(job.scope, job.import_id),
                job.import_id.to_string(),
            ),
            OutboxJob::OfferConversation(job) => (
                keys::case(job.scope, job.conversation_id),
                job.conversation_id.to_string(),
            ),
            OutboxJob::DrainQueue(job) => (
                keys::queue_order(job.scope, job.queue_id),
                job.queue_id.to_string(),
            ),
            OutboxJob::RequeueMember(job) => (
                keys::requeue(job.scope, job.member_id),
                job.member_id.to_string(),
            ),
            OutboxJob::RehomeConnector(job) => (keys::rehoming(job), job.connector_id.to_string()),
            OutboxJob::PublishEvent(job) => (
                keys::outgoing_event(job.scope, job.event_id),
                job.event_id.to_string(),
            ),
            OutboxJob::SendEvent(job) => (keys::event_delivery(job), job.event_id.to_string()),
        };
        let part = OutboxPart {
            kind: job.kind(),
            shard: spread_by.bytes().last().unwrap_or(0) % OUTBOX_SHARDS,
        };
        Self {
            key,
            partition: keys::outbox(part),
            lane: lane(&job.owner().to_string()),
        }
    }

    /// Makes the row of a chat user's standing at a connector.
    pub(super) fn standing(
        scope: ProjectScope,
        chat_user_id: ChatUserId,
        connector_id: ConnectorId,
    ) -> Self {
        Self::by(
            OnboardChatUser {
                scope,
                chat_user_id,
                connector_id,
            }
            .into(),
        )
    }

    /// Makes the mark of a job that is enqueued directly or has to wait. The sweep dispatches it
    /// from `due` on.
    pub(super) fn waiting(&self, due: Timestamp) -> Mark {
        self.mark(State::Waiting, due)
    }

    /// Makes the mark of a job that was dispatched or is in work. The job counts as lost if the
    /// mark is still there at `until`.
    pub(super) fn in_flight(&self, until: Timestamp) -> Mark {
        self.mark(State::InFlight, until)
    }

    fn mark(&self, state: State, due: Timestamp) -> Mark {
        Mark {
            partition: self.partition.clone(),
            position: Position::new(self.lane, state, due),
        }
    }
}

/// Hashes the id of a connector or environment (FNV-1a), below [`LANES`].
fn lane(id: &str) -> i64 {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    i64::try_from(hash % LANES).unwrap_or(0)
}

/// The two attributes of a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) partition: String,
    pub(super) position: Position,
}

impl Mark {
    /// Returns the partition as a value for an expression.
    pub(super) fn pk(&self) -> AttributeValue {
        s(&self.partition)
    }

    /// Returns the position as a value for an expression.
    pub(super) fn due(&self) -> AttributeValue {
        n(self.position.0)
    }

    /// Whether the row has exactly this mark.
    pub(super) fn is_on(&self, row: &Attributes) -> bool {
        row.get(OUTBOX_PK) == Some(&self.pk()) && row.get(OUTBOX_DUE) == Some(&self.due())
    }
}

/// State of a mark's job: to be dispatched, or under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    InFlight,
}

/// The place of a mark in its partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position(pub(super) i64);

impl Position {
    /// Position before every mark.
    pub(super) const FIRST: Self = Self(0);
    /// Position behind every mark.
    pub(super) const LAST: Self = Self(i64::MAX);

    fn new(lane: i64, state: State, due: Timestamp) -> Self {
        let state = match state {
            State::Waiting => 0,
            State::InFlight => STATE,
        };
        // Rounded up, so that no mark is due before its time.
        let due = due.millis().saturating_add(999) / 1000;
        Self(lane * LANE + state + due.clamp(0, STATE - 1))
    }

    /// Finds the first and the last position of an owner's marks.
    pub(super) fn lane_of(owner: JobOwner) -> (Self, Self) {
        let first = Self(lane(&owner.to_string()) * LANE);
        (first, Self(first.0 + LANE - 1))
    }

    /// Finds the first and the last position of an owner's marks that wait and are due.
    pub(super) fn due_of(owner: JobOwner, now: Timestamp) -> (Self, Self) {
        let lane = lane(&owner.to_string());
        let second = Timestamp::from_millis(now.seconds() * 1000);
        (Self(lane * LANE), Self::new(lane, State::Waiting, second))
    }

    /// Finds the start of the lane that lies after `share` thousandths of all lanes. Shares wrap at 1,000.
    pub(super) fn of_share(share: u64) -> Self {
        let lane = LANES / 1000 * (share % 1000);
        Self(i64::try_from(lane).unwrap_or(0) * LANE)
    }

    /// Whether the row's own job can have this position.
    pub(super) const fn is_of(self, marked: &Marked) -> bool {
        self.0 / LANE == marked.lane && self.0 % LANE / STATE <= 1
    }

    pub(super) const fn state(self) -> State {
        if self.0 % LANE < STATE {
            State::Waiting
        } else {
            State::InFlight
        }
    }

    /// Due time, to the second.
    pub(super) const fn due(self) -> Timestamp {
        Timestamp::from_millis(self.0 % STATE * 1000)
    }

    /// Lane and state. The marks of one group are sorted by time.
    pub(super) const fn group(self) -> i64 {
        self.0 / STATE
    }

    /// First position behind the group.
    pub(super) const fn next_group(self) -> Self {
        Self((self.group() + 1) * STATE)
    }

    /// Position just before this one.
    pub(super) const fn before(self) -> Self {
        Self(self.0 - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vestibule_domain::{
        AccountScope,
        ids::{AccountId, ProjectId},
    };

    fn marked(user: &str, connector: &str) -> Marked {
        let scope =
            AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
        Marked::standing(
            scope,
            ChatUserId::derive(&[user]),
            ConnectorId::derive(&[connector]),
        )
    }

    proptest! {
        #[test]
        fn a_position_sorts_by_connector_then_state_then_second_and_reads_back(
            one in "[a-c]", two in "[a-c]",
            first in 0_i64..9_000_000_000_000, second in 0_i64..9_000_000_000_000,
        ) {
            let (one, two) = (marked("u", &one), marked("u", &two));
            let (first, second) = (Timestamp::from_millis(first), Timestamp::from_millis(second));
            let (waiting, flying) = (one.waiting(first).position, one.in_flight(second).position);
            prop_assert!(waiting < flying);
            prop_assert_eq!((waiting.state(), flying.state()), (State::Waiting, State::InFlight));
            let late = waiting.due().millis() - first.millis();
            prop_assert!((0..1000).contains(&late), "{}", late);
            prop_assert_eq!(waiting.next_group(), Position(one.lane * LANE + STATE));
            prop_assert_eq!(flying.next_group(), Position(one.lane * LANE + 2 * STATE));
            let other = two.waiting(second).position;
            prop_assert_eq!(one.lane.cmp(&two.lane).then(first.millis().div_ceil_sec().cmp(&second.millis().div_ceil_sec())), waiting.cmp(&other));
        }
    }

    trait Seconds {
        fn div_ceil_sec(self) -> i64;
    }

    impl Seconds for i64 {
        fn div_ceil_sec(self) -> i64 {
            (self + 999) / 1000
        }
    }

    #[test]
    fn the_marks_of_a_connector_lie_in_one_lane_and_are_spread_over_the_shards() {
        let due = Timestamp::from_millis(1_800_000_000_000);
        let marks: Vec<Mark> = (0..100)
            .map(|i| marked(&format!("u{i}"), "c").waiting(due))
            .collect();
        let lanes: std::collections::BTreeSet<i64> =
            marks.iter().map(|mark| mark.position.0).collect();
        let shards: std::collections::BTreeSet<&str> =
            marks.iter().map(|mark| mark.partition.as_str()).collect();
        assert_eq!((lanes.len(), shards.len()), (1, usize::from(OUTBOX_SHARDS)));
        assert!(
            shards
                .iter()
                .all(|shard| shard.starts_with("OUTBOX#onboard_chat_user#"))
        );
    }

    #[test]
    fn the_marks_of_an_owner_lie_between_the_ends_of_its_lane() {
        let owner = JobOwner::Connector(ConnectorId::derive(&["c"]));
        let (first, last) = Position::lane_of(owner);
        let marked = marked("u", "c");
        let far = Timestamp::from_millis(i64::MAX);
        for position in [
            marked.waiting(Timestamp::from_millis(0)).position,
            marked.in_flight(far).position,
        ] {
            assert!((first..=last).contains(&position), "{position:?}");
        }
    }

    #[test]
    fn the_due_marks_of_an_owner_wait_and_their_second_has_come() {
        let owner = JobOwner::Connector(ConnectorId::derive(&["c"]));
        let at = Timestamp::from_millis;
        let (first, last) = Position::due_of(owner, at(1_800_000_000_900));
        let due = |position: Position| (first..=last).contains(&position);
        let marked = marked("u", "c");
        assert!(due(marked.waiting(at(0)).position));
        assert!(due(marked.waiting(at(1_800_000_000_000)).position));
        assert!(!due(marked.waiting(at(1_800_000_000_001)).position));
        assert!(!due(marked.in_flight(at(0)).position));
    }

    #[test]
    fn no_position_is_larger_than_an_i64_and_none_is_negative() {
        let far = Timestamp::from_millis(i64::MAX);
        let last = i64::try_from(LANES - 1).unwrap();
        assert!(Position::new(last, State::InFlight, far) < Position::LAST);
        let long_ago = Timestamp::from_millis(i64::MIN);
        assert_eq!(Position::new(0, State::Waiting, long_ago), Position::FIRST);
    }
}
