//! People of the directory, straight from its store.

use super::{World, fixtures::audit};
use std::collections::BTreeSet;
use vestibule_domain::{
    PortError,
    directory::{
        end_user::{EndUser, EndUserSource, Names},
        phone::PhoneNumber,
    },
    ids::{EndUserId, EnvironmentId},
    ports::{By, EndUserCreated, EndUserStore, EndUserUpdated},
};

impl World {
    /// Adds a person with this name who holds these environments; `None` if one of them is not there.
    pub async fn add_holder(
        &self,
        name: &str,
        phone: Option<&str>,
        environments: &[EnvironmentId],
    ) -> Option<EndUser> {
        let user = EndUser {
            id: EndUserId::derive(&[name]),
            scope: self.scope,
            source: EndUserSource::Invited,
            names: Names {
                first: Some(name.to_owned()),
                ..Names::default()
            },
            phone: phone.map(|number| PhoneNumber::parse(number).unwrap()),
            email: None,
            environments: environments.iter().copied().collect(),
            chat_users: BTreeSet::new(),
            version: 1,
            links_version: 1,
            created_at: self.now(),
            updated_at: self.now(),
        };
        let audit = audit(self.scope, self.now());
        let by = By {
            audit: &audit,
            proof: &self.stores.proof,
        };
        match self.stores.end_users.create_end_user(&user, by).await {
            Ok(EndUserCreated::New) => Some(user),
            Err(PortError::Conflict { .. }) => None,
            other => panic!("{other:?}"),
        }
    }

    /// The record of a person, if there is one.
    pub async fn holder(&self, id: EndUserId) -> Option<EndUser> {
        let found = self.stores.end_users.get_end_user(self.scope, id).await;
        found.unwrap()
    }

    /// Gives a person these environments and no others; `None` if one of them is not there.
    pub async fn change_holder(
        &self,
        id: EndUserId,
        environments: &[EnvironmentId],
    ) -> Option<EndUser> {
        let before = self.holder(id).await.unwrap();
        let after = EndUser {
            environments: environments.iter().copied().collect(),
            ..before.clone()
        };
        let audit = audit(self.scope, self.now());
        let by = By {
            audit: &audit,
            proof: &self.stores.proof,
        };
        match self
            .stores
            .end_users
            .update_end_user(&before, &after, by)
            .await
        {
            Ok(EndUserUpdated::Done(user)) => Some(*user),
            Err(PortError::Conflict { .. }) => None,
            other => panic!("{other:?}"),
        }
    }

    /// Links the chat user of somebody who wrote to a person.
    pub async fn link_holder(&self, person: &str, id: EndUserId) {
        let audit = audit(self.scope, self.now());
        let by = By {
            audit: &audit,
            proof: &self.stores.proof,
        };
        let users = &self.stores.end_users;
        let linked = users.link(self.scope, id, self.chat_user_id(person), by);
        linked.await.unwrap();
    }
}
