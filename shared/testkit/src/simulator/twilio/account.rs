//! The account at Twilio.

use serde::{Deserialize, Serialize};

use crate::simulator::connectors::PlatformAccount;
use crate::simulator::platform::Platform;

/// A number at Twilio, for SMS and WhatsApp.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwilioAccount {
    /// `AC…`
    pub account_sid: String,
    /// In E.164, with `+`.
    pub phone_number: String,
    /// Key for the signatures of webhooks, and password of calls.
    pub auth_token: String,
}

impl PlatformAccount for TwilioAccount {
    const PLATFORM: Platform = Platform::Twilio;
}
