//! The sign that the agent is writing: where a platform has one, behind the texts, tried once (SPEC F12).

use crate::{
    admin::call,
    outgoing::say,
    world::{SAID, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::simulator::{Failure, Platform};

/// The name of the platform's call for the sign, in the simulator.
const fn sign(platform: Platform) -> Option<&'static str> {
    match platform {
        Platform::Telegram => Some("sendChatAction"),
        Platform::Dialog360 => Some("messages.read"),
        Platform::Teams => Some("activities.typing"),
        Platform::Slack | Platform::Twilio => None,
    }
}

/// Number of signs that the platform was asked for.
fn signs(world: &World) -> usize {
    sign(world.platform).map_or(0, |method| world.slack.count(method))
}

/// A world in which a person talks to the open connector.
async fn talking_on(platform: Platform) -> (World, String) {
    let mut world = World::on(platform).await;
    let ada = world.person("Ada Lovelace");
    say(&world, &ada, SAID).await;
    world.settle().await;
    (world, ada)
}

/// Asks for the sign in the only conversation.
async fn show_typing(world: &World) -> (u16, Value) {
    let token = world.all_powers().await;
    let all = format!("{}/conversations", world.project_path());
    let (_, listed) = call(world, &token, "GET", &all, Value::Null).await;
    let id = listed["items"][0]["id"].as_str().unwrap();
    let path = format!("{all}/{id}/typing");
    call(world, &token, "POST", &path, Value::Null).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_platform_that_has_a_sign_shows_it_once_behind_the_texts_and_over_the_api() {
    for platform in Platform::ALL.iter().copied() {
        let (mut world, ada) = talking_on(platform).await;
        let expected = usize::from(sign(platform).is_some());
        for (number, replies) in [(1, json!([{"text": "One moment"}])), (2, json!([]))] {
            let answer = json!({"replies": replies, "typing": true});
            world.agent.answer_with(answer);
            world.clock.advance(Duration::from_secs(1));
            say(&world, &ada, "Hello?").await;
            world.settle().await;
            assert_eq!(signs(&world), number * expected, "{platform:?}");
        }
        assert_eq!(world.told(&ada).last().unwrap(), "One moment");
        // A message each way, and two more without an answer to one.
        assert_eq!(world.rows("MESSAGE#").len(), 5, "{platform:?}");
        let (status, body) = show_typing(&world).await;
        assert_eq!((status, body), (204, Value::Null), "{platform:?}");
        world.settle().await;
        assert_eq!(signs(&world), 3 * expected, "{platform:?}");
        assert_eq!(world.rows("MESSAGE#").len(), 5, "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_that_fails_is_not_tried_again_and_the_texts_are_sent() {
    let (mut world, ada) = talking_on(Platform::Telegram).await;
    let failure = Failure::Http { status: 503 };
    world.slack.fail_next("sendChatAction", failure);
    let answer = json!({"replies": [{"text": "One moment"}], "typing": true});
    world.agent.answer_with(answer);
    say(&world, &ada, "Hello?").await;
    world.settle().await;
    assert_eq!(signs(&world), 1);
    assert_eq!(world.told(&ada).last().unwrap(), "One moment");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_that_comes_too_late_is_not_shown() {
    let (mut world, _) = talking_on(Platform::Telegram).await;
    assert_eq!(show_typing(&world).await.0, 204);
    world.clock.advance(Duration::from_secs(20));
    world.settle().await;
    assert_eq!(signs(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_is_blocked_sees_a_sign() {
    let (world, ada) = talking_on(Platform::Slack).await;
    world.block(&ada).await;
    let (status, refused) = show_typing(&world).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["type"], "/problems/access-ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_beside_a_text_costs_no_call_to_aws() {
    let (mut world, ada) = talking_on(Platform::Telegram).await;
    let answer = json!({"replies": [{"text": "One moment"}], "typing": true});
    world.agent.answer_with(answer);
    say(&world, &ada, "Hello?").await;
    world.clock.advance(Duration::from_secs(1));
    world.count_from_here();
    assert!(world.work_inbox().await);
    assert!(world.work_outgoing().await);
    assert_eq!(world.aws_calls().len(), 6, "{:?}", world.aws_calls());
    assert_eq!(signs(&world), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sign_is_asked_for_while_the_platform_wants_no_calls() {
    let (mut world, ada) = talking_on(Platform::Telegram).await;
    let limit = Failure::RateLimited {
        retry_after_secs: 60,
    };
    world.slack.fail_next("sendMessage", limit);
    let answer = json!({"replies": [{"text": "One moment"}], "typing": true});
    world.agent.answer_with(answer);
    say(&world, &ada, "Hello?").await;
    world.settle().await;
    assert_eq!(world.told(&ada).last().unwrap(), "One moment");
    assert_eq!(signs(&world), 0);
}
