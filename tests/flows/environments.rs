//! Environments: their order, their names, and what is counted beside them (SPEC C60).

use crate::{
    admin::{all_powers, call, project},
    world::World,
};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vestibule_domain::ids::{EndUserId, EnvironmentId};
use vestibule_testkit::fault_proxy::{Fault, Rule};

/// The path of the project's environments.
pub fn environments(world: &World) -> String {
    format!("{}/environments", project(world))
}

/// Adds an environment, and returns its id.
pub async fn add(world: &World, token: &str, name: &str) -> EnvironmentId {
    let body = json!({"name": name});
    let (status, made) = call(world, token, "POST", &environments(world), body).await;
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().parse().unwrap()
}

/// The environments in the order of their list, with their positions.
async fn listed(world: &World, token: &str) -> Vec<(String, u64)> {
    let (status, list) = call(world, token, "GET", &environments(world), Value::Null).await;
    assert_eq!(status, 200, "{list}");
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|one| {
            let name = one["name"].as_str().unwrap().to_owned();
            (name, one["position"].as_u64().unwrap())
        })
        .collect()
}

fn names(listed: &[(String, u64)]) -> Vec<&str> {
    listed.iter().map(|(name, _)| name.as_str()).collect()
}

async fn reorder(world: &World, token: &str, order: &[EnvironmentId]) -> (u16, Value) {
    let path = format!("{}/reorder", environments(world));
    let body = json!({"environment_ids": order});
    call(world, token, "POST", &path, body).await
}

/// SPEC C60.
#[tokio::test(flavor = "multi_thread")]
async fn environments_are_listed_in_an_order_that_one_call_changes() {
    let world = World::new().await;
    let token = all_powers(&world).await;
    let first = world.connector.environment_id;
    let staging = add(&world, &token, "Staging").await;
    let production = add(&world, &token, "Production").await;
    let shown = listed(&world, &token).await;
    assert_eq!(names(&shown), ["Development", "Staging", "Production"]);

    let order = [production, first, staging];
    let (status, answer) = reorder(&world, &token, &order).await;
    assert_eq!(status, 200, "{answer}");
    let answered: Vec<_> = answer["items"].as_array().unwrap().iter().collect();
    assert_eq!(answered[0]["id"], json!(production));
    assert_eq!(answered[0]["position"], 0);
    let shown = listed(&world, &token).await;
    assert_eq!(names(&shown), ["Production", "Development", "Staging"]);
    let positions: Vec<_> = shown.iter().map(|(_, position)| *position).collect();
    assert_eq!(positions, [0, 1, 2]);
    // A new one comes last.
    add(&world, &token, "Preview").await;
    let shown = listed(&world, &token).await;
    assert_eq!(shown.last().unwrap(), &("Preview".to_owned(), 3));

    // The order does not name the new one.
    let (status, refused) = reorder(&world, &token, &order).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["type"], "/problems/other-environments");
    let before = world.db.items().unwrap();
    let whole: Vec<EnvironmentId> = world_order(&world, &token).await;
    let (status, _) = reorder(&world, &token, &whole).await;
    assert_eq!(status, 200);
    assert_eq!(
        world.db.items().unwrap(),
        before,
        "the same order changes nothing"
    );
    let entries = world.db.items().unwrap();
    let entries = entries
        .iter()
        .filter(|row| row.get("action") == Some(&json!("project.environments_reordered")));
    assert_eq!(entries.count(), 1);
}

