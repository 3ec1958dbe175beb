//! The index of one record.

use crate::Deps;
use std::time::Duration;
use vestibule_domain::{
    PortError,
    error::Chain,
    ports::{Claim, Lease},
    search::IndexRecord,
};
use vestibule_edge::{batch::backoff, jobs::Worked};

/// Time that a worker has for a record; longer than its function may run.
const LEASE_TIME: Duration = Duration::from_mins(1);

/// Does a job.
pub(crate) async fn work(deps: &Deps, job: IndexRecord) -> Result<Worked, PortError> {
    let lease = Lease::draw(deps.ids.as_ref(), deps.clock.as_ref(), LEASE_TIME);
    let attempt = match deps.index.claim_indexing(job, &lease).await? {
        Claim::Claimed(attempt) => attempt,
        other => return Ok(Worked::without(&other, lease.now)),
    };
    let indexed = deps.index.index_record(job.scope, job.target);
    match indexed.await {
        Ok(has_record) => {
            deps.index
                .settle_indexing(job, lease.id, has_record)
                .await?;
        }
        Err(error) => {
            tracing::error!(
                project.id = %job.project_id(),
                error = %Chain(&error),
                "a record could not be indexed and will be tried again"
            );
            let until = deps.clock.now().plus(backoff(attempt));
            let postponed = deps.index.postpone_indexing(job, lease.id, attempt, until);
            postponed.await?;
        }
    }
    Ok(Worked::Ended)
}
