//! Closes the pending requests of a connector that no longer asks for approval or was deleted (SPEC
//! A42, A46): one page of the list per job, which enqueues the next. The people are not notified.
//!
//! Each request is closed in its own transaction on condition that it is pending, so a page may be
//! repeated.

use crate::{Deps, Worked, lease};
use vestibule_domain::{
    PortError,
    access::closing::{AfterPage, Closing},
    access::request::{AccessRequest, ReasonCode, RequestDecision, Verdict},
    account::actor::Actor,
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
    let cause = Cause {
        reason: closing.reason,
        by: &closing.by,
        request_id: &closing.request_id,
    };
    cause.closes(deps, request).await
}

/// The cause for closing a request that nobody decided.
pub(crate) struct Cause<'a> {
    pub(crate) reason: ReasonCode,
    pub(crate) by: &'a Actor,
    /// Name in the audit log of the call that brought the decision.
    pub(crate) request_id: &'a str,
}

impl Cause<'_> {
    /// Closes a request as rejected, unless it was decided meanwhile.
    pub(crate) async fn closes(
        &self,
        deps: &Deps,
        request: AccessRequest,
    ) -> Result<bool, PortError> {
        let decision = RequestDecision {
            verdict: Verdict::Reject,
            by: self.by.clone(),
            at: deps.clock.now(),
            note: None,
            reason: Some(self.reason),
        };
        let audit_id = AuditId::new(deps.ids.draw());
        let audit = decision.audit_entry(&request, audit_id, self.request_id.to_owned());
        deps.requests
            .decide_implied(&ImpliedDecision {
                request,
                decision,
                audit,
            })
            .await
    }
}
