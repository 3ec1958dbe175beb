//! Time: an instant in milliseconds, and the port that reads the time.

use async_trait::async_trait;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, time::Duration};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// An instant, in milliseconds since 1970-01-01T00:00:00Z. RFC 3339 with milliseconds on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 9999-12-31T23:59:59.999Z.
const LAST_MILLIS: i64 = 253_402_300_799_999;

impl Timestamp {
    /// The instant that many milliseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant moved forward.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// This instant moved back.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// Time since `earlier`; zero when this instant is not later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads RFC 3339 of any offset.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let nanos = OffsetDateTime::parse(text, &Rfc3339)
            .ok()?
            .unix_timestamp_nanos();
        i64::try_from(nanos.div_euclid(1_000_000)).ok().map(Self)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 3339 ends with the year 9999, and a display must not fail.
        let millis = self.0.clamp(0, LAST_MILLIS);
        let at = OffsetDateTime::from_unix_timestamp(millis / 1000).map_err(|_| fmt::Error)?;
        let (year, month, day) = at.to_calendar_date();
        let (hour, minute, second) = at.to_hms();
        // A message writes dozens of instants, so digits are set and not formatted: from the last to the first, because
        // a number yields its last one.
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut places = text.iter_mut().rev();
        for (mut number, digits) in [
            (millis % 1000, 3),
            (i64::from(second), 2),
            (i64::from(minute), 2),
            (i64::from(hour), 2),
            (i64::from(day), 2),
            (i64::from(u8::from(month)), 2),
            (i64::from(year), 4),
        ] {
            // Each number has one character behind it that stays.
            for place in places.by_ref().skip(1).take(digits) {
                *place = b'0' + u8::try_from(number % 10).unwrap_or(0);
                number /= 10;
            }
        }
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not an RFC 3339 time"))
    }
}

/// Reads the time and waits for it. A port, so that no test depends on when it runs.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Returns once [`now`](Self::now) has reached this instant, at once if it has passed.
    async fn wait_until(&self, at: Timestamp);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_instant_is_written_and_read_with_its_milliseconds() {
        let at = Timestamp::from_millis(1_568_915_625_007);
        assert_eq!(at.to_string(), "2019-09-19T17:53:45.007Z");
        assert_eq!(Timestamp::parse("2019-09-19T19:53:45.007+02:00"), Some(at));
        assert_eq!(Timestamp::parse("yesterday"), None);
        assert_eq!(
            Timestamp::from_millis(i64::MAX).to_string(),
            "9999-12-31T23:59:59.999Z"
        );
    }

    #[test]
    fn an_instant_before_1970_or_after_9999_is_written_as_the_next_one_that_can_be() {
        for (millis, text) in [
            (i64::MIN, "1970-01-01T00:00:00.000Z"),
            (-1, "1970-01-01T00:00:00.000Z"),
            (0, "1970-01-01T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (LAST_MILLIS, "9999-12-31T23:59:59.999Z"),
            (LAST_MILLIS + 1, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).to_string(), text, "{millis}");
        }
    }

    proptest! {
        #[test]
        fn every_instant_is_written_as_its_parts(millis in 0..=LAST_MILLIS) {
            let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).unwrap();
            let parts = format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                at.year(),
                u8::from(at.month()),
                at.day(),
                at.hour(),
                at.minute(),
                at.second(),
                at.millisecond()
            );
            prop_assert_eq!(Timestamp::from_millis(millis).to_string(), parts);
        }
    }

    #[test]
    fn an_instant_moves_forward_and_back() {
        let (at, second) = (Timestamp::from_millis(5_000), Duration::from_secs(1));
        assert_eq!(at.plus(second), Timestamp::from_millis(6_000));
        assert_eq!(at.minus(second), Timestamp::from_millis(4_000));
        assert_eq!(
            at.minus(Duration::MAX),
            Timestamp::from_millis(5_000 - i64::MAX)
        );
    }

    #[test]
    fn milliseconds_are_rounded_down_to_seconds_before_1970_too() {
        for (millis, seconds) in [
            (-1001, -2),
            (-1000, -1),
            (-1, -1),
            (0, 0),
            (999, 0),
            (1000, 1),
            (1_568_915_625_007, 1_568_915_625),
        ] {
            let at = Timestamp::from_millis(millis);
            assert_eq!(at.millis(), millis);
            assert_eq!(at.seconds(), seconds, "{millis}");
        }
    }

    #[test]
    fn an_instant_is_moved_forward_and_stops_at_the_last_that_there_is() {
        let at = Timestamp::from_millis;
        assert_eq!(at(5).plus(Duration::from_millis(7)), at(12));
        assert_eq!(at(5).plus(Duration::from_micros(1_999)), at(6));
        assert_eq!(at(5).plus(Duration::MAX), at(i64::MAX));
        assert_eq!(at(i64::MAX).plus(Duration::from_millis(1)), at(i64::MAX));
    }

    #[test]
    fn no_time_has_passed_since_an_instant_to_come() {
        let at = Timestamp::from_millis;
        assert_eq!(at(12).since(at(5)), Duration::from_millis(7));
        assert_eq!(at(5).since(at(5)), Duration::ZERO);
        assert_eq!(at(5).since(at(12)), Duration::ZERO);
        assert_eq!(at(i64::MIN).since(at(i64::MAX)), Duration::ZERO);
    }

    #[test]
    fn an_instant_is_stored_as_text_and_nothing_else_is_read_as_one() {
        let at = Timestamp::from_millis(1_568_915_625_007);
        let stored = serde_json::json!("2019-09-19T17:53:45.007Z");
        assert_eq!(serde_json::to_value(at).unwrap(), stored);
        assert_eq!(serde_json::from_value::<Timestamp>(stored).unwrap(), at);
        for wrong in [
            serde_json::json!(1_568_915_625_007_i64),
            serde_json::json!("2019-09-19"),
            serde_json::json!("2019-09-19T25:00:00Z"),
            serde_json::Value::Null,
        ] {
            assert!(serde_json::from_value::<Timestamp>(wrong).is_err());
        }
    }
}
