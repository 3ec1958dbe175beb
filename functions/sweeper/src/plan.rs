//! Chooses the overdue marks to dispatch: every connector or environment gets its share, and the oldest mark of each
//! comes before the second of any.

use std::{collections::BTreeMap, time::Duration};
use vestibule_domain::{
    job::JobOwner,
    ports::{Backlog, OutboxEntry, Room},
};

/// Maximum number of jobs of one owner and kind dispatched or in progress at the same time.
pub const IN_FLIGHT_MAX: usize = 1200;
/// Maximum number of marks of one kind in one sweep.
pub const BUDGET: usize = 5000;

/// A mark to dispatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The mark.
    pub entry: OutboxEntry,
    /// Delay of the job until its connector's turn.
    pub delay: Duration,
}

/// Merges the backlogs of a kind's partitions by owner.
#[must_use]
pub fn merged(parts: impl IntoIterator<Item = Backlog>) -> Vec<Backlog> {
    let mut all: BTreeMap<JobOwner, Backlog> = BTreeMap::new();
    for part in parts {
        let Some(backlog) = all.get_mut(&part.owner) else {
            all.insert(part.owner, part);
            continue;
        };
        backlog.overdue.extend(part.overdue);
        backlog.in_flight += part.in_flight;
    }
    for backlog in all.values_mut() {
        backlog.overdue.sort_by_key(|entry| entry.due);
    }
    all.into_values().collect()
}

/// Chooses the marks to dispatch, in this order.
#[must_use]
pub fn plan(backlogs: &[Backlog], room: impl Fn(JobOwner) -> Room) -> Vec<Planned> {
    let mut planned: Vec<(usize, Planned)> = backlogs
        .iter()
        .flat_map(|backlog| {
            let room = room(backlog.owner);
            // Marks in flight come first, and use up turns.
            let most = IN_FLIGHT_MAX.min(room.jobs);
            (backlog.in_flight..most)
                .zip(&backlog.overdue)
                .enumerate()
                .map(move |(round, (number, entry))| {
                    let delay = room.delay(number);
                    let entry = *entry;
                    (round, Planned { entry, delay })
                })
        })
        .collect();
    planned.sort_by_key(|(round, planned)| (*round, planned.entry.due));
    planned.truncate(BUDGET);
    planned.into_iter().map(|(_, planned)| planned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vestibule_domain::{
        AccountScope, Timestamp,
        ids::{AccountId, ChatUserId, ConnectorId, ProjectId},
        job::OnboardChatUser,
    };

    fn backlog(connector: &str, overdue: usize, in_flight: usize) -> Backlog {
        let connector_id = ConnectorId::derive(&[connector]);
        let scope =
            AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
        let job = OnboardChatUser {
            scope,
            chat_user_id: ChatUserId::derive(&["u"]),
            connector_id,
        };
        let entry = |number: usize| OutboxEntry {
            job: job.into(),
            due: Timestamp::from_millis(i64::try_from(number).unwrap() * 1000),
            position: 0,
        };
        Backlog {
            owner: JobOwner::Connector(connector_id),
            overdue: (0..overdue).map(entry).collect(),
            in_flight,
        }
    }

    fn of(planned: &[Planned], connector: &str) -> usize {
        let owner = JobOwner::Connector(ConnectorId::derive(&[connector]));
        let mine = planned
            .iter()
            .filter(|planned| planned.entry.job.owner() == owner);
        mine.count()
    }

    proptest! {
        #[test]
        fn no_connector_has_more_in_flight_than_it_may_and_none_waits_for_anothers_second(
            sizes in proptest::collection::vec((0_usize..3000, 0_usize..1500, 0_usize..2000), 1..8),
        ) {
            let names: Vec<String> = (0..sizes.len()).map(|i| i.to_string()).collect();
            let backlogs: Vec<Backlog> = names.iter().zip(&sizes)
                .map(|(name, (overdue, in_flight, _))| backlog(name, *overdue, *in_flight))
                .collect();
            let rooms: BTreeMap<JobOwner, Room> = backlogs.iter().zip(&sizes)
                .map(|(backlog, (_, _, jobs))| (backlog.owner, Room { jobs: *jobs, ..Room::UNLIMITED }))
                .collect();
            let planned = plan(&backlogs, |owner| rooms[&owner]);
            prop_assert!(planned.len() <= BUDGET);
            let full = planned.len() == BUDGET;
            let fewest = names.iter().zip(&sizes)
                .map(|(name, (overdue, in_flight, jobs))| {
                    let may = IN_FLIGHT_MAX.min(*jobs).saturating_sub(*in_flight).min(*overdue);
                    let got = of(&planned, name);
                    assert!(got <= may);
                    assert!(full || got == may);
                    if got < may { got } else { usize::MAX }
                })
                .min().unwrap();
            // A connector below its limit has at most one mark fewer than any other.
            prop_assert!(names.iter().all(|name| of(&planned, name) <= fewest.saturating_add(1)));
        }
    }

    #[test]
    fn a_single_mark_comes_before_the_second_of_a_thousand() {
        let planned = plan(&[backlog("many", 1000, 0), backlog("one", 1, 0)], |_| {
            Room::UNLIMITED
        });
        assert_eq!(of(&planned[..2], "one"), 1);
        assert_eq!(planned.len(), 1001);
    }

    #[test]
    fn jobs_are_spread_over_the_turns_that_are_left_to_their_connector() {
        let room = Room {
            jobs: 10,
            first_after: Duration::from_secs(2),
            interval: Duration::from_secs(1),
        };
        let delays: Vec<u64> = plan(&[backlog("c", 20, 7)], |_| room)
            .iter()
            .map(|planned| planned.delay.as_secs())
            .collect();
        assert_eq!(delays, [9, 10, 11]);
    }

    #[test]
    fn the_partitions_of_a_kind_make_one_backlog_with_the_oldest_first() {
        let (mut one, two) = (backlog("c", 3, 1), backlog("c", 2, 4));
        one.overdue.reverse();
        let merged = merged([one, two, backlog("d", 1, 0)]);
        assert_eq!(merged.len(), 2);
        let c = merged
            .iter()
            .find(|backlog| backlog.overdue.len() == 5)
            .unwrap();
        assert_eq!(c.in_flight, 5);
        assert!(c.overdue.is_sorted_by_key(|entry| entry.due));
    }
}
