//! The simulator for tests in the same process.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use tokio::sync::watch;

use super::calls::{ApiCall, Violation};
use super::config::SimulatorConfig;
use super::connectors::ConnectorConfig;
use super::error::SimulatorError;
use super::event::{Delivery, WebhookAnswer};
use super::failures::{Failure, FailureRule};
use super::item::Item;
use super::message::{Message, Place};
use super::people::{NewPerson, Person};
use super::platform::Platform;
use super::shared::{Shared, SimulatedPlatform};
use super::switches::{self, Switch};
use super::world::World;
use super::writing::{self, Words, Written, WrittenEvent};
use super::{control, delivery, page};
use crate::clock::TestClock;
use crate::http_client::HttpClient;
use crate::loopback::Loopback;
use crate::signed_request::SignedRequest;

/// A running simulator. It stops when dropped.
#[derive(Debug)]
pub struct Simulator {
    server: Loopback,
    pub(super) shared: Arc<Shared>,
}

/// The options that differ between tests and the program.
#[derive(Clone, Debug)]
pub struct SimulatorOptions {
    /// The address to listen on.
    pub listen: String,
    /// The source of the time.
    pub clock: TestClock,
    /// Part of new ids. Must differ from run to run if state outlives the simulator.
    pub seed: String,
    /// Whether the simulator sends events that calls cause, and retries failed deliveries, on its own, as the
    /// platforms do.
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

impl Simulator {
    /// Starts a simulator with these platforms.
    pub(super) async fn of_platforms(
        platforms: fn(Platform) -> &'static dyn SimulatedPlatform,
        config: SimulatorConfig,
        options: SimulatorOptions,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            world: Mutex::new(World::new(
                config.workspace_name.unwrap_or_else(|| "Workspace".into()),
                config.api_url,
                options.seed,
            )),
            revision: watch::Sender::new(0),
            clock: options.clock,
            client: HttpClient::default(),
            base_url: Mutex::default(),
            retries_by_itself: options.retries_by_itself,
            platforms,
        });
        for connector in config.connectors {
            shared
                .add_connector(connector)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        }
        for person in config.users {
            shared.change(|world| world.add_person(person));
        }
        let router = Platform::ALL
            .iter()
            .fold(
                control::router().merge(page::router()),
                |router, platform| router.merge(platforms(*platform).router()),
            )
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

    /// Sets the base address that the platforms announce, such as in Teams' `serviceUrl`. Used for a proxy in
    /// front of this server.
    pub fn reached_at(&self, url: &str) {
        let mut base_url = self
            .shared
            .base_url
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        url.clone_into(&mut base_url);
    }

    /// A signed copy of a captured request of `events/<provider>` for this connector. It is not sent.
    ///
    /// # Errors
    /// When there is no such file or connector.
    pub fn captured(
        &self,
        connector_id: &str,
        name: &str,
        user_id: Option<&str>,
    ) -> Result<SignedRequest, SimulatorError> {
        let event_id = writing::add_fixture(&self.shared, connector_id, name, user_id, true)?;
        self.next_request(&event_id)
    }

    /// Adds an account, or replaces the one of the same connector.
    ///
    /// # Errors
    /// When the account lacks a field that its platform needs.
    pub fn add_connector(&self, connector: ConnectorConfig) -> Result<(), SimulatorError> {
        self.shared.add_connector(connector)
    }

    /// A person, with their id on each platform.
    ///
    /// # Errors
    /// When there is no such person.
    pub fn person(&self, user_id: &str) -> Result<Person, SimulatorError> {
        self.shared
            .world()
            .people
            .get(user_id)
            .cloned()
            .ok_or_else(|| SimulatorError::no_person(user_id))
    }

