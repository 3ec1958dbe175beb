//! Figures of a project (SPEC E37): how long people waited for a member, for a reply and for a decision, by day.
//!
//! Each time is counted once, on the day on which it ended. Days are those of UTC.

use crate::{
    Timestamp,
    ids::{ClientId, ConnectorId, TeamId},
    routing::case::Case,
};
use std::{fmt, time::Duration};

/// Most days for which figures are read at once.
pub const FIGURE_DAYS_MAX: i64 = 92;
/// Time for which figures are kept.
pub const FIGURES_KEPT: Duration = Duration::from_hours(24 * 400);

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(i64);

impl Day {
    /// The day of an instant.
    #[must_use]
    pub const fn of(at: Timestamp) -> Self {
        Self(at.millis().div_euclid(DAY_MILLIS))
    }

    /// Reads `2026-11-30`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let day = Timestamp::parse(&format!("{text}T00:00:00Z")).map(Self::of)?;
        (day.to_string() == text).then_some(day)
    }

    /// The first instant of the day.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_mul(DAY_MILLIS))
    }

    /// The days from this one to `last`, with both.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }

    /// Number of days from this one to `last`, with both; 0 or less if `last` is earlier.
    #[must_use]
    pub const fn days_through(self, last: Self) -> i64 {
        last.0 - self.0 + 1
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.start().to_string();
        f.write_str(start.split('T').next().unwrap_or_default())
    }
}

/// Ends of the ranges in which times are counted, in seconds. A time that is as long as an end is in the next range.
pub const RANGE_ENDS: [u64; 13] = [
    30,
    60,
    2 * 60,
    5 * 60,
    10 * 60,
    20 * 60,
    40 * 60,
    60 * 60,
    2 * 3600,
    4 * 3600,
    8 * 3600,
    24 * 3600,
    72 * 3600,
];
/// Number of ranges. The last one has no end.
pub const RANGES: usize = RANGE_ENDS.len() + 1;

/// The time that several things took: its sum, and how many lie in each range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spread {
    /// Sum, in seconds.
    pub sum: u64,
    /// Numbers of times, by range.
    pub ranges: [u64; RANGES],
}

impl Spread {
    /// One time.
    #[must_use]
    pub fn of(time: Duration) -> Self {
        let seconds = time.as_secs();
        let mut one = Self {
            sum: seconds,
            ..Self::default()
        };
        let place = RANGE_ENDS.partition_point(|end| *end <= seconds);
        if let Some(range) = one.ranges.get_mut(place) {
            *range = 1;
        }
        one
    }

    /// Adds other times.
    pub fn add(&mut self, other: &Self) {
        self.sum = self.sum.saturating_add(other.sum);
        for (range, more) in self.ranges.iter_mut().zip(other.ranges) {
            *range = range.saturating_add(more);
        }
    }

    /// Number of times.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.ranges.iter().sum()
    }

    /// The mean, in seconds.
    #[must_use]
    pub fn mean(&self) -> Option<u64> {
        self.sum.checked_div(self.count())
    }

    /// An estimate, in seconds, of the time that so many per cent do not exceed: within the range that it lies in, times
    /// count as evenly spread. In the last range, its beginning.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = (count * percent).div_ceil(100).max(1);
        let mut before = 0;
        let mut begin = 0;
        for (place, number) in self.ranges.iter().enumerate() {
            let Some(end) = RANGE_ENDS.get(place) else {
                break;
            };
            if before + number >= rank {
                let nth = 2 * (rank - before) - 1;
                return Some(begin + (end - begin) * nth / (2 * number));
            }
            before += number;
            begin = *end;
        }
        Some(begin)
    }
}

/// Figures, of any number of days and places.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Number of access requests that people made.
    pub requests: u64,
    /// Times from an access request to somebody's decision on it.
    pub decisions: Spread,
    /// Times from an offer to the first assignment.
    pub waits: Spread,
    /// Times from an offer to the first reply by a member.
    pub replies: Spread,
    /// Number of conversations without a reply within the client's limit.
    pub missed: u64,
}

impl Figures {
    /// An access request.
    #[must_use]
    pub fn asked() -> Self {
        Self {
            requests: 1,
            ..Self::default()
        }
    }

    /// A decision after this time.
    #[must_use]
    pub fn decided(after: Duration) -> Self {
        Self {
            decisions: Spread::of(after),
            ..Self::default()
        }
    }

    /// The figures that a change of a case adds: each once in a case.
    #[must_use]
    pub fn of_change(before: &Case, after: &Case) -> Self {
        let ended = |was: Option<Timestamp>, is: Option<Timestamp>| {
            let at = is.filter(|_| was.is_none());
            at.map_or_else(Spread::default, |at| Spread::of(at.since(after.offered_at)))
        };
        let was_missed = before.first_reply_missed_at.is_some();
        Self {
            waits: ended(before.first_assigned_at, after.first_assigned_at),
            replies: ended(before.first_reply_at, after.first_reply_at),
            missed: u64::from(!was_missed && after.first_reply_missed_at.is_some()),
            ..Self::default()
        }
    }

