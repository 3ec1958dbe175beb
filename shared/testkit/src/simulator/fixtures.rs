//! Recorded JSON bodies made to be about one of our connectors.

use serde_json::Value;

use crate::events::Fixture;

/// The simulator's id of a recorded event that was made its own by this number.
pub(super) fn event_id(number: u64) -> String {
    format!("fixture-{number}")
}

/// The body with these values at these JSON pointers, where it has such places; a body that is no JSON is left as it is.
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
