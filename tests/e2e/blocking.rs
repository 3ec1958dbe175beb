//! Blocked chat users (SPEC A45).

use crate::stack::{CANARY, Person, Place, Stack};
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
#[ignore = "needs a local stack"]
async fn a_blocked_person_is_not_answered_and_leaves_no_trace_until_unblocked() {
    let stack = Stack::load();
    let bram = stack.person("Bram").await;
    let say = async |text: &str| {
        let text = format!("{text} ({CANARY})");
        stack
            .say(&bram, stack.connector(), Place::Direct, &text)
            .await
    };

    say("hello").await;
    let request = stack.request_with_name(&bram).await;
    stack.decide(&request, "approve", json!({})).await;
    stack.answers(&bram, stack.connector(), 2).await;
    say("approved").await;
    stack.answers(&bram, stack.connector(), 3).await;

    let user = stack.chat_user(&bram).await.unwrap();
    let path = format!("/chat-users/{}", user["id"].as_str().unwrap());
    let note = format!("spam {CANARY}");
    let blocked = stack
        .post(&format!("{path}/block"), json!({"note": note}))
        .await;
    assert_eq!(blocked["status"], "blocked");
    assert_eq!(blocked["block"]["note"], note.as_str());
    stack.all_work_is_done().await;
    let before = record(&stack, &path, &bram).await;

    say("blocked").await;
    say("still blocked").await;
    stack.all_work_is_done().await;
    assert_eq!(record(&stack, &path, &bram).await, before);
    stack.answers(&bram, stack.connector(), 3).await;

    let free = stack.post(&format!("{path}/unblock"), json!({})).await;
    assert_eq!(free["status"], "active");
    assert_eq!(free["block"], Value::Null);
    say("unblocked").await;
    let told = stack.answers(&bram, stack.connector(), 4).await;
    assert!(told[3].contains("unblocked"), "{}", told[3]);
    // Messages from the time of the block are lost for good.
    assert_eq!(stack.deliveries_to_agent(&bram).await.len(), 2);
    stack.nobody_complains_about(&bram).await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn a_blocked_stranger_makes_no_further_request_and_cannot_be_approved() {
    let stack = Stack::load();
    let sid = stack.person("Sid").await;
    let text = format!("hello ({CANARY})");

    stack
        .say(&sid, stack.connector(), Place::Direct, &text)
        .await;
    stack.answers(&sid, stack.connector(), 1).await;
    let request = stack.request_with_name(&sid).await;
    let user = stack.chat_user(&sid).await.unwrap();
    let path = format!("/chat-users/{}", user["id"].as_str().unwrap());
    stack.post(&format!("{path}/block"), json!({})).await;
    stack.all_work_is_done().await;
    let before = record(&stack, &path, &sid).await;

    stack
        .say(&sid, stack.connector(), Place::Direct, &text)
        .await;
    stack
        .say(&sid, stack.open_connector(), Place::Direct, &text)
        .await;
    stack.all_work_is_done().await;
    assert_eq!(record(&stack, &path, &sid).await, before);
    assert_eq!(
        stack.read_from_app(&sid, stack.open_connector()).await,
        [] as [Value; 0]
    );

    let refused = stack.decide(&request, "approve", json!({})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/chat-user-blocked");
}

/// The records of a person: chat user with version, requests with their number of messages, and the
/// deliveries to the agent.
#[derive(Debug, PartialEq)]
struct Record {
    version: HeaderValue,
    user: Value,
    requests: Vec<Value>,
    deliveries: Vec<Value>,
}

async fn record(stack: &Stack, path: &str, person: &Person) -> Record {
    let user = stack.call(Method::GET, path, None).await;
    assert_eq!(user.status, StatusCode::OK, "{}", user.body);
    Record {
        version: user.headers["etag"].clone(),
        user: user.body,
        requests: stack.requests("all", person).await,
        deliveries: stack.deliveries_to_agent(person).await,
    }
}
