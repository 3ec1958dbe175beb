//! What API Gateway hands to a webhook function.

/// TODO
pub fn exercise(_data: &[u8]) {}
