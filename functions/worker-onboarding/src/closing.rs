//! Closes the pending requests of a connector that no longer asks for approval, or is gone (SPEC A42,
//! A46): one page of the list a job, which enqueues the next. Nobody is told.
//!
//! Every request is closed by a transaction of its own under the condition that it is pending, so pages
//! may be gone through twice, and by two workers at once; of those, one goes on.

use crate::Deps;
use vestibule_domain::{
    PortError,
    access::closing::{AfterPage, Closing},
    access::request::{AccessRequest, RequestDecision, Verdict},
    error::Chain,
    ids::AuditId,
    job::ClosePendingRequests,
    ports::{ImpliedDecision, OUTBOX_PATIENCE},
};
use vestibule_edge::batch::Outcome;

pub(crate) async fn work(deps: &Deps, job: ClosePendingRequests) -> Result<Outcome, PortError> {
    let Some(closing) = deps.requests.find_closing(job).await? else {
        return Ok(Outcome::Done);
    };
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
            // The sweeper enqueues it then.
            deps.requests.save_closing(&next, at).await?;
        }
        AfterPage::Finished => {
            deps.requests.finish_closing(&closing).await?;
        }
    }
    Ok(Outcome::Done)
}

/// Stores how far it has got and enqueues the next page; the sweeper makes up for a queue that fails.
async fn go_on(deps: &Deps, next: &Closing) -> Result<(), PortError> {
    let due = deps.clock.now().plus(OUTBOX_PATIENCE);
    if !deps.requests.save_closing(next, due).await? {
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
    deps.requests
        .decide_implied(&ImpliedDecision {
            request,
            decision,
            audit_id: AuditId::new(deps.ids.draw()),
            request_id: closing.request_id.clone(),
        })
        .await
}
