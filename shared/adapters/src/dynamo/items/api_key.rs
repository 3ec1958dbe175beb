use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vestibule_domain::{
    AccountScope, Timestamp,
    account::{
        actor::Actor,
        api_key::{ApiKey, KeyOwner, PreviousHash},
        permission::{Permission, Permissions},
        proof::CredentialId,
    },
    ids::{ApiKeyId, EnvironmentId, LoginId, MemberId},
};

/// Permissions as stored: `"*"`, or a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum PermissionsAttribute {
    All(EveryPermission),
    Only(BTreeSet<Permission>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum EveryPermission {
    #[serde(rename = "*")]
    Every,
}

impl From<&Permissions> for PermissionsAttribute {
    fn from(permissions: &Permissions) -> Self {
        match permissions {
            Permissions::All => Self::All(EveryPermission::Every),
            Permissions::Only(some) => Self::Only(some.clone()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct KeyOwnerAttribute {
    api_key_id: ApiKeyId,
    ends_at: Timestamp,
}

/// A credential as stored: a key's id, or a session's login and hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum CredentialAttribute {
    ApiKey { api_key_id: ApiKeyId },
    Session { login_id: LoginId, session: String },
}

impl From<&CredentialId> for CredentialAttribute {
    fn from(credential: &CredentialId) -> Self {
        match credential {
            CredentialId::ApiKey(id) => Self::ApiKey { api_key_id: *id },
            CredentialId::Session(login_id, hash) => Self::Session {
                login_id: *login_id,
                session: hash.clone(),
            },
        }
    }
}

impl From<CredentialAttribute> for CredentialId {
    fn from(stored: CredentialAttribute) -> Self {
        match stored {
            CredentialAttribute::ApiKey { api_key_id } => Self::ApiKey(api_key_id),
            CredentialAttribute::Session { login_id, session } => Self::Session(login_id, session),
        }
    }
}

const fn first() -> u64 {
    1
}

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ApiKeyItem {
    pk: String,
    sk: String,
    all_pk: String,
    all_sk: String,
    id: ApiKeyId,
    pub(in crate::dynamo) scope: AccountScope,
    name: String,
    pub(in crate::dynamo) hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_until: Option<Timestamp>,
    permissions: PermissionsAttribute,
    /// Absent on keys that are not limited, and on those of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment_id: Option<EnvironmentId>,
    created_by: Actor,
    /// Absent on keys of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_by: Option<CredentialAttribute>,
    created_at: Timestamp,
    expires_at_time: Timestamp,
    /// The key that owns it, on keys of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<KeyOwnerAttribute>,
    /// The member who owns it. A key without an owner is the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner_member: Option<MemberId>,
    /// Use that an earlier release noted here; see [`ApiKeyUseItem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_hash: Option<String>,
    #[serde(default = "first")]
    version: u64,
}

/// The last use of an API key.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(in crate::dynamo) struct ApiKeyUseItem {
    last_used_at: Timestamp,
}

impl ApiKeyItem {
    /// The key with its last use, wherever that is noted.
    pub(in crate::dynamo) fn used(self, last: Option<ApiKeyUseItem>) -> ApiKey {
        let mut key = ApiKey::from(self);
        key.last_used_at = key.last_used_at.max(last.map(|last| last.last_used_at));
        key
    }
}

impl From<&ApiKey> for ApiKeyItem {
    fn from(key: &ApiKey) -> Self {
        let place = keys::api_key(key.scope.account_id(), &key.hash);
        let (owner, owner_member) = match key.owner {
            KeyOwner::Account => (None, None),
            KeyOwner::ApiKey { id, ends_at } => (
                Some(KeyOwnerAttribute {
                    api_key_id: id,
                    ends_at,
                }),
                None,
            ),
            KeyOwner::Member { id } => (None, Some(id)),
        };
        let previous = key.previous.as_ref();
        Self {
            pk: place.pk,
            sk: place.sk,
            all_pk: keys::api_keys(key.scope),
            all_sk: keys::by_creation(key.created_at, key.id),
            id: key.id,
            scope: key.scope,
            name: key.name.clone(),
            hash: key.hash.clone(),
            previous_hash: previous.map(|previous| previous.hash.clone()),
            previous_until: previous.map(|previous| previous.until),
            permissions: (&key.permissions).into(),
            environment_id: key.environment_id,
            created_by: key.created_by.clone(),
            made_by: key.made_by_credential.as_ref().map(Into::into),
            created_at: key.created_at,
            expires_at_time: key.expires_at,
            owner,
            owner_member,
            last_used_at: key.last_used_at,
            request_hash: key.request_hash.clone(),
            version: key.version,
        }
    }
}

impl From<ApiKeyItem> for ApiKey {
    fn from(item: ApiKeyItem) -> Self {
        let permissions = match item.permissions {
            PermissionsAttribute::Only(some) if !item.created_by.is_set_up() => {
                Permissions::Only(some)
            }
            // The first version's set-up wrote a list of every permission of that time.
            _ => Permissions::All,
        };
        let owner = match (item.owner_member, item.owner) {
            (Some(id), _) => KeyOwner::Member { id },
            (None, Some(owner)) => KeyOwner::ApiKey {
                id: owner.api_key_id,
                ends_at: owner.ends_at,
            },
            (None, None) => KeyOwner::Account,
        };
        let previous = item.previous_hash.zip(item.previous_until);
        Self {
            id: item.id,
            scope: item.scope,
            name: item.name,
            hash: item.hash,
            previous: previous.map(|(hash, until)| PreviousHash { hash, until }),
            permissions,
            environment_id: item.environment_id,
            created_by: item.created_by,
            made_by_credential: item.made_by.map(Into::into),
            created_at: item.created_at,
            expires_at: item.expires_at_time,
            owner,
            last_used_at: item.last_used_at,
            request_hash: item.request_hash,
            version: item.version,
        }
    }
}

/// The row at the hash that a rotation replaced. It leads to the key while the old one is still taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct MovedKeyItem {
    pk: String,
    sk: String,
    pub(in crate::dynamo) moved_to: String,
    expires_at: i64,
}

impl MovedKeyItem {
    /// The attribute that no key has.
    pub(in crate::dynamo) const MARK: &str = "moved_to";

    /// Makes the row at this hash.
    pub(in crate::dynamo) fn new(previous: &PreviousHash, key: &ApiKey) -> Self {
        let place = keys::api_key(key.scope.account_id(), &previous.hash);
        Self {
            pk: place.pk,
            sk: place.sk,
            moved_to: key.hash.clone(),
            expires_at: previous.until.seconds(),
        }
    }
}

/// The key that an id stands for; the hash is empty once the key was revoked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::dynamo) struct KeyIdItem {
    pk: String,
    sk: String,
    pub(in crate::dynamo) hash: String,
}

impl From<&ApiKey> for KeyIdItem {
    fn from(key: &ApiKey) -> Self {
        let place = keys::api_key_id(key.scope, key.id);
        Self {
            pk: place.pk,
            sk: place.sk,
            hash: key.hash.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use vestibule_domain::ids::AccountId;

    fn key(permissions: Permissions, created_by: Actor, owner: KeyOwner) -> ApiKey {
        ApiKey {
            id: ApiKeyId::derive(&["k"]),
            scope: AccountScope::of_verified(AccountId::derive(&["a"])),
            name: "script".to_owned(),
            hash: "00ff".to_owned(),
            previous: None,
            permissions,
            environment_id: None,
            created_by,
            made_by_credential: None,
            created_at: Timestamp::from_millis(0),
            expires_at: Timestamp::from_millis(10_000),
            owner,
            last_used_at: None,
            request_hash: None,
            version: 1,
        }
    }

    fn row(key: &ApiKey) -> Value {
        serde_json::to_value(ApiKeyItem::from(key)).unwrap()
    }

    fn read(row: Value) -> ApiKey {
        serde_json::from_value::<ApiKeyItem>(row).unwrap().into()
    }

    #[test]
    fn a_key_is_read_as_it_was_stored() {
        let maker = Actor::api_key(ApiKeyId::derive(&["m"]), "maker".to_owned());
        let owner = KeyOwner::ApiKey {
            id: ApiKeyId::derive(&["m"]),
            ends_at: Timestamp::from_millis(900),
        };
        let some: Permissions = [Permission::ProjectsRead].into_iter().collect();
        for key in [
            key(Permissions::All, Actor::set_up(), KeyOwner::Account),
            key(Permissions::All, maker.clone(), owner),
            key(some, maker, owner),
        ] {
            assert_eq!(read(row(&key)), key);
        }
    }

    #[test]
    fn the_last_use_of_a_key_is_the_later_of_the_two_places_where_it_may_be_noted() {
        let at = |millis| Some(Timestamp::from_millis(millis));
        for (of_the_release_before, noted, last) in [
            (None, None, None),
            (at(5), None, at(5)),
            (None, at(7), at(7)),
            (at(5), at(7), at(7)),
            (at(9), at(7), at(9)),
        ] {
            let key = ApiKey {
                last_used_at: of_the_release_before,
                ..key(Permissions::All, Actor::set_up(), KeyOwner::Account)
            };
            let item: ApiKeyItem = serde_json::from_value(row(&key)).unwrap();
            let noted = noted.map(|last_used_at| ApiKeyUseItem { last_used_at });
            assert_eq!(item.used(noted).last_used_at, last);
        }
    }

    #[test]
    fn a_limit_is_stored_with_the_key_that_has_one_and_a_key_without_one_has_none() {
        let some: Permissions = [Permission::ConversationsReply].into_iter().collect();
        let unlimited = key(some, Actor::system(), KeyOwner::Account);
        assert!(row(&unlimited).get("environment_id").is_none());
        assert_eq!(read(row(&unlimited)).environment_id, None);
        let limited = ApiKey {
            environment_id: Some(EnvironmentId::derive(&["e"])),
            ..unlimited
        };
        assert_eq!(read(row(&limited)), limited);
    }

    #[test]
    fn all_permissions_are_stored_as_one_mark_and_some_as_a_list() {
        let of = |permissions| {
            let key = key(permissions, Actor::set_up(), KeyOwner::Account);
            row(&key)["permissions"].clone()
        };
        assert_eq!(of(Permissions::All), "*");
        assert_eq!(
            of([Permission::ProjectsRead].into_iter().collect()),
            json!(["projects.read"])
        );
    }

    #[test]
    fn the_first_key_of_an_older_stack_holds_all_and_a_full_list_of_another_does_not() {
        let every: Permissions = Permission::ALL.into_iter().collect();
        let maker = Actor::api_key(ApiKeyId::derive(&["m"]), "set-up".to_owned());
        for (maker, expected) in [(Actor::set_up(), Permissions::All), (maker, every.clone())] {
            let stored = row(&key(every.clone(), maker, KeyOwner::Account));
            assert!(stored["permissions"].is_array() && stored.get("owner").is_none());
            let key = read(stored);
            assert_eq!((key.permissions, key.owner), (expected, KeyOwner::Account));
        }
    }

    /// SPEC D29.
    #[test]
    fn a_key_of_a_member_is_read_with_its_owner_its_maker_and_the_hash_that_was_replaced() {
        let makers = [
            CredentialId::ApiKey(ApiKeyId::derive(&["m"])),
            CredentialId::Session(LoginId::derive(&["l"]), "5e55".to_owned()),
        ];
        for maker in makers {
            let owner = KeyOwner::Member {
                id: MemberId::derive(&["m"]),
            };
            let key = ApiKey {
                previous: Some(PreviousHash {
                    hash: "0ld".to_owned(),
                    until: Timestamp::from_millis(7),
                }),
                made_by_credential: Some(maker),
                request_hash: Some("h".to_owned()),
                version: 5,
                ..key(Permissions::All, Actor::system(), owner)
            };
            assert_eq!(read(row(&key)), key);
        }
    }

    #[test]
    fn a_key_of_the_release_before_is_at_its_first_version() {
        let key = key(Permissions::All, Actor::set_up(), KeyOwner::Account);
        let mut row = row(&key);
        row.as_object_mut().unwrap().remove("version");
        assert_eq!(read(row), key);
    }
}
