//! The simulator's state: people, connectors, messages, events and calls.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;

use super::calls::{ApiCall, Violation};
use super::connectors::Connector;
use super::event::{Delivery, DeliveryState, Event};
use super::failures::FailureRule;
use super::message::Message;
use super::people::{NewPerson, Person};

/// Number of API calls that are kept. The page shows the latest; tests make far fewer.
const MAX_CALLS: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) workspace_name: String,
    pub(super) api_url: Option<String>,
    pub(super) connectors: Vec<Connector>,
    pub(super) people: BTreeMap<String, Person>,
    pub(super) messages: Vec<Message>,
    pub(super) events: BTreeMap<String, Event>,
    /// Events that calls caused, such as statuses, and that are not sent yet.
    pub(super) outbox: Vec<String>,
    pub(super) failures: Vec<FailureRule>,
    pub(super) calls: Vec<ApiCall>,
    pub(super) call_count: u64,
    pub(super) violations: Vec<Violation>,
    /// Part of new ids, so that a restarted simulator repeats none.
    pub(super) seed: String,
    pub(super) ids: u64,
    /// Additional state of single platforms, by its type.
    own: BTreeMap<TypeId, Box<dyn Any + Send>>,
}

impl World {
    /// An empty world. `seed` becomes part of new ids.
    pub(super) fn new(workspace_name: String, api_url: Option<String>, seed: String) -> Self {
        Self {
            workspace_name,
            api_url,
            seed,
            ..Self::default()
        }
    }

    /// A platform's own state, in a type of its own. `None` until it is first changed.
    pub(super) fn own<T: 'static>(&self) -> Option<&T> {
        self.own.get(&TypeId::of::<T>())?.downcast_ref()
    }

    /// Changes a platform's own state.
    pub(super) fn change_own<T, R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R
    where
        T: Default + Send + 'static,
    {
        let kept = self.own.remove(&TypeId::of::<T>());
        let mut kept: Box<T> = kept
            .and_then(|kept| kept.downcast().ok())
            .unwrap_or_default();
        let result = change(&mut kept);
        self.own.insert(TypeId::of::<T>(), kept);
        result
    }

    pub(super) fn add_person(&mut self, new: NewPerson) -> String {
        let id = new.id.clone().unwrap_or_else(|| self.new_id("U"));
        self.people.insert(id.clone(), Person::new(id.clone(), new));
        id
    }

    /// Adds a connector, or replaces the one with the same id.
    pub(super) fn add_connector(&mut self, connector: Connector) {
        self.connectors.retain(|have| have.id() != connector.id());
        self.connectors.push(connector);
    }

    pub(super) fn connector(&self, connector_id: &str) -> Option<&Connector> {
        self.connectors.iter().find(|one| one.id() == connector_id)
    }

    pub(super) fn connector_mut(&mut self, connector_id: &str) -> Option<&mut Connector> {
        self.connectors
            .iter_mut()
            .find(|one| one.id() == connector_id)
    }

    pub(super) fn person_where(&self, is_wanted: impl Fn(&Person) -> bool) -> Option<&Person> {
        self.people.values().find(|person| is_wanted(person))
    }

    /// Stores an event that a call caused, to be sent after the call.
    pub(super) fn post_event(&mut self, event: Event) {
        let event_id = event.delivery.event_id.clone();
        self.events.insert(event_id.clone(), event);
        self.outbox.push(event_id);
    }

    /// Claims an event for its first attempt. Fails with its delivery if it is already claimed or an
    /// earlier event of its queue is not settled yet, and with `None` if there is no such event.
    pub(super) fn take_event(&mut self, event_id: &str) -> Result<(), Option<Delivery>> {
        let event = self.events.get(event_id).ok_or(None)?;
        let is_blocked = self.queue_of(event).any(|other| {
            other.order < event.order
                && matches!(
                    other.delivery.state,
                    DeliveryState::Waiting | DeliveryState::Retrying
                )
        });
        if is_blocked || event.is_taken {
            return Err(Some(event.delivery.clone()));
        }
        if let Some(event) = self.events.get_mut(event_id) {
            event.is_taken = true;
        }
        Ok(())
    }

    /// The next unsent event in the queue of this one.
    pub(super) fn next_in_queue(&self, event_id: &str) -> Option<String> {
        let event = self.events.get(event_id)?;
        self.queue_of(event)
            .filter(|other| other.delivery.state == DeliveryState::Waiting)
            .min_by_key(|other| other.order)
            .map(|other| other.delivery.event_id.clone())
    }

    fn queue_of(&self, event: &Event) -> impl Iterator<Item = &Event> {
        let queue = event.queue.clone();
        self.events
            .values()
            .filter(move |other| queue.is_some() && other.queue == queue)
    }

    /// A new number, larger than all before.
    pub(super) fn next_number(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    /// Every message that this person can see, oldest first.
    pub(super) fn seen_by(&self, user_id: &str) -> Vec<Message> {
        self.messages
            .iter()
            .filter(|message| {
                let is_party = message.with.as_deref().is_none_or(|with| with == user_id);
                let is_meant = message
                    .only_visible_to
                    .as_deref()
                    .is_none_or(|only| only == user_id);
                is_party && is_meant
            })
            .cloned()
            .collect()
    }

    pub(super) fn record_call(&mut self, call: ApiCall) {
        if self.calls.len() == MAX_CALLS {
            self.calls.remove(0);
        }
        self.calls.push(call);
    }

    pub(super) fn new_id(&mut self, prefix: &str) -> String {
        self.ids += 1;
        format!("{prefix}0{}{:04}", self.seed, self.ids)
    }
}
