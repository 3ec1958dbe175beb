//! The platforms, with connectors that match the captured events.

use crate::platform::{Platform, Purpose, Signer, secret};

/// Declares the platforms: the file of each, and its type.
macro_rules! platforms {
    ($($file:ident::$platform:ident,)*) => {
        $(
            mod $file;
            pub use $file::$platform;
        )*

        /// Every platform.
        pub const ALL: &[&dyn Platform] = &[$(&$platform,)*];
    };
}

platforms! {
    slack::Slack,
    teams::Teams,
    telegram::Telegram,
    dialog360::Dialog360,
    twilio::Twilio,
}

/// The secret of a signer; `field` is the platform's own.
fn signing_secret(signer: Signer, field: &str) -> String {
    let name = match signer {
        Signer::Platform => field.to_owned(),
        Signer::PlatformBefore => format!("previous_{field}"),
        Signer::Stranger => "a stranger's".to_owned(),
    };
    secret(Purpose::Verifying, &name)
}