async fn world_order(world: &World, token: &str) -> Vec<EnvironmentId> {
    let (_, list) = call(world, token, "GET", &environments(world), Value::Null).await;
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|one| one["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

/// SPEC C60: an order and an environment that is added at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_is_of_all_environments_also_when_one_is_added_at_the_same_time() {
    let world = World::new().await;
    let token = all_powers(&world).await;
    add(&world, &token, "Staging").await;
    for round in 0..10 {
        let mut order = world_order(&world, &token).await;
        order.reverse();
        let name = format!("Preview {round}");
        let ((status, answer), _) = join(
            Box::pin(reorder(&world, &token, &order)),
            Box::pin(add(&world, &token, &name)),
        )
        .await;
        assert!(matches!(status, 200 | 409), "{answer}");
        let shown = listed(&world, &token).await;
        let positions: BTreeSet<_> = shown.iter().map(|(_, position)| *position).collect();
        assert_eq!(positions.len(), shown.len(), "{shown:?}");
        assert_eq!(shown.last().unwrap().0, name);
    }
}

/// SPEC C60.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_environments_added_at_once_one_gets_the_name_whatever_its_case() {
    let world = World::new().await;
    let token = all_powers(&world).await;
    let path = environments(&world);
    let answers = join_all((0..8).map(|number| {
        let name = if number % 2 == 0 {
            "Preview"
        } else {
            "PREVIEW"
        };
        call(&world, &token, "POST", &path, json!({"name": name}))
    }))
    .await;
    let made = answers.iter().filter(|(status, _)| *status == 201).count();
    assert_eq!(made, 1, "{answers:?}");
    for (status, answer) in &answers {
        if *status != 201 {
            assert_eq!(*status, 409, "{answer}");
        }
    }
    let shown = listed(&world, &token).await;
    let same = shown
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("preview"));
    assert_eq!(same.count(), 1, "{shown:?}");

    // The same for a new name of one that exists.
    let one = add(&world, &token, "One").await;
    let other = add(&world, &token, "Other").await;
    let rename = |id: EnvironmentId| {
        let path = format!("{path}/{id}");
        let (world, token) = (&world, &token);
        async move {
            call(world, token, "PATCH", &path, json!({"name": "Canary"}))
                .await
                .0
        }
    };
    let both = join(Box::pin(rename(one)), Box::pin(rename(other))).await;
    assert!(matches!(both, (200, 409) | (409, 200)), "{both:?}");
}

/// SPEC C60.
#[tokio::test(flavor = "multi_thread")]
async fn an_environment_shows_how_many_connectors_lead_to_it_and_how_many_people_hold_it() {
    let world = World::new().await;
    let token = all_powers(&world).await;
    let first = world.connector.environment_id;
    let staging = add(&world, &token, "Staging").await;
    world
        .add_holder("Ada", Some("+4915112345678"), &[first, staging])
        .await
        .unwrap();
    world.add_holder("Bob", None, &[first]).await.unwrap();
    let none = json!({"count": 0, "more": false});
    let (_, list) = call(&world, &token, "GET", &environments(&world), Value::Null).await;
    let items = list["items"].as_array().unwrap();
    assert_eq!(items[0]["connector_count"], 2);
    assert_eq!(items[0]["user_count"], json!({"count": 2, "more": false}));
    assert_eq!(items[1]["connector_count"], 0);
    assert_eq!(items[1]["user_count"], json!({"count": 1, "more": false}));
    let ada = world
        .change_holder(EndUserId::derive(&["Ada"]), &[first])
        .await;
    assert!(ada.is_some());
    let path = format!("{}/{staging}", environments(&world));
    let (_, one) = call(&world, &token, "GET", &path, Value::Null).await;
    assert_eq!(
        (&one["connector_count"], &one["user_count"]),
        (&json!(0), &none)
    );
}

/// SPEC C60.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_answer_was_lost_is_made_once() {
    for fault in [Fault::ResetAfter, Fault::ResetBefore, Fault::Error500] {
        let world = World::new().await;
        let token = all_powers(&world).await;
        add(&world, &token, "Staging").await;
        let mut order = world_order(&world, &token).await;
        order.reverse();
        world
            .to_db
            .inject(Rule::new("DynamoDB.TransactWriteItems", fault.clone()));
        let (status, answer) = reorder(&world, &token, &order).await;
        assert_eq!(status, 200, "{fault:?}: {answer}");
        let shown = listed(&world, &token).await;
        assert_eq!(names(&shown), ["Staging", "Development"], "{fault:?}");
    }
}
