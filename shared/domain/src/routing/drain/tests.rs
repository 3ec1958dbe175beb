use super::*;
use crate::{
    ids::{MemberId, TeamId},
    samples::{at, seat, waiting_case},
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A desk, as a plain model of the store.
#[derive(Debug, Clone)]
struct Stored {
    seats: Vec<Seat>,
    cases: Vec<Case>,
}

impl Stored {
    fn view(&self) -> DeskView {
        let mut queues: BTreeMap<QueueId, Queue> = BTreeMap::new();
        for case in &self.cases {
            let queue = queues.entry(case.queue_id()).or_insert_with(|| Queue {
                id: case.queue_id(),
                demand: case.demand.clone(),
                waiting: 0,
                oldest: at(0),
                version: 1,
            });
            queue.waiting += 1;
        }
        DeskView {
            seats: self.seats.clone(),
            queues: queues.into_values().collect(),
        }
    }

    fn page(&self, page: QueuePage) -> Vec<Case> {
        let mut cases: Vec<Case> = self.cases.clone();
        cases.retain(|case| {
            let is_behind = page.after.is_none_or(|after| after < case.place());
            case.queue_id() == page.queue_id && is_behind
        });
        cases.sort_by_key(Case::place);
        cases.truncate(usize::from(DRAIN_PAGE));
        cases
    }

    /// Goes through the cases in their order: each goes to whoever the rule names.
    fn expected(&self) -> Vec<(ConversationId, MemberId)> {
        let mut seats = self.seats.clone();
        let mut cases = self.cases.clone();
        cases.sort_by_key(Case::place);
        let mut assigned = Vec::new();
        for case in cases {
            if let Choice::Assign { member, .. } = rule::choose(&case, &seats) {
                assigned.push((case.conversation_id, member.id));
                let seat = seats.iter_mut().find(|seat| seat.member_id == member.id);
                let seat = seat.unwrap();
                seat.load += 1;
                seat.idle_since = NOW;
            }
        }
        assigned
    }

    /// Drains the desk; each assignment has this outcome.
    fn drained(
        &self,
        mut outcome: impl FnMut(&NextCase) -> Changed,
    ) -> (Drain, Vec<(ConversationId, MemberId)>) {
        let mut drain = Drain::new(self.view(), NOW);
        let mut assigned = Vec::new();
        loop {
            match drain.step() {
                Step::Read(page) => drain.read(page, self.page(page)),
                Step::Assign(next) => {
                    let outcome = outcome(&next);
                    if matches!(outcome, Changed::Done(_)) {
                        let member = next.assignment.member.id;
                        assigned.push((next.case.conversation_id, member));
                    }
                    drain.assigned(&next, &outcome);
                }
                Step::Done => return (drain, assigned),
            }
        }
    }
}

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn done(next: &NextCase) -> Changed {
    Changed::Done(Box::new(next.case.clone()))
}

fn with_room(name: &str, limit: u32) -> Seat {
    Seat {
        limit: Some(limit),
        ..seat(name)
    }
}

fn for_team(case: Case, team: &str) -> Case {
    let mut case = case;
    case.demand.team_id = Some(TeamId::derive(&[team]));
    case
}

fn any_stored() -> impl Strategy<Value = Stored> {
    let seats = proptest::collection::vec((0..4_u8, 0..6_u32, 0..3_i64), 0..5);
    let cases = proptest::collection::vec((0..4_u8, 0..20_i64, any::<bool>()), 0..90);
    (seats, cases).prop_map(|(seats, cases)| Stored {
        seats: (0..)
            .zip(seats)
            .map(|(number, (team, limit, idle)): (u8, _)| Seat {
                teams: [TeamId::derive(&[&team.to_string()])].into(),
                idle_since: at(idle),
                ..with_room(&format!("m{number}"), limit)
            })
            .collect(),
        cases: (0..)
            .zip(cases)
            .map(|(number, (team, second, is_declined)): (u16, _)| {
                let case = waiting_case(&format!("d{number}"), second);
                let mut case = match team {
                    0 => case,
                    team => for_team(case, &team.to_string()),
                };
                if is_declined {
                    case.declined = [MemberId::derive(&["m0"])].into();
                }
                case
            })
            .collect(),
    })
}

proptest! {
    /// SPEC E33.
    #[test]
    fn a_drain_assigns_as_if_it_went_through_all_that_waits_in_the_order_of_the_offers(stored in any_stored()) {
        let (_, assigned) = stored.drained(done);
        prop_assert_eq!(assigned, stored.expected());
    }

    /// SPEC E33.
    #[test]
    fn a_queues_new_place_is_behind_no_case_that_is_left(stored in any_stored()) {
        let mut left = stored.clone();
        let mut fault = None;
        stored.drained(|next| {
            left.cases.retain(|case| case.conversation_id != next.case.conversation_id);
            let place = next.assignment.queue.unwrap();
            let of_queue = left.cases.iter().filter(|case| case.queue_id() == next.queue_id);
            let oldest = of_queue.map(|case| case.offered_at).min();
            if oldest.is_some_and(|oldest| oldest < place.oldest) {
                fault = Some(next.case.clone());
            }
            done(next)
        });
        prop_assert_eq!(fault, None);
    }

    /// SPEC E33.
    #[test]
    fn a_case_that_is_assigned_at_once_overtakes_none(stored in any_stored(), team in 0..4_u8) {
        let case = waiting_case("new", 100);
        let case = for_team(case, &team.to_string());
        let Some(assignment) = at_once(&case, &stored.view()) else {
            return Ok(());
        };
        let seat = stored.seats.iter().find(|seat| seat.member_id == assignment.member.id);
        for waiting in &stored.cases {
            prop_assert!(rule::fit(&waiting.demand, &waiting.declined, seat.unwrap()).is_err());
        }
    }
}

/// SPEC E33.
#[test]
fn a_conversation_that_nobody_can_take_blocks_none_behind_it() {
    let stored = Stored {
        seats: vec![with_room("ana", 1)],
        cases: vec![for_team(waiting_case("d", 1), "t"), waiting_case("e", 2)],
    };
    let (_, assigned) = stored.drained(done);
    let expected = (ConversationId::derive(&["e"]), MemberId::derive(&["ana"]));
    assert_eq!(assigned, [expected]);
}

#[test]
fn a_refused_assignment_goes_to_the_next_member_and_a_case_that_changed_is_left_alone() {
    let stored = Stored {
        seats: ["ana", "ben", "cleo"]
            .map(|name| with_room(name, 5))
            .to_vec(),
        cases: vec![waiting_case("d", 1), waiting_case("e", 2)],
    };
    for refusal in [Changed::NoRoom, Changed::NotAvailable] {
        let mut refused = Vec::new();
        let (_, assigned) = stored.drained(|next| {
            if refused.len() < 2 {
                refused.push(next.assignment.member.id);
                return refusal.clone();
            }
            done(next)
        });
        let who: BTreeSet<MemberId> = refused.iter().copied().collect();
        assert_eq!(who.len(), 2, "{refusal:?}");
        assert_eq!(assigned.len(), 2);
        assert!(assigned.iter().all(|(_, member)| !who.contains(member)));
    }
    let (_, assigned) = stored.drained(|next| Changed::Stale(Box::new(next.case.clone())));
    assert_eq!(assigned, []);
}

#[test]
fn a_queue_whose_case_is_gone_is_named_to_be_recounted() {
    let stored = Stored {
        seats: vec![with_room("ana", 5)],
        cases: vec![waiting_case("d", 1)],
    };
    let (drain, assigned) = stored.drained(|_| Changed::Gone);
    assert_eq!(assigned, []);
    assert_eq!(*drain.orphaned(), [stored.cases[0].queue_id()].into());
    let (drain, _) = stored.drained(done);
    assert!(drain.orphaned().is_empty());
}

#[test]
fn a_drain_reads_no_queue_that_nobody_can_take_from_and_no_more_than_it_needs() {
    let cases = (0..200).map(|number| waiting_case(&format!("d{number}"), number));
    let blocked = (0..200).map(|number| for_team(waiting_case(&format!("e{number}"), 0), "t"));
    let stored = Stored {
        seats: vec![with_room("ana", 1)],
        cases: cases.chain(blocked).collect(),
    };
    let mut drain = Drain::new(stored.view(), NOW);
    let mut reads = 0;
    loop {
        match drain.step() {
            Step::Read(page) => {
                reads += 1;
                drain.read(page, stored.page(page));
            }
            Step::Assign(next) => drain.assigned(&next, &done(&next)),
            Step::Done => break,
        }
    }
    assert_eq!(reads, 1);
}
