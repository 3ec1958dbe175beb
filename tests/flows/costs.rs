//! AWS calls per event (PERFORMANCE §2), counted on the wire.

use crate::world::{SAID, World};
use serde_json::json;
use std::time::Duration;
use vestibule_domain::access::request::Verdict;

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_first_message_takes_one_read_one_transaction_and_one_send() {
    let world = World::new().await;
    let (ada, grace) = (world.person("Ada Lovelace"), world.person("Grace Hopper"));
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
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_persons_message_takes_one_read_and_one_send_and_its_duplicate_one_read() {
    let mut world = World::new().await;
    let ada = world.person("Ada Lovelace");
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
    world.settle().await;
    world.count_from_here();
    assert_eq!(world.webhook(&connector, &next).await, 200);
    assert_eq!(world.aws_calls(), ["DynamoDB.BatchGetItem"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_signature_takes_no_call_once_the_connector_is_known() {
    let world = World::new().await;
    let ada = world.person("Ada Lovelace");
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
    let ada = world.person("Ada Lovelace");
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
    assert_eq!(world.told(&ada).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_without_a_reply_takes_one_read_and_one_write() {
    let mut world = World::new().await;
    let ada = world.person("Ada Lovelace");
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
    assert!(!world.work_outgoing().await);
}
