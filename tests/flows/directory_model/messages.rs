//! Effects of messages on the model.

use super::model::{Fate, Model, Place, Request, Writer};
use std::time::Duration;
use vestibule_domain::{
    Timestamp,
    connector::Policy,
    ids::{ChatUserId, ConnectorId},
};

/// Time after a rejection in which a message makes no new request.
const COOL_DOWN: Duration = Duration::from_hours(24);

/// The decision about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// The agent gets it.
    Deliver,
    /// The person is approved, and the agent gets it.
    ApproveAndDeliver,
    /// It is held, and makes or counts on a request.
    Onboard,
    /// It is acknowledged, without a request.
    Ignore,
    /// It is acknowledged, and nothing is written.
    Drop,
}

impl Decision {
    /// The spelling in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::ApproveAndDeliver => "approve_and_deliver",
            Self::Onboard => "onboard",
            Self::Ignore => "ignore",
            Self::Drop => "drop",
        }
    }

    /// Whether the agent gets the message.
    pub const fn delivers(self) -> bool {
        matches!(self, Self::Deliver | Self::ApproveAndDeliver)
    }
}

/// The sender of a message, as the platform names them.
#[derive(Debug, Clone)]
pub struct Sender {
    /// One id, or the stable one and the number.
    pub ids: Vec<ChatUserId>,
    /// The number that the platform asserts.
    pub phone: Option<String>,
}

/// A message at a connector.
struct Message<'a> {
    writer: ChatUserId,
    connector: ConnectorId,
    sender: &'a Sender,
    /// The person of the directory with the sender's number.
    number: Option<usize>,
    now: Timestamp,
}

impl Model {
    /// Takes a message, and tells what becomes of it.
    pub fn message(&mut self, connector: ConnectorId, sender: &Sender, now: Timestamp) -> Decision {
        if self.is_shut_out(sender) {
            return Decision::Drop;
        }
        let (writer, merged) = self.recognise(sender);
        let phone = sender.phone.as_deref();
        let mut message = Message {
            writer,
            connector,
            sender,
            number: phone.and_then(|phone| self.holder(phone)),
            now,
        };
        let mut decision = self.decide(&message);
        let has_no_room = |person: usize| self.is_full(person, writer);
        if decision == Decision::ApproveAndDeliver && message.number.is_some_and(has_no_room) {
            message.number = None;
            decision = self.decide(&message);
        }
        match decision {
            Decision::Drop => {}
            Decision::Deliver if self.connectors[&connector].policy == Policy::AllowAll => {
                self.let_through(&message);
            }
            Decision::Deliver => self.go_on(&message),
            Decision::ApproveAndDeliver => self.vouch(&message),
            Decision::Ignore => self.track(&message),
            Decision::Onboard => self.hold(&message),
        }
        for place in merged {
            self.bring_together(writer, place);
        }
        decision
    }

    /// Whether the block of an erased person counts for one of the sender's ids. Then it counts for the other one too,
    /// unless something is known of that.
    fn is_shut_out(&mut self, sender: &Sender) -> bool {
        let erased_at = sender.ids.iter().find_map(|id| self.kept.get(id).copied());
        let Some(erased_at) = erased_at else {
            return false;
        };
        for id in &sender.ids {
            if !self.writers.contains_key(id) && !self.aliases.contains_key(id) {
                self.kept.entry(*id).or_insert(erased_at);
            }
        }
        true
    }

    /// Finds the record of a sender. Two ids that come together belong to one person from then on; if they had two
    /// records, the connectors tell where the person and the directory are to be brought together.
    fn recognise(&mut self, sender: &Sender) -> (ChatUserId, Vec<ConnectorId>) {
        let (stable, number) = match sender.ids[..] {
            [id] => return (self.aliases.get(&id).copied().unwrap_or(id), Vec::new()),
            [stable, number] => (stable, number),
            _ => panic!("{sender:?} has one id or two"),
        };
        let has_record = |id: ChatUserId| self.writers.contains_key(&id);
        match (has_record(stable), has_record(number)) {
            (true, true) => {
                self.aliases.insert(stable, number);
                (number, self.merge(number, stable))
            }
            (false, true) => {
                self.aliases.insert(stable, number);
                (number, Vec::new())
            }
            (is_on_record, false) => {
                self.aliases.insert(number, stable);
                if is_on_record {
                    self.writer(stable).phone.clone_from(&sender.phone);
                }
                (stable, Vec::new())
            }
        }
    }

    /// Decides, by the first rule that applies.
    fn decide(&self, message: &Message<'_>) -> Decision {
        let at = &self.connectors[&message.connector];
        let stranger = Writer::default();
        let writer = self.writers.get(&message.writer).unwrap_or(&stranger);
        let is_listed = message.number.is_some_and(|person| {
            let is_other = writer.is_apart || writer.person.is_some_and(|own| own != person);
            !is_other && self.people[&person].environments.contains(&at.environment)
        });
        let heeds_list = at.policy == Policy::AllowList || at.preapproves;
        let place = writer.places.get(&message.connector);
        let admission = place.and_then(Place::admission);
        let was_before = admission.is_some_and(|time| at.asks_since.is_some_and(|on| time <= on));
        if writer.is_blocked {
            Decision::Drop
        } else if at.policy == Policy::AllowAll || writer.grants.contains(&at.environment) {
            Decision::Deliver
        } else if is_listed && heeds_list {
            Decision::ApproveAndDeliver
        } else if at.policy == Policy::AllowList {
            Decision::Ignore
        } else if at.keeps && was_before {
            Decision::Deliver
        } else {
            Decision::Onboard
        }
    }

