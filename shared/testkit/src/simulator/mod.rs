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
//! | module | platform | its API is served below |
//! |---|---|---|
//! | `slack`, `slack_api`, `slack_checks` | Slack | `/slack/api` |
//! | `telegram` | Telegram | `/telegram` |
//! | `dialog360` | 360dialog | `/360dialog` |
//! | `twilio` | Twilio | `/twilio` |
//! | `teams` | Teams | `/teams`, `/microsoft-login`, `/graph`, `/botframework` |

mod api;
mod avatar;
mod calls;
mod config;
mod connectors;
pub mod control;
mod delivery;
mod dialog360;
mod failures;
mod fixtures;
mod page;
mod platform;
mod slack;
mod slack_api;
mod slack_checks;
mod teams;
mod telegram;
#[cfg(test)]
mod tests;
mod twilio;
mod world;

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::any;
use tokio::sync::watch;

use crate::clock::TestClock;
use crate::events;
use crate::http_client::HttpClient;
use crate::loopback::Loopback;
use crate::signed_request::SignedRequest;
use crate::slack_signer::SlackInstall;
use connectors::Connector;
use delivery::Event;
use world::{World, general_channel};

pub use calls::{ApiCall, Violation};
pub use config::{AppConfig, NewPerson, SimulatorConfig};
pub use connectors::{
    Account, ConnectorConfig, Dialog360Account, TeamsAccount, TelegramAccount, TwilioAccount,
};
pub use control::Switch;
pub use delivery::{ANSWER_LIMIT, Attempt, Delivery, DeliveryState, RETRY_AFTER, WebhookAnswer};
pub use failures::{Failure, FailureRule};
pub use platform::Platform;
pub use world::{Author, Conversation, Message, Person, WhatsAppShows};

/// The simulator under the name that it had when Slack was its only platform.
pub type SlackSimulator = Simulator;

/// A running simulator; it ends when this is dropped.
#[derive(Debug)]
pub struct Simulator {
    server: Loopback,
    shared: Arc<Shared>,
}

/// What differs between a test and the program.
#[derive(Clone, Debug)]
pub struct SimulatorOptions {
    /// The address to listen on.
    pub listen: String,
    /// Where the time comes from.
    pub clock: TestClock,
    /// Goes into new ids; differs from run to run where state outlives the simulator.
    pub seed: String,
    /// Whether events that follow from calls are sent, and failed deliveries retried, by themselves, as the platforms do.
    pub retries_by_itself: bool,
}

impl Default for SimulatorOptions {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".into(),
            clock: TestClock::system(),
            seed: "SIM".into(),
            retries_by_itself: false,
        }
    }
}

/// Something that was asked of the simulator and that it does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatorError(pub String);

impl fmt::Display for SimulatorError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for SimulatorError {}

/// A message that somebody wrote and the requests that tell the app of it, none of them sent yet.
#[derive(Clone, Debug)]
pub struct Written {
    /// The message.
    pub message: Message,
    /// In the order of delivery: mostly one; two for a mention in a Slack channel, three for a first message in Teams.
    pub events: Vec<WrittenEvent>,
}

/// One event and its signed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenEvent {
    /// For [`Simulator::attempt`].
    pub event_id: String,
    /// `message`, `app_mention`, `installationUpdate`, ….
    pub kind: String,
    /// The request, signed at the time of writing.
    pub request: SignedRequest,
    /// Where it goes, if the simulator knows.
    pub url: Option<String>,
}

impl Written {
    /// The request of the first event that carries the message.
    ///
    /// # Errors
    /// Never for what the simulator made: a message has at least one event.
    pub fn request(&self) -> Result<SignedRequest, SimulatorError> {
        self.events
            .iter()
            .find(|event| matches!(event.kind.as_str(), "message" | "app_mention"))
            .map(|event| event.request.clone())
            .ok_or_else(|| SimulatorError("a message without an event".into()))
    }
}

/// Where somebody writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Directly to the app.
    Direct,
    /// In the app's channel, team or group.
    General,
    /// By WhatsApp, to a number at Twilio that takes SMS too. Everywhere else the same as [`Place::Direct`].
    WhatsApp,
}

