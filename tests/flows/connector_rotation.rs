//! Connecting platforms whose webhook secret we set, and rotating it while messages arrive. Even if a call
//! fails, the platform's messages must still be accepted.

use crate::{
    accounts::fields,
    connector_setup::{audited, call, new_project, post},
    world::{SAID, World},
};
use futures_util::future::join_all;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::ids::ConnectorId;
use vestibule_edge::connectors::FRESH_READ_INTERVAL;
use vestibule_providers::webhook::RawRequest;
use vestibule_testkit::{
    SignedRequest,
    simulator::{
        Account, ConnectorConfig, Dialog360Account, Failure, FailureRule, Place, Platform,
        TelegramAccount,
    },
};

const BOT_TOKEN: &str = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qc";
const API_KEY: &str = "canary-api-key-of-360dialog";
const NEVER_TOLD: &str = "a-secret-that-nobody-was-ever-told-0123456789";

/// A platform whose webhook secret we set.
#[derive(Clone, Copy)]
enum Told {
    Telegram,
    Dialog360,
}

impl Told {
    const ALL: [Self; 2] = [Self::Telegram, Self::Dialog360];

    fn key(self) -> &'static str {
        self.platform().key()
    }

    /// The fields that an admin fills in, without the webhook secret.
    fn fields(self) -> Value {
        match self {
            Self::Telegram => json!({"bot_token": BOT_TOKEN}),
            Self::Dialog360 => json!({"phone_number_id": "1122334455667", "api_key": API_KEY}),
        }
    }

    fn secret_field(self) -> &'static str {
        match self {
            Self::Telegram => "secret_token",
            Self::Dialog360 => "webhook_secret",
        }
    }

    fn account(self) -> Account {
        match self {
            Self::Telegram => Account::of(&TelegramAccount {
                bot_token: BOT_TOKEN.to_owned(),
                secret_token: NEVER_TOLD.to_owned(),
            }),
            Self::Dialog360 => Account::of(&Dialog360Account {
                phone_number_id: "1122334455667".to_owned(),
                api_key: API_KEY.to_owned(),
                webhook_secret: NEVER_TOLD.to_owned(),
            }),
        }
    }

    fn platform(self) -> Platform {
        match self {
            Self::Telegram => Platform::Telegram,
            Self::Dialog360 => Platform::Dialog360,
        }
    }
}

/// A connector from the API, and its platform account.
struct Stage {
    world: World,
    told: Told,
    token: String,
    id: String,
    path: String,
}

impl Stage {
    /// A connector that is not connected yet.
    async fn new(told: Told) -> Self {
        let world = World::on(told.platform()).await;
        let (token, project, environment_id) = new_project(&world).await;
        let list = format!("{project}/connectors");
        let asked = json!({
            "name": "Help", "provider": told.key(),
            "environment_id": environment_id, told.key(): told.fields(),
        });
        let made = call(&world, &token, ("POST", &list), asked, &[]).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(made.body["can_connect"], true);
        assert_eq!(made.body["webhook_connected_at"], Value::Null);
        let secret = &made.body[told.key()][told.secret_field()];
        assert_eq!(*secret, json!({"set": true}));
        let id = made.body["id"].as_str().unwrap().to_owned();
        let connector = ConnectorConfig {
            connector_id: id.clone(),
            name: "Help".to_owned(),
            policy: String::new(),
            webhook_url: None,
            account: told.account(),
        };
        world.slack.add_connector(connector).unwrap();
        Self {
            path: format!("{list}/{id}"),
            world,
            told,
            token,
            id,
        }
    }

    /// A connector that is connected.
    async fn connected(told: Told) -> Self {
        let stage = Self::new(told).await;
        let connected = stage.act("connect").await;
        assert_eq!(connected["status"], "ok", "{connected}");
        stage
    }

    async fn act(&self, action: &str) -> Value {
        let path = format!("{}/{action}", self.path);
        let answer = post(&self.world, &self.token, &path).await;
        let known = match self.told {
            Told::Telegram => BOT_TOKEN,
            Told::Dialog360 => API_KEY,
        };
        assert!(!answer.body.to_string().contains(known));
        answer.body
    }

