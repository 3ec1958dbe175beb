//! Changes a record at the version that the caller names; without one, at its current version, with
//! retries after conflicts.

use crate::{
    IfMatch,
    problem::{ApiError, CHANGED_MEANWHILE, PRECONDITION_FAILED},
};
use vestibule_domain::{ids::SystemIds, record::Record, retry::conflict_wait};

/// Attempts at a change that conflicts with others, unless the caller named a version.
const ATTEMPTS: u32 = 4;

/// Changes the record that `read` returns.
///
/// `change` computes the new record, stores it on condition that the record is still as it was read,
/// and returns the answer. The store reports a conflict with another change as
/// [`PortError::Conflict`](vestibule_domain::PortError). Then both are called again, at most four
/// times; a caller that named a version is refused instead.
pub async fn amend<R, A, Reading, Changing>(
    if_match: &IfMatch,
    read: impl Fn() -> Reading,
    change: impl Fn(R) -> Changing,
) -> Result<A, ApiError>
where
    R: Record,
    Reading: Future<Output = Result<R, ApiError>>,
    Changing: Future<Output = Result<A, ApiError>>,
{
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(conflict_wait(attempt, &SystemIds)).await;
        }
        let record = read().await?;
        if_match.check(record.version())?;
        match change(record).await {
            Err(error) if *error.kind() == CHANGED_MEANWHILE => {
                if !if_match.is_absent() {
                    return Err(ApiError::new(&PRECONDITION_FAILED));
                }
            }
            settled => return settled,
        }
    }
    Err(ApiError::new(&CHANGED_MEANWHILE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{NOT_FOUND, VALIDATION};
    use std::cell::Cell;
    use vestibule_domain::PortError;

    struct Page(u64);

    impl Record for Page {
        fn version(&self) -> u64 {
            self.0
        }
    }

    /// Amends a page whose first `conflicts` changes meet a conflict; returns the outcome and the
    /// number of reads.
    async fn tried(if_match: &IfMatch, conflicts: u32) -> (Result<u64, ApiError>, u32) {
        let readings = Cell::new(0);
        let outcome = amend(
            if_match,
            || {
                readings.set(readings.get() + 1);
                async { Ok(Page(7)) }
            },
            |page: Page| {
                let is_late = readings.get() <= conflicts;
                async move {
                    if is_late {
                        return Err(PortError::Conflict { what: "page" }.into());
                    }
                    Ok(page.0 + 1)
                }
            },
        )
        .await;
        (outcome, readings.get())
    }

    #[tokio::test]
    async fn a_change_is_made_again_to_the_record_as_it_is_by_then_four_times_at_most() {
        for (conflicts, readings) in [(0, 1), (1, 2), (3, 4)] {
            let (outcome, read) = tried(&IfMatch::Absent, conflicts).await;
            assert_eq!((outcome.unwrap(), read), (8, readings));
        }
        let (outcome, read) = tried(&IfMatch::Absent, 4).await;
        assert_eq!(outcome.unwrap_err().kind(), &CHANGED_MEANWHILE);
        assert_eq!(read, 4);
    }

    #[tokio::test]
    async fn a_change_for_a_named_version_is_made_to_that_one_and_not_again() {
        let (outcome, _) = tried(&IfMatch::Versions(vec![7]), 0).await;
        assert_eq!(outcome.unwrap(), 8);
        for (version, conflicts) in [(7, 1), (6, 0)] {
            let (outcome, read) = tried(&IfMatch::Versions(vec![version]), conflicts).await;
            assert_eq!(outcome.unwrap_err().kind(), &PRECONDITION_FAILED);
            assert_eq!(read, 1);
        }
    }

    #[tokio::test]
    async fn what_is_refused_is_not_tried_again() {
        let gone = amend(
            &IfMatch::Absent,
            || async { Err::<Page, _>(ApiError::not_found("page")) },
            |_| async { Ok(()) },
        );
        assert_eq!(gone.await.unwrap_err().kind(), &NOT_FOUND);
        let tries = Cell::new(0);
        let broken = amend(
            &IfMatch::Absent,
            || async { Ok(Page(1)) },
            |_| {
                tries.set(tries.get() + 1);
                async { Err::<(), _>(ApiError::validation(vec![])) }
            },
        );
        assert_eq!(broken.await.unwrap_err().kind(), &VALIDATION);
        assert_eq!(tries.get(), 1);
    }
}
