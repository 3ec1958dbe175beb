//! Webhooks as the account's admins keep them (SPEC F04): what they may be, and who may touch them.

use crate::{client_access::Limited, connector_setup::audited, world::World};
use futures_util::future::join_all;
use serde_json::{Value, json};
use vestibule_domain::{
    AccountScope, account::permission::Permission, event::subscription::SUBSCRIPTIONS_MAX,
    ids::AccountId,
};
use vestibule_testkit::demo_agent::key;

const WEBHOOKS: &str = "/v1/webhooks";
const PUBLIC: &str = "https://crm.example.com/events";

fn path_of(webhook: &Value) -> String {
    format!("{WEBHOOKS}/{}", webhook["id"].as_str().unwrap())
}

fn draft(name: &str) -> Value {
    json!({"name": name, "url": PUBLIC, "events": ["*"]})
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_created_with_a_secret_that_is_shown_once_changed_and_deleted() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let call = async |method, path: &str, body, headers: &[(&str, &str)]| {
        world.call(&token, (method, path), body, headers).await
    };
    let made = call("POST", WEBHOOKS, draft("CRM"), &[]).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let secret = made.body["signing_secret"].as_str().unwrap().to_owned();
    assert!(key(&secret).is_some());
    assert_eq!(made.body["status"], "active");
    assert_eq!(made.body["events"], json!(["*"]));
    let path = path_of(&made.body);
    let read = call("GET", &path, Value::Null, &[]).await;
    assert_eq!(read.status, 200, "{}", read.body);
    assert_eq!(read.body.get("signing_secret"), None);
    assert_eq!(read.body["url"], PUBLIC);
    let listed = call("GET", WEBHOOKS, Value::Null, &[]).await;
    assert_eq!(listed.body["items"], json!([read.body]));

    let project = world.scope.project_id();
    let change = json!({"name": "Sales", "events": ["member.left"], "project_id": project});
    let changed = call("PATCH", &path, change.clone(), &[("if-match", "\"1\"")]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.headers["etag"], "\"2\"");
    assert_eq!(changed.body["name"], "Sales");
    assert_eq!(changed.body["project_id"], json!(project));
    assert_eq!(changed.body["url"], PUBLIC);
    let same = call("PATCH", &path, change, &[]).await;
    assert_eq!(same.headers["etag"], "\"2\"");
    let whole = json!({"project_id": null});
    let stale = call("PATCH", &path, whole.clone(), &[("if-match", "\"1\"")]).await;
    assert_eq!(stale.status, 412, "{}", stale.body);
    let freed = call("PATCH", &path, whole, &[]).await;
    assert_eq!(freed.body["project_id"], Value::Null);

    let stale = call("DELETE", &path, Value::Null, &[("if-match", "\"2\"")]).await;
    assert_eq!(stale.status, 412, "{}", stale.body);
    let deleted = call("DELETE", &path, Value::Null, &[("if-match", "\"3\"")]).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    for (method, path) in [
        ("GET", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/test")),
    ] {
        let gone = call(method, &path, Value::Null, &[]).await;
        assert_eq!(gone.status, 404, "{method} {path}: {}", gone.body);
    }
    for (action, count) in [
        ("webhook.created", 1),
        ("webhook.updated", 2),
        ("webhook.deleted", 1),
    ] {
        let entries = audited(&world, action);
        assert_eq!(entries.len(), count, "{action}");
        assert!(!json!(entries).to_string().contains(&secret), "{action}");
    }
    assert_eq!(world.rows("SUBSCRIPTION#").len(), 0);
}

/// SPEC F04, RELIABILITY: a creation whose answer was lost is repeated.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_creation_makes_no_second_webhook_and_does_not_show_the_secret_again() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let once = [("idempotency-key", "one")];
    let create = async |name| {
        world
            .call(&token, ("POST", WEBHOOKS), draft(name), &once)
            .await
    };
    let first = create("CRM").await;
    assert_eq!(first.status, 201, "{}", first.body);
    let again = create("CRM").await;
    assert_eq!(again.status, 201, "{}", again.body);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.body["id"], first.body["id"]);
    assert_eq!(again.body["signing_secret"], Value::Null);
    let other = create("Other").await;
    assert_eq!(other.status, 422, "{}", other.body);
    assert_eq!(other.body["type"], "/problems/idempotency-key-reused");
    assert_eq!(world.rows("SUBSCRIPTION#").len(), 1);
    assert_eq!(audited(&world, "webhook.created").len(), 1);
}

