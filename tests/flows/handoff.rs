//! Conversations that pass from the agent to people and back (SPEC E36, F12): the agent is asked nothing
//! meanwhile, and nothing is lost, delivered late, or out of order.

use crate::{
    admin::call,
    breaker::texts,
    connector_setup::audited,
    edits::changed,
    given_up::{assert_redriven, redrive, refused},
    outgoing::{asked, say, talking, told},
    world::{SAID, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{account::permission::Permission, ids::ConversationId};
use vestibule_testkit::{demo_agent::AgentFailure, simulator::Platform};

/// The path of a person's conversation.
pub async fn conversation_of(world: &World, person: &str) -> String {
    only_conversation(
        world,
        &format!("?chat_user_id={}", world.chat_user_id(person)),
    )
    .await
}

/// The path of the only conversation in this list.
pub async fn only_conversation(world: &World, query: &str) -> String {
    let all = format!("{}/conversations", world.project_path());
    let listed = shown(world, &format!("{all}{query}")).await;
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{listed}");
    format!("{all}/{}", items[0]["id"].as_str().unwrap())
}

pub async fn shown(world: &World, path: &str) -> Value {
    let token = world.all_powers().await;
    let (status, shown) = call(world, &token, "GET", path, Value::Null).await;
    assert_eq!(status, 200, "{shown}");
    shown
}

/// Hands a conversation off.
pub async fn hand_off(world: &World, path: &str, body: Value) -> Value {
    let token = world.all_powers().await;
    let handoff = format!("{path}/handoff");
    let (status, shown) = call(world, &token, "POST", &handoff, body).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(shown["state"], "handed_off");
    shown
}

/// Gives a conversation back.
pub async fn give_back(world: &World, path: &str) -> Value {
    let token = world.all_powers().await;
    let handoff = format!("{path}/handoff");
    let (status, shown) = call(world, &token, "DELETE", &handoff, Value::Null).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(
        (&shown["state"], &shown["handoff"]),
        (&json!("open"), &Value::Null)
    );
    shown
}

/// The messages of a conversation, oldest first: number, text and sequence.
async fn messages(world: &World, path: &str) -> Vec<(u64, String, Option<u64>)> {
    let listed = shown(world, &format!("{path}/messages?order=oldest&limit=100")).await;
    let items = listed["items"].as_array().unwrap();
    items
        .iter()
        .map(|message| {
            let text = message["text"].as_str().unwrap().to_owned();
            let number = message["number"].as_u64().unwrap();
            (number, text, message["sequence"].as_u64())
        })
        .collect()
}

/// Ids of the conversations in this state.
async fn listed(world: &World, state: &str) -> Vec<String> {
    let path = format!("{}/conversations?state={state}", world.project_path());
    let list = shown(world, &path).await;
    let items = list["items"].as_array().unwrap();
    let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
    items.iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_hands_off_in_its_answer_is_asked_no_more_until_it_gets_the_conversation_back()
 {
    let (mut world, ada) = talking(1).await;
    let path = conversation_of(&world, &ada).await;
    let handoff = json!({"team": "sales", "note": "Wants an offer"});
    let answer = json!({"replies": [{"text": "One moment"}], "handoff": handoff});
    world.agent.answer_with(answer);
    say(&world, &ada, "one").await;
    world.settle().await;
    assert_eq!(told(&world, &ada), ["One moment"]);
    let handed_off = shown(&world, &path).await;
    assert_eq!(handed_off["state"], "handed_off");
    let by = format!("agent:{}", world.open.environment_id);
    assert_eq!(handed_off["handoff"]["by"]["id"], by);
    assert_eq!(handed_off["handoff"]["team"], "sales");
    assert_eq!(handed_off["handoff"]["note"], "Wants an offer");
    assert_eq!(handed_off["handoff"]["at"], json!(world.now()));
    assert_eq!(listed(&world, "handed_off").await.len(), 1);
    assert!(listed(&world, "open").await.is_empty());

    for text in ["two", "three"] {
        world.clock.advance(Duration::from_secs(1));
        say(&world, &ada, text).await;
        world.settle().await;
    }
    let last = world.now();
    assert_eq!(texts(&world), [SAID, "one"]);
    assert_eq!(listed(&world, "handed_off").await.len(), 1);
    let unasked = messages(&world, &path).await.split_off(4);
    let expected = [(5, "two".to_owned(), None), (6, "three".to_owned(), None)];
    assert_eq!(unasked, expected);

    give_back(&world, &path).await;
    assert!(listed(&world, "handed_off").await.is_empty());
    world
        .agent
        .answer_with(json!({"replies": [{"text": "I am back"}]}));
    world.clock.advance(Duration::from_secs(1));
    say(&world, &ada, "four").await;
    world.settle().await;
    assert_eq!(texts(&world), [SAID, "one", "four"]);
    assert_eq!(asked(&world), [1; 3]);
    let message = &world.agent.deliveries().pop().unwrap().body["message"];
    assert_eq!(message["sequence"], 3);
    let before = message["previous_message_at"].as_str().unwrap();
    let written = json!(last);
    // Slack tells times in microseconds, and we keep milliseconds.
    assert_eq!(before.get(..19), written.as_str().unwrap().get(..19));
    assert_eq!(told(&world, &ada), ["One moment", "I am back"]);
    assert_eq!(shown(&world, &path).await["state"], "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handoff_without_texts_and_one_in_answer_to_an_edit_count() {
    let (mut world, ada) = talking(1).await;
    let path = conversation_of(&world, &ada).await;
    let original = world.says(&world.open, &ada, "one");
    assert_eq!(world.webhook(&world.open, &original).await, 200);
    world.settle().await;
    world.asks_for(&["message.edited"]).await;
    world.agent.answer_with(json!({"handoff": {}}));
    world.clock.advance(Duration::from_secs(5));
    let edit = changed(&world, &world.open, &original, Some("one!"), 5);
    assert_eq!(world.webhook(&world.open, &edit).await, 200);
    world.settle().await;
    let handoff = shown(&world, &path).await["handoff"].clone();
    assert_eq!(
        (&handoff["team"], &handoff["note"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(told(&world, &ada), ["one 1"]);
    give_back(&world, &path).await;
    say(&world, &ada, "two").await;
    world.settle().await;
    assert_eq!(shown(&world, &path).await["state"], "handed_off");
    assert_eq!(told(&world, &ada), ["one 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handoff_of_another_form_is_left_out_and_the_texts_beside_it_are_sent() {
    let (mut world, ada) = talking(1).await;
    let path = conversation_of(&world, &ada).await;
    for bad in [
        json!(true),
        json!("sales"),
        json!(["sales"]),
        json!({"team": 7}),
    ] {
        let answer = json!({"replies": [{"text": "Hi"}], "handoff": bad});
        world.agent.answer_with(answer);
        say(&world, &ada, "Hello?").await;
        world.settle().await;
        assert_eq!(shown(&world, &path).await["state"], "open", "{bad}");
    }
    assert_eq!(told(&world, &ada), ["Hi"; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_api_a_conversation_is_handed_off_once_changed_and_given_back_once() {
    let (mut world, ada) = talking(1).await;
    let path = conversation_of(&world, &ada).await;
    let before = world.now();
    let first = hand_off(&world, &path, json!({"team": "sales"})).await;
    assert_eq!(first["handoff"]["at"], json!(before));
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(
        hand_off(&world, &path, json!({"team": "sales"})).await,
        first
    );
    assert_eq!(audited(&world, "conversation.handed_off").len(), 1);
    let note = json!({"team": "support", "note": "canary of a note"});
    let second = hand_off(&world, &path, note).await;
    assert_eq!(second["handoff"]["team"], "support");
    assert_eq!(second["handoff"]["at"], json!(world.now()));
    let mut read = shown(&world, &path).await;
    let reply = read.as_object_mut().unwrap().remove("reply").unwrap();
    assert_eq!(reply["allowed"], true, "{reply}");
    assert_eq!(read, second);
    let entries = audited(&world, "conversation.handed_off");
    assert_eq!(entries.len(), 2);
    assert_eq!(
        entries[1]["before"],
        json!({"handed_off": true, "team": "sales"})
    );
    assert!(!json!(entries).to_string().contains("canary"));

    // Texts over the API go out, and are no answer of the agent.
    let token = world.all_powers().await;
    let body = json!({"messages": [{"text": "Grace here"}]});
    let write = format!("{path}/messages");
    assert_eq!(call(&world, &token, "POST", &write, body).await.0, 202);
    say(&world, &ada, "one").await;
    world.settle().await;
    assert_eq!(told(&world, &ada), ["Grace here"]);
    assert_eq!(texts(&world), [SAID]);
    assert_eq!(shown(&world, &path).await["state"], "handed_off");

    for _ in 0..2 {
        give_back(&world, &path).await;
    }
    assert_eq!(audited(&world, "conversation.given_back").len(), 1);
    say(&world, &ada, "two").await;
    world.settle().await;
    assert_eq!(texts(&world), [SAID, "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_reply_hands_off_and_gives_back_and_only_what_there_is() {
    let (world, ada) = talking(1).await;
    let path = format!("{}/handoff", conversation_of(&world, &ada).await);
    let nowhere = ConversationId::derive(&["nowhere"]);
    let nowhere = format!("{}/conversations/{nowhere}/handoff", world.project_path());
    let account = world.scope.account_id();
    let reader = world.key(account, &[Permission::ConversationsRead]).await;
    let writer = world.key(account, &[Permission::ConversationsReply]).await;
    for method in ["POST", "DELETE"] {
        for (token, path, expected) in [(&reader, &path, 403), (&writer, &nowhere, 404)] {
            let (status, refused) = call(&world, token, method, path, Value::Null).await;
            assert_eq!(status, expected, "{method}: {refused}");
        }
        let (status, shown) = call(&world, &writer, method, &path, Value::Null).await;
        assert_eq!(status, 200, "{method}");
        // The caller may not read it.
        assert_eq!(shown.as_object().unwrap().len(), 1, "{method}: {shown}");
    }
    let body = json!({"team": "x".repeat(101), "note": "y".repeat(4001), "to": "sales"});
    let (status, refused) = call(&world, &writer, "POST", &path, body).await;
    assert_eq!(status, 422, "{refused}");
    assert_eq!(refused["errors"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_answer_was_lost_before_the_handoff_is_on_record_and_asked_no_more() {
    let (mut world, ada) = talking(1).await;
    let path = conversation_of(&world, &ada).await;
    world.agent.fail(AgentFailure::ResetAfter, Some(1));
    say(&world, &ada, "one").await;
    world.work_all().await;
    assert_eq!(texts(&world), [SAID, "one"]);
    assert!(!world.rows("PARKED#").is_empty());
    hand_off(&world, &path, Value::Null).await;
    say(&world, &ada, "two").await;
    world.settle().await;
    assert_eq!(texts(&world), [SAID, "one"]);
    assert_eq!(asked(&world), [1, 1]);
    assert!(world.rows("PARKED#").is_empty());
    let unasked = messages(&world, &path).await.split_off(2);
    let expected = [(3, "one".to_owned(), None), (4, "two".to_owned(), None)];
    assert_eq!(unasked, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_messages_of_a_handed_off_conversation_are_recorded_in_order_while_the_agent_is_down()
 {
    let (mut world, ada) = talking(1).await;
    let bob = world.newcomer("Bob Martin");
    say(&world, &bob, "Hello").await;
    world.settle().await;
    let path = conversation_of(&world, &ada).await;
    let down = AgentFailure::Http {
        status: 503,
        retry_after_secs: None,
    };
    world.agent.fail(down, None);
    for text in ["one", "two", "three"] {
        say(&world, &ada, text).await;
    }
    say(&world, &bob, "four").await;
    world.work_all().await;
    hand_off(&world, &path, Value::Null).await;
    say(&world, &ada, "five").await;
    for _ in 0..30 {
        world.clock.advance(Duration::from_secs(30));
        assert!(world.sweep().await);
        world.work_all().await;
    }
    let recorded: Vec<String> = messages(&world, &path)
        .await
        .into_iter()
        .map(|(_, text, _)| text)
        .skip(2)
        .collect();
    assert_eq!(recorded, ["one", "two", "three", "five"]);
    // Bob's message waits, and the agent is still tried with it.
    assert_eq!(world.rows("PARKED#").len(), 2);
    world.agent.clear_failures();
    world.settle().await;
    assert_eq!(texts(&world), [SAID, "Hello", "four"]);
    assert!(world.rows("PARKED#").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_redriven_into_a_handed_off_conversation_is_recorded_and_not_asked() {
    let (mut world, ada) = refused(&["one"]).await;
    let path = conversation_of(&world, &ada).await;
    hand_off(&world, &path, Value::Null).await;
    assert_redriven(&redrive(&world, json!({"all": true}), &[]).await, 1, 0);
    world.settle().await;
    assert_eq!(texts(&world), [SAID]);
    let unasked = messages(&world, &path).await.split_off(2);
    assert_eq!(unasked, [(3, "one".to_owned(), None)]);
    assert!(world.rows("GIVEN_UP#").is_empty());
    assert!(world.rows("PARKED#").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_handed_off_conversation_takes_one_read_and_one_write() {
    let (mut world, ada) = talking(1).await;
    let path = conversation_of(&world, &ada).await;
    hand_off(&world, &path, Value::Null).await;
    say(&world, &ada, "one").await;
    world.count_from_here();
    assert!(world.work_inbox().await);
    assert_eq!(
        world.aws_calls(),
        ["DynamoDB.BatchGetItem", "DynamoDB.TransactWriteItems"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn on_whatsapp_the_time_for_texts_counts_from_messages_that_people_answer_too() {
    let mut world = World::on(Platform::Dialog360).await;
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, SAID).await;
    world.settle().await;
    let token = world.all_powers().await;
    let nothing_kept = json!({"history_days": 0});
    let changed = call(&world, &token, "PATCH", &world.project_path(), nothing_kept).await;
    assert_eq!(changed.0, 200, "{}", changed.1);
    let path = only_conversation(&world, "").await;
    hand_off(&world, &path, Value::Null).await;
    world.clock.advance(Duration::from_hours(23));
    say(&world, &ada, "Anybody?").await;
    world.settle().await;
    world.clock.advance(Duration::from_hours(23));
    let token = world.all_powers().await;
    let body = json!({"messages": [{"text": "Grace here"}]});
    let write = format!("{path}/messages");
    let (status, answer) = call(&world, &token, "POST", &write, body).await;
    assert_eq!(status, 202, "{answer}");
    world.settle().await;
    assert_eq!(world.told(&ada).last().unwrap(), "Grace here");
    assert_eq!(texts(&world), [SAID]);
}
