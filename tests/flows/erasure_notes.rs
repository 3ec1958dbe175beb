//! The notes of handoffs when a person is erased: they may repeat the person's words (SPEC F07, F12).

use crate::{
    conversations::{keep_for, put},
    erasure::{PRIVATE, assert_nothing_is_left, erase, rows_with},
    erasure_given_up::Thread,
    handoff::{hand_off, only_conversation, shown},
    outgoing::{say, talking},
    world::World,
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::fault_proxy::{Fault, Rule};

/// Lets the agent hand over with a note that repeats what the person said.
fn hands_off(world: &World) {
    let handoff = json!({"team": "sales", "note": format!("Said: {PRIVATE}")});
    world.agent.answer_with(json!({ "handoff": handoff }));
}

/// A thread of two people that the agent handed over when Ada wrote.
async fn handed_off() -> Thread {
    let mut thread = Thread::begun().await;
    hands_off(&thread.world);
    let (ada, bob) = (thread.ada.clone(), thread.bob.clone());
    thread.say(&ada, PRIVATE).await;
    thread.say(&bob, "Thanks").await;
    thread.world.clock.advance(Duration::from_secs(1));
    thread
}

/// The only conversation is with the team, without the note.
async fn assert_without_note(world: &World) {
    let path = only_conversation(world, "").await;
    let conversation = shown(world, &path).await;
    assert_eq!(conversation["state"], "handed_off");
    let handoff = &conversation["handoff"];
    assert_eq!(handoff["team"], "sales");
    assert_eq!(
        (&handoff["note"], &handoff["note_erased"]),
        (&Value::Null, &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_thread_of_several_people_the_note_goes_with_any_of_them_and_the_handoff_stays() {
    for days in [30, 0] {
        let mut thread = Thread::begun().await;
        keep_for(&thread.world, days).await;
        hands_off(&thread.world);
        let (ada, bob) = (thread.ada.clone(), thread.bob.clone());
        thread.say(&ada, PRIVATE).await;
        thread.say(&bob, "Thanks").await;
        let mut world = thread.world;
        let path = only_conversation(&world, "").await;
        let before = shown(&world, &path).await;
        assert_eq!(before["handoff"]["note"], format!("Said: {PRIVATE}"));
        assert_eq!(before["handoff"]["note_erased"], false);
        world.clock.advance(Duration::from_secs(1));
        erase(&world, &ada).await;
        world.settle().await;
        assert_nothing_is_left(&world, &ada);
        assert_without_note(&world).await;
        // Another handoff has a note of its own.
        let note = json!({"team": "sales", "note": "Wants tea"});
        let again = hand_off(&world, &path, note).await;
        assert_eq!(again["handoff"]["note"], "Wants tea");
        assert_eq!(again["handoff"]["note_erased"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_note_goes_although_the_person_came_back_into_the_conversation() {
    let (mut world, ada) = talking(1).await;
    hands_off(&world);
    say(&world, &ada, PRIVATE).await;
    world.settle().await;
    assert!(!rows_with(&world, PRIVATE).is_empty());
    world.clock.advance(Duration::from_secs(1));
    erase(&world, &ada).await;
    world.clock.advance(Duration::from_secs(1));
    say(&world, &ada, "Good evening").await;
    while world.work_inbox().await {}
    world.settle().await;
    assert_eq!(rows_with(&world, PRIVATE), []);
    assert_without_note(&world).await;
    assert_eq!(rows_with(&world, "Good evening").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_about_a_person_who_came_back_stays() {
    let (mut world, ada) = talking(1).await;
    erase(&world, &ada).await;
    while world.work_onboarding().await {}
    world.clock.advance(Duration::from_secs(125));
    say(&world, &ada, "Good evening").await;
    while world.work_inbox().await {}
    world.clock.advance(Duration::from_secs(1));
    let path = only_conversation(&world, "").await;
    hand_off(&world, &path, json!({"note": "Wants tea"})).await;
    assert!(!world.rows("ERASURE#").is_empty());
    world.settle().await;
    assert!(world.rows("ERASURE#").is_empty());
    let handoff = shown(&world, &path).await["handoff"].clone();
    assert_eq!(handoff["note"], "Wants tea");
    assert_eq!(handoff["note_erased"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_in_hand_when_the_person_is_erased_is_erased_by_the_second_pass() {
    let thread = handed_off().await;
    let (mut world, ada) = (thread.world, thread.ada);
    let before = world.rows("CONVERSATION").remove(0);
    erase(&world, &ada).await;
    while world.work_onboarding().await {}
    assert_eq!(rows_with(&world, PRIVATE), []);
    // A worker that had read the person before writes the handoff once more.
    let mut row = world.rows("CONVERSATION").remove(0);
    row.insert("handoff".to_owned(), before["handoff"].clone());
    put(&world, row);
    assert_ne!(rows_with(&world, PRIVATE), []);
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
    assert_without_note(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_erased_however_the_erasure_is_interrupted() {
    for class in ["DynamoDB.UpdateItem", "DynamoDB.TransactWriteItems"] {
        for fault in [Fault::KillBefore, Fault::KillAfter, Fault::ResetAfter] {
            for call in 1..=3 {
                let thread = handed_off().await;
                let (mut world, ada) = (thread.world, thread.ada);
                erase(&world, &ada).await;
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
                assert_without_note(&world).await;
            }
        }
    }
}

/// A line of routing in the only conversation of a world.
fn put_line(world: &World, number: u64, note: Option<&str>) {
    let mut line = world.rows("CONVERSATION").remove(0);
    let pk = line.remove("pk");
    let line = json!({
        "pk": pk, "sk": format!("ROUTED#{number:016}"), "number": number, "at": world.now(),
        "by": {"id": "system", "name": "Vestibule"}, "verb": "transfer", "expires_at": 9_000_000_000_u64,
    });
    let Value::Object(mut line) = line else {
        unreachable!()
    };
    if let Some(note) = note {
        line.insert("note".to_owned(), json!(note));
    }
    put(world, line);
}

/// SPEC E32: what a member noted about a transfer may repeat the person's words too.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_routing_with_a_note_goes_with_any_of_the_people_and_one_without_stays() {
    let thread = handed_off().await;
    let (mut world, ada) = (thread.world, thread.ada);
    put_line(&world, 1, Some(PRIVATE));
    put_line(&world, 2, None);
    world.clock.advance(Duration::from_secs(1));
    erase(&world, &ada).await;
    world.settle().await;
    assert_eq!(rows_with(&world, PRIVATE), []);
    let lines = world.rows("ROUTED#");
    let stays = |number: u64| lines.iter().any(|line| line["number"] == number);
    assert!(!stays(1) && stays(2), "{lines:?}");
}
