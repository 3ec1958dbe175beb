//! The size of what is stored with a message.

use serde::Serialize;

/// Size of a value as JSON with the comma behind it, in bytes; as good as endless if it has none.
pub(super) fn json_size(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_value_takes_its_json_and_a_comma_and_one_without_json_takes_all_the_room_there_is() {
        assert_eq!(json_size(&"é"), 5);
        assert_eq!(json_size(&[1, 2]), 6);
        // A list is no name of a field.
        let unwritable = BTreeMap::from([(vec![1], 2)]);
        assert_eq!(json_size(&unwritable), usize::MAX);
    }
}