/// What somebody says, to whom and where.
struct Saying<'a> {
    person: &'a Person,
    place: Place,
    text: &'a str,
    /// The message that it replies to.
    thread: Option<&'a str>,
    now_ms: i64,
    base_url: &'a str,
}

#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    /// Counts the changes, for those who wait for one.
    revision: watch::Sender<u64>,
    clock: TestClock,
    client: HttpClient,
    base_url: Mutex<String>,
    retries_by_itself: bool,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.world());
        self.revision.send_modify(|revision| *revision += 1);
        result
    }

    fn base_url(&self) -> String {
        self.base_url
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Simulator {
    /// Starts a simulator on a free loopback port.
    ///
    /// # Errors
    /// When no port can be bound.
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
    /// When the address cannot be bound.
    pub async fn start_with(
        config: SimulatorConfig,
        options: SimulatorOptions,
    ) -> io::Result<Self> {
        let mut world = World {
            workspace_name: config.workspace_name.unwrap_or_else(|| "Workspace".into()),
            api_url: config.api_url,
            seed: options.seed,
            ..World::default()
        };
        for app in config.apps {
            world.add_app(app);
        }
        for connector in config.connectors {
            world.add_connector(Connector::new(connector));
        }
        for person in config.users {
            world.add_person(person);
        }
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            revision: watch::Sender::new(0),
            clock: options.clock,
            client: HttpClient::default(),
            base_url: Mutex::default(),
            retries_by_itself: options.retries_by_itself,
        });
        let router = Router::new()
            .route("/slack/api/{method}", any(slack_api::handle))
            .merge(telegram::router())
            .merge(dialog360::router())
            .merge(twilio::router())
            .merge(teams::router())
            .merge(control::router())
            .merge(page::router())
            .layer(DefaultBodyLimit::max(4 * 1024 * 1024))
            .with_state(Arc::clone(&shared));
        let server = Loopback::start_on(&options.listen, router).await?;
        let simulator = Self { server, shared };
        simulator.reached_at(&simulator.url());
        Ok(simulator)
    }

    /// The simulator's address, with the page at `/`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What takes the place of `https://slack.com/api`.
    #[must_use]
    pub fn slack_api_url(&self) -> String {
        format!("{}/slack/api", self.server.url())
    }

    /// The base address that takes the place of a platform's own, as in Vestibule's environment variables.
    #[must_use]
    pub fn api_url(&self, platform: Platform) -> String {
        let path = match platform {
            Platform::Slack => "slack/api",
            Platform::Teams => "teams",
            Platform::Telegram => "telegram",
            Platform::Dialog360 => "360dialog",
            Platform::Twilio => "twilio",
        };
        format!("{}/{path}", self.url())
    }

    /// Names another base address in what the platforms tell of themselves, such as Teams' `serviceUrl`: that of a proxy in
    /// front of this server.
    pub fn reached_at(&self, url: &str) {
        let mut base_url = self
            .shared
            .base_url
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        url.clone_into(&mut base_url);
    }

    /// A captured request of `events/<provider>` as it would come to this connector, signed; not sent.
    ///
    /// # Errors
    /// When there is no such file or connector.
    pub fn captured(
        &self,
        connector_id: &str,
        name: &str,
        user_id: Option<&str>,
    ) -> Result<SignedRequest, SimulatorError> {
        let event_id = add_fixture(&self.shared, connector_id, name, user_id, true)?;
        self.next_request(&event_id)
    }

    /// Connects an account of another platform than Slack, or replaces the one of the same connector.
    pub fn add_connector(&self, connector: ConnectorConfig) {
        self.shared
            .change(|world| world.add_connector(Connector::new(connector)));
    }

    /// Somebody, with what each platform knows them by.
    ///
    /// # Errors
    /// When there is no such person.
    pub fn person(&self, user_id: &str) -> Result<Person, SimulatorError> {
        self.shared
            .world()
            .people
            .get(user_id)
            .cloned()
            .ok_or_else(|| no_person(user_id))
    }

    /// Somebody writes to a connector of any platform; nothing is sent yet.
    ///
    /// # Errors
    /// When there is no such connector or person, or no such place on that platform.
    pub fn write(
        &self,
        connector_id: &str,
        user_id: &str,
        place: Place,
        text: &str,
    ) -> Result<Written, SimulatorError> {
        write(&self.shared, connector_id, user_id, place, text, None)
    }

    /// The events that calls gave rise to since the last time, such as statuses; each can be attempted.
    #[must_use]
    pub fn take_events(&self) -> Vec<WrittenEvent> {
        let event_ids = self
            .shared
            .change(|world| std::mem::take(&mut world.outbox));
        event_ids
            .iter()
            .filter_map(|event_id| written_event(&self.shared, event_id).ok())
            .collect()
    }

    /// Changes how somebody stands with a connector, or what a platform tells of them.
    ///
    /// # Errors
    /// When there is no such connector or person.
    pub fn switch(&self, switch: &Switch) -> Result<(), SimulatorError> {
        control::turn(&self.shared, switch)
    }

    /// Installs an app, or replaces the one of the same connector.
    pub fn add_app(&self, app: AppConfig) {
        self.shared.change(|world| world.add_app(app));
    }

    /// Adds somebody to the workspace and returns their id.
    #[expect(
        clippy::must_use_candidate,
        reason = "the caller may have chosen the id"
    )]
    pub fn add_person(&self, person: NewPerson) -> String {
        self.shared.change(|world| world.add_person(person))
    }

    /// What the events of a connector's app say about it.
    ///
    /// # Errors
    /// When there is no such connector.
    pub fn install(&self, connector_id: &str) -> Result<SlackInstall, SimulatorError> {
        self.shared
            .world()
            .app(connector_id)
            .map(|app| app.install.clone())
            .ok_or_else(|| no_app(connector_id))
    }

    /// The direct conversation of a connector's app and a person.
    #[must_use]
    pub fn direct_channel(&self, connector_id: &str, user_id: &str) -> String {
        self.shared
            .change(|world| world.direct_channel(connector_id, user_id))
    }

    /// The channel of a connector's app.
    #[must_use]
    pub fn general_channel(&self, connector_id: &str) -> String {
        general_channel(connector_id)
    }

    /// Somebody writes to the app directly; nothing is sent yet.
    ///
    /// # Errors
    /// When there is no such connector or person.
    pub fn write_dm(
        &self,
        connector_id: &str,
        user_id: &str,
        text: &str,
    ) -> Result<Written, SimulatorError> {
        write(
            &self.shared,
            connector_id,
            user_id,
            Place::Direct,
            text,
            None,
        )
    }

    /// Somebody writes in the app's channel; `@Name` of the app makes it a mention, with two events.
    ///
    /// # Errors
    /// When there is no such connector or person.
    pub fn write_in_general(
        &self,
        connector_id: &str,
        user_id: &str,
        text: &str,
    ) -> Result<Written, SimulatorError> {
        write(
            &self.shared,
            connector_id,
            user_id,
            Place::General,
            text,
            None,
        )
    }

    /// Somebody replies in a thread.
    ///
    /// # Errors
    /// When there is no such connector or person.
    pub fn write_in_thread(
        &self,
        connector_id: &str,
        user_id: &str,
        place: Place,
        thread_ts: &str,
        text: &str,
    ) -> Result<Written, SimulatorError> {
        write(
            &self.shared,
            connector_id,
            user_id,
            place,
            text,
            Some(thread_ts),
        )
    }

    /// An event made elsewhere, a fixture say, which can then be attempted like any other.
    pub fn add_event(&self, connector_id: &str, kind: &str, event_id: &str, body: Vec<u8>) {
        add_event(&self.shared, connector_id, kind, event_id, body);
    }

    /// Makes the next attempt at delivering an event over HTTP: the first one, or the next of Slack's retries.
    ///
    /// # Errors
    /// When there is no such event.
    pub async fn attempt(&self, event_id: &str) -> Result<Delivery, SimulatorError> {
        delivery::attempt(&self.shared, event_id).await
    }

    /// The same without HTTP: `send` is given the signed request, with the headers of a retry, and answers it.
    ///
    /// # Errors
    /// When there is no such event.
    pub async fn attempt_with<S, F>(
        &self,
        event_id: &str,
        send: S,
    ) -> Result<Delivery, SimulatorError>
    where
        S: FnOnce(SignedRequest) -> F,
        F: Future<Output = WebhookAnswer>,
    {
        delivery::attempt_with(&self.shared, event_id, |next| async {
            Ok(send(next.request).await)
        })
        .await
    }

    /// The request that the next attempt at an event would send, for a test that wants to change it.
    ///
    /// # Errors
    /// When there is no such event.
    pub fn next_request(&self, event_id: &str) -> Result<SignedRequest, SimulatorError> {
        delivery::next_attempt(&self.shared, event_id).map(|next| next.request)
    }

    /// How the delivery of an event stands.
    #[must_use]
    pub fn delivery(&self, event_id: &str) -> Option<Delivery> {
        self.shared
            .world()
            .events
            .get(event_id)
            .map(|event| event.delivery.clone())
    }

    /// Everything that a person can see, their own messages too, oldest first.
    #[must_use]
    pub fn seen_by(&self, user_id: &str) -> Vec<Message> {
        self.shared.world().seen_by(user_id)
    }

    /// What apps have said to a person, oldest first: directly, in a channel, or for their eyes only.
    #[must_use]
    pub fn messages_to(&self, user_id: &str) -> Vec<Message> {
        let mut messages = self.seen_by(user_id);
        messages.retain(Message::is_from_app);
        messages
    }

    /// Every message that apps have posted, whoever can see it.
    #[must_use]
    pub fn posted(&self) -> Vec<Message> {
        let world = self.shared.world();
        world
            .messages
            .iter()
            .filter(|message| message.is_from_app())
            .cloned()
            .collect()
    }

    /// Waits until an app has said something to a person that `wanted` accepts, and returns it.
    ///
    /// # Errors
    /// When that has not happened by the deadline; the error names what was said.
    pub async fn await_message(
        &self,
        user_id: &str,
        deadline: Duration,
        wanted: impl Fn(&Message) -> bool,
    ) -> Result<Message, SimulatorError> {
        let mut revision = self.shared.revision.subscribe();
        let found = tokio::time::timeout(deadline, async {
            loop {
                revision.mark_unchanged();
                if let Some(message) = self.messages_to(user_id).into_iter().find(&wanted) {
                    return message;
                }
                if revision.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        });
        found.await.map_err(|_| {
            let said: Vec<String> = self
                .messages_to(user_id)
                .iter()
                .map(Message::plain_text)
                .collect();
            SimulatorError(format!(
                "{user_id} was not told that in {deadline:?}, but {said:?}"
            ))
        })
    }

    /// All calls to the APIs, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<ApiCall> {
        self.shared.world().calls.clone()
    }

    /// How many calls of a method were made, on whatever platform.
    #[must_use]
    pub fn count(&self, method: &str) -> usize {
        self.shared
            .world()
            .calls
            .iter()
            .filter(|call| call.method == method)
            .count()
    }

    /// How many calls of a platform's method were made.
    #[must_use]
    pub fn count_at(&self, platform: Platform, method: &str) -> usize {
        self.shared
            .world()
            .calls
            .iter()
            .filter(|call| call.provider == platform && call.method == method)
            .count()
    }

    /// What a client of the platforms must not have done. A test asserts that this is empty.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.world().violations.clone()
    }

    /// Makes calls fail.
    pub fn fail(&self, rule: FailureRule) {
        self.shared.change(|world| world.failures.push(rule));
    }

    /// Makes the next call of a method fail, once.
    pub fn fail_next(&self, method: &str, failure: Failure) {
        self.fail(FailureRule::once(method, failure));
    }

    /// Ends all failures.
    pub fn clear_failures(&self) {
        self.shared.change(|world| world.failures.clear());
    }

    /// From now on the app's token, or the bot's or number's, is refused.
    pub fn revoke_token(&self, connector_id: &str) {
        self.shared.change(|world| {
            if let Some(connector) = world.connector_mut(connector_id) {
                connector.is_revoked = true;
            }
            for app in &mut world.apps {
                app.token_revoked |= app.config.connector_id == connector_id;
            }
        });
    }

    /// Takes the app or bot out of its channel, team or group.
    pub fn remove_from_general(&self, connector_id: &str) {
        self.shared.change(|world| {
            if let Some(connector) = world.connector_mut(connector_id) {
                connector.left_general = true;
            }
            if let Some(channel) = world.conversations.get_mut(&general_channel(connector_id)) {
                channel.app_is_member = false;
            }
        });
    }

    /// This very text may notify everybody: its author meant it to.
    pub fn allow_broadcast(&self, text: &str) {
        self.shared
            .change(|world| world.allowed_broadcasts.push(text.to_owned()));
    }
}

