//! The chat platforms by name.

use serde::{Deserialize, Serialize};

/// A chat platform, under the name that connectors use for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Platform {
    /// `slack`
    #[serde(rename = "slack")]
    Slack,
    /// `teams`
    #[serde(rename = "teams")]
    Teams,
    /// `telegram`
    #[serde(rename = "telegram")]
    Telegram,
    /// `360dialog`: WhatsApp.
    #[serde(rename = "360dialog")]
    Dialog360,
    /// `twilio`: SMS and WhatsApp.
    #[serde(rename = "twilio")]
    Twilio,
}

impl Platform {
    /// The name, as in webhook paths and the admin API.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Telegram => "telegram",
            Self::Dialog360 => "360dialog",
            Self::Twilio => "twilio",
        }
    }
}
