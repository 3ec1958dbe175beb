//! Concurrent events (SPEC B31, X01): the same event many times, and different first events of one person.

use crate::world::{HEAVY, SAID, World};
use futures_util::future::join_all;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_deliveries_of_one_event_at_once_are_one() {
    let _turn = HEAVY.lock().await;
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    assert!(world.storm(&connector, &[&hello; 100]).await);
    world.settle().await;
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 1);
    assert_eq!(world.rows("USER").len(), 1);
    assert_eq!(world.welcomes(&ada), 1);
}

/// SPEC B31.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_first_messages_of_one_person_at_once_make_one_request() {
    let _turn = HEAVY.lock().await;
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let requests: Vec<_> = (0..100)
        .map(|i| world.says(&connector, &ada, &format!("{SAID} {i}")))
        .collect();
    let all: Vec<_> = requests.iter().collect();
    assert!(world.storm(&connector, &all).await);
    world.settle().await;
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 100);
    assert_eq!(world.rows("USER").len(), 1);
    assert_eq!(world.rows("STANDING#").len(), 1);
    assert_eq!(world.welcomes(&ada), 1);
    // No record grows with the messages: each event key has a row of its own.
    let kept = world.rows("STANDING#")[0]["recent_events"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 0);
    assert_eq!(world.rows("EVENT").len(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_that_get_one_job_at_once_send_one_message() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &hello).await;
    // Each duplicate that finds the mark enqueues the job again.
    join_all((0..20).map(|_| world.webhook(&connector, &hello))).await;
    assert!(world.aws.messages("onboarding").len() > 10);
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
    assert_eq!(world.aws.messages("onboarding-dlq").len(), 0);
}
