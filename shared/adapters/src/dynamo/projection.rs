//! Reads of a part of a row.

use super::keys::{PK, SK};
use aws_sdk_dynamodb::types::{KeysAndAttributes, builders::KeysAndAttributesBuilder};
use std::collections::HashMap;

/// Begins a batch read of these attributes and the rows' keys. None stands for all.
pub(super) fn projected(attributes: &[&str]) -> KeysAndAttributesBuilder {
    let request = KeysAndAttributes::builder();
    if attributes.is_empty() {
        return request;
    }
    // An attribute may have the name of a reserved word.
    let mut names = HashMap::new();
    for attribute in [PK, SK].iter().chain(attributes) {
        names.insert(format!("#{attribute}"), (*attribute).to_owned());
    }
    let placeholders: Vec<&str> = names.keys().map(String::as_str).collect();
    request
        .projection_expression(placeholders.join(", "))
        .set_expression_attribute_names(Some(names))
}
