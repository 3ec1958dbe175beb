//! Channels of a customer's own system (SPEC E38, M02): it brings messages through the API, and texts for people are
//! posted to it, signed.

use crate::{
    breaker::texts,
    erasure::rows_with,
    world::{Answer, SAID, WELCOME, World},
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Map, Value, json};
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use vestibule_domain::{
    account::permission::Permission,
    connector::APPROVAL_NOTICE_DEFAULT,
    figures::Day,
    ids::{AccountId, EnvironmentId},
};
use vestibule_testkit::{
    TestClock,
    demo_agent::{WebhookHeaders, key, verify},
    loopback::Loopback,
};

const SECRET: &str = "whsec_q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ";
const NEW_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
/// The channel that the connector names.
pub const CHANNEL: &str = "live_chat";
const DAY: Duration = Duration::from_hours(24);
/// Time after which no function has an older connector.
const CACHED: Duration = Duration::from_secs(11);

/// A customer's system, which takes what is signed well.
struct OwnSystem {
    server: Loopback,
    shared: Arc<Shared>,
}

struct Shared {
    clock: TestClock,
    books: Mutex<Books>,
}

struct Books {
    key: Vec<u8>,
    /// The status of every answer, if it answers otherwise than it should.
    status: Option<u16>,
    /// The ids of all calls.
    calls: Vec<String>,
    taken: Vec<Value>,
    refused: usize,
}

impl Shared {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }
}

impl OwnSystem {
    async fn start(clock: TestClock) -> Self {
        let books = Books {
            key: key(SECRET).unwrap(),
            status: None,
            calls: Vec::new(),
            taken: Vec::new(),
            refused: 0,
        };
        let shared = Arc::new(Shared {
            clock,
            books: Mutex::new(books),
        });
        let router = Router::new()
            .route("/replies", post(take))
            .with_state(Arc::clone(&shared));
        let server = Loopback::start(router).await.unwrap();
        Self { server, shared }
    }

    /// The texts for people that it took.
    fn texts(&self) -> Vec<String> {
        let books = self.shared.books();
        let messages = books.taken.iter().filter(|body| body["type"] == "message");
        messages
            .map(|body| body["text"].as_str().unwrap().to_owned())
            .collect()
    }

    fn verifies_with(&self, secret: &str) {
        self.shared.books().key = key(secret).unwrap();
    }

    fn answers_with(&self, status: Option<u16>) {
        self.shared.books().status = status;
    }
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let mut books = shared.books();
    books.calls.push(header("webhook-id").to_owned());
    if let Some(status) = books.status {
        return StatusCode::from_u16(status).unwrap();
    }
    let signed = WebhookHeaders {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
    };
    if verify(&books.key, &signed, &body, shared.clock.now_secs()).is_err() {
        books.refused += 1;
        return StatusCode::UNAUTHORIZED;
    }
    books.taken.push(serde_json::from_slice(&body).unwrap());
    StatusCode::OK
}

/// A world with a connector of a customer's system.
pub struct LiveChat {
    /// Its world.
    pub world: World,
    own: OwnSystem,
    /// A key with every permission.
    pub token: String,
    /// The path of the connector.
    pub path: String,
}

/// The body that makes such a connector, with these fields.
fn draft(world: &World, own: &OwnSystem, fields: Value) -> Value {
    let mut body = json!({
        "name": "Live chat",
        "provider": "api",
        "environment_id": world.open.environment_id,
        "client_id": world.open.client_id,
        "api": {
            "channel": CHANNEL,
            "reply_url": format!("{}/replies", own.server.url()),
            "signing_secret": SECRET,
        },
    });
    let Value::Object(fields) = fields else {
        panic!("not an object");
    };
    body.as_object_mut().unwrap().extend(fields);
    body
}

