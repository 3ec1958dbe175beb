//! What a platform is to the simulator, and the state that all of them share.

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
use super::message::{Message, Saying};
use super::platform::Platform;
use super::world::World;
use crate::clock::TestClock;
use crate::events::Fixture;
use crate::http_client::HttpClient;
use crate::signed_request::SignedRequest;

/// One chat platform: its API, the events that it sends, and its own words for what goes wrong.
pub(super) trait SimulatedPlatform: fmt::Debug + Sync {
    /// Its name.
    fn platform(&self) -> Platform;

    /// The names and choices that the page offers.
    fn look(&self) -> Look;

    /// Its API.
    fn router(&self) -> Router<Arc<Shared>>;

    /// What is wrong with the fields of an account, if anything.
    fn check(&self, account: &Account) -> Result<(), serde_json::Error>;

    /// Somebody writes: the message, and the events that tell the connector of it.
    fn write(
        &self,
        world: &mut World,
        connector: &Connector,
        saying: &Saying<'_>,
    ) -> Result<(Message, Vec<Event>), SimulatorError>;

    /// A recorded event made to be about this connector, and its id. Only what names the account is changed, and the
    /// event's own id if it is to be a new one: so a body that is strange in other ways stays so, and one that cannot be
    /// read goes out as it is.
    fn replay(
        &self,
        world: &mut World,
        connector: &Connector,
        fixture: Fixture,
        replay: &Replay<'_>,
    ) -> Result<(String, Vec<u8>), SimulatorError>;

    /// The request that tells the connector of an event.
    fn signed(
        &self,
        connector: &Connector,
        body: Vec<u8>,
        signing: &Signing<'_>,
    ) -> Result<SignedRequest, SimulatorError>;

    /// How long it waits for an answer.
    fn answer_limit(&self) -> Duration;

    /// How long it waits after a failed attempt, if it tries again.
    fn retry_after(&self, failed: &FailedAttempt<'_>) -> Option<Duration>;

    /// What is wrong with an answer of 2xx.
    fn wrong_answer(&self, _answer: &WebhookAnswer) -> Option<String> {
        None
    }

    /// Whether the events of one message are sent at once, not one after another: they may arrive in either order.
    fn sends_at_once(&self) -> bool {
        false
    }

    /// The answer to a call above the rate limit, but for the `Retry-After` header.
    fn rate_limited(&self, retry_after_secs: u64) -> Answer;

    /// The body for an error with this status, code and words.
    fn error(&self, asked: &Asked, status: StatusCode, code: &str, message: &str) -> Answer;

    /// The body for an error that is known by a name.
    fn named_error(&self, asked: &Asked, error: &str) -> Answer {
        self.error(asked, StatusCode::BAD_REQUEST, error, "")
    }

    /// Where a message stands in the page: `im`, `general` or a place of the platform's own.
    fn place_of(&self, message: &Message) -> &'static str {
        match message.with {
            Some(_) => "im",
            None => "general",
        }
    }

    /// What else `GET /_control/state` says of a connector.
    fn facts(&self, _connector: &Connector) -> Map<String, Value> {
        Map::new()
    }

    /// Whether somebody who leaves the app is unknown to it from then on, although they share a group.
    fn forgets_who_leaves(&self) -> bool {
        false
    }
}

/// What the page shows of a platform.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Look {
    pub(super) name: &'static str,
    /// Where people write, each with its label.
    pub(super) places: &'static [(&'static str, &'static str)],
    /// The calls that can be made to fail.
    pub(super) methods: &'static [&'static str],
    /// Errors of its own, each with its label.
    pub(super) errors: Vec<(String, Failure)>,
    /// Facts about a person that can be switched: the switch, its label, and the fact that it shows.
    pub(super) switches: &'static [(&'static str, &'static str, &'static str)],
    /// Further controls: `whatsapp_shows`, `upgrade_general`.
    pub(super) controls: &'static [&'static str],
    /// When each retry comes, in words, where that is worth a word.
    pub(super) retries: &'static [&'static str],
    /// Whether its texts are Slack's markup.
    pub(super) is_mrkdwn: bool,
    /// Its colours by daylight and in the dark: of controls, and of one's own messages.
    pub(super) colours: [[&'static str; 2]; 2],
}

/// How a recorded event is to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replay<'a> {
    /// Who writes it, where that can be changed.
    pub(super) user_id: Option<&'a str>,
    /// Whether it gets an id and a time of its own, so that it is not taken for a duplicate of the last replay.
    pub(super) fresh: bool,
    pub(super) now_ms: i64,
    pub(super) base_url: &'a str,
}

/// What goes into a signature besides the body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signing<'a> {
    /// Where the request goes.
    pub(super) url: &'a str,
    /// The simulator's own address.
    pub(super) base_url: &'a str,
    pub(super) now_secs: i64,
    /// The number of the retry, and why there is one.
    pub(super) retry: Option<(u32, &'a str)>,
}

/// An attempt that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct FailedAttempt<'a> {
    /// The answer, if there was one.
    pub(super) answer: Option<&'a WebhookAnswer>,
    /// Retries so far.
    pub(super) retries: usize,
    /// How long ago the first attempt was.
    pub(super) age: Duration,
    pub(super) url: &'a str,
}

impl FailedAttempt<'_> {
    /// A wait that doubles with each retry.
    pub(super) fn doubled(&self, first: Duration, longest: Duration) -> Duration {
        let factor = 1_u32 << self.retries.min(16);
        first.saturating_mul(factor).min(longest)
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) world: Mutex<World>,
    /// Counts the changes, for those who wait for one.
    pub(super) revision: watch::Sender<u64>,
    pub(super) clock: TestClock,
    pub(super) client: HttpClient,
    pub(super) base_url: Mutex<String>,
    pub(super) retries_by_itself: bool,
    /// Every platform under its name.
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

    /// Puts a connector in, in place of any of the same id, if its account is complete.
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
