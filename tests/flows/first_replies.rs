//! First replies, for which clients have limits (SPEC E37): what was missed is told once per case, whatever is done twice,
//! late, or changed meanwhile.

use crate::{
    admin::call,
    handoff::{only_conversation, shown},
    outgoing::say,
    world::{SAID, World},
};
use futures_util::future::join;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    account::actor::Actor,
    ports::{Changed, RoutedBy, RoutingStore},
    routing::{case::Case, routed::Verb},
};

const MINUTE: Duration = Duration::from_mins(1);

/// Gives the client of the open connector this limit.
fn limits(world: &World, minutes: u32) {
    let at = json!({"S": world.now().to_string()});
    let id = world.open.client_id.to_string();
    let row = json!({
        "pk": {"S": format!("ACCOUNT#{}", world.scope.account_id())},
        "sk": {"S": format!("CLIENT#{id}")},
        "id": {"S": id},
        "name": {"S": "Acme"},
        "first_reply_minutes": {"N": minutes.to_string()},
        "created_at": at,
    });
    world.db.put_raw(&row).unwrap();
}

/// Lets time pass, minute by minute, with a sweep in each.
async fn pass(world: &mut World, minutes: u32) {
    for _ in 0..minutes {
        world.clock.advance(MINUTE);
        assert!(world.sweep().await);
        while world.work_routing().await {}
    }
}

/// A world whose client has a limit of half an hour, and a conversation that waits.
async fn waiting() -> (World, Case) {
    let mut world = World::new().await;
    limits(&world, 30);
    world.offers("one", world.demand()).await;
    while world.work_routing().await {}
    let case = world.case("one").await;
    assert!(case.is_waiting());
    (world, case)
}

async fn misses(world: &World) -> usize {
    world.lines_of("one", Verb::MissFirstReply).await
}

/// Notes a first reply as the API does.
async fn replies(world: &World) -> Case {
    let case = world.case("one").await;
    let noted = world.routing_store().note_first_reply(&case, world.now());
    match noted.await.unwrap() {
        Changed::Done(case) => *case,
        other => panic!("{other:?}"),
    }
}

/// SPEC E37.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_without_a_reply_in_time_is_told_once_by_the_limit_at_its_offer() {
    let (mut world, case) = waiting().await;
    // Neither a longer limit nor none counts for what was offered before.
    limits(&world, 10_000);
    pass(&mut world, 29).await;
    assert_eq!(misses(&world).await, 0);
    pass(&mut world, 3).await;
    let late = world.case("one").await;
    let due = case.offered_at.plus(30 * MINUTE);
    assert_eq!(late.first_reply_due_at, Some(due));
    assert_eq!(late.first_reply_missed_at, Some(due));
    assert!(late.is_waiting());
    world.requeues("one", false).await;
    replies(&world).await;
    world.releases("one").await;
    pass(&mut world, 5).await;
    assert_eq!(misses(&world).await, 1);
    world.assert_desk_agrees().await;
}

/// SPEC E37.
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_or_the_end_in_time_misses_nothing() {
    let (mut world, _) = waiting().await;
    pass(&mut world, 28).await;
    assert_eq!(replies(&world).await.first_reply_at, Some(world.now()));
    pass(&mut world, 10).await;
    assert_eq!(misses(&world).await, 0);
    world.releases("one").await;
    // The next case of the conversation has a limit of its own, and is over before it.
    world.offers("one", world.demand()).await;
    while world.work_routing().await {}
    assert!(world.case("one").await.first_reply_due_at > Some(world.now()));
    world.releases("one").await;
    pass(&mut world, 40).await;
    assert_eq!(misses(&world).await, 0);
}

/// SPEC E37: whatever comes between the limit and the sweep tells the miss itself, also when it does so twice at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_reply_and_a_late_end_tell_the_miss_before_a_sweep_does() {
    for ends in [false, true] {
        let (mut world, case) = waiting().await;
        world.clock.advance(31 * MINUTE);
        let now = world.now();
        let routing = world.routing_store();
        if ends {
            let system = Actor::system();
            let by = RoutedBy::itself(&system, now);
            let both = join(routing.release(&case, by), routing.release(&case, by));
            let (one, other) = both.await;
            assert!(one.is_ok() || other.is_ok());
        } else {
            let both = join(
                routing.note_first_reply(&case, now),
                routing.note_missed_reply(&case, now),
            );
            let (one, other) = both.await;
            assert!(one.is_ok() || other.is_ok());
        }
        pass(&mut world, 3).await;
        let late = world.case("one").await;
        assert_eq!(late.first_reply_missed_at, case.first_reply_due_at);
        assert_eq!(misses(&world).await, 1, "{ends}");
        world.assert_desk_agrees().await;
    }
}

/// SPEC E37: the job finds what somebody did before it.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_was_put_back_before_the_router_looked_has_its_limit_too() {
    let mut world = World::new().await;
    limits(&world, 30);
    world.offers("one", world.demand()).await;
    world.requeues("one", false).await;
    assert_eq!(world.case("one").await.first_reply_due_at, None);
    while world.work_routing().await {}
    let case = world.case("one").await;
    let due = case.offered_at.plus(30 * MINUTE);
    assert_eq!(case.first_reply_due_at, Some(due));
    pass(&mut world, 32).await;
    assert_eq!(misses(&world).await, 1);
}

/// SPEC E37.
#[tokio::test(flavor = "multi_thread")]
async fn the_api_tells_of_a_missed_reply_in_the_case_and_among_its_lines() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let token = world.all_powers().await;
    let connector = format!("{}/connectors/{}", world.project_path(), world.open.id);
    let body = json!({"handler": "team"});
    let (status, answer) = call(&world, &token, "PATCH", &connector, body).await;
    assert_eq!(status, 200, "{answer}");
    limits(&world, 2);
    say(&world, &ada, SAID).await;
    world.work_all().await;
    let path = only_conversation(&world, "").await;
    assert_eq!(
        shown(&world, &path).await["case"]["first_reply_missed_at"],
        Value::Null
    );
    pass(&mut world, 4).await;
    let case = shown(&world, &path).await["case"].clone();
    assert_eq!(case["first_reply_missed_at"], case["first_reply_due_at"]);
    assert!(case["first_reply_missed_at"].is_string(), "{case}");
    let lines = shown(&world, &format!("{path}/routing")).await;
    assert_eq!(lines["items"][0]["verb"], "miss_first_reply");
}
