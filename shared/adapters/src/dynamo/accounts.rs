//! Accounts and their first set-up, further accounts, and the way back in.

use super::{
    changes::at_version,
    items::{
        AccountItem, AddressItem, ApiKeyItem, ClientItem, InvitationItem, KeyIdItem, LoginItem,
        MemberItem, PointerItem, RulesAttribute, login_of,
    },
    keys,
    set_up::{SetUpItem, place_in_address},
    table::{Cancelled, Table, Transacted, from_row, n, put_write, s, to_value, update_write},
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::sync::Arc;
use vestibule_domain::{
    AccountScope, PortError,
    account::{Account, Client},
    ids::{AccountId, LoginMethodId, MemberId},
    ports::{
        AccountStore, By, Created, NewAccount, Recovery, RecoveryOutcome, SetUp, SetUpOutcome,
    },
    team::{login::Login, member::MemberStatus},
};

/// See [`AccountStore`] and [`ApiKeyStore`](vestibule_domain::ports::ApiKeyStore).
#[derive(Debug, Clone)]
pub struct DynamoAccounts {
    pub(super) table: Table,
    pub(super) vault: Arc<KmsVault>,
}

const FRESH: &str = "attribute_not_exists(pk)";
const WHAT: &str = "account";

impl DynamoAccounts {
    /// Makes the store on this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }

    /// Adds the first key to an account that was made for the first admin's invitation. `None` if another call
    /// did so meanwhile.
    async fn set_up_key(&self, set_up: &SetUp) -> Result<Option<SetUpOutcome>, PortError> {
        let receipt = &set_up.receipt;
        let update = self.table.update_part(
            &keys::set_up(),
            "SET key_id = :key, key_expires_at = :ends, salt = :salt, idempotency_key_hash = :call, account_name = :name",
            "account_id = :account AND attribute_not_exists(key_id)",
            &[],
            &[
                (":key", to_value(&receipt.key_id)?),
                (":ends", to_value(&receipt.key_expires_at)?),
                (":salt", s(&receipt.salt)),
                (":call", to_value(&receipt.idempotency_key_hash)?),
                (":name", s(&receipt.account_name)),
                (":account", to_value(&receipt.account_id)?),
            ],
        )?;
        let mut writes = vec![update_write(update)];
        writes.extend(self.key_writes(set_up)?);
        writes.extend(self.table.entry_writes(&set_up.audit)?);
        Ok(match self.table.transact(writes).await? {
            Transacted::Done => Some(SetUpOutcome::Done),
            Transacted::Cancelled(_) => None,
        })
    }

    fn key_writes(&self, set_up: &SetUp) -> Result<Vec<TransactWriteItem>, PortError> {
        let id = self
            .table
            .put_part(&KeyIdItem::from(&set_up.key), FRESH, &[])?;
        let key = self
            .table
            .put_part(&ApiKeyItem::from(&set_up.key), FRESH, &[])?;
        Ok(vec![put_write(id), put_write(key)])
    }
}

impl Table {
    /// Makes the writes of a new account with its default client.
    pub(super) fn account_writes(
        &self,
        account: &Account,
        client: &Client,
        founder_id: Option<MemberId>,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let scope = AccountScope::of_verified(account.id);
        let client_item = ClientItem::new(scope, client);
        let mut account_item = AccountItem::new(account, client.into());
        account_item.founder_id = founder_id;
        Ok(vec![
            put_write(self.put_part(&account_item, FRESH, &[])?),
            put_write(self.put_part(&client_item, FRESH, &[])?),
        ])
    }

    /// Makes the write of a changed account, read at its version.
    pub(super) fn account_update(&self, account: &Account) -> Result<TransactWriteItem, PortError> {
        let key = keys::account(AccountScope::of_verified(account.id));
        let update = self.update_part(
            &key,
            "SET #name = :name, #rules = :rules, version = :next, updated_at = :at",
            at_version(account.version),
            &[("#name", "name"), ("#rules", "rules")],
            &[
                (":name", s(&account.name)),
                (":rules", to_value(&RulesAttribute::from(&account.rules))?),
                (":next", n(account.version + 1)),
                (":at", s(account.updated_at)),
                (":read", n(account.version)),
            ],
        )?;
        Ok(update_write(update))
    }

    /// Reads an account.
    pub(super) async fn account(&self, scope: AccountScope) -> Result<Option<Account>, PortError> {
        let item: Option<AccountItem> = self.get(&keys::account(scope), WHAT).await?;
        Ok(item.map(Into::into))
    }

    /// Makes the write of a login that was read at its version.
    pub(super) fn login_write(&self, login: &Login) -> Result<TransactWriteItem, PortError> {
        let item = LoginItem::from(&Login {
            version: login.version + 1,
            ..login.clone()
        });
        let read = [(":read", n(login.version))];
        let put = self.put_part(&item, "version = :read", &read)?;
        Ok(put_write(put))
    }
}

#[async_trait]
impl AccountStore for DynamoAccounts {
    async fn answers(&self) -> Result<(), PortError> {
        let nobody = AccountScope::of_verified(AccountId::derive(&["health"]));
        self.table.account(nobody).await.map(|_| ())
    }

    async fn set_up(&self, set_up: &SetUp) -> Result<SetUpOutcome, PortError> {
        let first = SetUpItem::from(&set_up.receipt);
        let mut writes = vec![put_write(self.table.put_part(&first, FRESH, &[])?)];
        writes.extend(
            self.table
                .account_writes(&set_up.account, &set_up.client, None)?,
        );
        writes.extend(self.key_writes(set_up)?);
        writes.extend(self.table.entry_writes(&set_up.audit)?);
        let reasons = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(SetUpOutcome::Done),
            Transacted::Cancelled(reasons) => reasons,
        };
        let Some(Cancelled::Condition(Some(row))) = reasons.into_iter().next() else {
            return Err(CONTENDED);
        };
        let item: SetUpItem = from_row(row, "set-up")?;
        let is_ours = item.state().account_id == set_up.account.id;
        let Some(receipt) = item.receipt() else {
            let outcome = if is_ours {
                self.set_up_key(set_up).await?
            } else {
                None
            };
            return outcome.ok_or(CONTENDED);
        };
        // The key is ours: an earlier attempt of this call took effect and its answer was lost.
        if receipt.key_id == set_up.receipt.key_id && receipt.salt == set_up.receipt.salt {
            return Ok(SetUpOutcome::Done);
        }
        Ok(SetUpOutcome::AlreadyDone(Box::new(receipt)))
    }

    async fn default_client(&self, scope: AccountScope) -> Result<Option<Client>, PortError> {
        let item: Option<AccountItem> = self.table.get(&keys::account(scope), WHAT).await?;
        let Some(item) = item else { return Ok(None) };
        let key = keys::client(scope, item.default_client.id);
        let client: Option<ClientItem> = self.table.get(&key, "client").await?;
        Ok(Some(
            client.map_or_else(|| item.default_client.into(), Into::into),
        ))
    }

    async fn get_account(&self, scope: AccountScope) -> Result<Option<Account>, PortError> {
        self.table.account(scope).await
    }

    async fn update_account(
        &self,
        account: &Account,
        tried: Option<LoginMethodId>,
        by: By<'_>,
    ) -> Result<(), PortError> {
        let mut writes = vec![self.table.account_update(account)?];
        if let Some(id) = tried {
            let scope = AccountScope::of_verified(account.id);
            writes.push(self.table.tried_check(scope, id)?);
        }
        let reasons = match self.table.transact_by(writes, by).await? {
            Transacted::Done => return Ok(()),
            Transacted::Cancelled(reasons) => reasons,
        };
        let wanted = Account {
            version: account.version + 1,
            ..account.clone()
        };
        match reasons.into_iter().next() {
            // An earlier attempt of this call took effect and its answer was lost.
            Some(Cancelled::Condition(Some(row))) => {
                if Account::from(from_row::<AccountItem>(row, WHAT)?) == wanted {
                    Ok(())
                } else {
                    Err(PortError::Conflict { what: WHAT })
                }
            }
            _ => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn create_account(&self, new: &NewAccount) -> Result<Created<Account>, PortError> {
        let member = &new.member;
        let founder_id = new.invitation.is_none().then_some(member.id);
        let mut writes = self
            .table
            .account_writes(&new.account, &new.client, founder_id)?;
        let item = MemberItem::from(member);
        writes.push(put_write(self.table.put_part(&item, FRESH, &[])?));
        let address = AddressItem::from(member);
        writes.push(put_write(self.table.put_part(&address, FRESH, &[])?));
        if member.status == MemberStatus::Active {
            let pointer = PointerItem::new(login_of(member)?, member);
            writes.push(put_write(self.table.put_part(&pointer, FRESH, &[])?));
        }
        if let Some(login) = &new.login {
            writes.extend(self.table.joining_writes(login)?);
        }
        if let Some(invitation) = &new.invitation {
            let item = InvitationItem::from(invitation);
            writes.push(put_write(self.table.put_part(&item, FRESH, &[])?));
        }
        if let Some(mail) = &new.mail {
            writes.push(self.table.mail_write(mail)?);
        }
        let entry = self.table.entry_writes(&new.audit)?;
        let transacted = if let Some(proof) = &new.proof {
            self.table
                .transact_proven(writes, proof, new.audit.at, entry)
                .await?
        } else {
            writes.extend(entry);
            self.table.transact(writes).await?
        };
        match transacted {
            Transacted::Done => Ok(Created::New),
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                Some(Cancelled::Condition(Some(row))) => {
                    let item: AccountItem = from_row(row, WHAT)?;
                    Ok(Created::Existing(Box::new(item.into())))
                }
                _ => Err(PortError::Conflict { what: WHAT }),
            },
        }
    }

    async fn recover(&self, recovery: &Recovery) -> Result<RecoveryOutcome, PortError> {
        let mut writes = self.table.recovery_writes(recovery)?;
        if let Some(member) = &recovery.member {
            writes.extend(place_in_address(&self.table, member, recovery.audit.at).await?);
        }
        if let Some(invitation) = &recovery.invitation {
            let item = InvitationItem::from(invitation);
            writes.push(put_write(self.table.put_part(&item, FRESH, &[])?));
        }
        if let Some(mail) = &recovery.mail {
            writes.push(self.table.mail_write(mail)?);
        }
        let stored = self.table.account(recovery.audit.scope).await?;
        // An account that lets nobody in but a provider that is gone would stay closed.
        if stored.is_some_and(|stored| stored.rules != recovery.account.rules) {
            writes.push(self.table.account_update(&recovery.account)?);
        }
        if let Some(login) = &recovery.factor_reset {
            writes.push(self.table.login_write(login)?);
        }
        writes.extend(self.table.entry_writes(&recovery.audit)?);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(RecoveryOutcome::Done),
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                Some(Cancelled::Condition(_)) => Ok(RecoveryOutcome::Used),
                _ => Err(CONTENDED),
            },
        }
    }
}

/// The error that other calls changed the set-up's records meanwhile.
const CONTENDED: PortError = PortError::Conflict { what: "set-up" };
