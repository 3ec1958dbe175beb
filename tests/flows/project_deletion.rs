//! Projects that are deleted with everything in them (SPEC C63).

use crate::{
    admin::{all_powers, call, project},
    end_users::{add, change, new_user},
    erasure::erase,
    given_up::{redrive, refuse},
    imports,
    lifecycle::stranger,
    outgoing::say,
    world::{SAID, World},
};
use futures_util::future::join;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::sync::watch;
use vestibule_adapters::dynamo::keys;
use vestibule_domain::{access::request::Verdict, ids::ProjectId};
use vestibule_testkit::{
    demo_agent::AgentFailure,
    fault_proxy::{Fault, Rule},
    simulator::Platform,
};

/// Kinds of rows of a project, by the beginnings of their sort keys.
const KINDS: &str = "PROJECT SETTINGS ENVIRONMENT LAYOUT CONNECTOR USER AVATAR STANDING KEPT_BLOCK REQUEST PREVIEW CONVERSATION MESSAGE OUTGOING PARKED GIVEN_UP WROTE_IN AGENT REDRIVE END_USER PHONE ONLY NOTICES BEGUN INDEXED IMPORT PART ERROR RUNNING";

/// The rows that name a project, apart from the audit log, outgoing events, which expire, and the claims of ids.
fn rows_of(world: &World, id: ProjectId) -> Vec<Map<String, Value>> {
    let mut rows = world.db.items().unwrap();
    rows.retain(|row| {
        let (pk, sk) = (row["pk"].as_str().unwrap(), row["sk"].as_str().unwrap());
        let is_claim = sk == "CLAIM" || sk == "LATEST_PROJECT" || sk.starts_with("PROJECT_CLAIM#");
        let is_told = pk.contains("#AUDIT#") || pk.contains("#OUTGOING_EVENT#");
        let is_kept = is_claim || is_told;
        !is_kept
            && Value::Object(row.clone())
                .to_string()
                .contains(&id.to_string())
    });
    rows.sort_by_key(|row| format!("{} {}", row["pk"], row["sk"]));
    rows
}

async fn delete(world: &World, token: &str, name: &str) -> (u16, Value) {
    call(
        world,
        token,
        "DELETE",
        &project(world),
        json!({"name": name}),
    )
    .await
}

fn put(world: &World, key: &keys::Key) {
    let row = json!({"pk": {"S": key.pk}, "sk": {"S": key.sk}});
    world.db.put_raw(&row).unwrap();
}

/// A world whose project has something of every kind, and a key.
async fn full() -> (World, String) {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let scope = world.scope;
    world.agent.answer_with_texts(2);
    // A pending request, one that was approved, and a conversation.
    stranger(&world, "Ada Lovelace").await;
    let bob = stranger(&world, "Bob Martin").await;
    let carol = stranger(&world, "Carol Shaw").await;
    let dora = stranger(&world, "Dora Marsden").await;
    world.settle().await;
    world.decide(&bob, Verdict::Approve).await;
    say(&world, &bob, SAID).await;
    world.settle().await;
    // A person who was erased, and wants no messages.
    world.opts_out(&carol).await;
    erase(&world, &carol).await;
    // One who is blocked, too.
    world.block(&dora).await;
    erase(&world, &dora).await;
    world.settle().await;
    // People of the directory.
    let environment = world.connector.environment_id;
    let dan = world
        .add_holder("Dan", Some("+4915112345678"), &[environment])
        .await
        .unwrap();
    world.link_holder(&bob, dan.id).await;
    // An import with a mistake, which was checked and waits.
    imports::checked(&mut world, &token).await;
    // Messages that were given up, an order to try them again, and messages that wait.
    refuse(&world, 2);
    say(&world, &bob, "One").await;
    world.settle().await;
    let ordered = redrive(&world, json!({"all": true}), &[]).await;
    assert_eq!(ordered.status, 202, "{}", ordered.body);
    world.settle().await;
    let failure = AgentFailure::Http {
        status: 503,
        retry_after_secs: None,
    };
    world.agent.fail(failure, None);
    world.clock.advance(Duration::from_secs(1));
    say(&world, &bob, "Two").await;
    world.work_all().await;
    assert!(!world.rows("PARKED#").is_empty());
    world.agent.clear_failures();
    world.keep_avatar(&bob, b"\xff\xd8\xff\xe0".to_vec()).await;
    // Rows whose makings are other tests' matter.
    put(&world, &keys::held_back(scope, world.open.id));
    put(&world, &keys::notices(scope));
    put(&world, &keys::unreadable_event(world.open.id, "00"));
    put(&world, &keys::running_import(scope));
    (world, token)
}