    async fn shown(&self) -> Value {
        let get = ("GET", self.path.as_str());
        call(&self.world, &self.token, get, Value::Null, &[])
            .await
            .body
    }

    /// The platform's request for a new message.
    fn said(&self) -> SignedRequest {
        let person = self.world.newcomer("Ada Lovelace");
        let written = self
            .world
            .slack
            .write(&self.id, &person, Place::Direct, SAID);
        written.unwrap().request().unwrap()
    }

    async fn takes(&self, request: &SignedRequest) -> bool {
        self.world.clock.advance(FRESH_READ_INTERVAL);
        let headers: HeaderMap = request
            .headers
            .iter()
            .map(|(name, value)| {
                let name: HeaderName = name.parse().unwrap();
                (name, HeaderValue::from_str(value).unwrap())
            })
            .collect();
        let request = RawRequest {
            headers: &headers,
            query: None,
            body: &request.body,
        };
        let id: ConnectorId = self.id.parse().unwrap();
        let intake = &self.world.functions.intake;
        let answer = intake.answer(Some(id), &request).await;
        intake.enqueue_rest().await;
        match answer.status {
            200 => true,
            401 => false,
            status => panic!("status {status}"),
        }
    }

    /// Whether a new message is accepted.
    async fn is_reached(&self) -> bool {
        let said = self.said();
        self.takes(&said).await
    }

