//! Messages that a platform accepted and did not deliver (360dialog, Twilio). The message's id decides, whoever
//! the report names.

use crate::world::{SAID, World};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    access::request::Verdict, chat::send_status::SendStatus, connector::ApprovalMode,
};
use vestibule_providers::{
    dialog360::PHONE_NUMBER_ID,
    twilio::{ACCOUNT_SID, PHONE_NUMBER},
    whatsapp::{bsuid_identity, phone_identity},
};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::{NewPerson, Platform, WhatsAppShows},
};

const PHONE: &str = "+5511987654321";
const IN_ANOTHER_NOTATION: &str = "551187654321";
const BSUID: &str = "BR.1349120865530274";

/// A world on this platform with a stranger who got the onboarding message.
async fn world_with_a_stranger(platform: Platform) -> (World, String) {
    let mut world = World::on(platform).await;
    let ada = somebody(&world, WhatsAppShows::Phone);
    writes(&world, &ada, SAID).await;
    world.settle().await;
    (world, ada)
}

fn somebody(world: &World, shows: WhatsAppShows) -> String {
    world.slack.add_person(ada(shows))
}

fn ada(shows: WhatsAppShows) -> NewPerson {
    NewPerson {
        phone: Some(PHONE.to_owned()),
        bsuid: Some(BSUID.to_owned()),
        whatsapp_shows: shows,
        ..NewPerson::named("Ada Lovelace")
    }
}

async fn writes(world: &World, person: &str, text: &str) {
    let connector = world.connector.clone();
    let request = world.says(&connector, person, text);
    assert_eq!(world.webhook(&connector, &request).await, 200);
}

async fn onboarding_message(world: &World) -> SendStatus {
    let requests = world.requests().await;
    let standing = requests[0].standing.as_ref().unwrap();
    standing.onboarding_message.clone().unwrap()
}

async fn notice(world: &World) -> SendStatus {
    let requests = world.requests().await;
    let standing = requests[0].standing.as_ref().unwrap();
    standing.approval.as_ref().unwrap().notice.clone()
}

fn id_of(status: &SendStatus) -> &str {
    let SendStatus::Sent {
        message_id: Some(id),
        ..
    } = status
    else {
        panic!("{status:?}");
    };
    id
}

/// Reports that a message failed, with these words on its recipient.
async fn reports_failure(world: &World, message_id: &str, recipient: &[(&str, &str)]) {
    let setting = |name: &str| world.connector.settings[name].clone();
    let body = if world.platform == Platform::Twilio {
        let (account, number) = (setting(ACCOUNT_SID), setting(PHONE_NUMBER));
        let mut fields = vec![
            ("MessageSid", message_id),
            ("SmsSid", message_id),
            ("MessageStatus", "undelivered"),
            ("SmsStatus", "undelivered"),
            ("From", &number),
            ("AccountSid", &account),
            ("ErrorCode", "30005"),
        ];
        fields.extend_from_slice(recipient);
        form(&fields)
    } else {
        let mut status = json!({
            "id": message_id, "status": "failed", "timestamp": (world.now().millis() / 1000).to_string(),
            "errors": [{"code": 131_026, "title": "Message undeliverable"}],
        });
        for (name, value) in recipient {
            status[*name] = Value::from(*value);
        }
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550000000", "phone_number_id": setting(PHONE_NUMBER_ID)},
            "statuses": [status],
        });
        json!({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).to_string()
    };
    let id = world.connector.id.to_string();
    let event_id = format!("status-of-{message_id}");
    world
        .slack
        .add_event(&id, "status", &event_id, body.into_bytes())
        .unwrap();
    let request = world.slack.next_request(&event_id).unwrap();
    assert_eq!(world.webhook(&world.connector, &request).await, 200);
}

fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| text.replace('+', "%2B").replace(':', "%3A");
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    pairs.join("&")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_is_found_by_its_id_however_its_recipient_is_named() {
    let other_notation = format!("+{IN_ANOTHER_NOTATION}");
    for (platform, recipient) in [
        (Platform::Dialog360, vec![]),
        (
            Platform::Dialog360,
            vec![("recipient_id", IN_ANOTHER_NOTATION)],
        ),
        (Platform::Dialog360, vec![("recipient_user_id", BSUID)]),
        (Platform::Dialog360, vec![("recipient_id", "4915112345678")]),
        (Platform::Twilio, vec![]),
        (Platform::Twilio, vec![("To", "")]),
        (Platform::Twilio, vec![("To", other_notation.as_str())]),
    ] {
        let (world, _ada) = world_with_a_stranger(platform).await;
        let sent = onboarding_message(&world).await;
        reports_failure(&world, id_of(&sent), &recipient).await;
        let now = onboarding_message(&world).await;
        let SendStatus::Failed { class, .. } = now else {
            panic!("{platform:?} {recipient:?}: {now:?}");
        };
        assert_eq!(class, "recipient", "{platform:?} {recipient:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_approval_notice_is_found_by_its_id_alone() {
    for platform in [Platform::Dialog360, Platform::Twilio] {
        let (mut world, ada) = world_with_a_stranger(platform).await;
        world
            .change_connector(|connector| connector.after_approval.mode = ApprovalMode::Notify)
            .await;
        world.decide(&ada, Verdict::Approve).await;
        world.settle().await;
        let sent = notice(&world).await;
        reports_failure(&world, id_of(&sent), &[]).await;
        let now = notice(&world).await;
        assert!(
            matches!(now, SendStatus::Failed { .. }),
            "{platform:?}: {now:?}"
        );
        assert!(onboarding_message(&world).await.is_sent(), "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_a_message_that_is_not_ours_changes_nothing() {
    for platform in [Platform::Dialog360, Platform::Twilio] {
        let (world, _ada) = world_with_a_stranger(platform).await;
        reports_failure(&world, "SM00000000000000000000000000000099", &[]).await;
        assert!(onboarding_message(&world).await.is_sent(), "{platform:?}");
    }
}

/// Lets the worker take a while to record what it sent.
fn delays_the_record(world: &World) {
    let by = Fault::Delay(Duration::from_millis(500));
    world.count_from_here();
    // The claim and the turn come before the record.
    let update = Rule::new("DynamoDB.UpdateItem", by.clone()).from_call(3);
    world.to_db.inject(update);
    let together = Rule::new("DynamoDB.TransactWriteItems", by);
    world.to_db.inject(together);
}

/// The id of the newest text to a person, once there are this many.
async fn newest_text(world: &World, person: &str, count: usize) -> String {
    let texts = || world.slack.messages_to(person);
    world.to_slack.until(|_| texts().len() == count).await;
    texts().remove(count - 1).ts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_is_reported_before_its_message_is_on_record_is_kept_and_applied() {
    for platform in [Platform::Dialog360, Platform::Twilio] {
        for recipient_is_named in [false, true] {
            let world = World::on(platform).await;
            let ada = somebody(&world, WhatsAppShows::Phone);
            writes(&world, &ada, SAID).await;
            delays_the_record(&world);
            let recipient = match platform {
                Platform::Twilio => [("To", PHONE)],
                _ => [("recipient_id", PHONE.trim_start_matches('+'))],
            };
            let named = if recipient_is_named {
                recipient.as_slice()
            } else {
                &[]
            };
            let report = async {
                let id = newest_text(&world, &ada, 1).await;
                reports_failure(&world, &id, named).await;
            };
            world.work_onboarding_during(report).await;
            let status = onboarding_message(&world).await;
            assert!(
                matches!(status, SendStatus::Failed { .. }),
                "{platform:?}: {status:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_notice_that_is_reported_before_it_is_on_record_is_kept_and_applied() {
    for platform in [Platform::Dialog360, Platform::Twilio] {
        let (mut world, ada) = world_with_a_stranger(platform).await;
        world
            .change_connector(|connector| connector.after_approval.mode = ApprovalMode::Notify)
            .await;
        world.decide(&ada, Verdict::Approve).await;
        delays_the_record(&world);
        let report = async {
            let id = newest_text(&world, &ada, 2).await;
            reports_failure(&world, &id, &[]).await;
        };
        world.work_onboarding_during(report).await;
        let status = notice(&world).await;
        assert!(
            matches!(status, SendStatus::Failed { .. }),
            "{platform:?}: {status:?}"
        );
        assert!(onboarding_message(&world).await.is_sent(), "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_a_message_that_the_worker_did_not_live_to_record_is_taken() {
    for platform in [Platform::Dialog360, Platform::Twilio] {
        let mut world = World::on(platform).await;
        let ada = somebody(&world, WhatsAppShows::Phone);
        writes(&world, &ada, SAID).await;
        world.count_from_here();
        let update = Rule::new("DynamoDB.UpdateItem", Fault::KillBefore).from_call(3);
        world.to_db.inject(update);
        let together = Rule::new("DynamoDB.TransactWriteItems", Fault::KillBefore);
        world.to_db.inject(together);
        assert!(world.work_onboarding().await);
        world.to_db.clear();
        let id = newest_text(&world, &ada, 1).await;
        reports_failure(&world, &id, &[]).await;
        world.settle().await;
        let status = onboarding_message(&world).await;
        assert_ne!(id_of(&status), id, "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stable_id_in_the_answer_to_a_text_is_the_same_person() {
    let mut world = World::on(Platform::Dialog360).await;
    // Of several people with one number, texts go to the one whose id is first in order. So WhatsApp names
    // both ids in its answers, and the number alone in the messages.
    world
        .slack
        .add_person(ada(WhatsAppShows::Both).with_id("U0"));
    let by_number = somebody(&world, WhatsAppShows::Phone);
    let hidden = somebody(&world, WhatsAppShows::Bsuid);
    writes(&world, &by_number, SAID).await;
    world.settle().await;
    let provider = &world.connector.provider;
    let requests = world.requests().await;
    let user = requests[0].chat_user.as_ref().unwrap();
    assert_eq!(
        Some(&user.identity),
        phone_identity(provider, PHONE).as_ref()
    );
    assert_eq!(user.other_id, bsuid_identity(provider, BSUID));

    writes(&world, &hidden, "It is me").await;
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 1);
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].standing.as_ref().unwrap().message_count, 2);
}
