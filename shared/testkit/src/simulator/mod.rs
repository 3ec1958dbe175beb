//! Simulates the chat platforms: people on Slack, Teams, Telegram, 360dialog and Twilio, the platforms' APIs,
//! and the events for connectors.
//!
//! - [`Simulator`] is for tests in the same process: write as a person, get the signed request, and inspect
//!   what a person sees and every call to the platforms.
//! - The `simulator` program adds each platform's retry schedule, a chat page at `/`, and the control API
//!   ([`mod@control`]) for scripts.
//!
//! A person exists on all platforms, with an id on each. A Slack app, a Teams bot and a Telegram bot each
//! have direct conversations and one group of everybody, *general*.
//!
//! Each platform is one folder with a type that implements [`SimulatedPlatform`](shared::SimulatedPlatform).
//! [`Platform`] lists their names, and [`simulated`] maps a name to its folder; no other code names a
//! platform.
//!
//! | module | contents |
//! |---|---|
//! | `slack`, `teams`, `telegram`, `dialog360`, `twilio` | one platform each: accounts, API, events, errors, choices for the page |
//! | `shared` | the interface of a platform, and the shared state |
//! | `world`, `people`, `message`, `connectors`, `event`, `calls`, `failures` | the parts of that state |
//! | `asked`, `api` | a call to a platform, and the handling that all calls share |
//! | `writing`, `delivery` | messages from people, and their delivery to a connector |
//! | `handle`, `control`, `switches`, `page` | the interfaces for tests, scripts and people |

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

/// The platform with this name.
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

    /// Starts a simulator with all options.
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
