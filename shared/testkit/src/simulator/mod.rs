//! The chat platforms, simulated: people behind Slack, Teams, Telegram, 360dialog and Twilio, the APIs of those
//! platforms, and the events that go out to connectors.
//!
//! - [`Simulator`] is for tests in the same process: write as a person, get the signed request, look at what a person
//!   sees and at every call that was made.
//! - The `simulator` program adds each platform's schedule of retries, a page to chat in at `/`, and the control API
//!   ([`mod@control`]) for scripts.
//!
//! A person is the same on all platforms and has an id of each. A Slack app, a Teams bot and a Telegram bot have one
//! group that everybody is in, *general*, besides the direct conversations.
//!
//! A platform is one folder, with a type that is a [`SimulatedPlatform`](shared::SimulatedPlatform); its name stands in
//! [`Platform`], and [`simulated`] leads from the name to the folder. Nothing else names one.
//!
//! | module | what it holds |
//! |---|---|
//! | `slack`, `teams`, `telegram`, `dialog360`, `twilio` | a platform each: accounts, API, events, errors, what the page offers |
//! | `shared` | what a platform is to the simulator, and the state that all of them share |
//! | `world`, `people`, `message`, `connectors`, `event`, `calls`, `failures` | that state |
//! | `asked`, `api` | a call to a platform, and what all calls have in common |
//! | `writing`, `delivery` | what people write, and its way to a connector |
//! | `handle`, `control`, `switches`, `page` | the simulator to tests, to scripts and to people |

mod api;
mod asked;
mod avatar;
mod calls;
mod config;
mod connectors;
pub mod control;
mod delivery;
mod dialog360;
mod error;
mod event;
mod failures;
mod fixtures;
mod handle;
mod ids;
mod message;
mod page;
mod people;
mod platform;
mod shared;
mod slack;
mod switches;
mod teams;
mod telegram;
#[cfg(test)]
mod testing;
mod twilio;
mod world;
mod writing;

use std::io;

use crate::clock::TestClock;
use shared::SimulatedPlatform;

pub use calls::{ApiCall, Violation};
pub use config::SimulatorConfig;
pub use connectors::{Account, ConnectorConfig, PlatformAccount};
pub use dialog360::Dialog360Account;
pub use error::SimulatorError;
pub use event::{Attempt, Delivery, DeliveryState, WebhookAnswer};
pub use failures::{Failure, FailureRule};
pub use handle::{Simulator, SimulatorOptions};
pub use message::{Author, Message, Place};
pub use people::{NewPerson, Person, WhatsAppShows};
pub use platform::Platform;
pub use slack::{ANSWER_LIMIT, RETRY_AFTER, SlackAccount};
pub use switches::Switch;
pub use teams::TeamsAccount;
pub use telegram::TelegramAccount;
pub use twilio::TwilioAccount;
pub use writing::{Written, WrittenEvent};

/// The platform of this name.
fn simulated(platform: Platform) -> &'static dyn SimulatedPlatform {
    match platform {
        Platform::Slack => &slack::Slack,
        Platform::Teams => &teams::Teams,
        Platform::Telegram => &telegram::Telegram,
        Platform::Dialog360 => &dialog360::Dialog360,
        Platform::Twilio => &twilio::Twilio,
    }
}

impl Simulator {
    /// Starts a simulator on a free loopback port.
    ///
    /// # Errors
    /// When no port can be bound, or an account of the configuration lacks a field.
    pub async fn start(config: SimulatorConfig, clock: TestClock) -> io::Result<Self> {
        let options = SimulatorOptions {
            clock,
            ..SimulatorOptions::default()
        };
        Self::start_with(config, options).await
    }

    /// The same with all options.
    ///
    /// # Errors
    /// When the address cannot be bound, or an account of the configuration lacks a field.
    pub async fn start_with(
        config: SimulatorConfig,
        options: SimulatorOptions,
    ) -> io::Result<Self> {
        Self::of_platforms(simulated, config, options).await
    }
}
