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
}

impl Availability {
    /// Available on every channel, from this time on.
    #[must_use]
    pub const fn available(since: Timestamp) -> Self {
        Self {
            state: AvailabilityState::Available,
            paused: BTreeSet::new(),
            since,
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
