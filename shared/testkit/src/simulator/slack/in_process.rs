//! The parts of the test interface that only Slack has.

use super::account::App;
use super::workspace::{Workspace, direct_channel, general_channel};
use crate::simulator::error::SimulatorError;
use crate::simulator::handle::Simulator;
use crate::slack_signer::SlackInstall;

impl Simulator {
    /// Base URL in place of `https://slack.com/api`.
    #[must_use]
    pub fn slack_api_url(&self) -> String {
        format!("{}/slack/api", self.url())
    }

    /// The facts about a connector's app in its events.
    ///
    /// # Errors
    /// When there is no such Slack connector.
    pub fn install(&self, connector_id: &str) -> Result<SlackInstall, SimulatorError> {
        self.shared
            .world()
            .connector(connector_id)
            .and_then(App::of)
            .map(|app| app.install)
            .ok_or_else(|| SimulatorError::no_connector(connector_id))
    }

    /// The direct conversation between a connector's app and a person.
    #[must_use]
    pub fn direct_channel(&self, connector_id: &str, user_id: &str) -> String {
        self.shared
            .change(|world| direct_channel(world, connector_id, user_id))
    }

    /// The channel of a connector's app.
    #[must_use]
    pub fn general_channel(&self, connector_id: &str) -> String {
        general_channel(connector_id)
    }

    /// Permits exactly this text to notify everybody, because its author intends it.
    pub fn allow_broadcast(&self, text: &str) {
        self.shared.change(|world| {
            world.change_own(|workspace: &mut Workspace| {
                workspace.allowed_broadcasts.push(text.to_owned());
            });
        });
    }
}
