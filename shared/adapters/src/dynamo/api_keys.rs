//! The store of API keys.

use super::{
    DynamoAccounts,
    changes::{at_version, updated_before},
    items::{ApiKeyItem, KeyIdItem, MovedKeyItem},
    keys::{self, Key},
    lists::List,
    table::{Cancelled, Transacted, delete_write, from_row, n, put_write, s, take, update_write},
};
use crate::aws::port_error;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::{
        actor::Actor,
        api_key::ApiKey,
        proof::{CallerProof, CredentialId, CredentialPlace},
    },
    event::{AuditEntry, Change, Event},
    ids::{ApiKeyId, AuditId},
    page::{ListError, Order, Page, PageRequest},
    ports::{ApiKeyStore, By, KEYS_ENDED_MAX, KeyEnding},
};

const WHAT: &str = "API key";
const FRESH: &str = "attribute_not_exists(pk)";

impl DynamoAccounts {
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

    /// Makes the writes that end a key. The first is conditional on the key's hash.
    fn ending_writes(&self, key: &ApiKey) -> Result<Vec<TransactWriteItem>, PortError> {
        let account = key.scope.account_id();
        // The id stays claimed, so that a creation repeated after the revocation makes no new key.
        let revoke = self.table.update_part(
            &keys::api_key_id(key.scope, key.id),
            "SET #hash = :none",
            "#hash = :hash",
            &[("#hash", "hash")],
            &[(":none", s("")), (":hash", s(&key.hash))],
        )?;
        let mut writes = vec![update_write(revoke)];
        let mut gone = vec![
            keys::api_key(account, &key.hash),
            keys::api_key_use(account, &key.hash),
        ];
        let previous = key.previous.as_ref();
        gone.extend(previous.map(|previous| keys::api_key(account, &previous.hash)));
        for place in gone {
            writes.push(delete_write(self.table.removal_part(&place)?));
        }
        Ok(writes)
    }

    /// Whether the caller's own key is a way in that stays.
    async fn proves_way_in(
        &self,
        proof: &CallerProof,
        ended: &[ApiKey],
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let CredentialPlace::ApiKey { hash } = &proof.credential else {
            return Ok(false);
        };
        if ended.iter().any(|key| key.hash == *hash) {
            return Ok(false);
        }
        let key = self.table.find_key(proof.scope.account_id(), hash).await?;
        Ok(key.is_some_and(|key| key.is_way_in() && now < key.ends_at()))
    }

    /// Ends these keys. Of a way in, only if another one stays.
    async fn end(&self, ended: &[ApiKey], by: By<'_>) -> Result<Option<Transacted>, PortError> {
        let mut writes = Vec::new();
        for key in ended {
            writes.extend(self.ending_writes(key)?);
        }
        writes.extend(self.told_ending_writes(ended, by)?);
        let takes_way_in = ended.iter().any(ApiKey::is_way_in);
        if !takes_way_in || self.proves_way_in(by.proof, ended, by.audit.at).await? {
            return self.table.transact_by(writes, by).await.map(Some);
        }
        let scope = by.audit.scope;
        self.table
            .transact_with_witness(writes, scope, None, by)
            .await
    }

    /// Makes the writes of the outgoing events of those keys that the audit entry does not name.
    fn told_ending_writes(
        &self,
        ended: &[ApiKey],
        by: By<'_>,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let named = by.audit.change.event;
        let others = ended
            .iter()
            .map(|key| Event::ApiKeyRevoked(key.id))
            .filter(|event| *event != named);
        let mut writes = Vec::new();
        for event in others {
            let entry = AuditEntry {
                change: Change {
                    event,
                    ..by.audit.change.clone()
                },
                // Each event is named after its entry.
                id: AuditId::derive(&[&by.audit.id.to_string(), &event.target()]),
                ..by.audit.clone()
            };
            writes.extend(self.table.told_writes(&entry)?);
        }
        Ok(writes)
    }

    /// Reads all keys of the account from its list, without their uses.
    async fn all_keys(&self, scope: AccountScope) -> Result<Vec<ApiKey>, PortError> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let answer = self
                .table
                .list_query(keys::api_keys(scope))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| port_error("dynamodb: Query (API keys)", error))?;
            for row in answer.items.unwrap_or_default() {
                let key = ApiKey::from(from_row::<ApiKeyItem>(row, WHAT)?);
                if key.scope == scope {
                    found.push(key);
                }
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }
}

/// Whether a call with this credential made the key. Keys of earlier releases tell only which key made them.
fn is_made_by(key: &ApiKey, credential: &CredentialId) -> bool {
    match (&key.made_by_credential, credential) {
        (Some(maker), _) => maker == credential,
        (None, CredentialId::ApiKey(id)) => {
            key.created_by.id == Actor::api_key(*id, String::new()).id
        }
        (None, CredentialId::Session(..)) => false,
    }
}

