//! Simulates the chat platforms: people on each of them, the platforms' APIs, and the events for connectors.
//!
//! - [`Simulator`] is for tests in the same process: write as a person, get the signed request, and inspect
//!   what a person sees and every call to the platforms.
//! - The `simulator` program adds each platform's retry schedule, a chat page at `/`, and the control API
//!   ([`mod@control`]) for scripts.
//!
//! A person exists on all platforms, with an id on each. A Slack app, a Teams bot and a Telegram bot each
//! have direct conversations and one group of everybody, *general*.
//!
//! Each platform is one folder with a type that implements [`SimulatedPlatform`](shared::SimulatedPlatform),
//! its `mod` line below, and one entry of [`platforms!`](crate::platforms). No other code chooses by platform;
//! tests of all platforms go through [`Platform::ALL`] or the macro.
//!
//! | module | contents |
//! |---|---|
//! | one folder per platform | accounts, signatures, API, events, errors, choices for the page |
//! | `platform` | the names of the platforms |
//! | `shared` | the interface of a platform, and the shared state |
//! | `world`, `people`, `message`, `item`, `connectors`, `event`, `calls`, `failures` | the parts of that state |
//! | `files` | the content of files |
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
mod files;
mod fixtures;
mod handle;
mod ids;
mod item;
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
#[cfg(test)]
mod tests;
mod twilio;
mod world;
mod writing;

use std::io;

use crate::clock::TestClock;
use shared::SimulatedPlatform;

pub use calls::{ApiCall, Violation};
pub use config::SimulatorConfig;
pub use connectors::{Account, ConnectorConfig, PlatformAccount};
pub use error::SimulatorError;
pub use event::{Attempt, Delivery, DeliveryState, WebhookAnswer};
pub use failures::{Failure, FailureRule};
pub use files::PICTURE;
pub use handle::{Simulator, SimulatorOptions};
pub use item::Item;
pub use message::{Author, Message, Place};
pub use people::{NewPerson, Person, PersonId, WhatsAppShows};
pub use platform::Platform;
pub use switches::Switch;
pub use writing::{Written, WrittenEvent};

/// Calls a macro with every platform, in the order on the page: its name, its key, its folder here, and the
/// type of its accounts. All lists of platforms are made of this one.
#[macro_export]
macro_rules! platforms {
    ($then:ident) => {
        $then! {
            /// Slack.
            Slack = "slack" in slack with SlackAccount,
            /// Microsoft Teams.
            Teams = "teams" in teams with TeamsAccount,
            /// Telegram.
            Telegram = "telegram" in telegram with TelegramAccount,
            /// WhatsApp through 360dialog.
            Dialog360 = "360dialog" in dialog360 with Dialog360Account,
            /// SMS and WhatsApp through Twilio.
            Twilio = "twilio" in twilio with TwilioAccount,
        }
    };
}

/// Finds each platform in its folder.
macro_rules! find {
    ($($(#[$doc:meta])* $platform:ident = $key:literal in $folder:ident with $account:ident,)*) => {
        $(pub use $folder::$account;)*

        /// The platform with this name.
        fn simulated(platform: Platform) -> &'static dyn SimulatedPlatform {
            match platform {
                $(Platform::$platform => &$folder::$platform,)*
            }
        }
    };
}

crate::platforms!(find);

impl Platform {
    /// An account for a new connector, which differs from the one with any other number.
    #[must_use]
    pub fn new_account(self, number: usize) -> Account {
        simulated(self).new_account(number)
    }

    /// The id by which the connector with this account knows a person who wrote to it directly. Only public
    /// fields of the account are needed.
    #[must_use]
    pub fn person_id(self, account: &Account, person: &Person) -> PersonId {
        simulated(self).person_id(account, person)
    }

    /// The field of [`Person`] with the id that an admin is shown.
    #[must_use]
    pub fn known_by(self) -> &'static str {
        simulated(self).known_by()
    }

    /// Whether a message from this place, or a call of the API, tells its author's name.
    #[must_use]
    pub fn tells_name(self, place: Place) -> bool {
        simulated(self).tells_name(place)
    }

    /// Whether people can write in a group.
    #[must_use]
    pub fn has_group(self) -> bool {
        let places = simulated(self).look().places;
        places.iter().any(|(place, _)| *place == "general")
    }

    /// Whether people can send such an item in this place.
    #[must_use]
    pub fn sends(self, place: Place, item: &Item) -> bool {
        simulated(self).look().sends(place, item)
    }

    /// The header of a request that proves its origin, in lower case.
    #[must_use]
    pub fn proof_header(self) -> &'static str {
        simulated(self).proof_header()
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
