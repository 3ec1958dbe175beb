//! Observations of the world's state.

use super::{WELCOME, World};
use crate::accounts::identity;
use serde_json::Value;
use vestibule_domain::{
    access::{quota::HeldBack, standing::Standing},
    connector::Connector,
    ids::ChatUserId,
    page::{Order, PageRequest},
    ports::{AccessRequestFilter, AccessRequestStore, AccessRequestView},
};
use vestibule_testkit::{
    dynamodb::DynamoDb,
    fault_proxy::FaultProxy,
    simulator::{Message, Person},
};

/// The outbox marks of a table, but for those of events to publish.
pub fn marks_of_work(db: &DynamoDb) -> Vec<serde_json::Map<String, Value>> {
    let mut marks = db.index_items("outbox").unwrap();
    marks.retain(|row| row["sk"] != "OUTGOING_EVENT");
    marks
}

impl World {
    /// A person, with their id on each platform.
    pub fn known_as(&self, person: &str) -> Person {
        self.slack.person(person).unwrap()
    }

    /// The chat user id of a person on the world's platform.
    pub fn chat_user_id(&self, person: &str) -> ChatUserId {
        identity(self.platform, &self.connector, &self.known_as(person)).chat_user_id(self.scope)
    }

    /// Every access request of the project, newest first.
    pub async fn requests(&self) -> Vec<AccessRequestView> {
        self.stores
            .access_requests
            .list_access_requests(self.scope, &AccessRequestFilter::default(), &first_page())
            .await
            .unwrap()
            .items
    }

    /// A person's standing at a connector, if they wrote there.
    pub async fn standing_at(&self, connector: &Connector, person: &str) -> Option<Standing> {
        let store = &self.stores.access_requests;
        let places = store.writing_places(self.scope, self.chat_user_id(person));
        let mut places = places.await.unwrap().into_iter();
        let place = places.find(|place| place.connector.id == connector.id);
        place.map(|place| place.standing)
    }

    /// The connectors that held back messages of new people within the last day.
    pub async fn held_back(&self) -> Vec<HeldBack> {
        let held_back = self
            .stores
            .access_requests
            .held_back(self.scope, self.now())
            .await;
        held_back.unwrap()
    }

    /// Rows whose sort key has this prefix.
    pub fn rows(&self, sort_key: &str) -> Vec<serde_json::Map<String, Value>> {
        let mut rows = self.db.items().unwrap();
        rows.retain(|row| {
            row["sk"]
                .as_str()
                .is_some_and(|sk| sk.starts_with(sort_key))
        });
        rows
    }

    /// The outbox marks, but for those of the search index and of events to publish: no test of anything else waits for
    /// them.
    pub fn outbox(&self) -> Vec<serde_json::Map<String, Value>> {
        let mut marks = if self.is_told_quietly {
            marks_of_work(&self.db)
        } else {
            self.db.index_items("outbox").unwrap()
        };
        marks.retain(|row| row["sk"] != "INDEX");
        marks
    }

    /// The outbox marks of records that are to be indexed.
    pub fn index_orders(&self) -> Vec<serde_json::Map<String, Value>> {
        let mut marks = self.db.index_items("outbox").unwrap();
        marks.retain(|row| row["sk"] == "INDEX");
        marks
    }

    /// The outbox marks of work that is owed: all but those that wait for the next request to expire, or for a member
    /// who has room.
    pub fn owed(&self) -> Vec<serde_json::Map<String, Value>> {
        let mut marks = self.outbox();
        marks.retain(|mark| !self.only_waits(mark));
        marks
    }

    /// Whether this mark is that of a connector whose next request is yet to expire, or of a queue of conversations
    /// that was just looked at.
    fn only_waits(&self, mark: &serde_json::Map<String, Value>) -> bool {
        // Lane, state and time in one number; see the adapters' `marks`.
        const STATE: i64 = 10_000_000_000;
        let position = mark["outbox_due"].as_i64().unwrap();
        let is_waiting = position / STATE % 10 == 0;
        let sort_key = mark["sk"].as_str().unwrap();
        let may_wait = sort_key.starts_with("EXPIRY#") || sort_key == "ORDER";
        may_wait && is_waiting && position % STATE > self.now().seconds()
    }

    /// The texts from the onboarding connector's app to a person, as they read them.
    pub fn told(&self, person: &str) -> Vec<String> {
        self.slack
            .messages_to(person)
            .iter()
            .map(Message::plain_text)
            .collect()
    }

    /// The number of onboarding messages that a person got.
    pub fn welcomes(&self, person: &str) -> usize {
        self.told(person)
            .iter()
            .filter(|text| *text == WELCOME)
            .count()
    }

    /// Every proxy.
    pub fn proxies(&self) -> [&FaultProxy; 4] {
        [&self.to_db, &self.to_aws, &self.to_slack, &self.to_agent]
    }

    /// Restarts the counts of calls.
    pub fn count_from_here(&self) {
        for proxy in self.proxies() {
            proxy.reset_counts();
        }
    }

    /// Whether any fault has occurred since [`Self::count_from_here`].
    pub fn has_struck(&self) -> bool {
        self.proxies()
            .iter()
            .any(|proxy| proxy.log().iter().any(|call| call.fault.is_some()))
    }

    /// The AWS calls since [`Self::count_from_here`].
    pub fn aws_calls(&self) -> Vec<String> {
        [self.to_db.sequence(), self.to_aws.sequence()].concat()
    }
}

/// The first page of a list.
fn first_page() -> PageRequest {
    PageRequest {
        limit: 100,
        cursor: None,
        order: Order::NewestFirst,
    }
}