fn write(
    shared: &Shared,
    connector_id: &str,
    user_id: &str,
    place: Place,
    text: &str,
    thread: Option<&str>,
) -> Result<Written, SimulatorError> {
    let message = shared.change(|world| {
        let person = world
            .people
            .get(user_id)
            .cloned()
            .ok_or_else(|| no_person(user_id))?;
        let saying = Saying {
            person: &person,
            place,
            text,
            thread,
            now_ms: shared.clock.now_ms(),
            base_url: &shared.base_url(),
        };
        let (mut message, events) = draft(world, connector_id, &saying)?;
        for event in events {
            let event_id = event.delivery.event_id.clone();
            message.event_ids.push(event_id.clone());
            world.events.insert(event_id, event);
        }
        world.messages.push(message.clone());
        Ok(message)
    })?;
    let events = message
        .event_ids
        .iter()
        .map(|event_id| written_event(shared, event_id))
        .collect::<Result<_, _>>()?;
    Ok(Written { message, events })
}

fn draft(
    world: &mut World,
    connector_id: &str,
    saying: &Saying<'_>,
) -> Result<(Message, Vec<Event>), SimulatorError> {
    if let Some(app) = world.app(connector_id).cloned() {
        return Ok(slack::write(world, &app, saying));
    }
    let connector = world
        .connector(connector_id)
        .cloned()
        .ok_or_else(|| no_app(connector_id))?;
    match &connector.config.account {
        Account::Telegram(account) => Ok(telegram::write(world, &connector, account, saying)),
        Account::Dialog360(account) => dialog360::write(world, &connector, account, saying),
        Account::Twilio(account) => twilio::write(world, &connector, account, saying),
        Account::Teams(account) => Ok(teams::write(world, &connector, account, saying)),
    }
}

