//! An onboarding message that found no way to the person goes out once they open one, while their request is
//! pending, and once (SPEC A48). Whether there is a way is looked at before the message is tried.

use crate::{
    accounts::identity,
    world::{SAID, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    access::request::Verdict,
    chat::send_status::{SendStatus, SkipReason},
};
use vestibule_testkit::{
    SignedRequest,
    simulator::{Place, Platform, Switch},
};

/// Lets a person write a second later.
async fn writes(world: &mut World, person: &str, place: Place, text: &str) -> SignedRequest {
    world.clock.advance(Duration::from_secs(1));
    let request = world.says_in(&world.connector.clone(), person, place, text);
    delivers(world, &request).await;
    request
}

async fn delivers(world: &World, request: &SignedRequest) {
    assert_eq!(world.webhook(&world.connector, request).await, 200);
}

fn switch(world: &World, person: &str, change: Switch) {
    let switch = Switch {
        connector_id: Some(world.connector.id.to_string()),
        user_id: Some(person.to_owned()),
        ..change
    };
    world.slack.switch(&switch).unwrap();
}

fn blocks(world: &World, person: &str, blocked: bool) {
    let change = Switch {
        blocked: Some(blocked),
        ..Switch::default()
    };
    switch(world, person, change);
}

async fn onboarding_message(world: &World) -> SendStatus {
    let requests = world.requests().await;
    let standing = requests[0].standing.as_ref().unwrap();
    standing.onboarding_message.clone().unwrap()
}

async fn assert_unreachable(world: &World) {
    let status = onboarding_message(world).await;
    let SendStatus::Failed { class, .. } = &status else {
        panic!("{status:?}");
    };
    assert_eq!(class, "recipient");
}

async fn assert_skipped(world: &World, expected: SkipReason) {
    let status = onboarding_message(world).await;
    let SendStatus::Skipped { reason, .. } = status else {
        panic!("{status:?}");
    };
    assert_eq!(reason, Some(expected));
}

/// The message went out once, and goes out no more.
async fn assert_told_once(world: &mut World, person: &str) {
    world.settle().await;
    assert_eq!(world.welcomes(person), 1);
    assert!(onboarding_message(world).await.is_sent());
    writes(world, person, Place::Direct, "Thank you!").await;
    world.settle().await;
    assert_eq!(world.welcomes(person), 1);
}

/// The update by which Telegram tells that a person unblocked the bot.
fn unblocks(world: &World, person: &str, update_id: u32) -> SignedRequest {
    blocks(world, person, false);
    let known = identity(world.platform, &world.connector, &world.known_as(person));
    let id: i64 = known.identifier.parse().unwrap();
    let bot = json!({"id": 110_201_543, "is_bot": true, "first_name": "Ada"});
    let update = json!({"update_id": update_id, "my_chat_member": {
        "chat": {"id": id, "first_name": "Ada", "type": "private"},
        "from": {"id": id, "is_bot": false, "first_name": "Ada"},
        "date": world.now().seconds(),
        "old_chat_member": {"user": bot, "status": "kicked", "until_date": 0},
        "new_chat_member": {"user": bot, "status": "member"},
    }});
    let event_id = format!("update-{update_id}");
    let connector = world.connector.id.to_string();
    world
        .slack
        .add_event(
            &connector,
            "my_chat_member",
            &event_id,
            update.to_string().into_bytes(),
        )
        .unwrap();
    world.slack.next_request(&event_id).unwrap()
}

/// SPEC A48.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_starts_the_bot_after_writing_in_a_group_gets_the_message() {
    let mut world = World::on(Platform::Telegram).await;
    let ada = world.newcomer("Ada Lovelace");
    writes(&mut world, &ada, Place::General, SAID).await;
    world.settle().await;
    assert_unreachable(&world).await;
    assert_eq!(world.welcomes(&ada), 0);
    writes(&mut world, &ada, Place::Direct, "/start").await;
    assert_told_once(&mut world, &ada).await;
}

