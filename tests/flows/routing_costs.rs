//! AWS calls of routing, counted on the wire, at desks of different sizes (issue 13).
//!
//! Each look at a desk is one query, consistent, of all its seats and queues. A typical seat has 0.9 kB:
//!
//! | members | pages of the query | read units |
//! |---|---|---|
//! | 10 | 1 | 3 |
//! | 100 | 1 | 23 |
//! | 1,000 | 1 | 230 |
//! | 1,000 with everything that a member can have, 15 kB each | 15 | 3,700 |
//!
//! 50 queues that nobody suits and 150 that members suit add 60 kB, or 15 read units. Two hundred offers at once are in
//! `routing_store` and `routing`.

use crate::{
    routing_model::stage::{Stage, client, conversation, demand, desk, member, seat, skill, team},
    world::HEAVY,
};
use futures_util::{StreamExt, stream};
use std::time::{Duration, Instant};
use vestibule_adapters::dynamo::keys;
use vestibule_domain::{
    ids::MemberId,
    ports::RoutingStore,
    routing::{
        bounds::UNSUITED_QUEUES_MAX,
        demand::{Demand, Skill},
        seat::Seat,
    },
    team::client_access::ClientAccess,
};
use vestibule_testkit::proof::scaled;

const SLACK: &str = "slack";
/// Clients of the account.
const CLIENTS: u64 = 20;
/// The most calls that one assignment may take.
const CALLS: usize = 6;

/// A seat with as much to read as a member of a large account has.
fn large_seat(name: &str, limit: u32) -> Seat {
    Seat {
        clients: ClientAccess::Only((0..CLIENTS).map(client).collect()),
        teams: (0..3).map(team).collect(),
        skills: (0..5).map(skill).collect(),
        ..seat(name, limit)
    }
}

/// A desk with this many members, and with as many conversations that wait, since nobody has room.
async fn full_desk(members: usize, queued: usize) -> Stage {
    let stage = Stage::open().await;
    for number in 0..members {
        let name = format!("m{number}");
        stage.sit(SLACK, &[large_seat(&name, 0)]).await;
    }
    let here = &stage;
    let waiting = (0..queued).map(|number| {
        let of_client = demand(u64::try_from(number).unwrap() % CLIENTS);
        async move { here.waits(&format!("d{number}"), SLACK, of_client).await }
    });
    let waiting: Vec<_> = stream::iter(waiting).buffered(16).collect().await;
    assert_eq!(waiting.len(), queued);
    stage
}

/// Gives a member room for one more than what they have.
async fn make_room(stage: &Stage, name: &str, version: u64) -> MemberId {
    let load = stage.seat_of(SLACK, name).await.load;
    let with_room = Seat {
        version,
        ..large_seat(name, load + 1)
    };
    stage.sit(SLACK, &[with_room]).await;
    member(name).id
}

/// Sizes of desks: members, and conversations that wait.
fn sizes() -> Vec<(usize, usize)> {
    scaled(
        vec![(10, 40), (100, 100)],
        vec![(10, 100), (100, 10_000), (1_000, 10_000)],
    )
}

/// Issue 13: one assignment takes at most six calls, whatever the size of the desk and of its queues.
#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_takes_at_most_six_calls_whatever_the_number_of_members_and_of_those_who_wait()
 {
    let _turn = HEAVY.lock().await;
    for (members, queued) in sizes() {
        let stage = full_desk(members, queued).await;
        for round in 0..30_u64 {
            let name = format!("m{}", usize::try_from(round).unwrap() % members);
            let member_id = make_room(&stage, &name, round + 2).await;
            stage.to_db.reset_counts();
            let given = stage.drain(&desk(SLACK)).await.unwrap();
            let calls = stage.to_db.sequence();
            // First come, first served, over all queues.
            assert_eq!(given, [(conversation(&format!("d{round}")), member_id)]);
            assert!(calls.len() <= CALLS, "{members} {queued}: {calls:?}");
        }
        stage.rows().check(&[].into());
    }
}

