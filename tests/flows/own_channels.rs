//! The channels that a member is allowed, beside one's own availability (SPEC E34, CONSOLE U104, U607).

use crate::world::{Person, World};
use serde_json::{Value, json};

const OWN: &str = "/v1/me/availability";

async fn call(world: &World, person: &Person, route: (&str, &str), body: Value) -> Value {
    let answer = world.call_as(person, route, body, &[]).await;
    assert!(answer.status < 300, "{route:?}: {}", answer.body);
    answer.body
}

/// SPEC E34.
#[tokio::test(flavor = "multi_thread")]
async fn ones_own_availability_comes_with_the_channels_that_one_is_allowed() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let ana = world.person("agent").await;
    let before = call(&world, &ana, ("GET", OWN), Value::Null).await;
    assert_eq!(before["channels"], json!([]));
    let added = json!({"key": "live_chat", "name": "Live chat"});
    call(&world, &admin, ("POST", "/v1/channels"), added).await;
    let member = format!("/v1/members/{}", ana.member_id);
    let work = json!({"work": {"channels": {"sms": 2, "live_chat": 0}}});
    call(&world, &admin, ("PATCH", &member), work).await;

    let paused = json!({"state": "available", "paused": ["sms"]});
    let set = call(&world, &ana, ("PUT", OWN), paused.clone()).await;
    let expected = json!([
        {"key": "live_chat", "name": "Live chat", "limit": 0, "paused": false},
        {"key": "sms", "name": "SMS", "limit": 2, "paused": true},
    ]);
    assert_eq!(set["channels"], expected);
    assert_eq!(call(&world, &ana, ("GET", OWN), Value::Null).await, set);
    // The same again changes nothing, and tells as much.
    assert_eq!(call(&world, &ana, ("PUT", OWN), paused).await, set);

    // Channels that connectors bring have names by themselves.
    let work = json!({"work": {"channels": {"sms": 2}}});
    call(&world, &admin, ("PATCH", &member), work).await;
    let left = call(&world, &ana, ("GET", OWN), Value::Null).await;
    assert_eq!(left["channels"].as_array().unwrap().len(), 1);
    assert_eq!(left["channels"][0]["name"], "SMS");
}
