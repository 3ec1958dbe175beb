//! The account at 360dialog.

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
    /// The bearer token of deliveries, until the webhook is set through the API.
    pub webhook_secret: String,
}

impl PlatformAccount for Dialog360Account {
    const PLATFORM: Platform = Platform::Dialog360;
}
