//! The pace at which a connector's platform may be called.

use crate::{PortError, Timestamp, connector::Connector, ids::ConnectorId};
use async_trait::async_trait;
use std::time::Duration;

/// The answer to a request for a turn to call the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The turn is granted and begins after this time.
    After(Duration),
    /// The turn is granted, to a connector whose calls the platform refused last.
    AfterRefusal {
        /// It begins after this time.
        wait: Duration,
        /// Time of the first refusal.
        since: Timestamp,
    },
    /// Too many turns are ahead, so no turn is granted. Ask again after this time.
    Crowded(Duration),
    /// The platform asked for no calls during this time, so no turn is granted.
    Paused(Duration),
}

/// A kind of call for which a platform has a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// Texts. A pause of texts pauses all calls to the platform.
    Texts,
    /// Profiles. A pause of profiles pauses nothing else.
    Profiles,
}

/// Spreads one connector's calls over time, across all sandboxes, and remembers for all of them
/// that its platform asked to wait.
#[async_trait]
pub trait SendPacer: Send + Sync {
    /// Takes the connector's next turn to send. Turns are `interval` apart, after a few that may
    /// come at once.
    async fn take_turn(
        &self,
        connector_id: ConnectorId,
        interval: Duration,
        now: Timestamp,
    ) -> Result<Turn, PortError>;

    /// The remaining time in which no profile may be queried, if the platform asked to wait.
    async fn profiles_paused(
        &self,
        connector_id: ConnectorId,
        now: Timestamp,
    ) -> Result<Option<Duration>, PortError>;

    /// Records that the platform is not to be called before `until`. When two times are given, the
    /// later one counts.
    async fn pause(
        &self,
        connector_id: ConnectorId,
        what: Limited,
        until: Timestamp,
    ) -> Result<(), PortError>;

    /// Records that the platform refuses the connector's calls, for a failure of this class, and tells the account. Of
    /// several refusals in a row, the first one counts.
    async fn note_refused(
        &self,
        connector: &Connector,
        class: &str,
        now: Timestamp,
    ) -> Result<(), PortError>;

    /// Records that the platform takes the connector's calls again, which it refused since then, and tells the account.
    async fn note_taken(
        &self,
        connector: &Connector,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), PortError>;
}

/// The current pace of one connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Due time of the next text, if each were sent an interval after the one before.
    pub due: Timestamp,
    /// Time between two texts; zero when not known.
    pub interval: Duration,
    /// Time before which the platform asked for no calls.
    pub not_before: Option<Timestamp>,
}

/// Number of texts that may be sent at once after a pause: platforms allow short bursts.
pub const SEND_BURST: u32 = 10;

/// The room for jobs of one connector, and their timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Number of jobs.
    pub jobs: usize,
    /// Wait before the first job.
    pub first_after: Duration,
    /// Wait between two jobs.
    pub interval: Duration,
}

impl Room {
    /// The room for jobs whose pace is not known.
    pub const UNLIMITED: Self = Self {
        jobs: usize::MAX,
        first_after: Duration::ZERO,
        interval: Duration::ZERO,
    };
    /// No room at all.
    pub const NONE: Self = Self {
        jobs: 0,
        ..Self::UNLIMITED
    };

    /// The wait before the job of this number, counted from 0.
    #[must_use]
    pub fn delay(&self, number: usize) -> Duration {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.first_after + self.interval.saturating_mul(number)
    }
}

impl Pace {
    /// Computes the room for jobs that each send a text, in the time from `now` to `within` later.
    /// A paused connector has none: the next query after the pause finds room again.
    #[must_use]
    pub fn room(&self, now: Timestamp, within: Duration) -> Room {
        if self.not_before.is_some_and(|until| until > now) {
            return Room::NONE;
        }
        if self.interval.is_zero() {
            return Room::UNLIMITED;
        }
        let first_after = self
            .due
            .since(now)
            .saturating_sub(self.interval * SEND_BURST);
        let jobs = within.saturating_sub(first_after).as_nanos() / self.interval.as_nanos();
        Room {
            jobs: usize::try_from(jobs).unwrap_or(usize::MAX),
            first_after,
            interval: self.interval,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    proptest! {
        #[test]
        fn all_jobs_that_there_is_room_for_find_their_turn_within_the_time(
            due in 0_i64..200_000, now in 0_i64..200_000, interval in 1_u64..5_000,
        ) {
            let interval = Duration::from_millis(interval);
            let pace = Pace { due: at(due), interval, not_before: None };
            let room = pace.room(at(now), MINUTE);
            // Turns of the jobs, one after the other, no earlier than a burst before they are due.
            let mut next = due.max(now);
            for number in 0..room.jobs {
                let starts = at(now).plus(room.delay(number));
                prop_assert!(starts <= at(now).plus(MINUTE));
                let early = at(next).since(starts);
                prop_assert!(early <= interval * SEND_BURST, "{} of {}: {:?}", number, room.jobs, early);
                next = next.max(starts.millis()) + i64::try_from(interval.as_millis()).unwrap();
            }
        }
    }

    #[test]
    fn there_is_room_for_a_minutes_texts_and_none_while_the_platform_wants_none() {
        let idle = Pace {
            due: at(0),
            interval: Duration::from_millis(50),
            not_before: Some(at(10_000)),
        };
        assert_eq!(idle.room(at(9_999), MINUTE).jobs, 0);
        assert_eq!(idle.room(at(10_000), MINUTE).jobs, 1200);
        let busy = Pace {
            due: at(70_500),
            ..idle
        };
        assert_eq!(busy.room(at(10_000), MINUTE).jobs, 0);
        assert_eq!(busy.room(at(40_000), MINUTE).jobs, 600);
        let unknown = Pace {
            interval: Duration::ZERO,
            ..busy
        };
        assert_eq!(unknown.room(at(10_000), MINUTE), Room::UNLIMITED);
    }
}
