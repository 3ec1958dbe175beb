//! Availability of members (SPEC E34): set by themselves or by an admin, and the conversations that follow.

use crate::{
    invitations::{key_of, root},
    sign_in::audited,
    world::{Answer, Person, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::routing::seat::Presence;

const OWN: &str = "/v1/me/availability";

async fn set(world: &World, person: &Person, path: &str, body: Value) -> Answer {
    world.call_as(person, ("PUT", path), body, &[]).await
}

/// A member who is allowed these channels.
async fn allowed(world: &World, admin: &Person, channels: Value) -> Person {
    let person = world.person("agent").await;
    let path = format!("/v1/members/{}", person.member_id);
    let body = json!({"work": {"channels": channels}});
    let changed = world.call_as(admin, ("PATCH", &path), body, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    person
}

async fn presence(world: &World, channel: &str, person: &Person) -> Presence {
    world.seats_on(channel).await[&person.member_id].presence
}

/// SPEC E34.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_available_at_first_and_says_when_not_and_on_which_channel() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let ana = allowed(&world, &admin, json!({"slack": 2, "sms": 2})).await;
    let first = world.call_as(&ana, ("GET", OWN), Value::Null, &[]).await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!(first.body["state"], "available");
    assert_eq!(first.body["paused"], json!([]));
    world.clock.advance(Duration::from_mins(1));
    let body = json!({"state": "available", "paused": ["sms"]});
    let paused = set(&world, &ana, OWN, body.clone()).await;
    assert_eq!(paused.status, 200, "{}", paused.body);
    assert_ne!(paused.body["since"], first.body["since"]);
    assert_eq!(presence(&world, "slack", &ana).await, Presence::Available);
    assert_eq!(presence(&world, "sms", &ana).await, Presence::Paused);
    // The same again changes nothing.
    world.clock.advance(Duration::from_mins(1));
    let again = set(&world, &ana, OWN, body).await;
    assert_eq!(again.body, paused.body);
    assert_eq!(audited(&world, "member.availability_changed"), 1);
    for (state, expected) in [("away", Presence::Away), ("offline", Presence::Offline)] {
        let answer = set(&world, &ana, OWN, json!({"state": state})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        for channel in ["slack", "sms"] {
            assert_eq!(presence(&world, channel, &ana).await, expected);
        }
    }
    let path = format!("/v1/members/{}", ana.member_id);
    let read = world
        .call_as(&admin, ("GET", &path), Value::Null, &[])
        .await;
    assert_eq!(read.body["availability"]["state"], "offline");
    for wrong in [
        json!({}),
        json!({"state": "busy"}),
        json!({"state": "available", "paused": ["telegram"]}),
    ] {
        let refused = set(&world, &ana, OWN, wrong).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
    }
}

/// SPEC E22–E26, E34: whoever is away keeps theirs and gets nothing, and is assigned what waits once back.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_away_keeps_conversations_gets_no_further_ones_and_takes_what_waits_once_back() {
    let mut world = World::new().await;
    let admin = world.person("super_admin").await;
    let ana = allowed(&world, &admin, json!({"slack": 2})).await;
    world.offers("one", world.demand()).await;
    while world.work_routing().await {}
    assert_eq!(world.holder_of("one").await, Some(ana.member_id));
    for body in [
        json!({"state": "away"}),
        json!({"state": "offline"}),
        json!({"state": "available", "paused": ["slack"]}),
    ] {
        let answer = set(&world, &ana, OWN, body.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        world.offers("two", world.demand()).await;
        while world.work_routing().await {}
        assert!(world.case("two").await.is_waiting(), "{body}");
        assert_eq!(world.holder_of("one").await, Some(ana.member_id));
        let back = set(&world, &ana, OWN, json!({"state": "available"})).await;
        assert_eq!(back.status, 200, "{}", back.body);
        while world.work_routing().await {}
        assert_eq!(world.holder_of("two").await, Some(ana.member_id), "{body}");
        world.releases("two").await;
        world.clock.advance(Duration::from_secs(1));
    }
    world.assert_desk_agrees().await;
}

/// SPEC E34, D26.
#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sets_the_availability_of_members_who_hold_no_more() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let ana = allowed(&world, &admin, json!({"slack": 2})).await;
    let away = json!({"state": "away"});
    let of = |person: &Person| format!("/v1/members/{}/availability", person.member_id);
    let answer = set(&world, &admin, &of(&ana), away.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(presence(&world, "slack", &ana).await, Presence::Away);
    let refused = set(&world, &ana, &of(&admin), away.clone()).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let path = format!("/v1/members/{}", ana.member_id);
    let body = json!({"extra_permissions": ["members.manage"]});
    let raised = world.call_as(&admin, ("PATCH", &path), body, &[]).await;
    assert_eq!(raised.status, 200, "{}", raised.body);
    let refused = set(&world, &ana, &of(&admin), away).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/member-above");
}

/// SPEC E34: the last super admin may go to lunch.
#[tokio::test(flavor = "multi_thread")]
async fn the_only_super_admin_may_be_away() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let answer = set(&world, &admin, OWN, json!({"state": "away"})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_account_is_nobody_who_could_be_away() {
    let world = World::new().await;
    let root = root(&world).await;
    let key = key_of(&world, &root, json!(["members.read"])).await;
    let read = world.call(&key, ("GET", OWN), Value::Null, &[]).await;
    assert_eq!(read.status, 404, "{}", read.body);
    let body = json!({"state": "away"});
    let set = world.call(&key, ("PUT", OWN), body, &[]).await;
    assert_eq!(set.status, 404, "{}", set.body);
}
