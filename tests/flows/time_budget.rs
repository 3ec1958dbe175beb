//! The tasks of one person share the time of a job: what there is no time for is left to another job at once.

use crate::world::{SAID, World};
use std::time::Duration;
use vestibule_domain::{access::request::Verdict, connector::ApprovalMode};
use vestibule_testkit::fault_proxy::{Fault, Rule};

/// Runs the worker while the platform takes half a minute for the next text.
async fn works_slowly(world: &World) {
    world.count_from_here();
    let slow = Fault::Delay(Duration::from_millis(100));
    world.to_slack.inject(Rule::new("chat.postMessage", slow));
    let half_a_minute = async {
        world.to_slack.until_call("chat.postMessage", 1).await;
        world.clock.advance(Duration::from_secs(30));
    };
    world.work_onboarding_during(half_a_minute).await;
}

fn called(world: &World, class: &str) -> bool {
    world.to_slack.log().iter().any(|call| call.class == class)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_waits_for_another_job_when_the_text_took_long() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    works_slowly(&world).await;
    assert_eq!(world.welcomes(&ada), 1);
    assert!(!called(&world, "users.info"));

    assert_eq!(world.aws.messages("onboarding").len(), 1);
    assert!(world.work_onboarding().await);
    assert!(called(&world, "users.info"));
    assert_eq!(world.welcomes(&ada), 1);
    assert!(world.outbox().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_message_waits_for_another_job_when_the_notice_took_long() {
    let mut world = World::new().await;
    world
        .change_connector(|connector| connector.after_approval.mode = ApprovalMode::Both)
        .await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    world.settle().await;
    assert_eq!(world.decide(&ada, Verdict::Approve).await.status, 200);
    works_slowly(&world).await;
    assert_eq!(world.told(&ada).len(), 2);
    assert!(world.aws.messages("inbox.fifo").is_empty());

    assert_eq!(world.aws.messages("onboarding").len(), 1);
    assert!(world.work_onboarding().await);
    assert_eq!(world.aws.messages("inbox.fifo").len(), 1);
}
