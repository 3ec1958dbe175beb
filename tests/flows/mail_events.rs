//! Events of mails, on their way to the row, in both shapes and any order (SPEC D25).

use crate::world::World;
use serde_json::{Map, Value};
use std::time::Duration;
use vestibule_edge::batch::Outcome;
use vestibule_testkit::{
    aws_stub::SentMail,
    events::load,
    fault_proxy::{Fault, Rule},
};

/// The tag and the id of the mail in the fixtures.
const TAG: &str = "account-01JD3Q3Z9V8M4T6K2N7P5R1S0W-01JD3Q3Z9V8M4T6K2N7P5R1S0X";
const SES_ID: &str = "0102018f3a2b4c5d-1a2b3c4d-5e6f-7081-92a3-b4c5d6e7f809-000000";

/// A stack whose first admin's invitation is made; its mail is not out yet.
async fn invited() -> World {
    let mut world = World::new().await;
    world.names_first_admin();
    assert!(world.sweep().await);
    world.run_team().await;
    world
}

/// A stack whose first admin's invitation is out, and its mail.
async fn mailed() -> (World, SentMail) {
    let mut world = invited().await;
    world.run_email().await;
    let mail = world.aws.mails().remove(0);
    (world, mail)
}

/// The event of a fixture, about this mail.
fn event(name: &str, mail: &SentMail) -> String {
    let fixture = load("ses", name).unwrap();
    let tagged = fixture.with(TAG, &mail.tags["vestibule-mail"]);
    tagged.with(SES_ID, &mail.message_id).body().to_owned()
}

/// Gives the function an event, for the `receives`th time.
async fn arrives(world: &World, body: &str, receives: u32) -> Outcome {
    email_events::handle(&world.functions.email_events, body, receives).await
}

fn row(world: &World) -> Map<String, Value> {
    let mut rows = world.rows("MAIL");
    rows.retain(|row| row["sk"] == "MAIL");
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

fn last_words(world: &World) -> Value {
    let row = row(world);
    let events = row["events"].as_array().unwrap();
    events
        .iter()
        .rev()
        .find_map(|event| event.get("detail").cloned())
        .unwrap_or_default()
}

/// SPEC D25: the state that each event leads to, and whether it stops further mails.
#[tokio::test(flavor = "multi_thread")]
async fn every_event_leads_to_its_state_and_only_hard_bounces_and_complaints_block() {
    for (name, status, blocks) in [
        ("send", "sent", false),
        ("delay", "delayed", false),
        ("delay_without_words", "delayed", false),
        ("delivery", "delivered", false),
        ("notification_delivery", "delivered", false),
        ("hostile_tags", "delivered", false),
        ("bounce_soft", "bounced", false),
        ("bounce_undetermined", "bounced", false),
        ("bounce_out_of_office", "bounced", false),
        ("notification_bounce_soft", "bounced", false),
        ("bounce_hard", "bounced", true),
        ("bounce_suppressed", "bounced", true),
        ("notification_bounce_hard", "bounced", true),
        ("complaint", "complained", true),
        ("complaint_without_type", "complained", true),
        ("notification_complaint", "complained", true),
        ("reject", "failed", false),
        ("rendering_failure", "failed", false),
        ("other_message", "sent", false),
        ("other_mail", "sent", false),
        ("ignored_not_spam", "sent", false),
        ("ignored_open", "sent", false),
        ("ignored_topic_trial", "sent", false),
    ] {
        let (world, mail) = mailed().await;
        let outcome = arrives(&world, &event(name, &mail), 3).await;
        assert_eq!(outcome, Outcome::Done, "{name}");
        assert_eq!(row(&world)["status"], status, "{name}");
        assert_eq!(!world.rows("BLOCKED").is_empty(), blocks, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_row_tells_the_other_mail_servers_words() {
    let (world, mail) = mailed().await;
    arrives(&world, &event("bounce_hard", &mail), 1).await;
    let words = "smtp; 550 5.1.1 <ana@example.com>: Recipient address rejected: User unknown";
    assert_eq!(last_words(&world), words);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_again_changes_nothing() {
    let (world, mail) = mailed().await;
    for name in ["delivery", "complaint"] {
        let body = event(name, &mail);
        arrives(&world, &body, 1).await;
        let first = row(&world);
        for receives in 1..=3 {
            arrives(&world, &body, receives).await;
        }
        assert_eq!(row(&world)["events"], first["events"], "{name}");
        assert_eq!(row(&world)["status"], first["status"], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_in_any_order_lead_to_the_same_state() {
    let names = ["send", "delay", "delivery", "complaint"];
    for start in 0..names.len() {
        let (world, mail) = mailed().await;
        for name in names.iter().cycle().skip(start).take(names.len()) {
            arrives(&world, &event(name, &mail), 1).await;
        }
        assert_eq!(row(&world)["status"], "complained", "{start}");
    }
    let (world, mail) = mailed().await;
    for name in ["bounce_hard", "delivery", "delay", "send"] {
        arrives(&world, &event(name, &mail), 1).await;
    }
    assert_eq!(row(&world)["status"], "bounced");
}

/// The answer was lost; the event tells that the mail is out, so it does not go out again.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_before_the_outcome_of_its_call_is_not_lost() {
    let mut world = invited().await;
    let lost = Rule::new("SES.SendEmail", Fault::ResetAfter);
    world.to_aws.inject(lost);
    world.run_email().await;
    let first = world.aws.mails().remove(0);
    arrives(&world, &event("delivery", &first), 1).await;
    for _ in 0..20 {
        world.clock.advance(Duration::from_mins(1));
        world.sweep().await;
        world.run_email().await;
    }
    assert_eq!(row(&world)["status"], "delivered");
    assert_eq!(world.aws.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_whose_answer_from_the_table_was_lost_counts_once() {
    let (world, mail) = mailed().await;
    let body = event("bounce_hard", &mail);
    let rule = Rule::new("DynamoDB.*", Fault::ResetAfter).times(2);
    world.to_db.inject(rule);
    for receives in 1..=3 {
        arrives(&world, &body, receives).await;
    }
    let row = row(&world);
    let events = row["events"].as_array().unwrap();
    let bounces = events
        .iter()
        .filter(|event| event["kind"] == "bounced_hard");
    assert_eq!(bounces.count(), 1);
    assert_eq!(world.rows("BLOCKED").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_stays_in_the_queue_for_a_person_to_inspect() {
    let (world, mail) = mailed().await;
    for name in [
        "unreadable_list",
        "unreadable_not_json",
        "unreadable_without_mail",
        "unreadable_without_time",
        "unreadable_without_type",
        "unreadable_without_details",
        "unreadable_long_id",
    ] {
        let outcome = arrives(&world, &event(name, &mail), 1).await;
        assert_eq!(outcome, Outcome::RETRY, "{name}");
    }
    assert_eq!(row(&world)["status"], "sent");
}
