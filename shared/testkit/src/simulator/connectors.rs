//! The accounts behind connectors of Teams, Telegram, 360dialog and Twilio, and how each person stands with them.
//! Slack's apps are in the workspace itself ([`super::world`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::platform::Platform;
use crate::crypto::sha256;

/// How long after a person's last WhatsApp message they may be written to freely.
const WINDOW_MS: i64 = 24 * 60 * 60 * 1000;

/// One connector, as in the configuration file and `POST /_control/connectors`:
///
/// ```json
/// {"provider": "telegram", "connector_id": "01J…", "name": "Helper", "policy": "OnBoarding", "bot_token": "1:x", "secret_token": "…"}
/// ```
#[derive(Clone, Debug, Deserialize)]
pub struct ConnectorConfig {
    /// Our connector.
    pub connector_id: String,
    /// The bot's or sender's name.
    pub name: String,
    /// Shown in the page: `AllowAll`, `OnBoarding` or `AllowList`.
    #[serde(default)]
    pub policy: String,
    /// Where its events go, until the platform's API sets another address; `<api_url>/webhooks/<provider>/<connector_id>` if it is not given.
    #[serde(default)]
    pub webhook_url: Option<String>,
    /// The platform and what it knows the account by.
    #[serde(flatten)]
    pub account: Account,
}

/// What a platform knows the account by. The names are those of the connector's settings and secrets.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "provider")]
pub enum Account {
    /// A Teams bot.
    #[serde(rename = "teams")]
    Teams(TeamsAccount),
    /// A Telegram bot.
    #[serde(rename = "telegram")]
    Telegram(TelegramAccount),
    /// A WhatsApp number at 360dialog.
    #[serde(rename = "360dialog")]
    Dialog360(Dialog360Account),
    /// A number at Twilio.
    #[serde(rename = "twilio")]
    Twilio(TwilioAccount),
}

/// A Teams bot and the tenant that it is installed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct TeamsAccount {
    /// The bot's app id, a UUID.
    pub app_id: String,
    /// The tenant of the people who write.
    pub tenant_id: String,
    /// `single_tenant`, which is the default, or `multi_tenant`.
    #[serde(default)]
    pub app_type: Option<String>,
    /// With which tokens are asked for.
    pub client_secret: String,
}

impl TeamsAccount {
    /// `28:<app id>`
    #[must_use]
    pub fn bot_id(&self) -> String {
        format!("28:{}", self.app_id)
    }

    /// Whether the bot belongs to no tenant of its own.
    #[must_use]
    pub fn is_multi_tenant(&self) -> bool {
        self.app_type.as_deref() == Some("multi_tenant")
    }
}

/// A Telegram bot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct TelegramAccount {
    /// `<bot id>:<secret>`
    pub bot_token: String,
    /// What deliveries carry until `setWebhook` sets another.
    pub secret_token: String,
}

impl TelegramAccount {
    /// The bot's own id: the first part of its token.
    #[must_use]
    pub fn bot_id(&self) -> i64 {
        self.bot_token
            .split(':')
            .next()
            .and_then(|id| id.parse().ok())
            .unwrap_or_else(|| number(&["bot", &self.bot_token], 1_000_000_000, 8_999_999_999))
    }
}

/// A WhatsApp number at 360dialog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Dialog360Account {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// `D360-API-KEY`
    pub api_key: String,
    /// What deliveries carry as `Authorization: Bearer …`, until the webhook is set over the API.
    pub webhook_secret: String,
}

/// A number at Twilio, for SMS and WhatsApp.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct TwilioAccount {
    /// `AC…`
    pub account_sid: String,
    /// In E.164, with `+`.
    pub phone_number: String,
    /// Signs webhooks and is the password of calls.
    pub auth_token: String,
}

