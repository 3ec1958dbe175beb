//! The interface of a platform to the simulator, and the state that all of them share.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::asked::{Answer, Asked};
use super::connectors::{Account, Connector, ConnectorConfig};
use super::error::SimulatorError;
use super::event::{Event, WebhookAnswer};
use super::failures::Failure;
use super::item::Item;
use super::message::{Message, Place, Saying};
use super::people::{Person, PersonId};
use super::platform::Platform;
use super::world::World;
use crate::clock::TestClock;
use crate::events::Fixture;
use crate::http_client::HttpClient;
use crate::signed_request::SignedRequest;

/// One chat platform: its API, its events and its errors.
pub(super) trait SimulatedPlatform: fmt::Debug + Sync {
    /// The platform's name.
    fn platform(&self) -> Platform;

    /// The names and choices for the page.
    fn look(&self) -> Look;

    /// The platform's API.
    fn router(&self) -> Router<Arc<Shared>>;

    /// Checks the fields of an account.
    fn check(&self, account: &Account) -> Result<(), serde_json::Error>;

    /// An account for a new connector, which differs from the one with any other number.
    fn new_account(&self, number: usize) -> Account;

    /// The id by which the connector with this account knows a person who wrote to it directly.
    fn person_id(&self, account: &Account, person: &Person) -> PersonId;

    /// The field of [`Person`] with the id that an admin is shown.
    fn known_by(&self) -> &'static str {
        "id"
    }

    /// Whether a message from this place, or a call of the API, tells its author's name.
    fn tells_name(&self, _place: Place) -> bool {
        true
    }

    /// Writes a person's message, and makes the events that report it to the connector.
    fn write(
        &self,
        world: &mut World,
        connector: &Connector,
        saying: &Saying<'_>,
    ) -> Result<(Message, Vec<Event>), SimulatorError>;

    /// Adapts a recorded event to this connector, and returns it with its id. Changes only fields that name
    /// the account and, for a new event, the event's own id, so that other oddities and unreadable bodies
    /// stay as recorded.
    fn replay(
        &self,
        world: &mut World,
        connector: &Connector,
        fixture: Fixture,
        replay: &Replay<'_>,
    ) -> Result<(String, Vec<u8>), SimulatorError>;

    /// The request that sends an event to the connector.
    fn signed(
        &self,
        connector: &Connector,
        body: Vec<u8>,
        signing: &Signing<'_>,
    ) -> Result<SignedRequest, SimulatorError>;

    /// The header of such a request that proves its origin, in lower case.
    fn proof_header(&self) -> &'static str;

    /// Time limit for the webhook's answer.
    fn answer_limit(&self) -> Duration;

    /// Delay before the next attempt; `None` if the platform gives up.
    fn retry_after(&self, failed: &FailedAttempt<'_>) -> Option<Duration>;

    /// Reports a fault in a 2xx answer.
    fn wrong_answer(&self, _answer: &WebhookAnswer) -> Option<String> {
        None
    }

    /// Whether the events of one message are sent at once, so that they may arrive in any order.
    fn sends_at_once(&self) -> bool {
        false
    }

    /// The answer to a call above the rate limit, without the `Retry-After` header.
    fn rate_limited(&self, retry_after_secs: u64) -> Answer;

    /// The error body with this status, code and message.
    fn error(&self, asked: &Asked, status: StatusCode, code: &str, message: &str) -> Answer;

    /// The error body for a named error.
    fn named_error(&self, asked: &Asked, error: &str) -> Answer {
        self.error(asked, StatusCode::BAD_REQUEST, error, "")
    }

    /// A message's place on the page: `im`, `general` or a place of the platform's own.
    fn place_of(&self, message: &Message) -> &'static str {
        match message.with {
            Some(_) => "im",
            None => "general",
        }
    }

    /// Additional facts about a connector for `GET /_control/state`.
    fn facts(&self, _connector: &Connector) -> Map<String, Value> {
        Map::new()
    }

    /// Whether the app no longer knows a person who leaves it, even if they share a group.
    fn forgets_who_leaves(&self) -> bool {
        false
    }
}

