//! Edits and deletions by a person: never a new message, and for the agent only if its environment asks.

use crate::{
    conversations::keep_for,
    world::{Invoked, SAID, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    access::request::Verdict,
    connector::{ApprovalMode, Connector},
};
use vestibule_testkit::{
    SignedRequest,
    fault_proxy::{Fault, Rule},
    slack_signer::{Said, SlackPayload},
};

const FIXED: &str = "Good morning, is anybody there?";

pub async fn world_of(mode: ApprovalMode) -> World {
    let mut world = World::new().await;
    world
        .change_connector(|connector| connector.after_approval.mode = mode)
        .await;
    world
}

/// The change of the message that `original` brought, made this many seconds after it was written.
pub fn changed(
    world: &World,
    connector: &Connector,
    original: &SignedRequest,
    text: Option<&str>,
    after: i64,
) -> SignedRequest {
    let payload: Value = serde_json::from_slice(&original.body).unwrap();
    let event = |field: &str| payload["event"][field].as_str().unwrap().to_owned();
    let (ts, user, channel) = (event("ts"), event("user"), event("channel"));
    let written: i64 = ts.split('.').next().unwrap().parse().unwrap();
    let at = format!("{}.000000", written + after);
    let said = Said {
        event_id: &format!("EvChange{after}"),
        ts: &ts,
        user: &user,
        channel: &channel,
        text: text.unwrap_or(SAID),
    };
    let install = world.slack.install(&connector.id.to_string()).unwrap();
    let payload = match text {
        Some(_) => install
            .message_changed(&said)
            .with("/event/message/edited/ts", at),
        None => install.message_deleted(&said).with("/event/event_ts", at),
    };
    payload.sign(&install.signing_secret, world.clock.now_secs())
}

pub async fn send(world: &World, request: &SignedRequest) {
    let connector = world.connector.clone();
    assert_eq!(world.webhook(&connector, request).await, 200);
}

pub async fn preview(world: &World) -> Option<String> {
    let preview = world.requests().await.remove(0).preview;
    preview.map(|preview| preview.text)
}

/// Types and texts of what the agent got.
pub fn delivered(world: &World) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let deliveries = world.agent.deliveries();
    let told = deliveries.iter().map(|delivery| &delivery.body);
    told.map(|body| (text(&body["type"]), text(&body["message"]["text"])))
        .collect()
}

pub fn received(text: &str) -> (String, String) {
    ("message.received".to_owned(), text.to_owned())
}

