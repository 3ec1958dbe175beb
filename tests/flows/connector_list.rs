//! Facts that the list of connectors shows beside each: the people who wait, and the last test.

use crate::{
    admin::{all_powers, call, project},
    lifecycle::{patch, stranger},
    world::World,
};
use serde_json::{Value, json};
use vestibule_domain::access::request::Verdict;
use vestibule_testkit::simulator::Failure;

async fn get(world: &World, token: &str, path: &str) -> Value {
    let path = format!("{}/connectors{path}", project(world));
    let (status, answer) = call(world, token, "GET", &path, Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_shows_how_many_wait_and_how_its_last_test_went() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let connector = world.connector.id.to_string();
    for name in ["Ada Lovelace", "Grace Hopper", "Alan Turing"] {
        stranger(&world, name).await;
    }
    let bob = stranger(&world, "Bob Kahn").await;
    world.settle().await;
    world.decide(&bob, Verdict::Reject).await;
    let shown = get(&world, &token, &format!("/{connector}")).await;
    assert_eq!(shown["pending_count"], json!({"count": 3, "more": false}));
    assert_eq!(shown["last_test"], Value::Null);

    let test = format!("{}/connectors/{connector}/test", project(&world));
    for (failure, outcome) in [
        (Some(Failure::Http { status: 503 }), "unavailable"),
        (None, "ok"),
    ] {
        if let Some(failure) = failure {
            world.slack.fail_next("auth.test", failure);
        }
        let (status, tested) = call(&world, &token, "POST", &test, Value::Null).await;
        assert_eq!(status, 200, "{tested}");
        let expected = json!({
            "at": world.now(), "outcome": outcome, "problem": tested["problem"],
        });
        let list = get(&world, &token, "").await;
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), 2);
        for item in items {
            let is_tested = item["id"] == connector.as_str();
            let last_test = if is_tested { &expected } else { &Value::Null };
            assert_eq!(&item["last_test"], last_test, "{item}");
            let waiting = if is_tested { 3 } else { 0 };
            assert_eq!(item["pending_count"]["count"], waiting, "{item}");
        }
    }
    let renamed = patch(&world, &world.connector, json!({"name": "Help desk"})).await;
    assert_eq!(renamed["pending_count"]["count"], 3);
    assert_eq!(renamed["last_test"]["outcome"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_can_be_limited_to_an_environment() {
    let world = World::new().await;
    let token = all_powers(&world).await;
    let other = world.another_environment("Acme Sales").await;
    let of = async |environment_id: &str| -> Vec<String> {
        let list = get(&world, &token, &format!("?environment_id={environment_id}")).await;
        let items = list["items"].as_array().unwrap().iter();
        let ids = items.map(|item| item["id"].as_str().unwrap().to_owned());
        ids.collect()
    };
    let staging = of(&other.environment_id.to_string()).await;
    assert_eq!(staging, [other.id.to_string()]);
    let development = of(&world.connector.environment_id.to_string()).await;
    assert_eq!(development.len(), 2);
    assert!(!development.contains(&other.id.to_string()));
    let path = format!("{}/connectors?environment_id=x", project(&world));
    let (status, refused) = call(&world, &token, "GET", &path, Value::Null).await;
    assert_eq!(status, 400, "{refused}");
    assert_eq!(refused["errors"][0]["field"], "environment_id");
}
