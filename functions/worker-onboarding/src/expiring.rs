//! Closes requests that nobody decided in time (SPEC B36): one page of the list per job, from the oldest request on.
//! The people are not notified, and it does not count as a rejection.
//!
//! Each request is closed in its own transaction on condition that it is pending, so a page may be
//! repeated, and a decision that comes first counts.

use crate::{Deps, Worked, closing::Cause, lease};
use vestibule_domain::{
    PortError,
    access::expiry::{AfterExpired, Expiry},
    access::request::ReasonCode,
    account::actor::Actor,
    error::Chain,
    job::ExpireRequests,
    ports::{Claim, OUTBOX_PATIENCE, Resume},
};
use vestibule_edge::batch::backoff;

/// Name in the audit log of the call that closed a request.
const CALL: &str = "expiry";

pub(crate) async fn work(deps: &Deps, job: ExpireRequests) -> Result<Worked, PortError> {
    let lease = lease(deps);
    let expiry = match deps.requests.claim_expiry(job, &lease).await? {
        Claim::Claimed(expiry) => expiry,
        other => return Ok(Worked::without(&other, lease.now)),
    };
    let Err(error) = work_page(deps, expiry).await else {
        return Ok(Worked::Ended);
    };
    tracing::error!(
        connector.id = %job.connector_id,
        error = %Chain(&error),
        "expired requests could not be closed; it will be tried again"
    );
    let until = deps.clock.now().plus(backoff(1));
    deps.requests.postpone_expiry(job, lease.id, until).await?;
    Ok(Worked::Ended)
}

async fn work_page(deps: &Deps, expiry: Expiry) -> Result<(), PortError> {
    // The time is taken before the reads: a request made after them expires later.
    let now = deps.clock.now();
    let connector = deps.connectors.find_connector(expiry.connector_id).await?;
    let limits = connector
        .map(|connector| connector.request_limits)
        .unwrap_or_default();
    if limits.expire_after_days.is_none() {
        deps.requests.finish_expiry(&expiry).await?;
        return Ok(());
    }
    let page = deps.requests.oldest_pending(&expiry).await?;
    let by = Actor::system();
    let cause = Cause {
        reason: ReasonCode::Expired,
        by: &by,
        request_id: CALL,
    };
    let mut closed = 0_usize;
    for pending in &page.requests {
        if expiry.covers(&pending.request, limits, now) {
            closed += usize::from(cause.closes(deps, pending.request.clone()).await?);
        }
    }
    if closed > 0 {
        tracing::info!(
            connector.id = %expiry.connector_id,
            requests = closed,
            "expired requests were closed"
        );
    }
    match expiry.after_page(&page, limits, now) {
        Some(AfterExpired::Next(next)) => go_on(deps, &next).await?,
        Some(AfterExpired::At(next, at)) => {
            // The sweeper dispatches it at that time.
            deps.requests.save_expiry(&next, Resume::At(at)).await?;
        }
        None => {}
    }
    Ok(())
}

/// Stores the progress and enqueues the next page; if the queue fails, the sweeper does it.
async fn go_on(deps: &Deps, next: &Expiry) -> Result<(), PortError> {
    let lost_at = deps.clock.now().plus(OUTBOX_PATIENCE);
    let resume = Resume::Enqueued(lost_at);
    if !deps.requests.save_expiry(next, resume).await? {
        return Ok(());
    }
    let job = next.job().into();
    if let Err(error) = deps.onboarding.enqueue_onboarding(job).await {
        tracing::warn!(error = %Chain(&error), "the rest of the expired requests is left to the sweeper");
    }
    Ok(())
}
