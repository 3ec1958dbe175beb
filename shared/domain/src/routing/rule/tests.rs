use super::*;
use crate::{
    ids::{ClientId, RoleId, TeamId},
    routing::{demand::Skill, reply_right::ReplyRight, seat::LIMIT_MAX},
    samples::{at, seat, waiting_case},
    team::client_access::ClientAccess,
};
use proptest::prelude::*;

fn skill(text: &str) -> Skill {
    Skill::new(text).unwrap()
}

fn loaded(name: &str, load: u32, limit: u32, idle_since: i64) -> Seat {
    Seat {
        load,
        limit: Some(limit),
        idle_since: at(idle_since),
        ..seat(name)
    }
}

fn chosen(case: &Case, seats: &[Seat]) -> Option<MemberId> {
    match choose(case, seats) {
        Choice::Assign { member, .. } => Some(member.id),
        Choice::Wait(_) => None,
    }
}

fn id(name: &str) -> MemberId {
    MemberId::derive(&[name])
}

/// SPEC E31.
#[test]
fn the_lowest_load_for_the_limit_takes_a_conversation_then_the_longest_idle_then_the_smallest_id() {
    let case = waiting_case("d", 5);
    for (seats, expected) in [
        // 1/4 < 1/3, although both have one.
        (vec![loaded("ana", 1, 3, 0), loaded("ben", 1, 4, 9)], "ben"),
        // 33/100 < 1/3: a rounded fraction would not tell.
        (
            vec![loaded("ana", 1, 3, 0), loaded("ben", 33, 100, 9)],
            "ben",
        ),
        // 1/3 = 33/99.
        (
            vec![loaded("ana", 1, 3, 9), loaded("ben", 33, 99, 0)],
            "ben",
        ),
        (vec![loaded("ana", 1, 2, 3), loaded("ben", 2, 4, 2)], "ben"),
        (
            vec![loaded("ana", 0, 1, 3), loaded("ben", 0, 100, 4)],
            "ana",
        ),
    ] {
        assert_eq!(chosen(&case, &seats), Some(id(expected)), "{seats:?}");
    }
    let twins = [loaded("ana", 1, 2, 3), loaded("ben", 1, 2, 3)];
    let first = id("ana").min(id("ben"));
    assert_eq!(chosen(&case, &twins), Some(first));
}

/// SPEC E31.
#[test]
fn an_assignment_tells_the_facts_that_it_was_made_on_and_who_was_next() {
    let seats: Vec<Seat> = ["ana", "ben", "cleo", "dan", "eve"]
        .into_iter()
        .zip(1..)
        .map(|(name, load)| loaded(name, load, 10, 7))
        .collect();
    let Choice::Assign {
        member,
        seat_version,
        facts,
    } = choose(&waiting_case("d", 5), &seats)
    else {
        panic!("nobody took it");
    };
    assert_eq!((member.name.as_str(), seat_version), ("ana", 1));
    assert_eq!((facts.load, facts.limit, facts.fit), (1, 10, 5));
    assert_eq!(facts.idle_since, at(7));
    let next: Vec<_> = facts
        .runners_up
        .iter()
        .map(|one| (one.member.name.as_str(), one.load))
        .collect();
    assert_eq!(next, [("ben", 2), ("cleo", 3), ("dan", 4)]);
}

/// SPEC E10, E33.
#[test]
fn nobody_at_the_limit_and_nobody_with_limit_0_or_a_closed_seat_is_assigned_to() {
    let case = waiting_case("d", 5);
    let closed = Seat {
        limit: None,
        ..seat("cleo")
    };
    let full = [
        loaded("ana", 2, 2, 0),
        loaded("ben", 0, 0, 0),
        loaded("dan", 3, 2, 0),
        closed,
    ];
    let reason = WaitReason::AllAtLimit { fit: 3 };
    assert_eq!(choose(&case, &full), Choice::Wait(reason));
    assert_eq!(waits_because(&case, &full), Some(reason));
    assert_eq!(waits_because(&case, &[loaded("ana", 1, 2, 0)]), None);
}

