use super::*;
use crate::{
    ids::{ClientId, TeamId},
    routing::seat::Presence,
    samples::{at, scope, seat, waiting_case},
};

fn desk() -> Desk {
    Desk {
        scope: scope().account(),
        channel: "slack".to_owned(),
    }
}

fn skills(names: &[&str]) -> BTreeSet<Skill> {
    names.iter().filter_map(|name| Skill::new(name)).collect()
}

/// A demand of a team's for these skills.
fn demand(names: &[&str]) -> Demand {
    Demand {
        client_id: ClientId::derive(&["c"]),
        team_id: Some(TeamId::derive(&["t"])),
        skills: skills(names),
    }
}

fn queue(demand: &Demand) -> Queue {
    Queue {
        id: desk().queue_id(demand),
        demand: demand.clone(),
        waiting: 1,
        oldest: at(0),
        version: 1,
    }
}

/// A member of the team who has these skills.
fn skilled(names: &[&str]) -> Seat {
    Seat {
        teams: [TeamId::derive(&["t"])].into(),
        skills: skills(names),
        ..seat("ana")
    }
}

/// Queues for a skill each.
fn queues(kind: &str, count: usize) -> Vec<Queue> {
    (0..count)
        .map(|number| queue(&demand(&[&format!("{kind} {number}")])))
        .collect()
}

/// A desk with a member who has two skills, and with these queues.
fn view(queues: Vec<Queue>) -> DeskView {
    DeskView {
        seats: vec![skilled(&["German", "Refunds"])],
        queues,
    }
}

/// SPEC E33, E39.
#[test]
fn skills_that_nobody_has_get_some_queues_and_leave_the_others_to_skills_that_members_have() {
    let few = view(queues("made up", UNSUITED_QUEUES_MAX - 1));
    let strange = demand(&["Klingon"]);
    assert_eq!(admitted(&desk(), &strange, &few), strange);
    let full = view(queues("made up", UNSUITED_QUEUES_MAX));
    assert_eq!(admitted(&desk(), &strange, &full), demand(&[]));
    let german = demand(&["German"]);
    assert_eq!(admitted(&desk(), &german, &full), german);
    // Each queue that is there takes more.
    let known = demand(&["made up 7"]);
    assert_eq!(admitted(&desk(), &known, &full), known);
}

#[test]
fn skills_that_a_member_has_are_left_out_last() {
    let full = view(queues("made up", UNSUITED_QUEUES_MAX));
    let mixed = demand(&["German", "Klingon", "Refunds"]);
    let wider = admitted(&desk(), &mixed, &full);
    assert_eq!(wider, demand(&["German", "Refunds"]));
    let note = left_out(&mixed, &wider).unwrap();
    assert!(note.ends_with(": Klingon"), "{note}");
    assert_eq!(left_out(&mixed, &mixed), None);
    // Nobody in the team has them at once any more.
    let closed = DeskView {
        seats: vec![Seat {
            presence: Presence::Inactive,
            ..skilled(&["German", "Refunds"])
        }],
        ..full
    };
    assert_eq!(admitted(&desk(), &mixed, &closed), demand(&[]));
}

#[test]
fn no_demand_makes_more_queues_for_skills_than_a_desk_has_and_client_and_team_stay() {
    let german = demand(&["German"]);
    let plain = demand(&[]);
    let mut queues = queues("made up", SKILL_QUEUES_MAX - 1);
    // A queue without skills takes none of the places.
    queues.push(queue(&plain));
    let mut view = view(queues);
    assert_eq!(admitted(&desk(), &german, &view), german);
    view.queues.push(queue(&demand(&["Refunds"])));
    assert_eq!(admitted(&desk(), &german, &view), plain);
    let others = Demand {
        client_id: ClientId::derive(&["d"]),
        team_id: None,
        ..plain
    };
    assert_eq!(admitted(&desk(), &others, &view), others);
}

/// SPEC E22–E26: the sweep alone finds room within its minute.
#[test]
fn a_queue_that_somebody_suits_is_drained_by_every_sweep_however_long_it_waits() {
    let german = queue(&demand(&["German"]));
    let away = Seat {
        presence: Presence::Away,
        ..skilled(&["German"])
    };
    let full = Seat {
        load: 5,
        ..skilled(&["German"])
    };
    for seat in [away, full] {
        let view = DeskView {
            seats: vec![seat],
            queues: vec![queue(&demand(&["Klingon"])), german.clone()],
        };
        let again = drained_again_after(&german, &view, at(1_000_000));
        assert_eq!(again, NEXT_SWEEP);
    }
}

#[test]
fn a_queue_that_nobody_suits_is_drained_less_often_the_longer_it_waits_beside_the_first_of_its_desk()
 {
    let first = Queue {
        waiting: 1,
        ..queue(&demand(&["Elvish"]))
    };
    let klingon = Queue {
        waiting: 1,
        oldest: first.oldest.plus(Duration::from_millis(1)),
        ..queue(&demand(&["Klingon"]))
    };
    let empty = Queue {
        oldest: at(0),
        waiting: 0,
        ..queue(&demand(&["Dothraki"]))
    };
    let view = DeskView {
        seats: vec![skilled(&["German"])],
        queues: vec![klingon.clone(), empty, first.clone()],
    };
    let minute = 60;
    for (age, sweeps) in [
        (0, 1),
        (5 * minute - 1, 1),
        (5 * minute, 2),
        (15 * minute, 5),
        (60 * minute, 15),
        (10_000 * minute, 15),
    ] {
        // Half a minute less, so that the sweep of that minute sees it.
        let expected = Duration::from_secs(60 * sweeps - 30);
        let now = klingon.oldest.plus(Duration::from_secs(age));
        assert_eq!(drained_again_after(&klingon, &view, now), expected);
        assert_eq!(drained_again_after(&first, &view, now), NEXT_SWEEP);
    }
    let case = waiting_case("d", 0);
    assert!(!is_suited(&case.demand, &[]));
}
