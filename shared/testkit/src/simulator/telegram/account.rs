//! The account at Telegram.

use serde::{Deserialize, Serialize};

use crate::simulator::connectors::PlatformAccount;
use crate::simulator::ids::number;
use crate::simulator::platform::Platform;

/// A Telegram bot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TelegramAccount {
    /// `<bot id>:<secret>`
    pub bot_token: String,
    /// The secret in deliveries, until `setWebhook` sets another.
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

impl PlatformAccount for TelegramAccount {
    const PLATFORM: Platform = Platform::Telegram;
}
