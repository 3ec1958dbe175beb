//! The time of the next attempt at a text, and the time after which there is none.

use std::time::Duration;
use vestibule_domain::Timestamp;

/// Wait after the first failed attempt; each further wait is three times as long.
const FIRST: Duration = Duration::from_secs(5);
/// Longest such wait.
const LONGEST: Duration = Duration::from_mins(15);
/// Age at which a text that cannot be sent yet is given up.
const GIVE_UP_AFTER: Duration = Duration::from_hours(72);

/// The wait after failed attempt `attempt` at a text.
#[must_use]
pub fn pause(attempt: u32) -> Duration {
    let factor = 3_u32.saturating_pow(attempt.saturating_sub(1).min(10));
    (FIRST * factor).min(LONGEST)
}

/// Whether a text of this age is given up if it cannot be sent now.
#[must_use]
pub fn is_too_old(created_at: Timestamp, now: Timestamp) -> bool {
    now.since(created_at) >= GIVE_UP_AFTER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_that_stays_down_is_tried_ever_more_rarely_and_at_least_every_quarter_of_an_hour()
    {
        let seconds = [1, 2, 3, 4, 5, 6, 90].map(|attempt| pause(attempt).as_secs());
        assert_eq!(seconds, [5, 15, 45, 135, 405, 900, 900]);
    }

    #[test]
    fn a_text_is_given_up_after_three_days() {
        let at = Timestamp::from_millis;
        let days = 3 * 24 * 3_600_000;
        assert!(!is_too_old(at(1), at(days)));
        assert!(is_too_old(at(1), at(days + 1)));
    }
}
