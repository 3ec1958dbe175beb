//! A job that the outbox holds is enqueued once the platform has its answer (DESIGN §3.4).

use crate::world::{SAID, World};
use vestibule_domain::connector::Connector;
use vestibule_edge::webhook;
use vestibule_testkit::lambda_events;

/// Lets a person write to a function that does not come to the rest, and returns the status.
async fn answered(world: &World, connector: &Connector, person: &str) -> u16 {
    let request = world.says(connector, person, SAID);
    let id = connector.id.to_string();
    let event = lambda_events::webhook_call(&request, world.platform.key(), &id);
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    let answer = Box::pin(webhook::handle(&world.functions.intake, request)).await;
    answer.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_message_is_answered_before_its_job_is_enqueued_once() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    world.count_from_here();
    assert_eq!(answered(&world, &connector, &ada).await, 200);
    assert_eq!(world.outbox().len(), 1);
    assert_eq!(world.to_aws.count("SQS.SendMessage"), 0);
    for _ in 0..2 {
        world.functions.intake.enqueue_rest().await;
        assert_eq!(world.to_aws.count("SQS.SendMessage"), 1);
    }
    assert!(world.work_onboarding().await);
    assert_eq!(world.welcomes(&ada), 1);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_ends_after_its_answer_leaves_the_job_to_the_sweeper() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    assert_eq!(answered(&world, &connector, &ada).await, 200);
    world.restart();
    assert!(!world.work_onboarding().await);
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
    assert_eq!(world.requests().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_for_the_agent_is_enqueued_before_it_is_answered() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let open = world.open.clone();
    assert_eq!(answered(&world, &open, &ada).await, 200);
    world.restart();
    assert!(world.work_inbox().await);
    assert_eq!(world.agent.deliveries().len(), 1);
    world.settle().await;
}
