//! Erases what is kept about a person, and messages that are no longer kept (SPEC F07): some rows per job,
//! which enqueues the next.
//!
//! A page may be repeated: it finds again only the rows that are still there.

use crate::{Deps, Worked, lease};
use vestibule_domain::{
    PortError,
    erasure::{AfterErasedPage, EraseData, Erasure},
    error::Chain,
    ports::{Claim, OUTBOX_PATIENCE, Resume},
};
use vestibule_edge::batch::backoff;

pub(crate) async fn work(deps: &Deps, job: EraseData) -> Result<Worked, PortError> {
    let lease = lease(deps);
    let erasure = match deps.erasures.claim_erasure(job, &lease).await? {
        Claim::Claimed(erasure) => erasure,
        other => return Ok(Worked::without(&other, lease.now)),
    };
    let Err(error) = work_page(deps, erasure).await else {
        return Ok(Worked::Ended);
    };
    tracing::error!(
        project.id = %job.project_id(),
        error = %Chain(&error),
        "an erasure could not go on; it will be tried again"
    );
    let until = deps.clock.now().plus(backoff(1));
    deps.erasures.postpone_erasure(job, lease.id, until).await?;
    Ok(Worked::Ended)
}

async fn work_page(deps: &Deps, erasure: Erasure) -> Result<(), PortError> {
    // The time is taken before the reads: what is written after them is left to a later pass.
    let began_at = deps.clock.now();
    let page = deps.erasures.erase_page(&erasure, began_at).await?;
    if page.rows > 0 {
        tracing::info!(
            project.id = %erasure.scope.project_id(),
            rows = page.rows,
            "rows were erased"
        );
    }
    match erasure.clone().after_page(began_at, page.next) {
        AfterErasedPage::Next(next) => go_on(deps, &next).await?,
        AfterErasedPage::Again(next, at) => {
            // The sweeper dispatches it at that time.
            deps.erasures.save_erasure(&next, Resume::At(at)).await?;
        }
        AfterErasedPage::Finished => {
            deps.erasures.finish_erasure(&erasure).await?;
        }
    }
    Ok(())
}

/// Stores the progress and enqueues the next page; if the queue fails, the sweeper does it.
async fn go_on(deps: &Deps, next: &Erasure) -> Result<(), PortError> {
    let lost_at = deps.clock.now().plus(OUTBOX_PATIENCE);
    let resume = Resume::Enqueued(lost_at);
    if !deps.erasures.save_erasure(next, resume).await? {
        return Ok(());
    }
    let job = next.job().into();
    if let Err(error) = deps.onboarding.enqueue_onboarding(job).await {
        tracing::warn!(error = %Chain(&error), "the rest of an erasure is left to the sweeper");
    }
    Ok(())
}
