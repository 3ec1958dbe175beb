//! Locations, contacts and the like reach the agent as data (SPEC F05).

use crate::stack::{CANARY, Item, Place, Stack};
use vestibule_testkit::simulator::Platform;

/// One of each kind, with the canary in a text of it, and what the agent says to it.
fn items() -> [(Item, String); 4] {
    let office = format!("Main office {CANARY}");
    let file = format!("report-{CANARY}.pdf");
    [
        (
            Item::Location {
                name: office.clone(),
                latitude: 48.2082,
                longitude: 16.3738,
            },
            format!("You are at {office}, 48.2082, 16.3738."),
        ),
        (
            Item::Contact {
                name: CANARY.to_owned(),
                phone: "+15550100".to_owned(),
            },
            format!("You gave me the card of {CANARY}, +15550100."),
        ),
        (
            Item::Choice {
                title: CANARY.to_owned(),
                id: "yes".to_owned(),
            },
            format!("You chose {CANARY} (id yes)."),
        ),
        (
            Item::File {
                name: file.clone(),
                mime_type: "application/pdf".to_owned(),
            },
            format!("You sent {file}."),
        ),
    ]
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn a_location_a_contact_a_choice_and_a_file_are_answered_by_what_they_are() {
    let stack = Stack::load();
    for (platform, place) in [
        (Platform::Slack, Place::Direct),
        (Platform::Teams, Place::Direct),
        (Platform::Telegram, Place::Direct),
        (Platform::Dialog360, Place::Direct),
        (Platform::Twilio, Place::WhatsApp),
    ] {
        let connector = stack.connector_of(platform.key(), "open_connector_id");
        let person = stack.person_on(platform, "Iris").await;
        let mut count = 0;
        for (item, sentence) in items() {
            if !platform.sends(place, &item) {
                continue;
            }
            count += 1;
            stack.send_item(&person, connector, place, &item).await;
            let told = stack.answers(&person, connector, count).await;
            let expected = match (&item, platform) {
                // A button of a keyboard writes its title.
                (Item::Choice { .. }, Platform::Telegram) => format!("You wrote: “{CANARY}”"),
                // Twilio does not tell the name of a file.
                (Item::File { .. }, Platform::Twilio) => "I got your file".to_owned(),
                _ => sentence,
            };
            let last = told.last().unwrap();
            assert!(last.contains(&expected), "{platform:?}: {last}");
        }
        stack.nobody_complains_on(platform.key()).await;
    }
}
