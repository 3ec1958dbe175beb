//! Webhooks through the API (SPEC F04): addresses at which an account's own systems hear its events.

use crate::{
    client_access::Limited,
    connector_setup::audited,
    world::{Answer, World},
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::sync::Notify;
use vestibule_domain::{
    AccountScope, account::permission::Permission, event::subscription::SUBSCRIPTIONS_MAX,
    ids::AccountId,
};
use vestibule_testkit::{
    demo_agent::{WebhookHeaders, key, verify},
    loopback::Loopback,
};

const WEBHOOKS: &str = "/v1/webhooks";
const PUBLIC: &str = "https://crm.example.com/events";
const DAY: Duration = Duration::from_hours(24);

/// A call that the receiver took.
#[derive(Clone)]
struct Taken {
    id: String,
    timestamp: String,
    signature: String,
    bytes: Bytes,
    body: Value,
}

impl Taken {
    /// Whether it is signed with this secret at this time.
    fn is_signed_with(&self, secret: &str, now_secs: i64) -> bool {
        let headers = WebhookHeaders {
            id: &self.id,
            timestamp: &self.timestamp,
            signature: &self.signature,
        };
        verify(&key(secret).unwrap(), &headers, &self.bytes, now_secs).is_ok()
    }
}

struct Books {
    status: u16,
    is_slow: bool,
    taken: Vec<Taken>,
}

struct Shared {
    books: Mutex<Books>,
    arrived: Notify,
    released: Notify,
}

impl Shared {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }
}

/// A system of the account.
struct Receiver {
    server: Loopback,
    shared: Arc<Shared>,
}

impl Receiver {
    async fn start() -> Self {
        let shared = Arc::new(Shared {
            books: Mutex::new(Books {
                status: 200,
                is_slow: false,
                taken: Vec::new(),
            }),
            arrived: Notify::new(),
            released: Notify::new(),
        });
        let router = Router::new()
            .route("/events", post(take))
            .with_state(Arc::clone(&shared));
        Self {
            server: Loopback::start(router).await.unwrap(),
            shared,
        }
    }

    fn url(&self) -> String {
        format!("{}/events", self.server.url())
    }

    fn taken(&self) -> Vec<Taken> {
        self.shared.books().taken.clone()
    }

    fn answers_with(&self, status: u16) {
        self.shared.books().status = status;
    }
}

async fn take(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> (StatusCode, &'static str) {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let taken = Taken {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body: serde_json::from_slice(&bytes).unwrap(),
        bytes,
    };
    let (status, is_slow) = {
        let mut books = shared.books();
        books.taken.push(taken);
        (books.status, books.is_slow)
    };
    if is_slow {
        shared.arrived.notify_one();
        shared.released.notified().await;
    }
    (StatusCode::from_u16(status).unwrap(), "seen")
}

/// A world whose functions reach a receiver, and a key with every permission.
struct Setting {
    world: World,
    receiver: Receiver,
    token: String,
}

impl Setting {
    async fn new() -> Self {
        let mut world = World::new().await;
        let receiver = Receiver::start().await;
        world.reaches_also(&receiver.server.url());
        let token = world.all_powers().await;
        Self {
            world,
            receiver,
            token,
        }
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        let route = (method, path);
        self.world.call(&self.token, route, body, &[]).await
    }

