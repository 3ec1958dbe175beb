//! Content besides words and files that a person sends by `WhatsApp`, on its way to the approver and the agent (SPEC
//! F05, A43).

use crate::world::{SAID, World};
use serde_json::{Value, json};
use vestibule_domain::connector::Connector;
use vestibule_testkit::{SignedRequest, simulator::Platform};

/// The request for a message of this type.
fn sends(
    world: &World,
    connector: &Connector,
    person: &str,
    (kind, content): (&str, &Value),
) -> SignedRequest {
    let request = world.says(connector, person, SAID);
    let mut body: Value = serde_json::from_slice(&request.body).unwrap();
    let message = &mut body["entry"][0]["changes"][0]["value"]["messages"][0];
    message["type"] = kind.into();
    message["text"] = Value::Null;
    message[kind] = content.clone();
    request.with_body(body.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_a_contact_a_choice_and_a_form_are_read_by_the_approver_and_by_the_agent() {
    for (kind, content, words, expected) in [
        (
            "location",
            json!({"latitude": 48.2082, "longitude": 16.3738, "name": "Main office"}),
            "Location: Main office, 48.2082, 16.3738",
            "location",
        ),
        (
            "contacts",
            json!([{"name": {"formatted_name": "Grace"}, "phones": [{"phone": "+1 555"}]}]),
            "Contact: Grace, +1 555",
            "contact",
        ),
        (
            "button",
            json!({"text": "Yes, please", "payload": "yes"}),
            "Yes, please",
            "choice",
        ),
        (
            "interactive",
            json!({"type": "nfm_reply", "nfm_reply": {"name": "flow", "response_json": r#"{"size":3}"#}}),
            "Form: size: 3",
            "form",
        ),
    ] {
        let mut world = World::on(Platform::Dialog360).await;
        world.agent.answer_with(json!({"replies": []}));
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        let request = sends(&world, &connector, &ada, (kind, &content));
        assert_eq!(world.webhook(&connector, &request).await, 200, "{kind}");
        let asked = world.requests().await.remove(0);
        assert_eq!(asked.preview.unwrap().text, words, "{kind}");

        let open = world.open.clone();
        let request = sends(&world, &open, &ada, (kind, &content));
        assert_eq!(world.webhook(&open, &request).await, 200, "{kind}");
        world.settle().await;
        let delivery = world.agent.deliveries().remove(0);
        let message = &delivery.body["message"];
        assert_eq!(message["text"], words, "{kind}");
        let parts = message["content"].as_array().unwrap();
        let last = parts.last().unwrap();
        assert_eq!(last["kind"], expected, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_reaches_the_agent_and_asks_for_no_access() {
    let mut world = World::on(Platform::Dialog360).await;
    world.agent.answer_with(json!({"replies": []}));
    let ada = world.newcomer("Ada Lovelace");
    let reaction = json!({"message_id": "wamid.ours", "emoji": "👍"});
    let connector = world.connector.clone();
    let request = sends(&world, &connector, &ada, ("reaction", &reaction));
    assert_eq!(world.webhook(&connector, &request).await, 200);
    assert_eq!(world.requests().await.len(), 0);

    // Nor does it count on a request.
    let hello = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    let request = sends(&world, &connector, &ada, ("reaction", &reaction));
    assert_eq!(world.webhook(&connector, &request).await, 200);
    let asked = world.requests().await.remove(0);
    assert_eq!(asked.standing.unwrap().message_count, 1);

    let open = world.open.clone();
    let removed = json!({"message_id": "wamid.ours"});
    for content in [&removed, &reaction] {
        let request = sends(&world, &open, &ada, ("reaction", content));
        assert_eq!(world.webhook(&open, &request).await, 200);
    }
    world.settle().await;
    let deliveries = world.agent.deliveries();
    assert_eq!(deliveries.len(), 1);
    let part = &deliveries[0].body["message"]["content"][0];
    let expected = json!({"kind": "reaction", "emoji": "👍", "message_id": "wamid.ours"});
    assert_eq!(*part, expected);
}
