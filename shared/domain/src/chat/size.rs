//! The size of what is stored with a message.

use serde::Serialize;

/// Size of a value as JSON with the comma behind it, in bytes; as good as endless if it has none.
pub(super) fn json_size(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len() + 1)
}
