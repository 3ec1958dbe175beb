//! Chooses the overdue marks to dispatch: every connector or environment gets its share, and the oldest mark of each
//! comes before the second of any.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use vestibule_domain::{
    job::{JobKind, JobOwner},
    ports::{Backlog, OutboxEntry, Room},
};

/// Maximum number of jobs of one owner dispatched or in progress at the same time, over all kinds that share
/// its room.
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

/// Chooses the marks to dispatch, in this order, of kinds of jobs that share their owners' rooms. `kinds` holds
/// the backlogs of each. The kinds take turns, and the one of number `first`, modulo their count, begins: a room
/// for one job only is not always the same kind's.
#[must_use]
pub fn plan(kinds: &[Vec<Backlog>], first: usize, room: impl Fn(JobOwner) -> Room) -> Vec<Planned> {
    let count = kinds.len();
    let begin = first.checked_rem(count).unwrap_or(0);
    let mut owners: BTreeMap<JobOwner, Vec<&Backlog>> = BTreeMap::new();
    for backlog in kinds.iter().cycle().skip(begin).take(count).flatten() {
        owners.entry(backlog.owner).or_default().push(backlog);
    }
    let mut planned: Vec<(usize, Planned)> = owners
        .iter()
        .flat_map(|(owner, backlogs)| plan_owner(backlogs, count, room(*owner)))
        .collect();
    planned.sort_by_key(|(round, planned)| (*round, planned.entry.due));
    let mut taken: HashMap<JobKind, usize> = HashMap::new();
    planned.retain(|(_, planned)| {
        let taken = taken.entry(planned.entry.job.kind()).or_default();
        *taken += 1;
        *taken <= BUDGET
    });
    planned.into_iter().map(|(_, planned)| planned).collect()
}

/// Chooses marks of one owner, of which `backlogs` holds one backlog a kind, and numbers them.
fn plan_owner(backlogs: &[&Backlog], kinds: usize, room: Room) -> Vec<(usize, Planned)> {
    let most = IN_FLIGHT_MAX.min(room.jobs);
    let each = most_of_a_kind(most, kinds);
    let mut entries: Vec<(usize, OutboxEntry)> = Vec::new();
    for backlog in backlogs {
        let free = each.saturating_sub(backlog.in_flight);
        entries.extend(backlog.overdue.iter().take(free).copied().enumerate());
    }
    // Kinds take turns: the sort is stable.
    entries.sort_by_key(|(turn, _)| *turn);
    // Marks in flight come first, and use up turns.
    let in_flight: usize = backlogs.iter().map(|backlog| backlog.in_flight).sum();
    (in_flight..most)
        .zip(entries)
        .enumerate()
        .map(|(round, (number, (_, entry)))| {
            let delay = room.delay(number);
            (round, Planned { entry, delay })
        })
        .collect()
}

