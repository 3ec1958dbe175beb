//! Effects of admins and time on the model.

use super::model::{Choice, Environments, Fate, Model, Person, Place, Request};
use std::time::Duration;
use vestibule_domain::{
    Timestamp,
    connector::Policy,
    ids::{ChatUserId, ConnectorId, EndUserId, EnvironmentId},
};

impl Model {
    /// Adds a person; `false` if somebody has the number.
    pub fn add(
        &mut self,
        name: &str,
        phone: &str,
        environments: Environments,
        id: Option<EndUserId>,
    ) -> bool {
        if self.holder(phone).is_some() {
            return false;
        }
        self.new_person(Person {
            id,
            name: Some(name.to_owned()),
            phone: Some(phone.to_owned()),
            environments,
            is_invited: true,
        });
        true
    }

    /// Gives a person these environments and no others.
    pub fn set_environments(&mut self, person: usize, environments: Environments) {
        self.people.get_mut(&person).unwrap().environments = environments;
        self.settle(person);
    }

    /// Gives a person another number: the chat users of the old one are strangers. `false` if somebody has the number.
    pub fn set_phone(&mut self, person: usize, phone: &str) -> bool {
        match self.holder(phone) {
            Some(holder) if holder == person => return true,
            Some(_) => return false,
            None => {}
        }
        let known = self.people.get_mut(&person).unwrap();
        let old = known.phone.replace(phone.to_owned());
        for writer in self.writers.values_mut() {
            if writer.person == Some(person) && old.is_some() && writer.phone == old {
                writer.person = None;
                writer.grants.clear();
            }
        }
        true
    }

    /// Removes a person: their chat users are strangers.
    pub fn delete(&mut self, person: usize) {
        self.people.remove(&person);
        for writer in self.writers.values_mut() {
            if writer.person == Some(person) {
                writer.person = None;
                writer.grants.clear();
            }
        }
    }

    /// Approves requests in one call. Whether each was approved.
    pub fn approve_all(&mut self, requests: &[usize], choice: Choice, now: Timestamp) -> Vec<bool> {
        let mut approved = Vec::new();
        for request in requests {
            approved.push(self.approve_one(*request, choice, now));
        }
        for (request, _) in requests.iter().zip(&approved).filter(|(_, done)| **done) {
            let Request {
                writer,
                environment,
                ..
            } = self.requests[*request];
            self.approve_held(writer, &[environment].into());
        }
        approved
    }

    fn approve_one(&mut self, request: usize, choice: Choice, now: Timestamp) -> bool {
        let Request {
            writer,
            connector,
            environment,
            ..
        } = self.requests[request];
        let is_let_in = self.let_in(writer, environment, choice);
        if is_let_in {
            self.decide_waiting(writer, connector, Fate::Approved);
            self.place(writer, connector).approved_at = Some(now);
        }
        is_let_in
    }

    /// Gives a chat user an environment and a place in the directory. `false` if they are blocked, or cannot be
    /// linked as chosen.
    pub fn let_in(&mut self, id: ChatUserId, environment: EnvironmentId, choice: Choice) -> bool {
        let writer = &self.writers[&id];
        if writer.is_blocked {
            return false;
        }
        let chosen = match (writer.person, choice) {
            (Some(own), Choice::Existing(other)) if own != other => return false,
            (None, Choice::Existing(other)) if self.is_full(other, id) => return false,
            (Some(own), _) => Some(own),
            (None, Choice::Existing(other)) => Some(other),
            (None, Choice::ByNumber) => self.holder_with_room(id),
            (None, Choice::New | Choice::Apart) => None,
        };
        self.writer(id).grants.insert(environment);
        match chosen {
            Some(person) => self.link(id, person),
            None if choice == Choice::Apart => self.writer(id).is_apart = true,
            None => self.register_new(id),
        }
        true
    }

    /// Records the approval of somebody who had not asked.
    pub fn record_approval(
        &mut self,
        id: ChatUserId,
        environment: EnvironmentId,
        connector: ConnectorId,
        now: Timestamp,
    ) {
        let is_followed_up = self.follows_up(id, environment).contains(&connector);
        self.requests.push(Request {
            writer: id,
            connector,
            environment,
            fate: Fate::Approved,
            made_at: now,
        });
        if is_followed_up {
            self.place(id, connector).approved_at = Some(now);
        }
    }