#[async_trait]
impl ApiKeyStore for DynamoAccounts {
    async fn insert_key(&self, key: &ApiKey, by: By<'_>) -> Result<(), PortError> {
        // The id is claimed with a row of its own, because a key that is requested twice has another hash.
        let claim = KeyIdItem::from(key);
        let writes = vec![
            put_write(self.table.put_part(&claim, FRESH, &[])?),
            put_write(self.table.put_part(&ApiKeyItem::from(key), FRESH, &[])?),
        ];
        let reasons = match self.table.transact_by(writes, by).await? {
            Transacted::Done => return Ok(()),
            Transacted::Cancelled(reasons) => reasons,
        };
        if let Some(Cancelled::Condition(Some(row))) = reasons.into_iter().next() {
            let stored: KeyIdItem = from_row(row, WHAT)?;
            if stored.hash == key.hash {
                return Ok(());
            }
        }
        Err(PortError::Conflict { what: WHAT })
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
            .map(|row| from_row::<ApiKeyItem>(row, WHAT))
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
        self.table.find_key_of_id(scope, id).await
    }

    async fn renew_key(&self, key: &ApiKey, by: By<'_>) -> Result<(), PortError> {
        let item = ApiKeyItem::from(&ApiKey {
            version: key.version + 1,
            ..key.clone()
        });
        self.table
            .replace_by(&item, key.version, vec![], by, WHAT)
            .await
    }

    async fn rotate_key(
        &self,
        after: &ApiKey,
        before: &ApiKey,
        by: By<'_>,
    ) -> Result<(), PortError> {
        let account = before.scope.account_id();
        let item = ApiKeyItem::from(&ApiKey {
            version: before.version + 1,
            ..after.clone()
        });
        let old = keys::api_key(account, &before.hash);
        let read = [(":read", n(before.version))];
        let condition = at_version(before.version);
        let replaced = match after.previous.as_ref() {
            Some(previous) if previous.hash == before.hash => {
                let moved = MovedKeyItem::new(previous, after);
                put_write(self.table.put_part(&moved, condition, &read)?)
            }
            _ => delete_write(self.table.delete_part(&old, condition, &read)?),
        };
        let claim = self.table.update_part(
            &keys::api_key_id(before.scope, before.id),
            "SET #hash = :new",
            "#hash = :old",
            &[("#hash", "hash")],
            &[(":new", s(&after.hash)), (":old", s(&before.hash))],
        )?;
        let used = keys::api_key_use(account, &before.hash);
        let mut writes = vec![
            put_write(self.table.put_part(&item, FRESH, &[])?),
            replaced,
            update_write(claim),
            delete_write(self.table.removal_part(&used)?),
        ];
        // Only the latest replaced hash is taken.
        if let Some(earlier) = &before.previous {
            let place = keys::api_key(account, &earlier.hash);
            writes.push(delete_write(self.table.removal_part(&place)?));
        }
        match self.table.transact_by(writes, by).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => {
                updated_before(reasons.into_iter().next(), &item, WHAT)
            }
        }
    }

    async fn delete_keys(&self, keys: &[ApiKey], by: By<'_>) -> Result<KeyEnding, PortError> {
        if keys.len() > KEYS_ENDED_MAX {
            return Err(PortError::rejected("API keys", "too many for one change"));
        }
        let mut left = keys.to_vec();
        while !left.is_empty() {
            let reasons = match self.end(&left, by).await? {
                None => return Ok(KeyEnding::LastWay),
                Some(Transacted::Done) => return Ok(KeyEnding::Done),
                Some(Transacted::Cancelled(reasons)) => reasons,
            };
            // Keys that other calls revoked meanwhile are left out: that is what the caller asked for.
            let mut reasons = reasons.into_iter();
            let mut still = Vec::new();
            for key in &left {
                let count = self.ending_writes(key)?.len();
                let of_key: Vec<Cancelled> = reasons.by_ref().take(count).collect();
                if !is_gone(of_key.first())? {
                    still.push(key.clone());
                }
            }
            if still.len() == left.len() {
                return Err(PortError::Conflict { what: WHAT });
            }
            left = still;
        }
        Ok(KeyEnding::Done)
    }

    async fn made_by(
        &self,
        scope: AccountScope,
        credential: &CredentialId,
    ) -> Result<Vec<ApiKey>, PortError> {
        let mut keys = self.all_keys(scope).await?;
        keys.retain(|key| is_made_by(key, credential));
        Ok(keys)
    }
}

/// Whether the claim of a key's id says that the key was revoked.
fn is_gone(reason: Option<&Cancelled>) -> Result<bool, PortError> {
    match reason {
        Some(Cancelled::Condition(None)) => Ok(true),
        Some(Cancelled::Condition(Some(row))) => {
            let claim: KeyIdItem = from_row(row.clone(), WHAT)?;
            Ok(claim.hash.is_empty())
        }
        _ => Ok(false),
    }
}
