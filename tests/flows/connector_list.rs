//! Facts that the list of connectors shows beside each: the people who wait, the last message, and the last test.

use crate::{
    admin::{all_powers, call, project},
    lifecycle::{patch, stranger},
    parked_changes::go_down,
    world::{SAID, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{access::request::Verdict, connector::Connector};
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

/// The time of the last message through a connector, which its record and the list show alike.
async fn last_message(world: &World, token: &str, connector: &Connector) -> Value {
    let id = connector.id.to_string();
    let shown = get(world, token, &format!("/{id}")).await;
    let list = get(world, token, "").await;
    let mut items = list["items"].as_array().unwrap().iter();
    let row = items.find(|item| item["id"] == id.as_str()).unwrap();
    assert_eq!(row["last_message_at"], shown["last_message_at"]);
    shown["last_message_at"].clone()
}

/// Lets a person write some minutes later, and returns the time.
async fn writes(world: &World, connector: &Connector, person: &str) -> Value {
    world.clock.advance(Duration::from_mins(5));
    let at = json!(world.now());
    let message = world.says(connector, person, SAID);
    assert_eq!(world.webhook(connector, &message).await, 200);
    at
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_shows_when_people_last_wrote_whether_they_wait_are_answered_or_parked() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let (connector, open) = (world.connector.clone(), world.open.clone());
    let ada = world.newcomer("Ada Lovelace");
    for one in [&connector, &open] {
        assert_eq!(last_message(&world, &token, one).await, Value::Null);
    }
    for _ in ["asks", "waits"] {
        let at = writes(&world, &connector, &ada).await;
        world.settle().await;
        assert_eq!(last_message(&world, &token, &connector).await, at);
    }
    let waited = last_message(&world, &token, &connector).await;
    let answered = writes(&world, &open, &ada).await;
    world.settle().await;
    assert_eq!(last_message(&world, &token, &open).await, answered);
    assert_eq!(last_message(&world, &token, &connector).await, waited);

    go_down(&world);
    let parked = writes(&world, &open, &ada).await;
    assert!(world.work_inbox().await);
    assert!(!world.rows("PARKED#").is_empty());
    assert_eq!(last_message(&world, &token, &open).await, parked);
}

/// A project from before its requests were counted shows the time all the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_the_last_message_is_shown_where_requests_are_counted_one_by_one() {
    let world = World::new().await;
    let token = all_powers(&world).await;
    let connector = world.connector.clone();
    let ada = world.newcomer("Ada Lovelace");
    let at = writes(&world, &connector, &ada).await;
    let pk = world.rows("BEGUN")[0]["pk"].as_str().unwrap().to_owned();
    world.db.delete_raw(&pk, "BEGUN").unwrap();
    assert_eq!(last_message(&world, &token, &connector).await, at);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_the_last_message_takes_no_call_and_is_written_once_a_minute() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let connector = world.connector.clone();
    let ada = world.newcomer("Ada Lovelace");
    writes(&world, &connector, &ada).await;
    world.settle().await;
    let at = writes(&world, &connector, &ada).await;
    assert_eq!(last_message(&world, &token, &connector).await, at);
    let tallies = world.rows("CONNECTOR#");
    for _ in 0..3 {
        world.clock.advance(Duration::from_secs(2));
        let message = world.says(&connector, &ada, SAID);
        world.count_from_here();
        assert_eq!(world.webhook(&connector, &message).await, 200);
        assert_eq!(
            world.aws_calls(),
            ["DynamoDB.BatchGetItem", "DynamoDB.TransactWriteItems"]
        );
    }
    assert_eq!(world.rows("CONNECTOR#"), tallies);
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
