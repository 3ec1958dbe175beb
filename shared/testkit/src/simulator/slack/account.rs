//! What Slack knows an account by: one app in one workspace.

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

impl PlatformAccount for SlackAccount {
    const PLATFORM: Platform = Platform::Slack;
}

impl SlackAccount {
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

/// An app, as the API and the events need it.
#[derive(Clone, Debug)]
pub(super) struct App {
    pub(super) connector_id: String,
    /// The app's name in Slack, by which people mention it.
    pub(super) name: String,
    pub(super) account: SlackAccount,
    pub(super) install: SlackInstall,
    pub(super) token_revoked: bool,
    pub(super) left_general: bool,
}

impl App {
    /// The app behind a connector, if that is one of Slack's.
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
