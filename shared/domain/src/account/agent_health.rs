//! The breaker before an agent, and the limit of its calls in flight (DESIGN §11).
//!
//! A call that is not answered within a second takes a slot, so an agent that is quick costs no write. At
//! its limit, and while its breaker is open, an agent is not asked: its messages are parked. A few failures
//! in a row open the breaker. From then on only the drain of the parked messages asks, one message at a
//! time, with growing pauses, until the agent answers.

use super::agent::MaxInFlight;
use crate::{Timestamp, ids::LeaseId};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// Time after which a call that is not answered takes a slot.
pub const SLOW_AFTER: Duration = Duration::from_secs(1);
/// Number of failures in a row that open the breaker.
pub const FAILURES_UNTIL_OPEN: u32 = 3;
/// First pause before an agent is asked again; each further pause is three times as long.
const PAUSE_FIRST: Duration = Duration::from_secs(5);
/// Longest pause: an agent that is well again gets its messages within this time.
const PAUSE_MAX: Duration = Duration::from_mins(5);
/// Maximum length of a failure's reason, in characters. Some come from outside.
const REASON_MAX: usize = 200;

/// A call in flight that has taken long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The holder.
    pub id: LeaseId,
    /// Time from which the slot is free, whether or not its holder gave it back.
    pub until: Timestamp,
}

/// A failed attempt to deliver a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentFailure {
    /// Time of the failure.
    pub at: Timestamp,
    /// The reason, without any address or text of a message.
    pub reason: String,
}

impl AgentFailure {
    /// Makes a failure. A long reason is cut.
    #[must_use]
    pub fn new(at: Timestamp, reason: &str) -> Self {
        Self {
            at,
            reason: reason.chars().take(REASON_MAX).collect(),
        }
    }
}

/// An open breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenBreaker {
    /// Number of probes that failed.
    pub probes: u32,
    /// Time of the next probe.
    pub next_probe: Timestamp,
}

/// The health of an environment's agent, as its calls showed it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentHealth {
    /// Failures in a row until the breaker opened.
    pub failures: u32,
    /// Time of the first failure in a row.
    pub failing_since: Option<Timestamp>,
    /// The last failure since the agent last answered.
    pub last_failure: Option<AgentFailure>,
    /// The breaker, if it is open.
    pub breaker: Option<OpenBreaker>,
    /// Slots by number. Those whose time is over are free.
    pub slots: BTreeMap<u8, Slot>,
    /// Counts what was noted of failures and answers.
    pub notes: u64,
}

/// Whether an agent may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may be asked; a slot is taken if the answer takes long.
    Ask,
    /// It is slow at present, so a slot is taken before it is asked: a call that has begun should not have
    /// to be broken off.
    AskWithSlot,
    /// The message waits.
    Wait,
}

/// A word for an agent's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// The last call was answered, or none was made.
    Ok,
    /// The last calls failed. The agent is asked as usual.
    Failing,
    /// The breaker is open.
    Down,
}

impl AgentHealth {
    /// Whether the agent may be asked.
    #[must_use]
    pub fn admission(&self, limit: MaxInFlight, now: Timestamp) -> Admission {
        let (taken, limit) = (self.slots_taken(now), usize::from(limit.calls()));
        if self.breaker.is_some() || taken >= limit {
            Admission::Wait
        } else if taken * 2 >= limit {
            Admission::AskWithSlot
        } else {
            Admission::Ask
        }
    }

    /// Number of slots that are taken.
    #[must_use]
    pub fn slots_taken(&self, now: Timestamp) -> usize {
        self.slots.values().filter(|slot| now < slot.until).count()
    }

    /// Finds a free slot, looking from the one of this number on, so that workers that look at the same
    /// time seldom choose the same. `None` when all are taken or the breaker is open.
    #[must_use]
    pub fn free_slot(&self, limit: MaxInFlight, from: u8, now: Timestamp) -> Option<u8> {
        if self.breaker.is_some() || self.slots_taken(now) >= usize::from(limit.calls()) {
            return None;
        }
        let limit = limit.calls();
        let from = from.checked_rem(limit)?;
        let is_free = |number: &u8| self.slots.get(number).is_none_or(|slot| slot.until <= now);
        (from..limit).chain(0..from).find(is_free)
    }

    /// Whether an answer changes anything.
    #[must_use]
    pub const fn is_unwell(&self) -> bool {
        self.last_failure.is_some()
    }

    /// Returns the health after an answer.
    #[must_use]
    pub fn answered(&self) -> Self {
        Self {
            slots: self.slots.clone(),
            notes: self.notes + 1,
            ..Self::default()
        }
    }

