//! Jobs of the queues: their reading, and the outcome of work that a lease admits.

use crate::batch::Outcome;
use serde::de::DeserializeOwned;
use std::time::Duration;
use vestibule_domain::{
    PortError, Timestamp,
    ports::{Claim, Lease},
};

/// Attempts before work is given up: with waits of up to five minutes, about a day.
pub const ATTEMPTS_MAX: u32 = 300;

/// Reads the job of a message. One that cannot be read is retried until it becomes a dead letter, for a person to
/// inspect.
pub fn read<J: DeserializeOwned>(body: &str) -> Result<J, Outcome> {
    serde_json::from_str(body).map_err(|error| {
        tracing::error!(
            line = error.line(),
            column = error.column(),
            "a job cannot be read"
        );
        Outcome::RETRY
    })
}

/// The end of the work on a message, unless it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// Nothing is left for this message.
    Ended,
    /// The rest waits for the time on its record.
    Waits,
    /// Another claim holds the row for so long.
    HeldFor(Duration),
}

impl Worked {
    /// The end of work that could not claim its row.
    #[must_use]
    pub fn without<T>(claim: &Claim<T>, now: Timestamp) -> Self {
        match claim {
            Claim::HeldUntil(until) => Self::HeldFor(until.since(now)),
            Claim::NotBefore(_) => Self::Waits,
            Claim::Claimed(_) | Claim::NothingPending => Self::Ended,
        }
    }
}

/// The outcome of a message that was received for the `receives`th time. `report` tells of a failure that leaves it to
/// the queue.
pub fn outcome(
    worked: Result<Worked, PortError>,
    receives: u32,
    report: impl FnOnce(&PortError),
) -> Outcome {
    match worked {
        // The queue brings this message again because an earlier receive of it ended without a word, and
        // its lease may be the one that holds. Acknowledged now, a job that ends every worker would never
        // become a dead letter.
        Ok(Worked::HeldFor(wait)) if receives > 1 => Outcome::Retry { after: Some(wait) },
        Ok(Worked::Ended | Worked::Waits | Worked::HeldFor(_)) => Outcome::Done,
        // The worker that has the lease does the job, or the mark brings another.
        Err(error) if Lease::is_lost(&error) => Outcome::Done,
        Err(error) => {
            report(&error);
            Outcome::RETRY
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_cannot_be_read_stays_in_the_queue() {
        assert_eq!(read::<u8>("7"), Ok(7));
        assert_eq!(read::<u8>("seven"), Err(Outcome::RETRY));
    }

    #[test]
    fn work_that_another_claim_holds_off_is_left_to_it_unless_that_claim_may_be_of_this_very_message()
     {
        let wait = Duration::from_secs(7);
        let held = || Ok(Worked::HeldFor(wait));
        let silent = |_: &PortError| {};
        assert_eq!(outcome(held(), 1, silent), Outcome::Done);
        let again = Outcome::Retry { after: Some(wait) };
        assert_eq!(outcome(held(), 2, silent), again);
        for done in [Worked::Ended, Worked::Waits] {
            assert_eq!(outcome(Ok(done), 2, silent), Outcome::Done);
        }
    }

    #[test]
    fn a_failure_is_told_and_stays_in_the_queue_unless_another_worker_has_the_lease() {
        let mut told = 0;
        assert_eq!(outcome(Err(Lease::LOST), 1, |_| told += 1), Outcome::Done);
        assert_eq!(told, 0);
        let failure = Err(PortError::Conflict { what: "row" });
        assert_eq!(outcome(failure, 1, |_| told += 1), Outcome::RETRY);
        assert_eq!(told, 1);
    }

    #[test]
    fn work_without_a_claim_ends_as_the_row_says() {
        let now = Timestamp::from_millis(1_000);
        let later = Timestamp::from_millis(3_000);
        for (claim, end) in [
            (
                Claim::HeldUntil(later),
                Worked::HeldFor(Duration::from_secs(2)),
            ),
            (Claim::NotBefore(later), Worked::Waits),
            (Claim::NothingPending, Worked::Ended),
            (Claim::Claimed(()), Worked::Ended),
        ] {
            assert_eq!(Worked::without(&claim, now), end);
        }
    }
}
