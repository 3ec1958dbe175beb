//! The chat platforms by name.

use serde::{Deserialize, Serialize};

/// Declares the platforms, each with its key.
macro_rules! platforms {
    ($($(#[$doc:meta])* $platform:ident = $key:literal,)*) => {
        /// A chat platform, under the name that connectors use for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Platform {
            $($(#[$doc])* #[serde(rename = $key)] $platform,)*
        }

        impl Platform {
            /// All of them, in the order in which the page shows them.
            pub const ALL: &'static [Self] = &[$(Self::$platform,)*];

            /// The name, as in webhook paths and the admin API.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$platform => $key,)*
                }
            }
        }
    };
}

platforms! {
    /// Slack.
    Slack = "slack",
    /// Microsoft Teams.
    Teams = "teams",
    /// Telegram.
    Telegram = "telegram",
    /// WhatsApp, by 360dialog.
    Dialog360 = "360dialog",
    /// SMS and WhatsApp, by Twilio.
    Twilio = "twilio",
}
