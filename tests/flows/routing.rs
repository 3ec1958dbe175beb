//! The router: conversations that ask for a member, that wait, and that are taken from a member (SPEC E22–E34).

use crate::world::World;
use futures_util::future::{join, join_all};
use std::{collections::BTreeSet, time::Duration};
use tokio::sync::watch;
use vestibule_domain::{
    ids::ClientId,
    routing::{
        demand::{Demand, Skill},
        routed::Verb,
        seat::{Presence, Seat},
    },
    team::client_access::ClientAccess,
};
use vestibule_testkit::proof;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// A change of a seat.
type Change = fn(&mut Seat);

/// Offers conversations, a second after each other, and lets the router work.
async fn offered(world: &mut World, names: &[&str]) {
    for name in names {
        world.clock.advance(SECOND);
        world.offers(name, world.demand()).await;
    }
    while world.work_routing().await {}
}

/// The demand of another client.
fn of_client(world: &World, name: &str) -> Demand {
    Demand {
        client_id: ClientId::derive(&[name]),
        ..world.demand()
    }
}

async fn is_waiting(world: &World, name: &str) -> bool {
    world.case(name).await.is_waiting()
}

/// Lets the router work until nothing is left to do. The time of a job is over whenever there are ten more rows with this
/// sort key, and `part` is done then. Returns the numbers of batches and of parts.
async fn work_in_parts(world: &World, sort_key: &str, part: impl AsyncFn(usize)) -> (usize, usize) {
    let is_over = watch::Sender::new(false);
    let work = async {
        let mut batches = 0;
        while world.work_on("routing.fifo").await {
            batches += 1;
        }
        is_over.send_replace(true);
        batches
    };
    let time = async {
        let mut parts = 0;
        let mut over = is_over.subscribe();
        loop {
            let most = 10 * (parts + 1);
            tokio::select! {
                biased;
                _ = over.wait_for(|is_over| *is_over) => return parts,
                () = world.to_db.until(|_| world.rows(sort_key).len() >= most) => {}
            }
            world.clock.advance(Duration::from_secs(11));
            part(parts).await;
            parts += 1;
        }
    };
    join(work, time).await
}

/// SPEC E22, E31.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_at_once_to_the_member_with_the_lowest_load_for_the_limit_and_says_why()
{
    let mut world = World::new().await;
    let ben = world.seated("ben", 2).await;
    world.clock.advance(SECOND);
    let ana = world.seated("ana", 4).await;
    offered(&mut world, &["one", "two", "three"]).await;
    // Nobody has anything: the longest idle. Then 0 of 4 before 1 of 2, and 1 of 4 before 1 of 2.
    for (name, member) in [("one", &ben), ("two", &ana), ("three", &ana)] {
        assert_eq!(
            world.holder_of(name).await,
            Some(member.member_id),
            "{name}"
        );
    }
    let lines = world.lines("three").await;
    let last = lines.last().unwrap();
    assert_eq!((last.verb, last.by.id.as_str()), (Verb::Assign, "system"));
    let basis = last.basis.as_ref().unwrap();
    assert_eq!((basis.load, basis.limit, basis.fit), (1, 4, 2));
    assert_eq!(basis.runners_up[0].member.id, ben.member_id);
    world.assert_desk_agrees().await;
}

/// SPEC E33.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_nobody_can_take_waits_and_blocks_none_behind_it() {
    let mut world = World::new().await;
    let ana = world.seated("ana", 1).await;
    let german = Demand {
        skills: Skill::new("German").into_iter().collect(),
        ..world.demand()
    };
    world.offers("hard", german).await;
    offered(&mut world, &["easy", "late"]).await;
    assert!(is_waiting(&world, "hard").await);
    assert_eq!(world.holder_of("easy").await, Some(ana.member_id));
    assert!(is_waiting(&world, "late").await);
    world.releases("easy").await;
    world.orders_drain().await;
    assert!(world.work_routing().await);
    assert_eq!(world.holder_of("late").await, Some(ana.member_id));
    assert!(is_waiting(&world, "hard").await);
    world.assert_desk_agrees().await;
}

