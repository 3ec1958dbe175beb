//! Environments that connectors or people need are not deleted, whatever happens at the same time (SPEC C60).

use crate::{
    admin::{all_powers, call, project},
    environments::{add, environments},
    lifecycle::stranger,
    world::World,
};
use futures_util::future::join;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{access::request::Verdict, ids::EnvironmentId};
use vestibule_testkit::fault_proxy::{Fault, Rule};

async fn delete(world: &World, token: &str, id: EnvironmentId) -> (u16, Value) {
    let path = format!("{}/{id}", environments(world));
    call(world, token, "DELETE", &path, Value::Null).await
}

/// Lets the open connector lead to this environment.
async fn lead(world: &World, token: &str, id: EnvironmentId) -> (u16, Value) {
    let path = format!("{}/connectors/{}", project(world), world.open.id);
    call(world, token, "PATCH", &path, json!({"environment_id": id})).await
}

/// Asserts that nothing says that an environment is about to be deleted.
fn assert_all_open(world: &World) {
    assert_eq!(world.rows("CLOSED").len(), 0);
}

/// SPEC C60.
#[tokio::test(flavor = "multi_thread")]
async fn an_environment_that_is_needed_stays_and_the_refusal_names_who_needs_it() {
    let world = World::new().await;
    let token = all_powers(&world).await;
    let first = world.connector.environment_id;
    let staging = add(&world, &token, "Staging").await;
    assert_eq!(lead(&world, &token, staging).await.0, 200);
    let (status, refused) = delete(&world, &token, staging).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["type"], "/problems/environment-in-use");
    let open = json!([{"id": world.open.id, "name": world.open.name}]);
    assert_eq!(refused["leading_connectors"], open);
    assert_eq!(refused["other_connectors"], 0);
    assert_eq!(
        refused["users"],
        json!({"count": 0, "more": false, "some": []})
    );

    assert_eq!(lead(&world, &token, first).await.0, 200);
    let ada = world.add_holder("Ada", None, &[staging]).await.unwrap();
    let (status, refused) = delete(&world, &token, staging).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["leading_connectors"], json!([]));
    let named = json!([{"id": ada.id, "display_name": "Ada"}]);
    assert_eq!(
        refused["users"],
        json!({"count": 1, "more": false, "some": named})
    );
    assert_all_open(&world);

    world
        .change_holder(ada.id, &[first, staging])
        .await
        .unwrap();
    let (status, answer) = delete(&world, &token, staging).await;
    assert_eq!(status, 204, "{answer}");
    assert_eq!(delete(&world, &token, staging).await.0, 404);
    let late = lead(&world, &token, staging).await;
    assert_eq!(late.0, 422, "{}", late.1);
    assert!(world.add_holder("Bob", None, &[staging]).await.is_none());
    // The name is free.
    add(&world, &token, "staging").await;
}

/// SPEC C60: who holds others too loses it, with the chat users that they are.
#[tokio::test(flavor = "multi_thread")]
async fn the_people_who_hold_others_too_lose_a_deleted_environment() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let first = world.connector.environment_id;
    let staging = add(&world, &token, "Staging").await;
    let [linked, alone] = [
        stranger(&world, "Ada Lovelace").await,
        stranger(&world, "Bob Martin").await,
    ];
    world.settle().await;
    for person in [&linked, &alone] {
        world.decide(person, Verdict::Approve).await;
        let id = world.chat_user_id(person);
        let path = format!("{}/chat-users/{id}/approve", project(&world));
        let body = json!({"environment_id": staging});
        let (status, answer) = call(&world, &token, "POST", &path, body).await;
        assert_eq!(status, 200, "{answer}");
    }
    let ada = world
        .add_holder("Ada", Some("+4915112345678"), &[first, staging])
        .await
        .unwrap();
    world.link_holder(&linked, ada.id).await;
    world.settle().await;
    let (status, answer) = delete(&world, &token, staging).await;
    assert_eq!(status, 204, "{answer}");
    world.settle().await;
    let ada = world.holder(ada.id).await.unwrap();
    assert_eq!(ada.environments, [first].into());
    let users = world.rows("USER");
    assert_eq!(users.len(), 2);
    for user in &users {
        let grants: Vec<_> = user["grants"].as_object().unwrap().keys().collect();
        assert_eq!(grants, [&first.to_string()], "{user:?}");
    }
    let phone = world.rows("PHONE").remove(0);
    assert_eq!(phone["environments"], json!([first]));
    let left = world.db.items().unwrap();
    let holders = format!("#HOLDERS#{staging}");
    let is_left =
        |row: &&serde_json::Map<String, Value>| row["pk"].as_str().unwrap().ends_with(&holders);
    assert_eq!(left.iter().filter(is_left).count(), 0);
    assert!(world.outbox().is_empty());
}

