//! Names that a platform tells later, or anew (DESIGN §3.3). On `WhatsApp` every message tells one.

use crate::world::{SAID, World};
use std::time::Duration;
use vestibule_domain::{access::request::Verdict, connector::Connector};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::{NewPerson, Platform, WhatsAppShows},
};

const PHONE: &str = "+14155550199";
const HOUR: Duration = Duration::from_hours(1);

/// The holder of the number under this name.
fn named(world: &World, name: &str) -> String {
    world.slack.add_person(NewPerson {
        phone: Some(PHONE.to_owned()),
        whatsapp_shows: WhatsAppShows::Phone,
        ..NewPerson::named(name)
    })
}

async fn write(world: &World, connector: &Connector, person: &str, text: &str) {
    let request = world.says(connector, person, text);
    assert_eq!(world.webhook(connector, &request).await, 200);
}

async fn shown_name(world: &World) -> String {
    let requests = world.requests().await;
    let user = requests[0].chat_user.as_ref().unwrap();
    user.display_name().to_owned()
}

fn writes_of_names(world: &World) -> usize {
    let calls = world.aws_calls();
    calls
        .iter()
        .filter(|call| *call == "DynamoDB.TransactWriteItems")
        .count()
}

/// SPEC A49.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_told_anew_reaches_the_waiting_request_in_the_write_that_counts_the_message() {
    let mut world = World::on(Platform::Dialog360).await;
    let connector = world.connector.clone();
    let [ada, king] = ["Ada Lovelace", "Ada King"].map(|name| named(&world, name));
    write(&world, &connector, &ada, SAID).await;
    world.settle().await;
    world.count_from_here();
    write(&world, &connector, &king, "It is still me").await;
    assert_eq!(
        world.aws_calls(),
        ["DynamoDB.BatchGetItem", "DynamoDB.TransactWriteItems"]
    );
    assert_eq!(shown_name(&world).await, "Ada King");
    let requests = world.requests().await;
    assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 2);
    world.settle().await;
}

/// SPEC A49.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_told_anew_by_an_approved_person_is_written_once_and_goes_to_the_agent_with_the_message()
 {
    let mut world = World::on(Platform::Dialog360).await;
    let connector = world.connector.clone();
    let [ada, king] = ["Ada Lovelace", "Ada King"].map(|name| named(&world, name));
    write(&world, &connector, &ada, SAID).await;
    world.settle().await;
    world.decide(&ada, Verdict::Approve).await;
    for expected in [
        vec![
            "DynamoDB.BatchGetItem",
            "DynamoDB.TransactWriteItems",
            "SQS.SendMessage",
        ],
        vec!["DynamoDB.BatchGetItem", "SQS.SendMessage"],
    ] {
        world.count_from_here();
        write(&world, &connector, &king, "What time is it?").await;
        assert_eq!(world.aws_calls(), expected);
    }
    world.settle().await;
    let deliveries = world.agent.deliveries();
    assert_eq!(deliveries.len(), 2);
    for delivery in deliveries {
        assert_eq!(delivery.body["chat_user"]["display_name"], "Ada King");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_names_of_one_phone_that_take_turns_cost_a_write_an_hour() {
    let mut world = World::on(Platform::Dialog360).await;
    let open = world.open.clone();
    let people = ["Ada Lovelace", "Ada King"].map(|name| named(&world, name));
    for person in &people {
        write(&world, &open, person, SAID).await;
    }
    world.settle().await;
    for _ in 0..2 {
        world.clock.advance(HOUR);
        world.count_from_here();
        for person in people.iter().cycle().take(20) {
            write(&world, &open, person, "And?").await;
        }
        assert_eq!(writes_of_names(&world), 1);
    }
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_cannot_be_written_keeps_no_message_and_comes_with_the_next() {
    let mut world = World::on(Platform::Dialog360).await;
    let connector = world.connector.clone();
    let [ada, king] = ["Ada Lovelace", "Ada King"].map(|name| named(&world, name));
    write(&world, &connector, &ada, SAID).await;
    world.settle().await;
    world.decide(&ada, Verdict::Approve).await;
    let rule = Rule::new("DynamoDB.TransactWriteItems", Fault::Error500);
    world.to_db.inject(rule.until_cleared());
    write(&world, &connector, &king, "Hello?").await;
    world.to_db.clear();
    assert_eq!(shown_name(&world).await, "Ada Lovelace");
    write(&world, &connector, &king, "Are you there?").await;
    assert_eq!(shown_name(&world).await, "Ada King");
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 2);
}