impl LiveChat {
    /// A world with one that has these fields beside the usual ones.
    pub async fn with(fields: Value) -> Self {
        let mut world = World::new().await;
        let own = OwnSystem::start(world.clock.clone()).await;
        world.reaches_also(&own.server.url());
        let admin = world.person("super_admin").await;
        let channel = json!({"key": CHANNEL});
        let added = world
            .call_as(&admin, ("POST", "/v1/channels"), channel, &[])
            .await;
        assert_eq!(added.status, 201, "{}", added.body);
        let token = world.all_powers().await;
        let all = format!("{}/connectors", world.project_path());
        let body = draft(&world, &own, fields);
        let made = world.call(&token, ("POST", &all), body, &[]).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let path = format!("{all}/{}", made.body["id"].as_str().unwrap());
        assert_eq!(made.body["webhook_path"], format!("{path}/messages"));
        Self {
            world,
            own,
            token,
            path,
        }
    }

    /// The address of the system to which texts are posted.
    pub fn reply_url(&self) -> String {
        format!("{}/replies", self.own.server.url())
    }

    /// The texts for people that were posted to the system.
    pub fn posted(&self) -> Vec<String> {
        self.own.texts()
    }

    /// The system brings a message of a person, with this key.
    pub async fn brings_by(
        &self,
        token: &str,
        message_id: &str,
        person: &str,
        text: &str,
    ) -> Answer {
        let body = json!({
            "message_id": message_id,
            "user": {"id": person, "name": "Ada Lovelace"},
            "text": text,
        });
        let path = format!("{}/messages", self.path);
        self.world.call(token, ("POST", &path), body, &[]).await
    }

    /// The same, and returns what became of it.
    pub async fn brings(&self, message_id: &str, person: &str, text: &str) -> Value {
        let account = self.world.scope.account_id();
        let needed = [Permission::ConversationsReply];
        let key = self.world.key(account, &needed).await;
        let answer = self.brings_by(&key, message_id, person, text).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        assert_eq!(answer.body["message_id"], message_id);
        answer.body
    }

    async fn changes(&self, body: Value) {
        let token = self.world.all_powers().await;
        let route = ("PATCH", self.path.as_str());
        let changed = self.world.call(&token, route, body, &[]).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    }

    async fn shown(&self, path: &str) -> Value {
        // A key of the test lasts for a day.
        let token = self.world.all_powers().await;
        let path = format!("{}/{path}", self.world.project_path());
        let route = ("GET", path.as_str());
        let shown = self.world.call(&token, route, Value::Null, &[]).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        shown.body
    }

    /// The sending of the last message of a conversation that goes out.
    async fn last_sending(&self, conversation: &Value) -> Value {
        let id = conversation.as_str().unwrap();
        let listed = self.shown(&format!("conversations/{id}/messages")).await;
        let items = listed["items"].as_array().unwrap();
        let mut sending = items.iter().map(|message| message["sending"].clone());
        sending.find(|sending| !sending.is_null()).unwrap()
    }
}