/// SPEC E33.
#[tokio::test(flavor = "multi_thread")]
async fn room_goes_to_the_oldest_conversation_of_all_queues_that_a_member_can_take() {
    let mut world = World::new().await;
    let ana = world.seated("ana", 0).await;
    let ben = world.seated("ben", 0).await;
    let (one, other) = (world.demand(), of_client(&world, "other"));
    let only_other = ClientAccess::Only([other.client_id].into());
    world
        .change_seat(ben.member_id, |seat| seat.clients = only_other)
        .await;
    for (name, demand) in [
        ("first", &one),
        ("second", &other),
        ("third", &one),
        ("fourth", &other),
    ] {
        world.clock.advance(SECOND);
        world.offers(name, demand.clone()).await;
    }
    while world.work_routing().await {}
    for name in ["first", "second", "third", "fourth"] {
        assert!(is_waiting(&world, name).await, "{name}");
    }
    for (member, limit, names) in [
        (&ben, 1, ["second"].as_slice()),
        (&ana, 2, ["first", "third"].as_slice()),
        (&ana, 3, ["fourth"].as_slice()),
    ] {
        world
            .change_seat(member.member_id, |seat| seat.limit = Some(limit))
            .await;
        world.orders_drain().await;
        assert!(world.work_routing().await);
        for name in names {
            assert_eq!(
                world.holder_of(name).await,
                Some(member.member_id),
                "{name}"
            );
        }
    }
    world.assert_desk_agrees().await;
}

/// SPEC E33: the room was made, and the job that tells of it was lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_conversation_does_not_overtake_one_that_waits() {
    let mut world = World::new().await;
    let ana = world.seated("ana", 1).await;
    offered(&mut world, &["first", "second"]).await;
    assert!(is_waiting(&world, "second").await);
    world.releases("first").await;
    offered(&mut world, &["third"]).await;
    assert_eq!(world.holder_of("second").await, Some(ana.member_id));
    assert!(is_waiting(&world, "third").await);
    assert!(!world.case("first").await.is_open());
    world.assert_desk_agrees().await;
}

/// SPEC E34.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_declined_a_conversation_is_not_offered_it_in_that_wait_and_it_keeps_its_place() {
    let mut world = World::new().await;
    let ana = world.seated("ana", 2).await;
    offered(&mut world, &["first", "second"]).await;
    let offered_at = world.case("first").await.offered_at;
    world.clock.advance(MINUTE);
    world.requeues("first", true).await;
    world.releases("second").await;
    world.orders_drain().await;
    assert!(world.work_routing().await);
    assert!(is_waiting(&world, "first").await);
    assert_eq!(world.case("first").await.offered_at, offered_at);
    offered(&mut world, &["third"]).await;
    assert_eq!(world.holder_of("third").await, Some(ana.member_id));
    let ben = world.seated("ben", 1).await;
    offered(&mut world, &["fourth"]).await;
    assert_eq!(world.holder_of("first").await, Some(ben.member_id));
    assert_eq!(world.case("first").await.declined, BTreeSet::new());
    world.assert_desk_agrees().await;
}

/// SPEC E22–E26: each change of a seat alone, and the job that it orders.
#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_conversation_is_assigned_within_one_job_once_a_seat_has_room_for_it() {
    let changes: [(Change, Change); 5] = [
        (|seat| seat.limit = Some(0), |seat| seat.limit = Some(1)),
        (
            |seat| seat.presence = Presence::Inactive,
            |seat| seat.presence = Presence::Available,
        ),
        (
            |seat| seat.presence = Presence::Away,
            |seat| seat.presence = Presence::Available,
        ),
        (
            |seat| seat.presence = Presence::Paused,
            |seat| seat.presence = Presence::Available,
        ),
        (
            |seat| seat.clients = ClientAccess::Only(BTreeSet::new()),
            |seat| seat.clients = ClientAccess::All,
        ),
    ];
    let mut world = World::new().await;
    let ana = world.seated("ana", 1).await.member_id;
    for (number, (closes, opens)) in changes.into_iter().enumerate() {
        let name = format!("conversation {number}");
        world.change_seat(ana, closes).await;
        offered(&mut world, &[name.as_str()]).await;
        assert!(is_waiting(&world, &name).await, "{number}");
        world.change_seat(ana, opens).await;
        world.orders_drain().await;
        assert!(world.work_routing().await);
        assert_eq!(world.holder_of(&name).await, Some(ana), "{number}");
        world.releases(&name).await;
    }
    world.assert_desk_agrees().await;
}

