//! The time of the next attempt at a text, and the time after which there is none.

use std::time::Duration;
use vestibule_domain::Timestamp;
use vestibule_edge::sender::GIVE_UP_AFTER;

/// Wait after the first failed attempt; each further wait is three times as long.
const FIRST: Duration = Duration::from_secs(5);
/// Longest such wait.
const LONGEST: Duration = Duration::from_mins(15);

/// The time from which a text of this age is not tried any more.
#[must_use]
pub fn last_try(written_at: Timestamp) -> Timestamp {
    written_at.plus(GIVE_UP_AFTER)
}

/// The wait after failed attempt `attempt` at a text.
#[must_use]
pub fn pause(attempt: u32) -> Duration {
    let factor = 3_u32.saturating_pow(attempt.saturating_sub(1).min(10));
    (FIRST * factor).min(LONGEST)
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
}