fn case(world: &World) -> Map<String, Value> {
    let mut rows = world.rows("CASE");
    rows.retain(|row| row["sk"] == "CASE");
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

/// SPEC E38, M02, A08, A21.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_gets_the_onboarding_message_at_the_reply_address_once_and_goes_straight_through_once_approved()
 {
    let asks = json!({"policy": "OnBoarding", "onboarding_message": WELCOME});
    let mut live = LiveChat::with(asks).await;
    let first = live.brings("m1", "ada", SAID).await;
    assert_eq!(first["outcome"], "request_opened");
    live.world.settle().await;
    assert_eq!(live.own.texts(), [WELCOME]);
    let second = live.brings("m2", "ada", "Anybody?").await;
    assert_eq!(second["outcome"], "counted");
    live.world.settle().await;
    assert_eq!(live.own.texts(), [WELCOME]);
    assert_eq!(texts(&live.world), Vec::<String>::new());
    let posted = live.own.shared.books().taken[0].clone();
    assert_eq!(posted["user"], json!({"id": "ada"}));
    assert_eq!(posted["channel"], CHANNEL);
    assert_eq!(posted["conversation"], Value::Null);
    assert_eq!(posted["conversation_id"], first["conversation_id"]);

    let pending = live.shown("access-requests?status=pending").await;
    let request = &pending["items"][0];
    assert_eq!(request["message_count"], 2, "{request}");
    let path = format!(
        "{}/access-requests/{}/approve",
        live.world.project_path(),
        request["id"].as_str().unwrap()
    );
    let route = ("POST", path.as_str());
    let approved = live.world.call(&live.token, route, Value::Null, &[]).await;
    assert_eq!(approved.status, 200, "{}", approved.body);
    live.world.settle().await;
    live.world
        .agent
        .answer_with(json!({"replies": [{"text": "At once"}]}));
    let third = live.brings("m3", "ada", "And now?").await;
    assert_eq!(third["outcome"], "delivered");
    live.world.settle().await;
    assert_eq!(
        live.own.texts(),
        [WELCOME, APPROVAL_NOTICE_DEFAULT, "At once"]
    );
    assert_eq!(texts(&live.world), ["And now?"]);
    let delivery = live.world.agent.deliveries().remove(0).body;
    assert_eq!(delivery["connector"]["provider"], "api");
    assert_eq!(delivery["chat_user"]["identifier"], "ada");
    assert_eq!(delivery["chat_user"]["display_name"], "Ada Lovelace");
    assert_eq!(live.own.shared.books().refused, 0);
}

/// SPEC E37, E38.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_a_stranger_is_among_the_figures_of_the_channel_that_the_connector_names() {
    let asks = json!({"policy": "OnBoarding", "onboarding_message": WELCOME});
    let live = LiveChat::with(asks).await;
    let brought = live.brings("m1", "ada", SAID).await;
    assert_eq!(brought["outcome"], "request_opened");
    let today = Day::of(live.world.now());
    for (channel, count) in [(CHANNEL, 1), ("api", 0), ("slack", 0)] {
        let path = format!("figures?from={today}&to={today}&channel={channel}");
        let told = live.shown(&path).await;
        assert_eq!(told["total"]["requests"], count, "{channel}");
    }
}

/// SPEC E38, E36, E22.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_for_the_team_waits_at_the_desk_of_its_channel_and_a_member_s_reply_goes_out_signed()
 {
    let mut live = LiveChat::with(json!({"handler": "team"})).await;
    let brought = live.brings("m1", "ada", SAID).await;
    assert_eq!(brought["outcome"], "delivered");
    live.world.settle().await;
    let waiting = case(&live.world);
    assert_eq!(waiting["state"]["kind"], "waiting");
    assert_eq!(waiting["channel"], CHANNEL);
    let queue = format!("conversations?view=queue&channel={CHANNEL}");
    let queue = live.shown(&queue).await;
    assert_eq!(queue["items"][0]["id"], brought["conversation_id"]);

    let ana = live.world.person("super_admin").await;
    let member = format!("/v1/members/{}", ana.member_id);
    let work = json!({"work": {"channels": {CHANNEL: 1}}});
    let available = json!({"state": "available"});
    for (method, path, body) in [
        ("PATCH", member.as_str(), work),
        ("PUT", "/v1/me/availability", available),
    ] {
        let done = live.world.call_as(&ana, (method, path), body, &[]).await;
        assert_eq!(done.status, 200, "{}", done.body);
    }
    live.world.settle().await;
    let assigned = case(&live.world);
    assert_eq!(assigned["state"]["kind"], "assigned");
    assert_eq!(assigned["state"]["member"]["id"], ana.member_id.to_string());
    let path = format!(
        "{}/conversations/{}/messages",
        live.world.project_path(),
        brought["conversation_id"].as_str().unwrap()
    );
    let body = json!({"messages": [{"text": "Good morning"}]});
    let written = live.world.call_as(&ana, ("POST", &path), body, &[]).await;
    assert_eq!(written.status, 202, "{}", written.body);
    live.world.settle().await;
    assert_eq!(live.own.texts(), ["Good morning"]);
    assert_eq!(live.own.shared.books().refused, 0);
    assert_eq!(texts(&live.world), Vec::<String>::new());
}