/// SPEC C60.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_connector_leads_to_an_environment_that_is_deleted_at_the_same_time() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let first = world.connector.environment_id;
    for round in 0..10 {
        let id = add(&world, &token, &format!("Preview {round}")).await;
        let ((led, answer), (deleted, _)) = join(
            Box::pin(lead(&world, &token, id)),
            Box::pin(delete(&world, &token, id)),
        )
        .await;
        assert_ne!((led, deleted), (200, 204), "round {round}");
        assert!(led == 200 || deleted == 204, "{led} {deleted}: {answer}");
        assert_all_open(&world);
        assert_eq!(lead(&world, &token, first).await.0, 200);
        world.settle().await;
    }
}

/// SPEC C60.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_holds_an_environment_alone_that_is_deleted_at_the_same_time() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let first = world.connector.environment_id;
    for round in 0..10 {
        let id = add(&world, &token, &format!("Preview {round}")).await;
        let (new, other) = (format!("New {round}"), format!("Other {round}"));
        let other = world.add_holder(&other, None, &[first, id]).await.unwrap();
        let sole = [id];
        let both = join(
            Box::pin(world.add_holder(&new, None, &sole)),
            Box::pin(world.change_holder(other.id, &sole)),
        );
        let ((added, changed), (deleted, _)) =
            join(both, Box::pin(delete(&world, &token, id))).await;
        let is_needed = added.is_some() || changed.is_some();
        assert_eq!(deleted == 204, !is_needed, "round {round}: {deleted}");
        assert_all_open(&world);
        world.settle().await;
        let other = world.holder(other.id).await.unwrap();
        assert!(!other.environments.is_empty(), "round {round}: {other:?}");
    }
}

/// SPEC C60: a deletion that dies on the way is made or not, and leaves nothing behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_dies_at_any_write_comes_to_an_end() {
    for fault in [Fault::KillBefore, Fault::KillAfter] {
        for occurrence in 1..=2 {
            let mut world = World::new().await;
            let token = all_powers(&world).await;
            let staging = add(&world, &token, "Staging").await;
            let path = format!("{}/{staging}", environments(&world));
            world.count_from_here();
            let rule = Rule::new("DynamoDB.TransactWriteItems", fault.clone());
            world.to_db.inject(rule.from_call(occurrence));
            let answer = world
                .try_call(&token, ("DELETE", &path), Value::Null, &[])
                .await;
            let case = format!("{fault:?} {occurrence}");
            assert!(answer.is_none(), "{case}");
            for proxy in world.proxies() {
                proxy.clear();
            }
            world.settle().await;
            assert_all_open(&world);
            let (status, _) = call(&world, &token, "GET", &path, Value::Null).await;
            let is_there = status == 200;
            assert_eq!(
                is_there,
                (occurrence, &fault) != (2, &Fault::KillAfter),
                "{case}"
            );
            let ada = world.add_holder("Ada", None, &[staging]).await;
            assert_eq!(ada.is_some(), is_there, "{case}");
        }
    }
}

/// SPEC C60: two deletions leave nobody without an environment.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_environment_is_deleted_once_the_first_is_taken_from_everybody() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let [one, other] = [
        add(&world, &token, "One").await,
        add(&world, &token, "Other").await,
    ];
    let ada = world.add_holder("Ada", None, &[one, other]).await.unwrap();
    assert_eq!(delete(&world, &token, one).await.0, 204);
    let (status, refused) = delete(&world, &token, other).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["is_settling"], true);
    world.settle().await;
    world.clock.advance(Duration::from_mins(1));
    let (status, refused) = delete(&world, &token, other).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["is_settling"], false);
    assert_eq!(refused["users"]["count"], 1);
    let ada = world.holder(ada.id).await.unwrap();
    assert_eq!(ada.environments, [other].into());
}
