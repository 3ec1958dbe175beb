//! Deliveries that were given up are on record, listed for whoever may see them, and tried again by an order of an
//! admin: once, and in order (SPEC F01).

use crate::{
    outgoing::{asked, say, talking},
    world::{Answer, SAID, World},
};
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_domain::{account::permission::Permission, ids::AccountId};
use vestibule_testkit::{
    demo_agent::AgentFailure,
    simulator::{Failure, FailureRule},
};

/// Slack's call that sends a text.
const POST: &str = "chat.postMessage";

/// The agent refuses this many messages for their content.
pub fn refuse(world: &World, times: u32) {
    let refusal = AgentFailure::Http {
        status: 422,
        retry_after_secs: None,
    };
    world.agent.fail(refusal, Some(times));
}

/// A world in which the agent refused these messages.
pub async fn refused(texts: &[&str]) -> (World, String) {
    let (mut world, ada) = talking(1).await;
    refuse(&world, u32::try_from(texts.len()).unwrap());
    for text in texts {
        world.clock.advance(Duration::from_secs(1));
        say(&world, &ada, text).await;
    }
    world.settle().await;
    assert_eq!(world.rows("GIVEN_UP#").len(), texts.len());
    (world, ada)
}

/// A world in which the platform failed for more than three days to take the texts of the agent's answer to "one".
pub async fn unsent(texts: usize, failure: Failure) -> (World, String) {
    let (mut world, ada) = talking(texts).await;
    world.slack.fail(FailureRule::until_cleared(POST, failure));
    say(&world, &ada, "one").await;
    world.work_all().await;
    world.clock.advance(Duration::from_hours(73));
    assert!(world.sweep().await);
    world.work_all().await;
    world.slack.clear_failures();
    assert_eq!(world.rows("GIVEN_UP#").len(), texts);
    (world, ada)
}

/// The texts that the agent took, in the order of arrival.
pub fn taken(world: &World) -> Vec<String> {
    let deliveries = world.agent.deliveries();
    let text = |delivery: &Value| delivery["message"]["text"].as_str().unwrap().to_owned();
    deliveries
        .iter()
        .map(|delivery| text(&delivery.body))
        .collect()
}

pub fn path(world: &World) -> String {
    format!("{}/deliveries", world.project_path())
}