/// SPEC E38, X01.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_brought_again_counts_once_and_another_of_the_same_words_counts() {
    let mut live = LiveChat::with(json!({})).await;
    for _ in 0..2 {
        live.brings("m1", "ada", SAID).await;
    }
    live.world.settle().await;
    assert_eq!(texts(&live.world), [SAID]);
    let again = live.brings("m1", "ada", "other words").await;
    assert_eq!(again["outcome"], "duplicate");
    let other = live.brings("m2", "ada", SAID).await;
    assert_eq!(other["outcome"], "delivered");
    live.world.settle().await;
    assert_eq!(texts(&live.world), [SAID, SAID]);
}

/// SPEC E38.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_signing_secret_loses_no_text_whichever_of_the_two_the_system_verifies_with() {
    let mut live = LiveChat::with(json!({})).await;
    live.world
        .agent
        .answer_with(json!({"replies": [{"text": "Yes"}]}));
    live.changes(json!({"api": {"signing_secret": NEW_SECRET}}))
        .await;
    for (message, secret, wait) in [
        ("m1", SECRET, CACHED),
        ("m2", NEW_SECRET, Duration::ZERO),
        ("m3", NEW_SECRET, DAY),
    ] {
        live.world.clock.advance(wait);
        live.own.verifies_with(secret);
        live.brings(message, "ada", SAID).await;
        live.world.settle().await;
    }
    assert_eq!(live.own.texts(), ["Yes"; 3]);
    assert_eq!(live.own.shared.books().refused, 0);
    // The one before has ended.
    live.own.verifies_with(SECRET);
    let brought = live.brings("m4", "ada", SAID).await;
    live.world.settle().await;
    assert_eq!(live.own.texts(), ["Yes"; 3]);
    let sending = live.last_sending(&brought["conversation_id"]).await;
    assert_eq!(sending["status"], "failed", "{sending}");
}

/// SPEC E38.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_the_system_does_not_take_is_posted_again_under_its_id_and_given_up_in_the_end()
{
    let mut live = LiveChat::with(json!({})).await;
    live.world
        .agent
        .answer_with(json!({"replies": [{"text": "Yes"}]}));
    live.own.answers_with(Some(503));
    let brought = live.brings("m1", "ada", SAID).await;
    live.world.work_all().await;
    live.world.clock.advance(Duration::from_mins(2));
    live.world.sweep_if_due().await;
    live.world.work_all().await;
    live.own.answers_with(None);
    live.world.settle().await;
    assert_eq!(live.own.texts(), ["Yes"]);
    let calls = live.own.shared.books().calls.clone();
    assert!(calls.len() >= 2, "{calls:?}");
    assert!(calls.iter().all(|id| *id == calls[0]), "{calls:?}");

    let conversation = &brought["conversation_id"];
    live.own.answers_with(Some(410));
    live.brings("m2", "ada", SAID).await;
    live.world.settle().await;
    let refused = live.last_sending(conversation).await;
    assert_eq!(refused["status"], "failed", "{refused}");
    assert_eq!(refused["reason"], "http_410", "{refused}");

    live.own.answers_with(Some(429));
    live.brings("m3", "ada", SAID).await;
    live.world.work_all().await;
    live.world.clock.advance(DAY * 3);
    live.world.settle().await;
    let late = live.last_sending(conversation).await;
    assert_eq!(late["status"], "failed", "{late}");
    assert_eq!(late["reason"], "waited_too_long", "{late}");
    assert_eq!(live.own.texts(), ["Yes"]);
}

