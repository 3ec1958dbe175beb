//! Checks of a connector's settings for access requests (SPEC B25, B36, B37).

use std::{ops::RangeInclusive, time::Duration};
use vestibule_admin::FieldErrors;
use vestibule_domain::connector::{
    NEW_REQUESTS_PER_MINUTE_MAX, NEW_REQUESTS_PER_MINUTE_MIN, REQUEST_COOLDOWN_MAX,
    REQUESTS_EXPIRE_AFTER_DAYS_MAX, REQUESTS_EXPIRE_AFTER_DAYS_MIN,
};

/// Reads the time after a rejection until a message opens a new request.
pub(super) fn read_cooldown(seconds: Option<u64>, errors: &mut FieldErrors) -> Option<Duration> {
    let range = 0..=REQUEST_COOLDOWN_MAX.as_secs();
    within("request_cooldown_seconds", seconds, &range, errors).map(Duration::from_secs)
}

/// Reads the number of new requests in a minute.
pub(super) fn read_new_per_minute(number: Option<u64>, errors: &mut FieldErrors) -> Option<u16> {
    let range = NEW_REQUESTS_PER_MINUTE_MIN..=NEW_REQUESTS_PER_MINUTE_MAX;
    read_small("new_requests_per_minute", number, &range, errors)
}

/// Reads the days after which a pending request expires.
pub(super) fn read_expiry(days: Option<u64>, errors: &mut FieldErrors) -> Option<u16> {
    let range = REQUESTS_EXPIRE_AFTER_DAYS_MIN..=REQUESTS_EXPIRE_AFTER_DAYS_MAX;
    read_small("requests_expire_after_days", days, &range, errors)
}

fn read_small(
    field: &str,
    number: Option<u64>,
    range: &RangeInclusive<u16>,
    errors: &mut FieldErrors,
) -> Option<u16> {
    let range = u64::from(*range.start())..=u64::from(*range.end());
    within(field, number, &range, errors).and_then(|number| u16::try_from(number).ok())
}

fn within(
    field: &str,
    number: Option<u64>,
    range: &RangeInclusive<u64>,
    errors: &mut FieldErrors,
) -> Option<u64> {
    let number = number?;
    if range.contains(&number) {
        return Some(number);
    }
    let (least, most) = (range.start(), range.end());
    errors.add(
        field,
        format!("must be a whole number from {least} to {most}"),
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number as it was read, and the field and rule that it breaks.
    fn checked<T>(
        read: fn(Option<u64>, &mut FieldErrors) -> Option<T>,
        number: Option<u64>,
    ) -> (Option<T>, Vec<(String, String)>) {
        let mut errors = FieldErrors::default();
        let read = read(number, &mut errors);
        if errors.is_empty() {
            return (read, Vec::new());
        }
        let broken = errors.into_validation();
        let broken = broken.errors().iter();
        let broken = broken.map(|error| (error.field.clone(), error.rule.clone()));
        (read, broken.collect())
    }

    fn breaks(field: &str, range: &str) -> Vec<(String, String)> {
        let rule = format!("must be a whole number from {range}");
        vec![(field.to_owned(), rule)]
    }

    /// SPEC B25.
    #[test]
    fn a_cooldown_is_at_most_a_year() {
        let rule = breaks("request_cooldown_seconds", "0 to 31536000");
        for number in [None, Some(0), Some(31_536_000)] {
            let read = number.map(Duration::from_secs);
            assert_eq!(checked(read_cooldown, number), (read, Vec::new()));
        }
        assert_eq!(checked(read_cooldown, Some(31_536_001)), (None, rule));
    }

    /// SPEC B37.
    #[test]
    fn new_requests_are_limited_to_one_to_six_hundred_a_minute() {
        for number in [None, Some(1), Some(600)] {
            let read = number.and_then(|number| u16::try_from(number).ok());
            assert_eq!(checked(read_new_per_minute, number), (read, Vec::new()));
        }
        for number in [0, 601, 65_537, u64::MAX] {
            let rule = breaks("new_requests_per_minute", "1 to 600");
            assert_eq!(checked(read_new_per_minute, Some(number)), (None, rule));
        }
    }

    /// SPEC B36.
    #[test]
    fn requests_expire_after_one_day_to_a_year() {
        for days in [None, Some(1), Some(365)] {
            let read = days.and_then(|days| u16::try_from(days).ok());
            assert_eq!(checked(read_expiry, days), (read, Vec::new()));
        }
        for days in [0, 366, 65_537] {
            let rule = breaks("requests_expire_after_days", "1 to 365");
            assert_eq!(checked(read_expiry, Some(days)), (None, rule));
        }
    }
}