/// SPEC A48.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_unblocks_the_bot_gets_the_message_without_writing() {
    let mut world = World::on(Platform::Telegram).await;
    let ada = world.newcomer("Ada Lovelace");
    writes(&mut world, &ada, Place::Direct, SAID).await;
    blocks(&world, &ada, true);
    world.settle().await;
    assert_unreachable(&world).await;
    let unblocked = unblocks(&world, &ada, 7);
    delivers(&world, &unblocked).await;
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
    delivers(&world, &unblocked).await;
    assert_told_once(&mut world, &ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_unreachable_gets_the_message_when_they_write_again() {
    let mut world = World::on(Platform::Telegram).await;
    let ada = world.newcomer("Ada Lovelace");
    let first = writes(&mut world, &ada, Place::Direct, SAID).await;
    blocks(&world, &ada, true);
    world.settle().await;
    assert_unreachable(&world).await;
    // The same message again is nothing that the person did.
    delivers(&world, &first).await;
    assert!(world.aws.messages("onboarding").is_empty());
    writes(&mut world, &ada, Place::Direct, "Hello?").await;
    assert_told_once(&mut world, &ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_did_not_arrive_goes_out_when_the_person_writes_again() {
    for platform in [Platform::Twilio, Platform::Dialog360] {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        writes(&mut world, &ada, Place::Direct, SAID).await;
        world.settle().await;
        let SendStatus::Sent { message_id, .. } = onboarding_message(&world).await else {
            panic!("{platform:?}: not sent");
        };
        let sent = world.slack.posted().len();
        world.did_not_arrive(&ada, &message_id.unwrap()).await;
        assert_unreachable(&world).await;
        for text in ["Hello?", "Thank you!"] {
            writes(&mut world, &ada, Place::Direct, text).await;
            world.settle().await;
            assert!(onboarding_message(&world).await.is_sent(), "{platform:?}");
            assert_eq!(world.slack.posted().len(), sent + 1, "{platform:?}");
        }
    }
}

/// SPEC A48, A50.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_opted_out_is_not_tried_and_gets_the_message_with_a_start() {
    let mut world = World::on(Platform::Twilio).await;
    let ada = world.newcomer("Ada Lovelace");
    writes(&mut world, &ada, Place::Direct, SAID).await;
    writes(&mut world, &ada, Place::Direct, "STOP").await;
    world.settle().await;
    assert_skipped(&world, SkipReason::OptedOut).await;
    assert_eq!(world.welcomes(&ada), 0);
    let start = writes(&mut world, &ada, Place::Direct, "START").await;
    delivers(&world, &start).await;
    assert_told_once(&mut world, &ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_for_silence_that_survived_an_erasure_holds_the_message_back_until_a_start() {
    let mut world = World::on(Platform::Twilio).await;
    let ada = world.newcomer("Ada Lovelace");
    writes(&mut world, &ada, Place::Direct, SAID).await;
    writes(&mut world, &ada, Place::Direct, "STOP").await;
    world.settle().await;
    let user = world.rows("USER").remove(0);
    let id = user["id"].as_str().unwrap();
    let path = format!("{}/chat-users/{id}", world.project_path());
    let token = world.all_powers().await;
    let erased = world.call(&token, ("DELETE", &path), Value::Null, &[]);
    assert_eq!(erased.await.status, 202);
    world.settle().await;
    assert!(world.requests().await.is_empty());
    writes(&mut world, &ada, Place::Direct, "Hello?").await;
    world.settle().await;
    assert_skipped(&world, SkipReason::OptedOut).await;
    assert_eq!(world.welcomes(&ada), 0);
    writes(&mut world, &ada, Place::Direct, "START").await;
    assert_told_once(&mut world, &ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_window_closed_is_not_tried_and_goes_out_when_the_person_writes_again() {
    let mut world = World::on(Platform::Dialog360).await;
    let ada = world.newcomer("Ada Lovelace");
    writes(&mut world, &ada, Place::Direct, SAID).await;
    world.clock.advance(Duration::from_hours(25));
    world.settle().await;
    assert_skipped(&world, SkipReason::WindowClosed).await;
    assert_eq!(world.slack.posted(), []);
    writes(&mut world, &ada, Place::Direct, "Hello?").await;
    assert_told_once(&mut world, &ada).await;
}

/// SPEC A48.
#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_opens_after_the_decision_is_of_no_use() {
    let mut world = World::on(Platform::Telegram).await;
    let ada = world.newcomer("Ada Lovelace");
    writes(&mut world, &ada, Place::Direct, SAID).await;
    blocks(&world, &ada, true);
    world.settle().await;
    assert_eq!(world.decide(&ada, Verdict::Reject).await.status, 200);
    let unblocked = unblocks(&world, &ada, 7);
    delivers(&world, &unblocked).await;
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 0);
}
