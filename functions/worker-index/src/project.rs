//! The index of all records of a project.

use crate::Deps;
use std::time::Duration;
use vestibule_domain::{
    PortError,
    job::IndexJob,
    search::{IndexProject, ProjectList, ProjectPlace},
};
use vestibule_edge::{jobs::Worked, sender::TimeBudget};

/// Time after which no further page is begun. Together with a page it is less than the function's time limit.
const BEGIN_WITHIN: Duration = Duration::from_secs(10);

/// Does pages while there is time, and leaves the rest to another job. The queue keeps this job until that one is
/// enqueued; a page that is done twice does no harm.
pub(crate) async fn work(deps: &Deps, job: IndexProject) -> Result<Worked, PortError> {
    let budget = TimeBudget::new(deps.clock.now(), BEGIN_WITHIN);
    let mut place = job.place.clone().unwrap_or(ProjectPlace {
        list: ProjectList::FIRST,
        behind: None,
    });
    let (mut records, mut differences) = (0, 0);
    let next = loop {
        let page = deps.index.index_page(job.scope, &place, job.only_checks);
        let page = page.await?;
        records += page.records;
        differences += page.differences;
        match page.next {
            Some(next) if budget.is_over(deps.clock.now()) => break Some(next),
            Some(next) => place = next,
            None => break None,
        }
    };
    tracing::info!(
        project.id = %job.scope.project_id(),
        records,
        differences,
        only_checks = job.only_checks,
        is_last = next.is_none(),
        "records of a project were held against the index"
    );
    if next.is_some() {
        let rest = IndexProject { place: next, ..job };
        deps.queue
            .enqueue_index(IndexJob::IndexProject(rest))
            .await?;
    }
    Ok(Worked::Ended)
}
