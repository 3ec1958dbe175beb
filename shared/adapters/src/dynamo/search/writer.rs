//! The rows of a record, brought in line with its texts.
//!
//! `INDEXED` names the texts whose rows may be there. It is written with the rows: one transaction for most records;
//! with more rows than one holds, the first transaction adds the new texts to those that were there, and the last one
//! leaves them alone. After a crash in between, the next job finds both, writes all rows of the texts as they are then,
//! and removes all others. Every transaction that writes rows of a record checks that the record is still
//! there, so that nothing of a record that was erased meanwhile comes back. Whoever removes rows and record together
//! marks the record first ([`Table::keep_out_of_index`]).

use super::fields;
use crate::dynamo::{
    keys,
    table::{Cancelled, Table, Transacted, check_write, delete_write, from_row, n, put_write},
};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use vestibule_domain::{
    PortError, ProjectScope,
    search::{SearchTarget, SearchText},
};
use vestibule_search::Whole;

/// Maximum number of rows that one transaction changes. A transaction holds a hundred operations; the others are
/// `INDEXED` and the check of the record.
const ROWS_AT_ONCE: usize = 98;
/// The mark of a record whose rows are being removed.
const IS_GOING: &str = "is_going";
/// The error that another worker changed the rows meanwhile.
const CHANGED: PortError = PortError::Conflict { what: "index" };

/// The texts under which a record is in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IndexedItem {
    pk: String,
    sk: String,
    /// The wholes whose rows may be there: one, or none, when all is settled.
    texts: Vec<String>,
    /// Whether the rows of the texts are there, all of them, and no others.
    is_settled: bool,
    version: u64,
}

impl IndexedItem {
    /// The same without trust in what is there, so that all rows are written.
    pub(super) fn in_doubt(self) -> Self {
        Self {
            is_settled: false,
            ..self
        }
    }

    /// Whether the record is in the index under exactly this whole.
    pub(super) fn is_in_line(&self, whole: Option<&Whole>) -> bool {
        let whole: Vec<String> = whole.iter().map(ToString::to_string).collect();
        self.is_settled && self.texts == whole
    }
}

/// A row of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SuffixItem {
    pk: String,
    sk: String,
    /// See [`vestibule_search::IndexRow::from`].
    counts_from: usize,
}

impl SuffixItem {
    /// Makes the rows of a record.
    pub(super) fn all(scope: ProjectScope, target: SearchTarget, whole: &Whole) -> Vec<Self> {
        let rows = whole.rows().into_iter();
        rows.map(|row| {
            let key = keys::suffix(scope, target, &row.suffix);
            Self {
                pk: key.pk,
                sk: key.sk,
                counts_from: row.from,
            }
        })
        .collect()
    }

    /// The row's key.
    pub(super) fn key(&self) -> keys::Key {
        keys::Key {
            pk: self.pk.clone(),
            sk: self.sk.clone(),
        }
    }
}

/// The whole of these texts; `None` without a record.
pub(super) fn whole_of(texts: Option<&[SearchText]>) -> Option<Whole> {
    texts.map(|texts| Whole::of_record(&fields(texts)))
}

impl Table {
    /// Reads the texts under which a record is in the index.
    pub(super) async fn indexed(
        &self,
        scope: ProjectScope,
        target: SearchTarget,
    ) -> Result<Option<IndexedItem>, PortError> {
        self.get(&keys::indexed(scope, target), "indexed texts")
            .await
    }

    /// Marks a record, so that no row of it is written any more: what is read of its rows afterwards is all there is.
    pub(in crate::dynamo) async fn keep_out_of_index(
        &self,
        record: &keys::Key,
    ) -> Result<(), PortError> {
        let update = self.update_part(
            record,
            &format!("SET {IS_GOING} = :yes"),
            "attribute_exists(pk)",
            &[],
            &[(":yes", AttributeValue::Bool(true))],
        )?;
        // The condition fails for a record that is gone, which has no rows.
        self.update(update).await.map(|_| ())
    }

    /// The keys of all rows that may be there of a record.
    pub(in crate::dynamo) async fn index_keys(
        &self,
        scope: ProjectScope,
        target: SearchTarget,
    ) -> Result<Vec<keys::Key>, PortError> {
        let Some(item) = self.indexed(scope, target).await? else {
            return Ok(Vec::new());
        };
        let wholes = item.texts.iter().map(|text| Whole::read(text));
        let rows = wholes.flat_map(|whole| SuffixItem::all(scope, target, &whole));
        let mut found: HashSet<keys::Key> = rows.map(|row| row.key()).collect();
        found.insert(keys::indexed(scope, target));
        Ok(found.into_iter().collect())
    }