    /// The record of the sender, which is made if there is none.
    fn sender(&mut self, message: &Message<'_>) -> &mut Writer {
        let phone = &message.sender.phone;
        let new = || Writer {
            phone: phone.clone(),
            ..Writer::default()
        };
        self.writers.entry(message.writer).or_insert_with(new)
    }

    /// An open connector lets anybody through.
    fn let_through(&mut self, message: &Message<'_>) {
        let writer = self.sender(message);
        writer.is_admitted = true;
        let is_new = writer.may_register();
        let place = writer.places.entry(message.connector).or_default();
        place.admitted_at = place.admission().or(Some(message.now));
        if is_new {
            self.bring_together(message.writer, message.connector);
        }
    }

    /// Somebody with access goes on. What is not yet so in the directory follows.
    fn go_on(&mut self, message: &Message<'_>) {
        let environment = self.connectors[&message.connector].environment;
        let writer = self.sender(message);
        let place = writer.places.get(&message.connector);
        let waits = place.is_some_and(|place| place.waits.is_some());
        let is_answered = waits && writer.grants.contains(&environment);
        if writer.may_register() || is_answered {
            self.place(message.writer, message.connector);
            self.bring_together(message.writer, message.connector);
        }
    }

    /// The directory vouches for somebody.
    fn vouch(&mut self, message: &Message<'_>) {
        let person = message.number.unwrap();
        let given = self.people[&person].environments.clone();
        let environment = self.connectors[&message.connector].environment;
        let is_known = self.writers.contains_key(&message.writer);
        let writer = self.sender(message);
        writer.person = Some(person);
        writer.grants.extend(&given);
        let brings_more = writer.grants.len() > given.len();
        let place = writer.places.entry(message.connector).or_default();
        place.approved_at = Some(message.now);
        match place.waits.take() {
            Some(request) => self.requests[request].fate = Fate::Approved,
            None => self.ask(message, Fate::Approved),
        }
        if is_known {
            self.approve_held(message.writer, &[environment].into());
        }
        if brings_more {
            self.bring_together(message.writer, message.connector);
        }
    }

    /// A connector that answers the directory alone remembers whom it never saw.
    fn track(&mut self, message: &Message<'_>) {
        if !self.writers.contains_key(&message.writer) {
            let writer = self.sender(message);
            writer.places.entry(message.connector).or_default();
        }
    }

    /// Somebody has to wait.
    fn hold(&mut self, message: &Message<'_>) {
        let heeds_list = self.connectors[&message.connector].preapproves;
        let writer = self.sender(message);
        let may_register = writer.may_register();
        let place = writer.places.entry(message.connector).or_default();
        if place.waits.is_some() {
            return;
        }
        let rejected_at = place.rejected_at;
        let counts = rejected_at.filter(|at| place.approved_at.is_none_or(|made| made < *at));
        if counts.is_some_and(|at| message.now < at.plus(COOL_DOWN)) {
            return;
        }
        if place.admitted_at.is_some() {
            writer.is_admitted = false;
        }
        self.ask(message, Fate::Pending);
        let request = self.requests.len() - 1;
        self.place(message.writer, message.connector).waits = Some(request);
        if heeds_list && may_register && message.number.is_some() {
            self.bring_together(message.writer, message.connector);
        }
    }

    fn ask(&mut self, message: &Message<'_>, fate: Fate) {
        self.requests.push(Request {
            writer: message.writer,
            connector: message.connector,
            environment: self.connectors[&message.connector].environment,
            fate,
            made_at: message.now,
        });
    }

    /// Brings a chat user and the directory together. Access that comes with it answers the requests of somebody who
    /// waits at this connector.
    fn bring_together(&mut self, id: ChatUserId, connector: ConnectorId) {
        self.register(id, connector);
        if self.place(id, connector).waits.is_some() {
            let grants = self.writers[&id].grants.clone();
            self.approve_held(id, &grants);
        }
    }

    fn register(&mut self, id: ChatUserId, connector: ConnectorId) {
        let writer = &self.writers[&id];
        if let Some(person) = writer.person {
            let grants = writer.grants.clone();
            self.share(person, &grants);
            return;
        }
        if writer.is_apart || writer.is_blocked {
            return;
        }
        let was_let_in = writer.is_admitted
            || !writer.grants.is_empty()
            || writer.places[&connector].admitted_at.is_some();
        if let Some(person) = self.holder_with_room(id) {
            self.link(id, person);
        } else if was_let_in {
            self.register_new(id);
        }
    }
}