    /// A webhook at the receiver.
    async fn hook(&self, events: Value) -> Value {
        let body = json!({"name": "CRM", "url": self.receiver.url(), "events": events});
        let made = self.call("POST", WEBHOOKS, body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body
    }

    /// Causes an event of the type `api_key.created`, and lets the workers tell it.
    async fn event(&mut self, name: &str) {
        let body = json!({"name": name, "permissions": ["projects.read"], "owner": "account"});
        let made = self.call("POST", "/v1/api-keys", body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert!(self.world.sweep().await);
        while self.world.work_events().await {}
    }

    async fn deliveries(&self, path: &str, query: &str) -> Value {
        let path = format!("{path}/deliveries{query}");
        let listed = self.call("GET", &path, Value::Null).await;
        assert_eq!(listed.status, 200, "{}", listed.body);
        listed.body
    }

    fn now_secs(&self) -> i64 {
        self.world.now().seconds()
    }
}

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
    assert_eq!(other.status, 409, "{}", other.body);
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
    let made = world
        .call(&token, ("POST", WEBHOOKS), draft("CRM"), &[])
        .await;
    let one = path_of(&made.body);
    let event = format!("{one}/deliveries/01JD3Q3Z9V8M4T6K2N7P5R1S0W/send-again");
    let limited = Limited::new(&world).await;
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
async fn a_rotated_secret_is_shown_once_and_the_replaced_one_signs_for_a_day_more() {
    let setting = Setting::new().await;
    let made = setting.hook(json!(["member.left"])).await;
    let path = path_of(&made);
    let rotate = format!("{path}/rotate-secret");
    let route = ("POST", rotate.as_str());
    let stale = [("if-match", "\"7\"")];
    let refused = setting
        .world
        .call(&setting.token, route, Value::Null, &stale)
        .await;
    assert_eq!(refused.status, 412, "{}", refused.body);
    // A caller who may change webhooks and not read them sees what the call drew.
    let writer = [Permission::WebhooksWrite];
    let writer = setting
        .world
        .key(setting.world.scope.account_id(), &writer)
        .await;
    let rotated = setting.world.call(&writer, route, Value::Null, &[]).await;
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    let secret = rotated.body["signing_secret"].as_str().unwrap();
    assert_eq!(
        rotated.body,
        json!({"id": made["id"], "signing_secret": secret})
    );
    let read = setting.call("GET", &path, Value::Null).await.body;
    assert_eq!(
        read["previous_secret_until"],
        json!(setting.world.now().plus(DAY))
    );
    let tested = setting
        .call("POST", &format!("{path}/test"), Value::Null)
        .await;
    assert_eq!(tested.body["status"], "delivered", "{}", tested.body);
    let call = setting.receiver.taken().remove(0);
    let now = setting.now_secs();
    for secret in [secret, made["signing_secret"].as_str().unwrap()] {
        assert!(call.is_signed_with(secret, now));
    }
    let entries = audited(&setting.world, "webhook.signing_secret_rotated");
    assert_eq!(entries.len(), 1);
    assert!(!entries[0].to_string().contains(secret));
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_shows_what_the_webhook_answered_and_leaves_no_delivery() {
    let setting = Setting::new().await;
    // A test reaches a webhook whatever it asks for.
    let made = setting.hook(json!(["member.left"])).await;
    let test = format!("{}/test", path_of(&made));
    let tested = setting.call("POST", &test, Value::Null).await;
    assert_eq!(tested.status, 200, "{}", tested.body);
    assert_eq!(tested.body["status"], "delivered");
    assert_eq!(tested.body["http_status"], 200);
    // The receiver is at an origin that is allowed although it is private.
    assert_eq!(tested.body["answer"], Value::Null);
    let call = setting.receiver.taken().remove(0);
    let secret = made["signing_secret"].as_str().unwrap();
    assert!(call.is_signed_with(secret, setting.now_secs()));
    assert_eq!(call.body["type"], "webhook.test");
    assert_eq!(call.body["sequence"], 0);
    assert_eq!(call.body["id"], call.id.as_str());
    assert_eq!(call.body["data"], json!({"webhook_id": made["id"]}));
    setting.receiver.answers_with(503);
    let tested = setting.call("POST", &test, Value::Null).await;
    assert_eq!(tested.body["status"], "refused", "{}", tested.body);
    assert_eq!(tested.body["http_status"], 503);
    let listed = setting.deliveries(&path_of(&made), "").await;
    assert_eq!(listed["items"], json!([]));
    let read = setting.call("GET", &path_of(&made), Value::Null).await;
    assert_eq!(read.body["status"], "active");
    let entries = audited(&setting.world, "webhook.tested");
    assert_eq!(entries.len(), 2);
    let told = json!({"event_id": call.id});
    assert!(entries.iter().any(|entry| entry["after"] == told));
}

/// SPEC F04: a test is no way to call somebody often.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_one_test_at_a_time() {
    let setting = Setting::new().await;
    let made = setting.hook(json!(["*"])).await;
    let test = format!("{}/test", path_of(&made));
    setting.receiver.shared.books().is_slow = true;
    let (slow, refused) = tokio::join!(setting.call("POST", &test, Value::Null), async {
        setting.receiver.shared.arrived.notified().await;
        let refused = setting.call("POST", &test, Value::Null).await;
        setting.receiver.shared.released.notify_one();
        refused
    });
    assert_eq!(slow.body["status"], "delivered", "{}", slow.body);
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/webhook-test-under-way");
    assert_eq!(refused.headers["retry-after"], "15");
    assert_eq!(setting.receiver.taken().len(), 1);
    setting.receiver.shared.books().is_slow = false;
    let next = setting.call("POST", &test, Value::Null).await;
    assert_eq!(next.status, 200, "{}", next.body);
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_listed_for_a_week_and_is_sent_again_with_the_same_id() {
    let mut setting = Setting::new().await;
    let made = setting.hook(json!(["api_key.created"])).await;
    let path = path_of(&made);
    for name in ["one", "two"] {
        setting.event(name).await;
    }
    let all = setting.deliveries(&path, "").await;
    let numbers: Vec<_> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["sequence"].clone())
        .collect();
    assert_eq!(numbers, [2, 1]);
    let latest = &all["items"][0];
    assert_eq!(latest["type"], "api_key.created");
    assert_eq!(
        (&latest["status"], &latest["tries"]),
        (&json!("delivered"), &json!(1))
    );
    assert_eq!(latest["last"]["http_status"], 200, "{latest}");
    assert_eq!(latest["next_try_at"], Value::Null);
    let first = setting.deliveries(&path, "?limit=1&status=delivered").await;
    assert_eq!(first["items"], json!([latest]));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = format!("?limit=1&status=delivered&cursor={cursor}");
    let second = setting.deliveries(&path, &second).await;
    assert_eq!(second["items"][0]["sequence"], 1, "{second}");
    assert_eq!(
        setting.deliveries(&path, "?status=failed").await["items"],
        json!([])
    );
    let wrong = format!("{path}/deliveries?status=lost");
    assert_eq!(setting.call("GET", &wrong, Value::Null).await.status, 400);

    let again = format!(
        "{path}/deliveries/{}/send-again",
        latest["event_id"].as_str().unwrap()
    );
    let ordered = setting.call("POST", &again, Value::Null).await;
    assert_eq!(ordered.status, 202, "{}", ordered.body);
    assert_eq!(
        (&ordered.body["status"], &ordered.body["tries"]),
        (&json!("waiting"), &json!(0))
    );
    // The job was enqueued: no sweep is needed.
    while setting.world.work_events().await {}
    let calls = setting.receiver.taken();
    let [_, sent, repeated] = calls.as_slice() else {
        panic!("{} calls", calls.len());
    };
    assert_eq!((&sent.id, &sent.bytes), (&repeated.id, &repeated.bytes));
    assert_eq!(audited(&setting.world, "webhook.event_sent_again").len(), 1);
    let unknown = format!("{path}/deliveries/01JD3Q3Z9V8M4T6K2N7P5R1S0W/send-again");
    assert_eq!(
        setting.call("POST", &unknown, Value::Null).await.status,
        404
    );

    setting.world.clock.advance(DAY * 7);
    setting.token = setting.world.all_powers().await;
    assert_eq!(setting.deliveries(&path, "").await["items"], json!([]));
    setting.world.clock.advance(DAY);
    setting.token = setting.world.all_powers().await;
    let refused = setting.call("POST", &again, Value::Null).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/event-not-kept");
}

/// SPEC F04: a webhook that says that it is gone is left alone until somebody resumes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_webhook_says_why_and_gets_events_again_once_it_is_resumed() {
    let mut setting = Setting::new().await;
    let made = setting.hook(json!(["api_key.created"])).await;
    let path = path_of(&made);
    setting.receiver.answers_with(410);
    setting.event("one").await;
    let paused = setting.call("GET", &path, Value::Null).await.body;
    assert_eq!(paused["status"], "paused", "{paused}");
    assert_eq!(paused["paused"]["reason"], "gone");
    setting.receiver.answers_with(200);
    setting.event("two").await;
    assert_eq!(setting.receiver.taken().len(), 1);
    let resume = format!("{path}/resume");
    for _ in 0..2 {
        let resumed = setting.call("POST", &resume, Value::Null).await;
        assert_eq!(resumed.status, 200, "{}", resumed.body);
        assert_eq!(resumed.body["status"], "active");
        assert_eq!(resumed.body["paused"], Value::Null);
    }
    assert_eq!(audited(&setting.world, "webhook.resumed").len(), 1);
    setting.event("three").await;
    // What happened during the pause was not kept for it.
    let calls = setting.receiver.taken();
    let numbers: Vec<_> = calls
        .iter()
        .map(|call| call.body["sequence"].clone())
        .collect();
    assert_eq!(numbers, [1, 2]);
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