    /// Returns the health after a failure. While the breaker is open, only a failed probe puts the next one
    /// off: other failures are of calls that began before.
    #[must_use]
    pub fn failed(&self, failure: &AgentFailure, wait: Option<Duration>, is_probe: bool) -> Self {
        let pause = |number| pause(number).max(wait.unwrap_or_default()).min(PAUSE_MAX);
        let mut next = self.clone();
        next.notes += 1;
        next.failing_since = next.failing_since.or(Some(failure.at));
        next.last_failure = Some(failure.clone());
        match &mut next.breaker {
            Some(breaker) if is_probe => {
                breaker.probes = breaker.probes.saturating_add(1);
                breaker.next_probe = failure.at.plus(pause(breaker.probes));
            }
            Some(_) => {}
            None => {
                next.failures = next.failures.saturating_add(1);
                if next.failures >= FAILURES_UNTIL_OPEN {
                    next.breaker = Some(OpenBreaker {
                        probes: 0,
                        next_probe: failure.at.plus(pause(0)),
                    });
                }
            }
        }
        next
    }

    /// Time from which the parked messages may be tried.
    #[must_use]
    pub fn next_drain(&self, now: Timestamp) -> Timestamp {
        match (self.breaker, self.failures.checked_sub(1)) {
            (Some(breaker), _) => breaker.next_probe.max(now),
            (None, Some(before)) => now.plus(pause(before)),
            // Slots are full: one becomes free soon.
            (None, None) => now.plus(PAUSE_FIRST),
        }
    }

    /// The word for this health.
    #[must_use]
    pub const fn status(&self) -> HealthStatus {
        if self.breaker.is_some() {
            HealthStatus::Down
        } else if self.failures > 0 {
            HealthStatus::Failing
        } else {
            HealthStatus::Ok
        }
    }
}