/// Issue 13: at a desk with as many queues as an agent can make.
#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_takes_as_many_calls_at_a_desk_full_of_queues_that_nobody_suits() {
    let _turn = HEAVY.lock().await;
    let mut costs = Vec::new();
    for unsuited in [0, UNSUITED_QUEUES_MAX] {
        let stage = full_desk(10, 1).await;
        for number in 0..unsuited {
            let name = format!("made up {number}");
            let made_up = Demand {
                skills: Skill::new(&name).into_iter().collect(),
                ..demand(0)
            };
            stage.waits(&name, SLACK, made_up).await;
        }
        make_room(&stage, "m0", 2).await;
        stage.to_db.reset_counts();
        assert_eq!(stage.drain(&desk(SLACK)).await.unwrap().len(), 1);
        costs.push(stage.to_db.sequence());
    }
    assert!(costs[0].len() <= CALLS, "{costs:?}");
    assert_eq!(costs[0], costs[1]);
}

/// Issue 13: the table above.
#[tokio::test(flavor = "multi_thread")]
async fn a_desk_is_read_in_one_query_for_each_megabyte_of_its_seats() {
    let _turn = HEAVY.lock().await;
    for members in scaled(vec![10, 100], vec![10, 100, 1_000]) {
        let stage = full_desk(members, 0).await;
        let key = keys::seat(&desk(SLACK), member("m0").id);
        let size = stage.row(&key).unwrap().to_string().len();
        assert!(size <= 1_200, "{size} bytes");
        stage.to_db.reset_counts();
        let found = stage.store.desk(&desk(SLACK)).await.unwrap();
        assert_eq!(found.seats.len(), members);
        let pages = stage.to_db.sequence().len();
        assert!(pages <= 1 + members * size / 1_000_000, "{pages} pages");
    }
}

/// Issue 13.
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_takes_four_calls_whether_it_is_taken_at_once_or_waits() {
    let stage = Stage::open().await;
    stage.sit(SLACK, &[large_seat("ana", 1)]).await;
    for name in ["one", "two"] {
        stage.offered(name, SLACK, demand(0)).await;
        stage.to_db.reset_counts();
        stage.work_offer(conversation(name)).await.unwrap();
        // At the end, the desk is looked at once more: room may have appeared.
        let expected = [
            "DynamoDB.BatchGetItem",
            "DynamoDB.Query",
            "DynamoDB.TransactWriteItems",
            "DynamoDB.Query",
        ];
        assert_eq!(stage.to_db.sequence(), expected, "{name}");
    }
    assert_eq!(stage.rows().waiting_cases().len(), 1);
}

/// Issue 13: where there is room for many, each takes one transaction, and a page is read for 25 of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_drain_takes_little_more_than_one_call_for_each_assignment() {
    let _turn = HEAVY.lock().await;
    let (members, queued) = scaled((20, 120), (1_000, 10_000));
    let stage = full_desk(members, queued).await;
    for half in 1..=2 {
        let limit = u32::try_from(queued / members * half / 2).unwrap();
        for number in 0..members {
            let name = format!("m{number}");
            let with_room = Seat {
                version: 1 + u64::try_from(half).unwrap(),
                ..large_seat(&name, limit)
            };
            stage.sit(SLACK, &[with_room]).await;
        }
        stage.to_db.reset_counts();
        let began = Instant::now();
        let given = stage.drain(&desk(SLACK)).await.unwrap();
        let took = began.elapsed();
        assert_eq!(given.len(), queued / 2);
        let calls = stage.to_db.sequence().len();
        let pages = queued / 25 + usize::try_from(CLIENTS).unwrap() + 3;
        assert!(calls <= given.len() + pages, "{calls} calls");
        // A hundred each second.
        let slowest = Duration::from_millis(10) * u32::try_from(given.len()).unwrap();
        assert!(took < scaled(Duration::MAX, slowest), "{took:?}");
        let seats = stage.plain.seats(&desk(SLACK)).await.unwrap();
        assert!(seats.iter().all(|seat| seat.load == limit));
        let asked = stage.plain.queues(&desk(SLACK)).await.unwrap();
        let left: u32 = asked.iter().map(|queue| queue.waiting).sum();
        assert_eq!(usize::try_from(left).unwrap(), queued - queued / 2 * half);
    }
}
