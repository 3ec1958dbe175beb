//! The account, its first set-up and its API keys.

use super::{
    keys::{self, Key},
    lists::List,
    table::{
        Cancelled, Table, Transacted, delete_write, from_row, put_write, s, take, update_write,
    },
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::{
        Client,
        actor::Actor,
        api_key::{ApiKey, KeyOwner},
        credential::{Credential, CredentialClaim},
        permission::{Permission, Permissions},
    },
    event::AuditEntry,
    ids::{AccountId, ApiKeyId, ClientId, EnvironmentId},
    page::{ListError, Order, Page, PageRequest},
    ports::{AccountStore, ApiKeyStore, CredentialStore, SetUp, SetUpOutcome, SetUpReceipt},
};

/// See [`AccountStore`], [`CredentialStore`] and [`ApiKeyStore`].
#[derive(Debug, Clone)]
pub struct DynamoAccounts {
    table: Table,
    vault: Arc<KmsVault>,
}

impl DynamoAccounts {
    /// Makes the store on this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ClientAttribute {
    id: ClientId,
    name: String,
    created_at: Timestamp,
}

impl From<&Client> for ClientAttribute {
    fn from(client: &Client) -> Self {
        Self {
            id: client.id,
            name: client.name.clone(),
            created_at: client.created_at,
        }
    }
}