/// The pause after this many failed attempts since the first.
fn pause(number: u32) -> Duration {
    PAUSE_FIRST
        .saturating_mul(3_u32.saturating_pow(number))
        .min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::at;
    use proptest::prelude::*;

    fn limit(calls: u64) -> MaxInFlight {
        MaxInFlight::new(calls).unwrap()
    }

    fn failure(seconds: i64) -> AgentFailure {
        AgentFailure::new(at(seconds), "http 503")
    }

    fn with_slots(until: &[i64]) -> AgentHealth {
        let slot = |(number, until): (usize, &i64)| {
            let slot = Slot {
                id: LeaseId::derive(&[&number.to_string()]),
                until: at(*until),
            };
            (u8::try_from(number).unwrap(), slot)
        };
        AgentHealth {
            slots: until.iter().enumerate().map(slot).collect(),
            ..AgentHealth::default()
        }
    }

    fn down(seconds: i64) -> AgentHealth {
        (0..FAILURES_UNTIL_OPEN).fold(AgentHealth::default(), |health, _| {
            health.failed(&failure(seconds), None, false)
        })
    }

    #[test]
    fn an_agent_is_asked_until_half_its_slots_are_taken_then_with_a_slot_and_not_at_its_limit() {
        use Admission::{Ask, AskWithSlot, Wait};
        for (calls, taken, expected) in [
            (20, 0, Ask),
            (20, 9, Ask),
            (20, 10, AskWithSlot),
            (20, 19, AskWithSlot),
            (20, 20, Wait),
            (20, 25, Wait),
            (2, 1, AskWithSlot),
            (1, 0, Ask),
            (1, 1, Wait),
        ] {
            let health = with_slots(&vec![10; taken]);
            let found = health.admission(limit(calls), at(9));
            assert_eq!(found, expected, "{taken} of {calls}");
        }
    }

    #[test]
    fn a_slot_that_nobody_gave_back_is_free_when_its_time_is_over() {
        let health = with_slots(&[10, 20]);
        assert_eq!(health.slots_taken(at(9)), 2);
        assert_eq!(health.free_slot(limit(2), 0, at(9)), None);
        assert_eq!(health.slots_taken(at(10)), 1);
        assert_eq!(health.free_slot(limit(2), 1, at(10)), Some(0));
        assert_eq!(health.admission(limit(1), at(20)), Admission::Ask);
    }

    #[test]
    fn a_free_slot_is_looked_for_from_a_place_of_ones_own_on() {
        let health = with_slots(&[10, 0, 10]);
        for (from, found) in [(0, 1), (1, 1), (2, 3), (3, 3), (4, 1), (255, 3)] {
            assert_eq!(health.free_slot(limit(4), from, at(5)), Some(found));
        }
        // A limit that was lowered: the slots above it count, and none of them is given.
        assert_eq!(health.free_slot(limit(2), 0, at(5)), None);
    }

    #[test]
    fn three_failures_in_a_row_open_the_breaker_and_an_answer_between_them_does_not() {
        let one = AgentHealth::default().failed(&failure(1), None, false);
        assert_eq!(one.status(), HealthStatus::Failing);
        assert_eq!(one.failing_since, Some(at(1)));
        assert_eq!(one.next_drain(at(1)), at(6));
        let two = one.failed(&failure(2), None, false);
        assert_eq!(two.next_drain(at(2)), at(17));
        assert_eq!(two.admission(limit(1), at(2)), Admission::Ask);
        let three = two.failed(&failure(3), None, false);
        assert_eq!(three.status(), HealthStatus::Down);
        assert_eq!(three.failing_since, Some(at(1)));
        assert_eq!(three.last_failure, Some(failure(3)));
        assert_eq!(three.admission(limit(100), at(1000)), Admission::Wait);
        assert_eq!(three.free_slot(limit(100), 0, at(1000)), None);
        assert_eq!(three.next_drain(at(3)), at(8));
        assert_eq!((one.notes, two.notes, three.notes), (1, 2, 3));
        let answered = two.answered();
        assert_eq!(answered.status(), HealthStatus::Ok);
        let after = answered.failed(&failure(3), None, false);
        assert_eq!(after.status(), HealthStatus::Failing);
        assert_eq!(after.failing_since, Some(at(3)));
    }

    #[test]
    fn an_open_breaker_is_probed_with_growing_pauses_of_at_most_five_minutes() {
        let mut health = down(0);
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let due = health.next_drain(at(0));
            health = health.failed(&AgentFailure::new(due, "x"), None, true);
            pauses.push(health.next_drain(at(0)).since(due).as_secs());
        }
        assert_eq!(pauses, [15, 45, 135, 300, 300, 300]);
        assert_eq!(health.failures, FAILURES_UNTIL_OPEN);
    }

    #[test]
    fn a_call_that_began_before_the_breaker_opened_does_not_put_the_next_probe_off() {
        let before = down(0);
        let after = before.failed(&failure(24), None, false);
        assert_eq!(after.breaker, before.breaker);
        assert_eq!(after.failing_since, before.failing_since);
        assert_eq!(after.last_failure, Some(failure(24)));
    }

    #[test]
    fn a_wait_that_the_agent_asks_for_is_kept_up_to_the_longest_pause() {
        let asked = |seconds| {
            let wait = Some(Duration::from_secs(seconds));
            let health = down(0).failed(&failure(10), wait, true);
            health.next_drain(at(0))
        };
        assert_eq!(asked(1), at(25));
        assert_eq!(asked(60), at(70));
        assert_eq!(asked(86_400), at(310));
    }

    #[test]
    fn an_answer_closes_the_breaker_and_leaves_the_slots() {
        let mut health = down(0);
        health.slots = with_slots(&[10]).slots;
        assert!(health.is_unwell());
        let answered = health.answered();
        assert!(!answered.is_unwell());
        assert_eq!(answered.breaker, None);
        assert_eq!(answered.failing_since, None);
        assert_eq!(answered.last_failure, None);
        assert_eq!(answered.slots, health.slots);
        assert_eq!(answered.notes, health.notes + 1);
        assert_eq!(answered.next_drain(at(7)), at(12));
    }

    #[test]
    fn a_long_reason_is_cut() {
        let failure = AgentFailure::new(at(0), &"é".repeat(REASON_MAX + 1));
        assert_eq!(failure.reason.chars().count(), REASON_MAX);
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Take(u8),
        GiveBack(u8),
        Crash,
        Fail(bool),
        Answer,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => any::<u8>().prop_map(Step::Take),
            2 => any::<u8>().prop_map(Step::GiveBack),
            1 => Just(Step::Crash),
            2 => any::<bool>().prop_map(Step::Fail),
            1 => Just(Step::Answer),
        ]
    }

    proptest! {
        #[test]
        fn no_agent_ever_holds_more_than_its_share_and_none_is_forgotten(
            calls in 1_u64..=100, steps in proptest::collection::vec((step(), 0_i64..20), 1..200),
        ) {
            let limit = limit(calls);
            let (mut health, mut now) = (AgentHealth::default(), 0);
            let mut in_a_row = 0;
            for (step, passed) in steps {
                now += passed;
                match step {
                    Step::Take(from) => {
                        if let Some(number) = health.free_slot(limit, from, at(now)) {
                            prop_assert_ne!(health.admission(limit, at(now)), Admission::Wait);
                            let slot = Slot { id: LeaseId::derive(&["l"]), until: at(now + 35) };
                            let before = health.slots.insert(number, slot);
                            prop_assert!(before.is_none_or(|slot| slot.until <= at(now)));
                        } else {
                            prop_assert_eq!(health.admission(limit, at(now)), Admission::Wait);
                        }
                    }
                    Step::GiveBack(number) => {
                        health.slots.remove(&number);
                    }
                    Step::Crash => now += 35,
                    Step::Fail(is_probe) => {
                        in_a_row += 1;
                        health = health.failed(&failure(now), None, is_probe);
                    }
                    Step::Answer => {
                        in_a_row = 0;
                        health = health.answered();
                    }
                }
                prop_assert!(health.slots_taken(at(now)) <= usize::from(limit.calls()));
                prop_assert_eq!(health.breaker.is_some(), in_a_row >= FAILURES_UNTIL_OPEN);
                prop_assert_eq!(health.is_unwell(), in_a_row > 0);
                let wait = health.next_drain(at(now)).since(at(now));
                prop_assert!(wait <= PAUSE_MAX);
            }
            prop_assert_eq!(health.slots_taken(at(now + 35)), 0);
        }
    }
}
