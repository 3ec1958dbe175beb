//! A limit that a platform has for one conversation holds up that one alone, and a limit of the connector all of
//! them (PROVIDERS §0).

use crate::{
    outgoing::{answer, asked, say, told},
    world::{SAID, World},
};
use std::time::Duration;
use vestibule_testkit::simulator::{Failure, FailureRule, Platform};

const NOTHING: [String; 0] = [];

/// The platform's call that sends a text.
pub fn post(platform: Platform) -> &'static str {
    match platform {
        Platform::Slack => "chat.postMessage",
        Platform::Teams => "activities",
        Platform::Telegram => "sendMessage",
        Platform::Dialog360 | Platform::Twilio => "messages",
    }
}

fn wait_of_a_minute() -> Failure {
    Failure::RateLimited {
        retry_after_secs: 60,
    }
}

fn coded(status: u16, code: &str) -> Failure {
    Failure::Code {
        status,
        code: code.to_owned(),
        message: String::new(),
    }
}

/// The limit of one conversation on every platform.
fn limits_of_a_conversation() -> [(Platform, Failure); 6] {
    [
        (Platform::Slack, wait_of_a_minute()),
        (Platform::Teams, wait_of_a_minute()),
        (Platform::Teams, coded(412, "PreconditionFailed")),
        (Platform::Telegram, wait_of_a_minute()),
        (Platform::Dialog360, coded(400, "131056")),
        (Platform::Twilio, coded(429, "14107")),
    ]
}

/// A world in which these people already talk to the open connector, and the agent answers every further message
/// with two texts.
async fn talking(platform: Platform, names: &[&str]) -> (World, Vec<String>) {
    let mut world = World::on(platform).await;
    let people: Vec<String> = names.iter().map(|name| world.newcomer(name)).collect();
    for person in &people {
        say(&world, person, SAID).await;
    }
    world.settle().await;
    world.agent.answer_with_texts(2);
    (world, people)
}

/// The name of a person's direct conversation in the platform's calls.
fn conversation(world: &World, person: &str) -> String {
    if world.platform == Platform::Dialog360 {
        let phone = world.known_as(person).phone;
        return phone.trim_start_matches('+').to_owned();
    }
    world.slack.messages_to(person)[0].channel.clone()
}

/// Lets a person write, and does all work that this makes without any time passing.
async fn says(world: &mut World, person: &str, text: &str) {
    say(world, person, text).await;
    world.work_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_one_conversation_delays_nobody_else_and_loses_no_text_on_every_platform() {
    for (platform, failure) in limits_of_a_conversation() {
        let (mut world, people) = talking(platform, &["Ada Lovelace", "Grace Hopper"]).await;
        let (ada, grace) = (&people[0], &people[1]);
        let rule = FailureRule::until_cleared(post(platform), failure.clone());
        let adas = conversation(&world, ada);
        world.slack.fail(rule.at(platform).in_channel(&adas));
        says(&mut world, ada, "one").await;
        says(&mut world, grace, "two").await;
        says(&mut world, ada, "three").await;
        let case = format!("{platform:?} {failure:?}");
        assert_eq!(told(&world, grace), answer("two", 2), "{case}");
        assert_eq!(told(&world, ada), NOTHING, "{case}");
        world.slack.clear_failures();
        world.settle().await;
        let all = [answer("one", 2), answer("three", 2)].concat();
        assert_eq!(told(&world, ada), all, "{case}");
        assert_eq!(told(&world, grace), answer("two", 2), "{case}");
        assert_eq!(asked(&world), [1; 5], "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_has_to_wait_is_left_alone_until_its_time() {
    for platform in [Platform::Slack, Platform::Teams, Platform::Telegram] {
        let (mut world, people) = talking(platform, &["Ada Lovelace"]).await;
        let ada = &people[0];
        world.slack.fail_next(post(platform), wait_of_a_minute());
        says(&mut world, ada, "one").await;
        let calls = world.slack.count(post(platform));
        for text in ["two", "three"] {
            world.clock.advance(Duration::from_secs(20));
            world.sweep().await;
            says(&mut world, ada, text).await;
        }
        assert_eq!(world.slack.count(post(platform)), calls, "{platform:?}");
        world.settle().await;
        let all = ["one", "two", "three"].map(|text| answer(text, 2)).concat();
        assert_eq!(told(&world, ada), all, "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_may_be_the_connectors_is_so_once_two_conversations_meet_it_in_a_row() {
    for platform in [Platform::Slack, Platform::Teams, Platform::Telegram] {
        let names = ["Ada Lovelace", "Grace Hopper", "Kay McNulty"];
        let (mut world, people) = talking(platform, &names).await;
        let rule = FailureRule::times(post(platform), wait_of_a_minute(), 2);
        world.slack.fail(rule);
        let calls = world.slack.count(post(platform));
        for person in &people {
            says(&mut world, person, "one").await;
        }
        assert_eq!(world.slack.count(post(platform)), calls + 2, "{platform:?}");
        assert_eq!(told(&world, &people[2]), NOTHING, "{platform:?}");
        world.settle().await;
        for person in &people {
            assert_eq!(told(&world, person), answer("one", 2), "{platform:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_the_whole_connector_holds_for_every_conversation() {
    for platform in [Platform::Dialog360, Platform::Twilio] {
        let (mut world, people) = talking(platform, &["Ada Lovelace", "Grace Hopper"]).await;
        world.slack.fail_next(post(platform), wait_of_a_minute());
        let calls = world.slack.count(post(platform));
        for person in &people {
            says(&mut world, person, "one").await;
        }
        assert_eq!(world.slack.count(post(platform)), calls + 1, "{platform:?}");
        world.settle().await;
        for person in &people {
            assert_eq!(told(&world, person), answer("one", 2), "{platform:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_for_one_stranger_delays_no_other_strangers_welcome() {
    for (platform, failure) in limits_of_a_conversation() {
        let mut world = World::on(platform).await;
        let connector = world.connector.clone();
        let (ada, grace) = (
            world.newcomer("Ada Lovelace"),
            world.newcomer("Grace Hopper"),
        );
        let rule = FailureRule::once(post(platform), failure.clone());
        world.slack.fail(rule.at(platform));
        for person in [&ada, &grace] {
            let hello = world.says(&connector, person, SAID);
            assert_eq!(world.webhook(&connector, &hello).await, 200);
            world.work_all().await;
        }
        let case = format!("{platform:?} {failure:?}");
        let welcomes = (world.welcomes(&ada), world.welcomes(&grace));
        assert_eq!(welcomes, (0, 1), "{case}");
        world.settle().await;
        let welcomes = (world.welcomes(&ada), world.welcomes(&grace));
        assert_eq!(welcomes, (1, 1), "{case}");
    }
}