/// Asserts that a project is gone.
fn assert_gone(world: &World, case: &str) {
    assert_eq!(rows_of(world, world.scope.project_id()), [], "{case}");
    for connector in [&world.connector, &world.open] {
        let id = connector.id.to_string();
        for row in world.db.items().unwrap() {
            let pk = row["pk"].as_str().unwrap();
            let holds = ["#PACE", "#DEAD_LETTERS"]
                .iter()
                .any(|end| pk.ends_with(end));
            assert!(!(holds && pk.contains(&id)), "{case}: {row:?}");
        }
    }
    assert!(world.outbox().is_empty(), "{case}");
}

/// SPEC C63.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_deleted_project_but_its_audit_log_and_another_one_stays() {
    let (mut world, token) = full().await;
    let rows = rows_of(&world, world.scope.project_id());
    let kinds: Vec<&str> = rows
        .iter()
        .filter_map(|row| row["sk"].as_str()?.split('#').next())
        .collect();
    for kind in KINDS.split(' ') {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    let (status, other) = call(
        &world,
        &token,
        "POST",
        "/v1/projects",
        json!({"name": "Other"}),
    )
    .await;
    assert_eq!(status, 201, "{other}");
    let other: ProjectId = other["id"].as_str().unwrap().parse().unwrap();
    let kept = rows_of(&world, other);
    assert_eq!(kept.len(), 6);

    for wrong in ["concierge", "Concierge ", "Other"] {
        let (status, refused) = delete(&world, &token, wrong).await;
        assert_eq!(status, 409, "{refused}");
        assert_eq!(refused["type"], "/problems/other-name");
    }
    let (status, answer) = delete(&world, &token, "Concierge").await;
    assert_eq!(status, 202, "{answer}");
    assert_eq!(answer["deleting_since"], json!(world.now()));
    for (method, path) in [("GET", ""), ("GET", "/chat-users"), ("POST", "/connectors")] {
        let path = format!("{}{path}", project(&world));
        let (status, answer) = call(&world, &token, method, &path, Value::Null).await;
        assert_eq!(status, 404, "{method} {path}: {answer}");
    }
    world.restart();
    let open = world.open.clone();
    let late = world.newcomer("Late");
    let hello = world.says(&open, &late, SAID);
    assert_eq!(world.webhook(&open, &hello).await, 401);
    world.settle().await;
    assert_gone(&world, "at rest");
    assert_eq!(rows_of(&world, other), kept);
    let entries = world.db.items().unwrap();
    let deleted: Vec<_> = entries
        .iter()
        .filter(|row| row.get("action") == Some(&json!("project.deleted")))
        .collect();
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0]["before"]["name"], "Concierge");
    // Its connectors' ids, and its own, stay spent.
    let claims = entries.iter().filter(|row| row["sk"] == "CLAIM");
    assert!(claims.count() >= 2);
    let own = format!("PROJECT_CLAIM#{}", world.scope.project_id());
    assert!(entries.iter().any(|row| row["sk"] == own.as_str()));
    let named = entries.iter().filter(|row| {
        let places = row.get("connectors").and_then(Value::as_array);
        places.is_some_and(|places| !places.is_empty())
    });
    assert_eq!(named.count(), 0, "no client is needed by what is gone");
}

/// SPEC C63: the rows of messages that a platform may still report go with the standings that name them.
#[tokio::test(flavor = "multi_thread")]
async fn messages_that_were_sent_are_forgotten_with_the_project() {
    let mut world = World::on(Platform::Twilio).await;
    let token = all_powers(&world).await;
    stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    assert!(!world.rows("SENT").is_empty());
    assert_eq!(delete(&world, &token, "Concierge").await.0, 202);
    world.settle().await;
    assert_gone(&world, "SMS");
}

