//! Every webhook answers within its platform's time limit (PERFORMANCE §1.7), even when the table fails or
//! stalls.

use crate::world::{SAID, World};
use std::time::{Duration, Instant};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::Platform,
};

const CALLS: [&str; 4] = [
    "DynamoDB.GetItem",
    "DynamoDB.BatchGetItem",
    "DynamoDB.TransactWriteItems",
    "DynamoDB.UpdateItem",
];

/// The time that a fresh sandbox takes for a stranger's first message while every call to the table meets
/// this fault.
async fn time_to_answer(platform: Platform, fault: Fault) -> (u16, Duration) {
    let mut world = World::on(platform).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.restart();
    for class in CALLS {
        world
            .to_db
            .inject(Rule::new(class, fault.clone()).until_cleared());
    }
    let begun = Instant::now();
    let status = world.webhook(&connector, &hello).await;
    (status, begun.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures time: `make bench` runs it"]
async fn with_a_dead_table_every_webhook_answers_within_two_seconds_and_asks_for_another_delivery()
{
    for &platform in Platform::ALL {
        for fault in [Fault::Timeout, Fault::ResetBefore, Fault::Error500] {
            let (status, took) = time_to_answer(platform, fault.clone()).await;
            assert_eq!(status, 503, "{platform:?}, {fault:?}");
            assert!(
                took < Duration::from_secs(2),
                "{platform:?}, {fault:?}: {took:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures time: `make bench` runs it"]
async fn with_a_slow_table_the_impatient_platforms_are_answered_within_a_second() {
    for platform in [Platform::Slack, Platform::Dialog360, Platform::Telegram] {
        let slow = Fault::Delay(Duration::from_millis(100));
        let (status, took) = time_to_answer(platform, slow).await;
        assert_eq!(status, 200, "{platform:?}");
        assert!(took < Duration::from_secs(1), "{platform:?}: {took:?}");
    }
}