/// SPEC E16–E19: pending members, and E34: suspended and removed ones.
#[test]
fn whoever_is_not_active_is_never_assigned_to_and_does_not_keep_what_they_have() {
    let case = waiting_case("d", 5);
    let inactive = Seat {
        presence: Presence::Inactive,
        ..seat("ana")
    };
    assert_eq!(
        fit(&case.demand, &case.declined, &inactive),
        Err(Obstacle::Channel)
    );
    assert_eq!(
        waits_because(&case, std::slice::from_ref(&inactive)),
        Some(WaitReason::NobodyHasChannel)
    );
    assert!(!may_keep(&case.demand, &inactive));
    let away = Seat {
        presence: Presence::Away,
        load: 9,
        ..seat("ben")
    };
    assert!(may_keep(&case.demand, &away));
    let elsewhere = Seat {
        clients: ClientAccess::Only(BTreeSet::new()),
        ..away
    };
    assert!(!may_keep(&case.demand, &elsewhere));
}

/// SPEC E27, E31: a role without the right to reply takes nothing and keeps nothing.
#[test]
fn whoever_may_not_reply_is_never_assigned_to_and_does_not_keep_what_they_have() {
    let case = waiting_case("d", 5);
    let unknown = ReplyRight::OfRole(RoleId::derive(&["r"]));
    for reply_right in [ReplyRight::Lacking, unknown] {
        let silent = Seat {
            reply_right,
            ..seat("ana")
        };
        assert_eq!(may_have(&case.demand, &silent), Err(Obstacle::Permission));
        let reason = waits_because(&case, std::slice::from_ref(&silent));
        assert_eq!(reason, Some(WaitReason::NobodyMayReply));
        assert!(!may_keep(&case.demand, &silent));
        assert_eq!(chosen(&case, &[silent, seat("ben")]), Some(id("ben")));
    }
}

/// SPEC E39.
#[test]
fn a_conversation_waits_for_the_first_thing_that_nobody_has() {
    let mut case = waiting_case("d", 5);
    case.demand.team_id = Some(TeamId::derive(&["t"]));
    case.demand.skills = [skill("German")].into();
    case.declined = [id("ana")].into();
    let other_client = Seat {
        clients: ClientAccess::Only([ClientId::derive(&["other"])].into()),
        ..seat("ana")
    };
    let silent = Seat {
        reply_right: ReplyRight::Lacking,
        ..seat("ana")
    };
    let client = seat("ana");
    let team = Seat {
        teams: [TeamId::derive(&["t"]), TeamId::derive(&["u"])].into(),
        ..client.clone()
    };
    let declined = Seat {
        skills: [skill("german"), skill("refunds")].into(),
        ..team.clone()
    };
    let named = |name: &str, presence, load| Seat {
        member_id: id(name),
        presence,
        load,
        ..declined.clone()
    };
    let mut seats = Vec::new();
    for (seat, reason) in [
        (silent, Some(WaitReason::NobodyMayReply)),
        (other_client, Some(WaitReason::NobodyHasClient)),
        (client, Some(WaitReason::NobodyInTeam)),
        (team, Some(WaitReason::NobodyHasSkills)),
        (declined.clone(), Some(WaitReason::AllDeclined)),
        (
            named("ben", Presence::Away, 0),
            Some(WaitReason::NobodyAvailable { fit: 1 }),
        ),
        (
            named("cleo", Presence::Offline, 5),
            Some(WaitReason::NobodyAvailable { fit: 2 }),
        ),
        (
            named("dan", Presence::Paused, 0),
            Some(WaitReason::NobodyAvailable { fit: 3 }),
        ),
        (
            named("eve", Presence::Available, 5),
            Some(WaitReason::AllAtLimit { fit: 1 }),
        ),
        (named("finn", Presence::Available, 4), None),
    ] {
        seats.push(seat);
        assert_eq!(waits_because(&case, &seats), reason);
        seats.reverse();
        assert_eq!(waits_because(&case, &seats), reason);
    }
    assert_eq!(
        waits_because(&case, &[]),
        Some(WaitReason::NobodyHasChannel)
    );
    assert_eq!(chosen(&case, &seats), Some(id("finn")));
}

