//! The one place where tests wait.
//!
//! The functions behind the webhook work later, so a test names what it waits for and continues as soon as it
//! is there. To show that nothing came, a test waits for a later event, such as the end of all queued jobs or
//! the next message of the same conversation, never for a time.

use std::time::{Duration, Instant};

/// Longer than anything unscheduled takes, with cold starts.
pub const SOON: Duration = Duration::from_secs(30);
/// Two runs of a schedule that runs every minute. Also long enough for a job that finds a lease on the same
/// person: a minute for the lease, then its own turn.
pub const IN_MINUTES: Duration = Duration::from_mins(2);

/// Time between two checks.
const PAUSE: Duration = Duration::from_millis(100);

/// Polls `look` until it finds something.
pub async fn eventually<T>(
    what: &str,
    limit: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            started.elapsed() < limit,
            "not within {} s: {what}",
            limit.as_secs()
        );
        tokio::time::sleep(PAUSE).await;
    }
}
