//! Blocks that outlive their people (SPEC A45, C41): rows under keyed hashes of the people's ids.

use super::{
    items::{KeptBlockItem, SameAsItem},
    keys::{self, Key},
    lists::List,
    table::{
        Attributes, Cancelled, Table, Transacted, check_write, delete_write, from_row, n,
        put_write, s, take, to_value, update_write,
    },
};
use crate::vault::{Hasher, KmsVault};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use std::collections::{BTreeSet, HashMap};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::standing::Standing,
    chat::{kept_block::KeptBlock, message::Identity, recognition::Candidate, user::ChatUser},
    event::AuditEntry,
    ids::KeptBlockId,
    page::{ListError, Page, PageRequest},
};

/// Maximum number of further ids of a block: numbers that its person told one after another. A block under more ids could
/// not be lifted in one transaction, so the next one has a block of its own.
const FURTHER_IDS_MAX: usize = 50;

/// The keyed hash of an id.
fn hashed(hasher: &Hasher, scope: ProjectScope, identity: &Identity) -> KeptBlockId {
    let project = scope.project_id().to_string();
    let person = identity.chat_user_id(scope).to_string();
    KeptBlockId::of_hash(hasher.hash(&["kept block", &project, &person]))
}

/// The rows of blocks under the ids of a message's sender.
pub(super) struct SenderBlocks {
    stable: KeptBlockId,
    stable_key: Key,
    phone_key: Option<Key>,
}

impl SenderBlocks {
    /// The rows to read; `None` while the stack has no data key.
    pub(super) async fn of(
        vault: &KmsVault,
        scope: ProjectScope,
        sender: &Identity,
        also_known_as: Option<&Identity>,
    ) -> Result<Option<Self>, PortError> {
        let Some(hasher) = vault.hasher().await? else {
            return Ok(None);
        };
        let stable = hashed(&hasher, scope, sender);
        let phone = also_known_as.map(|identity| hashed(&hasher, scope, identity));
        Ok(Some(Self {
            stable,
            stable_key: keys::kept_block(scope, stable),
            phone_key: phone.map(|phone| keys::kept_block(scope, phone)),
        }))
    }

    /// The keys of the rows.
    pub(super) fn keys(&self) -> Vec<Key> {
        let mut all = vec![self.stable_key.clone()];
        all.extend(self.phone_key.clone());
        all
    }

    /// Takes the rows out of a batch, and tells the candidates of them. Returns whether a block counts for one of two
    /// ids, while nothing is known of the other.
    pub(super) fn tell(
        &self,
        rows: &mut HashMap<Key, Attributes>,
        stable: &mut Candidate,
        phone: Option<&mut Candidate>,
    ) -> Result<bool, PortError> {
        let own: Option<KeptBlockItem> = take(rows, &self.stable_key, WHAT)?;
        let has_own = own.is_some();
        stable.kept_block = own.map(Into::into);
        let (Some(phone), Some(key)) = (phone, &self.phone_key) else {
            return Ok(false);
        };
        let theirs: Option<KeptBlockItem> = take(rows, key, WHAT)?;
        let has_theirs = theirs.is_some();
        let theirs = theirs.filter(|item| item.counts_for(self.stable));
        phone.kept_block = theirs.map(Into::into);
        let is_unknown = |one: &Candidate| one.user.is_none() && one.same_as.is_none();
        Ok(has_own && !has_theirs && is_unknown(phone)
            || phone.kept_block.is_some() && !has_own && is_unknown(stable))
    }
}

const WHAT: &str = "kept block";

impl Table {
    /// Makes the checks that nobody who was blocked and erased becomes somebody new: they were erased between the reads
    /// of one batch.
    pub(super) async fn stranger_checks(
        &self,
        vault: &KmsVault,
        scope: ProjectScope,
        user: &ChatUser,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let Some(hasher) = vault.hasher().await? else {
            return Ok(Vec::new());
        };
        let own = hashed(&hasher, scope, &user.identity);
        let key = keys::kept_block(scope, own);
        let check = self.check_part(&key, "attribute_not_exists(pk)", &[], &[])?;
        let mut checks = vec![check_write(check)];
        if let Some(other) = &user.other_id {
            let key = keys::kept_block(scope, hashed(&hasher, scope, other));
            let check = self.check_part(
                &key,
                "attribute_not_exists(pk) OR (attribute_exists(stable_id) AND stable_id <> :own)",
                &[],
                &[(":own", s(own))],
            )?;
            checks.push(check_write(check));
        }
        Ok(checks)
    }