/// The largest part of a room for `most` jobs that one of these kinds may have. A tenth is left for the others, so that
/// jobs of one kind that do not come to an end never take the whole room.
const fn most_of_a_kind(most: usize, kinds: usize) -> usize {
    if kinds > 1 { most - most / 10 } else { most }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vestibule_domain::{
        AccountScope, ProjectScope, Timestamp,
        ids::{AccountId, ChatUserId, ConnectorId, ConversationId, ProjectId},
        job::{OnboardChatUser, OutboxJob, SendMessages},
    };

    fn backlog(connector: &str, overdue: usize, in_flight: usize) -> Backlog {
        let connector_id = ConnectorId::derive(&[connector]);
        let job = OnboardChatUser {
            scope: scope(),
            chat_user_id: ChatUserId::derive(&["u"]),
            connector_id,
        };
        backlog_of(job.into(), overdue, in_flight)
    }

    /// A backlog of the other kind that sends texts.
    fn texts(connector: &str, overdue: usize, in_flight: usize) -> Backlog {
        let job = SendMessages {
            scope: scope(),
            connector_id: ConnectorId::derive(&[connector]),
            conversation_id: ConversationId::derive(&["d"]),
        };
        backlog_of(job.into(), overdue, in_flight)
    }

    fn scope() -> ProjectScope {
        AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]))
    }

    fn backlog_of(job: OutboxJob, overdue: usize, in_flight: usize) -> Backlog {
        let entry = |number: usize| OutboxEntry {
            job,
            due: Timestamp::from_millis(i64::try_from(number).unwrap() * 1000),
            position: 0,
        };
        Backlog {
            owner: job.owner(),
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
            let planned = plan(&[backlogs], 0, |owner| rooms[&owner]);
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
        let backlogs = vec![backlog("many", 1000, 0), backlog("one", 1, 0)];
        let planned = plan(&[backlogs], 0, |_| Room::UNLIMITED);
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
        let planned = plan(&[vec![backlog("c", 20, 7)]], 0, |_| room);
        assert_eq!(delays(&planned), [9, 10, 11]);
        // Two kinds share the turns, and what either has in flight uses them up.
        let kinds = [vec![backlog("c", 20, 3)], vec![texts("c", 20, 4)]];
        let planned = plan(&kinds, 0, |_| room);
        assert_eq!(delays(&planned), [9, 10, 11]);
        let kinds: Vec<bool> = planned.iter().map(is_text).collect();
        assert_eq!(kinds.iter().filter(|is_text| **is_text).count(), 1);
    }

    fn delays(planned: &[Planned]) -> Vec<u64> {
        let delays = planned.iter().map(|planned| planned.delay.as_secs());
        delays.collect()
    }

    fn is_text(planned: &Planned) -> bool {
        planned.entry.job.kind() == JobKind::SendMessages
    }

    proptest! {
        #[test]
        fn kinds_that_share_a_room_have_no_more_in_flight_together_than_it_holds_and_none_takes_it_all(
            overdue in (0_usize..1500, 0_usize..1500),
            in_flight in (0_usize..700, 0_usize..700),
            jobs in 0_usize..2000,
            minute in 0_usize..1000,
        ) {
            let kinds = [
                vec![backlog("c", overdue.0, in_flight.0)],
                vec![texts("c", overdue.1, in_flight.1)],
            ];
            let room = Room { jobs, ..Room::UNLIMITED };
            let planned = plan(&kinds, minute, |_| room);
            let text = planned.iter().filter(|planned| is_text(planned)).count();
            let other = planned.len() - text;
            let most = IN_FLIGHT_MAX.min(jobs);
            let free = most.saturating_sub(in_flight.0 + in_flight.1);
            prop_assert!(planned.len() <= free);
            let may = |overdue: usize, in_flight: usize| {
                overdue.min((most - most / 10).saturating_sub(in_flight))
            };
            let (others_may, texts_may) = (may(overdue.0, in_flight.0), may(overdue.1, in_flight.1));
            prop_assert_eq!(planned.len(), free.min(others_may + texts_may));
            // Each gets half of what is free, or all that it may have.
            prop_assert!(other >= others_may.min(free / 2));
            prop_assert!(text >= texts_may.min(free / 2));
        }
    }

    #[test]
    fn a_kind_whose_jobs_never_end_leaves_room_for_another() {
        let in_flight = most_of_a_kind(IN_FLIGHT_MAX, 2);
        let kinds = [
            vec![backlog("c", 5000, in_flight)],
            vec![texts("c", 5000, 0)],
        ];
        let planned = plan(&kinds, 0, |_| Room::UNLIMITED);
        assert_eq!(planned.len(), IN_FLIGHT_MAX / 10);
        assert!(planned.iter().all(is_text));
    }

    #[test]
    fn a_room_for_one_job_is_each_kinds_in_turn_however_old_the_marks_of_one_are() {
        let room = Room {
            jobs: 1,
            ..Room::UNLIMITED
        };
        let mut late = texts("c", 9, 0);
        for entry in &mut late.overdue {
            entry.due = Timestamp::from_millis(1_000_000);
        }
        let kinds = [vec![backlog("c", 9, 0)], vec![late]];
        let got: Vec<bool> = (0..4)
            .map(|minute| {
                let planned = plan(&kinds, minute, |_| room);
                assert_eq!(planned.len(), 1);
                is_text(&planned[0])
            })
            .collect();
        assert_eq!(got, [false, true, false, true]);
    }

    #[test]
    fn each_kind_has_a_budget_of_its_own() {
        let names: Vec<String> = (0..6).map(|number| number.to_string()).collect();
        let many = names.iter().map(|name| backlog(name, 1200, 0)).collect();
        let planned = plan(&[many, vec![texts("c", 3, 0)]], 0, |_| Room::UNLIMITED);
        assert_eq!(planned.iter().filter(|planned| is_text(planned)).count(), 3);
        assert_eq!(planned.len(), BUDGET + 3);
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
