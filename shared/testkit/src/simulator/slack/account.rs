//! The account at Slack: one app in one workspace.

use serde::{Deserialize, Serialize};

use crate::simulator::connectors::{Connector, PlatformAccount};
use crate::simulator::ids::short_hash;
use crate::simulator::platform::Platform;
use crate::slack_signer::SlackInstall;

/// An app in Slack and the workspace that it is installed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlackAccount {
    /// `A…`
    pub api_app_id: String,
    /// `T…`
    pub team_id: String,
    /// `E…` for an organisation-wide install.
    #[serde(default)]
    pub enterprise_id: Option<String>,
    /// Key for the signatures of its events.
    pub signing_secret: String,
    /// `xoxb-…`, the token of its calls.
    pub bot_token: String,
    /// The app's user; derived from the app id if absent.
    #[serde(default)]
    pub bot_user_id: Option<String>,
    /// The app's bot id; derived from the app id if absent.
    #[serde(default)]
    pub bot_id: Option<String>,
}

impl PlatformAccount for SlackAccount {
    const PLATFORM: Platform = Platform::Slack;
}

impl SlackAccount {
    /// The facts about the app in its events.
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

/// An app, as needed by the API and the events.
#[derive(Clone, Debug)]
pub(super) struct App {
    pub(super) connector_id: String,
    /// The app's name in Slack, for mentions.
    pub(super) name: String,
    pub(super) account: SlackAccount,
    pub(super) install: SlackInstall,
    pub(super) token_revoked: bool,
    pub(super) left_general: bool,
}

impl App {
    /// The app of a connector, if it is a Slack connector.
    pub(super) fn of(connector: &Connector) -> Option<Self> {
        let account = connector.account::<SlackAccount>()?;
        Some(Self {
            connector_id: connector.id().to_owned(),
            name: connector.config.name.clone(),
            install: account.install(),
            account,
            token_revoked: connector.is_revoked,
            left_general: connector.left_general,
        })
    }
}