    /// The connectors of an environment at which a chat user wrote, and does not wait.
    pub fn follows_up(&self, id: ChatUserId, environment: EnvironmentId) -> Vec<ConnectorId> {
        let places = self.writers[&id].places.iter();
        let here = places.filter(|(connector, place)| {
            place.waits.is_none() && self.connectors[connector].environment == environment
        });
        here.map(|(connector, _)| *connector).collect()
    }

    /// The request by which a chat user waits for an environment, the first by the connectors' ids.
    pub fn waits_for(&self, id: ChatUserId, environment: EnvironmentId) -> Option<usize> {
        let mut waiting = self.writers[&id].places.values().filter_map(|at| at.waits);
        waiting.find(|request| self.requests[*request].environment == environment)
    }

    /// Rejects a request.
    pub fn reject(&mut self, request: usize, now: Timestamp) {
        let Request {
            writer, connector, ..
        } = self.requests[request];
        self.decide_waiting(writer, connector, Fate::Rejected);
        self.place(writer, connector).rejected_at = Some(now);
    }

    /// Takes an environment from a chat user, and from the person and all chat users that they are.
    pub fn revoke(&mut self, id: ChatUserId, environment: EnvironmentId) {
        // A request keeps the id under which it was made.
        let id = self.aliases.get(&id).copied().unwrap_or(id);
        let Some(writer) = self.writers.get_mut(&id) else {
            return;
        };
        let mut was_admitted = false;
        let mut is_admitted_elsewhere = false;
        for (connector, place) in &mut writer.places {
            if self.connectors[connector].environment == environment {
                was_admitted |= place.admitted_at.take().is_some();
            } else {
                is_admitted_elsewhere |= place.admitted_at.is_some();
            }
        }
        if writer.grants.remove(&environment) || was_admitted {
            writer.is_admitted &= is_admitted_elsewhere;
        }
        if let Some(person) = writer.person {
            let held = &mut self.people.get_mut(&person).unwrap().environments;
            held.remove(&environment);
            self.settle(person);
        }
    }

    /// Links a chat user at an admin's word; `false` if they are another person, or the person has no room.
    pub fn link_by_admin(&mut self, id: ChatUserId, person: usize) -> bool {
        match self.writers[&id].person {
            Some(own) => own == person,
            None if self.is_full(person, id) => false,
            None => {
                self.link(id, person);
                true
            }
        }
    }

    /// Ends the link of a chat user, who is then kept apart.
    pub fn unlink(&mut self, id: ChatUserId, keeps_access: bool) {
        let writer = self.writer(id);
        if writer.person.take().is_some() {
            writer.is_apart = true;
            if !keeps_access {
                writer.grants.clear();
            }
        }
    }

    /// Erases a chat user; a block stays. A person of the directory who came by writing, and is no other chat user, goes
    /// too.
    pub fn erase(&mut self, id: ChatUserId, now: Timestamp) {
        let gone = self.writers.remove(&id).unwrap();
        let leading = self.aliases.iter().filter(|(_, record)| **record == id);
        let mut ids: Vec<_> = leading.map(|(alias, _)| *alias).collect();
        ids.push(id);
        self.aliases.retain(|_, record| *record != id);
        for request in &mut self.requests {
            if ids.contains(&request.writer) {
                request.fate = Fate::Erased;
            }
        }
        if gone.is_blocked {
            self.kept.extend(ids.into_iter().map(|id| (id, now)));
        }
        if let Some(person) = gone.person
            && self.chat_users_of(person).is_empty()
            && !self.people[&person].is_invited
        {
            self.people.remove(&person);
        }
    }

    /// Lifts the block of somebody who was erased at this time.
    pub fn lift(&mut self, erased_at: Timestamp) {
        self.kept.retain(|_, at| *at != erased_at);
    }

    /// Changes the policy of a connector. Whoever waits there while it stops asking is turned away without a
    /// rejection.
    pub fn switch(
        &mut self,
        connector: ConnectorId,
        policy: Policy,
        keeps: Option<bool>,
        now: Timestamp,
    ) {
        let at = self.connectors.get_mut(&connector).unwrap();
        let asked = at.policy == Policy::OnBoarding;
        at.policy = policy;
        if policy == Policy::OnBoarding {
            at.keeps = keeps.unwrap_or(!asked || at.keeps);
            if !asked {
                at.asks_since = Some(now);
            }
            return;
        }
        at.keeps = true;
        at.asks_since = None;
        if asked {
            let waiting: Vec<_> = self.writers.keys().copied().collect();
            for id in waiting {
                if self.writers[&id].places.contains_key(&connector) {
                    self.decide_waiting(id, connector, Fate::Rejected);
                }
            }
        }
    }

