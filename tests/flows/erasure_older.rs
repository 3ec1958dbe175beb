//! People who are erased, with conversations from before writers left rows by which they are found (SPEC F07).

use crate::{
    conversations::put,
    erasure::{PRIVATE, assert_nothing_is_left, erase, rows_with},
    erasure_given_up::Thread,
    handoff::hand_off,
    lifecycle::stranger,
    outgoing::say,
    world::{SAID, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_adapters::dynamo::keys;
use vestibule_domain::ids::ConversationId;
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    proof,
};

/// Makes all conversations such that were begun before writers left rows.
fn without_writers(world: &World) {
    for row in world.rows("WROTE_IN#") {
        let key = |name: &str| row[name].as_str().unwrap().to_owned();
        world.db.delete_raw(&key("pk"), &key("sk")).unwrap();
    }
    for mut row in world.rows("CONVERSATION") {
        assert!(row.remove("has_writer_rows").is_some());
        put(world, row);
    }
}

/// Texts of the messages on record, in their order.
fn texts(world: &World) -> Vec<String> {
    let mut rows = world.rows("MESSAGE#");
    rows.sort_by_key(|row| row["number"].as_u64());
    rows.iter()
        .map(|row| row["text"].as_str().unwrap().to_owned())
        .collect()
}

/// A thread of Bob, Ada and again Bob, who wrote last, as it was before writers left rows.
async fn older_thread() -> Thread {
    let mut thread = Thread::begun().await;
    let (ada, bob) = (thread.ada.clone(), thread.bob.clone());
    thread.say(&ada, PRIVATE).await;
    thread.say(&bob, "Thanks").await;
    thread.world.clock.advance(Duration::from_secs(1));
    without_writers(&thread.world);
    thread
}

/// The path of the only conversation.
fn path(world: &World) -> String {
    let row = world.rows("CONVERSATION").remove(0);
    let id = keys::parse_conversation(row["pk"].as_str().unwrap()).unwrap();
    format!("{}/conversations/{id}", world.project_path())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_conversation_with_the_person_goes_as_a_whole_and_those_with_others_stay() {
    let mut world = World::new().await;
    world.agent.answer_with_texts(2);
    let ada = stranger(&world, "Ada Lovelace").await;
    let bob = stranger(&world, "Bob Martin").await;
    say(&world, &ada, PRIVATE).await;
    say(&world, &bob, SAID).await;
    world.settle().await;
    world.clock.advance(Duration::from_secs(1));
    without_writers(&world);
    let of_bob = rows_with(&world, &world.chat_user_id(&bob).to_string());
    erase(&world, &ada).await;
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
    assert_eq!(world.rows("CONVERSATION").len(), 1);
    assert_eq!(world.rows("OUTGOING#").len(), 1);
    assert_eq!(texts(&world).len(), 3);
    assert_eq!(
        rows_with(&world, &world.chat_user_id(&bob).to_string()),
        of_bob
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_older_thread_in_which_another_wrote_last_the_persons_own_go_with_their_answers() {
    let thread = older_thread().await;
    let (mut world, ada) = (thread.world, thread.ada);
    assert_eq!(texts(&world).len(), 6);
    let note = json!({"team": "sales", "note": format!("Said: {PRIVATE}")});
    let path = path(&world);
    hand_off(&world, &path, note).await;
    world.clock.advance(Duration::from_secs(1));
    erase(&world, &ada).await;
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
    assert_eq!(
        texts(&world),
        ["Who knows?", "Who knows? 1", "Thanks", "Thanks 1"]
    );
    let handoff = world.rows("CONVERSATION").remove(0)["handoff"].clone();
    assert_eq!(handoff["team"], "sales");
    assert_eq!(
        (handoff.get("note"), &handoff["note_erased"]),
        (None, &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_thread_in_which_the_person_wrote_last_forgets_who_that_was() {
    let mut thread = Thread::begun().await;
    let ada = thread.ada.clone();
    thread.say(&ada, PRIVATE).await;
    let mut world = thread.world;
    world.clock.advance(Duration::from_secs(1));
    without_writers(&world);
    erase(&world, &ada).await;
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
    assert_eq!(texts(&world), ["Who knows?", "Who knows? 1"]);
    assert!(
        !world
            .rows("CONVERSATION")
            .remove(0)
            .contains_key("chat_user_id")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_thread_in_which_the_person_never_wrote_keeps_all_of_it_with_its_note() {
    let thread = Thread::begun().await;
    let mut world = thread.world;
    let eve = world.newcomer("Eve Adams");
    say(&world, &eve, PRIVATE).await;
    world.settle().await;
    let thread = {
        let mut rows = world.rows("CONVERSATION");
        rows.retain(|row| row["conversation"]["kind"] != "direct");
        keys::parse_conversation(rows[0]["pk"].as_str().unwrap()).unwrap()
    };
    let path = format!("{}/conversations/{thread}", world.project_path());
    hand_off(&world, &path, json!({"note": "Wants tea"})).await;
    world.settle().await;
    world.clock.advance(Duration::from_secs(1));
    without_writers(&world);
    let of_thread = |world: &World| rows_with(world, &thread.to_string());
    let before = of_thread(&world);
    erase(&world, &eve).await;
    world.settle().await;
    assert_nothing_is_left(&world, &eve);
    assert_eq!(of_thread(&world), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_leaves_rows_for_its_writers_from_its_first_message_on_or_is_read_as_a_whole()
 {
    let mut thread = Thread::begun().await;
    let (ada, bob) = (thread.ada.clone(), thread.bob.clone());
    assert_eq!(
        thread.world.rows("CONVERSATION")[0]["has_writer_rows"],
        true
    );
    without_writers(&thread.world);
    thread.say(&ada, "Hello").await;
    thread.say(&bob, "Thanks").await;
    // Bob's first message has no row of its own, so the thread stays an older one.
    let row = thread.world.rows("CONVERSATION").remove(0);
    assert!(!row.contains_key("has_writer_rows"));
    assert_eq!(thread.world.rows("WROTE_IN#").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_conversation_is_found_among_very_many_whenever_the_work_is_interrupted() {
    let mut world = World::new().await;
    world.agent.answer_with_texts(1);
    let (ada, bob) = (world.newcomer("Ada Lovelace"), world.newcomer("Bob Martin"));
    say(&world, &bob, SAID).await;
    world.settle().await;
    let of_bob = world.rows("CONVERSATION").remove(0);
    world.clock.advance(Duration::from_secs(1));
    say(&world, &ada, PRIVATE).await;
    world.settle().await;
    let total: usize = proof::scaled(2_100, 20_000);
    for number in 0..total {
        let id = ConversationId::derive(&[&number.to_string()]);
        let mut row = of_bob.clone();
        let at = row["last_activity_at"].as_str().unwrap().to_owned();
        row.insert(
            "pk".to_owned(),
            keys::conversation(world.scope, id).pk.into(),
        );
        for list in ["all_sk", "state_sk"] {
            row.insert(list.to_owned(), format!("{at}#{id}").into());
        }
        put(&world, row);
    }
    without_writers(&world);
    world.clock.advance(Duration::from_secs(1));
    erase(&world, &ada).await;
    while world.work_onboarding().await {}
    assert_ne!(rows_with(&world, PRIVATE), []);
    world.clock.advance(Duration::from_mins(3));
    for _ in 0..3 {
        world.sweep().await;
        world.work_onboarding().await;
        world.restart();
    }
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
    assert_eq!(world.rows("CONVERSATION").len(), total + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_for_older_conversations_goes_on_and_ends_however_it_is_interrupted() {
    for class in [
        "DynamoDB.Query",
        "DynamoDB.UpdateItem",
        "DynamoDB.TransactWriteItems",
    ] {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            for call in 1..=3 {
                let thread = older_thread().await;
                let (mut world, ada) = (thread.world, thread.ada);
                let note = json!({"note": format!("Said: {PRIVATE}")});
                let path = path(&world);
                hand_off(&world, &path, note).await;
                world.clock.advance(Duration::from_secs(1));
                erase(&world, &ada).await;
                while world.work_onboarding().await {}
                world.clock.advance(Duration::from_mins(3));
                world.sweep().await;
                world.count_from_here();
                let rule = Rule::new(class, fault.clone());
                world.to_db.inject(rule.from_call(call));
                for _ in 0..3 {
                    world.work_onboarding().await;
                }
                for proxy in world.proxies() {
                    proxy.clear();
                }
                world.settle().await;
                assert_nothing_is_left(&world, &ada);
                let left: Vec<Value> = texts(&world).into_iter().map(Value::from).collect();
                assert_eq!(left.len(), 4, "{left:?}");
            }
        }
    }
}
