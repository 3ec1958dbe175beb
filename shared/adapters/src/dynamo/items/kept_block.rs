use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vestibule_domain::{
    ProjectScope, Timestamp,
    chat::kept_block::KeptBlock,
    connector::Provider,
    ids::{ConnectorId, KeptBlockId},
};

/// A block whose person is erased, under the keyed hash of an id of theirs. That of the id on record is listed, and
/// names the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct KeptBlockItem {
    pk: String,
    sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_sk: Option<String>,
    /// The id of the block, which is the hash of the row that is listed.
    pub(in crate::dynamo) block_id: KeptBlockId,
    /// The hash of the person's stable id, if the platform told one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stable_id: Option<KeptBlockId>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    further_ids: BTreeSet<KeptBlockId>,
    provider: Provider,
    connectors: BTreeSet<ConnectorId>,
    blocked_at: Timestamp,
    blocked_by: String,
    erased_at: Timestamp,
    version: u64,
}

impl KeptBlockItem {
    /// Makes the row that is listed.
    pub(in crate::dynamo) fn new(
        scope: ProjectScope,
        block: &KeptBlock,
        stable_id: Option<KeptBlockId>,
    ) -> Self {
        let key = keys::kept_block(scope, block.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            all_pk: Some(keys::kept_blocks(scope)),
            all_sk: Some(keys::by_creation(block.blocked_at, block.id)),
            block_id: block.id,
            stable_id,
            further_ids: block.further_ids.clone(),
            provider: block.provider.clone(),
            connectors: block.connectors.clone(),
            blocked_at: block.blocked_at,
            blocked_by: block.blocked_by.clone(),
            erased_at: block.erased_at,
            version: block.version,
        }
    }

    /// Makes the row of the same block under a further id of the person.
    pub(in crate::dynamo) fn under(
        &self,
        scope: ProjectScope,
        id: KeptBlockId,
        stable_id: Option<KeptBlockId>,
    ) -> Self {
        let key = keys::kept_block(scope, id);
        Self {
            pk: key.pk,
            sk: key.sk,
            all_pk: None,
            all_sk: None,
            stable_id,
            further_ids: BTreeSet::new(),
            ..self.clone()
        }
    }

    /// Whether the row is the one that is listed.
    pub(in crate::dynamo) const fn is_listed(&self) -> bool {
        self.all_pk.is_some()
    }

    /// Whether the block counts for a sender with this stable id. That of a number whose person had another one does not:
    /// the number has a new holder.
    pub(in crate::dynamo) fn counts_for(&self, stable_id: KeptBlockId) -> bool {
        self.stable_id.is_none_or(|own| own == stable_id)
    }
}

impl From<KeptBlockItem> for KeptBlock {
    fn from(item: KeptBlockItem) -> Self {
        Self {
            id: item.block_id,
            further_ids: item.further_ids,
            provider: item.provider,
            connectors: item.connectors,
            blocked_at: item.blocked_at,
            blocked_by: item.blocked_by,
            erased_at: item.erased_at,
            version: item.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::{
        AccountScope,
        ids::{AccountId, ProjectId},
    };

    fn hash(number: u8) -> KeptBlockId {
        KeptBlockId::of_hash([number; 16])
    }

    fn block() -> KeptBlock {
        KeptBlock {
            id: hash(1),
            further_ids: BTreeSet::from([hash(2)]),
            provider: Provider::new("360dialog"),
            connectors: BTreeSet::from([ConnectorId::derive(&["c"])]),
            blocked_at: Timestamp::from_millis(1_000),
            blocked_by: "Grace".to_owned(),
            erased_at: Timestamp::from_millis(2_000),
            version: 3,
        }
    }

    fn scope() -> ProjectScope {
        AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]))
    }

    #[test]
    fn a_block_reads_back_and_one_of_its_rows_is_listed() {
        let item = KeptBlockItem::new(scope(), &block(), Some(hash(2)));
        let read: KeptBlockItem = from_row(to_row(&item).unwrap(), "block").unwrap();
        assert_eq!(read, item);
        assert!(item.is_listed());
        let further = item.under(scope(), hash(2), Some(hash(2)));
        let read: KeptBlockItem = from_row(to_row(&further).unwrap(), "block").unwrap();
        assert!(!read.is_listed());
        assert_eq!(read.block_id, hash(1));
        assert_eq!(KeptBlock::from(item), block());
    }

    #[test]
    fn the_block_of_a_number_counts_for_the_stable_id_of_its_person_alone() {
        let of = |stable_id| KeptBlockItem::new(scope(), &block(), stable_id);
        assert!(of(None).counts_for(hash(2)));
        assert!(of(Some(hash(2))).counts_for(hash(2)));
        assert!(!of(Some(hash(2))).counts_for(hash(3)));
    }
}
