//! An event that comes again is recognised for as long as its platform or a captured request can bring it
//! (DESIGN §3.7), whatever was written since and by whomever.

use crate::world::{SAID, World};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::access::request::Verdict;
use vestibule_testkit::simulator::Platform;

/// More messages than any record ever listed.
const MANY: u64 = 105;

/// Deletes the rows whose sort key has this prefix.
fn forget(world: &World, sort_key: &str) {
    for row in world.rows(sort_key) {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        world.db.delete_raw(&text("pk"), &text("sk")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_undated_request_is_recognised_after_any_number_of_further_messages() {
    let mut world = World::on(Platform::Twilio).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let first = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &first).await, 200);
    let second = world.says(&connector, &ada, "Hello?");
    assert_eq!(world.webhook(&connector, &second).await, 200);
    for number in 0..MANY {
        let next = world.says(&connector, &ada, &format!("{number}"));
        assert_eq!(world.webhook(&connector, &next).await, 200);
    }
    world.settle().await;
    let before = world.db.items().unwrap();
    world.clock.advance(Duration::from_hours(24 * 365));
    for captured in [&first, &second] {
        assert_eq!(world.webhook(&connector, captured).await, 200);
    }
    world.settle().await;
    assert_eq!(world.db.items().unwrap(), before);
    let standing = world.requests().await.remove(0).standing.unwrap();
    assert_eq!(standing.message_count, 2 + MANY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_captured_request_opens_no_request_after_the_cool_down_that_it_fell_into() {
    let mut world = World::on(Platform::Twilio).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let first = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &first).await, 200);
    world.settle().await;
    world.decide(&ada, Verdict::Reject).await;
    let soon = world.says(&connector, &ada, "Please?");
    assert_eq!(world.webhook(&connector, &soon).await, 200);
    world.clock.advance(Duration::from_hours(25));
    for captured in [&first, &soon] {
        assert_eq!(world.webhook(&connector, captured).await, 200);
    }
    world.settle().await;
    assert_eq!(world.requests().await.len(), 1);
    let later = world.says(&connector, &ada, "And now?");
    assert_eq!(world.webhook(&connector, &later).await, 200);
    world.settle().await;
    assert_eq!(world.requests().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivered_message_is_recognised_whatever_its_conversation_remembers() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let open = world.open.clone();
        let hello = world.says(&open, &ada, SAID);
        assert_eq!(world.webhook(&open, &hello).await, 200);
        world.settle().await;
        assert_eq!(world.agent.deliveries().len(), 1, "{platform:?}");
        forget(&world, "CONVERSATION");
        world.count_from_here();
        assert_eq!(world.webhook(&open, &hello).await, 200);
        let calls = world.aws_calls();
        let is_read = |call: &String| call.ends_with("GetItem");
        assert!(calls.iter().all(is_read), "{platform:?} {calls:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_release_before_remembered_in_a_list_is_still_recognised() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let open = world.open.clone();
        let hello = world.says(&open, &ada, SAID);
        assert_eq!(world.webhook(&open, &hello).await, 200);
        let queued = world.aws.messages("inbox.fifo").remove(0);
        let job: Value = serde_json::from_str(&queued.body).unwrap();
        let keys: Vec<Value> = job["event_keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| json!({"S": key}))
            .collect();
        world.settle().await;

        // The conversation as that release stored it, and no rows of events.
        let row = world.rows("CONVERSATION").remove(0);
        let of_release_before = json!({
            "pk": {"S": row["pk"]}, "sk": {"S": row["sk"]},
            "connector_id": {"S": row["connector_id"]}, "message_count": {"N": "1"},
            "recent_events": {"L": keys}, "version": {"N": "2"},
            "updated_at": {"S": row["updated_at"]},
        });
        world.db.put_raw(&of_release_before).unwrap();
        forget(&world, "EVENT");
        world.count_from_here();
        assert_eq!(world.webhook(&open, &hello).await, 200);
        let calls = world.aws_calls();
        let is_read = |call: &String| call.ends_with("GetItem");
        assert!(calls.iter().all(is_read), "{platform:?} {calls:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_forgotten_when_its_platform_cannot_repeat_it_and_never_if_it_stays_authentic()
{
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        for connector in [world.connector.clone(), world.open.clone()] {
            let hello = world.says(&connector, &ada, SAID);
            assert_eq!(world.webhook(&connector, &hello).await, 200);
        }
        world.settle().await;
        let events = world.rows("EVENT");
        assert!(events.len() >= 2, "{platform:?}");
        for event in events {
            let expires = event.get("expires_at").and_then(Value::as_i64);
            let is_for_ever = platform == Platform::Twilio;
            assert_eq!(expires.is_none(), is_for_ever, "{platform:?} {event:?}");
            if let Some(at) = expires {
                assert!(at >= world.now().seconds() + 23 * 3600, "{platform:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_that_made_a_request_still_reaches_the_agent_after_the_approval() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        world
            .change_connector(|connector| {
                connector.after_approval.mode = vestibule_domain::connector::ApprovalMode::Replay;
            })
            .await;
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        let hello = world.says(&connector, &ada, SAID);
        assert_eq!(world.webhook(&connector, &hello).await, 200);
        world.settle().await;
        world.decide(&ada, Verdict::Approve).await;
        world.settle().await;
        assert_eq!(world.agent.deliveries().len(), 1, "{platform:?}");
        assert_eq!(world.webhook(&connector, &hello).await, 200);
        world.settle().await;
        assert_eq!(world.agent.deliveries().len(), 1, "{platform:?}");
    }
}
