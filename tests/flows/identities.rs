//! A connector that comes to speak for another app, account or number: no secret of the former one stays valid
//! beside a new one, in whichever order they are changed.

use crate::world::World;
use futures_util::future::join;
use serde_json::{Map, Value, json};
use vestibule_testkit::simulator::Platform;

/// The changes of one platform: another identity, a new secret of it, and the field of the previous secret.
struct Changes {
    platform: Platform,
    identity: (&'static str, &'static str),
    secret: (&'static str, &'static str),
    previous: &'static str,
}

const ALL: [Changes; 5] = [
    Changes {
        platform: Platform::Slack,
        identity: ("api_app_id", "A0OTHERAPP"),
        secret: ("signing_secret", "0123456789abcdef0123456789abcdef"),
        previous: "previous_signing_secret",
    },
    Changes {
        platform: Platform::Slack,
        identity: ("team_id", "T0OTHERTEAM"),
        secret: ("signing_secret", "0123456789abcdef0123456789abcdef"),
        previous: "previous_signing_secret",
    },
    Changes {
        platform: Platform::Telegram,
        identity: ("bot_token", "999999999:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"),
        secret: ("secret_token", "another-secret-0123456789-abcdefghij"),
        previous: "previous_secret_token",
    },
    Changes {
        platform: Platform::Dialog360,
        identity: ("phone_number_id", "998877665544332"),
        secret: ("webhook_secret", "another-secret-0123456789-abcdefghij"),
        previous: "previous_webhook_secret",
    },
    Changes {
        platform: Platform::Twilio,
        identity: ("account_sid", "ACfedcba9876543210fedcba9876543210"),
        secret: ("auth_token", "0123456789abcdef0123456789abcdef"),
        previous: "previous_auth_token",
    },
];

/// A connector and a key that may change it.
struct Stage {
    world: World,
    token: String,
    path: String,
}

impl Stage {
    async fn on(platform: Platform) -> Self {
        let world = World::on(platform).await;
        let token = world.all_powers().await;
        let path = format!("{}/connectors/{}", world.project_path(), world.connector.id);
        Self { world, token, path }
    }

    async fn change(&self, fields: &[(&str, &str)]) -> Value {
        let section: Map<String, Value> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let body = json!({self.world.platform.key(): section});
        let patch = ("PATCH", self.path.as_str());
        let answer = self.world.call(&self.token, patch, body, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    async fn shown(&self) -> Value {
        let get = ("GET", self.path.as_str());
        let answer = self.world.call(&self.token, get, Value::Null, &[]).await;
        answer.body
    }

    /// Whether the connector accepts a previous secret.
    async fn has_previous(&self, field: &str) -> bool {
        let shown = self.shown().await;
        let is_set = shown[self.world.platform.key()][field]["set"] == true;
        assert_eq!(is_set, shown["previous_secrets_until"] != Value::Null);
        is_set
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_of_the_same_identity_keeps_the_previous_one_for_a_day() {
    for changes in ALL {
        let stage = Stage::on(changes.platform).await;
        stage.change(&[changes.secret]).await;
        assert!(stage.has_previous(changes.previous).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_replaced_with_its_identity_leaves_no_previous_one_in_any_order() {
    for changes in ALL {
        let (identity, secret) = (changes.identity, changes.secret);
        for calls in [
            vec![vec![identity, secret]],
            vec![vec![identity], vec![secret]],
            vec![vec![secret], vec![identity]],
        ] {
            let stage = Stage::on(changes.platform).await;
            for call in &calls {
                stage.change(call).await;
            }
            let has_previous = stage.has_previous(changes.previous).await;
            assert!(!has_previous, "{:?} {calls:?}", changes.platform);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_and_its_identity_that_are_changed_at_once_leave_no_previous_one() {
    for changes in ALL {
        let stage = Stage::on(changes.platform).await;
        join(
            stage.change(&[changes.identity]),
            stage.change(&[changes.secret]),
        )
        .await;
        let has_previous = stage.has_previous(changes.previous).await;
        assert!(!has_previous, "{:?}", changes.platform);
    }
}