fn any_presence() -> impl Strategy<Value = Presence> {
    prop_oneof![
        4 => Just(Presence::Available),
        1 => Just(Presence::Away),
        1 => Just(Presence::Offline),
        1 => Just(Presence::Paused),
        1 => Just(Presence::Inactive),
    ]
}

fn any_seat() -> impl Strategy<Value = Seat> {
    let work = (
        any_presence(),
        proptest::option::weighted(0.9, 0..=LIMIT_MAX),
        0..=LIMIT_MAX,
    );
    let has = (0..4_u8, any::<bool>(), any::<bool>());
    ("[a-h]", work, has, 0..5_i64).prop_map(
        |(name, (presence, limit, load), (client, in_team, is_skilled), idle)| Seat {
            presence,
            limit,
            load,
            clients: if client == 0 {
                ClientAccess::Only(BTreeSet::new())
            } else {
                ClientAccess::All
            },
            teams: in_team
                .then(|| TeamId::derive(&["t"]))
                .into_iter()
                .collect(),
            skills: is_skilled.then(|| skill("German")).into_iter().collect(),
            idle_since: at(idle),
            ..seat(&name)
        },
    )
}

fn any_case() -> impl Strategy<Value = Case> {
    let declined = proptest::collection::btree_set("[a-h]", 0..3);
    (any::<bool>(), any::<bool>(), declined).prop_map(|(for_team, for_skill, declined)| {
        let mut case = waiting_case("d", 5);
        case.demand.team_id = for_team.then(|| TeamId::derive(&["t"]));
        case.demand.skills = for_skill.then(|| skill("German")).into_iter().collect();
        case.declined = declined.iter().map(|name| id(name)).collect();
        case
    })
}

/// Seats of different members.
fn any_seats() -> impl Strategy<Value = Vec<Seat>> {
    proptest::collection::vec(any_seat(), 0..9).prop_map(|mut seats| {
        seats.sort_by_key(|seat| seat.member_id);
        seats.dedup_by_key(|seat| seat.member_id);
        seats
    })
}

proptest! {
    /// SPEC E31, E33.
    #[test]
    fn whoever_is_chosen_fits_has_room_and_has_no_more_load_for_the_limit_than_any_other_who_fits(
        case in any_case(), seats in any_seats(),
    ) {
        let able: Vec<&Seat> = seats.iter().filter(|seat| fit(&case.demand, &case.declined, seat).is_ok()).collect();
        match choose(&case, &seats) {
            Choice::Wait(_) => prop_assert!(able.is_empty()),
            Choice::Assign { member, facts, .. } => {
                let seat = able.iter().find(|seat| seat.member_id == member.id).unwrap();
                prop_assert_eq!(seat.presence, Presence::Available);
                prop_assert_eq!(Some(facts.limit), seat.limit);
                prop_assert!(seat.load < facts.limit);
                prop_assert_eq!(facts.fit as usize, able.len());
                prop_assert_eq!(facts.runners_up.len(), (able.len() - 1).min(RUNNERS_UP_MAX));
                for other in able {
                    let limit = other.limit.unwrap();
                    prop_assert!(facts.load * limit <= other.load * facts.limit);
                }
            }
        }
    }

    #[test]
    fn the_choice_does_not_depend_on_the_order_of_the_seats(
        case in any_case(), seats in any_seats(), turn in 0..9_usize,
    ) {
        let mut turned = seats.clone();
        let places = seats.len().max(1);
        turned.rotate_left(turn % places);
        prop_assert_eq!(choose(&case, &seats), choose(&case, &turned));
        turned.reverse();
        prop_assert_eq!(choose(&case, &seats), choose(&case, &turned));
    }

    /// SPEC E39: whatever is said, a member who has that thing, and all before it, would change it.
    #[test]
    fn a_member_with_everything_and_room_ends_every_wait(case in any_case(), seats in any_seats()) {
        let mut seats = seats;
        seats.push(Seat {
            teams: [TeamId::derive(&["t"])].into(),
            skills: [skill("German")].into(),
            ..seat("zoe")
        });
        prop_assert_eq!(waits_because(&case, &seats), None);
    }
}
