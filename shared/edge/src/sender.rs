//! The rules of sending a text, for every worker that has some to send (DESIGN §11).
//!
//! A job has a time within which it begins something new; the rest is left to another job at once. A job
//! that cannot go on now gives its claim back, with the time of the next attempt. Once a platform has a
//! text, recording that is tried again for as long as there is time.

use std::time::Duration;
use vestibule_domain::{
    PortError, Timestamp,
    error::Chain,
    ports::{Lease, Postponement},
};

/// First wait before an outcome is recorded again after a failure; each further wait is twice as long.
const RECORD_WAIT_FIRST: Duration = Duration::from_millis(100);

/// The time within which a job begins something new. With the longest call that may follow, it is less than
/// the function may run, so that a slow platform does not end the other jobs of a batch.
#[derive(Debug, Clone, Copy)]
pub struct TimeBudget {
    ends_at: Timestamp,
}

impl TimeBudget {
    /// Makes the budget of a job that began at this time.
    #[must_use]
    pub fn new(began_at: Timestamp, time: Duration) -> Self {
        Self {
            ends_at: began_at.plus(time),
        }
    }

    /// Whether nothing new is begun.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at <= now
    }
}

/// Reason for another attempt at a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// The platform asked for this wait, or the connector's turn is that far off. No attempt was made.
    Wait(Duration),
    /// The time of this job is over. Another is to go on at once.
    OutOfTime,
    /// An attempt failed.
    Failed,
}

impl Later {
    /// The reason for repeating a call, with the requested wait, if any.
    #[must_use]
    pub fn of(after: Option<Duration>) -> Self {
        after.map_or(Self::Failed, Self::Wait)
    }

    /// The end of the claim whose attempt this was; `pause` is the wait after a failure.
    #[must_use]
    pub fn postponement(self, attempt: u32, now: Timestamp, pause: Duration) -> Postponement {
        match self {
            Self::Wait(wait) => Postponement::waited(attempt, now.plus(wait)),
            Self::OutOfTime => Postponement::waited(attempt, now),
            Self::Failed => Postponement::failed(attempt, now.plus(pause)),
        }
    }
}

/// The attempts at recording what a platform already has.
#[derive(Debug)]
pub struct Recording {
    wait: Duration,
    last: Duration,
}

impl Recording {
    /// Begins attempts with growing waits up to this one.
    #[must_use]
    pub const fn with_waits_up_to(last: Duration) -> Self {
        Self {
            wait: RECORD_WAIT_FIRST,
            last,
        }
    }

    /// Waits before another attempt. `false` if there is none, because the claim was lost or the time is over.
    pub async fn goes_on_after(&mut self, error: &PortError) -> bool {
        let Some(wait) = self.wait_after(error) else {
            return false;
        };
        tracing::warn!(error = %Chain(error), "what was done could not be recorded yet");
        tokio::time::sleep(wait).await;
        true
    }

    fn wait_after(&mut self, error: &PortError) -> Option<Duration> {
        if self.last < self.wait || Lease::is_lost(error) {
            return None;
        }
        let wait = self.wait;
        self.wait = wait.saturating_mul(2);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn nothing_new_is_begun_from_the_end_of_the_time_on() {
        let budget = TimeBudget::new(at(1_000), Duration::from_millis(500));
        for (now, over) in [(1_000, false), (1_499, false), (1_500, true), (9_000, true)] {
            assert_eq!(budget.is_over(at(now)), over, "{now}");
        }
    }

    #[test]
    fn only_a_failure_is_an_attempt_and_waits_for_its_pause() {
        let (pause, wait) = (Duration::from_secs(5), Duration::from_secs(30));
        assert_eq!(Later::of(None), Later::Failed);
        assert_eq!(Later::of(Some(wait)), Later::Wait(wait));
        for (later, until, attempts) in [
            (Later::Wait(wait), 31_000, 2),
            (Later::OutOfTime, 1_000, 2),
            (Later::Failed, 6_000, 3),
        ] {
            let postponement = later.postponement(3, at(1_000), pause);
            let expected = Postponement {
                until: at(until),
                attempts,
            };
            assert_eq!(postponement, expected, "{later:?}");
        }
    }

    #[test]
    fn recording_is_tried_again_with_growing_waits_until_the_claim_is_lost() {
        let passing = PortError::unavailable("table", "busy");
        let mut recording = Recording::with_waits_up_to(Duration::from_millis(400));
        for millis in [100, 200, 400] {
            let wait = Duration::from_millis(millis);
            assert_eq!(recording.wait_after(&passing), Some(wait));
        }
        assert_eq!(recording.wait_after(&passing), None);
        let mut recording = Recording::with_waits_up_to(Duration::from_secs(4));
        assert_eq!(recording.wait_after(&Lease::LOST), None);
    }
}
