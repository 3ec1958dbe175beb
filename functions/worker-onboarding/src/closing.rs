//! Closes the pending requests of a connector that no longer asks for approval or was deleted (SPEC
//! A42, A46): one page of the list per job, which enqueues the next. The people are not notified.
//!
//! Each request is closed in its own transaction on condition that it is pending, so a page may be
//! repeated.

use crate::{Deps, Worked, lease};
use vestibule_domain::{
    PortError,
    access::closing::{AfterPage, Closing},
    access::request::{AccessRequest, RequestDecision, Verdict},
    error::Chain,
    ids::AuditId,
    job::ClosePendingRequests,
    ports::{Claim, ImpliedDecision, OUTBOX_PATIENCE, Resume},
};
use vestibule_edge::batch::backoff;

pub(crate) async fn work(deps: &Deps, job: ClosePendingRequests) -> Result<Worked, PortError> {
    let lease = lease(deps);
    let closing = match deps.requests.claim_closing(job, &lease).await? {
        Claim::Claimed(closing) => closing,
        other => return Ok(Worked::without(&other, lease.now)),
    };
    let Err(error) = work_page(deps, job, closing).await else {
        return Ok(Worked::Ended);
    };
    tracing::error!(
        connector.id = %job.connector_id,
        error = %Chain(&error),
        "pending requests could not be closed; it will be tried again"
    );
    let until = deps.clock.now().plus(backoff(1));
    deps.requests.postpone_closing(job, lease.id, until).await?;
    Ok(Worked::Ended)
}

async fn work_page(
    deps: &Deps,
    job: ClosePendingRequests,
    closing: Closing,
) -> Result<(), PortError> {
    // The time is taken before the reads: a request opened after them is left to a later pass.
    let began_at = deps.clock.now();
    let connector = deps.connectors.find_connector(job.connector_id).await?;
    let page = deps.requests.pending_requests(&closing).await?;
    let mut closed = 0_usize;
    for request in page.requests {
        if closing.covers(&request, connector.as_ref(), began_at) {
            closed += usize::from(close(deps, &closing, request).await?);
        }
    }
    if closed > 0 {
        tracing::info!(
            connector.id = %job.connector_id,
            requests = closed,
            "pending requests were closed"
        );
    }
    match closing.clone().after_page(began_at, page.next) {
        AfterPage::Next(next) => go_on(deps, &next).await?,
        AfterPage::Again(next, at) => {
            // The sweeper dispatches it at that time.
            deps.requests.save_closing(&next, Resume::At(at)).await?;
        }
        AfterPage::Finished => {
            deps.requests.finish_closing(&closing).await?;
        }
    }
    Ok(())
}

/// Stores the progress and enqueues the next page; if the queue fails, the sweeper does it.
async fn go_on(deps: &Deps, next: &Closing) -> Result<(), PortError> {
    let lost_at = deps.clock.now().plus(OUTBOX_PATIENCE);
    let resume = Resume::Enqueued(lost_at);
    if !deps.requests.save_closing(next, resume).await? {
        return Ok(());
    }
    let job = next.job().into();
    if let Err(error) = deps.onboarding.enqueue_onboarding(job).await {
        tracing::warn!(error = %Chain(&error), "the rest of a closing is left to the sweeper");
    }
    Ok(())
}

async fn close(deps: &Deps, closing: &Closing, request: AccessRequest) -> Result<bool, PortError> {
    let decision = RequestDecision {
        verdict: Verdict::Reject,
        by: closing.by.clone(),
        at: deps.clock.now(),
        note: None,
        reason: Some(closing.reason),
    };
    let audit_id = AuditId::new(deps.ids.draw());
    let audit = decision.audit_entry(&request, audit_id, closing.request_id.clone());
    deps.requests
        .decide_implied(&ImpliedDecision {
            request,
            decision,
            audit,
        })
        .await
}
