//! The platforms, with connectors that match the captured events.

mod dialog360;
mod slack;
mod teams;
mod telegram;
mod twilio;

pub use dialog360::Dialog360;
pub use slack::Slack;
pub use teams::Teams;
pub use telegram::Telegram;
pub use twilio::Twilio;

use crate::platform::{Purpose, Signer, secret};

/// The secret of a signer; `field` is the platform's own.
fn signing_secret(signer: Signer, field: &str) -> String {
    let name = match signer {
        Signer::Platform => field.to_owned(),
        Signer::PlatformBefore => format!("previous_{field}"),
        Signer::Stranger => "a stranger's".to_owned(),
    };
    secret(Purpose::Verifying, &name)
}
