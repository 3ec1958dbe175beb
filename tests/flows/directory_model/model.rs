//! The directory as plain maps: who holds which environment, who is linked to whom, and who waits where.
//!
//! It knows nothing of rows, transactions, jobs or retries. Where the specification leaves freedom, it follows
//! `infra/decisions.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use vestibule_domain::{
    Timestamp,
    connector::Policy,
    ids::{ChatUserId, ConnectorId, EndUserId, EnvironmentId},
};

/// A set of environments.
pub type Environments = BTreeSet<EnvironmentId>;

/// Most chat users of one person.
const LINKS_MAX: usize = 20;

/// A connector.
#[derive(Debug)]
pub struct Connector {
    /// The environment that it leads to.
    pub environment: EnvironmentId,
    /// Its policy.
    pub policy: Policy,
    /// Whether it heeds the directory while it asks for approval.
    pub preapproves: bool,
    /// Whether it keeps the people who were let in before it asked for approval.
    pub keeps: bool,
    /// Time at which it began to ask for approval.
    pub asks_since: Option<Timestamp>,
    /// Time after which its requests expire, if they do.
    pub expires_after: Option<Duration>,
}

/// Facts about a chat user at one connector.
#[derive(Debug, Default, Clone)]
pub struct Place {
    /// Time at which the connector, open to everybody, let them in.
    pub admitted_at: Option<Timestamp>,
    /// The request that waits.
    pub waits: Option<usize>,
    /// Time of the last rejection.
    pub rejected_at: Option<Timestamp>,
    /// Time of the last approval that was given here.
    pub approved_at: Option<Timestamp>,
}

impl Place {
    /// Time of the admission, unless a rejection came after it.
    pub fn admission(&self) -> Option<Timestamp> {
        let counts = |at: &Timestamp| self.rejected_at.is_none_or(|rejected| rejected < *at);
        self.admitted_at.filter(counts)
    }
}

/// A chat user.
#[derive(Debug, Default)]
pub struct Writer {
    /// The environments in which they may talk.
    pub grants: Environments,
    /// The person whom they are linked to.
    pub person: Option<usize>,
    /// Whether an admin keeps them apart from the directory.
    pub is_apart: bool,
    /// Whether they are blocked.
    pub is_blocked: bool,
    /// Whether an open connector let them in.
    pub is_admitted: bool,
    /// The number that the platform asserts.
    pub phone: Option<String>,
    /// The connectors that have something on record about them.
    pub places: BTreeMap<ConnectorId, Place>,
}

impl Writer {
    /// Whether the directory may take them in without an admin.
    pub fn may_register(&self) -> bool {
        self.person.is_none() && !self.is_apart
    }
}

/// A person of the directory.
#[derive(Debug)]
pub struct Person {
    /// The id, once it is known.
    pub id: Option<EndUserId>,
    /// The first name, if an admin gave it.
    pub name: Option<String>,
    /// The number.
    pub phone: Option<String>,
    /// The environments.
    pub environments: Environments,
    /// Whether an admin added them.
    pub is_invited: bool,
}

/// The state of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Nobody decided.
    Pending,
    /// The person was let in.
    Approved,
    /// The person was not let in.
    Rejected,
    /// The person is erased, and the request with them.
    Erased,
}

/// An access request.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// The person who asks.
    pub writer: ChatUserId,
    /// The connector to which they wrote.
    pub connector: ConnectorId,
    /// The environment that they ask for.
    pub environment: EnvironmentId,
    /// Its outcome.
    pub fate: Fate,
    /// Time at which they asked.
    pub made_at: Timestamp,
}

/// The place in the directory that an approval gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// That of the holder of the number, else a new person.
    ByNumber,
    /// A new person.
    New,
    /// This person.
    Existing(usize),
    /// None.
    Apart,
}

/// Everything that is so.
#[derive(Debug, Default)]
pub struct Model {
    /// The connectors.
    pub connectors: BTreeMap<ConnectorId, Connector>,
    /// The chat users.
    pub writers: BTreeMap<ChatUserId, Writer>,
    /// The people of the directory.
    pub people: BTreeMap<usize, Person>,
    /// The requests, the oldest first.
    pub requests: Vec<Request>,
    /// Ids of people who are on record under another one.
    pub aliases: BTreeMap<ChatUserId, ChatUserId>,
    /// Ids for which the block of an erased person counts, with the time of the erasure.
    pub kept: BTreeMap<ChatUserId, Timestamp>,
    people_made: usize,
}