    /// Writes a message to a connector of any platform. Nothing is sent yet.
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
        self.say(&Words {
            connector_id,
            user_id,
            place,
            text,
            item: None,
            thread: None,
        })
    }

    /// Sends something besides words to a connector of any platform, as [`Self::write`] does.
    ///
    /// # Errors
    /// When there is no such connector or person, or the platform has no such item in that place.
    pub fn send(
        &self,
        connector_id: &str,
        user_id: &str,
        place: Place,
        item: &Item,
    ) -> Result<Written, SimulatorError> {
        self.say(&Words {
            connector_id,
            user_id,
            place,
            text: "",
            item: Some(item),
            thread: None,
        })
    }

    /// The events that calls have caused since the last time, such as statuses. Each can be attempted.
    #[must_use]
    pub fn take_events(&self) -> Vec<WrittenEvent> {
        let event_ids = self
            .shared
            .change(|world| std::mem::take(&mut world.outbox));
        event_ids
            .iter()
            .filter_map(|event_id| writing::written_event(&self.shared, event_id).ok())
            .collect()
    }

    /// Changes a person's relation to a connector, or what a platform reveals about them.
    ///
    /// # Errors
    /// When there is no such connector or person.
    pub fn switch(&self, switch: &Switch) -> Result<(), SimulatorError> {
        switches::turn(&self.shared, switch)
    }

    /// Adds a person to the workspace and returns their id.
    #[expect(
        clippy::must_use_candidate,
        reason = "the caller may have chosen the id"
    )]
    pub fn add_person(&self, person: NewPerson) -> String {
        self.shared.change(|world| world.add_person(person))
    }

    /// Writes a direct message to the app. Nothing is sent yet.
    ///
    /// # Errors
    /// When there is no such connector or person.
    pub fn write_dm(
        &self,
        connector_id: &str,
        user_id: &str,
        text: &str,
    ) -> Result<Written, SimulatorError> {
        self.write(connector_id, user_id, Place::Direct, text)
    }

    /// Writes in the app's channel. `@Name` of the app makes the message a mention, with two events.
    ///
    /// # Errors
    /// When there is no such connector or person.
    pub fn write_in_general(
        &self,
        connector_id: &str,
        user_id: &str,
        text: &str,
    ) -> Result<Written, SimulatorError> {
        self.write(connector_id, user_id, Place::General, text)
    }

    /// Writes a reply in a thread.
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
        self.say(&Words {
            connector_id,
            user_id,
            place,
            text,
            item: None,
            thread: Some(thread_ts),
        })
    }

    fn say(&self, words: &Words<'_>) -> Result<Written, SimulatorError> {
        writing::write(&self.shared, words)
    }

    /// Adds an event from another source, such as a fixture. It can be attempted like any other.
    ///
    /// # Errors
    /// When there is no such connector.
    pub fn add_event(
        &self,
        connector_id: &str,
        kind: &str,
        event_id: &str,
        body: Vec<u8>,
    ) -> Result<(), SimulatorError> {
        writing::add_event(&self.shared, connector_id, kind, event_id, body)
    }

    /// Makes the next attempt at delivering an event over HTTP: the first one, or the next of Slack's retries.
    ///
    /// # Errors
    /// When there is no such event.
    pub async fn attempt(&self, event_id: &str) -> Result<Delivery, SimulatorError> {
        delivery::attempt(&self.shared, event_id).await
    }

    /// Makes the next attempt without HTTP: `send` gets the signed request, with the headers of a retry, and
    /// answers it.
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

    /// The request of the next attempt at an event, for a test that changes it.
    ///
    /// # Errors
    /// When there is no such event.
    pub fn next_request(&self, event_id: &str) -> Result<SignedRequest, SimulatorError> {
        delivery::next_attempt(&self.shared, event_id).map(|next| next.request)
    }

    /// The delivery of an event so far.
    #[must_use]
    pub fn delivery(&self, event_id: &str) -> Option<Delivery> {
        self.shared
            .world()
            .events
            .get(event_id)
            .map(|event| event.delivery.clone())
    }

    /// Every message that a person can see, including their own, oldest first.
    #[must_use]
    pub fn seen_by(&self, user_id: &str) -> Vec<Message> {
        self.shared.world().seen_by(user_id)
    }

    /// Every message from an app that a person can see (direct, in a channel or ephemeral), oldest first.
    #[must_use]
    pub fn messages_to(&self, user_id: &str) -> Vec<Message> {
        let mut messages = self.seen_by(user_id);
        messages.retain(Message::is_from_app);
        messages
    }

    /// Every message from an app, whoever can see it.
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

    /// Waits for a message to a person that `wanted` accepts, and returns it.
    ///
    /// # Errors
    /// With the messages so far, after the deadline.
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

    /// All calls to the platforms' APIs, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<ApiCall> {
        self.shared.world().calls.clone()
    }

    /// The number of calls of a method, on all platforms.
    #[must_use]
    pub fn count(&self, method: &str) -> usize {
        self.shared
            .world()
            .calls
            .iter()
            .filter(|call| call.method == method)
            .count()
    }

    /// The number of calls of a platform's method.
    #[must_use]
    pub fn count_at(&self, platform: Platform, method: &str) -> usize {
        self.shared
            .world()
            .calls
            .iter()
            .filter(|call| call.provider == platform && call.method == method)
            .count()
    }

    /// Broken rules of the platforms. A test asserts that there are none.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.world().violations.clone()
    }

    /// Adds a failure rule.
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

    /// Makes the platform refuse the connector's token from now on.
    pub fn revoke_token(&self, connector_id: &str) {
        self.shared.change(|world| {
            if let Some(connector) = world.connector_mut(connector_id) {
                connector.is_revoked = true;
            }
        });
    }

    /// Removes the app or bot from its channel, team or group.
    pub fn remove_from_general(&self, connector_id: &str) {
        self.shared.change(|world| {
            if let Some(connector) = world.connector_mut(connector_id) {
                connector.left_general = true;
            }
        });
    }
}
