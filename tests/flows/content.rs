//! Whatever a person sends says something to the agent and to the approver (SPEC F05, A43).

use crate::world::{SAID, World};
use serde_json::{Value, json};
use vestibule_domain::connector::Connector;
use vestibule_testkit::{
    SignedRequest,
    simulator::{Item, Place, Platform},
};

/// The request for a message of only a picture.
fn only_a_picture(world: &World, connector: &Connector, person: &str) -> SignedRequest {
    let name = match world.platform {
        Platform::Slack => "file_share_without_text",
        Platform::Teams => "message_image_without_text",
        Platform::Telegram => "message_photo_without_caption",
        Platform::Twilio => "message_whatsapp_image",
        // A captured request is older than those that 360dialog repeats.
        Platform::Dialog360 => {
            let request = world.says(connector, person, SAID);
            let mut body: Value = serde_json::from_slice(&request.body).unwrap();
            let message = &mut body["entry"][0]["changes"][0]["value"]["messages"][0];
            message["type"] = "image".into();
            message["text"] = Value::Null;
            message["image"] = json!({"id": "1234567890", "mime_type": "image/jpeg"});
            return request.with_body(body.to_string());
        }
    };
    let id = connector.id.to_string();
    world.slack.captured(&id, name, Some(person)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_only_a_picture_is_blank_to_neither_the_approver_nor_the_agent() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        // The authors of captured requests are unknown to the simulator.
        world.expect_violations("there is no");
        world.expect_violations("is nobody's");
        world.agent.answer_with(json!({"replies": []}));
        let ada = world.newcomer("Ada Lovelace");

        let connector = world.connector.clone();
        let request = only_a_picture(&world, &connector, &ada);
        let status = world.webhook(&connector, &request).await;
        assert_eq!(status, 200, "{platform:?}");
        let asked = world.requests().await.remove(0);
        let preview = asked.preview.unwrap().text;
        assert!(preview.starts_with("Picture"), "{platform:?}: {preview}");

        let open = world.open.clone();
        let request = only_a_picture(&world, &open, &ada);
        let status = world.webhook(&open, &request).await;
        assert_eq!(status, 200, "{platform:?}");
        world.settle().await;
        let delivery = world.agent.deliveries().remove(0);
        let message = &delivery.body["message"];
        let text = message["text"].as_str().unwrap();
        assert!(text.starts_with("Picture"), "{platform:?}: {text}");
        assert_eq!(message["content"][0]["kind"], "file", "{platform:?}");
        assert_eq!(message["content"][0]["type"], "image", "{platform:?}");
        assert_eq!(message["entities"], json!([]), "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_words_is_one_part_on_every_platform() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let open = world.open.clone();
        let request = world.says(&open, &ada, SAID);
        assert_eq!(world.webhook(&open, &request).await, 200, "{platform:?}");
        world.settle().await;
        let delivery = world.agent.deliveries().remove(0);
        let message = &delivery.body["message"];
        assert_eq!(message["text"], SAID, "{platform:?}");
        let expected = json!([{"kind": "text", "text": SAID}]);
        assert_eq!(message["content"], expected, "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_share_is_words_to_the_approver_and_data_to_the_agent() {
    for (platform, name, kind, words) in [
        (
            Platform::Slack,
            "message_forwarded",
            "shared",
            "Forwarded message from Grace",
        ),
        (
            Platform::Slack,
            "message_rich_text_only",
            "text",
            "Dear @U456DEF789, read the plan",
        ),
        (
            Platform::Teams,
            "message_card_submit",
            "form",
            "Form: choice: yes",
        ),
        (
            Platform::Teams,
            "message_quoted_only",
            "shared",
            "Quoted message from Adele Vance",
        ),
        (
            Platform::Telegram,
            "message_venue",
            "location",
            "Location: Café, Street 1, 52.52, 13.405",
        ),
        (
            Platform::Telegram,
            "message_contact",
            "contact",
            "Contact: Ada, +15550100",
        ),
        (
            Platform::Telegram,
            "message_web_app_data",
            "form",
            "Form Order: size: L, count: 2",
        ),
        (Platform::Telegram, "message_chat_shared", "choice", "News"),
        (
            Platform::Telegram,
            "message_story",
            "shared",
            "Forwarded message from News: Story",
        ),
    ] {
        let mut world = World::on(platform).await;
        // The authors of captured requests are unknown to the simulator.
        world.expect_violations("there is no");
        world.expect_violations("is nobody's");
        world.agent.answer_with(json!({"replies": []}));
        let ada = world.newcomer("Ada Lovelace");
        for connector in [world.connector.clone(), world.open.clone()] {
            let id = connector.id.to_string();
            let request = world.slack.captured(&id, name, Some(&ada)).unwrap();
            assert_eq!(world.webhook(&connector, &request).await, 200, "{name}");
        }
        let asked = world.requests().await.remove(0);
        let preview = asked.preview.unwrap().text;
        assert!(preview.starts_with(words), "{name}: {preview}");
        world.settle().await;
        let delivery = world.agent.deliveries().remove(0);
        let message = &delivery.body["message"];
        let text = message["text"].as_str().unwrap();
        assert!(text.starts_with(words), "{name}: {text}");
        assert_eq!(message["content"][0]["kind"], kind, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_people_can_send_on_a_platform_is_seen_by_the_agent() {
    let mut count = 0;
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let open = world.open.clone();
        for place in [Place::Direct, Place::WhatsApp] {
            for (label, item) in Item::samples() {
                if !platform.sends(place, &item) {
                    continue;
                }
                count += 1;
                let id = open.id.to_string();
                let sent = world.slack.send(&id, &ada, place, &item).unwrap();
                for event in &sent.events {
                    let status = world.webhook(&open, &event.request).await;
                    assert_eq!(status, 200, "{label} on {platform:?}");
                }
                world.settle().await;
                let delivery = world.agent.deliveries().pop().unwrap();
                let told = delivery.answer["replies"][0]["text"].as_str().unwrap();
                let sentence = match (&item, platform) {
                    (Item::Location { .. }, _) => "You are at Main office, 48.2082, 16.3738.",
                    (Item::Contact { .. }, _) => "You gave me the card of Grace Hopper, +15550100.",
                    // A button of a keyboard writes its title.
                    (Item::Choice { .. }, Platform::Telegram) => "You wrote: “Yes”",
                    (Item::Choice { .. }, _) => "You chose Yes (id yes).",
                    // Twilio does not tell the name of a file.
                    (Item::File { .. }, Platform::Twilio) => "I got your file: “File”",
                    (Item::File { .. }, _) => "You sent report.pdf.",
                };
                assert!(told.contains(sentence), "{label} on {platform:?}: {told}");
            }
        }
        world.assert_good_manners();
    }
    assert_eq!(count, 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_platform_hands_over_is_shown_to_the_approver_and_not_sent_to_the_agent() {
    for (platform, name) in [
        (Platform::Slack, "placeholder_unknown_block"),
        (Platform::Teams, "placeholder_meeting"),
        (Platform::Telegram, "placeholder_unknown"),
        (Platform::Twilio, "placeholder_unsupported"),
    ] {
        let mut world = World::on(platform).await;
        // The authors of captured requests are unknown to the simulator.
        world.expect_violations("there is no");
        world.expect_violations("is nobody's");
        let ada = world.newcomer("Ada Lovelace");
        for connector in [world.connector.clone(), world.open.clone()] {
            let id = connector.id.to_string();
            let request = world.slack.captured(&id, name, Some(&ada)).unwrap();
            assert_eq!(world.webhook(&connector, &request).await, 200, "{name}");
        }
        let asked = world.requests().await.remove(0);
        let preview = asked.preview.unwrap().text;
        assert!(
            preview.starts_with("Content that cannot be shown here"),
            "{name}: {preview}"
        );
        world.settle().await;
        assert_eq!(world.agent.deliveries().len(), 0, "{name}");
    }
}
