//! What Teams knows an account by.

use serde::{Deserialize, Serialize};

use crate::simulator::connectors::PlatformAccount;
use crate::simulator::platform::Platform;

/// A Teams bot and the tenant that it is installed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

impl PlatformAccount for TeamsAccount {
    const PLATFORM: Platform = Platform::Teams;
}
