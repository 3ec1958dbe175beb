//! The time of the next attempt at a failed job.

use std::time::Duration;
use vestibule_domain::Timestamp;
use vestibule_edge::batch::backoff;

/// Attempts before a message is given up: with waits of up to five minutes, about a day.
pub const ATTEMPTS_MAX: u32 = 300;

/// The time of attempt `attempt` + 1: not before the platform's requested wait, nor before a wait that
/// grows with the attempts.
#[must_use]
pub fn retry_at(now: Timestamp, attempt: u32, asked: Option<Duration>) -> Timestamp {
    now.plus(backoff(attempt).max(asked.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platforms_wish_is_kept_when_it_is_longer_than_our_own_wait() {
        let now = Timestamp::from_millis(0);
        let asked = Some(Duration::from_secs(30));
        assert_eq!(retry_at(now, 1, asked).millis(), 30_000);
        assert_eq!(retry_at(now, 4, asked).millis(), 135_000);
        assert_eq!(retry_at(now, 1, None).millis(), 5_000);
    }
}
