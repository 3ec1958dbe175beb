//! The sign that the agent is writing: where a platform has one, behind the texts, tried once (SPEC F12).

use crate::{
    admin::call,
    erasure::erase,
    outgoing::say,
    world::{SAID, World},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::ports::Limited;
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
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, SAID).await;
    world.settle().await;
    (world, ada)
}

/// A key, and the paths at which it asks for the sign in each conversation.
async fn asking(world: &World) -> (String, Vec<String>) {
    let token = world.all_powers().await;
    let all = format!("{}/conversations", world.project_path());
    let (_, listed) = call(world, &token, "GET", &all, Value::Null).await;
    let listed = listed["items"].as_array().unwrap();
    let path = |item: &Value| format!("{all}/{}/typing", item["id"].as_str().unwrap());
    (token, listed.iter().map(path).collect())
}

/// Asks for the sign in the only conversation.
async fn show_typing(world: &World) -> (u16, Value) {
    let (token, paths) = asking(world).await;
    call(world, &token, "POST", &paths[0], Value::Null).await
}

/// Lets the outgoing worker do what is enqueued, at once.
async fn work(world: &mut World) {
    while world.work_outgoing().await {}
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
async fn over_the_api_a_conversation_shows_the_sign_once_in_three_and_a_half_seconds() {
    let (mut world, _) = talking_on(Platform::Telegram).await;
    for (millis, shown) in [(0, 1), (0, 1), (3_499, 1), (1, 2), (1_000, 2), (2_500, 3)] {
        world.clock.advance(Duration::from_millis(millis));
        let (status, body) = show_typing(&world).await;
        assert_eq!((status, body), (204, Value::Null), "{millis}");
        work(&mut world).await;
        assert_eq!(signs(&world), shown, "{millis}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_calls_every_four_seconds_each_shows_the_sign_though_some_come_sooner() {
    let (mut world, _) = talking_on(Platform::Telegram).await;
    for (millis, shown) in [(0, 1), (4_200, 2), (3_600, 3), (4_400, 4), (3_550, 5)] {
        world.clock.advance(Duration::from_millis(millis));
        assert_eq!(show_typing(&world).await.0, 204, "{millis}");
        work(&mut world).await;
        assert_eq!(signs(&world), shown, "{millis}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_calls_made_at_once_one_shows_the_sign() {
    let (mut world, _) = talking_on(Platform::Telegram).await;
    let (token, paths) = asking(&world).await;
    let calls = (0..8).map(|_| call(&world, &token, "POST", &paths[0], Value::Null));
    for (status, body) in join_all(calls).await {
        assert_eq!(status, 204, "{body}");
    }
    work(&mut world).await;
    assert_eq!(signs(&world), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_conversation_has_a_turn_of_its_own() {
    let (mut world, _) = talking_on(Platform::Telegram).await;
    let bob = world.newcomer("Bob");
    say(&world, &bob, SAID).await;
    world.settle().await;
    let (token, paths) = asking(&world).await;
    assert_eq!(paths.len(), 2);
    for path in paths.iter().chain(&paths) {
        assert_eq!(call(&world, &token, "POST", path, Value::Null).await.0, 204);
    }
    work(&mut world).await;
    assert_eq!(signs(&world), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_that_is_not_shown_costs_reads_alone_and_one_that_is_shown_one_write_and_one_job() {
    let (mut world, _) = talking_on(Platform::Telegram).await;
    let (token, paths) = asking(&world).await;
    let mut made = Vec::new();
    for _ in 0..2 {
        world.count_from_here();
        assert_eq!(
            call(&world, &token, "POST", &paths[0], Value::Null).await.0,
            204
        );
        let mut calls = world.aws_calls();
        calls.retain(|call| !call.ends_with("GetItem"));
        made.push(calls);
    }
    let first = ["DynamoDB.UpdateItem", "SQS.SendMessage"].map(str::to_owned);
    assert_eq!(made, [first.to_vec(), vec![]]);
    work(&mut world).await;
    assert_eq!(signs(&world), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_api_no_sign_is_shown_while_the_platform_wants_no_calls_for_the_connector() {
    let (mut world, _) = talking_on(Platform::Telegram).await;
    world
        .pause_open(Limited::Texts, Duration::from_secs(10))
        .await;
    for (seconds, shown) in [(0, 0), (9, 0), (1, 1)] {
        world.clock.advance(Duration::from_secs(seconds));
        assert_eq!(show_typing(&world).await.0, 204);
        work(&mut world).await;
        assert_eq!(signs(&world), shown, "{seconds}");
    }
    // A limit of profiles is none of signs.
    world.clock.advance(Duration::from_secs(4));
    let minute = Duration::from_mins(1);
    world.pause_open(Limited::Profiles, minute).await;
    assert_eq!(show_typing(&world).await.0, 204);
    work(&mut world).await;
    assert_eq!(signs(&world), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_row_of_a_sign_ends_within_hours_and_holds_back_none_while_it_is_still_there() {
    let (mut world, _) = talking_on(Platform::Telegram).await;
    assert_eq!(show_typing(&world).await.0, 204);
    let row = world.rows("TYPING").remove(0);
    let (now, end) = (world.now().seconds(), row["expires_at"].as_i64().unwrap());
    assert!(now < end && end < now + 2 * 3600, "{now} {end}");
    world.clock.advance(Duration::from_hours(24));
    work(&mut world).await;
    // The first sign came too late, and DynamoDB has not removed its row yet.
    assert_eq!(world.rows("TYPING").len(), 1);
    assert_eq!(show_typing(&world).await.0, 204);
    work(&mut world).await;
    assert_eq!(signs(&world), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_turns_of_a_conversation_go_with_the_person_who_is_erased() {
    let (mut world, ada) = talking_on(Platform::Slack).await;
    assert_eq!(show_typing(&world).await.0, 204);
    assert_eq!(world.rows("TYPING").len(), 1);
    world.clock.advance(Duration::from_secs(1));
    erase(&world, &ada).await;
    world.settle().await;
    assert!(world.rows("TYPING").is_empty());
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
