//! Requests that nobody decides in time (SPEC B36).

use crate::{
    admin::{all_powers, call, project},
    lifecycle::{implied_entries, patch, stranger},
    world::{SAID, WELCOME, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    access::request::{ReasonCode, RequestStatus, Verdict},
    account::actor::Actor,
    connector::Connector,
};
use vestibule_testkit::fault_proxy::{Fault, Rule};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// Lets the connector's requests expire after this many days, or never.
async fn expires_after(world: &World, connector: &Connector, days: Option<u16>) {
    let answer = patch(
        world,
        connector,
        json!({"requests_expire_after_days": days}),
    )
    .await;
    assert_eq!(answer["requests_expire_after_days"], json!(days));
}

/// Lets time pass, and does the work that is due then.
async fn passes(world: &mut World, time: Duration) {
    world.clock.advance(time);
    assert!(world.sweep().await);
    world.settle().await;
}

/// The time at which the newest request expires, as the list and the request itself show it.
async fn expires_at(world: &World) -> Value {
    let token = all_powers(world).await;
    let list = format!("{}/access-requests", project(world));
    let (status, page) = call(world, &token, "GET", &list, Value::Null).await;
    assert_eq!(status, 200, "{page}");
    let row = &page["items"][0];
    let path = format!("{list}/{}", row["id"].as_str().unwrap());
    let (status, shown) = call(world, &token, "GET", &path, Value::Null).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(shown["expires_at"], row["expires_at"]);
    row["expires_at"].clone()
}

async fn statuses(world: &World) -> Vec<RequestStatus> {
    let requests = world.requests().await;
    requests.iter().map(|view| view.request.status()).collect()
}

/// SPEC B36.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_nobody_decides_is_closed_and_the_person_is_told_nothing_and_may_ask_again()
{
    let mut world = World::new().await;
    let connector = world.connector.clone();
    expires_after(&world, &connector, Some(2)).await;
    world.settle().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    let asked = world.now();
    world.settle().await;
    assert_eq!(expires_at(&world).await, json!(asked.plus(HOUR * 48)));
    passes(&mut world, HOUR * 47).await;
    assert_eq!(statuses(&world).await, [RequestStatus::Pending]);
    passes(&mut world, HOUR).await;
    assert_eq!(statuses(&world).await, [RequestStatus::Rejected]);
    assert_eq!(expires_at(&world).await, Value::Null);
    let request = world.requests().await.remove(0);
    let decision = request.request.decision.unwrap();
    assert_eq!(decision.reason, Some(ReasonCode::Expired));
    assert_eq!(decision.by, Actor::system());
    assert!(decision.at.since(asked) >= HOUR * 48);
    assert!(decision.at.since(asked) < HOUR * 49);
    assert_eq!(request.standing.unwrap().rejections, None);
    assert_eq!(world.told(&ada), [WELCOME]);

    let again = world.says(&connector, &ada, "Anybody there?");
    assert_eq!(world.webhook(&connector, &again).await, 200);
    world.settle().await;
    let expected = [RequestStatus::Pending, RequestStatus::Rejected];
    assert_eq!(statuses(&world).await, expected);
    assert_eq!(world.told(&ada), [WELCOME]);
    assert_eq!(implied_entries(&world, "expired"), 1);
}

/// SPEC B36.
#[tokio::test(flavor = "multi_thread")]
async fn another_number_of_days_applies_to_requests_that_are_pending_already() {
    let mut world = World::new().await;
    let connector = world.connector.clone();
    stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    passes(&mut world, HOUR * 72).await;
    assert_eq!(statuses(&world).await, [RequestStatus::Pending]);

    expires_after(&world, &connector, Some(5)).await;
    passes(&mut world, MINUTE).await;
    assert_eq!(statuses(&world).await, [RequestStatus::Pending]);
    expires_after(&world, &connector, None).await;
    passes(&mut world, HOUR * 72).await;
    assert_eq!(statuses(&world).await, [RequestStatus::Pending]);
    // The order ended when it found that requests do not expire.
    assert_eq!(world.rows("EXPIRY#").len(), 0);

    expires_after(&world, &connector, Some(30)).await;
    passes(&mut world, MINUTE).await;
    assert_eq!(statuses(&world).await, [RequestStatus::Pending]);
    expires_after(&world, &connector, Some(4)).await;
    passes(&mut world, MINUTE).await;
    assert_eq!(statuses(&world).await, [RequestStatus::Rejected]);
}

/// SPEC B36.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_counts_until_the_request_is_closed() {
    let mut world = World::new().await;
    let connector = world.connector.clone();
    expires_after(&world, &connector, Some(1)).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    world.clock.advance(HOUR * 25);
    assert_eq!(world.decide(&ada, Verdict::Approve).await.status, 200);
    passes(&mut world, MINUTE).await;
    assert_eq!(statuses(&world).await, [RequestStatus::Approved]);
}

