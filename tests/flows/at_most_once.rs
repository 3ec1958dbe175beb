//! The onboarding message is sent at most once, whatever the number of requests (SPEC A21): also when a worker
//! ended after the platform took the message, and its request was decided before another worker came.

use crate::world::{SAID, World};
use std::time::Duration;
use vestibule_domain::{access::request::Verdict, chat::send_status::SendStatus};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::Platform,
};

async fn writes(world: &mut World, person: &str, text: &str) {
    world.clock.advance(Duration::from_secs(1));
    let connector = world.connector.clone();
    let request = world.says(&connector, person, text);
    assert_eq!(world.webhook(&connector, &request).await, 200);
}

/// A world in which a person wrote, and the first call to the platform ended the worker.
async fn world_with_a_doubt(platform: Platform, fault: Fault) -> (World, String) {
    let mut world = World::on(platform).await;
    world
        .change_connector(|connector| connector.request_cooldown = Duration::ZERO)
        .await;
    let ada = world.newcomer("Ada Lovelace");
    writes(&mut world, &ada, SAID).await;
    world.to_slack.inject(Rule::new("*", fault));
    assert!(world.work_onboarding().await);
    (world, ada)
}

/// The status of the onboarding message of the newest request.
async fn onboarding_message(world: &World) -> SendStatus {
    let requests = world.requests().await;
    let standing = requests[0].standing.as_ref().unwrap();
    standing.onboarding_message.clone().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_went_out_unseen_is_not_sent_again_with_the_next_request() {
    for platform in [
        Platform::Slack,
        Platform::Telegram,
        Platform::Dialog360,
        Platform::Twilio,
    ] {
        let (mut world, ada) = world_with_a_doubt(platform, Fault::KillAfter).await;
        assert_eq!(world.welcomes(&ada), 1, "{platform:?}");
        assert_eq!(world.decide(&ada, Verdict::Reject).await.status, 200);
        world.settle().await;
        let skipped = onboarding_message(&world).await;
        assert!(matches!(skipped, SendStatus::Skipped { .. }), "{skipped:?}");

        for text in ["And now?", "Hello?"] {
            writes(&mut world, &ada, text).await;
            world.settle().await;
            assert_eq!(world.welcomes(&ada), 1, "{platform:?}");
            assert_eq!(world.decide(&ada, Verdict::Reject).await.status, 200);
        }
        // Slack shows the message; nobody can say of the others whether it went out.
        let last = onboarding_message(&world).await;
        assert_eq!(last.is_sent(), platform == Platform::Slack, "{last:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_slack_never_got_goes_out_with_the_next_request() {
    let (mut world, ada) = world_with_a_doubt(Platform::Slack, Fault::KillBefore).await;
    assert_eq!(world.welcomes(&ada), 0);
    assert_eq!(world.decide(&ada, Verdict::Reject).await.status, 200);
    world.settle().await;
    writes(&mut world, &ada, "And now?").await;
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
    assert!(onboarding_message(&world).await.is_sent());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_never_tried_goes_out_with_the_next_request() {
    for platform in [Platform::Slack, Platform::Telegram] {
        let mut world = World::on(platform).await;
        world
            .change_connector(|connector| connector.request_cooldown = Duration::ZERO)
            .await;
        let ada = world.newcomer("Ada Lovelace");
        writes(&mut world, &ada, SAID).await;
        assert_eq!(world.decide(&ada, Verdict::Reject).await.status, 200);
        world.settle().await;
        assert_eq!(world.welcomes(&ada), 0, "{platform:?}");
        writes(&mut world, &ada, "And now?").await;
        world.settle().await;
        assert_eq!(world.welcomes(&ada), 1, "{platform:?}");
    }
}
