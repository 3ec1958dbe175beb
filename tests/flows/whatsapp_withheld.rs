//! Messages that `WhatsApp` keeps to itself: placeholders of messages, and the messages that take their places.

use crate::{
    whatsapp::write,
    world::{SAID, WELCOME, World},
};
use serde_json::{Value, json};
use vestibule_domain::{
    access::request::{RequestStatus, Verdict},
    connector::{ApprovalMode, Connector},
};
use vestibule_testkit::{SignedRequest, simulator::Platform};

/// The placeholder of a message that `WhatsApp` keeps to itself.
fn placeholder(request: &SignedRequest, kind: &str, code: i64) -> SignedRequest {
    let mut body: Value = serde_json::from_slice(&request.body).unwrap();
    let message = &mut body["entry"][0]["changes"][0]["value"]["messages"][0];
    message["type"] = kind.into();
    message["text"] = Value::Null;
    message["errors"] = json!([{"code": code, "title": "This message is currently unavailable."}]);
    request.clone().with_body(body.to_string())
}

/// Lets a person write something that `WhatsApp` keeps to itself.
async fn write_withheld(world: &World, connector: &Connector, person: &str, kind: &str, code: i64) {
    let request = placeholder(&world.says(connector, person, SAID), kind, code);
    assert_eq!(world.webhook(connector, &request).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_asks_gets_what_whatsapp_keeps_to_itself_and_every_agent_the_message_itself()
{
    for asks in [true, false] {
        let mut world = World::on(Platform::Dialog360).await;
        if asks {
            world.asks_for(&["message.unsupported"]).await;
        }
        let ada = world.newcomer("Ada Lovelace");
        let open = world.open.clone();
        let itself = world.says(&open, &ada, SAID);
        let announced = placeholder(&itself, "unsupported", 131_060);
        for request in [&announced, &announced, &itself, &announced, &itself] {
            assert_eq!(world.webhook(&open, request).await, 200);
        }
        world.settle().await;
        let deliveries = world.agent.deliveries();
        let types: Vec<_> = deliveries
            .iter()
            .map(|delivery| delivery.body["type"].as_str().unwrap())
            .collect();
        let expected = if asks {
            vec!["message.unsupported", "message.received"]
        } else {
            vec!["message.received"]
        };
        assert_eq!(types, expected);
        assert_eq!(deliveries.last().unwrap().body["message"]["text"], SAID);
        if asks {
            let told = &deliveries[0].body;
            assert_eq!(told["message"]["content"][0]["kind"], "unsupported");
            assert_eq!(told.get("original_id"), None);
            assert_ne!(told["id"], deliveries[1].body["id"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_whose_first_message_whatsapp_keeps_to_itself_asks_and_is_welcomed() {
    for (kind, code) in [("unsupported", 131_060), ("unknown", 131_051)] {
        let mut world = World::on(Platform::Dialog360).await;
        world
            .change_connector(|connector| connector.after_approval.mode = ApprovalMode::Replay)
            .await;
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        write_withheld(&world, &connector, &ada, kind, code).await;
        world.settle().await;
        assert_eq!(world.told(&ada), [WELCOME], "{kind}");
        let requests = world.requests().await;
        assert_eq!(requests.len(), 1, "{kind}");
        assert_eq!(requests[0].request.status(), RequestStatus::Pending);
        let preview = requests[0].preview.as_ref().unwrap();
        let shown = preview.text.as_str();
        assert!(shown.starts_with("Content that cannot be shown"), "{shown}");
        assert_eq!(world.rows("HELD_MESSAGE").len(), 0, "{kind}");

        world.decide(&ada, Verdict::Approve).await;
        write_withheld(&world, &connector, &ada, kind, code).await;
        world.settle().await;
        assert_eq!(world.agent.deliveries().len(), 0, "{kind}");
        write(&world, &ada, "What time is it?").await;
        world.settle().await;
        assert_eq!(world.agent.deliveries().len(), 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_real_message_after_a_placeholder_takes_its_place_whatever_comes_again() {
    let mut world = World::on(Platform::Dialog360).await;
    world
        .change_connector(|connector| connector.after_approval.mode = ApprovalMode::Replay)
        .await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    write_withheld(&world, &connector, &ada, "unsupported", 131_060).await;
    write_withheld(&world, &connector, &ada, "unsupported", 131_051).await;
    assert_eq!(world.rows("HELD_MESSAGE").len(), 0);
    let first = world.says(&connector, &ada, SAID);
    let second = world.says(&connector, &ada, "Hello?");
    for request in [&first, &first, &second, &first] {
        assert_eq!(world.webhook(&connector, request).await, 200);
    }
    write_withheld(&world, &connector, &ada, "unsupported", 131_051).await;
    world.settle().await;
    let asked = world.requests().await.remove(0);
    assert_eq!(asked.preview.unwrap().text, SAID);
    assert_eq!(asked.standing.unwrap().message_count, 5);

    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    let delivered = world.agent.deliveries();
    assert_eq!(delivered.len(), 1);
    assert_eq!(delivered[0].body["message"]["text"], SAID);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_real_messages_at_once_one_takes_the_place_of_the_placeholder_and_both_count() {
    let mut world = World::on(Platform::Dialog360).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    write_withheld(&world, &connector, &ada, "unsupported", 131_060).await;
    let one = world.says(&connector, &ada, "one");
    let two = world.says(&connector, &ada, "two");
    let answers = tokio::join!(
        world.webhook(&connector, &one),
        world.webhook(&connector, &two)
    );
    assert_eq!(answers, (200, 200));
    world.settle().await;
    let asked = world.requests().await.remove(0);
    let preview = asked.preview.unwrap().text;
    assert!(["one", "two"].contains(&preview.as_str()), "{preview}");
    assert_eq!(asked.standing.unwrap().message_count, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_message_is_not_replaced_by_what_follows() {
    let mut world = World::on(Platform::Dialog360).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    write(&world, &ada, SAID).await;
    write_withheld(&world, &connector, &ada, "unsupported", 131_051).await;
    write(&world, &ada, "Hello?").await;
    world.settle().await;
    let asked = world.requests().await.remove(0);
    assert_eq!(asked.preview.unwrap().text, SAID);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_whatsapp_keeps_to_itself_makes_somebody_known_to_an_open_connector_and_not_to_its_agent()
 {
    let mut world = World::on(Platform::Dialog360).await;
    let ada = world.newcomer("Ada Lovelace");
    let open = world.open.clone();
    write_withheld(&world, &open, &ada, "unknown", 131_051).await;
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 1);
    assert_eq!(world.agent.deliveries().len(), 0);
    assert!(world.told(&ada).is_empty());
}