/// SPEC C63.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_can_be_deleted_from_the_archive() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let path = format!("{}/archive", project(&world));
    let (status, archived) = call(&world, &token, "POST", &path, Value::Null).await;
    assert_eq!(status, 200, "{archived}");
    assert_eq!(delete(&world, &token, "Concierge").await.0, 202);
    world.settle().await;
    assert_gone(&world, "archived");
}

/// SPEC C63.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_dies_at_any_call_comes_to_an_end() {
    for class in [
        "DynamoDB.Query",
        "DynamoDB.TransactWriteItems",
        "DynamoDB.UpdateItem",
        "DynamoDB.PutItem",
    ] {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            for occurrence in [1, 4] {
                let (mut world, token) = full().await;
                assert_eq!(delete(&world, &token, "Concierge").await.0, 202);
                world.clock.advance(Duration::from_mins(3));
                world.count_from_here();
                let rule = Rule::new(class, fault.clone()).from_call(occurrence);
                world.to_db.inject(rule);
                world.settle().await;
                for proxy in world.proxies() {
                    proxy.clear();
                }
                world.settle().await;
                assert_gone(&world, &format!("{fault:?} at {class} {occurrence}"));
            }
        }
    }
}

/// SPEC C63: a job of the search index that comes between what a deletion reads and what it removes.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_job_in_the_middle_of_a_deletion_brings_nothing_back() {
    const TRANSACTION: &str = "DynamoDB.TransactWriteItems";
    let mut call = 1;
    loop {
        let mut world = World::new().await;
        world.is_indexed_quietly = false;
        let token = all_powers(&world).await;
        let ada = add(&world, &token, new_user(&world, "Ada", "+4915123456789")).await;
        world.settle().await;
        change(&world, &token, &ada, json!({"first_name": "Augusta"})).await;
        assert_eq!(delete(&world, &token, "Concierge").await.0, 202);
        world.clock.advance(Duration::from_mins(3));
        assert!(world.sweep().await);
        world.count_from_here();
        let slow = Fault::Delay(Duration::from_millis(300));
        let rule = Rule::new(TRANSACTION, slow).from_call(call);
        world.to_db.inject(rule);
        let is_over = watch::Sender::new(false);
        let erase = async {
            while world.work_on("onboarding").await {}
            is_over.send_replace(true);
        };
        let index = async {
            let mut over = is_over.subscribe();
            let has_come = tokio::select! {
                biased;
                () = world.to_db.until_call(TRANSACTION, call) => true,
                _ = over.wait_for(|is_over| *is_over) => false,
            };
            world.work_on("index").await;
            has_come
        };
        let ((), has_come) = join(Box::pin(erase), Box::pin(index)).await;
        world.to_db.clear();
        world.settle().await;
        assert_gone(&world, &format!("transaction {call}"));
        if !has_come {
            break;
        }
        call += 1;
    }
    assert!(call > 3, "{call}");
}

/// SPEC C63: the call itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_dies_deletes_all_or_nothing() {
    for fault in [Fault::KillBefore, Fault::KillAfter] {
        let mut world = World::new().await;
        let token = all_powers(&world).await;
        let path = project(&world);
        world.count_from_here();
        world
            .to_db
            .inject(Rule::new("DynamoDB.TransactWriteItems", fault.clone()));
        let body = json!({"name": "Concierge"});
        let answer = world.try_call(&token, ("DELETE", &path), body, &[]).await;
        assert!(answer.is_none(), "{fault:?}");
        for proxy in world.proxies() {
            proxy.clear();
        }
        let before = rows_of(&world, world.scope.project_id());
        world.settle().await;
        if fault == Fault::KillAfter {
            assert_gone(&world, "after");
        } else {
            assert_eq!(rows_of(&world, world.scope.project_id()), before);
            assert_eq!(delete(&world, &token, "Concierge").await.0, 202);
            world.settle().await;
            assert_gone(&world, "before");
        }
    }
}
