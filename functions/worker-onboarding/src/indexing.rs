//! Jobs that bring the search index in line with a person at once, ahead of the sweeper (SPEC B41, C22).

use crate::Deps;
use vestibule_domain::{
    error::Chain,
    job::{IndexJob, OnboardChatUser},
    search::{IndexRecord, SearchTarget},
};

/// Enqueues the index of a chat user and of the end user linked to them. Without an order beside the record such a job
/// does nothing, and the sweeper enqueues what is not enqueued here.
pub(crate) async fn enqueue(deps: &Deps, job: OnboardChatUser) {
    let mut targets = vec![SearchTarget::ChatUser(job.chat_user_id)];
    match deps.standings.chat_user(job.scope, job.chat_user_id).await {
        Ok(found) => {
            let linked = found.and_then(|user| user.end_user_id);
            targets.extend(linked.map(SearchTarget::EndUser));
        }
        Err(error) => tracing::warn!(
            chat_user.id = %job.chat_user_id,
            connector.id = %job.connector_id,
            error = %Chain(&error),
            "the search index of a linked person is left to the sweeper"
        ),
    }
    for target in targets {
        let scope = job.scope;
        let index = IndexJob::IndexRecord(IndexRecord { scope, target });
        if let Err(error) = deps.index.enqueue_index(index).await {
            tracing::warn!(error = %Chain(&error), "the search index is left to the sweeper");
        }
    }
}
