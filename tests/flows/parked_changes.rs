//! Edits, deletions and what a platform does not hand over, while messages of the conversation wait for an
//! agent that is down: the history follows at once, and what the agent asks for waits in its place.

use crate::{
    edits::{changed, delivered, history, let_in, received, send, withheld},
    world::World,
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::{SignedRequest, demo_agent::AgentFailure};

const BEFORE: &str = "What time is it?";
const WAITS: &str = "Are you there?";

pub fn go_down(world: &World) {
    let failure = AgentFailure::Http {
        status: 503,
        retry_after_secs: None,
    };
    world.agent.fail(failure, None);
}

/// Lets a request arrive and all work be done that can be done now. Returns the number of parked messages.
pub async fn parked_after(world: &mut World, request: &SignedRequest) -> usize {
    send(world, request).await;
    world.work_all().await;
    world.clock.advance(Duration::from_secs(2));
    let mut rows = world.rows("PARKED#");
    rows.retain(|row| row.contains_key("job"));
    rows.len()
}

pub async fn recover(world: &mut World) {
    world.agent.clear_failures();
    world.settle().await;
    assert!(world.rows("PARKED#").is_empty());
}

/// Texts and sequences of what people wrote.
async fn shown(world: &World) -> Vec<Value> {
    let messages = history(world).await;
    messages
        .iter()
        .map(|message| json!([message["text"], message["sequence"]]))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_agent_asks_for_is_on_record_at_once_and_waits_in_its_place() {
    let mut world = World::new().await;
    world.asks_for(&["message.edited", "message.deleted"]).await;
    let (ada, before) = let_in(&mut world).await;
    let connector = world.connector.clone();
    world.clock.advance(Duration::from_secs(2));
    go_down(&world);
    let first = changed(&world, &connector, &before, Some("And what day?"), 5);
    assert_eq!(parked_after(&mut world, &first).await, 1);
    assert_eq!(shown(&world).await, [json!(["And what day?", 1])]);
    let waits = world.says(&connector, &ada, WAITS);
    assert_eq!(parked_after(&mut world, &waits).await, 2);
    let edit = changed(&world, &connector, &waits, Some("Anybody?"), 6);
    assert_eq!(parked_after(&mut world, &edit).await, 3);
    let deletion = changed(&world, &connector, &before, None, 50);
    assert_eq!(parked_after(&mut world, &deletion).await, 4);
    assert_eq!(shown(&world).await, [json!(["", 1])]);

    recover(&mut world).await;
    let deliveries = world.agent.deliveries();
    let told: Vec<Value> = deliveries
        .iter()
        .map(|delivery| {
            let (body, message) = (&delivery.body, &delivery.body["message"]);
            json!([body["type"], message["text"], message["sequence"]])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!(["message.received", BEFORE, 1]),
            json!(["message.edited", "And what day?", 1]),
            json!(["message.received", WAITS, 2]),
            json!(["message.edited", "Anybody?", 2]),
            json!(["message.deleted", "", 1]),
        ]
    );
    assert_eq!(
        shown(&world).await,
        [json!(["", 1]), json!(["Anybody?", 2])]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_agent_does_not_ask_for_waits_only_behind_the_message_that_it_changes() {
    for (text, kept) in [(Some("Anybody?"), "Anybody?"), (None, "")] {
        let mut world = World::new().await;
        let (ada, before) = let_in(&mut world).await;
        let connector = world.connector.clone();
        world.clock.advance(Duration::from_secs(2));
        go_down(&world);
        let waits = world.says(&connector, &ada, WAITS);
        assert_eq!(parked_after(&mut world, &waits).await, 1);
        let edit = changed(&world, &connector, &before, Some("And what day?"), 5);
        assert_eq!(parked_after(&mut world, &edit).await, 1);
        assert_eq!(shown(&world).await, [json!(["And what day?", 1])]);
        let change = changed(&world, &connector, &waits, text, 6);
        assert_eq!(parked_after(&mut world, &change).await, 2);

        recover(&mut world).await;
        assert_eq!(delivered(&world), [received(BEFORE), received(WAITS)]);
        assert_eq!(
            shown(&world).await,
            [json!(["And what day?", 1]), json!([kept, 2])]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_handed_over_is_recorded_at_once_if_the_agent_does_not_ask_for_it() {
    let mut world = World::new().await;
    let (ada, _) = let_in(&mut world).await;
    let connector = world.connector.clone();
    world.clock.advance(Duration::from_secs(2));
    go_down(&world);
    let waits = world.says(&connector, &ada, WAITS);
    assert_eq!(parked_after(&mut world, &waits).await, 1);
    let placeholder = withheld(&world, &connector, &ada);
    assert_eq!(parked_after(&mut world, &placeholder).await, 1);
    let sequences = async |world: &World| -> Vec<Value> {
        let messages = history(world).await;
        messages.iter().map(|m| m["sequence"].clone()).collect()
    };
    assert_eq!(sequences(&world).await, [json!(1), Value::Null]);

    recover(&mut world).await;
    assert_eq!(delivered(&world), [received(BEFORE), received(WAITS)]);
    assert_eq!(sequences(&world).await, [json!(1), Value::Null, json!(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_nobody_asks_for_is_not_given_up_with_its_message() {
    let mut world = World::new().await;
    let (ada, _) = let_in(&mut world).await;
    let connector = world.connector.clone();
    world.clock.advance(Duration::from_secs(2));
    go_down(&world);
    let waits = world.says(&connector, &ada, WAITS);
    assert_eq!(parked_after(&mut world, &waits).await, 1);
    let deletion = changed(&world, &connector, &waits, None, 6);
    assert_eq!(parked_after(&mut world, &deletion).await, 2);
    world.clock.advance(Duration::from_hours(73));
    world.settle().await;
    let given_up = world.rows("GIVEN_UP");
    assert_eq!(given_up.len(), 1, "{given_up:?}");
    assert!(given_up[0]["job"].as_str().unwrap().contains(WAITS));
    assert!(world.rows("PARKED#").is_empty());
}
