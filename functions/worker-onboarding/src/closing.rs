//! Closes the pending requests of a connector that no longer asks for approval, or is gone (SPEC A42,
//! A46): one page of the list a job, which enqueues the next. Nobody is told.
//!
//! Every request is closed by a transaction of its own under the condition that it is pending, so a page
//! may be gone through twice.

use crate::{Deps, lease, retry_at};
use vestibule_domain::{
    PortError,
    access::closing::{AfterPage, Closing},
    access::request::{AccessRequest, RequestDecision, Verdict},
    error::Chain,
    ids::AuditId,
    job::ClosePendingRequests,
    ports::{Claim, ImpliedDecision, OUTBOX_PATIENCE, Resume},
};

pub(crate) async fn work(deps: &Deps, job: ClosePendingRequests) -> Result<(), PortError> {
    let lease = lease(deps);
    let Claim::Claimed(closing) = deps.requests.claim_closing(job, &lease).await? else {
        return Ok(());
    };
    let Err(error) = work_page(deps, job, closing).await else {
        return Ok(());
    };
    tracing::error!(
        connector.id = %job.connector_id,
        error = %Chain(&error),
        "pending requests could not be closed; it will be tried again"
    );
    let until = retry_at(deps.clock.now(), 1, None);
    deps.requests.postpone_closing(job, lease.id, until).await
}

async fn work_page(
    deps: &Deps,
    job: ClosePendingRequests,
    closing: Closing,
) -> Result<(), PortError> {
    // The time comes before the reads: what is opened after them is a later pass's.
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
            // The sweeper dispatches it then.
            deps.requests.save_closing(&next, Resume::At(at)).await?;
        }
        AfterPage::Finished => {
            deps.requests.finish_closing(&closing).await?;
        }
    }
    Ok(())
}

/// Stores how far it has got and enqueues the next page; the sweeper makes up for a queue that fails.
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