/// SPEC F04: no webhook leads into the network of the stack.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_inside_is_refused_by_the_name_of_its_field() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let call = async |method, path: &str, body| world.call(&token, (method, path), body, &[]).await;
    let made = call("POST", WEBHOOKS, draft("CRM")).await;
    let path = path_of(&made.body);
    for url in [
        "http://crm.example.com/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://localhost/",
        "https://printer.local/",
        "https://ada:secret@crm.example.com/",
        "https://crm.example.com/#part",
        "crm",
    ] {
        let mut body = draft("CRM");
        body["url"] = json!(url);
        let change = json!({"url": url});
        for refused in [
            call("POST", WEBHOOKS, body).await,
            call("PATCH", &path, change).await,
        ] {
            assert_eq!(refused.status, 422, "{url}: {}", refused.body);
            assert_eq!(refused.body["errors"][0]["field"], "url", "{url}");
        }
    }
    let elsewhere = json!({"project_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W"});
    let refused = call("PATCH", &path, elsewhere).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["field"], "project_id");
    assert_eq!(world.rows("SUBSCRIPTION#").len(), 1);
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_twenty_webhooks_however_many_are_made_at_once() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let create = async |number: usize| {
        let body = draft(&format!("number {number}"));
        world.call(&token, ("POST", WEBHOOKS), body, &[]).await
    };
    let numbers = 0..SUBSCRIPTIONS_MAX + 5;
    let answers = join_all(numbers.map(create)).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert!((1..=SUBSCRIPTIONS_MAX).contains(&made), "{made}");
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(refused.status, 409, "{}", refused.body);
    }
    assert_eq!(world.rows("SUBSCRIPTION#").len(), made);
    for number in made..SUBSCRIPTIONS_MAX {
        assert_eq!(create(number).await.status, 201);
    }
    let refused = create(99).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/too-many-webhooks");
    assert_eq!(world.rows("SUBSCRIPTION#").len(), SUBSCRIPTIONS_MAX);
}

/// SPEC B39: webhooks tell of every client.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_some_clients_and_its_key_have_no_access_to_webhooks() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let limited = Limited::new(&world).await;
    let made = world
        .call(&token, ("POST", WEBHOOKS), draft("CRM"), &[])
        .await;
    let one = path_of(&made.body);
    let event = format!("{one}/deliveries/01JD3Q3Z9V8M4T6K2N7P5R1S0W/send-again");
    for (method, path) in [
        ("GET", WEBHOOKS.to_owned()),
        ("POST", WEBHOOKS.to_owned()),
        ("GET", one.clone()),
        ("PATCH", one.clone()),
        ("DELETE", one.clone()),
        ("POST", format!("{one}/rotate-secret")),
        ("POST", format!("{one}/resume")),
        ("POST", format!("{one}/test")),
        ("GET", format!("{one}/deliveries")),
        ("POST", event),
    ] {
        let route = (method, path.as_str());
        let body = match route {
            ("POST", WEBHOOKS) | ("PATCH", _) => draft("Mine"),
            _ => Value::Null,
        };
        for answer in limited.call(&world, route, &body).await {
            assert_eq!(answer.status, 403, "{route:?}: {}", answer.body);
            assert_eq!(answer.body["type"], "/problems/all-clients-needed");
        }
    }
    assert_eq!(world.rows("SUBSCRIPTION#").len(), 1);
    // Nobody takes its events.
    let deleted = world.call(&token, ("DELETE", &one), Value::Null, &[]).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
}

/// SPEC M03.
#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_another_account_do_not_exist() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let made = world
        .call(&token, ("POST", WEBHOOKS), draft("CRM"), &[])
        .await;
    let one = path_of(&made.body);
    let other = AccountScope::of_verified(AccountId::derive(&["globex"]));
    world.person_in(other, "super_admin").await;
    let stranger = world.key(other.account_id(), &Permission::ALL).await;
    let listed = world
        .call(&stranger, ("GET", WEBHOOKS), Value::Null, &[])
        .await;
    assert_eq!(listed.body["items"], json!([]));
    for (method, path, body) in [
        ("GET", one.clone(), Value::Null),
        ("PATCH", one.clone(), json!({"name": "Mine"})),
        ("DELETE", one.clone(), Value::Null),
        ("POST", format!("{one}/rotate-secret"), Value::Null),
        ("POST", format!("{one}/resume"), Value::Null),
        ("POST", format!("{one}/test"), Value::Null),
        ("GET", format!("{one}/deliveries"), Value::Null),
    ] {
        let refused = world.call(&stranger, (method, &path), body, &[]).await;
        assert_eq!(refused.status, 404, "{method} {path}: {}", refused.body);
    }
    let project = world.scope.project_id();
    let mut limited = draft("Mine");
    limited["project_id"] = json!(project);
    let refused = world
        .call(&stranger, ("POST", WEBHOOKS), limited, &[])
        .await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["field"], "project_id");
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn the_types_of_events_are_listed_with_what_they_mean_but_for_the_test() {
    let world = World::new().await;
    let reader = [Permission::WebhooksRead];
    let reader = world.key(world.scope.account_id(), &reader).await;
    let path = format!("{WEBHOOKS}/event-types");
    let listed = world.call(&reader, ("GET", &path), Value::Null, &[]).await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    let items = listed.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 33);
    let created = json!({
        "type": "access_request.created", "description": "A stranger asked for access.", "has_project": true,
    });
    assert!(items.contains(&created), "{}", listed.body);
    assert!(items.iter().all(|item| item["type"] != "webhook.test"));
    let types: Vec<_> = items.iter().map(|item| item["type"].clone()).collect();
    let token = world.all_powers().await;
    let body = json!({"name": "CRM", "url": PUBLIC, "events": types});
    let made = world.call(&token, ("POST", WEBHOOKS), body, &[]).await;
    assert_eq!(made.status, 201, "{}", made.body);
}
