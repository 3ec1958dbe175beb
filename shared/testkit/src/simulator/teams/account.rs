//! The account at Teams.

use serde::{Deserialize, Serialize};

use crate::simulator::connectors::PlatformAccount;
use crate::simulator::platform::Platform;

/// A Teams bot and the tenant that it is installed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamsAccount {
    /// The bot's app id, a UUID.
    pub app_id: String,
    /// The tenant of the people who may write.
    pub tenant_id: String,
    /// `single_tenant`, which is the default, or `multi_tenant`.
    #[serde(default)]
    pub app_type: Option<String>,
    /// The secret in requests for tokens.
    pub client_secret: String,
}

impl TeamsAccount {
    /// `28:<app id>`
    #[must_use]
    pub fn bot_id(&self) -> String {
        format!("28:{}", self.app_id)
    }

    /// Whether the bot is multi-tenant.
    #[must_use]
    pub fn is_multi_tenant(&self) -> bool {
        self.app_type.as_deref() == Some("multi_tenant")
    }
}

impl PlatformAccount for TeamsAccount {
    const PLATFORM: Platform = Platform::Teams;
}
