//! Bounds of a desk, whatever its agents ask for: queues, their drains, their counts, and seats (issue 13; SPEC E33, E39).

use crate::{
    lifecycle::attribute,
    routing_model::stage::{
        Stage, by, client, conversation, demand, desk, done, project, seat, team,
    },
    world::World,
};
use futures_util::{
    StreamExt,
    future::{join, join3},
    stream,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use vestibule_adapters::dynamo::keys;
use vestibule_domain::{
    account::actor::Actor,
    ids::MemberId,
    ports::{RehomingStore, RoutedBy, RoutingStore},
    routing::{
        bounds::UNSUITED_QUEUES_MAX,
        demand::{Demand, SKILL_MAX_CHARS, SKILLS_MAX, Skill},
        routed::Verb,
        seat::Seat,
    },
    team::{client_access::ClientAccess, work::TEAMS_OF_MEMBER_MAX},
};
use vestibule_testkit::proof::scaled;

const SLACK: &str = "slack";
const MINUTE: Duration = Duration::from_mins(1);

/// The same demand, for this skill.
fn skilled(demand: &Demand, skill: &str) -> Demand {
    Demand {
        skills: Skill::new(skill).into_iter().collect(),
        ..demand.clone()
    }
}

/// The name of what an agent made up.
fn made_up(number: usize) -> String {
    format!("made up {number}")
}

/// SPEC E33, E39: the conversations wait where somebody can take them, and the skills of members keep their queues.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_makes_up_a_skill_for_each_conversation_fills_no_desk_and_none_of_them_is_lost()
 {
    let mut world = World::new().await;
    let ana = world.seated("ana", 0).await.member_id;
    let german = Skill::new("German").unwrap();
    world
        .change_seat(ana, |seat| seat.skills = [german].into())
        .await;
    for number in 0..UNSUITED_QUEUES_MAX + 2 {
        let name = made_up(number);
        world.offers(&name, skilled(&world.demand(), &name)).await;
        while world.work_routing().await {}
    }
    world
        .offers("hallo", skilled(&world.demand(), "german"))
        .await;
    while world.work_routing().await {}
    let queues = world.queues().await;
    // Those of the first ones, that of members who speak German, and that of all others.
    assert_eq!(queues.len(), UNSUITED_QUEUES_MAX + 2);
    let plain = queues.iter().find(|queue| queue.demand == world.demand());
    assert_eq!(plain.unwrap().waiting, 2);
    let last = made_up(UNSUITED_QUEUES_MAX + 1);
    assert_eq!(world.case(&last).await.demand, world.demand());
    let note = world.lines(&last).await.pop().unwrap().note.unwrap();
    assert!(note.ends_with(&last), "{note}");
    assert_eq!(world.lines_of(&made_up(0), Verb::Requeue).await, 0);
    world.assert_desk_agrees().await;
    world.change_seat(ana, |seat| seat.limit = Some(9)).await;
    world.orders_drain().await;
    while world.work_routing().await {}
    let over = made_up(UNSUITED_QUEUES_MAX);
    for name in ["hallo", over.as_str(), last.as_str()] {
        assert_eq!(world.holder_of(name).await, Some(ana), "{name}");
    }
    assert!(world.case(&made_up(0)).await.is_waiting());
    world.assert_desk_agrees().await;
}

/// SPEC E34: neither a requeue nor a transfer makes more queues than an offer does.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_waits_again_leaves_out_the_skills_for_which_the_desk_has_too_many_queues()
 {
    let stage = Stage::open().await;
    stage.sit(SLACK, &[seat("ana", 9)]).await;
    for number in 0..UNSUITED_QUEUES_MAX {
        let name = made_up(number);
        stage.waits(&name, SLACK, skilled(&demand(0), &name)).await;
    }
    let given = async |name: &str| {
        let case = stage.offered(name, SLACK, skilled(&demand(0), name)).await;
        done(stage.hand(&case, "ana", (Verb::Claim, false)).await)
    };
    let ana = Actor::member(seat("ana", 9).member_id, "ana".to_owned());
    let case = given("requeued").await;
    let noted = RoutedBy {
        note: Some("Lunch"),
        ..by(&ana, stage.now())
    };
    let requeued = done(stage.store.requeue(&case, None, noted).await);
    assert_eq!(requeued.demand, demand(0));
    let case = given("moved").await;
    let wanted = skilled(&demand(1), "moved");
    let moving = by(&ana, stage.now());
    let moved = done(stage.store.transfer(&case, &wanted, moving).await);
    assert_eq!(moved.demand, demand(1));
    // It waits there already.
    let moving = by(&ana, stage.now());
    let again = done(stage.store.transfer(&moved, &wanted, moving).await);
    assert_eq!(again, moved);
    for (name, begins) in [("requeued", "Lunch\n"), ("moved", "Skills left out")] {
        let lines = stage.plain.routed(project(), conversation(name), 0, 100);
        let note = lines.await.unwrap().pop().unwrap().note.unwrap();
        assert!(note.starts_with(begins) && note.ends_with(name), "{note}");
    }
    let queues = stage.plain.queues(&desk(SLACK)).await.unwrap();
    assert_eq!(queues.len(), UNSUITED_QUEUES_MAX + 2);
    stage.rows().check(&stage.known());
}

/// SPEC E20, E34: the queue of another client is no way around the bound either, and the thread tells of the move.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_waits_for_another_client_leaves_out_the_skills_for_which_the_desk_has_too_many_queues()
 {
    let stage = Stage::open().await;
    let system = Actor::system();
    let mut first = None;
    for number in 0..UNSUITED_QUEUES_MAX {
        let name = made_up(number);
        let case = stage.waits(&name, SLACK, skilled(&demand(0), &name)).await;
        first.get_or_insert(case);
    }
    let first = first.unwrap();
    let passed_on = || RoutedBy {
        note: Some("Passed on"),
        ..by(&system, stage.now())
    };
    let readdressed = stage.store.readdress(&first, client(1), passed_on());
    let moved = done(readdressed.await);
    assert!(moved.is_waiting());
    assert_eq!(moved.demand, demand(1));
    assert_eq!(moved.offered_at, first.offered_at);
    // It asks for that client already.
    let again = stage.store.readdress(&moved, client(1), passed_on());
    assert_eq!(done(again.await), moved);
    let lines = stage
        .plain
        .routed(project(), first.conversation_id, 0, 100)
        .await
        .unwrap();
    let requeues = lines.iter().filter(|line| line.verb == Verb::Requeue);
    let notes: Vec<&str> = requeues.filter_map(|line| line.note.as_deref()).collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    let left_out = notes[0].strip_prefix("Passed on\n").unwrap();
    assert!(left_out.ends_with(&made_up(0)), "{left_out}");
    let queues = stage.plain.queues(&desk(SLACK)).await.unwrap();
    assert_eq!(queues.len(), UNSUITED_QUEUES_MAX + 1);
    stage.rows().check(&stage.known());
}

/// Lets so many minutes pass, with a sweep after each, and returns the number of the router's jobs.
async fn sweeps(world: &mut World, minutes: usize) -> usize {
    let before = world.aws.accepted("routing.fifo");
    for _ in 0..minutes {
        world.clock.advance(MINUTE);
        assert!(world.sweep_if_due().await);
        while world.work_routing().await {}
    }
    world.aws.accepted("routing.fifo") - before
}

/// A desk whose first conversation waits for what nobody has, so that each sweep drains it, and a second one that waits for
/// German.
async fn hard_desk(limit: u32) -> (World, MemberId) {
    let mut world = World::new().await;
    let ana = world.seated("ana", limit).await.member_id;
    for (name, skill) in [("first", "Klingon"), ("hard", "German")] {
        world.offers(name, skilled(&world.demand(), skill)).await;
        world.clock.advance(Duration::from_millis(1));
    }
    while world.work_routing().await {}
    (world, ana)
}

async fn learns_german(world: &World, member: MemberId) {
    let german = Skill::new("German").unwrap();
    world
        .change_seat(member, |seat| seat.skills = [german].into())
        .await;
}

/// SPEC E22–E26: each sweep drains each desk. Once somebody suits a queue, the change of the member drains it at once, and
/// every sweep from then on.
#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_nobody_suits_is_drained_less_and_less_often_until_somebody_does() {
    let (mut world, ana) = hard_desk(0).await;
    sweeps(&mut world, 2).await;
    let mut drains = Vec::new();
    for minutes in [3, 55, 60] {
        // Each sweep has a job of the first queue.
        drains.push(sweeps(&mut world, minutes).await - minutes);
    }
    assert!(drains[0] >= 2, "{drains:?}");
    assert!((9..=16).contains(&drains[1]), "{drains:?}");
    assert!((3..=5).contains(&drains[2]), "{drains:?}");
    assert!(world.case("hard").await.is_waiting());
    learns_german(&world, ana).await;
    world.orders_drain().await;
    while world.work_routing().await {}
    // The mark of before is due within a quarter of an hour, and then each minute.
    sweeps(&mut world, 15).await;
    assert_eq!(sweeps(&mut world, 5).await, 10);
    world.change_seat(ana, |seat| seat.limit = Some(1)).await;
    assert_eq!(sweeps(&mut world, 1).await, 2);
    assert_eq!(world.holder_of("hard").await, Some(ana));
    world.assert_desk_agrees().await;
}

