//! Rows of one batch read that several records need.

use super::{
    keys::Key,
    table::{Attributes, from_row},
};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use vestibule_domain::PortError;

/// Reads a row that others may need as well.
pub(super) fn shared<T: DeserializeOwned>(
    rows: &HashMap<Key, Attributes>,
    key: &Key,
    what: &'static str,
) -> Result<Option<T>, PortError> {
    let row = rows.get(key).cloned();
    row.map(|row| from_row(row, what)).transpose()
}