    /// Makes the writes by which a block outlives a person, under each id that leads to the record.
    pub(super) async fn outliving_writes(
        &self,
        vault: &KmsVault,
        scope: ProjectScope,
        user: &ChatUser,
        standings: &[Standing],
        at: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let Some(block) = &user.block else {
            return Ok(Vec::new());
        };
        let hasher = vault.hasher_for_good().await?;
        // A number that passed to another person says nothing of this one.
        let own = user.number_now_of.is_none().then_some(&user.identity);
        let ids: Vec<&Identity> = own
            .into_iter()
            .chain(self.own_alias(scope, user).await?)
            .collect();
        let hash = |identity: &&Identity| hashed(&hasher, scope, identity);
        let mut under = ids.iter().map(hash);
        let Some(id) = under.next() else {
            return Ok(Vec::new());
        };
        let kept = KeptBlock {
            id,
            further_ids: self.free(scope, under.collect()).await?,
            provider: user.identity.provider.clone(),
            connectors: standings
                .iter()
                .map(|standing| standing.connector_id)
                .collect(),
            blocked_at: block.blocked_at,
            blocked_by: block.blocked_by.clone(),
            erased_at: at,
            version: 1,
        };
        let stable = ids.iter().find(|id| !id.is_phone()).map(hash);
        let item = KeptBlockItem::new(scope, &kept, stable);
        let mut writes = vec![put_write(self.replacing_part(&item)?)];
        for further in &kept.further_ids {
            let row = item.under(scope, *further, stable);
            let put = self.put_part(&row, "attribute_not_exists(pk)", &[])?;
            writes.push(put_write(put));
        }
        Ok(writes)
    }

    /// Returns those of these hashes under which no other block stands. A number keeps that of whoever had it before.
    async fn free(
        &self,
        scope: ProjectScope,
        hashes: BTreeSet<KeptBlockId>,
    ) -> Result<BTreeSet<KeptBlockId>, PortError> {
        let place = |id: &KeptBlockId| keys::kept_block(scope, *id);
        let places: Vec<Key> = hashes.iter().map(place).collect();
        let rows = self.get_batch(&places).await?;
        let is_free = |id: &KeptBlockId| !rows.contains_key(&place(id));
        Ok(hashes.into_iter().filter(is_free).collect())
    }

