//! Many at once (SPEC B31, X01): the same event, and different first events of one person.

use crate::world::{SAID, World};
use futures_util::future::join_all;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_deliveries_of_one_event_at_once_are_one() {
    let mut world = World::new().await;
    let ada = world.person("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    let answers = join_all((0..100).map(|_| world.webhook(&connector, &hello))).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    world.settle().await;
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 1);
    assert_eq!(world.rows("USER").len(), 1);
    assert_eq!(world.welcomes(&ada), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_first_messages_of_one_person_at_once_make_one_request() {
    let mut world = World::new().await;
    let ada = world.person("Ada Lovelace");
    let connector = world.connector.clone();
    let requests: Vec<_> = (0..100)
        .map(|i| world.says(&connector, &ada, &format!("{SAID} {i}")))
        .collect();
    let mut waiting: Vec<_> = requests.iter().collect();
    // Slack delivers again what was not answered 200; a storm may take it more than one delivery.
    for _ in 0..4 {
        let answers = join_all(
            waiting
                .iter()
                .map(|request| world.webhook(&connector, request)),
        )
        .await;
        waiting = waiting
            .into_iter()
            .zip(answers)
            .filter(|(_, status)| *status != 200)
            .map(|(request, _)| request)
            .collect();
    }
    assert_eq!(waiting.len(), 0);
    world.settle().await;
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 100);
    assert_eq!(world.rows("USER").len(), 1);
    assert_eq!(world.rows("STANDING#").len(), 1);
    assert_eq!(world.welcomes(&ada), 1);
    assert!(
        world.rows("STANDING#")[0]["recent_events"]
            .as_array()
            .unwrap()
            .len()
            <= 102
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_that_get_one_job_at_once_send_one_message() {
    let mut world = World::new().await;
    let ada = world.person("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &hello).await;
    // Every duplicate that finds the mark enqueues the job again.
    join_all((0..20).map(|_| world.webhook(&connector, &hello))).await;
    assert!(world.aws.messages("onboarding").len() > 10);
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
    assert_eq!(world.aws.messages("onboarding-dlq").len(), 0);
}
