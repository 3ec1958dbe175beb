//! Every minute: whatever the outbox holds for too long is enqueued again (DESIGN §3.4).
//!
//! A mark is put off after its job was enqueued, never before, so a crash between the two enqueues
//! once more rather than not at all.

mod wiring;

pub use wiring::wire;

use futures_util::{StreamExt, stream};
use std::{fmt, sync::Arc, time::Duration};
use vestibule_domain::{
    Clock, PortError, Timestamp,
    error::Chain,
    ports::{OnboardingQueue, OutboxEntry, OutboxStore},
};

/// Marks read at once.
const PAGE: u16 = 200;
/// Jobs enqueued at once.
const CONCURRENCY: usize = 10;
/// How long a job that was enqueued again has before the next time.
const PATIENCE: Duration = Duration::from_mins(5);
/// Pages in one run; the next run goes on.
const PAGES_MAX: usize = 20;

/// What the sweeper needs.
pub struct Deps {
    /// The outbox.
    pub outbox: Arc<dyn OutboxStore>,
    /// Where jobs go.
    pub queue: Arc<dyn OnboardingQueue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Enqueues every mark that is due; returns how many there were. Fails when any could not be
/// enqueued, so that it shows; the marks stay for the next run.
pub async fn sweep(deps: &Deps) -> Result<usize, PortError> {
    let now = deps.clock.now();
    let mut swept = 0;
    for _ in 0..PAGES_MAX {
        let entries = deps.outbox.due(now, PAGE).await?;
        let results: Vec<_> = stream::iter(&entries)
            .map(|entry| enqueue(deps, entry, now))
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
        let failed = results.into_iter().find_map(Result::err);
        if let Some(error) = failed {
            tracing::error!(error = %Chain(&error), "the outbox could not be emptied");
            return Err(error);
        }
        swept += entries.len();
        if entries.len() < usize::from(PAGE) {
            break;
        }
    }
    if swept > 0 {
        tracing::info!(jobs = swept, "jobs were enqueued again");
    }
    Ok(swept)
}

async fn enqueue(deps: &Deps, entry: &OutboxEntry, now: Timestamp) -> Result<(), PortError> {
    deps.queue.enqueue_onboarding(entry.job).await?;
    deps.outbox.postpone(entry, now.plus(PATIENCE)).await
}
