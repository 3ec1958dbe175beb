//! Connectors with their platform accounts, and each person's relation to them.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::platform::Platform;

/// Time after a person's last WhatsApp message in which free-form messages to them are allowed.
const WINDOW_MS: i64 = 24 * 60 * 60 * 1000;

/// One connector, as in the configuration file and in `POST /_control/connectors`:
///
/// ```json
/// {"provider": "telegram", "connector_id": "01J…", "name": "Helper", "policy": "OnBoarding", "bot_token": "1:x", "secret_token": "…"}
/// ```
#[derive(Clone, Debug, Deserialize)]
pub struct ConnectorConfig {
    /// The id of our connector.
    pub connector_id: String,
    /// The name of the bot or sender.
    pub name: String,
    /// Shown on the page: `AllowAll`, `OnBoarding` or `AllowList`.
    #[serde(default)]
    pub policy: String,
    /// Webhook address until the platform's API sets another; `<api_url>/webhooks/<provider>/<connector_id>`
    /// by default.
    #[serde(default)]
    pub webhook_url: Option<String>,
    /// The platform and its account.
    #[serde(flatten)]
    pub account: Account,
}

/// A platform account. Its fields have the names of the connector's settings and secrets.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    /// The platform.
    pub provider: Platform,
    /// The fields of that platform; see each [`PlatformAccount`].
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// The account at one platform.
pub trait PlatformAccount: Serialize + DeserializeOwned {
    /// The platform.
    const PLATFORM: Platform;
}

impl Account {
    /// This account.
    #[must_use]
    pub fn of<A: PlatformAccount>(account: &A) -> Self {
        let fields = match serde_json::to_value(account) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        Self {
            provider: A::PLATFORM,
            fields,
        }
    }

    /// The text of a field; empty if there is none.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        self.fields
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Reports the first invalid field, if any.
    pub(super) fn check<A: PlatformAccount>(&self) -> Result<(), serde_json::Error> {
        self.parse::<A>().map(drop)
    }

    fn read<A: PlatformAccount>(&self) -> Option<A> {
        let is_of_platform = self.provider == A::PLATFORM;
        is_of_platform.then(|| self.parse().ok()).flatten()
    }

    fn parse<A: PlatformAccount>(&self) -> Result<A, serde_json::Error> {
        serde_json::from_value(Value::Object(self.fields.clone()))
    }
}

/// A connector and its state.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    pub(super) config: ConnectorConfig,
    pub(super) webhook: Webhook,
    /// Whether the platform refuses the account's token or key.
    pub(super) is_revoked: bool,
    /// Whether the bot was removed from its group.
    pub(super) left_general: bool,
    /// The number of times that its group got a new id.
    pub(super) upgrades: u32,
    pub(super) standings: BTreeMap<String, Standing>,
}

/// The destination of a connector's events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Webhook {
    /// The configured address, with the configured secret.
    #[default]
    Configured,
    /// The address and secret that were set through the platform's API.
    Set {
        url: String,
        secret: Option<String>,
        allowed_updates: Vec<String>,
    },
    /// None: deleted through the platform's API.
    Deleted,
}

/// A person's relation to one connector.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four facts that have nothing to do with each other"
)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Standing {
    /// They wrote to the bot directly, so it may write to them.
    pub(super) has_started: bool,
    /// The bot knows them, at least from its group.
    pub(super) is_known: bool,
    /// They blocked the bot or are unreachable.
    pub(super) has_blocked: bool,
    /// They wrote STOP.
    pub(super) has_stopped: bool,
    /// Time of their last WhatsApp message, in milliseconds.
    pub(super) last_wrote_ms: Option<i64>,
}

impl Standing {
    pub(super) fn window_is_open(&self, now_ms: i64) -> bool {
        self.last_wrote_ms
            .is_some_and(|wrote| now_ms - wrote < WINDOW_MS)
    }
}

impl Connector {
    pub(super) const fn new(config: ConnectorConfig) -> Self {
        Self {
            config,
            webhook: Webhook::Configured,
            is_revoked: false,
            left_general: false,
            upgrades: 0,
            standings: BTreeMap::new(),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.config.connector_id
    }

    pub(super) const fn platform(&self) -> Platform {
        self.config.account.provider
    }

    /// The account, if it is of this platform.
    pub(super) fn account<A: PlatformAccount>(&self) -> Option<A> {
        self.config.account.read()
    }

    /// The address for its events.
    pub(super) fn webhook_url(&self, api_url: Option<&str>) -> Option<String> {
        match &self.webhook {
            Webhook::Set { url, .. } => Some(url.clone()),
            Webhook::Deleted => None,
            Webhook::Configured => self.config.webhook_url.clone().or_else(|| {
                let base = api_url?.trim_end_matches('/');
                Some(format!(
                    "{base}/webhooks/{}/{}",
                    self.platform().key(),
                    self.id()
                ))
            }),
        }
    }

    pub(super) fn standing(&self, user_id: &str) -> Standing {
        self.standings.get(user_id).cloned().unwrap_or_default()
    }

    pub(super) fn standing_mut(&mut self, user_id: &str) -> &mut Standing {
        self.standings.entry(user_id.to_owned()).or_default()
    }

    /// The current secret of deliveries, if the platform's API can change it.
    pub(super) fn webhook_secret<'a>(&'a self, configured: &'a str) -> Option<&'a str> {
        match &self.webhook {
            Webhook::Set { secret, .. } => secret.as_deref(),
            Webhook::Configured | Webhook::Deleted => Some(configured),
        }
    }
}