/// A connector as it stands.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    pub(super) config: ConnectorConfig,
    pub(super) webhook: Webhook,
    /// Whether the account's token or key is no longer taken.
    pub(super) is_revoked: bool,
    /// Whether the bot was taken out of its group.
    pub(super) left_general: bool,
    /// How often its group got a new id.
    pub(super) upgrades: u32,
    pub(super) standings: BTreeMap<String, Standing>,
}

/// Where a connector's events go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Webhook {
    /// To the configured address with the configured secret.
    #[default]
    Configured,
    /// Where the platform's API was told, with what it was told.
    Set {
        url: String,
        secret: Option<String>,
        allowed_updates: Vec<String>,
    },
    /// Nowhere: the platform's API was told so.
    Deleted,
}

/// How a person stands with one connector.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four facts that have nothing to do with each other"
)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Standing {
    /// They wrote to the bot directly, which lets it write to them.
    pub(super) has_started: bool,
    /// The bot has met them, in its group at least.
    pub(super) is_known: bool,
    /// They blocked the bot, or cannot be reached.
    pub(super) has_blocked: bool,
    /// They wrote STOP.
    pub(super) has_stopped: bool,
    /// When they last wrote by WhatsApp, in milliseconds.
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
        match self.config.account {
            Account::Teams(_) => Platform::Teams,
            Account::Telegram(_) => Platform::Telegram,
            Account::Dialog360(_) => Platform::Dialog360,
            Account::Twilio(_) => Platform::Twilio,
        }
    }

    pub(super) const fn teams(&self) -> Option<&TeamsAccount> {
        match &self.config.account {
            Account::Teams(account) => Some(account),
            _ => None,
        }
    }

    pub(super) const fn telegram(&self) -> Option<&TelegramAccount> {
        match &self.config.account {
            Account::Telegram(account) => Some(account),
            _ => None,
        }
    }

    pub(super) const fn dialog360(&self) -> Option<&Dialog360Account> {
        match &self.config.account {
            Account::Dialog360(account) => Some(account),
            _ => None,
        }
    }

    pub(super) const fn twilio(&self) -> Option<&TwilioAccount> {
        match &self.config.account {
            Account::Twilio(account) => Some(account),
            _ => None,
        }
    }

    /// The address that its events go to.
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

    /// The secret that deliveries carry now, where the platform's API can change it.
    pub(super) fn webhook_secret<'a>(&'a self, configured: &'a str) -> Option<&'a str> {
        match &self.webhook {
            Webhook::Set { secret, .. } => secret.as_deref(),
            Webhook::Configured | Webhook::Deleted => Some(configured),
        }
    }
}

/// A number between two others that always comes out the same for the same parts, for ids that must survive a restart.
pub(super) fn number(parts: &[&str], from: i64, to: i64) -> i64 {
    let digest = digest(parts);
    let mut seed: u64 = 0;
    for byte in digest.iter().take(8) {
        seed = seed << 8 | u64::from(*byte);
    }
    let span = u64::try_from(to - from + 1).unwrap_or(1).max(1);
    from + i64::try_from(seed % span).unwrap_or_default()
}

/// A UUID that always comes out the same for the same parts.
pub(super) fn uuid(parts: &[&str]) -> String {
    let hex = data_encoding::HEXLOWER.encode(&digest(parts));
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default().to_owned();
    format!(
        "{}-{}-4{}-8{}-{}",
        part(0..8),
        part(8..12),
        part(12..15),
        part(15..18),
        part(18..30)
    )
}

/// Text of letters, digits, `-` and `_` that always comes out the same for the same parts.
pub(super) fn opaque(parts: &[&str]) -> String {
    data_encoding::BASE64URL_NOPAD.encode(&digest(parts))
}

fn digest(parts: &[&str]) -> [u8; 32] {
    let parts: Vec<&[u8]> = parts
        .iter()
        .flat_map(|part| [part.as_bytes(), b"\0".as_slice()])
        .collect();
    sha256(&parts)
}
