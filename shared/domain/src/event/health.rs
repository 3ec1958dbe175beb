//! The breaker before a subscription, the bound of its calls in flight, and its pause.
//!
//! It works as the breaker before an agent does: see [`crate::account::agent_health`]. While it is open, one event at a
//! time is tried, with growing pauses, and all others wait. A subscription that fails for days is paused until somebody
//! resumes it.

use crate::{
    Timestamp,
    account::agent_health::{AgentFailure, AgentHealth, HealthStatus, Slot},
    ids::LeaseId,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Number of calls that a subscription may leave unanswered at the same time.
pub const CALLS_IN_FLIGHT_MAX: u8 = 5;
/// Time of failures alone after which a subscription is paused.
pub const PAUSED_AFTER: Duration = Duration::from_hours(3 * 24);
/// Time after which a call that was not noted counts as ended: its worker was killed.
const CALL_LOST_AFTER: Duration = Duration::from_secs(15);
/// Wait of an event that found every slot taken.
const FULL_WAIT: Duration = Duration::from_secs(5);

/// The reason of a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// It failed for [`PAUSED_AFTER`].
    Failing,
    /// It answered that it is gone for good.
    Gone,
}

impl PauseReason {
    /// The reason's spelling.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    /// Finds the reason of this spelling.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Failing, Self::Gone]
            .into_iter()
            .find(|reason| reason.key() == key)
    }
}

/// A pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The reason.
    pub reason: PauseReason,
    /// Time of its begin.
    pub since: Timestamp,
}

/// The health of a subscription, as its calls showed it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubscriptionHealth {
    /// Failures, breaker and slots.
    pub calls: AgentHealth,
    /// The pause, if it is paused.
    pub paused: Option<Pause>,
    /// Counts changes. Zero if nothing is stored.
    pub version: u64,
}

/// Whether a subscription may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It may be called.
    Call,
    /// It may be called once, to see whether it is well again.
    Probe,
    /// The event waits until this time.
    WaitUntil(Timestamp),
    /// It is paused.
    Paused,
}

/// A note about a subscription after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallNote {
    /// It has the event.
    Answered,
    /// It answered at this time that it is gone for good.
    Gone(Timestamp),
    /// It failed.
    Failed {
        /// The failure.
        failure: AgentFailure,
        /// The wait that it asked for.
        wait: Option<Duration>,
        /// Whether the call was a probe.
        is_probe: bool,
    },
}

/// A word for the health of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// The last call was answered, or none was made.
    Active,
    /// The last calls failed.
    Failing,
    /// The breaker is open.
    Down,
    /// It gets no events until somebody resumes it.
    Paused,
}

impl SubscriptionHealth {
    /// The word for this health.
    #[must_use]
    pub const fn status(&self) -> SubscriptionStatus {
        match (self.paused, self.calls.status()) {
            (Some(_), _) => SubscriptionStatus::Paused,
            (None, HealthStatus::Ok) => SubscriptionStatus::Active,
            (None, HealthStatus::Failing) => SubscriptionStatus::Failing,
            (None, HealthStatus::Down) => SubscriptionStatus::Down,
        }
    }

    /// Whether the subscription may be called.
    #[must_use]
    pub fn room(&self, now: Timestamp) -> Room {
        if self.paused.is_some() {
            return Room::Paused;
        }
        let taken = self.calls.slots_taken(now);
        match self.calls.breaker {
            Some(breaker) if now < breaker.next_probe => Room::WaitUntil(breaker.next_probe),
            Some(_) if taken > 0 => Room::WaitUntil(now.plus(FULL_WAIT)),
            Some(_) => Room::Probe,
            None if taken >= usize::from(CALLS_IN_FLIGHT_MAX) => {
                Room::WaitUntil(now.plus(FULL_WAIT))
            }
            None => Room::Call,
        }
    }

    /// Whether this call holds a slot.
    #[must_use]
    pub fn holds(&self, id: LeaseId) -> bool {
        self.calls.slots.values().any(|slot| slot.id == id)
    }

    /// Returns it with a slot for this call. `None` if there is no room.
    #[must_use]
    pub fn with_call(&self, id: LeaseId, now: Timestamp) -> Option<Self> {
        if !matches!(self.room(now), Room::Call | Room::Probe) {
            return None;
        }
        let mut next = self.clone();
        let slots = &mut next.calls.slots;
        slots.retain(|_, slot| now < slot.until);
        let number = (0..CALLS_IN_FLIGHT_MAX).find(|number| !slots.contains_key(number))?;
        let until = now.plus(CALL_LOST_AFTER);
        slots.insert(number, Slot { id, until });
        Some(next)
    }

