//! Messages from people, and events from other sources, ready to be sent.

use super::delivery;
use super::error::SimulatorError;
use super::event::Event;
use super::item::Item;
use super::message::{Message, Place, Saying};
use super::shared::{Replay, Shared, SimulatedPlatform};
use crate::events;
use crate::signed_request::SignedRequest;

/// A person's message and the requests that report it to the app. None of them is sent yet.
#[derive(Clone, Debug)]
pub struct Written {
    /// The message.
    pub message: Message,
    /// The events in the order of delivery: usually one, two for a mention in a Slack channel, three for a
    /// first message in Teams.
    pub events: Vec<WrittenEvent>,
}

/// One event and its signed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenEvent {
    /// The id for [`Simulator::attempt`].
    pub event_id: String,
    /// `message`, `app_mention`, `installationUpdate`, ….
    pub kind: String,
    /// The request, signed at the time of writing.
    pub request: SignedRequest,
    /// The destination, if the simulator knows it.
    pub url: Option<String>,
}

impl Written {
    /// The request of the first event that carries the message.
    ///
    /// # Errors
    /// Never for a message from the simulator, because it has at least one event.
    pub fn request(&self) -> Result<SignedRequest, SimulatorError> {
        self.events
            .iter()
            .find(|event| matches!(event.kind.as_str(), "message" | "app_mention"))
            .map(|event| event.request.clone())
            .ok_or_else(|| SimulatorError("a message without an event".into()))
    }
}

/// A message to be written, with its author, recipient and place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    pub(super) connector_id: &'a str,
    pub(super) user_id: &'a str,
    pub(super) place: Place,
    pub(super) text: &'a str,
    pub(super) item: Option<&'a Item>,
    /// The message that it replies to.
    pub(super) thread: Option<&'a str>,
}

/// Writes a message. Nothing is sent yet.
pub(super) fn write(shared: &Shared, words: &Words<'_>) -> Result<Written, SimulatorError> {
    let platform = shared.platform_of(words.connector_id)?;
    if let Some(item) = words.item {
        check(platform, words, item)?;
    }
    let message = shared.change(|world| {
        let connector = world.connector(words.connector_id).cloned();
        let connector =
            connector.ok_or_else(|| SimulatorError::no_connector(words.connector_id))?;
        let person = world.people.get(words.user_id).cloned();
        let person = person.ok_or_else(|| SimulatorError::no_person(words.user_id))?;
        let saying = Saying {
            person: &person,
            place: words.place,
            text: words.text,
            item: words.item,
            thread: words.thread,
            now_ms: shared.clock.now_ms(),
            base_url: &shared.base_url(),
        };
        let (mut message, events) = platform.write(world, &connector, &saying)?;
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

/// Refuses what the platform does not have in this place, and words beside anything but a file.
fn check(
    platform: &dyn SimulatedPlatform,
    words: &Words<'_>,
    item: &Item,
) -> Result<(), SimulatorError> {
    let kind = item.kind();
    if !platform.look().sends(words.place, item) {
        let (key, place) = (platform.platform().key(), words.place.key());
        return Err(SimulatorError(format!(
            "no {kind} can be sent in {place} of {key}"
        )));
    }
    if words.text.is_empty() || matches!(item, Item::File { .. }) {
        Ok(())
    } else {
        Err(SimulatorError(format!("a {kind} has no words beside it")))
    }
}

/// An event with the request that would be sent now.
pub(super) fn written_event(
    shared: &Shared,
    event_id: &str,
) -> Result<WrittenEvent, SimulatorError> {
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

/// Adds an event from another source, for a connector of any platform.
pub(super) fn add_event(
    shared: &Shared,
    connector_id: &str,
    kind: &str,
    event_id: &str,
    body: Vec<u8>,
) -> Result<(), SimulatorError> {
    let platform = shared.platform_of(connector_id)?.platform();
    let event = Event::new(platform, event_id, kind, connector_id, body);
    shared.change(|world| world.events.insert(event_id.to_owned(), event));
    Ok(())
}

/// Adds a file of `events/<provider>` for a connector. `fresh` gives the event a new id and time, so that it
/// is not treated as a duplicate of the last replay.
pub(super) fn add_fixture(
    shared: &Shared,
    connector_id: &str,
    name: &str,
    user_id: Option<&str>,
    fresh: bool,
) -> Result<String, SimulatorError> {
    let platform = shared.platform_of(connector_id)?;
    let fixture = events::load(platform.platform().key(), name)
        .map_err(|error| SimulatorError(error.to_string()))?;
    let replay = Replay {
        user_id,
        fresh,
        now_ms: shared.clock.now_ms(),
        base_url: &shared.base_url(),
    };
    let (event_id, body) = shared.change(|world| {
        let connector = world.connector(connector_id).cloned();
        let connector = connector.ok_or_else(|| SimulatorError::no_connector(connector_id))?;
        platform.replay(world, &connector, fixture, &replay)
    })?;
    add_event(shared, connector_id, name, &event_id, body)?;
    Ok(event_id)
}
