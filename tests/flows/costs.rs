//! AWS calls per event (PERFORMANCE §2), counted on the wire.

use crate::{
    conversations::put,
    cost_model::{AGAIN, FIRST, REPLIED, SILENT},
    edits::changed,
    tally::agrees,
    world::{SAID, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::access::request::Verdict;
use vestibule_testkit::SignedRequest;

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_first_message_takes_one_read_one_transaction_and_one_send() {
    let world = World::new().await;
    let (ada, grace) = (
        world.newcomer("Ada Lovelace"),
        world.newcomer("Grace Hopper"),
    );
    let connector = world.connector.clone();
    let warm = world.says(&connector, &grace, SAID);
    world.webhook(&connector, &warm).await;
    let first = world.says(&connector, &ada, SAID);
    world.count_from_here();
    assert_eq!(world.webhook(&connector, &first).await, 200);
    assert_eq!(
        world.aws_calls(),
        [
            "DynamoDB.BatchGetItem",
            "DynamoDB.TransactWriteItems",
            "SQS.SendMessage"
        ]
    );
    agrees(&world, FIRST, "webhook");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_persons_message_takes_one_read_and_one_send_and_its_duplicate_one_read() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let first = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &first).await;
    world.settle().await;
    world.count_from_here();
    assert_eq!(world.webhook(&connector, &first).await, 200);
    assert_eq!(world.aws_calls(), ["DynamoDB.BatchGetItem"]);

    world.decide(&ada, Verdict::Approve).await;
    let next = world.says(&connector, &ada, "And now?");
    world.count_from_here();
    assert_eq!(world.webhook(&connector, &next).await, 200);
    assert_eq!(
        world.aws_calls(),
        ["DynamoDB.BatchGetItem", "SQS.SendMessage"]
    );
    agrees(&world, SILENT, "webhook");
    agrees(&world, REPLIED, "webhook");
    world.settle().await;
    world.count_from_here();
    assert_eq!(world.webhook(&connector, &next).await, 200);
    assert_eq!(world.aws_calls(), ["DynamoDB.BatchGetItem"]);
    agrees(&world, AGAIN, "webhook");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_signature_takes_no_call_once_the_connector_is_known() {
    let world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let good = world.says(&connector, &ada, SAID);
    let forged = good.clone().with_body("{}");
    assert_eq!(world.webhook(&connector, &forged).await, 401);
    world.count_from_here();
    for _ in 0..50 {
        assert_eq!(world.webhook(&connector, &forged).await, 401);
    }
    assert_eq!(world.aws_calls(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_with_one_reply_takes_six_calls_over_both_workers() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let open = world.open.clone();
    let first = world.says(&open, &ada, SAID);
    world.webhook(&open, &first).await;
    world.settle().await;
    let next = world.says(&open, &ada, "More");
    world.webhook(&open, &next).await;
    // After a pause, a turn costs nothing extra; within a burst it costs one more update.
    world.clock.advance(Duration::from_secs(1));
    world.count_from_here();
    assert!(world.work_inbox().await);
    assert_eq!(
        world.aws_calls(),
        [
            "DynamoDB.BatchGetItem",
            "DynamoDB.TransactWriteItems",
            "SQS.SendMessage"
        ]
    );
    agrees(&world, REPLIED, "worker-delivery");
    world.count_from_here();
    assert!(world.work_outgoing().await);
    // The claim, the turn, and the record of the text with the end of the claim.
    assert_eq!(
        world.aws_calls(),
        [
            "DynamoDB.UpdateItem",
            "DynamoDB.UpdateItem",
            "DynamoDB.TransactWriteItems"
        ]
    );
    agrees(&world, REPLIED, "worker-outgoing");
    assert_eq!(world.told(&ada).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_without_a_reply_takes_one_read_and_one_write() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let open = world.open.clone();
    world.agent.answer_with(json!({"replies": []}));
    for text in [SAID, "More"] {
        let message = world.says(&open, &ada, text);
        world.webhook(&open, &message).await;
        world.count_from_here();
        assert!(world.work_inbox().await);
    }
    assert_eq!(
        world.aws_calls(),
        ["DynamoDB.BatchGetItem", "DynamoDB.TransactWriteItems"]
    );
    agrees(&world, SILENT, "worker-delivery");
    assert!(!world.work_outgoing().await);
}

/// A world in which the open connector's first message has this many others behind it.
async fn with_messages_behind(last: u64) -> (World, SignedRequest) {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let open = world.open.clone();
    let first = world.says(&open, &ada, SAID);
    world.webhook(&open, &first).await;
    world.settle().await;
    let mut rows = world.rows("MESSAGE#");
    rows.retain(|row| row["number"] == 1);
    let mut row = rows.remove(0);
    row.remove("delivery_id");
    for number in 3..=last {
        row.insert("number".to_owned(), number.into());
        row.insert("sk".to_owned(), format!("MESSAGE#{number:012}").into());
        put(&world, row.clone());
    }
    (world, first)
}

/// The calls that take an edit over, and the text of the message afterwards.
async fn edited(world: &mut World, first: &SignedRequest) -> (Vec<String>, Value) {
    let open = world.open.clone();
    let edit = changed(world, &open, first, Some("Mended"), 5);
    assert_eq!(world.webhook(&open, &edit).await, 200);
    world.count_from_here();
    assert!(world.work_inbox().await);
    let mut rows = world.rows("MESSAGE#");
    rows.retain(|row| row["number"] == 1);
    (world.aws_calls(), rows.remove(0)["text"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_takes_two_reads_and_one_write_however_many_messages_came_behind() {
    for last in [3, 700] {
        let (mut world, first) = with_messages_behind(last).await;
        let (calls, text) = edited(&mut world, &first).await;
        assert_eq!(text, "Mended", "{last}");
        // The context, then the events that lead to the message.
        assert_eq!(
            calls,
            [
                "DynamoDB.BatchGetItem",
                "DynamoDB.BatchGetItem",
                "DynamoDB.UpdateItem"
            ],
            "{last}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_a_message_whose_event_is_forgotten_takes_at_most_two_queries() {
    for (last, queries, text) in [(40, 1, "Mended"), (300, 2, "Mended"), (700, 2, SAID)] {
        let (mut world, first) = with_messages_behind(last).await;
        for mut row in world.rows("EVENT") {
            row.remove("message_number");
            put(&world, row);
        }
        let (calls, found) = edited(&mut world, &first).await;
        assert_eq!(found, text, "{last}");
        let count = calls
            .iter()
            .filter(|call| *call == "DynamoDB.Query")
            .count();
        assert_eq!(count, queries, "{last}");
        assert!(calls.len() <= 5, "{calls:?}");
    }
}
