//! What 360dialog knows an account by.

use serde::{Deserialize, Serialize};

use crate::simulator::connectors::PlatformAccount;
use crate::simulator::platform::Platform;

/// A WhatsApp number at 360dialog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialog360Account {
    /// Meta's id of the number.
    pub phone_number_id: String,
    /// `D360-API-KEY`
    pub api_key: String,
    /// What deliveries carry as `Authorization: Bearer …`, until the webhook is set over the API.
    pub webhook_secret: String,
}

impl PlatformAccount for Dialog360Account {
    const PLATFORM: Platform = Platform::Dialog360;
}
