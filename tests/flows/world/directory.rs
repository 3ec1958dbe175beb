//! The directory of the world's project, past the rules of the API.

use super::{World, fixtures::audit};
use std::collections::BTreeSet;
use vestibule_domain::{
    chat::user::ChatUser,
    directory::{
        end_user::{EndUser, EndUserSource, Names},
        phone::PhoneNumber,
    },
    ids::{ChatUserId, EndUserId, EnvironmentId, IdSource, SystemIds},
    ports::{By, EndUserCreated, EndUserStore, EndUserUpdated, Linked, StandingStore},
};

impl World {
    /// Adds a person with this number and access to these environments.
    pub async fn invites_to_chat(&self, phone: &str, environments: &[EnvironmentId]) -> EndUser {
        let now = self.now();
        let person = EndUser {
            id: EndUserId::new(SystemIds.draw()),
            scope: self.scope,
            source: EndUserSource::Invited,
            names: Names {
                first: Some("Ada".to_owned()),
                middle: None,
                last: Some("Lovelace".to_owned()),
            },
            phone: Some(PhoneNumber::parse(phone).unwrap()),
            email: None,
            environments: environments.iter().copied().collect(),
            chat_users: [].into(),
            version: 1,
            links_version: 1,
            created_at: now,
            updated_at: now,
        };
        let (entry, proof) = (audit(self.scope, now), &self.stores.proof);
        let by = By {
            audit: &entry,
            proof,
        };
        let created = self.stores.end_users.create_end_user(&person, by).await;
        assert!(
            matches!(created, Ok(EndUserCreated::New)),
            "not created: {created:?}"
        );
        person
    }

    /// A person of the directory as stored.
    pub async fn end_user(&self, id: EndUserId) -> Option<EndUser> {
        let store = &self.stores.end_users;
        store.get_end_user(self.scope, id).await.unwrap()
    }

    /// Every person of the directory, the oldest first.
    pub async fn end_users(&self) -> Vec<EndUser> {
        let mut rows = self.rows("END_USER");
        rows.sort_by_key(|row| row["all_sk"].as_str().map(str::to_owned));
        let mut people = Vec::new();
        for row in rows {
            let id = row["id"].as_str().unwrap().parse().unwrap();
            people.extend(self.end_user(id).await);
        }
        people
    }

    /// Changes a person of the directory.
    pub async fn edits_person(&self, id: EndUserId, change: impl FnOnce(&mut EndUser)) {
        let before = self.end_user(id).await.unwrap();
        let mut after = before.clone();
        change(&mut after);
        let (entry, proof) = (audit(self.scope, self.now()), &self.stores.proof);
        let by = By {
            audit: &entry,
            proof,
        };
        let store = &self.stores.end_users;
        let updated = store.update_end_user(&before, &after, by).await;
        assert!(
            matches!(updated, Ok(EndUserUpdated::Done(_))),
            "not changed: {updated:?}"
        );
    }

    /// Removes a person from the directory.
    pub async fn removes_person(&self, id: EndUserId) {
        let person = self.end_user(id).await.unwrap();
        let (entry, proof) = (audit(self.scope, self.now()), &self.stores.proof);
        let by = By {
            audit: &entry,
            proof,
        };
        let store = &self.stores.end_users;
        store.delete_end_user(&person, by).await.unwrap();
    }

    /// Links somebody who writes to a person of the directory.
    pub async fn links_person(&self, person: &str, id: EndUserId) {
        let (entry, proof) = (audit(self.scope, self.now()), &self.stores.proof);
        let by = By {
            audit: &entry,
            proof,
        };
        let (store, writer) = (&self.stores.end_users, self.chat_user_id(person));
        let linked = store.link(self.scope, id, writer, by).await;
        assert!(matches!(linked, Ok(Linked::Done(..))), "{linked:?}");
    }

    /// The chat user of somebody who wrote.
    pub async fn chat_user(&self, person: &str) -> ChatUser {
        let id = self.chat_user_id(person);
        let found = self.stores.standings.chat_user(self.scope, id).await;
        found.unwrap().unwrap()
    }

    /// The chat user with this id, if there is one.
    pub async fn find_chat_user(&self, id: ChatUserId) -> Option<ChatUser> {
        let store = &self.stores.standings;
        store.chat_user(self.scope, id).await.unwrap()
    }

    /// Every chat user.
    pub async fn chat_users(&self) -> Vec<ChatUser> {
        let mut users = Vec::new();
        for row in self.rows("USER") {
            let id = row["id"].as_str().unwrap().parse().unwrap();
            users.extend(self.find_chat_user(id).await);
        }
        users
    }

    /// Asserts that people and chat users name each other, that both hold the same environments, and that every
    /// number leads to its person with them.
    pub async fn assert_links_agree(&self) {
        let people = self.end_users().await;
        for user in self.chat_users().await {
            let owners: Vec<_> = people
                .iter()
                .filter(|person| person.chat_users.contains(&user.id))
                .collect();
            let named: Vec<_> = owners.iter().map(|person| person.id).collect();
            assert_eq!(named, Vec::from_iter(user.end_user_id), "{user:?}");
            for owner in owners {
                let held: BTreeSet<_> = user.grants.keys().copied().collect();
                assert_eq!(owner.environments, held, "{owner:?} {user:?}");
            }
        }
        for person in &people {
            let Some(phone) = &person.phone else { continue };
            let key = phone.key();
            let found = self.stores.end_users.find_by_phone(self.scope, &key);
            assert_eq!(found.await.unwrap().as_ref(), Some(person));
        }
        assert_eq!(
            self.rows("PHONE").len(),
            people
                .iter()
                .filter(|person| person.phone.is_some())
                .count()
        );
    }
}
