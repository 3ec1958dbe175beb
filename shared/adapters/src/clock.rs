//! The machine's clock.

use async_trait::async_trait;
use std::time::{SystemTime, UNIX_EPOCH};
use vestibule_domain::{Clock, Timestamp};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine for the time"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_millis(0).plus(since)
    }

    async fn wait_until(&self, at: Timestamp) {
        tokio::time::sleep(at.since(self.now())).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_machine_tells_a_time_of_this_century() {
        let now = SystemClock.now();
        assert!(Timestamp::parse("2024-01-01T00:00:00Z").unwrap() < now);
        assert!(now < Timestamp::parse("2100-01-01T00:00:00Z").unwrap());
    }

    #[tokio::test]
    async fn a_wait_ends_when_its_time_has_come() {
        let until = SystemClock.now().plus(Duration::from_millis(20));
        SystemClock.wait_until(until).await;
        assert!(SystemClock.now() >= until);
        SystemClock.wait_until(Timestamp::from_millis(0)).await;
    }
}
