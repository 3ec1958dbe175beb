//! The stack's data key, encrypted.

use super::{
    keys,
    table::{Conditional, Table, from_row},
};
use serde::{Deserialize, Serialize};
use vestibule_domain::PortError;

/// A data key as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKey {
    /// The data key, encrypted by KMS; base64.
    pub wrapped_key: String,
}

/// The store of the data key.
#[derive(Debug, Clone)]
pub struct KeyringStore {
    table: Table,
}

#[derive(Serialize, Deserialize)]
struct KeyringItem {
    pk: String,
    sk: String,
    #[serde(flatten)]
    key: StoredKey,
}

impl KeyringStore {
    /// Makes the keyring of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Returns the data key, once there is one.
    pub async fn current(&self) -> Result<Option<StoredKey>, PortError> {
        let item: Option<KeyringItem> = self.table.get(&keys::keyring(), "data key").await?;
        Ok(item.map(|item| item.key))
    }

    /// Stores the first data key. Returns the one that was stored first.
    pub async fn insert_if_none(&self, key: StoredKey) -> Result<StoredKey, PortError> {
        let place = keys::keyring();
        let item = KeyringItem {
            pk: place.pk,
            sk: place.sk,
            key,
        };
        let put = self
            .table
            .put_part(&item, "attribute_not_exists(pk)", &[])?;
        match self.table.put(put).await? {
            Conditional::Done(_) => Ok(item.key),
            Conditional::Failed(Some(row)) => Ok(from_row::<KeyringItem>(row, "data key")?.key),
            Conditional::Failed(None) => Err(PortError::Conflict { what: "data key" }),
        }
    }
}
