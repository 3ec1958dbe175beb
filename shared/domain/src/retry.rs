//! Waits of writers that met each other at a record (DESIGN §3.8).

use crate::ids::IdSource;
use std::time::Duration;

/// Longest wait after the first attempt; it doubles with every further attempt.
const FIRST_AT_MOST: Duration = Duration::from_millis(25);
/// Longest wait of all: a webhook has less than two seconds for every attempt together.
const AT_MOST: Duration = Duration::from_millis(200);
/// Number of different waits that can be drawn.
const STEPS: u32 = 1 << 16;

/// Draws the wait after the failed attempt of this number, counted from 1. It lies anywhere between
/// nothing and its limit, so that writers that met once do not meet again ("full jitter" in the AWS
/// Architecture Blog, Exponential Backoff And Jitter).
#[must_use]
pub fn conflict_wait(attempt: u32, ids: &dyn IdSource) -> Duration {
    let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
    let limit = FIRST_AT_MOST.saturating_mul(doubled).min(AT_MOST);
    let drawn = u32::try_from(ids.draw().random() % u128::from(STEPS)).unwrap_or(STEPS);
    limit * drawn / STEPS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SystemIds;
    use std::collections::BTreeSet;
    use ulid::Ulid;

    /// Draws this byte sixteen times.
    struct Always(u8);

    impl IdSource for Always {
        fn draw(&self) -> Ulid {
            Ulid::from_bytes([self.0; 16])
        }
    }

    #[test]
    fn a_wait_is_at_most_twice_as_long_after_every_attempt_and_never_above_its_limit() {
        let waits = |byte| [1, 2, 3, 4, 5, 90].map(|attempt| conflict_wait(attempt, &Always(byte)));
        assert_eq!(waits(0), [Duration::ZERO; 6]);
        let millis = waits(0xff).map(|wait| wait.as_millis());
        assert_eq!(millis, [24, 49, 99, 199, 199, 199]);
    }

    #[test]
    fn writers_that_met_wait_for_different_times() {
        let waits: BTreeSet<_> = (0..100).map(|_| conflict_wait(4, &SystemIds)).collect();
        assert!(waits.len() > 90, "{waits:?}");
    }
}
