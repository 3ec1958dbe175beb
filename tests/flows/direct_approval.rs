//! An admin approves a person who has no pending request (SPEC B40).

use crate::{
    admin::{all_powers, call, project},
    lifecycle::{NOTICE, patch, stranger, world_of},
    world::{SAID, WELCOME, World},
};
use serde_json::{Value, json};
use vestibule_domain::{
    access::request::{RequestStatus, Verdict},
    connector::ApprovalMode,
    ids::EnvironmentId,
};

/// Approves a person for an environment, and returns the answer.
async fn approve(world: &World, token: &str, person: &str, environment: Value) -> (u16, Value) {
    let path = format!(
        "{}/chat-users/{}/approve",
        project(world),
        world.chat_user_id(person)
    );
    let body = json!({"environment_id": environment, "note": "A mistake"});
    call(world, token, "POST", &path, body).await
}

/// A world in which Ada wrote and was rejected, Ada, and a key.
async fn rejected() -> (World, String, String) {
    let mut world = world_of(ApprovalMode::Notify).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    world.decide(&ada, Verdict::Reject).await;
    let token = all_powers(&world).await;
    (world, ada, token)
}

/// SPEC B40.
#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_person_is_let_in_at_once_and_told_like_anybody_who_is_approved() {
    let (mut world, ada, token) = rejected().await;
    let environment = world.connector.environment_id;
    let (status, answer) = approve(&world, &token, &ada, json!(environment)).await;
    assert_eq!(
        (status, &answer["status"]),
        (200, &json!("approved")),
        "{answer}"
    );
    assert_eq!(answer["processing_note"], "A mistake");
    assert_eq!(answer["rejected_before"], 1);
    world.settle().await;

    let requests = world.requests().await;
    let statuses: Vec<_> = requests.iter().map(|view| view.request.status()).collect();
    assert_eq!(statuses.len(), 2);
    assert!(
        statuses.contains(&RequestStatus::Approved) && statuses.contains(&RequestStatus::Rejected)
    );
    assert_eq!(
        world
            .told(&ada)
            .iter()
            .filter(|text| *text == NOTICE)
            .count(),
        1
    );
    let audited: Vec<_> = world
        .db
        .items()
        .unwrap()
        .into_iter()
        .filter(|row| row.get("action") == Some(&json!("access_request.approved")))
        .collect();
    assert_eq!(audited.len(), 1);
    assert_eq!(audited[0]["after"]["note"], "A mistake");

    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, "And now?");
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
    assert_eq!(world.requests().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_is_repeated_changes_nothing_and_another_admin_is_told_the_first() {
    let (mut world, ada, token) = rejected().await;
    let environment = world.connector.environment_id;
    let (_, first) = approve(&world, &token, &ada, json!(environment)).await;
    world.settle().await;
    let other = all_powers(&world).await;
    let before = world.db.items().unwrap();
    let (status, again) = approve(&world, &token, &ada, json!(environment)).await;
    assert_eq!((status, &again), (200, &first));
    let (status, refused) = approve(&world, &other, &ada, json!(environment)).await;
    assert_eq!(
        (status, &refused["type"]),
        (409, &json!("/problems/already-decided")),
        "{refused}"
    );
    assert_eq!(refused["decision"]["verdict"], "approve");
    assert_eq!(world.db.items().unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn approving_a_person_who_waits_approves_their_request() {
    let mut world = world_of(ApprovalMode::Notify).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let token = all_powers(&world).await;
    let pending = world.requests().await.remove(0).request.id.to_string();
    let environment = world.connector.environment_id;
    for _ in 0..2 {
        let (status, answer) = approve(&world, &token, &ada, json!(environment)).await;
        assert_eq!((status, &answer["id"]), (200, &json!(pending)), "{answer}");
    }
    world.settle().await;
    assert_eq!(world.requests().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_person_an_unknown_person_and_an_unknown_environment_are_refused() {
    let (world, ada, token) = rejected().await;
    let environment = world.connector.environment_id;
    let (status, answer) = approve(
        &world,
        &token,
        &ada,
        json!(EnvironmentId::derive(&["other"])),
    )
    .await;
    assert_eq!(
        (status, &answer["errors"][0]["field"]),
        (422, &json!("environment_id"))
    );
    let nobody = world.newcomer("Grace Hopper");
    assert_eq!(
        approve(&world, &token, &nobody, json!(environment)).await.0,
        404
    );
    world.block(&ada).await;
    let before = world.db.items().unwrap();
    let (status, answer) = approve(&world, &token, &ada, json!(environment)).await;
    assert_eq!(
        (status, &answer["type"]),
        (409, &json!("/problems/chat-user-blocked"))
    );
    assert_eq!(world.db.items().unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_for_an_environment_where_the_person_never_wrote_is_recorded_and_told_nobody() {
    let (mut world, ada, token) = rejected().await;
    let environments = format!("{}/environments", project(&world));
    let staging = json!({"name": "Staging"});
    let (_, staging) = call(&world, &token, "POST", &environments, staging).await;
    for _ in 0..2 {
        let (status, answer) = approve(&world, &token, &ada, staging["id"].clone()).await;
        assert_eq!(
            (status, &answer["status"]),
            (200, &json!("approved")),
            "{answer}"
        );
        assert_eq!(answer["environment_id"], staging["id"]);
    }
    world.settle().await;
    assert_eq!(world.requests().await.len(), 2);
    assert!(!world.told(&ada).contains(&NOTICE.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_whom_a_closed_connector_ignored_can_be_let_in() {
    let mut world = World::new().await;
    let open = world.open.clone();
    patch(&world, &open, json!({"policy": "AllowList"})).await;
    world.restart();
    let ada = world.newcomer("Ada Lovelace");
    let hello = world.says(&open, &ada, SAID);
    assert_eq!(world.webhook(&open, &hello).await, 200);
    world.settle().await;
    assert!(world.requests().await.is_empty());
    let token = all_powers(&world).await;
    let (status, answer) = approve(&world, &token, &ada, json!(open.environment_id)).await;
    assert_eq!(status, 200, "{answer}");
    let hello = world.says(&open, &ada, "Hello again");
    assert_eq!(world.webhook(&open, &hello).await, 200);
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
    assert!(!world.told(&ada).contains(&WELCOME.to_owned()));
}