    fn fail(&self, failure: Failure) {
        let rule = FailureRule::until_cleared("*", failure);
        self.world.slack.fail(rule);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_was_told_is_heard_and_before_that_it_is_not() {
    for told in Told::ALL {
        let stage = Stage::new(told).await;
        assert!(!stage.is_reached().await);
        let tested = stage.act("test").await;
        assert_eq!(tested["status"], "ok", "{tested}");
        for _ in 0..2 {
            let connected = stage.act("connect").await;
            assert_eq!(connected["status"], "ok", "{connected}");
            assert!(connected["webhook_connected_at"].is_string());
            assert!(stage.is_reached().await);
        }
        assert!(stage.shown().await["webhook_connected_at"].is_string());
        assert_eq!(audited(&stage.world, "connector.connected").len(), 2);
        assert_eq!(stage.world.slack.violations(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_loses_no_message_and_the_old_secret_ends_after_a_day() {
    for told in Told::ALL {
        let stage = Stage::connected(told).await;
        let before = stage.said();
        let rotated_ms = stage.world.clock.now_ms();
        let rotated = stage.act("rotate-webhook-secret").await;
        assert_eq!(rotated["status"], "ok", "{rotated}");
        assert!(rotated["webhook_connected_at"].is_string());
        let after = stage.said();
        assert_ne!(before.headers, after.headers);
        assert!(stage.takes(&before).await);
        assert!(stage.takes(&after).await);
        let last_moment = rotated_ms + 24 * 3_600_000 - 1;
        let read_ms = i64::try_from(FRESH_READ_INTERVAL.as_millis()).unwrap();
        stage.world.clock.set(last_moment - read_ms);
        assert!(stage.takes(&before).await);
        assert!(!stage.takes(&before).await);
        assert!(stage.is_reached().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_could_not_be_told_the_new_secret_is_heard_all_the_same() {
    for told in Told::ALL {
        for failure in [
            Failure::ResetBefore,
            Failure::ResetAfter,
            Failure::Http { status: 503 },
        ] {
            let stage = Stage::connected(told).await;
            stage.fail(failure.clone());
            let rotated = stage.act("rotate-webhook-secret").await;
            assert_eq!(rotated["status"], "unavailable", "{failure:?}: {rotated}");
            assert_eq!(rotated["webhook_connected_at"], Value::Null);
            assert!(rotated["previous_secrets_until"].is_string());
            assert!(stage.is_reached().await, "{failure:?}");

            let again = stage.act("rotate-webhook-secret").await;
            assert_eq!(again["type"], "/problems/connect-first", "{again}");
            stage.world.slack.clear_failures();
            assert!(stage.is_reached().await, "{failure:?}");
            assert_eq!(stage.act("connect").await["status"], "ok");
            assert!(stage.is_reached().await, "{failure:?}");
            stage.world.clock.advance(Duration::from_hours(24));
            assert!(stage.is_reached().await, "{failure:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn admins_who_rotate_and_connect_at_once_leave_a_platform_that_is_heard() {
    for told in Told::ALL {
        let stage = Stage::connected(told).await;
        let before = stage.said();
        let actions = ["rotate-webhook-secret", "rotate-webhook-secret", "connect"];
        let answers = join_all(actions.map(|action| stage.act(action))).await;
        assert!(
            answers.iter().any(|answer| answer["status"] == "ok"),
            "{answers:?}"
        );
        let rotations = audited(&stage.world, "connector.webhook_secret_rotated").len();
        assert!((1..=2).contains(&rotations), "{answers:?}");
        assert!(stage.is_reached().await, "{answers:?}");
        if rotations == 1 {
            assert!(stage.takes(&before).await, "{answers:?}");
        }
        // If the connector is shown as connected, the platform must know the last secret.
        if stage.shown().await["webhook_connected_at"].is_null() {
            assert_eq!(stage.act("connect").await["status"], "ok");
        }
        stage.world.clock.advance(Duration::from_hours(24));
        assert!(stage.is_reached().await, "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_of_a_connector_that_changed_since_it_was_read_is_refused() {
    let stage = Stage::connected(Told::Telegram).await;
    let path = format!("{}/rotate-webhook-secret", stage.path);
    let outdated = [("if-match", "\"1\"")];
    let rotate = ("POST", path.as_str());
    let refused = call(&stage.world, &stage.token, rotate, Value::Null, &outdated).await;
    assert_eq!(refused.status, 412, "{}", refused.body);
    let current = [("if-match", "\"2\"")];
    let rotated = call(&stage.world, &stage.token, rotate, Value::Null, &current).await;
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    let etag = rotated.headers["etag"].to_str().unwrap().to_owned();
    let get = ("GET", stage.path.as_str());
    let shown = call(&stage.world, &stage.token, get, Value::Null, &[]).await;
    assert_eq!(shown.headers["etag"], etag);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_we_draw_cannot_be_blanked() {
    for told in Told::ALL {
        let stage = Stage::connected(told).await;
        let change = json!({told.key(): {told.secret_field(): ""}});
        let patch = ("PATCH", stage.path.as_str());
        let refused = call(&stage.world, &stage.token, patch, change, &[]).await;
        assert_eq!(refused.status, 422);
        let field = format!("{}.{}", told.key(), told.secret_field());
        assert_eq!(refused.body["errors"][0]["field"], field);
        assert!(stage.is_reached().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_to_another_bot_is_not_taken_for_one_to_the_bot_before() {
    let mut world = World::on(Platform::Telegram).await;
    let ada = world.newcomer("Ada Lovelace");
    let open = world.open.clone();
    let first = world.says(&open, &ada, SAID);
    for _ in 0..2 {
        assert_eq!(world.webhook(&open, &first).await, 200);
    }
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);

    let path = format!("{}/connectors/{}", world.project_path(), open.id);
    let token = world.all_powers().await;
    let change = json!({"telegram": {"bot_token": BOT_TOKEN}});
    let changed = world.call(&token, ("PATCH", &path), change, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let (_, secrets) = fields(world.platform, &open.name, open.id);
    let account = TelegramAccount {
        bot_token: BOT_TOKEN.to_owned(),
        secret_token: secrets["secret_token"].reveal().to_owned(),
    };
    let connector = ConnectorConfig {
        connector_id: open.id.to_string(),
        name: open.name.clone(),
        policy: String::new(),
        webhook_url: None,
        account: Account::of(&account),
    };
    world.slack.add_connector(connector).unwrap();
    world.restart();

    // The other bot counts its updates, and the messages of a private chat, as the one before did.
    let next = world.says(&open, &ada, "Are you another one?");
    let before: Value = serde_json::from_str(&first.text()).unwrap();
    let mut update: Value = serde_json::from_str(&next.text()).unwrap();
    update["update_id"] = before["update_id"].clone();
    for counted in ["message_id", "date"] {
        update["message"][counted] = before["message"][counted].clone();
    }
    let next = next.with_body(update.to_string());
    for _ in 0..2 {
        assert_eq!(world.webhook(&open, &next).await, 200);
    }
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 2);
}