fn written_event(shared: &Shared, event_id: &str) -> Result<WrittenEvent, SimulatorError> {
    let next = delivery::next_attempt(shared, event_id)?;
    let world = shared.world();
    let kind = world
        .events
        .get(event_id)
        .map(|event| event.delivery.kind.clone())
        .unwrap_or_default();
    Ok(WrittenEvent {
        event_id: event_id.to_owned(),
        kind,
        request: next.request,
        url: next.url,
    })
}

/// An event made elsewhere, for a connector of whatever platform.
fn add_event(shared: &Shared, connector_id: &str, kind: &str, event_id: &str, body: Vec<u8>) {
    shared.change(|world| {
        let platform = world
            .connector(connector_id)
            .map_or(Platform::Slack, Connector::platform);
        let event = Event::new(platform, event_id, kind, connector_id, body);
        world.events.insert(event_id.to_owned(), event);
    });
}

/// A file of `events/<provider>` for a connector. `fresh` gives it an event id and a time of its own, so that it is not
/// taken for a duplicate of the last replay.
fn add_fixture(
    shared: &Shared,
    connector_id: &str,
    name: &str,
    user_id: Option<&str>,
    fresh: bool,
) -> Result<String, SimulatorError> {
    let connector = shared.world().connector(connector_id).cloned();
    let provider = connector
        .as_ref()
        .map_or(Platform::Slack, Connector::platform);
    let fixture =
        events::load(provider.key(), name).map_err(|error| SimulatorError(error.to_string()))?;
    let (event_id, body) = match connector {
        Some(connector) => {
            let number = shared.change(World::next_number);
            let body = fixtures::adapted(
                &fixture,
                &connector,
                &shared.base_url(),
                fresh.then_some(number),
            );
            (format!("fixture-{number}"), body)
        }
        None => slack::fixture(shared, connector_id, fixture, user_id, fresh)?,
    };
    add_event(shared, connector_id, name, &event_id, body);
    Ok(event_id)
}

fn no_app(connector_id: &str) -> SimulatorError {
    SimulatorError(format!("no app for connector {connector_id}"))
}

fn no_person(user_id: &str) -> SimulatorError {
    SimulatorError(format!("no person {user_id}"))
}
