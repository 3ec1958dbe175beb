//! Names of the chat platforms.

use serde::{Deserialize, Serialize};

/// Declares the platforms with their keys.
macro_rules! declare {
    ($($(#[$doc:meta])* $platform:ident = $key:literal in $folder:ident with $account:ident,)*) => {
        /// A chat platform, named as in the connector's provider.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Platform {
            $($(#[$doc])* #[serde(rename = $key)] $platform,)*
        }

        impl Platform {
            /// All platforms, in the order on the page.
            pub const ALL: &'static [Self] = &[$(Self::$platform,)*];

            /// The provider's key, as in webhook paths and the admin API.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$platform => $key,)*
                }
            }
        }
    };
}

crate::platforms!(declare);
