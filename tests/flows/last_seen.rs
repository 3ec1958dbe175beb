//! When members were last seen: in their account only, and noted once an hour.

use crate::{
    accepting::second_account,
    sign_in::{Browser, PASSWORD, accept, admin, invite, mailed, member, sign_in},
    world::World,
};
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_testkit::fault_proxy::{Fault, Rule};

const ANA: &str = "ana@example.com";

/// Ana, as this browser's account lists her.
async fn ana_in(world: &World, browser: &mut Browser) -> Value {
    let page = browser.get(world, "/v1/members").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let items = page.body["items"].as_array().unwrap();
    let mut found = items.iter().filter(|item| item["email"] == ANA);
    found.next().unwrap().clone()
}

/// Lets somebody use the account that their browser shows.
async fn uses(world: &World, browser: &mut Browser) {
    let seen = browser.get(world, "/v1/projects").await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

/// The rows that say when this member was last seen.
fn notes(world: &World, member: &Value) -> Vec<Map<String, Value>> {
    let mut rows = world.db.items().unwrap();
    let place = format!("SEEN#{}", member["id"].as_str().unwrap());
    rows.retain(|row| row["sk"] == place.as_str());
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_in_one_account_is_seen_there_and_in_no_other() {
    let world = World::new().await;
    let mut first = admin(&world).await;
    let mut here = member(&world, ANA).await;
    let (mut second, account) = second_account(&world).await;
    invite(&world, &mut second, ANA, true).await;
    let joined = accept(&world, &mut here, &mailed(&world, ANA).await).await;
    assert_eq!(joined.status, 200, "{}", joined.body);
    let mut there = here.clone().in_account(&account);
    for browser in [&mut first, &mut second] {
        let ana = ana_in(&world, browser).await;
        assert_eq!(ana["last_seen_at"], Value::Null, "{ana}");
    }
    let used_at_home = json!(world.now());
    uses(&world, &mut here).await;
    let seen = ana_in(&world, &mut first).await;
    assert_eq!(seen["last_seen_at"], used_at_home);
    let seen = ana_in(&world, &mut second).await;
    assert_eq!(seen["last_seen_at"], Value::Null);
    // The activity of the session is noted already, and yet the other account learns of its use.
    world.clock.advance(Duration::from_mins(1));
    let seen_abroad = json!(world.now());
    uses(&world, &mut there).await;
    let ana = ana_in(&world, &mut second).await;
    assert_eq!(ana["last_seen_at"], seen_abroad);
    let seen = ana_in(&world, &mut first).await;
    assert_eq!(seen["last_seen_at"], used_at_home);
    // Every answer with the member says the same.
    let path = format!("/v1/members/{}", ana["id"].as_str().unwrap());
    let read = second.get(&world, &path).await;
    assert_eq!(read.body["last_seen_at"], seen_abroad, "{}", read.body);
    let suspend = format!("{path}/suspend");
    let suspended = second.post(&world, &suspend, Value::Null).await;
    assert_eq!(suspended.body["last_seen_at"], seen_abroad);
    // A member who may not call is not seen.
    world.clock.advance(Duration::from_hours(2));
    let refused = there.get(&world, "/v1/projects").await;
    assert_eq!(refused.problem(), "not-a-member");
    let me = there.get(&world, "/v1/me").await;
    assert_eq!(me.status, 200, "{}", me.body);
    let read = second.get(&world, &path).await;
    assert_eq!(read.body["last_seen_at"], seen_abroad, "{}", read.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_noted_as_seen_once_an_hour_whatever_the_session_and_not_when_the_console_polls()
 {
    let world = World::new().await;
    let mut root = admin(&world).await;
    let mut ana = member(&world, ANA).await;
    let polled = [("x-vestibule-background", "1")];
    let seen = ana
        .call(&world, ("GET", "/v1/projects"), Value::Null, &polled)
        .await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let told = ana_in(&world, &mut root).await;
    assert_eq!(told["last_seen_at"], Value::Null);
    assert!(notes(&world, &told).is_empty());
    let mut other = Browser::default();
    sign_in(&world, &mut other, ANA, PASSWORD).await;
    let mut other = other.in_account(&world.scope.account_id().to_string());
    let first = json!(world.now());
    uses(&world, &mut ana).await;
    world.clock.advance(Duration::from_mins(59));
    for browser in [&mut ana, &mut other] {
        uses(&world, browser).await;
        let told = ana_in(&world, &mut root).await;
        assert_eq!(told["last_seen_at"], first);
    }
    // The note of one session counts for the other one, and ends for it an hour after it was made.
    world.clock.advance(Duration::from_mins(1));
    let later = json!(world.now());
    uses(&world, &mut other).await;
    let told = ana_in(&world, &mut root).await;
    assert_eq!(told["last_seen_at"], later);
    assert_eq!(notes(&world, &told).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_passes_when_its_note_fails_and_the_next_one_makes_it() {
    let world = World::new().await;
    let mut root = admin(&world).await;
    let mut ana = member(&world, ANA).await;
    let told = ana_in(&world, &mut root).await;
    let down = Rule::new("DynamoDB.UpdateItem", Fault::Error500);
    world.to_db.inject(down.until_cleared());
    uses(&world, &mut ana).await;
    world.to_db.clear();
    assert!(notes(&world, &told).is_empty());
    let used = json!(world.now());
    uses(&world, &mut ana).await;
    let told = ana_in(&world, &mut root).await;
    assert_eq!(told["last_seen_at"], used);
}
