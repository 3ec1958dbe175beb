//! Creation and replacement of a row together with its audit entry.

use super::{
    keys::Key,
    table::{Cancelled, Table, Transacted, from_row, n, put_write},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Serialize, de::DeserializeOwned};
use vestibule_domain::{
    PortError,
    event::AuditEntry,
    ports::{By, Created},
};

impl Table {
    /// Writes a new row of a kind that can be deleted, its companion rows and the audit entry, unless the row
    /// exists or existed. The row at `claim` remembers that.
    pub(super) async fn create_once<T: Serialize + DeserializeOwned>(
        &self,
        item: &T,
        claim: &Key,
        with: Vec<TransactWriteItem>,
        audit: &AuditEntry,
        what: &'static str,
    ) -> Result<Created<T>, PortError> {
        let fresh = "attribute_not_exists(pk)";
        let mut writes = vec![
            put_write(self.put_part(item, fresh, &[])?),
            put_write(self.put_part(&ClaimItem::at(claim), fresh, &[])?),
        ];
        writes.extend(with);
        writes.extend(self.entry_writes(audit)?);
        let mut reasons = match self.transact(writes).await? {
            Transacted::Done => return Ok(Created::New),
            Transacted::Cancelled(reasons) => reasons.into_iter(),
        };
        match (reasons.next(), reasons.next()) {
            (Some(Cancelled::Condition(Some(row))), _) => {
                Ok(Created::Existing(Box::new(from_row(row, what)?)))
            }
            (_, Some(Cancelled::Condition(_))) => Ok(Created::Spent),
            _ => Err(PortError::Conflict { what }),
        }
    }

    /// Makes the write that keeps an id claimed after its record is deleted. Records of earlier
    /// releases have no claim until then.
    pub(super) fn claim_write(&self, claim: &Key) -> Result<TransactWriteItem, PortError> {
        self.replacing_part(&ClaimItem::at(claim)).map(put_write)
    }

    /// Replaces a row that was read at `version`, and writes the audit entry.
    pub(super) async fn replace<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        item: &T,
        version: u64,
        audit: &AuditEntry,
        what: &'static str,
    ) -> Result<(), PortError> {
        self.replace_with(item, version, vec![], audit, what).await
    }

    /// Replaces a row that was read at `version`, and writes its companion rows and the audit entry.
    pub(super) async fn replace_with<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        item: &T,
        version: u64,
        with: Vec<TransactWriteItem>,
        audit: &AuditEntry,
        what: &'static str,
    ) -> Result<(), PortError> {
        let put = self.put_part(item, "version = :read", &[(":read", n(version))])?;
        let mut writes = vec![put_write(put)];
        writes.extend(with);
        writes.extend(self.entry_writes(audit)?);
        match self.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => {
                updated_before(reasons.into_iter().next(), item, what)
            }
        }
    }

    /// Does the same as [`Self::replace_with`] for a caller whose right must still hold.
    pub(super) async fn replace_by<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        item: &T,
        version: u64,
        with: Vec<TransactWriteItem>,
        by: By<'_>,
        what: &'static str,
    ) -> Result<(), PortError> {
        let put = self.put_part(item, at_version(version), &[(":read", n(version))])?;
        let mut writes = vec![put_write(put)];
        writes.extend(with);
        match self.transact_by(writes, by).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => {
                updated_before(reasons.into_iter().next(), item, what)
            }
        }
    }
}

/// The condition that a row is still at the version that was read. One from before versions were counted is at
/// the first.
pub(super) const fn at_version(version: u64) -> &'static str {
    if version <= 1 {
        "attribute_exists(pk) AND (attribute_not_exists(version) OR version = :read)"
    } else {
        "version = :read"
    }
}

/// The claim of an id.
#[derive(Serialize)]
struct ClaimItem<'a> {
    pk: &'a str,
    sk: &'a str,
}

impl<'a> ClaimItem<'a> {
    fn at(key: &'a Key) -> Self {
        Self {
            pk: &key.pk,
            sk: &key.sk,
        }
    }
}

/// Interprets a failed update of a whole row. If the row is already as wanted, an earlier attempt
/// of this call took effect and its answer was lost. Otherwise another writer changed the row.
pub(super) fn updated_before<T: DeserializeOwned + PartialEq>(
    reason: Option<Cancelled>,
    wanted: &T,
    what: &'static str,
) -> Result<(), PortError> {
    match reason {
        Some(Cancelled::Condition(Some(row))) if from_row::<T>(row.clone(), what)? == *wanted => {
            Ok(())
        }
        _ => Err(PortError::Conflict { what }),
    }
}
