//! Calls of webhooks, as the account's admins cause and see them through the API (SPEC F04).

use crate::{
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
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::sync::Notify;
use vestibule_domain::account::permission::Permission;
use vestibule_edge::batch::Outcome;
use vestibule_testkit::{
    demo_agent::{WebhookHeaders, key, verify},
    loopback::Loopback,
};

const WEBHOOKS: &str = "/v1/webhooks";
const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);

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
        world.is_told_quietly = false;
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
    let refused = setting.call("POST", &again, Value::Null).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/event-not-kept");
}

/// SPEC F04: what is sent again on the last day is tried for as long as anything else.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_sent_again_on_the_seventh_day_is_kept_and_listed_for_three_days_more() {
    let mut setting = Setting::new().await;
    let made = setting.hook(json!(["api_key.created"])).await;
    let path = path_of(&made);
    setting.event("one").await;
    setting.receiver.answers_with(503);
    setting.world.clock.advance(DAY * 6 + HOUR * 23);
    setting.token = setting.world.all_powers().await;
    let first = setting.deliveries(&path, "").await;
    let event = first["items"][0]["event_id"].as_str().unwrap();
    let again = format!("{path}/deliveries/{event}/send-again");
    let ordered = setting.call("POST", &again, Value::Null).await;
    assert_eq!(ordered.status, 202, "{}", ordered.body);
    while setting.world.work_events().await {}
    let end = setting.world.now().plus(DAY * 3).seconds();
    for kind in ["OUTGOING_EVENT", "DELIVERY#"] {
        for row in setting.world.rows(kind) {
            assert!(row["expires_at"].as_i64().unwrap() > end, "{row:?}");
        }
    }
    setting.world.clock.advance(DAY * 2);
    setting.token = setting.world.all_powers().await;
    let listed = setting.deliveries(&path, "").await;
    assert_eq!(listed["items"][0]["event_id"], event, "{listed}");
    assert_eq!(listed["items"][0]["status"], "waiting", "{listed}");
    let refused = setting.call("POST", &again, Value::Null).await;
    assert_eq!(refused.body["type"], "/problems/event-not-kept");
    setting.receiver.answers_with(200);
    assert!(setting.world.sweep().await);
    while setting.world.work_events().await {}
    let listed = setting.deliveries(&path, "").await;
    assert_eq!(listed["items"][0]["status"], "delivered", "{listed}");
    let calls = setting.receiver.taken();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.bytes == calls[0].bytes));
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
    // Events of the pause were not kept for it.
    let calls = setting.receiver.taken();
    let numbers: Vec<_> = calls
        .iter()
        .map(|call| call.body["sequence"].clone())
        .collect();
    assert_eq!(numbers, [1, 2]);
}

/// SPEC F04: a pause comes with a notice.
#[tokio::test(flavor = "multi_thread")]
async fn members_who_see_webhooks_are_told_of_a_pause_by_mail_once() {
    let mut setting = Setting::new().await;
    let admin = setting.world.person("super_admin").await;
    setting.world.person("agent").await;
    let made = setting.hook(json!(["api_key.created"])).await;
    setting.receiver.answers_with(410);
    setting.event("one").await;
    assert!(setting.world.sweep().await);
    setting.world.work_all().await;
    let paused = setting.call("GET", &path_of(&made), Value::Null).await.body;
    let again = json!({
        "job": "tell_pause", "account_id": setting.world.scope.account_id(), "subscription_id": made["id"],
        "reason": paused["paused"]["reason"], "since": paused["paused"]["since"],
    });
    let team = &setting.world.functions.team;
    let told = worker_team::handle(team, &again.to_string(), 1).await;
    assert_eq!(told, Outcome::Done);
    setting.world.work_all().await;
    let mails = setting.world.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].to.contains(&admin.email), "{}", mails[0].to);
    assert!(
        mails[0].subject.ends_with(" is paused"),
        "{}",
        mails[0].subject
    );
    assert!(mails[0].text.contains("gone for good"), "{}", mails[0].text);
    setting.receiver.answers_with(200);
    let resume = format!("{}/resume", path_of(&made));
    let resumed = setting.call("POST", &resume, Value::Null).await;
    assert_eq!(resumed.body["status"], "active", "{}", resumed.body);
}
