//! Checks what every platform says about itself.

use serde_json::json;

use super::testing::{ADA, problems, simulator};
use super::{ConnectorConfig, Item, Place, Platform, Simulator};

/// Adds a connector under the platform's own name.
fn connect(simulator: &Simulator, platform: Platform) {
    let key = platform.key();
    simulator
        .add_connector(ConnectorConfig {
            connector_id: key.to_owned(),
            name: "Helper".to_owned(),
            policy: String::new(),
            webhook_url: Some(format!("https://example.com/webhooks/{key}/{key}")),
            account: platform.new_account(12),
        })
        .unwrap();
}

#[tokio::test]
async fn every_platform_takes_a_new_account_of_its_own_and_proves_the_origin_of_its_requests() {
    let simulator = simulator().await;
    for platform in Platform::ALL {
        let key = platform.key();
        let account = platform.new_account(12);
        assert_eq!(account.provider, *platform);
        assert_ne!(account.fields, platform.new_account(13).fields, "{key}");
        connect(&simulator, *platform);
        let written = simulator.write(key, ADA, Place::Direct, "hi").unwrap();
        let request = written.request().unwrap();
        let proof = request.header(platform.proof_header());
        assert!(proof.is_some_and(|proof| proof.len() > 2), "{key}");
        let in_group = simulator.write(key, ADA, Place::General, "hi");
        assert_eq!(in_group.is_ok(), platform.has_group(), "{key}");
    }
    assert_eq!(problems(&simulator), Vec::<String>::new());
}

#[tokio::test]
async fn every_platform_knows_a_person_by_an_id_in_a_scope_and_shows_one_of_their_ids() {
    let simulator = simulator().await;
    let ada = simulator.person(ADA).unwrap();
    for platform in Platform::ALL {
        let known = platform.person_id(&platform.new_account(12), &ada);
        assert!(!known.scope.is_empty(), "{platform:?}");
        assert!(!known.id.is_empty(), "{platform:?}");
        let shown = &json!(ada)[platform.known_by()];
        assert!(shown.is_string() || shown.is_number(), "{platform:?}");
    }
}

#[tokio::test]
async fn a_person_can_send_what_the_platform_has_in_that_place_and_sees_it() {
    let simulator = simulator().await;
    let mut count = 0;
    for platform in Platform::ALL {
        let key = platform.key();
        connect(&simulator, *platform);
        for place in [Place::Direct, Place::General, Place::WhatsApp] {
            for (label, item) in Item::samples() {
                let sent = simulator.send(key, ADA, place, &item);
                let has_it = platform.sends(place, &item);
                assert_eq!(sent.is_ok(), has_it, "{label} in {place:?} of {key}");
                let Ok(sent) = sent else { continue };
                count += 1;
                sent.request().unwrap();
                let shown = sent.message.plain_text();
                assert!(shown.contains(&item.words()), "{key}: {shown}");
            }
        }
    }
    assert_eq!(count, 21);
}