    /// The second id of a person, if it leads to their record.
    pub(super) async fn own_alias<'a>(
        &self,
        scope: ProjectScope,
        user: &'a ChatUser,
    ) -> Result<Option<&'a Identity>, PortError> {
        let Some(other_id) = &user.other_id else {
            return Ok(None);
        };
        let key = keys::same_as(scope, other_id.chat_user_id(scope));
        let alias: Option<SameAsItem> = self.get(&key, "other id").await?;
        let leads_here = alias.is_some_and(|alias| alias.same_as == user.identity);
        Ok(leads_here.then_some(other_id))
    }

    /// See [`vestibule_domain::ports::IntakeStore::extend_block`].
    pub(super) async fn extend_block(
        &self,
        vault: &KmsVault,
        scope: ProjectScope,
        ids: [&Identity; 2],
    ) -> Result<(), PortError> {
        let Some(hasher) = vault.hasher().await? else {
            return Ok(());
        };
        let [stable, phone] = ids.map(|identity| hashed(&hasher, scope, identity));
        let keys = [stable, phone].map(|id| keys::kept_block(scope, id));
        let mut rows = self.get_batch(&keys).await?;
        let [under_stable, under_phone] = keys;
        let under_stable: Option<KeptBlockItem> = take(&mut rows, &under_stable, WHAT)?;
        let under_phone: Option<KeptBlockItem> = take(&mut rows, &under_phone, WHAT)?;
        let (known, further) = match (under_stable, under_phone) {
            (Some(known), None) => (known, phone),
            (None, Some(known)) if known.counts_for(stable) => (known, stable),
            _ => return Ok(()),
        };
        let row = known.under(scope, further, Some(stable));
        let put = self.put_part(&row, "attribute_not_exists(pk)", &[])?;
        let update = self.update_part(
            &keys::kept_block(scope, known.block_id),
            "SET further_ids = list_append(if_not_exists(further_ids, :none), :further), stable_id = :stable, version = version + :one",
            "attribute_exists(pk) AND (attribute_not_exists(further_ids) OR size(further_ids) < :most)",
            &[],
            &[
                (":none", AttributeValue::L(Vec::new())),
                (":further", to_value(&[further])?),
                (":stable", s(stable)),
                (":one", n(1)),
                (":most", n(FURTHER_IDS_MAX)),
            ],
        )?;
        let writes = vec![put_write(put), update_write(update)];
        match self.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => match reasons.into_iter().nth(1) {
                Some(Cancelled::Condition(Some(full))) => {
                    self.put_another_block(scope, (full, further), stable).await
                }
                // It was lifted or extended meanwhile.
                _ => Ok(()),
            },
        }
    }

    /// Makes a block of its own for a further id of a person whose block has as many as it may: it is listed and lifted
    /// by itself.
    async fn put_another_block(
        &self,
        scope: ProjectScope,
        (full, further): (Attributes, KeptBlockId),
        stable: KeptBlockId,
    ) -> Result<(), PortError> {
        let full: KeptBlock = from_row::<KeptBlockItem>(full, WHAT)?.into();
        let is_kept = self.check_part(
            &keys::kept_block(scope, full.id),
            "attribute_exists(pk)",
            &[],
            &[],
        )?;
        let block = KeptBlock {
            id: further,
            further_ids: BTreeSet::new(),
            version: 1,
            ..full
        };
        let row = KeptBlockItem::new(scope, &block, Some(stable));
        let put = self.put_part(&row, "attribute_not_exists(pk)", &[])?;
        // The conditions fail if the first block was lifted or this one was made meanwhile.
        let writes = vec![put_write(put), check_write(is_kept)];
        if let Transacted::Done = self.transact(writes).await? {
            tracing::warn!(
                project.id = %scope.project_id(),
                ids = FURTHER_IDS_MAX,
                "a kept block has no room for another id of its person, which got a block of its own"
            );
        }
        Ok(())
    }

    /// See [`vestibule_domain::ports::ChatUserStore::list_kept_blocks`].
    pub(super) async fn kept_blocks_page(
        &self,
        vault: &KmsVault,
        scope: ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<KeptBlock>, ListError> {
        let list = List::all(keys::kept_blocks(scope));
        let rows = self.page(&list, page, vault).await?;
        let items = rows
            .items
            .into_iter()
            .map(|row| Ok(from_row::<KeptBlockItem>(row, WHAT)?.into()))
            .collect::<Result<_, PortError>>()?;
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    /// See [`vestibule_domain::ports::ChatUserStore::get_kept_block`].
    pub(super) async fn kept_block(
        &self,
        scope: ProjectScope,
        id: KeptBlockId,
    ) -> Result<Option<KeptBlock>, PortError> {
        let item: Option<KeptBlockItem> = self.get(&keys::kept_block(scope, id), WHAT).await?;
        Ok(item.filter(KeptBlockItem::is_listed).map(Into::into))
    }

    /// See [`vestibule_domain::ports::ChatUserStore::lift_kept_block`].
    pub(super) async fn lift_kept_block(
        &self,
        scope: ProjectScope,
        block: &KeptBlock,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let further: Vec<Key> = block
            .further_ids
            .iter()
            .map(|id| keys::kept_block(scope, *id))
            .collect();
        let mut rows = self.get_batch(&further).await?;
        let key = keys::kept_block(scope, block.id);
        let delete = self.delete_part(&key, "version = :read", &[(":read", n(block.version))])?;
        let mut writes = vec![delete_write(delete)];
        for key in &further {
            let row: Option<KeptBlockItem> = take(&mut rows, key, WHAT)?;
            // The block of another person may have taken the place, whose number it is by now.
            if row.is_some_and(|row| row.block_id == block.id) {
                let delete = self.delete_part(
                    key,
                    "attribute_not_exists(pk) OR block_id = :block",
                    &[(":block", s(block.id))],
                )?;
                writes.push(delete_write(delete));
            }
        }
        writes.push(self.audit_write(audit)?);
        match self.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: "kept block" }),
        }
    }
}

/// The keys of the further rows of a block that is listed.
pub(super) fn further_keys(scope: ProjectScope, row: Attributes) -> Vec<Key> {
    let block = from_row::<KeptBlockItem>(row, WHAT).map(KeptBlock::from);
    let further: BTreeSet<KeptBlockId> = block.map(|block| block.further_ids).unwrap_or_default();
    let keys = further.into_iter().map(|id| keys::kept_block(scope, id));
    keys.collect()
}
