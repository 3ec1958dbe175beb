//! Every type of event reaches a subscriber.

use super::{Stage, another};
use crate::{
    account_deletion::second,
    admin::call,
    events_told::event_of,
    invitations::root,
    lifecycle::{attribute, patch, stranger},
    world::World,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use vestibule_domain::{
    AccountScope,
    event::catalogue::{EventType, FieldKind},
};
use vestibule_testkit::fault_proxy::{Fault, Rule};

const DAY: Duration = Duration::from_hours(24);
/// An id, wherever a field is one.
const ID: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";
/// The tests whose changes tell events.
const TESTS: [&str; 3] = [
    include_str!("../events_told.rs"),
    include_str!("catalogue.rs"),
    include_str!("health.rs"),
];

/// The types of events that a change can have.
fn kinds() -> impl Iterator<Item = EventType> {
    let kinds = EventType::ALL.into_iter();
    kinds.filter(|kind| kind.can_be_chosen())
}

/// Data with every field of a type.
fn data_of(kind: EventType) -> Value {
    let value = |kind: FieldKind| match kind {
        FieldKind::Id => json!(ID),
        FieldKind::Actor => json!("system"),
        FieldKind::Code => json!("active"),
        FieldKind::Codes => json!(["role"]),
        FieldKind::Count => json!(7),
        FieldKind::Time => json!("2026-11-25T10:00:00.000Z"),
        FieldKind::Flag => json!(true),
    };
    let fields = kind.fields().iter();
    fields
        .map(|field| (field.name.to_owned(), value(field.kind)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

impl Stage {
    /// An event of every type, to be published. Returns the data of each.
    async fn tell_all(&self) -> BTreeMap<String, Value> {
        let names: Vec<&str> = kinds().map(EventType::key).collect();
        self.world.members_leave(self.own(), &names).await;
        let mut told = BTreeMap::new();
        let rows = self.world.rows("OUTGOING_EVENT");
        assert_eq!(rows.len(), names.len());
        for (mut row, kind) in rows.into_iter().zip(kinds()) {
            row.insert("kind".to_owned(), json!(kind.key()));
            row.insert("data".to_owned(), data_of(kind));
            if kind.is_of_project() {
                row.insert("project_id".to_owned(), json!(ID));
            }
            told.insert(kind.key().to_owned(), data_of(kind));
            let item = attribute(Value::Object(row));
            self.world.db.put_raw(&item["M"]).unwrap();
        }
        told
    }
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_every_type_arrives_signed_whatever_kills_the_worker() {
    for (class, fault) in [
        ("DynamoDB.TransactWriteItems", Fault::KillBefore),
        ("DynamoDB.TransactWriteItems", Fault::KillAfter),
        ("DynamoDB.UpdateItem", Fault::KillAfter),
        ("DynamoDB.UpdateItem", Fault::ResetAfter),
    ] {
        let mut stage = Stage::set().await;
        let own = stage.own();
        stage.hook(own, "crm").await;
        stage.hook(another(), "globex").await;
        let told = stage.tell_all().await;
        assert!(stage.world.sweep().await);
        stage.world.count_from_here();
        stage
            .world
            .to_db
            .inject(Rule::new(class, fault.clone()).from_call(1));
        stage.world.work_all().await;
        assert!(stage.world.has_struck(), "{class} {fault:?}");
        stage.world.to_db.clear();
        stage.world.settle().await;
        let taken = stage.hooks.taken("crm");
        let found: BTreeMap<String, Value> = taken
            .iter()
            .map(|event| {
                let kind = event["type"].as_str().unwrap().to_owned();
                (kind, event["data"].clone())
            })
            .collect();
        assert_eq!(found, told, "{class} {fault:?}");
        let numbers: Vec<u64> = (1..).take(told.len()).collect();
        assert_eq!(stage.hooks.numbers("crm"), numbers, "{class} {fault:?}");
        let ids: BTreeSet<String> = taken.iter().map(|event| event["id"].to_string()).collect();
        assert_eq!(ids.len(), told.len(), "{class} {fault:?}");
        assert_eq!(stage.hooks.refused("crm"), Vec::<&str>::new());
        assert_eq!(stage.hooks.calls("globex"), 0);
    }
}

/// SPEC F04: nothing is promised that no change tells.
#[test]
fn every_type_of_event_is_told_by_a_change_in_a_test() {
    for kind in kinds() {
        let named = format!("\"{}\"", kind.key());
        let is_named = TESTS.iter().any(|test| test.contains(&named));
        assert!(is_named, "{kind}");
    }
}

/// SPEC B36.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_nobody_decides_in_time_is_told_as_expired() {
    let mut world = World::new().await;
    let connector = world.connector.clone();
    let days = json!({"requests_expire_after_days": 1});
    patch(&world, &connector, days).await;
    world.settle().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    world.clock.advance(DAY);
    assert!(world.sweep().await);
    world.settle().await;
    let event = event_of(&world, "access_request.expired");
    assert_eq!(event["data"]["reason_code"], "expired");
    assert_eq!(
        event["data"]["chat_user_id"],
        world.chat_user_id(&ada).to_string()
    );
    assert_eq!(event["connector_id"], connector.id.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_leaves_is_told_to_the_account() {
    let world = World::new().await;
    let (mut founder, account) = second(&world).await;
    let scope = AccountScope::of_verified(account.parse().unwrap());
    world.person_in(scope, "super_admin").await;
    let leave = format!("/v1/me/accounts/{account}/leave");
    let seen = founder.post(&world, &leave, Value::Null).await;
    assert_eq!(seen.status, 204, "{}", seen.body);
    let event = event_of(&world, "member.left");
    assert_eq!(event["scope"]["account_id"], account.as_str());
}

/// SPEC D29.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_renewed_and_gets_another_secret_is_told() {
    let world = World::new().await;
    let root = root(&world).await;
    let (_, keys) = call(&world, &root, "GET", "/v1/api-keys", Value::Null).await;
    let id = keys["items"][0]["id"].as_str().unwrap();
    let path = |step: &str| format!("/v1/api-keys/{id}/{step}");
    world.clock.advance(DAY);
    let days = json!({"expires_in_days": 365});
    let (status, renewed) = call(&world, &root, "POST", &path("renew"), days).await;
    assert_eq!(status, 200, "{renewed}");
    let event = event_of(&world, "api_key.renewed");
    assert_eq!(event["data"]["api_key_id"], id);
    assert_eq!(event["data"]["expires_at"], renewed["expires_at"]);
    let (status, rotated) = call(&world, &root, "POST", &path("rotate"), Value::Null).await;
    assert_eq!(status, 200, "{rotated}");
    let event = event_of(&world, "api_key.rotated");
    assert_eq!(event["data"]["api_key_id"], id);
}