    /// Brings the rows in line with the texts of a record, unless they are. `indexed` was read before the texts.
    pub(super) async fn index(
        &self,
        scope: ProjectScope,
        (target, texts): (SearchTarget, Option<&[SearchText]>),
        indexed: Option<IndexedItem>,
    ) -> Result<(), PortError> {
        let whole = whole_of(texts);
        let is_in_line = match &indexed {
            Some(item) => item.is_in_line(whole.as_ref()),
            None => whole.is_none(),
        };
        if is_in_line {
            return Ok(());
        }
        self.write_rows(scope, (target, whole), indexed).await
    }

    /// Writes the rows that the whole lacks, and removes those that it does not have. Nothing is taken for granted
    /// unless `indexed` says that all is settled.
    pub(super) async fn write_rows(
        &self,
        scope: ProjectScope,
        (target, whole): (SearchTarget, Option<Whole>),
        indexed: Option<IndexedItem>,
    ) -> Result<(), PortError> {
        let rows_of = |whole: &Whole| SuffixItem::all(scope, target, whole);
        let wanted: Vec<SuffixItem> = whole.as_ref().map(rows_of).unwrap_or_default();
        let before: Vec<String> = indexed
            .as_ref()
            .map_or_else(Vec::new, |item| item.texts.clone());
        let is_settled = indexed.as_ref().is_some_and(|item| item.is_settled);
        let old: Vec<SuffixItem> = before
            .iter()
            .flat_map(|text| rows_of(&Whole::read(text)))
            .collect();
        let there: HashMap<keys::Key, usize> = old
            .iter()
            .filter(|_| is_settled)
            .map(|row| (row.key(), row.counts_from))
            .collect();
        let mut writes = Vec::new();
        // Rows that are wanted, and then those that are on their way out.
        let mut seen: HashSet<keys::Key> = HashSet::new();
        for row in &wanted {
            let key = row.key();
            if there.get(&key) != Some(&row.counts_from) {
                writes.push(put_write(self.replacing_part(row)?));
            }
            seen.insert(key);
        }
        for row in &old {
            let key = row.key();
            if !seen.contains(&key) {
                writes.push(delete_write(self.removal_part(&key)?));
                seen.insert(key);
            }
        }
        let texts: Vec<String> = whole.iter().map(ToString::to_string).collect();
        let new = texts.iter().filter(|text| !before.contains(text)).cloned();
        let under_way = Stand {
            texts: before.iter().cloned().chain(new).collect(),
            is_settled: false,
            has_record: whole.is_some(),
        };
        let settled = Stand {
            texts,
            is_settled: true,
            has_record: whole.is_some(),
        };
        let mut version = indexed.map_or(0, |item| item.version);
        while writes.len() > ROWS_AT_ONCE {
            let rest = writes.split_off(ROWS_AT_ONCE);
            self.write_some((scope, target), &under_way, writes, version)
                .await?;
            version += 1;
            writes = rest;
        }
        self.write_some((scope, target), &settled, writes, version)
            .await
    }

    /// Writes some rows, with what `INDEXED` says then, if it is at this version; 0 if there is none.
    async fn write_some(
        &self,
        (scope, target): (ProjectScope, SearchTarget),
        stand: &Stand,
        rows: Vec<TransactWriteItem>,
        version: u64,
    ) -> Result<(), PortError> {
        let key = keys::indexed(scope, target);
        let read = [(":read", n(version))];
        let item = IndexedItem {
            pk: key.pk.clone(),
            sk: key.sk.clone(),
            texts: stand.texts.clone(),
            is_settled: stand.is_settled,
            version: version + 1,
        };
        let first = if stand.is_settled && !stand.has_record {
            delete_write(self.delete_part(&key, "version = :read", &read)?)
        } else if version == 0 {
            put_write(self.put_part(&item, "attribute_not_exists(pk)", &[])?)
        } else {
            put_write(self.put_part(&item, "version = :read", &read)?)
        };
        let mut writes = vec![first];
        writes.extend(rows);
        if stand.has_record {
            let record = match target {
                SearchTarget::EndUser(id) => keys::end_user(scope, id),
                SearchTarget::ChatUser(id) => keys::chat_user(scope, id),
            };
            let stays = format!("attribute_exists(pk) AND attribute_not_exists({IS_GOING})");
            let check = self.check_part(&record, &stays, &[], &[])?;
            writes.push(check_write(check));
        }
        match self.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                // An earlier attempt of ours took effect and its answer was lost.
                Some(Cancelled::Condition(Some(row))) => {
                    let there: IndexedItem = from_row(row, "indexed texts")?;
                    if there == item { Ok(()) } else { Err(CHANGED) }
                }
                _ => Err(CHANGED),
            },
        }
    }
}

/// The content of `INDEXED` after a transaction.
struct Stand {
    texts: Vec<String>,
    is_settled: bool,
    /// Whether there is a record, whose rows are written.
    has_record: bool,
}
