//! Whoever gets in is found, whichever way they got in.

use super::{found, pages, searched, settle, suffixes};
use crate::{
    erasure::erase,
    world::{SAID, World},
};
use serde_json::json;
use vestibule_domain::{access::request::Verdict, connector::Connector};
use vestibule_testkit::simulator::{NewPerson, Platform, WhatsAppShows};

/// Somebody with a number that the platform asserts.
fn somebody(world: &World, (name, phone): (&str, &str)) -> String {
    world.slack.add_person(NewPerson {
        phone: Some(phone.to_owned()),
        whatsapp_shows: WhatsAppShows::Phone,
        ..NewPerson::named(name)
    })
}

async fn write(world: &World, connector: &Connector, person: &str) {
    let request = world.says(connector, person, SAID);
    assert_eq!(world.webhook(connector, &request).await, 200);
}

/// The names of the users whom a query finds.
async fn users(world: &World, token: &str, query: &str) -> Vec<String> {
    let (users, _) = pages(world, token, ("end-users", query), 9).await;
    users
        .iter()
        .map(|user| user["full_name"].as_str().unwrap().to_owned())
        .collect()
}

/// SPEC A40, B38, B41, C22–C27, C54.
#[tokio::test(flavor = "multi_thread")]
async fn people_on_the_list_through_an_open_door_and_approved_ones_are_found_by_name_and_number() {
    let mut world = searched(Platform::Dialog360).await;
    let people = [
        ("Ada Lovelace", "+14155550199"),
        ("Grace Hopper", "+14155550142"),
        ("Alan Turing", "+14155550173"),
    ];
    let [ada, grace, alan] = people.map(|person| somebody(&world, person));
    let (asks, open) = (world.connector.clone(), world.open.clone());
    world
        .invites_to_chat(people[0].1, &[asks.environment_id])
        .await;
    write(&world, &asks, &ada).await;
    write(&world, &open, &grace).await;
    write(&world, &asks, &alan).await;
    settle(&mut world).await;
    let token = world.all_powers().await;
    assert_eq!(found(&world, &token, "turing").await, ["Alan Turing"]);
    assert_eq!(users(&world, &token, "turing").await, [""; 0]);
    assert_eq!(world.decide(&alan, Verdict::Approve).await.status, 200);
    settle(&mut world).await;
    for (name, phone) in people {
        for query in [name, phone] {
            assert_eq!(found(&world, &token, query).await, [name], "{query}");
            assert_eq!(users(&world, &token, query).await, [name], "{query}");
        }
        let (requests, _) = pages(&world, &token, ("access-requests", phone), 9).await;
        // Whoever comes through the open door asks for nothing.
        assert_eq!(requests.len(), usize::from(name != people[1].0), "{name}");
        for request in requests {
            assert_eq!(request["status"], "approved", "{name}");
        }
    }
    // A user whom nothing but a message made goes with the chat user.
    erase(&world, &grace).await;
    settle(&mut world).await;
    for query in ["hopper", people[1].1] {
        assert_eq!(found(&world, &token, query).await, [""; 0], "{query}");
        assert_eq!(users(&world, &token, query).await, [""; 0], "{query}");
    }
    let mut left = suffixes(&world);
    left.retain(|row| row["sk"].as_str().unwrap().starts_with("hopper"));
    assert!(left.is_empty(), "{left:?}");
}

/// SPEC B40, B41: the request that an admin's approval makes is found with the person.
#[tokio::test(flavor = "multi_thread")]
async fn the_request_of_a_person_who_is_approved_directly_is_found() {
    let mut world = searched(Platform::Dialog360).await;
    let (name, phone) = ("Grace Hopper", "+14155550142");
    let grace = somebody(&world, (name, phone));
    let asks = world.connector.clone();
    write(&world, &asks, &grace).await;
    settle(&mut world).await;
    assert_eq!(world.decide(&grace, Verdict::Reject).await.status, 200);
    settle(&mut world).await;
    let token = world.all_powers().await;
    let hers = ("access-requests", "hopper");
    let (requests, _) = pages(&world, &token, hers, 9).await;
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert!(users(&world, &token, phone).await.is_empty());
    let id = world.chat_user_id(&grace);
    let path = format!("{}/chat-users/{id}/approve", world.project_path());
    let body = json!({"environment_id": asks.environment_id});
    let answer = world.call(&token, ("POST", &path), body, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (requests, _) = pages(&world, &token, hers, 9).await;
    let mut of_answer = requests
        .iter()
        .filter(|request| request["id"] == answer.body["id"]);
    assert!(of_answer.next().is_some(), "{requests:?}");
    assert_eq!(requests.len(), 2, "{requests:?}");
    settle(&mut world).await;
    assert_eq!(users(&world, &token, phone).await, [name]);
}