/// SPEC E38, C62.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_person_of_the_channel_who_is_erased() {
    const PRIVATE: &str = "My secret is a yellow submarine";
    let mut live = LiveChat::with(json!({})).await;
    let brought = live.brings("m1", "ada", PRIVATE).await;
    live.world.settle().await;
    let id = brought["chat_user_id"].as_str().unwrap();
    let person = live.shown(&format!("chat-users/{id}")).await;
    assert_eq!(person["provider"], "api");
    assert_eq!(person["identifier"], "ada");
    assert!(!rows_with(&live.world, PRIVATE).is_empty());
    let path = format!("{}/chat-users/{id}", live.world.project_path());
    let route = ("DELETE", path.as_str());
    let erased = live.world.call(&live.token, route, Value::Null, &[]).await;
    assert_eq!(erased.status, 202, "{}", erased.body);
    live.world.settle().await;
    for words in [id, PRIVATE] {
        assert_eq!(rows_with(&live.world, words), [], "{words}");
    }
}

/// SPEC E38, M03, B39.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_brings_messages_and_a_platform_s_connector_takes_none() {
    let mut live = LiveChat::with(json!({})).await;
    let world = &live.world;
    let own = world.scope.account_id();
    let elsewhere = Some(EnvironmentId::derive(&["elsewhere"]));
    let needed = [Permission::ConversationsReply];
    let foreign = AccountId::derive(&["globex"]);
    for (token, status) in [
        (world.key(foreign, &Permission::ALL).await, 404),
        (world.key_of(own, &needed, elsewhere).await, 404),
        (world.key(own, &[Permission::ConnectorsWrite]).await, 403),
    ] {
        let answer = live.brings_by(&token, "m1", "ada", SAID).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    let here = Some(world.open.environment_id);
    let token = world.key_of(own, &needed, here).await;
    let answer = live.brings_by(&token, "m2", "ada", "Hello").await;
    assert_eq!(answer.status, 202, "{}", answer.body);

    let slack = format!(
        "{}/connectors/{}/messages",
        world.project_path(),
        world.open.id
    );
    let body = json!({"message_id": "m3", "user": {"id": "ada"}, "text": SAID});
    let refused = world.call(&token, ("POST", &slack), body, &[]).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/not-by-api");
    live.world.settle().await;
    assert_eq!(texts(&live.world), ["Hello"]);
}

/// SPEC E38, M02.
#[tokio::test(flavor = "multi_thread")]
async fn a_connector_names_a_channel_of_the_account_and_an_address_that_is_public() {
    let live = LiveChat::with(json!({})).await;
    let (world, own) = (&live.world, &live.own);
    let all = format!("{}/connectors", world.project_path());
    for (field, wrong) in [
        ("channel", "facebook"),
        ("channel", "slack"),
        ("reply_url", "https://10.0.0.8/replies"),
        ("reply_url", "http://chat.example.com/replies"),
        ("signing_secret", "secret"),
    ] {
        let mut body = draft(world, own, json!({}));
        body["api"][field] = json!(wrong);
        let refused = world.call(&live.token, ("POST", &all), body, &[]).await;
        assert_eq!(refused.status, 422, "{field}: {}", refused.body);
        assert_eq!(refused.body["errors"][0]["field"], format!("api.{field}"));
        let change = json!({"api": {field: wrong}});
        let route = ("PATCH", live.path.as_str());
        let refused = world.call(&live.token, route, change, &[]).await;
        assert_eq!(refused.status, 422, "{field}: {}", refused.body);
    }
    let test = format!("{}/test", live.path);
    let tested = world
        .call(&live.token, ("POST", &test), Value::Null, &[])
        .await;
    assert_eq!(tested.status, 200, "{}", tested.body);
    assert_eq!(tested.body["status"], "ok", "{}", tested.body);
    assert_eq!(own.shared.books().taken[0]["type"], "test");
    own.answers_with(Some(404));
    let tested = world
        .call(&live.token, ("POST", &test), Value::Null, &[])
        .await;
    assert_eq!(tested.body["status"], "failed", "{}", tested.body);
    assert_eq!(own.texts(), Vec::<String>::new());
}
