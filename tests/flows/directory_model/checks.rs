//! Comparisons of the world with its model.

use super::{
    model::Fate,
    stage::{Stage, Way, fate},
};
use crate::{explain::Draws, search::url_encoded};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use vestibule_domain::{
    chat::user::{ChatUser, ChatUserStatus},
    directory::end_user::EndUserSource,
};
use vestibule_testkit::simulator::WhatsAppShows;

/// Requests on one page.
const PAGE: usize = 100;

impl Stage {
    /// Compares the records: people, chat users, and requests.
    pub async fn assert_records_agree(&self) {
        self.assert_people_agree().await;
        let users = self.world.chat_users().await;
        assert_eq!(users.len(), self.model.writers.len(), "{users:?}");
        for user in &users {
            self.assert_writer_agrees(user);
        }
        let mut requests = Vec::new();
        for view in self.world.requests().await {
            let request = view.request;
            let fate = fate(request.status());
            let asked = (request.connector_id, request.environment_id, fate);
            requests.push((request.chat_user_id, asked));
        }
        let expected = self.model.requests.iter();
        let expected = expected.filter(|request| request.fate != Fate::Erased);
        let expected = expected.map(|request| {
            let asked = (request.connector, request.environment, request.fate);
            (request.writer, asked)
        });
        let mut expected: Vec<_> = expected.collect();
        assert!(expected.len() < PAGE, "more requests than on one page");
        requests.sort_unstable();
        expected.sort_unstable();
        assert_eq!(requests, expected);
        self.world.assert_links_agree().await;
        self.world.assert_tallies_agree();
    }

    async fn assert_people_agree(&self) {
        let people = self.world.end_users().await;
        let stored: BTreeMap<_, _> = people.iter().map(|person| (person.id, person)).collect();
        assert_eq!(stored.len(), self.model.people.len(), "{people:?}");
        for (key, expected) in &self.model.people {
            let person = stored[&expected.id.unwrap()];
            assert_eq!(person.environments, expected.environments, "{person:?}");
            let phone = person.phone.as_ref().map(ToString::to_string);
            assert_eq!(phone, expected.phone, "{person:?}");
            let linked = self.model.chat_users_of(*key);
            assert_eq!(person.chat_users, linked, "{person:?}");
            let is_invited = person.source == EndUserSource::Invited;
            assert_eq!(is_invited, expected.is_invited, "{person:?}");
        }
    }

    fn assert_writer_agrees(&self, user: &ChatUser) {
        let expected = self.model.writers.get(&user.id);
        let expected = expected.unwrap_or_else(|| panic!("nobody wrote as {user:?}"));
        let held: BTreeSet<_> = user.grants.keys().copied().collect();
        assert_eq!(held, expected.grants, "{user:?}");
        let person = expected.person.map(|key| &self.model.people[&key]);
        let person = person.and_then(|person| person.id);
        assert_eq!(user.end_user_id, person, "{user:?}");
        assert_eq!(user.is_apart, expected.is_apart, "{user:?}");
        assert_eq!(user.block.is_some(), expected.is_blocked, "{user:?}");
        assert_eq!(user.admitted_openly, expected.is_admitted, "{user:?}");
    }

    /// Compares what the API lists, counts and finds.
    pub async fn assert_lists_agree(&self, draws: &mut Draws) {
        let counts = self.succeeds("GET", "access-requests/counts", Value::Null);
        let counts = counts.await;
        for (name, fate) in [("pending", Fate::Pending), ("approved", Fate::Approved)] {
            let expected = self.model.in_state(fate).len();
            assert_eq!(counts[name]["count"], expected, "{name}: {counts}");
        }
        let pending = self
            .ids("access-requests?status=pending", "chat_user_id")
            .await;
        let waiting = self.model.in_state(Fate::Pending).into_iter();
        let mut waiting: Vec<_> = waiting
            .map(|request| self.model.requests[request].writer.to_string())
            .collect();
        waiting.sort_unstable();
        assert_eq!(pending, waiting);

        let counts = self.succeeds("GET", "chat-users/counts", Value::Null).await;
        for (name, status) in [
            ("onboarding", ChatUserStatus::Onboarding),
            ("active", ChatUserStatus::Active),
            ("blocked", ChatUserStatus::Blocked),
        ] {
            let expected = self.writers_with(status);
            assert_eq!(counts[name]["count"], expected.len(), "{name}: {counts}");
            let list = format!("chat-users?status={name}");
            assert_eq!(self.ids(&list, "id").await, expected, "{name}");
        }

        let erased = self.model.kept.values().map(ToString::to_string);
        let mut erased: Vec<_> = erased.collect();
        erased.sort_unstable();
        erased.dedup();
        let list = "chat-users/kept-blocks?order=newest";
        assert_eq!(self.ids(list, "erased_at").await, erased);

        let counts = self.succeeds("GET", "end-users/counts", Value::Null).await;
        assert_eq!(counts["count"], self.model.people.len(), "{counts}");
        for environment in &self.environments {
            let list = format!("end-users?environment_id={environment}");
            let mut expected = Vec::new();
            for person in self.model.people.values() {
                if person.environments.contains(environment) {
                    expected.push(person.id.unwrap().to_string());
                }
            }
            expected.sort_unstable();
            assert_eq!(self.ids(&list, "id").await, expected, "{environment}");
        }
        self.assert_search_agrees(draws).await;
    }

