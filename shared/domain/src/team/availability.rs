//! Availability of members: whether anything is assigned to them at present (SPEC E34).

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Availability of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// The state.
    pub state: AvailabilityState,
    /// Channels on which the member takes nothing new for now.
    pub paused: BTreeSet<String>,
    /// Time of the last change.
    pub since: Timestamp,
    /// Time since which the member has been away or offline, if it is.
    pub absent_since: Option<Timestamp>,
}

impl Availability {
    /// Available on every channel, from this time on.
    #[must_use]
    pub const fn available(since: Timestamp) -> Self {
        Self {
            state: AvailabilityState::Available,
            paused: BTreeSet::new(),
            since,
            absent_since: None,
        }
    }

    /// Makes the availability from this time on. Whoever was absent, and is, has been so since before.
    #[must_use]
    pub fn changed(
        &self,
        state: AvailabilityState,
        paused: BTreeSet<String>,
        at: Timestamp,
    ) -> Self {
        let is_absent = state != AvailabilityState::Available;
        Self {
            state,
            paused,
            since: at,
            absent_since: is_absent.then(|| self.absent_since.unwrap_or(at)),
        }
    }
}

/// State of a member's availability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AvailabilityState {
    /// Takes conversations.
    Available,
    /// Takes none for a while.
    Away,
    /// Has ended the day's work.
    Offline,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::at;

    /// SPEC E34.
    #[test]
    fn an_absence_lasts_through_its_kinds_and_ends_with_the_return() {
        let here = Availability::available(at(1));
        let paused = here.changed(
            AvailabilityState::Available,
            ["sms".to_owned()].into(),
            at(2),
        );
        assert_eq!((paused.since, paused.absent_since), (at(2), None));
        let away = paused.changed(AvailabilityState::Away, BTreeSet::new(), at(3));
        assert_eq!(away.absent_since, Some(at(3)));
        let offline = away.changed(AvailabilityState::Offline, BTreeSet::new(), at(4));
        assert_eq!((offline.since, offline.absent_since), (at(4), Some(at(3))));
        let back = offline.changed(AvailabilityState::Available, BTreeSet::new(), at(5));
        assert_eq!(back, Availability::available(at(5)));
    }
}