/// The first page of what was given up, as the holder of this key sees it.
async fn listed_by(world: &World, token: &str, query: &str) -> Vec<Value> {
    let path = format!("{}?{query}", path(world));
    let answer = world.call(token, ("GET", &path), Value::Null, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["items"].as_array().unwrap().clone()
}

pub async fn listed(world: &World) -> Vec<Value> {
    let token = world.all_powers().await;
    listed_by(world, &token, "status=given_up").await
}

/// Orders what was given up again.
pub async fn redrive(world: &World, body: Value, headers: &[(&str, &str)]) -> Answer {
    let token = world.all_powers().await;
    let path = format!("{}/redrive", path(world));
    world.call(&token, ("POST", &path), body, headers).await
}

/// Asserts the outcome of an order, which is at its end.
pub fn assert_redriven(answer: &Answer, redriven: u64, left: u64) {
    assert_eq!(answer.status, 202, "{}", answer.body);
    let expected = json!({"redriven": redriven, "left": left, "has_more": false});
    assert_eq!(answer.body, expected);
}

pub fn previews(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["preview"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_agent_refuses_is_listed_and_once_redriven_arrives_in_order() {
    let (mut world, ada) = refused(&["one", "two"]).await;
    say(&world, &ada, "three").await;
    world.settle().await;
    assert_eq!(taken(&world), [SAID, "three"]);
    assert!(world.aws.messages("inbox-dlq.fifo").is_empty());
    let items = listed(&world).await;
    assert_eq!(previews(&items), ["two", "one"]);
    let row = world.rows("CONVERSATION").remove(0);
    let conversation = row["pk"].as_str().unwrap().rsplit('#').next().unwrap();
    for item in &items {
        assert_eq!(item["kind"], "delivery");
        assert_eq!(item["conversation_id"], conversation);
        assert_eq!(item["connector_id"], world.open.id.to_string());
        let environment = world.open.environment_id.to_string();
        assert_eq!(item["environment_id"], environment);
        assert_eq!(item["message_number"], Value::Null);
        assert_eq!(item["reason"], "http_422");
        assert_eq!(item["attempts"], 1);
        assert_eq!(item["may_have_gone_out"], false);
        assert!(item["given_up_at"].as_str() >= item["created_at"].as_str());
    }

    let answer = redrive(&world, json!({"all": true}), &[]).await;
    assert_redriven(&answer, 2, 0);
    assert!(listed(&world).await.is_empty());
    world.settle().await;
    assert_eq!(taken(&world), [SAID, "three", "one", "two"]);
    assert_eq!(asked(&world), [1; 4]);
    let last = world.agent.deliveries().pop().unwrap();
    assert_eq!(json!(last.webhook_id), items[0]["delivery_id"]);
    assert_eq!(last.body["delivery_attempt"], 2);
    assert_eq!(last.body["message"]["sequence"], 4);
    assert!(world.rows("GIVEN_UP#").is_empty());
    assert!(world.rows("PARKED#").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_too_long_is_redriven_behind_what_waits_now() {
    let (mut world, ada) = talking(1).await;
    let down = AgentFailure::Http {
        status: 503,
        retry_after_secs: None,
    };
    world.agent.fail(down, None);
    say(&world, &ada, "old").await;
    world.work_all().await;
    world.clock.advance(Duration::from_hours(73));
    pass(&mut world).await;
    assert_eq!(listed(&world).await[0]["reason"], "not_delivered_in_time");
    say(&world, &ada, "waits").await;
    world.work_all().await;
    let environment = world.open.environment_id.to_string();
    let answer = redrive(&world, json!({"environment_id": environment}), &[]).await;
    assert_redriven(&answer, 1, 0);
    // It waits for as long as any other message.
    pass(&mut world).await;
    assert!(listed(&world).await.is_empty());
    world.agent.clear_failures();
    world.settle().await;
    assert_eq!(taken(&world), [SAID, "waits", "old"]);
}

/// Lets some minutes pass, with everything that happens in them.
async fn pass(world: &mut World) {
    for _ in 0..10 {
        world.clock.advance(Duration::from_mins(1));
        assert!(world.sweep().await);
        world.work_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_agent_refuses_again_is_listed_again() {
    let (mut world, _) = refused(&["one"]).await;
    let before = listed(&world).await;
    refuse(&world, 1);
    world.clock.advance(Duration::from_mins(1));
    assert_redriven(&redrive(&world, json!({"all": true}), &[]).await, 1, 0);
    world.settle().await;
    let after = listed(&world).await;
    assert_eq!(after.len(), 1);
    assert_eq!(after[0]["id"], before[0]["id"]);
    assert_eq!(after[0]["attempts"], 2);
    assert_ne!(after[0]["given_up_at"], before[0]["given_up_at"]);
    assert_eq!(taken(&world), [SAID]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_was_delivered_meanwhile_is_only_removed() {
    let (mut world, _) = refused(&["one"]).await;
    let row = world.rows("GIVEN_UP#").remove(0);
    let mut job: Map<String, Value> = serde_json::from_str(row["job"].as_str().unwrap()).unwrap();
    job.insert("job".to_owned(), json!("deliver_message"));
    let body = Value::Object(job).to_string();
    world.enqueue_raw("inbox.fifo", &body, "again").await;
    world.settle().await;
    assert_eq!(taken(&world), [SAID, "one"]);
    assert_redriven(&redrive(&world, json!({"all": true}), &[]).await, 1, 0);
    world.settle().await;
    assert_eq!(asked(&world), [1, 1]);
    assert!(world.rows("GIVEN_UP#").is_empty());
    assert!(world.rows("PARKED#").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_filtered_and_read_page_by_page() {
    let (mut world, _) = refused(&["one", "two"]).await;
    let token = world.all_powers().await;
    let other = world.another_environment("Acme Sales").await;
    let bob = world.newcomer("Bob Martin");
    refuse(&world, 1);
    world.clock.advance(Duration::from_secs(1));
    let request = world.says(&other, &bob, "three");
    assert_eq!(world.webhook(&other, &request).await, 200);
    world.settle().await;
    for (query, expected) in [
        (String::new(), vec!["three", "two", "one"]),
        (
            "order=oldest&status=given_up".to_owned(),
            vec!["one", "two", "three"],
        ),
        (
            format!("connector_id={}", world.open.id),
            vec!["two", "one"],
        ),
        (format!("connector_id={}", other.id), vec!["three"]),
        (
            format!("environment_id={}", other.environment_id),
            vec!["three"],
        ),
        (format!("connector_id={}", world.connector.id), vec![]),
    ] {
        let items = listed_by(&world, &token, &query).await;
        assert_eq!(previews(&items), expected, "{query}");
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = format!("{}?limit=1{cursor}", path(&world));
        let answer = world.call(&token, ("GET", &page), Value::Null, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        seen.extend(answer.body["items"].as_array().unwrap().clone());
        let Some(next) = answer.body["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(previews(&seen), ["three", "two", "one"]);
    let elsewhere = redrive(&world, json!({"connector_id": other.id}), &[]).await;
    assert_redriven(&elsewhere, 1, 0);
    world.settle().await;
    assert_eq!(previews(&listed(&world).await), ["two", "one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_redrives_what_is_of_another_account_or_project_or_without_the_permission() {
    let (mut world, _) = refused(&["one"]).await;
    let account = world.scope.account_id();
    let id = listed(&world).await[0]["id"].clone();
    let globex = AccountId::derive(&["globex"]);
    let globex = world.key(globex, &Permission::ALL).await;
    let reader = world.key(account, &[Permission::DeliveriesRead]).await;
    let both = [Permission::DeliveriesRead, Permission::ConversationsRead];
    let both = world.key(account, &both).await;
    let list = path(&world);
    let order = format!("{list}/redrive");
    let all = json!({"all": true});
    for (token, method, path, body, status) in [
        (&globex, "GET", &list, Value::Null, 404),
        (&globex, "POST", &order, all.clone(), 404),
        (&globex, "POST", &order, json!({"ids": [id]}), 404),
        (&reader, "POST", &order, all.clone(), 403),
        (&both, "POST", &order, all, 403),
    ] {
        let answer = world.call(token, (method, path), body, &[]).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
    }
    let blind = listed_by(&world, &reader, "").await;
    assert_eq!(blind[0]["preview"], Value::Null);
    assert_eq!(previews(&listed_by(&world, &both, "").await), ["one"]);
    // Another project of the same account.
    let token = world.all_powers().await;
    let shop = json!({"name": "Shop"});
    let made = world
        .call(&token, ("POST", "/v1/projects"), shop, &[])
        .await;
    let shop = format!(
        "/v1/projects/{}/deliveries",
        made.body["id"].as_str().unwrap()
    );
    assert_eq!(
        world
            .call(&token, ("GET", &shop), Value::Null, &[])
            .await
            .body["items"],
        json!([])
    );
    let order = format!("{shop}/redrive");
    let answer = world
        .call(&token, ("POST", &order), json!({"ids": [id]}), &[])
        .await;
    assert_redriven(&answer, 0, 0);
    world.settle().await;
    assert_eq!(world.rows("GIVEN_UP#").len(), 1);
    assert_eq!(taken(&world), [SAID]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_forgotten_after_fourteen_days() {
    let (world, _) = refused(&["one"]).await;
    world.clock.advance(Duration::from_hours(14 * 24));
    assert!(listed(&world).await.is_empty());
    assert_redriven(&redrive(&world, json!({"all": true}), &[]).await, 0, 0);
    assert_eq!(world.rows("GIVEN_UP#").len(), 1);
}
