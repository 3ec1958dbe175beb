//! The time of the simulators and stubs: the system's time, or one that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock for a simulator or stub. Clones of a manual clock share one time.
#[derive(Clone, Debug)]
pub struct TestClock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl TestClock {
    /// The system's time.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stays at `unix_ms` until a test moves it.
    #[must_use]
    pub fn at(unix_ms: i64) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(unix_ms))))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Source::System => system_ms(),
            Source::Manual(time) => time.load(Ordering::SeqCst),
        }
    }

    /// Seconds since the epoch.
    #[must_use]
    pub fn now_secs(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }

    /// Advances a manual clock. Has no effect on the system's clock.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(time) = &self.0 {
            time.fetch_add(
                i64::try_from(by.as_millis()).unwrap_or(i64::MAX),
                Ordering::SeqCst,
            );
        }
    }

    /// Moves a manual clock forward to this time, unless it has passed. Has no effect on the system's clock.
    pub fn advance_to(&self, unix_ms: i64) {
        if let Source::Manual(time) = &self.0 {
            time.fetch_max(unix_ms, Ordering::SeqCst);
        }
    }

    /// Sets a manual clock, also to an earlier time.
    pub fn set(&self, unix_ms: i64) {
        if let Source::Manual(time) = &self.0 {
            time.store(unix_ms, Ordering::SeqCst);
        }
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::system()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the testkit's clock: the one place that may ask the system"
)]
fn system_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
}