/// SPEC E22–E26: the sweep alone finds whoever suits a queue within its minute, however long that waits.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_gets_the_skills_gets_what_waits_for_them_with_the_next_sweep_however_seldom_it_is_drained()
 {
    for is_alone in [true, false] {
        let (mut world, ana) = hard_desk(1).await;
        world.clock.advance(MINUTE * 120);
        sweeps(&mut world, 2).await;
        if is_alone {
            world.releases("first").await;
            sweeps(&mut world, 1).await;
        }
        assert!(world.case("hard").await.is_waiting());
        learns_german(&world, ana).await;
        assert!(sweeps(&mut world, 1).await > 0);
        assert_eq!(world.holder_of("hard").await, Some(ana));
        // The marks end with the next look at them.
        sweeps(&mut world, 15).await;
        let orders = world.outbox();
        assert_eq!(orders.len(), usize::from(!is_alone), "{orders:?}");
    }
}

/// Issue 13: an abandoned demand leaves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_became_empty_is_removed_by_the_next_drain_of_its_desk_or_by_its_own_order() {
    for is_alone in [true, false] {
        let (mut world, _) = hard_desk(0).await;
        // The order of the second queue of a desk is due in a quarter of an hour.
        world.clock.advance(MINUTE * 120);
        sweeps(&mut world, 2).await;
        if is_alone {
            world.releases("first").await;
        }
        world.releases("hard").await;
        sweeps(&mut world, if is_alone { 15 } else { 1 }).await;
        let left = world.queues().await.into_iter();
        let left: Vec<Demand> = left.map(|queue| queue.demand).collect();
        let others = [skilled(&world.demand(), "Klingon")];
        assert_eq!(left, others[..usize::from(!is_alone)]);
        let orders = world.outbox();
        assert_eq!(orders.len(), usize::from(!is_alone), "{orders:?}");
        world.assert_desk_agrees().await;
    }
}