/// Somebody who is let in, and their next message, which the agent has.
pub async fn let_in(world: &mut World) -> (String, SignedRequest) {
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let first = world.says(&connector, &ada, SAID);
    send(world, &first).await;
    world.settle().await;
    world.decide(&ada, Verdict::Approve).await;
    let next = world.says(&connector, &ada, "What time is it?");
    send(world, &next).await;
    world.settle().await;
    (ada, next)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_somebody_unknown_writes_nothing_and_reaches_nobody() {
    let world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let before = world.db.items().unwrap();
    for connector in [&world.connector, &world.open] {
        let unseen = world.says(connector, &ada, SAID);
        for text in [Some(FIXED), None] {
            let change = changed(&world, connector, &unseen, text, 5);
            assert_eq!(world.webhook(connector, &change).await, 200);
        }
    }
    assert_eq!(world.db.items().unwrap(), before);
    assert!(world.aws.messages("onboarding").is_empty());
    assert!(world.aws.messages("inbox.fifo").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_first_message_is_shown_and_replayed_as_it_is_now_and_an_older_edit_changes_nothing()
 {
    let mut world = world_of(ApprovalMode::Replay).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let first = world.says(&connector, &ada, SAID);
    send(&world, &first).await;
    world.settle().await;
    for (text, after) in [(FIXED, 20), ("Good evening", 10), (FIXED, 20)] {
        send(
            &world,
            &changed(&world, &connector, &first, Some(text), after),
        )
        .await;
        assert_eq!(preview(&world).await.as_deref(), Some(FIXED));
    }
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 1);
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    assert_eq!(delivered(&world), [received(FIXED)]);
    let delivery = world.agent.deliveries().remove(0);
    let payload: Value = serde_json::from_slice(&first.body).unwrap();
    assert_eq!(
        delivery.body["message"]["provider_event_id"],
        payload["event_id"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_first_message_is_neither_shown_nor_replayed_and_no_older_edit_brings_it_back() {
    let mut world = world_of(ApprovalMode::Replay).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let first = world.says(&connector, &ada, SAID);
    send(&world, &first).await;
    world.settle().await;
    for (text, after) in [(None, 20), (Some(FIXED), 10), (Some(FIXED), 20), (None, 20)] {
        send(&world, &changed(&world, &connector, &first, text, after)).await;
        assert_eq!(preview(&world).await, None);
    }
    let rows = serde_json::to_string(&world.db.items().unwrap()).unwrap();
    assert!(!rows.contains(SAID) && !rows.contains(FIXED));
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    assert_eq!(delivered(&world), []);
}

/// A message of which Slack hands over nothing.
pub fn withheld(world: &World, connector: &Connector, person: &str) -> SignedRequest {
    let written = world.says(connector, person, SAID);
    let payload = SlackPayload::from_value(serde_json::from_slice(&written.body).unwrap())
        .with("/event/text", "")
        .with("/event/blocks", json!([{"type": "call", "call_id": "R1"}]));
    let install = world.slack.install(&connector.id.to_string()).unwrap();
    payload.sign(&install.signing_secret, world.clock.now_secs())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_hands_over_a_withheld_first_message_takes_its_place_and_is_replayed() {
    let mut world = world_of(ApprovalMode::Replay).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let first = withheld(&world, &connector, &ada);
    send(&world, &first).await;
    assert_ne!(preview(&world).await.as_deref(), Some(FIXED));
    let edit = changed(&world, &connector, &first, Some(FIXED), 5);
    for request in [&edit, &edit] {
        send(&world, request).await;
        assert_eq!(preview(&world).await.as_deref(), Some(FIXED));
    }
    let again = changed(&world, &connector, &first, Some("Good evening"), 9);
    send(&world, &again).await;
    assert_eq!(preview(&world).await.as_deref(), Some("Good evening"));
    assert_eq!(world.requests().await.len(), 1);
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    assert_eq!(delivered(&world), [received("Good evening")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_the_message_that_took_a_placeholders_place_reach_the_request_and_others_do_not()
{
    for (text, shown) in [(Some(FIXED), Some(FIXED)), (None, None)] {
        let mut world = world_of(ApprovalMode::Replay).await;
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        let placeholder = withheld(&world, &connector, &ada);
        send(&world, &placeholder).await;
        world.clock.advance(Duration::from_secs(2));
        let first = world.says(&connector, &ada, SAID);
        send(&world, &first).await;
        world.clock.advance(Duration::from_secs(2));
        let second = world.says(&connector, &ada, "Hello?");
        send(&world, &second).await;
        for other in [&placeholder, &second] {
            for change in [Some("Another text"), None] {
                let change = changed(&world, &connector, other, change, 5);
                send(&world, &change).await;
                assert_eq!(preview(&world).await.as_deref(), Some(SAID));
            }
        }
        send(&world, &changed(&world, &connector, &first, text, 5)).await;
        assert_eq!(preview(&world).await.as_deref(), shown);
        world.decide(&ada, Verdict::Approve).await;
        world.settle().await;
        let expected: Vec<_> = text.map(received).into_iter().collect();
        assert_eq!(delivered(&world), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_later_message_leaves_the_first_one_as_it_is() {
    let mut world = world_of(ApprovalMode::Replay).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let first = world.says(&connector, &ada, SAID);
    send(&world, &first).await;
    world.clock.advance(Duration::from_secs(2));
    let second = world.says(&connector, &ada, "Hello?");
    send(&world, &second).await;
    for text in [Some(FIXED), None] {
        send(&world, &changed(&world, &connector, &second, text, 5)).await;
    }
    assert_eq!(preview(&world).await.as_deref(), Some(SAID));
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    assert_eq!(delivered(&world), [received(SAID)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_a_crash_leaves_half_done_is_finished_when_it_comes_again() {
    for text in [Some(FIXED), None] {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            for call in [1, 2] {
                let mut world = world_of(ApprovalMode::Replay).await;
                let ada = world.newcomer("Ada Lovelace");
                let connector = world.connector.clone();
                let first = world.says(&connector, &ada, SAID);
                send(&world, &first).await;
                world.settle().await;
                let change = changed(&world, &connector, &first, text, 5);
                world.count_from_here();
                let rule = Rule::new("DynamoDB.PutItem", fault.clone());
                world.to_db.inject(rule.from_call(call));
                let killed = world.try_webhook(&connector, &change).await;
                assert_eq!(killed, Invoked::Killed);
                send(&world, &change).await;
                assert_eq!(preview(&world).await.as_deref(), text);
                world.decide(&ada, Verdict::Approve).await;
                world.settle().await;
                let expected: Vec<_> = text.map(received).into_iter().collect();
                assert_eq!(delivered(&world), expected);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_does_not_ask_gets_no_change() {
    let mut world = World::new().await;
    let (_, next) = let_in(&mut world).await;
    let connector = world.connector.clone();
    for (text, after) in [(Some("What day is it?"), 5), (None, 9)] {
        send(&world, &changed(&world, &connector, &next, text, after)).await;
        world.settle().await;
    }
    assert_eq!(delivered(&world), [received("What time is it?")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_gets_the_changes_that_it_asks_for_in_order_and_once_and_answers_them() {
    let mut world = World::new().await;
    world.asks_for(&["message.edited", "message.deleted"]).await;
    let (ada, next) = let_in(&mut world).await;
    let connector = world.connector.clone();
    let told = world.told(&ada).len();
    let edit = changed(&world, &connector, &next, Some("What day is it?"), 5);
    let deletion = changed(&world, &connector, &next, None, 9);
    for request in [&edit, &deletion, &edit] {
        send(&world, request).await;
    }
    world.settle().await;
    assert_eq!(
        delivered(&world),
        [
            received("What time is it?"),
            ("message.edited".to_owned(), "What day is it?".to_owned()),
            ("message.deleted".to_owned(), String::new()),
        ]
    );
    let deliveries = world.agent.deliveries();
    let original = &deliveries[0].body;
    assert_eq!(original.get("original_id"), None);
    for change in &deliveries[1..] {
        assert_eq!(change.body["original_id"], original["id"]);
        assert_eq!(change.body["conversation"], original["conversation"]);
    }
    assert!(world.told(&ada).len() > told);
    assert_eq!(world.requests().await.len(), 1);
}

/// The messages of people, as the API shows them, the oldest first.
pub async fn history(world: &World) -> Vec<Value> {
    let token = world.all_powers().await;
    let get = async |path: &str| {
        world
            .call(&token, ("GET", path), Value::Null, &[])
            .await
            .body
    };
    let conversations = format!("{}/conversations", world.project_path());
    let listed = get(&conversations).await;
    let id = listed["items"][0]["id"].as_str().unwrap();
    let page = get(&format!("{conversations}/{id}/messages?order=oldest")).await;
    let mut messages = page["items"].as_array().unwrap().clone();
    messages.retain(|message| message["direction"] == "inbound");
    messages
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_changes_the_message_on_record_and_a_deletion_empties_it_whatever_the_agent_asks_for()
 {
    for asks in [false, true] {
        let mut world = World::new().await;
        if asks {
            world.asks_for(&["message.edited", "message.deleted"]).await;
        }
        let (_, next) = let_in(&mut world).await;
        let connector = world.connector.clone();
        for (text, after, shown) in [
            (Some("What day is it?"), 20, "What day is it?"),
            (Some("Which time is it?"), 10, "What day is it?"),
            (None, 40, ""),
            (Some("What year is it?"), 30, ""),
        ] {
            send(&world, &changed(&world, &connector, &next, text, after)).await;
            world.settle().await;
            let messages = history(&world).await;
            assert_eq!(messages.len(), 1);
            let message = &messages[0];
            assert_eq!(message["text"], shown);
            assert_eq!(message["sequence"], 1);
            assert!(message["edited_at"].is_string());
            assert_eq!(message["deleted_at"].is_string(), shown.is_empty());
            let parts = message["content"].as_array().unwrap().len();
            assert_eq!(parts == 0, shown.is_empty());
        }
        let rows = serde_json::to_string(&world.rows("MESSAGE#000000000001")).unwrap();
        assert!(!rows.contains("What"), "{rows}");
    }
}

/// Lets a request arrive and all work that it makes be done, some time before the next one.
async fn brings(world: &mut World, connector: &Connector, request: &SignedRequest) {
    assert_eq!(world.webhook(connector, request).await, 200);
    world.settle().await;
    world.clock.advance(Duration::from_secs(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_does_not_get_is_in_the_history_and_leaves_no_gap_among_what_it_gets() {
    for asks in [false, true] {
        let mut world = World::new().await;
        let events: &[&str] = if asks {
            &["message.edited", "message.unsupported"]
        } else {
            &["message.edited"]
        };
        world.asks_for(events).await;
        let ada = world.newcomer("Ada Lovelace");
        let open = world.open.clone();
        let first = world.says(&open, &ada, SAID);
        brings(&mut world, &open, &first).await;
        let edit = changed(&world, &open, &first, Some(FIXED), 3);
        brings(&mut world, &open, &edit).await;
        let placeholder = withheld(&world, &open, &ada);
        for _ in 0..2 {
            brings(&mut world, &open, &placeholder).await;
        }
        let last = world.says(&open, &ada, "Hello?");
        brings(&mut world, &open, &last).await;
        let deliveries = world.agent.deliveries();
        let told: Vec<Value> = deliveries
            .iter()
            .map(|delivery| json!([delivery.body["type"], delivery.body["message"]["sequence"]]))
            .collect();
        let mut expected = vec![
            json!(["message.received", 1]),
            json!(["message.edited", 1]),
            json!(["message.unsupported", 2]),
            json!(["message.received", 3]),
        ];
        if !asks {
            expected.remove(2);
            expected[2] = json!(["message.received", 2]);
        }
        assert_eq!(told, expected);
        let edited = &deliveries[1].body["message"];
        assert_eq!(edited["previous_message_at"], Value::Null);

        let messages = history(&world).await;
        let sequences: Vec<Value> = messages.iter().map(|m| m["sequence"].clone()).collect();
        let expected = if asks {
            json!([1, 2, 3])
        } else {
            json!([1, null, 2])
        };
        assert_eq!(json!(sequences), expected);
        assert_eq!(messages[0]["text"], FIXED);
        assert_eq!(messages[1]["content"][0]["kind"], "unsupported");
        let mut numbers: Vec<u64> = world
            .rows("MESSAGE#")
            .iter()
            .map(|row| row["number"].as_u64().unwrap())
            .collect();
        numbers.sort_unstable();
        let all: Vec<u64> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_recorded_with_one_read_and_one_write_more_and_not_at_all_where_nothing_is_kept()
 {
    for (days, calls) in [
        (
            30,
            [
                "DynamoDB.BatchGetItem",
                "DynamoDB.BatchGetItem",
                "DynamoDB.UpdateItem",
            ]
            .as_slice(),
        ),
        (0, ["DynamoDB.BatchGetItem"].as_slice()),
    ] {
        let mut world = World::new().await;
        keep_for(&world, days).await;
        let (ada, next) = let_in(&mut world).await;
        let connector = world.connector.clone();
        let edit = changed(&world, &connector, &next, Some(FIXED), 5);
        send(&world, &edit).await;
        world.count_from_here();
        assert!(world.work_inbox().await);
        assert_eq!(world.aws_calls(), calls);
        // A change of a message that is not on record.
        let unseen = world.says(&connector, &ada, "Hello?");
        let before = world.rows("MESSAGE#");
        send(&world, &changed(&world, &connector, &unseen, Some(SAID), 6)).await;
        world.settle().await;
        assert_eq!(world.rows("MESSAGE#"), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_a_crash_of_the_worker_leaves_half_done_is_finished_when_it_comes_again() {
    for fault in [Fault::KillBefore, Fault::KillAfter] {
        let mut world = World::new().await;
        world.asks_for(&["message.edited"]).await;
        let (_, next) = let_in(&mut world).await;
        let connector = world.connector.clone();
        let edit = changed(&world, &connector, &next, Some(FIXED), 5);
        send(&world, &edit).await;
        world.count_from_here();
        world.to_db.inject(Rule::new("DynamoDB.UpdateItem", fault));
        world.settle().await;
        assert!(world.has_struck());
        assert_eq!(history(&world).await[0]["text"], FIXED);
        assert_eq!(delivered(&world).len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_an_approved_person_takes_one_read_and_one_send() {
    let mut world = World::new().await;
    let (_, next) = let_in(&mut world).await;
    let connector = world.connector.clone();
    let edit = changed(&world, &connector, &next, Some("What day is it?"), 5);
    world.count_from_here();
    send(&world, &edit).await;
    assert_eq!(
        world.aws_calls(),
        ["DynamoDB.BatchGetItem", "SQS.SendMessage"]
    );
    world.settle().await;
}
