//! How fast a connector's platform may be called.

use crate::{PortError, Timestamp, ids::ConnectorId};
use async_trait::async_trait;
use std::time::Duration;

/// When a connector may call its platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// After this long; the turn is taken.
    After(Duration),
    /// So many wait already that it is not worth waiting for; no turn is taken. Ask again then.
    Crowded(Duration),
    /// The platform asked for no calls for this long; no turn is taken.
    Paused(Duration),
}

/// Calls for which a platform has a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// Texts; nothing else is asked of the platform meanwhile.
    Texts,
    /// Profiles only.
    Profiles,
}

/// Spreads what one connector sends over time, whichever sandboxes do it, and remembers for all of
/// them that its platform asked to wait.
#[async_trait]
pub trait SendPacer: Send + Sync {
    /// Takes the connector's next turn to send. Turns are `interval` apart, after a few that may come
    /// at once.
    async fn take_turn(
        &self,
        connector_id: ConnectorId,
        interval: Duration,
        now: Timestamp,
    ) -> Result<Turn, PortError>;

    /// How long no profile may be asked for, if the platform asked to wait.
    async fn profiles_paused(
        &self,
        connector_id: ConnectorId,
        now: Timestamp,
    ) -> Result<Option<Duration>, PortError>;

    /// Notes that the platform is not to be called before `until`. The later of two times holds.
    async fn pause(
        &self,
        connector_id: ConnectorId,
        what: Limited,
        until: Timestamp,
    ) -> Result<(), PortError>;
}

/// The pace of one connector, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// When its next text is due, were each sent an interval after the one before.
    pub due: Timestamp,
    /// Between two texts; zero when it is not known.
    pub interval: Duration,
    /// The platform asked for no calls before.
    pub not_before: Option<Timestamp>,
}

/// Texts that may go out at once after a pause: platforms allow short bursts.
pub const SEND_BURST: u32 = 10;

/// When jobs of one connector may be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// How many jobs.
    pub jobs: usize,
    /// How long the first has to wait.
    pub first_after: Duration,
    /// How long each waits for the one before it.
    pub interval: Duration,
}

impl Room {
    /// For jobs whose pace is not known.
    pub const UNLIMITED: Self = Self {
        jobs: usize::MAX,
        first_after: Duration::ZERO,
        interval: Duration::ZERO,
    };
    /// For nothing.
    pub const NONE: Self = Self {
        jobs: 0,
        ..Self::UNLIMITED
    };

    /// When the job of this number, from 0, is to be worked on.
    #[must_use]
    pub fn delay(&self, number: usize) -> Duration {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.first_after + self.interval.saturating_mul(number)
    }
}

impl Pace {
    /// Room for jobs that each send a text, in the time from `now` to `within` later. A connector that
    /// is to be left alone has none: whoever asks again then finds it.
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
            // Their turns, one after the other, no earlier than a burst before they are due.
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
        assert_eq!(idle.room(at(9_999), MINUTE), Room::NONE);
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