/// Issue 13: whoever joins a queue while it is removed has a queue and an order.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_joins_a_queue_while_it_is_removed_is_not_lost() {
    let stage = Stage::open().await;
    let (here, id) = (desk(SLACK), desk(SLACK).queue_id(&demand(0)));
    let system = Actor::system();
    let mut known = BTreeSet::new();
    let mut left = stage.waits("first", SLACK, demand(0)).await;
    for round in 0..scaled(40, 300) {
        let name = format!("d{round}");
        let next = stage.offered(&name, SLACK, demand(0)).await;
        known.insert(next.conversation_id);
        let (at, again) = (stage.now(), stage.now());
        done(stage.plain.release(&left, by(&system, at)).await);
        let (joined, _, _) = join3(
            stage.plain.enqueue(&next, at),
            stage.plain.settle_queue(&here, id, again),
            stage.store.settle_queue(&here, id, again),
        )
        .await;
        // Whoever met the others too often comes again from the queue.
        left = match joined {
            Ok(joined) => done(Ok(joined)),
            Err(_) => done(stage.plain.enqueue(&next, at).await),
        };
        stage.rows().check(&known);
        let queues = stage.plain.queues(&here).await.unwrap();
        assert_eq!(queues.len(), 1);
        let found = stage.plain.desk_of_queue(here.scope, id).await;
        assert_eq!(found.unwrap(), Some(here.clone()));
    }
}

/// Writes the number of a queue.
fn spoil_queue(stage: &Stage, waiting: usize) {
    let here = desk(SLACK);
    let mut queue = stage
        .row(&keys::queue(&here, here.queue_id(&demand(0))))
        .unwrap();
    queue["waiting"] = json!(waiting);
    stage.put(queue);
}

/// A desk with a long queue, and its length.
async fn long_queue() -> (Stage, usize) {
    let stage = Stage::open().await;
    stage.sit(SLACK, &[seat("ana", 5)]).await;
    let count = scaled(320, 10_000);
    let here = &stage;
    let waiting = (0..count)
        .map(|number| async move { here.waits(&format!("d{number}"), SLACK, demand(0)).await });
    let waiting: Vec<_> = stream::iter(waiting).buffered(16).collect().await;
    assert_eq!(waiting.len(), count);
    (stage, count)
}