impl Model {
    /// The person with this number.
    pub fn holder(&self, phone: &str) -> Option<usize> {
        let mut people = self.people.iter();
        let found = people.find(|(_, person)| person.phone.as_deref() == Some(phone));
        found.map(|(key, _)| *key)
    }

    /// The chat users of a person.
    pub fn chat_users_of(&self, person: usize) -> BTreeSet<ChatUserId> {
        let linked = self.writers.iter();
        let linked = linked.filter(|(_, writer)| writer.person == Some(person));
        linked.map(|(id, _)| *id).collect()
    }

    /// Whether a person has as many chat users as can be, this one aside.
    pub fn is_full(&self, person: usize, aside: ChatUserId) -> bool {
        let mut linked = self.chat_users_of(person);
        linked.remove(&aside);
        linked.len() >= LINKS_MAX
    }

    /// The requests in this state.
    pub fn in_state(&self, fate: Fate) -> Vec<usize> {
        let requests = self.requests.iter().enumerate();
        let found = requests.filter(|(_, request)| request.fate == fate);
        found.map(|(place, _)| place).collect()
    }

    pub(super) fn writer(&mut self, id: ChatUserId) -> &mut Writer {
        self.writers.entry(id).or_default()
    }

    pub(super) fn place(&mut self, id: ChatUserId, connector: ConnectorId) -> &mut Place {
        self.writer(id).places.entry(connector).or_default()
    }

    /// The holder of a chat user's number, if there is room for one more.
    pub(super) fn holder_with_room(&self, id: ChatUserId) -> Option<usize> {
        let phone = self.writers[&id].phone.as_deref()?;
        self.holder(phone).filter(|key| !self.is_full(*key, id))
    }

    pub(super) fn new_person(&mut self, person: Person) -> usize {
        self.people_made += 1;
        self.people.insert(self.people_made, person);
        self.people_made
    }

    /// Gives a person more environments, and all their chat users what the person then holds.
    pub(super) fn share(&mut self, person: usize, more: &Environments) {
        let held = &mut self.people.get_mut(&person).unwrap().environments;
        held.extend(more);
        self.settle(person);
    }

    /// Gives the chat users of a person the person's environments and no others.
    pub(super) fn settle(&mut self, person: usize) {
        let held = self.people[&person].environments.clone();
        let writers = self.writers.values_mut();
        for writer in writers.filter(|writer| writer.person == Some(person)) {
            writer.grants.clone_from(&held);
        }
    }

    /// Links a chat user, and gives each of the two what the other one holds.
    pub(super) fn link(&mut self, id: ChatUserId, person: usize) {
        let writer = self.writer(id);
        writer.person = Some(person);
        writer.is_apart = false;
        let grants = writer.grants.clone();
        self.share(person, &grants);
    }

    /// Makes a person of a chat user.
    pub(super) fn register_new(&mut self, id: ChatUserId) {
        let writer = &self.writers[&id];
        let phone = writer.phone.clone();
        let phone = phone.filter(|phone| self.holder(phone).is_none());
        let environments = writer.grants.clone();
        let key = self.new_person(Person {
            id: None,
            name: None,
            phone,
            environments,
            is_invited: false,
        });
        self.link(id, key);
    }

    /// Ends the wait of a chat user at a connector, with this end of the request.
    pub(super) fn decide_waiting(&mut self, id: ChatUserId, connector: ConnectorId, fate: Fate) {
        if let Some(request) = self.place(id, connector).waits.take() {
            self.requests[request].fate = fate;
        }
    }

    /// Approves what a chat user waits for and holds already, at all connectors but one.
    pub(super) fn approve_held(&mut self, id: ChatUserId, of: &Environments) {
        let Some(writer) = self.writers.get(&id).filter(|writer| !writer.is_blocked) else {
            return;
        };
        let mut answered = Vec::new();
        for (connector, place) in &writer.places {
            let asked = place
                .waits
                .map(|request| self.requests[request].environment);
            if asked.is_some_and(|asked| writer.grants.contains(&asked) && of.contains(&asked)) {
                answered.push(*connector);
            }
        }
        for connector in answered {
            self.decide_waiting(id, connector, Fate::Approved);
        }
    }
}
