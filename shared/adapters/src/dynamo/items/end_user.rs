use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vestibule_domain::{
    ProjectScope, Timestamp,
    account::email_address::EmailAddress,
    directory::{
        end_user::{EndUser, EndUserSource, Names, PhoneHolder},
        phone::PhoneNumber,
    },
    ids::{ChatUserId, EndUserId, EnvironmentId},
};

/// An end user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct EndUserItem {
    pk: String,
    sk: String,
    state_pk: String,
    state_sk: String,
    all_pk: String,
    all_sk: String,
    id: EndUserId,
    source: EndUserSource,
    names: Names,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<PhoneNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<EmailAddress>,
    environments: BTreeSet<EnvironmentId>,
    chat_users: BTreeSet<ChatUserId>,
    version: u64,
    links_version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<&EndUser> for EndUserItem {
    fn from(user: &EndUser) -> Self {
        let key = keys::end_user(user.scope, user.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            state_pk: keys::end_users_by_name(user.scope),
            state_sk: keys::by_name(&user.display_name(), user.id),
            all_pk: keys::end_users(user.scope),
            all_sk: keys::by_creation(user.created_at, user.id),
            id: user.id,
            source: user.source,
            names: user.names.clone(),
            phone: user.phone.clone(),
            email: user.email.clone(),
            environments: user.environments.clone(),
            chat_users: user.chat_users.clone(),
            version: user.version,
            links_version: user.links_version,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

impl EndUserItem {
    /// Whether the row is a record of this project. IAM does not restrict the keys of a list.
    pub(in crate::dynamo) fn is_of(&self, scope: ProjectScope) -> bool {
        self.pk == keys::end_user(scope, self.id).pk
    }

    /// The person's id, if the row is a record of this project.
    pub(in crate::dynamo) fn id_in(&self, scope: ProjectScope) -> Option<EndUserId> {
        self.is_of(scope).then_some(self.id)
    }

    pub(in crate::dynamo) fn into_end_user(self, scope: ProjectScope) -> EndUser {
        EndUser {
            id: self.id,
            scope,
            source: self.source,
            names: self.names,
            phone: self.phone,
            email: self.email,
            environments: self.environments,
            chat_users: self.chat_users,
            version: self.version,
            links_version: self.links_version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// A holder of an environment. The key says all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::dynamo) struct HolderItem {
    pk: String,
    sk: String,
}

impl HolderItem {
    /// Makes the row at this key.
    pub(in crate::dynamo) fn at(key: &keys::Key) -> Self {
        Self {
            pk: key.pk.clone(),
            sk: key.sk.clone(),
        }
    }
}

/// The holder of a phone number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct PhoneItem {
    pk: String,
    sk: String,
    pub(in crate::dynamo) end_user_id: EndUserId,
    environments: BTreeSet<EnvironmentId>,
}

impl PhoneItem {
    /// Makes the row of a number that this person holds.
    pub(in crate::dynamo) fn new(user: &EndUser, phone: &PhoneNumber) -> Self {
        let key = keys::phone(user.scope, &phone.key());
        Self {
            pk: key.pk,
            sk: key.sk,
            end_user_id: user.id,
            environments: user.environments.clone(),
        }
    }
}

impl From<PhoneItem> for PhoneHolder {
    fn from(item: PhoneItem) -> Self {
        Self {
            end_user_id: item.end_user_id,
            environments: item.environments,
        }
    }
}
