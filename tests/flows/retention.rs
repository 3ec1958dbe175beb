//! A project that keeps messages for a shorter time (SPEC F07), and conversations that are closed.

use crate::{
    conversations::keep_for,
    lifecycle::attribute,
    outgoing::say,
    world::{SAID, World},
};
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_domain::account::permission::Permission;
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    proof,
    simulator::{Failure, FailureRule},
};

const DAY: Duration = Duration::from_hours(24);

fn put(world: &World, row: Map<String, Value>) {
    let row: Map<_, _> = row
        .into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect();
    world.db.put_raw(&Value::Object(row)).unwrap();
}

/// The messages on record, with the time at which each may be forgotten, in order of their numbers.
fn messages(world: &World) -> Vec<(String, i64)> {
    let mut rows = world.rows("MESSAGE#");
    rows.sort_by_key(|row| row["number"].as_u64());
    rows.iter()
        .map(|row| {
            let text = row["text"].as_str().unwrap().to_owned();
            (text, row["expires_at"].as_i64().unwrap())
        })
        .collect()
}

/// A world in which a person said something and something else eight days later, each with an answer.
async fn talked() -> (World, String) {
    let mut world = World::new().await;
    world.agent.answer_with_texts(1);
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, "old").await;
    world.settle().await;
    world.clock.advance(DAY * 8);
    say(&world, &ada, "new").await;
    world.settle().await;
    assert_eq!(messages(&world).len(), 4);
    (world, ada)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_time_erases_what_is_older_and_gives_the_rest_its_new_end() {
    let (mut world, _) = talked().await;
    let now = world.now().seconds();
    keep_for(&world, 7).await;
    world.settle().await;
    let left = messages(&world);
    let texts: Vec<&str> = left.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["new", "new 1"]);
    for (text, expires_at) in &left {
        let days = (expires_at - now) / 86_400;
        assert!((6..=7).contains(&days), "{text}: {days}");
    }
    assert!(world.rows("ERASURE#").is_empty());
    // A longer history brings nothing back, and leaves each message its end.
    keep_for(&world, 90).await;
    assert!(world.rows("ERASURE#").is_empty());
    world.settle().await;
    assert_eq!(messages(&world), left);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_keeps_nothing_has_no_text_left_once_the_work_is_done() {
    let (mut world, ada) = talked().await;
    // A text waits for its platform while the time is changed.
    let failure = Failure::Http { status: 503 };
    world
        .slack
        .fail(FailureRule::times("chat.postMessage", failure, 3));
    say(&world, &ada, "last").await;
    world.work_all().await;
    assert_eq!(messages(&world).len(), 6);
    keep_for(&world, 0).await;
    while world.work_onboarding().await {}
    let left = messages(&world);
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0].0, "last 1");
    world.settle().await;
    assert!(messages(&world).is_empty());
    assert!(world.told(&ada).contains(&"last 1".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_is_made_longer_before_the_work_begins_erases_nothing() {
    let (mut world, _) = talked().await;
    let before = messages(&world);
    keep_for(&world, 7).await;
    keep_for(&world, 30).await;
    world.settle().await;
    assert_eq!(messages(&world), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shortening_that_is_interrupted_goes_on_page_by_page() {
    let (mut world, _) = talked().await;
    let first = {
        let mut rows = world.rows("MESSAGE#");
        rows.retain(|row| row["number"] == 1);
        rows.remove(0)
    };
    let total = proof::scaled(600_u64, 50_000);
    // Copies of the old message behind the new ones: the order of numbers is not that of times.
    for number in 5..=total {
        let mut row = first.clone();
        row.insert("number".to_owned(), number.into());
        row.insert("sk".to_owned(), format!("MESSAGE#{number:012}").into());
        put(&world, row);
    }
    keep_for(&world, 7).await;
    for fault in [Fault::KillBefore, Fault::KillAfter, Fault::Error500] {
        world.count_from_here();
        world
            .to_db
            .inject(Rule::new("DynamoDB.TransactWriteItems", fault).from_call(2));
        world.work_onboarding().await;
        world.to_db.clear();
        world.clock.advance(Duration::from_mins(6));
        world.sweep().await;
    }
    world.settle().await;
    let texts: Vec<String> = messages(&world).into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, ["new", "new 1"]);
}

/// Calls the API about the only conversation.
async fn about(world: &World, method: &str, rest: &str, body: Value) -> (u16, Value) {
    let account = world.scope.account_id();
    let needed = [
        Permission::ConversationsRead,
        Permission::ConversationsReply,
    ];
    let token = world.key(account, &needed).await;
    let pk = world.rows("CONVERSATION").remove(0)["pk"].clone();
    let id = pk.as_str().unwrap().rsplit('#').next().unwrap().to_owned();
    let path = format!("{}/conversations/{id}{rest}", world.project_path());
    let answer = world.call(&token, (method, &path), body, &[]).await;
    (answer.status, answer.body)
}

/// The number of open conversations, and of closed ones.
async fn listed(world: &World) -> (usize, usize) {
    let token = world.all_powers().await;
    let mut counts = Vec::new();
    for state in ["open", "closed"] {
        let path = format!("{}/conversations?state={state}", world.project_path());
        let answer = world.call(&token, ("GET", &path), Value::Null, &[]).await;
        counts.push(answer.body["items"].as_array().unwrap().len());
    }
    (counts[0], counts[1])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_closed_until_the_person_writes_again() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, SAID).await;
    world.settle().await;
    assert_eq!(listed(&world).await, (1, 0));
    for _ in 0..2 {
        let (status, shown) = about(&world, "PATCH", "", json!({"state": "closed"})).await;
        assert_eq!((status, &shown["state"]), (200, &json!("closed")));
        assert_eq!(listed(&world).await, (0, 1));
    }
    // A text of the agent leaves it closed.
    let texts = json!({"messages": [{"text": "One more thing"}]});
    let (status, answer) = about(&world, "POST", "/messages", texts).await;
    assert_eq!(status, 202, "{answer}");
    world.settle().await;
    assert_eq!(listed(&world).await, (0, 1));
    say(&world, &ada, "And another").await;
    world.settle().await;
    assert_eq!(listed(&world).await, (1, 0));
    about(&world, "PATCH", "", json!({"state": "closed"})).await;
    let (status, shown) = about(&world, "PATCH", "", json!({"state": "open"})).await;
    assert_eq!((status, &shown["state"]), (200, &json!("open")));
    let mut actions: Vec<String> = world
        .db
        .items()
        .unwrap()
        .iter()
        .filter_map(|row| row.get("action")?.as_str().map(str::to_owned))
        .filter(|action| action.starts_with("conversation."))
        .collect();
    actions.sort();
    assert_eq!(
        actions,
        [
            "conversation.closed",
            "conversation.closed",
            "conversation.reopened"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_is_closed_as_a_message_arrives_is_open_afterwards_and_costs_no_call_more()
 {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, SAID).await;
    world.settle().await;
    world.clock.advance(Duration::from_mins(1));
    world.count_from_here();
    say(&world, &ada, "Second").await;
    world.work_all().await;
    let calls = world.aws_calls();
    about(&world, "PATCH", "", json!({"state": "closed"})).await;
    world.clock.advance(Duration::from_mins(1));
    world.count_from_here();
    say(&world, &ada, "Third").await;
    world.work_all().await;
    assert_eq!(world.aws_calls(), calls);
    assert_eq!(listed(&world).await, (1, 0));
}
