//! Recorded JSON bodies, adapted to one of our connectors.

use serde_json::Value;

use crate::events::Fixture;

/// The simulator's id for the adapted copy with this number.
pub(super) fn event_id(number: u64) -> String {
    format!("fixture-{number}")
}

/// Puts these values at these JSON pointers, where the body has them. A body that is not JSON stays
/// unchanged.
pub(super) fn with(
    fixture: &Fixture,
    changes: impl IntoIterator<Item = (&'static str, Value)>,
) -> Vec<u8> {
    let body = fixture.body();
    let Ok(mut value) = serde_json::from_str::<Value>(body) else {
        return body.as_bytes().to_vec();
    };
    for (pointer, new) in changes {
        if let Some(place) = value.pointer_mut(pointer) {
            *place = new;
        }
    }
    value.to_string().into_bytes()
}