/// Issue 13: nobody who changes a case waits for the count of a queue.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_leaves_a_queue_whose_number_is_wrong_in_as_few_calls_as_another_one() {
    let (stage, count) = long_queue().await;
    spoil_queue(&stage, 0);
    let case = stage.case("d0").await;
    stage.to_db.reset_counts();
    done(stage.hand(&case, "ana", (Verb::Claim, false)).await);
    let expected = [
        "DynamoDB.GetItem",
        "DynamoDB.TransactWriteItems",
        "DynamoDB.TransactWriteItems",
    ];
    assert_eq!(stage.to_db.sequence(), expected);
    let id = case.queue_id();
    let counted = stage.store.recount_queue(&desk(SLACK), id).await.unwrap();
    assert_eq!(counted.recorded, 0);
    assert_eq!(usize::try_from(counted.counted).unwrap(), count - 1);
    stage.rows().check(&[conversation("d0")].into());
}

/// Issue 13.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_queue_is_counted_in_few_calls_and_what_is_gone_is_removed_while_others_join() {
    let (stage, count) = long_queue().await;
    let (here, id) = (desk(SLACK), desk(SLACK).queue_id(&demand(0)));
    spoil_queue(&stage, 7);
    stage.to_db.reset_counts();
    let counted = stage.store.recount_queue(&here, id).await.unwrap();
    let numbers = (counted.recorded, counted.counted, counted.orphans);
    assert_eq!(numbers, (7, u32::try_from(count).unwrap(), 0));
    let calls = stage.to_db.sequence().len();
    assert!(calls <= 30, "{calls} calls");
    // Each row goes with its part of the number, so that those who join meanwhile refuse nothing.
    for number in 0..20 {
        let case = keys::case(project(), conversation(&format!("d{number}")));
        stage.db.delete_raw(&case.pk, &case.sk).unwrap();
    }
    let joins = (0..20).map(|number| {
        let here = &stage;
        async move { here.waits(&format!("e{number}"), SLACK, demand(0)).await }
    });
    let joins = stream::iter(joins).buffered(4).collect::<Vec<_>>();
    let (joined, counted) = join(joins, stage.store.recount_queue(&here, id)).await;
    assert_eq!(joined.len(), 20);
    assert_eq!(counted.unwrap().orphans, 20);
    stage.rows().check(&[].into());
    assert_eq!(stage.rows().waiting_cases().len(), count);
}

/// SPEC E33: its order would end, and with it the only way to find them.
#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_a_queue_whose_number_says_nothing_does_not_end_while_anything_waits() {
    let mut world = World::new().await;
    let ana = world.seated("ana", 0).await.member_id;
    for name in ["one", "two"] {
        world.offers(name, world.demand()).await;
    }
    while world.work_routing().await {}
    let here = world.desk(SLACK);
    let key = keys::queue(&here, here.queue_id(&world.demand()));
    let mut rows = world.rows(&key.sk).into_iter();
    let mut queue = rows.next().unwrap();
    queue.insert("waiting".to_owned(), json!(0));
    let queue = attribute(Value::Object(queue));
    world.db.put_raw(&queue["M"]).unwrap();
    assert_eq!(sweeps(&mut world, 1).await, 1);
    world.assert_desk_agrees().await;
    world.change_seat(ana, |seat| seat.limit = Some(2)).await;
    assert_eq!(sweeps(&mut world, 1).await, 1);
    for name in ["one", "two"] {
        assert_eq!(world.holder_of(name).await, Some(ana), "{name}");
    }
}

/// Issue 13: see [`SKILLS_MAX`].
#[tokio::test(flavor = "multi_thread")]
async fn a_seat_with_as_much_as_a_member_can_have_is_small_enough_for_a_desk_to_be_read_in_one_query()
 {
    let stage = Stage::open().await;
    let long = "\u{10348}".repeat(SKILL_MAX_CHARS - 2);
    let skills = (0..SKILLS_MAX).map(|number| Skill::new(&format!("{number:02}{long}")).unwrap());
    let skills: BTreeSet<Skill> = skills.collect();
    assert_eq!(skills.len(), SKILLS_MAX);
    let seats: Vec<Seat> = (0..100)
        .map(|number| Seat {
            clients: ClientAccess::Only((0..100).map(client).collect()),
            teams: (0..50).map(team).collect(),
            skills: skills.clone(),
            ..seat(&format!("m{number}"), 9)
        })
        .collect();
    assert_eq!(seats[0].teams.len(), TEAMS_OF_MEMBER_MAX);
    stage.sit(SLACK, &seats).await;
    let key = keys::seat(&desk(SLACK), seats[0].member_id);
    let size = stage.row(&key).unwrap().to_string().len();
    assert!((10_000..=16_000).contains(&size), "{size} bytes");
    stage.to_db.reset_counts();
    let found = stage.store.seats(&desk(SLACK)).await.unwrap();
    assert_eq!(found.len(), seats.len());
    assert_eq!(stage.to_db.sequence(), ["DynamoDB.Query"; 2]);
}