/// A platform's texts and choices on the page.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Look {
    pub(super) name: &'static str,
    /// Places to write in, each with its label.
    pub(super) places: &'static [(&'static str, &'static str)],
    /// The kinds of [`Item`] that people can send, by place.
    pub(super) items: &'static [(&'static str, &'static [&'static str])],
    /// The calls that can be made to fail.
    pub(super) methods: &'static [&'static str],
    /// The platform's own errors, each with its label.
    pub(super) errors: Vec<(String, Failure)>,
    /// Switches of a person: the switch, its label, and the fact that it shows.
    pub(super) switches: &'static [(&'static str, &'static str, &'static str)],
    /// Further controls: `whatsapp_shows`, `upgrade_general`.
    pub(super) controls: &'static [&'static str],
    /// Descriptions of the retry schedule, where it is notable.
    pub(super) retries: &'static [&'static str],
    /// Whether its texts use Slack's markup.
    pub(super) is_mrkdwn: bool,
    /// Colours in light and dark mode: of controls, and of the person's own messages.
    pub(super) colours: [[&'static str; 2]; 2],
}

impl Look {
    /// Whether people can send such an item in this place.
    pub(super) fn sends(&self, place: Place, item: &Item) -> bool {
        self.items
            .iter()
            .any(|(at, kinds)| *at == place.key() && kinds.contains(&item.kind()))
    }
}

/// Options for replaying a recorded event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replay<'a> {
    /// The author, where it can be changed.
    pub(super) user_id: Option<&'a str>,
    /// Whether the event gets a new id and time, so that it is not treated as a duplicate of the last replay.
    pub(super) fresh: bool,
    pub(super) now_ms: i64,
    pub(super) base_url: &'a str,
}

/// Input of a signature besides the body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signing<'a> {
    /// The address of the request.
    pub(super) url: &'a str,
    /// The simulator's own address.
    pub(super) base_url: &'a str,
    pub(super) now_secs: i64,
    /// The number of the retry and its reason.
    pub(super) retry: Option<(u32, &'a str)>,
}

/// An attempt that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct FailedAttempt<'a> {
    /// The answer, if there was one.
    pub(super) answer: Option<&'a WebhookAnswer>,
    /// Number of retries so far.
    pub(super) retries: usize,
    /// Time since the first attempt.
    pub(super) age: Duration,
    pub(super) url: &'a str,
}

impl FailedAttempt<'_> {
    /// A delay that doubles with each retry.
    pub(super) fn doubled(&self, first: Duration, longest: Duration) -> Duration {
        let factor = 1_u32 << self.retries.min(16);
        first.saturating_mul(factor).min(longest)
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) world: Mutex<World>,
    /// Counts changes, for tasks that wait for one.
    pub(super) revision: watch::Sender<u64>,
    pub(super) clock: TestClock,
    pub(super) client: HttpClient,
    pub(super) base_url: Mutex<String>,
    pub(super) retries_by_itself: bool,
    /// Maps a name to its platform.
    pub(super) platforms: fn(Platform) -> &'static dyn SimulatedPlatform,
}

impl Shared {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.world());
        self.revision.send_modify(|revision| *revision += 1);
        result
    }

    pub(super) fn base_url(&self) -> String {
        self.base_url
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Adds a connector, or replaces the one with the same id, if its account is complete.
    pub(super) fn add_connector(&self, config: ConnectorConfig) -> Result<(), SimulatorError> {
        self.platform(config.account.provider)
            .check(&config.account)
            .map_err(|error| SimulatorError(format!("{}: {error}", config.connector_id)))?;
        self.change(|world| world.add_connector(Connector::new(config)));
        Ok(())
    }

    pub(super) fn platform(&self, platform: Platform) -> &'static dyn SimulatedPlatform {
        (self.platforms)(platform)
    }

    /// The platform of a connector.
    pub(super) fn platform_of(
        &self,
        connector_id: &str,
    ) -> Result<&'static dyn SimulatedPlatform, SimulatorError> {
        self.world()
            .connector(connector_id)
            .map(|connector| self.platform(connector.platform()))
            .ok_or_else(|| SimulatorError::no_connector(connector_id))
    }
}
