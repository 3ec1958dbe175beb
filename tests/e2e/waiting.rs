//! The one place where tests wait.
//!
//! What happens behind the webhook happens later, so a test says what it waits for and is told as soon as it is there; it
//! fails with the name of what did not come. "Nothing came" is never a matter of time here: a test waits for something that
//! can only happen after it, such as the end of all queued work or the next message of the same conversation.

use std::time::{Duration, Instant};

/// More than anything takes but what runs on a schedule; the functions may have to start first.
pub const SOON: Duration = Duration::from_secs(30);
/// Two runs of what runs every minute. It is also what a job may wait that finds another at work on the same person: a
/// lease's minute, and then its turn.
pub const IN_MINUTES: Duration = Duration::from_mins(2);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// What `look` finds, as soon as it finds something.
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
