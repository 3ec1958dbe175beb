//! The end of an access that an admin gave (SPEC B33).

use crate::{
    admin::{all_powers, call, project},
    lifecycle::patch,
    requests::{etag, waiting},
    world::{SAID, WELCOME, World},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::access::request::{RequestStatus, Verdict};

/// Lets a person write to the connector that requires approval, and returns the number of deliveries so far.
async fn writes(world: &mut World, person: &str, text: &str) -> usize {
    let connector = world.connector.clone();
    let message = world.says(&connector, person, text);
    assert_eq!(world.webhook(&connector, &message).await, 200);
    world.settle().await;
    world.agent.deliveries().len()
}

/// The audit entries of this action.
fn audited(world: &World, action: &str) -> Vec<serde_json::Map<String, Value>> {
    let mut rows = world.db.items().unwrap();
    rows.retain(|row| row.get("action") == Some(&json!(action)));
    rows
}

/// SPEC B33: back to onboarding; the next message makes a request at once, though an earlier one was rejected.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_loses_the_access_is_a_stranger_from_the_next_message_on_and_may_ask_at_once() {
    let (mut world, ada, token, path) = waiting().await;
    let revoke = format!("{path}/revoke");
    let (status, answer) = call(&world, &token, "POST", &revoke, Value::Null).await;
    assert_eq!(
        (status, &answer["type"]),
        (409, &json!("/problems/not-approved"))
    );
    world.decide(&ada, Verdict::Reject).await;
    let (status, _) = call(&world, &token, "POST", &revoke, Value::Null).await;
    assert_eq!(status, 409);
    let person = format!(
        "{}/chat-users/{}",
        project(&world),
        world.chat_user_id(&ada)
    );
    let environment = json!({"environment_id": world.connector.environment_id});
    let approve = format!("{person}/approve");
    let (_, approved) = call(&world, &token, "POST", &approve, environment).await;
    world.settle().await;
    assert_eq!(writes(&mut world, &ada, "Hello").await, 1);

    let path = format!(
        "{}/access-requests/{}",
        project(&world),
        approved["id"].as_str().unwrap()
    );
    let revoke = format!("{path}/revoke");
    let revoked = world
        .call(&token, ("POST", &revoke), json!({"note": "Left"}), &[])
        .await;
    assert_eq!(revoked.status, 200, "{}", revoked.body);
    let shown = world.call(&token, ("GET", &path), Value::Null, &[]).await;
    assert_eq!((&revoked.body, etag(&revoked)), (&shown.body, etag(&shown)));
    assert_eq!(shown.body["status"], "approved");
    assert_eq!(shown.body["revoked_by"]["name"], "Grace's key");
    assert_eq!(shown.body["revocation_note"], "Left");
    assert!(shown.body["revoked_at"].is_string());
    assert_eq!(shown.body["chat_user_status"], "onboarding");
    let entries = audited(&world, "access_request.revoked");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["after"]["note"], "Left");

    let before = world.db.items().unwrap();
    let (status, again) = call(&world, &token, "POST", &revoke, Value::Null).await;
    assert_eq!((status, &again), (200, &shown.body));
    assert_eq!(world.db.items().unwrap(), before);

    assert_eq!(writes(&mut world, &ada, "And now?").await, 1);
    let requests = world.requests().await;
    let pending = requests
        .iter()
        .filter(|view| view.request.status() == RequestStatus::Pending);
    assert_eq!(pending.count(), 1);
    assert_eq!(world.welcomes(&ada), 1);
}

/// SPEC B33, A42: an admission from the time when the connector was open does not outlive the revocation.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_kept_when_the_connector_began_to_ask_is_held_after_a_revocation() {
    let mut world = World::new().await;
    let open = world.open.clone();
    let ada = world.newcomer("Ada Lovelace");
    let hello = world.says(&open, &ada, SAID);
    assert_eq!(world.webhook(&open, &hello).await, 200);
    world.settle().await;
    world.clock.advance(Duration::from_secs(1));
    let onboarding = json!({
        "policy": "OnBoarding", "onboarding_message": WELCOME, "existing_users": "keep",
    });
    patch(&world, &open, onboarding).await;
    world.restart();
    let hello = world.says(&open, &ada, "Still here?");
    assert_eq!(world.webhook(&open, &hello).await, 200);
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 2);

    let token = all_powers(&world).await;
    let person = format!(
        "{}/chat-users/{}",
        project(&world),
        world.chat_user_id(&ada)
    );
    let revoke = format!("{person}/revoke");
    let body = json!({"environment_id": open.environment_id, "note": "Left"});
    let answer = world
        .call(&token, ("POST", &revoke), body.clone(), &[])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["status"], "onboarding", "{}", answer.body);
    let shown = world.call(&token, ("GET", &person), Value::Null, &[]).await;
    assert_eq!((&answer.body, etag(&answer)), (&shown.body, etag(&shown)));
    let hello = world.says(&open, &ada, "And now?");
    assert_eq!(world.webhook(&open, &hello).await, 200);
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 2);
    assert_eq!(world.requests().await.len(), 1);
    let again = world.call(&token, ("POST", &revoke), body, &[]).await;
    assert_eq!(again.status, 200, "{}", again.body);
    assert_eq!(audited(&world, "chat_user.revoked").len(), 1);
}

/// SPEC B33: the profile's revocation shows on the request, and other environments stay.
#[tokio::test(flavor = "multi_thread")]
async fn one_environment_is_taken_from_a_person_and_the_others_stay() {
    let (mut world, ada, token, path) = waiting().await;
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    let staging = world.another_environment("Acme Sales").await;
    let person = format!(
        "{}/chat-users/{}",
        project(&world),
        world.chat_user_id(&ada)
    );
    let body = json!({"environment_id": staging.environment_id});
    let approve = format!("{person}/approve");
    let (status, answer) = call(&world, &token, "POST", &approve, body).await;
    assert_eq!(status, 200, "{answer}");
    let revoke = format!("{person}/revoke");
    let body = json!({"environment_id": world.connector.environment_id});
    let (status, answer) = call(&world, &token, "POST", &revoke, body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["status"], "active");
    let left = answer["environments"].as_array().unwrap();
    assert_eq!(left.len(), 1, "{answer}");
    assert_eq!(left[0]["environment_id"], json!(staging.environment_id));
    let (_, shown) = call(&world, &token, "GET", &path, Value::Null).await;
    assert!(shown["revoked_at"].is_string(), "{shown}");
    for (body, field) in [
        (json!({}), "environment_id"),
        (json!({"environment_id": "production"}), "environment_id"),
    ] {
        let (status, answer) = call(&world, &token, "POST", &revoke, body).await;
        assert_eq!(
            (status, &answer["errors"][0]["field"]),
            (422, &json!(field))
        );
    }
}

/// SPEC B33: admins who revoke at once, while the person writes, end the access once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_access_that_many_revoke_at_once_ends_once() {
    let (mut world, ada, token, path) = waiting().await;
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    let revoke = format!("{path}/revoke");
    let calls = (0..8).map(|_| call(&world, &token, "POST", &revoke, Value::Null));
    for (status, answer) in join_all(calls).await {
        assert!([200, 409].contains(&status), "{status}: {answer}");
    }
    assert_eq!(audited(&world, "access_request.revoked").len(), 1);
    let (_, shown) = call(&world, &token, "GET", &path, Value::Null).await;
    assert!(shown["revoked_at"].is_string(), "{shown}");
    assert_eq!(writes(&mut world, &ada, "And now?").await, 0);
}