    /// Returns it after a call, which gives its slot back.
    #[must_use]
    pub fn noted(&self, note: &CallNote, slot: Option<LeaseId>) -> Self {
        let mut next = self.clone();
        next.calls
            .slots
            .retain(|_, held| slot.is_none_or(|id| held.id != id));
        match note {
            CallNote::Answered => {
                if next.calls.is_unwell() {
                    next.calls = next.calls.answered();
                }
            }
            CallNote::Gone(at) => next.pause(PauseReason::Gone, *at),
            CallNote::Failed {
                failure,
                wait,
                is_probe,
            } => {
                next.calls = next.calls.failed(failure, *wait, *is_probe);
                let since = next.calls.failing_since.unwrap_or(failure.at);
                if failure.at.since(since) >= PAUSED_AFTER {
                    next.pause(PauseReason::Failing, failure.at);
                }
            }
        }
        next
    }

    /// Returns it as somebody resumed it: failures before count no more.
    #[must_use]
    pub fn resumed(&self) -> Self {
        Self {
            calls: AgentHealth::default(),
            paused: None,
            version: self.version,
        }
    }

    fn pause(&mut self, reason: PauseReason, since: Timestamp) {
        let pause = Pause { reason, since };
        self.paused = self.paused.or(Some(pause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::at;

    fn failed(second: i64, is_probe: bool) -> CallNote {
        CallNote::Failed {
            failure: AgentFailure::new(at(second), "http 503"),
            wait: None,
            is_probe,
        }
    }

    fn call(number: u8) -> LeaseId {
        LeaseId::derive(&[&number.to_string()])
    }

    fn down() -> SubscriptionHealth {
        (0..3).fold(SubscriptionHealth::default(), |health, second| {
            health.noted(&failed(second, false), None)
        })
    }

    /// SPEC F04: a slow subscriber costs nobody else anything.
    #[test]
    fn a_subscription_has_five_calls_in_flight_and_a_lost_one_makes_room() {
        let mut health = SubscriptionHealth::default();
        for number in 0..CALLS_IN_FLIGHT_MAX {
            assert_eq!(health.room(at(1)), Room::Call);
            health = health.with_call(call(number), at(1)).unwrap();
            assert!(health.holds(call(number)));
        }
        assert_eq!(health.room(at(1)), Room::WaitUntil(at(6)));
        assert_eq!(health.with_call(call(9), at(1)), None);
        let room = health.noted(&CallNote::Answered, Some(call(2)));
        assert_eq!(room.room(at(1)), Room::Call);
        assert!(!room.holds(call(2)));
        let later = health.with_call(call(9), at(16)).unwrap();
        assert_eq!(later.calls.slots.len(), 1);
    }

    #[test]
    fn failures_in_a_row_stop_the_calls_and_one_probe_at_a_time_looks_whether_it_is_well_again() {
        let health = down();
        assert_eq!(health.status(), SubscriptionStatus::Down);
        let Room::WaitUntil(probe) = health.room(at(3)) else {
            panic!("{health:?}");
        };
        assert_eq!(health.room(probe), Room::Probe);
        let probing = health.with_call(call(1), probe).unwrap();
        assert!(matches!(probing.room(probe), Room::WaitUntil(_)));
        assert_eq!(probing.with_call(call(2), probe), None);
        let again = probing.noted(&failed(probe.seconds(), true), Some(call(1)));
        let Room::WaitUntil(next) = again.room(probe) else {
            panic!("{again:?}");
        };
        assert!(next.since(probe) > probe.since(at(2)));
        let well = again.noted(&CallNote::Answered, None);
        assert_eq!(well.status(), SubscriptionStatus::Active);
        assert_eq!(well.room(probe), Room::Call);
    }

    #[test]
    fn a_subscription_that_fails_for_three_days_is_paused_until_it_is_resumed() {
        let three_days = 3 * 24 * 60 * 60;
        let failing = down().noted(&failed(three_days - 1, true), None);
        assert_eq!(failing.paused, None);
        let paused = failing.noted(&failed(three_days, true), None);
        let pause = Pause {
            reason: PauseReason::Failing,
            since: at(three_days),
        };
        assert_eq!(paused.paused, Some(pause));
        assert_eq!(paused.room(at(three_days + 999_999)), Room::Paused);
        let late = paused.noted(&CallNote::Answered, None);
        assert_eq!(late.status(), SubscriptionStatus::Paused);
        let resumed = late.resumed();
        assert_eq!(resumed.room(at(three_days)), Room::Call);
        assert_eq!(resumed.status(), SubscriptionStatus::Active);
    }

    #[test]
    fn a_subscription_that_says_it_is_gone_is_paused_at_once() {
        let gone = SubscriptionHealth::default().noted(&CallNote::Gone(at(7)), None);
        let pause = gone.paused.unwrap();
        assert_eq!((pause.reason.key(), pause.since), ("gone", at(7)));
        assert_eq!(PauseReason::from_key("gone"), Some(pause.reason));
        assert_eq!(PauseReason::from_key("lost"), None);
        let still = gone.noted(&CallNote::Gone(at(8)), None);
        assert_eq!(still.paused, gone.paused);
    }

    #[test]
    fn one_failure_is_shown_and_stops_nothing() {
        let health = SubscriptionHealth::default().noted(&failed(1, false), None);
        assert_eq!(health.status(), SubscriptionStatus::Failing);
        assert_eq!(health.room(at(1)), Room::Call);
    }
}
