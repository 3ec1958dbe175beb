//! Rows in DynamoDB's form, and their values.

use super::Attributes;
use crate::dynamo::keys::{Key, PK, SK};
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashMap;
use vestibule_domain::PortError;

/// Converts a serialisable struct to a row.
pub(crate) fn to_row(value: &impl Serialize) -> Result<Attributes, PortError> {
    serde_dynamo::to_item(value).map_err(|error| PortError::rejected("row", error))
}

/// Converts a serialisable value to an attribute.
pub(crate) fn to_value(value: &impl Serialize) -> Result<AttributeValue, PortError> {
    serde_dynamo::to_attribute_value(value).map_err(|error| PortError::rejected("value", error))
}

/// Reads a row.
pub(crate) fn from_row<T: DeserializeOwned>(
    row: Attributes,
    what: &'static str,
) -> Result<T, PortError> {
    let place = key_of(&row);
    serde_dynamo::from_item(row).map_err(|error| {
        let place = place.map_or_else(String::new, |key| format!("{key}: "));
        PortError::corrupt(what, format!("{place}{error}"))
    })
}

/// Takes one row out of a batch.
pub(crate) fn take<T: DeserializeOwned>(
    rows: &mut HashMap<Key, Attributes>,
    key: &Key,
    what: &'static str,
) -> Result<Option<T>, PortError> {
    rows.remove(key).map(|row| from_row(row, what)).transpose()
}

/// Returns the primary key of a row.
pub(crate) fn key_of(row: &Attributes) -> Option<Key> {
    let text = |name: &str| row.get(name)?.as_s().ok().cloned();
    Some(Key {
        pk: text(PK)?,
        sk: text(SK)?,
    })
}

/// Makes a number attribute.
pub(crate) fn n(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Makes a text attribute.
pub(crate) fn s(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// Makes the names of an expression.
pub(super) fn names_map(names: &[(&str, &str)]) -> Option<HashMap<String, String>> {
    (!names.is_empty()).then(|| {
        names
            .iter()
            .map(|(name, attribute)| ((*name).to_owned(), (*attribute).to_owned()))
            .collect()
    })
}

/// Makes the values of an expression.
pub(super) fn values_map(values: &[(&str, AttributeValue)]) -> Option<Attributes> {
    (!values.is_empty()).then(|| {
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    })
}