impl From<ClientAttribute> for Client {
    fn from(attribute: ClientAttribute) -> Self {
        Self {
            id: attribute.id,
            name: attribute.name,
            created_at: attribute.created_at,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct AccountItem {
    pk: String,
    sk: String,
    id: AccountId,
    name: String,
    default_client: ClientAttribute,
    created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct ClientItem {
    pk: String,
    sk: String,
    id: ClientId,
    name: String,
    created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct SetUpItem {
    pk: String,
    sk: String,
    account_id: AccountId,
    account_name: String,
    client: ClientAttribute,
    key_id: ApiKeyId,
    key_expires_at: Timestamp,
    salt: String,
    idempotency_key_hash: Option<String>,
    at: Timestamp,
}

impl From<&SetUpReceipt> for SetUpItem {
    fn from(receipt: &SetUpReceipt) -> Self {
        let key = keys::set_up();
        Self {
            pk: key.pk,
            sk: key.sk,
            account_id: receipt.account_id,
            account_name: receipt.account_name.clone(),
            client: (&receipt.client).into(),
            key_id: receipt.key_id,
            key_expires_at: receipt.key_expires_at,
            salt: receipt.salt.clone(),
            idempotency_key_hash: receipt.idempotency_key_hash.clone(),
            at: receipt.at,
        }
    }
}

impl From<SetUpItem> for SetUpReceipt {
    fn from(item: SetUpItem) -> Self {
        Self {
            account_id: item.account_id,
            account_name: item.account_name,
            client: item.client.into(),
            key_id: item.key_id,
            key_expires_at: item.key_expires_at,
            salt: item.salt,
            idempotency_key_hash: item.idempotency_key_hash,
            at: item.at,
        }
    }
}

/// Permissions as stored: `"*"`, or a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum PermissionsAttribute {
    All(EveryPermission),
    Only(BTreeSet<Permission>),
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum EveryPermission {
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

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct KeyOwnerAttribute {
    api_key_id: ApiKeyId,
    ends_at: Timestamp,
}

impl KeyOwnerAttribute {
    /// Converts an owner; `None` for the account itself.
    fn of(owner: KeyOwner) -> Option<Self> {
        match owner {
            KeyOwner::Account => None,
            KeyOwner::ApiKey { id, ends_at } => Some(Self {
                api_key_id: id,
                ends_at,
            }),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ApiKeyItem {
    pk: String,
    sk: String,
    all_pk: String,
    all_sk: String,
    id: ApiKeyId,
    scope: AccountScope,
    name: String,
    hash: String,
    permissions: PermissionsAttribute,
    /// Absent on keys that are not limited, and on those of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment_id: Option<EnvironmentId>,
    created_by: Actor,
    created_at: Timestamp,
    expires_at_time: Timestamp,
    /// Absent where the account is the owner, and on keys made before owners were stored. Such a
    /// key expires no later than its maker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<KeyOwnerAttribute>,
    /// Use that the release before noted here; see [`ApiKeyUseItem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
}

/// The last use of an API key.
#[derive(Debug, Clone, Copy, Deserialize)]
struct ApiKeyUseItem {
    last_used_at: Timestamp,
}

impl ApiKeyItem {
    /// The key with its last use, wherever that is noted.
    fn used(self, last: Option<ApiKeyUseItem>) -> ApiKey {
        let mut key = ApiKey::from(self);
        key.last_used_at = key.last_used_at.max(last.map(|last| last.last_used_at));
        key
    }
}

impl From<&ApiKey> for ApiKeyItem {
    fn from(key: &ApiKey) -> Self {
        let place = keys::api_key(key.scope.account_id(), &key.hash);
        Self {
            pk: place.pk,
            sk: place.sk,
            all_pk: keys::api_keys(key.scope),
            all_sk: keys::by_creation(key.created_at, key.id),
            id: key.id,
            scope: key.scope,
            name: key.name.clone(),
            hash: key.hash.clone(),
            permissions: (&key.permissions).into(),
            environment_id: key.environment_id,
            created_by: key.created_by.clone(),
            created_at: key.created_at,
            expires_at_time: key.expires_at,
            owner: KeyOwnerAttribute::of(key.owner),
            last_used_at: key.last_used_at,
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
        let owner = item
            .owner
            .map_or(KeyOwner::Account, |owner| KeyOwner::ApiKey {
                id: owner.api_key_id,
                ends_at: owner.ends_at,
            });
        Self {
            id: item.id,
            scope: item.scope,
            name: item.name,
            hash: item.hash,
            permissions,
            environment_id: item.environment_id,
            created_by: item.created_by,
            created_at: item.created_at,
            expires_at: item.expires_at_time,
            owner,
            last_used_at: item.last_used_at,
        }
    }
}

#[async_trait]
impl AccountStore for DynamoAccounts {
    async fn set_up(&self, set_up: &SetUp) -> Result<SetUpOutcome, PortError> {
        let scope = set_up.key.scope;
        let (account, client) = (keys::account(scope), keys::client(scope, set_up.client.id));
        let fresh = "attribute_not_exists(pk)";
        let writes = vec![
            put_write(
                self.table
                    .put_part(&SetUpItem::from(&set_up.receipt), fresh, &[])?,
            ),
            put_write(self.table.put_part(
                &AccountItem {
                    pk: account.pk,
                    sk: account.sk,
                    id: set_up.account.id,
                    name: set_up.account.name.clone(),
                    default_client: (&set_up.client).into(),
                    created_at: set_up.account.created_at,
                },
                fresh,
                &[],
            )?),
            put_write(self.table.put_part(
                &ClientItem {
                    pk: client.pk,
                    sk: client.sk,
                    id: set_up.client.id,
                    name: set_up.client.name.clone(),
                    created_at: set_up.client.created_at,
                },
                fresh,
                &[],
            )?),
            put_write(
                self.table
                    .put_part(&KeyIdItem::from(&set_up.key), fresh, &[])?,
            ),
            put_write(
                self.table
                    .put_part(&ApiKeyItem::from(&set_up.key), fresh, &[])?,
            ),
            self.table.audit_write(&set_up.audit)?,
        ];
        let reasons = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(SetUpOutcome::Done),
            Transacted::Cancelled(reasons) => reasons,
        };
        let Some(Cancelled::Condition(Some(row))) = reasons.into_iter().next() else {
            return Err(PortError::Conflict { what: "set-up" });
        };
        let receipt = SetUpReceipt::from(from_row::<SetUpItem>(row, "set-up")?);
        // The account is ours: an earlier attempt of this call took effect and its answer was lost.
        if receipt.account_id == set_up.account.id {
            return Ok(SetUpOutcome::Done);
        }
        Ok(SetUpOutcome::AlreadyDone(Box::new(receipt)))
    }

    async fn default_client(&self, scope: AccountScope) -> Result<Option<Client>, PortError> {
        let item: Option<AccountItem> = self.table.get(&keys::account(scope), "account").await?;
        Ok(item.map(|item| item.default_client.into()))
    }
}

impl DynamoAccounts {
    /// Finds the key with this hash in the account that its bearer names.
    async fn find_key(
        &self,
        account_id: AccountId,
        hash: &str,
    ) -> Result<Option<ApiKey>, PortError> {
        let place = keys::api_key(account_id, hash);
        let used = keys::api_key_use(account_id, hash);
        let wanted = [place.clone(), used.clone()];
        let mut rows = self.table.get_batch(&wanted).await?;
        let Some(item) = take::<ApiKeyItem>(&mut rows, &place, "API key")? else {
            return Ok(None);
        };
        let last = take(&mut rows, &used, "use of an API key")?;
        Ok(Some(item.used(last)))
    }

    /// Adds to keys their last uses.
    async fn with_uses(&self, items: Vec<ApiKeyItem>) -> Result<Vec<ApiKey>, PortError> {
        let place = |item: &ApiKeyItem| keys::api_key_use(item.scope.account_id(), &item.hash);
        let wanted: Vec<_> = items.iter().map(place).collect();
        let mut rows = self.table.get_batch(&wanted).await?;
        let with_use = |(item, used): (ApiKeyItem, &Key)| {
            take(&mut rows, used, "use of an API key").map(|last| item.used(last))
        };
        items.into_iter().zip(&wanted).map(with_use).collect()
    }
}

#[async_trait]
impl CredentialStore for DynamoAccounts {
    async fn find_credential(
        &self,
        claim: &CredentialClaim,
    ) -> Result<Option<Credential>, PortError> {
        let CredentialClaim::ApiKey { account_id, hash } = claim;
        let key = self.find_key(*account_id, hash).await?;
        Ok(key.map(Credential::ApiKey))
    }

    async fn note_use(&self, credential: &Credential, now: Timestamp) -> Result<(), PortError> {
        let Credential::ApiKey(key) = credential;
        let update = self.table.update_part(
            &keys::api_key_use(key.scope.account_id(), &key.hash),
            "SET last_used_at = :now",
            "attribute_not_exists(last_used_at) OR last_used_at < :now",
            &[],
            &[(":now", s(now))],
        )?;
        // The condition fails if a later use was noted meanwhile.
        self.table.update(update).await.map(|_| ())
    }
}

#[async_trait]
impl ApiKeyStore for DynamoAccounts {
    async fn insert_key(&self, key: &ApiKey, audit: &AuditEntry) -> Result<(), PortError> {
        // The id is claimed with a row of its own, because a key that is requested twice has another hash.
        let claim = KeyIdItem::from(key);
        let fresh = "attribute_not_exists(pk)";
        let writes = vec![
            put_write(self.table.put_part(&claim, fresh, &[])?),
            put_write(self.table.put_part(&ApiKeyItem::from(key), fresh, &[])?),
            self.table.audit_write(audit)?,
        ];
        let reasons = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(()),
            Transacted::Cancelled(reasons) => reasons,
        };
        if let Some(Cancelled::Condition(Some(row))) = reasons.into_iter().next() {
            let stored: KeyIdItem = from_row(row, "API key")?;
            if stored.hash == key.hash {
                return Ok(());
            }
        }
        Err(PortError::Conflict { what: "API key" })
    }

    async fn list_keys(
        &self,
        scope: AccountScope,
        page: &PageRequest,
    ) -> Result<Page<ApiKey>, ListError> {
        let list = List::all(keys::api_keys(scope));
        let order = PageRequest {
            order: Order::OldestFirst,
            ..page.clone()
        };
        let rows = self.table.page(&list, &order, &self.vault).await?;
        let found = rows
            .items
            .into_iter()
            .map(|row| from_row::<ApiKeyItem>(row, "API key"))
            .collect::<Result<_, PortError>>()?;
        Ok(Page {
            items: self.with_uses(found).await?,
            next: rows.next,
        })
    }

    async fn get_key(
        &self,
        scope: AccountScope,
        id: ApiKeyId,
    ) -> Result<Option<ApiKey>, PortError> {
        let place = keys::api_key_id(scope, id);
        match self.table.get::<KeyIdItem>(&place, "API key").await? {
            Some(claim) if !claim.hash.is_empty() => {
                self.find_key(scope.account_id(), &claim.hash).await
            }
            _ => Ok(None),
        }
    }

    async fn delete_key(
        &self,
        scope: AccountScope,
        id: ApiKeyId,
        audit: &AuditEntry,
    ) -> Result<bool, PortError> {
        let place = keys::api_key_id(scope, id);
        let Some(claim) = self.table.get::<KeyIdItem>(&place, "API key").await? else {
            return Ok(false);
        };
        if claim.hash.is_empty() {
            return Ok(false);
        }
        let key = keys::api_key(scope.account_id(), &claim.hash);
        let used = keys::api_key_use(scope.account_id(), &claim.hash);
        // The id stays claimed, so that a creation repeated after the revocation makes no new key.
        let revoke = self.table.update_part(
            &place,
            "SET #hash = :none",
            "#hash = :hash",
            &[("#hash", "hash")],
            &[(":none", s("")), (":hash", s(&claim.hash))],
        )?;
        let writes = vec![
            update_write(revoke),
            delete_write(self.table.removal_part(&key)?),
            delete_write(self.table.removal_part(&used)?),
            self.table.audit_write(audit)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(true),
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                // The key was revoked meanwhile, which is what the caller asked for.
                Some(Cancelled::Condition(_)) => Ok(true),
                _ => Err(PortError::Conflict { what: "API key" }),
            },
        }
    }
}

/// The key that an id stands for; the hash is empty once the key was revoked.
#[derive(Serialize, Deserialize)]
struct KeyIdItem {
    pk: String,
    sk: String,
    hash: String,
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

    fn key(permissions: Permissions, created_by: Actor, owner: KeyOwner) -> ApiKey {
        ApiKey {
            id: ApiKeyId::derive(&["k"]),
            scope: AccountScope::of_verified(AccountId::derive(&["a"])),
            name: "script".to_owned(),
            hash: "00ff".to_owned(),
            permissions,
            environment_id: None,
            created_by,
            created_at: Timestamp::from_millis(0),
            expires_at: Timestamp::from_millis(1000),
            owner,
            last_used_at: None,
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
}