/// SPEC B36.
#[tokio::test(flavor = "multi_thread")]
async fn only_requests_of_the_connector_expire_page_by_page_although_a_worker_dies() {
    const STRANGERS: usize = 130;
    let mut world = World::new().await;
    let open = world.open.clone();
    let body = json!({"policy": "OnBoarding", "onboarding_message": WELCOME});
    patch(&world, &open, body).await;
    world.restart();
    let connector = world.connector.clone();
    for number in 0..STRANGERS {
        let person = stranger(&world, &format!("Person {number}")).await;
        // Every second one waits at the other connector too.
        if number % 2 == 0 {
            let hello = world.says(&open, &person, SAID);
            assert_eq!(world.webhook(&open, &hello).await, 200);
        }
        world.clock.advance(Duration::from_millis(5));
    }
    world.settle().await;
    expires_after(&world, &connector, Some(1)).await;
    world.settle().await;
    world.clock.advance(HOUR * 25);
    for (fault, at) in [(Fault::KillAfter, 40), (Fault::KillBefore, 50)] {
        world.count_from_here();
        world
            .to_db
            .inject(Rule::new("DynamoDB.TransactWriteItems", fault).from_call(at));
        while !world.has_struck() {
            assert!(world.work_onboarding().await || world.sweep().await);
            world.clock.advance(MINUTE);
        }
    }
    world.settle().await;
    let own = json!(connector.id);
    let requests = world.rows("REQUEST");
    assert_eq!(requests.len(), STRANGERS + STRANGERS / 2);
    for request in requests {
        let reason = request.get("decision").map(|decision| &decision["reason"]);
        let is_own = request["connector_id"] == own;
        assert_eq!(reason == Some(&json!("expired")), is_own, "{request:?}");
    }
    assert_eq!(implied_entries(&world, "expired"), STRANGERS);
    for standing in world.rows("STANDING#") {
        let is_pending = standing["connector_id"] != own;
        assert_eq!(standing["request_pending"], is_pending, "{standing:?}");
    }
}

/// SPEC B36.
#[tokio::test(flavor = "multi_thread")]
async fn the_order_goes_with_its_connector_and_wakes_nobody_before_a_request_expires() {
    let mut world = World::new().await;
    let connector = world.connector.clone();
    expires_after(&world, &connector, Some(3)).await;
    world.settle().await;
    stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let before = world.aws.accepted("onboarding");
    for _ in 0..5 {
        world.clock.advance(HOUR * 12);
        assert!(world.sweep().await);
    }
    assert_eq!(world.aws.accepted("onboarding"), before);
    let token = all_powers(&world).await;
    let path = format!("{}/connectors/{}", project(&world), connector.id);
    let (status, _) = call(&world, &token, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 204);
    passes(&mut world, MINUTE).await;
    passes(&mut world, HOUR * 24).await;
    assert_eq!(world.rows("EXPIRY#").len(), 0);
    let request = world.requests().await.remove(0).request;
    let reason = request.decision.unwrap().reason;
    assert_eq!(reason, Some(ReasonCode::ConnectorDeleted));
}