    /// Deletes an environment; `false` if a connector leads to it, or somebody holds no other.
    pub fn delete_environment(&mut self, environment: EnvironmentId) -> bool {
        let sole = Environments::from([environment]);
        let mut people = self.people.values();
        let mut connectors = self.connectors.values();
        if people.any(|person| person.environments == sole)
            || connectors.any(|connector| connector.environment == environment)
        {
            return false;
        }
        for person in self.people.values_mut() {
            person.environments.remove(&environment);
        }
        for writer in self.writers.values_mut() {
            writer.grants.remove(&environment);
        }
        true
    }

    /// Closes the requests that nobody decided in time.
    pub fn expire(&mut self, now: Timestamp) {
        let expired = |ends: Timestamp| ends <= now;
        for request in self.expiring(expired) {
            let Request {
                writer, connector, ..
            } = self.requests[request];
            self.decide_waiting(writer, connector, Fate::Rejected);
        }
    }

    /// Whether a request expires so close to this time that it depends on milliseconds.
    pub fn is_expiry_near(&self, now: Timestamp) -> bool {
        let margin = Duration::from_secs(2);
        let (from, to) = (now.minus(margin), now.plus(margin));
        !self.expiring(|ends| from <= ends && ends <= to).is_empty()
    }

    fn expiring(&self, is_wanted: impl Fn(Timestamp) -> bool) -> Vec<usize> {
        let mut found = self.in_state(Fate::Pending);
        found.retain(|request| {
            let request = &self.requests[*request];
            let after = self.connectors[&request.connector].expires_after;
            after.is_some_and(|after| is_wanted(request.made_at.plus(after)))
        });
        found
    }

    /// Makes one record of two of one person. The one under the number stays; the connectors of the other one tell
    /// where the person and the directory are still to be brought together.
    pub(super) fn merge(&mut self, stays: ChatUserId, goes: ChatUserId) -> Vec<ConnectorId> {
        let gone = self.writers.remove(&goes).unwrap();
        let writer = self.writer(stays);
        writer.is_admitted |= gone.is_admitted;
        writer.is_blocked |= gone.is_blocked;
        writer.person = writer.person.or(gone.person);
        writer.is_apart = writer.person.is_none() && (writer.is_apart || gone.is_apart);
        writer.grants.extend(&gone.grants);
        let grants = writer.grants.clone();
        let person = writer.person;
        let moved: Vec<_> = gone.places.keys().copied().collect();
        self.approve_held(stays, &grants);
        for (connector, place) in gone.places {
            self.move_place(stays, connector, &place);
        }
        let widens = person.is_some_and(|key| !grants.is_subset(&self.people[&key].environments));
        if widens { moved } else { Vec::new() }
    }

    /// Moves what is known at one connector to the record that stays.
    fn move_place(&mut self, stays: ChatUserId, connector: ConnectorId, place: &Place) {
        let was_here = self.writers[&stays].places.contains_key(&connector);
        if let Some(request) = place.waits {
            let environment = self.requests[request].environment;
            let writer = &self.writers[&stays];
            let is_granted = !writer.is_blocked && writer.grants.contains(&environment);
            let own = writer.places.get(&connector);
            let waits_here = own.is_some_and(|own| own.waits.is_some());
            let fate = match (is_granted, waits_here) {
                (true, _) => Fate::Approved,
                (false, true) => Fate::Rejected,
                (false, false) => Fate::Pending,
            };
            self.requests[request].fate = fate;
            if fate == Fate::Pending {
                self.requests[request].writer = stays;
                self.place(stays, connector).waits = Some(request);
            }
        }
        let own = self.place(stays, connector);
        own.rejected_at = own.rejected_at.max(place.rejected_at);
        own.approved_at = own.approved_at.max(place.approved_at);
        own.admitted_at = own.admitted_at.max(place.admitted_at);
        if was_here {
            own.admitted_at = own.admission();
        }
    }
}
