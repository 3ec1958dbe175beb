//! Lenient reading of payloads, field by field: unknown fields are ignored, and only a missing
//! necessary one makes an event unreadable.

use crate::webhook::Event;
use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use vestibule_domain::Timestamp;

/// Longest text that is kept, in characters: the longest that any platform lets people write.
pub const TEXT_MAX_CHARS: usize = 40_000;
/// Largest number of files that are kept of one message.
pub const ATTACHMENTS_MAX: usize = 20;
/// Longest accepted id, in bytes.
pub const ID_MAX_BYTES: usize = 100;
/// Longest address of a file that is kept, in bytes.
pub const URL_MAX_BYTES: usize = 2048;
/// Longest event key (see
/// [`InboundMessage::event_keys`](vestibule_domain::chat::message::InboundMessage::event_keys)).
pub const EVENT_KEY_MAX_BYTES: usize = 128;
/// Latest accepted time, in seconds since 1970: in the year 5138.
const SECONDS_MAX: i64 = 99_999_999_999;

/// Builds a key within every queue's limits: `provider:what`, or a hash of it if it is too long or
/// has characters that queues refuse.
#[must_use]
pub fn event_key(provider: &str, what: &str) -> String {
    let full = format!("{provider}:{what}");
    if is_short_graphic(&full, EVENT_KEY_MAX_BYTES) {
        full
    } else {
        let hash = digest(&SHA256, full.as_bytes());
        format!("{provider}:{}", HEXLOWER.encode(hash.as_ref()))
    }
}

/// A field that is present and not null.
#[must_use]
pub fn given<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).filter(|field| !field.is_null())
}

/// A field that is a string and not empty.
#[must_use]
pub fn string<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    let text = value.get(name)?.as_str()?;
    (!text.is_empty()).then_some(text)
}

/// Reports that this list, if it is present, has elements that are not well-formed, or is no list.
/// The others are read without them.
#[must_use]
pub fn malformed_element(
    value: &Value,
    name: &str,
    is_well_formed: impl Fn(&Value) -> bool,
) -> Option<Event> {
    let all = given(value, name)?.as_array();
    let is_whole = all.is_some_and(|all| all.iter().all(is_well_formed));
    (!is_whole).then(|| Event::unreadable(format!("an element of {name} is malformed")))
}

/// Whether a text is a well-formed id, without the characters that structure keys, addresses and
/// logs.
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=ID_MAX_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// Whether a text is printable ASCII of at most `max_bytes`.
#[must_use]
pub fn is_short_graphic(text: &str, max_bytes: usize) -> bool {
    text.len() <= max_bytes && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Cleans a person's text: at most [`TEXT_MAX_CHARS`] characters, without control characters other
/// than white space, each of which would take six bytes of a queue message in JSON.
#[must_use]
pub fn written(text: &str) -> String {
    text.chars()
        .filter(|c| is_written(*c))
        .take(TEXT_MAX_CHARS)
        .collect()
}

/// Whether a character of a person's text is kept (see [`written`]).
#[must_use]
pub fn is_written(c: char) -> bool {
    !c.is_control() || matches!(c, '\n' | '\r' | '\t')
}

/// The time this many seconds after 1970, if a message can have it.
#[must_use]
pub fn at_second(seconds: i64) -> Option<Timestamp> {
    (0..=SECONDS_MAX)
        .contains(&seconds)
        .then(|| Timestamp::from_millis(seconds * 1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_key_fits_every_queue_and_tells_events_apart() {
        assert_eq!(event_key("slack", "T1:C1:1.2"), "slack:T1:C1:1.2");
        let (long, other) = ("x".repeat(200), format!("{}y", "x".repeat(199)));
        for what in [long.as_str(), "with space", "é"] {
            let key = event_key("teams", what);
            assert!(is_short_graphic(&key, EVENT_KEY_MAX_BYTES), "{key}");
        }
        assert_ne!(event_key("teams", &long), event_key("teams", &other));
    }

    #[test]
    fn a_list_with_a_malformed_element_is_reported_and_nothing_else_is() {
        for (payload, is_reported) in [
            (json!({"files": [{}, null, {}]}), true),
            (json!({"files": [7]}), true),
            (json!({"files": {}}), true),
            (json!({"files": "none"}), true),
            (json!({"files": [{}, {}]}), false),
            (json!({"files": []}), false),
            (json!({"files": null}), false),
            (json!({}), false),
            (json!([]), false),
        ] {
            let reported = malformed_element(&payload, "files", Value::is_object);
            let expected = Event::unreadable("an element of files is malformed");
            assert_eq!(reported, is_reported.then_some(expected), "{payload}");
        }
    }

    #[test]
    fn a_time_is_neither_before_1970_nor_after_any_calendar() {
        assert_eq!(at_second(0), Some(Timestamp::from_millis(0)));
        assert_eq!(at_second(-1), None);
        assert_eq!(at_second(i64::MAX), None);
    }
}
