//! Times as Slack writes them.

use crate::fields::{ID_MAX_BYTES, at_second};
use vestibule_domain::Timestamp;

/// The time in a `ts` such as `1568915625.001000`, to the second.
pub(super) fn instant(ts: &str) -> Option<Timestamp> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (seconds, fraction) = ts.split_once('.')?;
    if !digits(seconds) || !digits(fraction) || ts.len() > ID_MAX_BYTES {
        return None;
    }
    let millis = fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(3)
        .fold(0, |millis, digit| millis * 10 + i64::from(digit - b'0'));
    let second = at_second(seconds.parse().ok()?)?;
    Some(Timestamp::from_millis(second.millis() + millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_to_the_millisecond() {
        for (ts, millis) in [
            ("1568915625.001000", Some(1_568_915_625_001)),
            ("1568915625.9", Some(1_568_915_625_900)),
            ("0.000000", Some(0)),
            ("99999999999.999999", Some(99_999_999_999_999)),
            ("100000000000.0", None),
            ("1568915625.", None),
            (".5", None),
            ("1.2.3", None),
            ("", None),
            ("+1.0", None),
        ] {
            assert_eq!(instant(ts).map(Timestamp::millis), millis, "{ts}");
        }
    }
}