/// SPEC E22–E26, E32: a requeue makes room for whoever waits, and so does a release.
#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_conversation_is_assigned_within_one_job_once_another_one_makes_room() {
    let mut world = World::new().await;
    let ana = world.seated("ana", 1).await.member_id;
    offered(&mut world, &["first", "second", "third"]).await;
    world.requeues("first", true).await;
    world.orders_drain().await;
    assert!(world.work_routing().await);
    assert_eq!(world.holder_of("second").await, Some(ana));
    world.releases("second").await;
    world.orders_drain().await;
    assert!(world.work_routing().await);
    assert_eq!(world.holder_of("third").await, Some(ana));
    assert!(is_waiting(&world, "first").await);
    world.assert_desk_agrees().await;
}

/// SPEC E22–E26: no job tells of the room.
#[tokio::test(flavor = "multi_thread")]
async fn the_sweep_alone_assigns_a_waiting_conversation_within_its_minute() {
    let mut world = World::new().await;
    let ana = world.seated("ana", 0).await;
    offered(&mut world, &["one"]).await;
    for _ in 0..3 {
        world.clock.advance(MINUTE);
        assert!(world.sweep().await);
        assert!(world.work_routing().await);
        assert!(is_waiting(&world, "one").await);
    }
    world
        .change_seat(ana.member_id, |seat| seat.limit = Some(1))
        .await;
    world.clock.advance(MINUTE);
    assert!(world.sweep().await);
    assert!(world.work_routing().await);
    assert_eq!(world.holder_of("one").await, Some(ana.member_id));
    assert!(world.outbox().is_empty(), "{:?}", world.outbox());
}

/// The offer's transaction is all that an offer needs.
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_whose_job_was_lost_is_worked_off_within_two_minutes() {
    let mut world = World::new().await;
    let ana = world.seated("ana", 1).await;
    world.offers_unheard("one", world.demand()).await;
    assert!(!world.work_routing().await);
    for _ in 0..2 {
        world.clock.advance(MINUTE);
        assert!(world.sweep().await);
        world.work_routing().await;
    }
    assert_eq!(world.holder_of("one").await, Some(ana.member_id));
    assert!(world.outbox().is_empty());
}

