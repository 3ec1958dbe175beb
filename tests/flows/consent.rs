//! Opting out and in again, on each channel of a connector (SPEC M02): Twilio's STOP and START.

use crate::world::{SAID, World};
use std::time::Duration;
use vestibule_domain::{
    access::request::Verdict,
    chat::send_status::{SendStatus, SkipReason},
    connector::ApprovalMode,
};
use vestibule_testkit::{
    SignedRequest,
    simulator::{Place, Platform},
};

/// A world on Twilio whose connector tells people about their approval, with a stranger who wrote by SMS.
async fn world_with_a_stranger() -> (World, String) {
    let mut world = World::on(Platform::Twilio).await;
    world
        .change_connector(|connector| connector.after_approval.mode = ApprovalMode::Notify)
        .await;
    let ada = world.newcomer("Ada Lovelace");
    says(&mut world, &ada, Place::Direct, SAID).await;
    world.settle().await;
    (world, ada)
}

/// Lets a person write a second later.
async fn says(world: &mut World, person: &str, place: Place, text: &str) -> SignedRequest {
    world.clock.advance(Duration::from_secs(1));
    let request = world.says_in(&world.connector.clone(), person, place, text);
    deliver(world, &request).await;
    request
}

async fn deliver(world: &World, request: &SignedRequest) {
    assert_eq!(world.webhook(&world.connector, request).await, 200);
}

/// The fate of the approval notice.
async fn notice_after_approval(world: &mut World, person: &str) -> SendStatus {
    world.settle().await;
    assert_eq!(world.decide(person, Verdict::Approve).await.status, 200);
    world.settle().await;
    let requests = world.requests().await;
    let standing = requests[0].standing.as_ref().unwrap();
    standing.approval.as_ref().unwrap().notice.clone()
}

/// SPEC A50.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_by_sms_silences_sms() {
    let (mut world, ada) = world_with_a_stranger().await;
    says(&mut world, &ada, Place::Direct, "STOP").await;
    let notice = notice_after_approval(&mut world, &ada).await;
    let SendStatus::Skipped { reason, .. } = notice else {
        panic!("{notice:?}");
    };
    assert_eq!(reason, Some(SkipReason::OptedOut));
}

/// SPEC A50.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_by_sms_does_not_silence_whatsapp() {
    let (mut world, ada) = world_with_a_stranger().await;
    says(&mut world, &ada, Place::WhatsApp, "Or here?").await;
    says(&mut world, &ada, Place::Direct, "STOP").await;
    let notice = notice_after_approval(&mut world, &ada).await;
    assert!(notice.is_sent(), "{notice:?}");
}

/// SPEC A50.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_twilio_delivers_again_does_not_undo_a_start() {
    let (mut world, ada) = world_with_a_stranger().await;
    let stop = says(&mut world, &ada, Place::Direct, "STOP").await;
    says(&mut world, &ada, Place::Direct, "START").await;
    world.clock.advance(Duration::from_mins(1));
    deliver(&world, &stop).await;
    let notice = notice_after_approval(&mut world, &ada).await;
    assert!(notice.is_sent(), "{notice:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_that_made_somebody_known_undoes_no_later_stop_when_it_comes_again() {
    let mut world = World::on(Platform::Twilio).await;
    world
        .change_connector(|connector| connector.after_approval.mode = ApprovalMode::Notify)
        .await;
    let ada = world.newcomer("Ada Lovelace");
    let start = says(&mut world, &ada, Place::Direct, "START").await;
    world.settle().await;
    says(&mut world, &ada, Place::Direct, "STOP").await;
    world.clock.advance(Duration::from_mins(1));
    deliver(&world, &start).await;
    let notice = notice_after_approval(&mut world, &ada).await;
    assert!(!notice.is_sent(), "{notice:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_twilio_delivers_again_does_not_undo_a_stop() {
    let (mut world, ada) = world_with_a_stranger().await;
    let start = says(&mut world, &ada, Place::Direct, "START").await;
    says(&mut world, &ada, Place::Direct, "STOP").await;
    world.clock.advance(Duration::from_mins(1));
    deliver(&world, &start).await;
    let notice = notice_after_approval(&mut world, &ada).await;
    assert!(!notice.is_sent(), "{notice:?}");
}
