//! The configuration file.

use serde::Deserialize;

use super::connectors::ConnectorConfig;
use super::people::NewPerson;

/// The configuration file of the `simulator` program.
///
/// ```json
/// {
///   "workspace_name": "Acme",
///   "connectors": [
///     {"provider": "telegram", "connector_id": "01J…", "name": "Helper", "bot_token": "1:x", "secret_token": "…"}
///   ],
///   "users": [{"name": "Ada Lovelace"}]
/// }
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatorConfig {
    /// Shown on the page.
    #[serde(default)]
    pub workspace_name: Option<String>,
    /// Base of the webhook addresses of connectors without one:
    /// `<api_url>/webhooks/<provider>/<connector_id>`.
    #[serde(default)]
    pub api_url: Option<String>,
    /// The connectors.
    #[serde(default)]
    pub connectors: Vec<ConnectorConfig>,
    /// The people.
    #[serde(default)]
    pub users: Vec<NewPerson>,
}
