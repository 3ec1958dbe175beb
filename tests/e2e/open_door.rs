//! A connector without approval (SPEC A06, A07, A23).

use crate::stack::{CANARY, Place, Stack};

#[tokio::test]
#[ignore = "needs a local stack"]
async fn at_an_open_connector_a_stranger_is_answered_at_once_and_awaits_nothing() {
    let stack = Stack::load();
    let wanda = stack.person("Wanda").await;
    let text = format!("straight through ({CANARY})");

    stack
        .say(&wanda, stack.open_connector(), Place::Direct, &text)
        .await;
    let told = stack.answers(&wanda, stack.open_connector(), 1).await;
    assert!(told[0].contains(&text), "{}", told[0]);

    assert!(stack.requests("all", &wanda).await.is_empty());
    let user = stack.chat_user(&wanda).await.unwrap();
    assert_eq!(user["status"], "active");
    assert_eq!(user["provider"], "slack");
    assert_eq!(
        user["platform_scope"],
        stack.app(stack.open_connector())["team_id"]
    );
    stack.nobody_complains_about(&wanda).await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn who_came_through_an_open_connector_still_awaits_approval_at_another() {
    let stack = Stack::load();
    let walt = stack.person("Walt").await;
    let text = format!("one door, then the other ({CANARY})");

    stack
        .say(&walt, stack.open_connector(), Place::Direct, &text)
        .await;
    stack.answers(&walt, stack.open_connector(), 1).await;
    stack
        .say(&walt, stack.connector(), Place::Direct, &text)
        .await;
    stack.answers(&walt, stack.connector(), 1).await;
    stack.all_work_is_done().await;

    assert_eq!(stack.only_request(&walt).await["status"], "pending");
    let delivered = stack.deliveries_to_agent(&walt).await;
    assert_eq!(delivered.len(), 1, "{delivered:?}");
    assert_eq!(
        delivered[0]["body"]["connector"]["id"],
        stack.open_connector()
    );
    stack.nobody_complains_about(&walt).await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn a_conversation_is_read_back_message_by_message_through_the_admin_api() {
    let stack = Stack::load();
    let wendy = stack.person("Wendy").await;
    let text = format!("for the record ({CANARY})");

    stack
        .say(&wendy, stack.open_connector(), Place::Direct, &text)
        .await;
    stack.answers(&wendy, stack.open_connector(), 1).await;
    stack.all_work_is_done().await;

    let user = stack.chat_user(&wendy).await.unwrap();
    let filter = format!("&chat_user_id={}", user["id"].as_str().unwrap());
    let conversations = stack.list("/conversations", &filter).await;
    assert_eq!(conversations.len(), 1, "{conversations:?}");
    let id = conversations[0]["id"].as_str().unwrap();
    let one = stack.get(&format!("/conversations/{id}")).await;
    assert_eq!(one["connector_id"], stack.open_connector());
    let messages = stack
        .list(&format!("/conversations/{id}/messages"), "&order=oldest")
        .await;
    assert_eq!(messages[0]["text"], text, "{messages:?}");
    assert_eq!(messages[0]["direction"], "inbound");
    assert_eq!(messages[1]["direction"], "outgoing");
    assert!(messages[1]["sending"].is_object(), "{messages:?}");
}
