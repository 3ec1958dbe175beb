//! The room of a connector, which all jobs that send its texts share (DESIGN §3.4).

use crate::{lifecycle::stranger, world::World};
use serde_json::json;
use std::time::Duration;
use vestibule_domain::access::request::Verdict;

const MINUTE: Duration = Duration::from_mins(1);
/// People with an onboarding message to come, and as many with an answer to come.
const PEOPLE: usize = 8;
/// The queues of the two kinds of job that send texts.
const QUEUES: [&str; 2] = ["onboarding", "outgoing"];

/// Loses every job in a queue, so that only the marks are left.
fn lose(world: &World, queue: &str) {
    while let Some(batch) = world.aws.take_batch(queue, 10) {
        world.aws.finish_batch(&batch, Some(&json!({})));
    }
}

/// Lets this many new people write to the connector that requires approval.
async fn strangers(world: &World, name: &str) -> Vec<String> {
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(stranger(world, &format!("{name} {number}")).await);
    }
    people
}

#[tokio::test(flavor = "multi_thread")]
async fn all_kinds_of_job_that_send_texts_of_a_connector_have_one_room_and_each_has_its_share() {
    let mut world = World::new().await;
    world.agent.answer_with_texts(1);
    let known = strangers(&world, "Known").await;
    world.settle().await;
    for person in &known {
        assert_eq!(world.decide(person, Verdict::Approve).await.status, 200);
    }
    world.settle().await;
    world.clock.advance(MINUTE);
    let connector = world.connector.clone();
    for person in &known {
        let request = world.says(&connector, person, "Hello again");
        assert_eq!(world.webhook(&connector, &request).await, 200);
    }
    while world.work_inbox().await {}
    let new = strangers(&world, "New").await;
    for queue in QUEUES {
        assert_eq!(world.aws.messages(queue).len(), PEOPLE, "{queue}");
        lose(&world, queue);
    }
    // A text in six seconds: ten until the next sweep.
    world.take_turn(Duration::from_secs(6)).await;
    world.clock.advance(MINUTE + Duration::from_secs(1));
    for _ in 0..2 {
        assert!(world.sweep().await);
        let dispatched = QUEUES.map(|queue| world.aws.messages(queue).len());
        assert_eq!(dispatched, [5, 5]);
    }

    world.settle().await;
    assert!(new.iter().all(|person| world.welcomes(person) == 1));
    for person in &known {
        let told = world.told(person);
        assert_eq!(told.last().unwrap(), "Hello again 1");
    }
    world.assert_good_manners();
}
