//! What the simulator is told at its start: Slack apps and other connectors, and people.

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};

use super::connectors::ConnectorConfig;
use super::world::WhatsAppShows;
use crate::crypto::sha256;
use crate::slack_signer::SlackInstall;

/// The configuration file of the `simulator` program.
///
/// ```json
/// {
///   "workspace_name": "Acme",
///   "apps": [{
///     "connector_id": "01J…", "name": "Vestibule", "policy": "OnBoarding",
///     "api_app_id": "A…", "team_id": "T…", "signing_secret": "…", "bot_token": "xoxb-…"
///   }],
///   "connectors": [{"provider": "telegram", "connector_id": "01J…", "name": "Helper", "bot_token": "1:x", "secret_token": "…"}],
///   "users": [{"name": "Ada Lovelace"}]
/// }
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatorConfig {
    /// Shown in the page.
    #[serde(default)]
    pub workspace_name: Option<String>,
    /// Where webhooks go if an app or connector does not say: `<api_url>/webhooks/<provider>/<connector_id>`.
    #[serde(default)]
    pub api_url: Option<String>,
    /// The apps in Slack.
    #[serde(default)]
    pub apps: Vec<AppConfig>,
    /// The connectors of the other platforms.
    #[serde(default)]
    pub connectors: Vec<ConnectorConfig>,
    /// The people.
    #[serde(default)]
    pub users: Vec<NewPerson>,
}

/// One app in one workspace, and the connector that it stands for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    /// Our connector; the simulator's own name for the app.
    pub connector_id: String,
    /// The app's name in Slack, by which people mention it.
    pub name: String,
    /// Shown in the page: `AllowAll`, `OnBoarding` or `AllowList`.
    #[serde(default)]
    pub policy: String,
    /// Where its events go; see [`SimulatorConfig::api_url`].
    #[serde(default)]
    pub webhook_url: Option<String>,
    /// `A…`
    pub api_app_id: String,
    /// `T…`
    pub team_id: String,
    /// `E…` for an organisation-wide install.
    #[serde(default)]
    pub enterprise_id: Option<String>,
    /// What its events are signed with.
    pub signing_secret: String,
    /// `xoxb-…`, which its calls carry.
    pub bot_token: String,
    /// The app's user; made from the app id if it is not given.
    #[serde(default)]
    pub bot_user_id: Option<String>,
    /// The app's bot id; made from the app id if it is not given.
    #[serde(default)]
    pub bot_id: Option<String>,
}

impl AppConfig {
    /// What the app's events say about it.
    #[must_use]
    pub fn install(&self) -> SlackInstall {
        let made = |prefix: char, given: &Option<String>| {
            given.clone().unwrap_or_else(|| {
                format!(
                    "{prefix}0{}",
                    short_hash(&[&self.api_app_id, &self.team_id])
                )
            })
        };
        SlackInstall {
            api_app_id: self.api_app_id.clone(),
            team_id: self.team_id.clone(),
            enterprise_id: self.enterprise_id.clone(),
            bot_user_id: made('U', &self.bot_user_id),
            bot_id: made('B', &self.bot_id),
            signing_secret: self.signing_secret.clone(),
        }
    }
}

/// Somebody who is to be in the workspace.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// `U…`; made up if it is not given.
    #[serde(default)]
    pub id: Option<String>,
    /// The full name.
    pub name: String,
    /// The name they chose to be called by; may be empty, as in Slack.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The first word of the name if it is not given.
    #[serde(default)]
    pub first_name: Option<String>,
    /// The rest of the name if it is not given.
    #[serde(default)]
    pub last_name: Option<String>,
    /// An e-mail address, if the app may see it.
    #[serde(default)]
    pub email: Option<String>,
    /// Their own workspace, for a guest over Slack Connect.
    #[serde(default)]
    pub home_team_id: Option<String>,
    /// Microsoft's id; this and the following are made from the id if they are not given.
    #[serde(default)]
    pub aad_object_id: Option<String>,
    /// Telegram's id.
    #[serde(default)]
    pub telegram_id: Option<i64>,
    /// In E.164 with `+`.
    #[serde(default)]
    pub phone: Option<String>,
    /// WhatsApp's business-scoped id.
    #[serde(default)]
    pub bsuid: Option<String>,
    /// Which of the two WhatsApp tells.
    #[serde(default)]
    pub whatsapp_shows: WhatsAppShows,
}

impl NewPerson {
    /// Somebody of that name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// The same person with this id.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }
}

/// Eight characters that always come out the same for the same parts, for ids that must survive a restart.
pub(super) fn short_hash(parts: &[&str]) -> String {
    let parts: Vec<&[u8]> = parts
        .iter()
        .flat_map(|part| [part.as_bytes(), b"\0".as_slice()])
        .collect();
    let mut hash = BASE32_NOPAD.encode(&sha256(&parts));
    hash.truncate(8);
    hash
}
