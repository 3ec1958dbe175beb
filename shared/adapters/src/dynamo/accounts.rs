//! The account, its first set-up and its API keys.

use super::{
    keys,
    lists::List,
    table::{Cancelled, Table, Transacted, from_row, put_write, s, update_write},
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::actor::Actor,
    account::{ApiKey, AuditEntry, Client, Permission},
    ids::{AccountId, ApiKeyId, ClientId},
    page::{ListError, Order, Page, PageRequest},
    ports::{AccountStore, ApiKeyStore, SetUp, SetUpOutcome, SetUpReceipt},
};

/// See [`AccountStore`] and [`ApiKeyStore`].
#[derive(Debug, Clone)]
pub struct DynamoAccounts {
    table: Table,
    vault: Arc<KmsVault>,
}

impl DynamoAccounts {
    /// On this table, with cursors under this vault's key.
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

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ApiKeyItem {
    pk: String,
    sk: String,
    all_pk: String,
    all_sk: String,
    id: ApiKeyId,
    scope: AccountScope,
    name: String,
    hash: String,
    permissions: BTreeSet<Permission>,
    created_by: Actor,
    created_at: Timestamp,
    expires_at_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
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
            permissions: key.permissions.clone(),
            created_by: key.created_by.clone(),
            created_at: key.created_at,
            expires_at_time: key.expires_at,
            last_used_at: key.last_used_at,
        }
    }
}

impl From<ApiKeyItem> for ApiKey {
    fn from(item: ApiKeyItem) -> Self {
        Self {
            id: item.id,
            scope: item.scope,
            name: item.name,
            hash: item.hash,
            permissions: item.permissions,
            created_by: item.created_by,
            created_at: item.created_at,
            expires_at: item.expires_at_time,
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
        // Our own account: an attempt of this very call took effect and its answer was lost.
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

#[async_trait]
impl ApiKeyStore for DynamoAccounts {
    async fn find_key(
        &self,
        account_id: AccountId,
        hash: &str,
    ) -> Result<Option<ApiKey>, PortError> {
        let item: Option<ApiKeyItem> = self
            .table
            .get(&keys::api_key(account_id, hash), "API key")
            .await?;
        Ok(item.map(Into::into))
    }

    async fn touch_key(&self, key: &ApiKey, now: Timestamp) -> Result<(), PortError> {
        let update = self.table.update_part(
            &keys::api_key(key.scope.account_id(), &key.hash),
            "SET last_used_at = :now",
            "attribute_exists(pk)",
            &[],
            &[(":now", s(now))],
        )?;
        // A failed condition is a key that was revoked meanwhile; it must not come back.
        self.table.update(update).await.map(|_| ())
    }

    async fn insert_key(&self, key: &ApiKey, audit: &AuditEntry) -> Result<(), PortError> {
        // The id is claimed beside the key, for a key that is asked for twice has another hash.
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
            .map(|row| Ok(from_row::<ApiKeyItem>(row, "API key")?.into()))
            .collect::<Result<_, PortError>>()?;
        Ok(Page {
            items: found,
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
        let delete = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(key.attributes()))
            .build()
            .map_err(|error| PortError::rejected("dynamodb: Delete", error))?;
        // The id stays taken, so that a creation repeated after the revocation makes no new key.
        let revoke = self.table.update_part(
            &place,
            "SET #hash = :none",
            "#hash = :hash",
            &[("#hash", "hash")],
            &[(":none", s("")), (":hash", s(&claim.hash))],
        )?;
        let writes = vec![
            update_write(revoke),
            TransactWriteItem::builder().delete(delete).build(),
            self.table.audit_write(audit)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(true),
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                // Revoked meanwhile, by us or by somebody else: it is what was asked for.
                Some(Cancelled::Condition(_)) => Ok(true),
                _ => Err(PortError::Conflict { what: "API key" }),
            },
        }
    }
}

/// Which key an id stands for; an empty hash once it was revoked.
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