    /// Looks for a name and a number of the directory, and for somebody who writes.
    async fn assert_search_agrees(&self, draws: &mut Draws) {
        let turn = usize::try_from(draws.below(1000)).unwrap();
        let people = || self.model.people.values();
        let names: Vec<_> = people().filter_map(|person| person.name.clone()).collect();
        let phones: Vec<_> = people().filter_map(|person| person.phone.clone()).collect();
        if !names.is_empty() {
            let name = &names[turn % names.len()];
            let ids = people()
                .filter(|person| person.name.as_ref() == Some(name))
                .map(|person| person.id.unwrap().to_string());
            assert_eq!(self.found("end-users", name).await, sorted(ids), "{name}");
        }
        if !phones.is_empty() {
            let phone = &phones[turn % phones.len()];
            let holder = self.model.holder(phone).unwrap();
            let holder = self.model.people[&holder].id.unwrap().to_string();
            assert_eq!(self.found("end-users", phone).await, [holder], "{phone}");
        }

        let human = turn % self.humans.len();
        let phone = &self.humans[human].phone;
        let writers = self.model.writers.iter();
        let known = writers.filter(|(_, writer)| writer.phone.as_ref() == Some(phone));
        let known = sorted(known.map(|(id, _)| id.to_string()));
        assert_eq!(self.found("chat-users", phone).await, known, "{phone}");
        // Every platform but SMS tells the name, sooner or later.
        let slack = self.sender(human, Way::Slack).ids;
        let twilio = self.sender(human, Way::WhatsApp(WhatsAppShows::Both)).ids;
        let name = &self.humans[human].name;
        let found = self.found("chat-users", name).await;
        for id in &slack {
            let is_on_record = self.model.writers.contains_key(id);
            let is_found = found.contains(&id.to_string());
            assert!(is_found || !is_on_record, "{name}: {found:?}");
        }
        let possible = sorted(slack.iter().chain(&twilio).map(ToString::to_string));
        assert!(
            found.iter().all(|id| possible.contains(id)),
            "{name}: {found:?}"
        );
    }

    fn writers_with(&self, status: ChatUserStatus) -> Vec<String> {
        let writers = self.model.writers.iter();
        let with = writers.filter(|(_, writer)| {
            let is_let_in = writer.is_admitted || !writer.grants.is_empty();
            let own = match (writer.is_blocked, is_let_in) {
                (true, _) => ChatUserStatus::Blocked,
                (false, true) => ChatUserStatus::Active,
                (false, false) => ChatUserStatus::Onboarding,
            };
            own == status
        });
        sorted(with.map(|(id, _)| id.to_string()))
    }

    /// Ids that a search in a list finds.
    async fn found(&self, list: &str, query: &str) -> Vec<String> {
        let list = format!("{list}?q={}", url_encoded(query));
        self.ids(&list, "id").await
    }

    /// The ids in a list, in their own order.
    async fn ids(&self, list: &str, name: &str) -> Vec<String> {
        let list = format!("{list}&limit={PAGE}");
        let (mut ids, mut path) = (Vec::new(), list.clone());
        loop {
            let page = self.succeeds("GET", &path, Value::Null).await;
            let items = page["items"].as_array().unwrap().iter();
            ids.extend(items.map(|item| item[name].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("{list}&cursor={cursor}"),
                None => return sorted(ids.into_iter()),
            }
        }
    }
}

fn sorted(ids: impl Iterator<Item = String>) -> Vec<String> {
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids
}
