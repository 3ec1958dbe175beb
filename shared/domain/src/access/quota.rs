//! The quota of new requests of a connector (SPEC B37): how many people may ask in a minute.
//!
//! A quota is shared out among rows, so that no row grows with it and strangers seldom write the same row. A row holds
//! the people who used its share, so a message that comes twice uses the quota once. A person tries the rows in an
//! order of their own: the first together with the request, in one write, and all of them before the request if the
//! first is full. Rows only fill up within a minute, so the order leads a person back to the row that holds them.
//!
//! A minute is one of the clock: within any sixty seconds, there may be new requests of two quotas. A person whose
//! first row is full uses the quota of two minutes if their request could not be written in the first of them. In a
//! minute in which the quota is changed, there may be new requests of both, the former and the new one.

use crate::{
    Timestamp,
    digest::sha256_hex_of_parts,
    ids::{ChatUserId, ConnectorId},
};
use std::time::Duration;

/// Number of people for whom a quota has a row, while it has fewer rows than [`QUOTA_ROWS_MAX`]. With fewer people a
/// row, more of them would find their first one full; with more, they would meet at it more often.
pub const QUOTA_ROW_PEOPLE: u16 = 4;
/// Number of rows of a quota at most: whoever finds it used up has tried all of them.
pub const QUOTA_ROWS_MAX: u16 = 16;
/// Length of the name of a person in a row: 64 bits tell the people of a row apart.
const PERSON_CHARS: usize = 16;
/// Time for which the rows of a minute are kept. No rule depends on it.
pub const QUOTA_KEPT: Duration = Duration::from_hours(1);
/// Number of messages that a customer's own system can bring through one connector in a minute of the clock: many times
/// what a busy live chat has, and few enough that a system which repeats itself without end neither fills the queues
/// that all share, nor wears out the row that counts them, at a twentieth of the writes that a row takes.
pub const BROUGHT_PER_MINUTE: u32 = 3_000;
/// Time for which it is shown that messages were held back, from the last of them.
pub const HELD_BACK_SHOWN: Duration = Duration::from_hours(24);

/// A person's use of a quota: they are about to make a new request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaUse {
    /// The connector.
    pub connector_id: ConnectorId,
    /// Number of new requests that the connector takes in a minute.
    pub per_minute: u16,
    /// The person.
    pub chat_user_id: ChatUserId,
    /// The present.
    pub at: Timestamp,
}

/// A row of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaRow {
    /// Number of the row, from 0.
    pub number: u16,
    /// Its share of the quota.
    pub share: u16,
}

/// The minute of the clock, counted from 1970.
#[must_use]
pub const fn minute_of(at: Timestamp) -> i64 {
    at.seconds().div_euclid(60)
}

/// The beginning of the next minute of the clock.
#[must_use]
pub const fn next_minute(at: Timestamp) -> Timestamp {
    Timestamp::from_millis((minute_of(at) + 1) * 60_000)
}

impl QuotaUse {
    /// The minute, counted from 1970.
    #[must_use]
    pub const fn minute(&self) -> i64 {
        minute_of(self.at)
    }

    /// The name of the person in the rows. It differs from minute to minute, so that nothing leads from a
    /// row to a person who was erased.
    #[must_use]
    pub fn person(&self) -> String {
        let parts = [
            &self.connector_id.to_string(),
            &self.minute().to_string(),
            &self.chat_user_id.to_string(),
        ];
        let hash = sha256_hex_of_parts(&parts.map(String::as_str));
        hash.chars().take(PERSON_CHARS).collect()
    }

    /// The rows of the quota, in the order in which this person tries them.
    pub fn rows(&self) -> impl Iterator<Item = QuotaRow> {
        let count = self.per_minute.div_ceil(QUOTA_ROW_PEOPLE);
        let count = count.clamp(1, QUOTA_ROWS_MAX);
        let (share, left) = (self.per_minute / count, self.per_minute % count);
        let first: u16 = self.person().bytes().map(u16::from).sum();
        (0..count).map(move |step| {
            let number = (first % count + step) % count;
            QuotaRow {
                number,
                share: share + u16::from(number < left),
            }
        })
    }
}

/// Messages of new people at a connector that made no request because its quota was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldBack {
    /// The connector.
    pub connector_id: ConnectorId,
    /// Number of messages. One that the platform delivered again may be counted again.
    pub messages: u64,
    /// Time of the first of them.
    pub since: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, connector};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn usage(person: &str, per_minute: u16, second: i64) -> QuotaUse {
        QuotaUse {
            connector_id: connector().id,
            per_minute,
            chat_user_id: ChatUserId::derive(&[person]),
            at: at(second),
        }
    }

    proptest! {
        /// SPEC B37.
        #[test]
        fn the_shares_of_all_rows_are_the_quota_and_alike(
            per_minute in 1_u16..=600, person in "[a-z]{1,8}",
        ) {
            let rows: Vec<QuotaRow> = usage(&person, per_minute, 0).rows().collect();
            let numbers: BTreeSet<u16> = rows.iter().map(|row| row.number).collect();
            prop_assert_eq!(numbers.len(), rows.len());
            prop_assert_eq!(rows.iter().map(|row| row.share).sum::<u16>(), per_minute);
            prop_assert!(rows.len() <= usize::from(QUOTA_ROWS_MAX));
            let least = rows.iter().map(|row| row.share).min().unwrap();
            prop_assert!(least >= 1);
            prop_assert!(rows.iter().all(|row| row.share <= least + 1));
        }

        /// SPEC B37.
        #[test]
        fn a_person_tries_the_rows_of_a_minute_in_the_same_order_every_time(
            per_minute in 1_u16..=600, person in "[a-z]{1,8}", later in 0_i64..60,
        ) {
            let rows = |second| usage(&person, per_minute, second).rows().collect::<Vec<_>>();
            prop_assert_eq!(rows(0), rows(later));
        }
    }

    /// SPEC B37.
    #[test]
    fn people_of_a_large_quota_begin_at_different_rows() {
        let firsts: BTreeSet<u16> = (0..400)
            .filter_map(|person| usage(&format!("person {person}"), 600, 0).rows().next())
            .map(|row| row.number)
            .collect();
        assert_eq!(firsts.len(), 16);
        for (per_minute, rows) in [(1, 1), (4, 1), (5, 2), (60, 15), (61, 16), (600, 16)] {
            assert_eq!(
                usage("a", per_minute, 0).rows().count(),
                rows,
                "{per_minute}"
            );
        }
    }

    /// SPEC B37.
    #[test]
    fn a_row_knows_a_person_for_a_minute_and_not_by_their_id() {
        let ada = usage("Ada", 60, 0);
        assert_eq!(ada.person(), usage("Ada", 60, 59).person());
        assert_ne!(ada.person(), usage("Ada", 60, 60).person());
        assert_ne!(ada.person(), usage("Grace", 60, 0).person());
        assert_eq!(ada.person().len(), 16);
    }

    /// SPEC B37.
    #[test]
    fn a_quota_is_that_of_a_minute_of_the_clock() {
        for (second, minute) in [(0, 0), (59, 0), (60, 1), (3_599, 59), (3_600, 60)] {
            assert_eq!(usage("a", 60, second).minute(), minute, "{second}");
        }
    }
}