/// SPEC E33.
#[tokio::test(flavor = "multi_thread")]
async fn one_assignment_takes_six_calls_at_most_however_many_wait() {
    let mut world = World::new().await;
    let ana = world.seated("ana", 0).await;
    let names: Vec<String> = (0..30).map(|number| number.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    offered(&mut world, &names).await;
    let ben = world.seated("ben", 1).await;
    let other = of_client(&world, "other");
    for (seat, client) in [(&ana, world.demand()), (&ben, other.clone())] {
        let only = ClientAccess::Only([client.client_id].into());
        world
            .change_seat(seat.member_id, |seat| seat.clients = only)
            .await;
    }
    world.offers("another", other).await;
    world.count_from_here();
    assert!(world.work_routing().await);
    assert_eq!(world.holder_of("another").await, Some(ben.member_id));
    assert!(world.to_db.sequence().len() <= 6, "{:?}", world.aws_calls());
    world
        .change_seat(ana.member_id, |seat| seat.limit = Some(1))
        .await;
    world.orders_drain().await;
    world.count_from_here();
    assert!(world.work_routing().await);
    assert_eq!(world.holder_of("0").await, Some(ana.member_id));
    assert!(world.to_db.sequence().len() <= 6, "{:?}", world.aws_calls());
}

/// SPEC E22–E26.
#[tokio::test(flavor = "multi_thread")]
async fn a_drain_stops_before_its_time_is_over_and_others_do_the_rest() {
    let mut world = World::new().await;
    let ana = world.seated("ana", 0).await.member_id;
    let names: Vec<String> = (0..40).map(|number| number.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    offered(&mut world, &names).await;
    world.change_seat(ana, |seat| seat.limit = Some(1000)).await;
    world.orders_drain().await;
    let (jobs, _) = work_in_parts(&world, "CASE#", async |_| {}).await;
    assert!(jobs > 2, "{jobs}");
    assert_eq!(world.seat(ana).await.load, 40);
    assert_eq!(world.rows("WAITING#"), Vec::new());
    world.assert_desk_agrees().await;
}

/// SPEC E33.
#[tokio::test(flavor = "multi_thread")]
async fn a_drain_makes_one_call_for_each_assignment_however_many_members_there_are() {
    let names: Vec<String> = (0..60).map(|number| number.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut calls = Vec::new();
    for members in [10, proof::scaled(100, 1000)] {
        let mut world = World::new().await;
        let mut seats = Vec::new();
        for number in 0..members {
            seats.push(world.seated(&format!("member {number}"), 0).await);
        }
        offered(&mut world, &names).await;
        for seat in seats.iter().take(10) {
            world
                .change_seat(seat.member_id, |seat| seat.limit = Some(6))
                .await;
        }
        world.orders_drain().await;
        world.count_from_here();
        assert!(world.work_routing().await);
        calls.push(world.to_db.sequence().len());
        assert_eq!(world.rows("WAITING#"), Vec::new());
        world.assert_desk_agrees().await;
    }
    // The desk, three pages of its queue, and each assignment.
    assert_eq!(calls, [64, 64]);
}

/// SPEC E34: a member who has very many conversations is removed while others arrive.
#[tokio::test(flavor = "multi_thread")]
async fn the_conversations_of_a_removed_member_wait_again_in_parts_while_others_arrive() {
    let count = proof::scaled(40, 500);
    let mut world = World::new().await;
    let ana = world.seated("ana", 1000).await;
    let names: Vec<String> = (0..count).map(|number| format!("held {number}")).collect();
    for name in &names {
        world.clock.advance(SECOND);
        world.offers(name, world.demand()).await;
        while world.work_routing().await {}
    }
    assert_eq!(world.seat(ana.member_id).await.load, count);
    let ben = world.seated("ben", 3).await;
    world.removes(ana.member_id).await;
    let (jobs, others) = work_in_parts(&world, "WAITING#", async |number| {
        let name = format!("other {number}");
        world.offers(&name, world.demand()).await;
    })
    .await;
    assert!(jobs > 2, "{jobs}");
    world.settle().await;
    let ana = world.seat(ana.member_id).await;
    assert_eq!((ana.load, ana.limit), (0, None));
    assert_eq!(world.seat(ben.member_id).await.load, 3);
    let mut with_ben = 0;
    let mut last = world.now().plus(Duration::from_hours(24));
    for name in names.iter().rev() {
        let case = world.case(name).await;
        assert!(case.offered_at < last, "{name} lost its time");
        last = case.offered_at;
        assert!(case.is_open());
        assert_eq!(world.lines_of(name, Verb::Requeue).await, 1, "{name}");
        with_ben += usize::from(case.member_id() == Some(ben.member_id));
    }
    for number in 0..others {
        let case = world.case(&format!("other {number}")).await;
        with_ben += usize::from(case.member_id() == Some(ben.member_id));
    }
    assert_eq!(with_ben, 3);
    assert_eq!(world.rows("REQUEUE"), Vec::new());
    world.assert_desk_agrees().await;
}

/// SPEC E34.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_loses_a_client_keeps_the_conversations_of_the_others() {
    let mut world = World::new().await;
    let ana = world.seated("ana", 5).await;
    let (one, other) = (world.demand(), of_client(&world, "other"));
    world.offers("lost", one).await;
    world.offers("kept", other.clone()).await;
    while world.work_routing().await {}
    let only_other = ClientAccess::Only([other.client_id].into());
    world
        .change_seat(ana.member_id, |seat| seat.clients = only_other)
        .await;
    world.orders_requeue(ana.member_id).await;
    while world.work_routing().await {}
    assert!(is_waiting(&world, "lost").await);
    assert_eq!(world.holder_of("kept").await, Some(ana.member_id));
    assert_eq!(world.rows("REQUEUE"), Vec::new());
    world.assert_desk_agrees().await;
}

/// SPEC E33: two hundred ask at once, and several sandboxes decide.
#[tokio::test(flavor = "multi_thread")]
async fn offers_and_drains_at_once_leave_every_limit_exact() {
    let count: usize = proof::scaled(30, 200);
    let mut world = World::new().await;
    let mut members = Vec::new();
    for number in 0..5 {
        members.push(world.seated(&format!("member {number}"), 2).await.member_id);
    }
    for number in 0..count {
        world.offers(&number.to_string(), world.demand()).await;
        world.orders_drain().await;
    }
    let workers = (0..4).map(|_| async { while world.work_on("routing.fifo").await {} });
    join_all(workers).await;
    world.settle().await;
    for member_id in members {
        assert_eq!(world.seat(member_id).await.load, 2);
    }
    assert_eq!(world.rows("WAITING#").len(), count - 10);
    world.assert_desk_agrees().await;
}