    /// Adds other figures.
    pub fn add(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.decisions.add(&other.decisions);
        self.waits.add(&other.waits);
        self.replies.add(&other.replies);
        self.missed = self.missed.saturating_add(other.missed);
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The place that figures are of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FigurePlace {
    /// A connector: access requests.
    Connector(ConnectorId),
    /// A client, channel and team: conversations.
    Desk {
        /// The client.
        client_id: ClientId,
        /// Key of the channel.
        channel: String,
        /// The team that was asked for.
        team_id: Option<TeamId>,
    },
}

impl FigurePlace {
    /// The place of a case.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        Self::Desk {
            client_id: case.demand.client_id,
            channel: case.channel.clone(),
            team_id: case.demand.team_id,
        }
    }
}

/// The figures of one day and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureRow {
    /// The day.
    pub day: Day,
    /// The place.
    pub place: FigurePlace,
    /// The figures.
    pub figures: Figures,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::MemberId,
        routing::{case::Assigned, routed::NamedMember},
        samples::{at, waiting_case},
    };

    fn spread(seconds: &[u64]) -> Spread {
        let mut all = Spread::default();
        for second in seconds {
            all.add(&Spread::of(Duration::from_secs(*second)));
        }
        all
    }

    #[test]
    fn a_day_is_written_and_read_and_nothing_else_is_read_as_one() {
        let day = Day::parse("2026-11-30").unwrap();
        assert_eq!(day.to_string(), "2026-11-30");
        assert_eq!(Day::of(day.start()), day);
        let before = Timestamp::from_millis(day.start().millis() - 1);
        assert_eq!(Day::of(before).days_through(day), 2);
        for wrong in [
            "2026-11-31",
            "2026-1-1",
            "30.11.2026",
            "",
            "2026-11-30T00:00:00Z",
        ] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
        let next = Day::parse("2026-12-01").unwrap();
        let days: Vec<String> = day.through(next).map(|day| day.to_string()).collect();
        assert_eq!(days, ["2026-11-30", "2026-12-01"]);
        assert_eq!(next.days_through(day), 0);
    }

    #[test]
    fn times_add_up_to_a_mean_and_to_estimates_of_median_and_more() {
        let none = Spread::default();
        assert_eq!((none.mean(), none.percentile(50)), (None, None));
        let few = spread(&[10, 20, 70]);
        assert_eq!((few.count(), few.sum, few.mean()), (3, 100, Some(33)));
        assert_eq!(few.percentile(50), Some(22));
        assert_eq!(few.percentile(90), Some(90));
        // A time that is as long as the end of a range lies beyond that range.
        assert_eq!(spread(&[30]).ranges[..2], [0, 1]);
        let long = spread(&[1_000_000]);
        assert_eq!(long.percentile(50), Some(72 * 3600));
    }

    proptest::proptest! {
        #[test]
        fn an_estimate_lies_in_the_range_of_the_time_that_it_stands_for(
            mut seconds in proptest::collection::vec(0_u64..400_000, 1..40), percent in 1_u64..=100,
        ) {
            let all = spread(&seconds);
            seconds.sort_unstable();
            let rank = (seconds.len() * usize::try_from(percent).unwrap()).div_ceil(100);
            let range = |time: u64| RANGE_ENDS.partition_point(|end| *end <= time);
            let estimate = all.percentile(percent).unwrap();
            proptest::prop_assert_eq!(range(estimate), range(seconds[rank - 1]));
        }
    }

    #[test]
    fn a_case_counts_its_first_assignment_its_first_reply_and_its_miss_once() {
        let waiting = waiting_case("a", 100).with_first_reply_within(Some(1));
        let assigned = |at| Assigned {
            member: NamedMember {
                id: MemberId::derive(&["ana"]),
                name: "ana".to_owned(),
            },
            at,
            basis: None,
            over_limit: false,
        };
        let first = waiting.assigned_to(assigned(at(140)));
        let figures = Figures::of_change(&waiting, &first);
        assert_eq!(figures.waits, spread(&[40]));
        assert_eq!((figures.replies, figures.missed), (Spread::default(), 0));
        let missed = first.with_missed_reply(at(161));
        assert_eq!(Figures::of_change(&first, &missed).missed, 1);
        let mut replied = missed.clone();
        replied.first_reply_at = Some(at(170));
        let figures = Figures::of_change(&missed, &replied);
        assert_eq!((figures.replies, figures.missed), (spread(&[70]), 0));
        let again = replied.requeued(None, None, at(180));
        assert!(Figures::of_change(&replied, &again).is_empty());
        let second = again.assigned_to(assigned(at(190)));
        assert!(Figures::of_change(&again, &second).is_empty());
    }
}
