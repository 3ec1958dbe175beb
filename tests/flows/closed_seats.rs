//! Seats that members leave behind at a desk (SPEC E34, E35).

use crate::world::{Person, World};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::routing::seat::Seat;

const SLACK: &str = "slack";

async fn call(world: &World, admin: &Person, route: (&str, &str), body: Value) {
    let answer = world.call_as(admin, route, body, &[]).await;
    assert_eq!(answer.status, 200, "{route:?}: {}", answer.body);
}

/// Calls a path under a member.
async fn change(world: &World, admin: &Person, member: &Person, route: (&str, &str), body: Value) {
    let (method, rest) = route;
    let path = format!("/v1/members/{}{rest}", member.member_id);
    call(world, admin, (method, &path), body).await;
}

/// A world with a super admin, and an agent who has this many conversations by Slack and room for one.
async fn stage(held: u32) -> (World, Person, Person) {
    let mut world = World::new().await;
    let admin = world.person("super_admin").await;
    let agent = world.person("agent").await;
    let work = json!({"work": {"channels": {SLACK: 1, "sms": 1}}});
    change(&world, &admin, &agent, ("PATCH", ""), work).await;
    for _ in 0..held {
        world.offers("one", world.demand()).await;
    }
    while world.work_routing().await {}
    assert_eq!(seat(&world, SLACK, &agent).await.unwrap().load, held);
    (world, admin, agent)
}

async fn seat(world: &World, channel: &str, member: &Person) -> Option<Seat> {
    world.seats_on(channel).await.remove(&member.member_id)
}

const REMOVE: (&str, &str) = ("POST", "/remove");

/// SPEC E34, E35: not before nothing is assigned there.
#[tokio::test(flavor = "multi_thread")]
async fn the_seats_of_a_removed_member_go_once_the_conversations_wait_for_others() {
    for held in [0, 1] {
        let (mut world, admin, agent) = stage(held).await;
        change(&world, &admin, &agent, REMOVE, Value::Null).await;
        let closed = seat(&world, SLACK, &agent).await.unwrap();
        assert_eq!((closed.limit, closed.load), (None, held));
        while world.work_routing().await {}
        for channel in [SLACK, "sms"] {
            assert_eq!(seat(&world, channel, &agent).await, None, "{channel}");
        }
        assert_eq!(world.rows("REQUEUE"), Vec::new());
        if held > 0 {
            assert!(world.case("one").await.is_waiting());
        }
        world.assert_desk_agrees().await;
    }
}

/// SPEC E34, E35: the seats of somebody who does not work stay, until the member is removed.
#[tokio::test(flavor = "multi_thread")]
async fn the_seats_of_a_suspended_member_stay_and_go_with_the_removal() {
    let (mut world, admin, agent) = stage(1).await;
    change(&world, &admin, &agent, ("POST", "/suspend"), Value::Null).await;
    while world.work_routing().await {}
    let kept = seat(&world, SLACK, &agent).await.unwrap();
    assert_eq!((kept.limit, kept.load), (Some(1), 0));
    change(&world, &admin, &agent, REMOVE, Value::Null).await;
    world.clock.advance(Duration::from_mins(2));
    assert!(world.sweep().await);
    while world.work_routing().await {}
    for channel in [SLACK, "sms"] {
        assert_eq!(seat(&world, channel, &agent).await, None, "{channel}");
    }
    assert_eq!(world.rows("REQUEUE"), Vec::new());
}

/// SPEC E34: and the seat is there again with the channel.
#[tokio::test(flavor = "multi_thread")]
async fn the_seat_on_a_channel_that_a_member_loses_goes_and_comes_back_with_it() {
    let (mut world, admin, agent) = stage(1).await;
    let without = json!({"work": {"channels": {"sms": 1}}});
    change(&world, &admin, &agent, ("PATCH", ""), without).await;
    while world.work_routing().await {}
    assert_eq!(seat(&world, SLACK, &agent).await, None);
    assert!(seat(&world, "sms", &agent).await.is_some());
    let with = json!({"work": {"channels": {SLACK: 2, "sms": 1}}});
    change(&world, &admin, &agent, ("PATCH", ""), with).await;
    while world.work_routing().await {}
    let back = seat(&world, SLACK, &agent).await.unwrap();
    assert_eq!((back.limit, back.load), (Some(2), 1));
    assert_eq!(world.holder_of("one").await, Some(agent.member_id));
    world.assert_desk_agrees().await;
}

/// SPEC E34: the order to remove it comes late.
#[tokio::test(flavor = "multi_thread")]
async fn a_seat_that_is_open_again_before_the_order_is_worked_off_stays() {
    let (mut world, admin, agent) = stage(1).await;
    for channels in [json!({}), json!({SLACK: 1})] {
        let work = json!({"work": {"channels": channels}});
        change(&world, &admin, &agent, ("PATCH", ""), work).await;
    }
    while world.work_routing().await {}
    let open = seat(&world, SLACK, &agent).await.unwrap();
    assert_eq!((open.limit, open.load), (Some(1), 1));
    assert_eq!(seat(&world, "sms", &agent).await, None);
    world.assert_desk_agrees().await;
}
