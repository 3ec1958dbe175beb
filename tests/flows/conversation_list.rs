//! Lists of conversations: who wrote last, and the beginning of the last message, beside the records (SPEC F07).

use crate::{conversations::keep_for, edits::changed, erasure::erase, world::World};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::account::permission::Permission;
use vestibule_testkit::simulator::Place;

const DAY: Duration = Duration::from_hours(24);

/// A world in which a person wrote and got an answer of two lines.
async fn talked() -> (World, String) {
    let mut world = World::new().await;
    let reply = json!({"replies": [{"text": "Good\nmorning"}]});
    world.agent.answer_with(reply);
    let ada = world.newcomer("Ada Lovelace");
    say(&mut world, &ada, "Hello").await;
    (world, ada)
}

async fn say(world: &mut World, person: &str, text: &str) {
    let request = world.says(&world.open, person, text);
    assert_eq!(world.webhook(&world.open, &request).await, 200);
    world.settle().await;
}

/// A key that may read conversations, and what else is named.
async fn key(world: &World, more: &[Permission]) -> String {
    let mut permissions = vec![Permission::ConversationsRead];
    permissions.extend(more);
    world.key(world.scope.account_id(), &permissions).await
}

async fn list(world: &World, token: &str) -> Vec<Value> {
    let path = format!("{}/conversations", world.project_path());
    let answer = world.call(token, ("GET", &path), Value::Null, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["items"].as_array().unwrap().clone()
}

/// The only conversation, as it is listed.
async fn only(world: &World, token: &str) -> Value {
    let mut items = list(world, token).await;
    assert_eq!(items.len(), 1, "{items:?}");
    items.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_conversation_names_who_wrote_last_and_begins_the_last_message_either_way() {
    let (mut world, ada) = talked().await;
    let token = key(&world, &[Permission::ChatUsersRead]).await;
    let id = world.chat_user_id(&ada).to_string();
    let path = format!("{}/chat-users/{id}", world.project_path());
    let user = world.call(&token, ("GET", &path), Value::Null, &[]).await;
    let shown = only(&world, &token).await;
    assert_eq!(shown["person"]["id"], id, "{shown}");
    assert_eq!(shown["person"]["name"], user.body["display_name"]);
    let agent = json!({"kind": "agent", "id": null, "name": null});
    assert_eq!(
        shown["preview"],
        json!({"author": agent, "text": "Good morning"})
    );

    world.agent.answer_with(json!({"replies": []}));
    say(&mut world, &ada, &"a".repeat(200)).await;
    let shown = only(&world, &token).await;
    let author = json!({"kind": "chat_user", "id": id, "name": null});
    let text = "a".repeat(80);
    assert_eq!(shown["preview"], json!({"author": author, "text": text}));

    // Who may not read people is told no name.
    let shown = only(&world, &key(&world, &[]).await).await;
    assert!(shown.get("person").is_none(), "{shown}");
    assert_eq!(shown["preview"]["text"], text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_longer_kept_or_was_deleted_is_not_in_the_list() {
    let (mut world, ada) = talked().await;
    world.clock.advance(2 * DAY);
    let token = key(&world, &[Permission::ChatUsersRead]).await;
    for (days, is_shown) in [(1, false), (0, false), (30, true)] {
        keep_for(&world, days).await;
        let shown = only(&world, &token).await;
        assert_eq!(shown.get("preview").is_some(), is_shown, "{days}: {shown}");
        assert!(shown["person"].is_object(), "{shown}");
    }

    world.agent.answer_with(json!({"replies": []}));
    let open = world.open.clone();
    let said = world.says(&open, &ada, "Not this");
    assert_eq!(world.webhook(&open, &said).await, 200);
    world.settle().await;
    assert_eq!(only(&world, &token).await["preview"]["text"], "Not this");
    let deletion = changed(&world, &open, &said, None, 20);
    assert_eq!(world.webhook(&open, &deletion).await, 200);
    world.settle().await;
    let shown = only(&world, &token).await;
    assert!(shown.get("preview").is_none(), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_person_who_was_erased_is_in_the_list() {
    let mut world = World::new().await;
    let (ada, bob) = (world.newcomer("Ada Lovelace"), world.newcomer("Bob Martin"));
    let open = world.open.clone();
    let id = open.id.to_string();
    let root = world
        .slack
        .write(&id, &bob, Place::General, "Who knows?")
        .unwrap();
    assert_eq!(world.webhook(&open, &root.request().unwrap()).await, 200);
    world.settle().await;
    let said = world
        .slack
        .write_in_thread(&id, &ada, Place::General, &root.message.ts, "I do")
        .unwrap();
    assert_eq!(world.webhook(&open, &said.request().unwrap()).await, 200);
    world.settle().await;
    let token = key(&world, &[Permission::ChatUsersRead]).await;
    let before = only(&world, &token).await;
    assert_eq!(before["person"]["id"], world.chat_user_id(&ada).to_string());
    assert!(before["preview"].is_object(), "{before}");
    erase(&world, &ada).await;
    world.settle().await;
    let after = only(&world, &token).await;
    assert!(after.get("person").is_none(), "{after}");
    assert!(after.get("preview").is_none(), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_takes_as_many_reads_for_three_conversations_as_for_one() {
    let (mut world, ada) = talked().await;
    let token = key(&world, &[Permission::ChatUsersRead]).await;
    let mut reads = Vec::new();
    for name in ["Bob Martin", "Cleo Hart"] {
        list(&world, &token).await;
        world.count_from_here();
        list(&world, &token).await;
        let calls = world.aws_calls();
        let batches = calls.iter().filter(|call| *call == "DynamoDB.BatchGetItem");
        reads.push(batches.count());
        let next = world.newcomer(name);
        say(&mut world, &next, "Hello").await;
        // Somebody who wrote last in two conversations is read once.
        let request = world.says_in(&world.open, &ada, Place::General, "And here?");
        assert_eq!(world.webhook(&world.open, &request).await, 200);
        world.settle().await;
    }
    assert!(list(&world, &token).await.len() >= 4);
    // The caller's key, what is shown beside, and the cases.
    assert_eq!(reads, [3, 3]);
}
