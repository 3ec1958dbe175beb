//! Seats: a member's place at a desk, with its limit and load (SPEC E10, E31–E34).

use crate::{
    Timestamp,
    ids::{MemberId, TeamId},
    routing::{
        demand::{Demand, Skill},
        reply_right::ReplyRight,
    },
    team::client_access::ClientAccess,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The largest limit of a member on a channel.
pub const LIMIT_MAX: u32 = 100;

/// A member's place at a desk. It is derived from the member, except for what belongs to the router: `load`, `idle_since`
/// and `moves`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The member.
    pub member_id: MemberId,
    /// Name of the member.
    pub name: String,
    /// Number of conversations that the member may have here at once, 0 to [`LIMIT_MAX`]; 0 is never assigned to
    /// automatically. `None` when the seat is closed: nothing more is assigned.
    pub limit: Option<u32>,
    /// Number of conversations assigned and not released.
    pub load: u32,
    /// The clients whose conversations the member answers on this channel.
    pub clients: ClientAccess,
    /// The member's teams.
    pub teams: BTreeSet<TeamId>,
    /// The member's skills.
    pub skills: BTreeSet<Skill>,
    /// Whether the member may reply. A store that returns a seat has looked up what the account's roles say.
    pub reply_right: ReplyRight,
    /// Whether the member works here at present.
    pub presence: Presence,
    /// Time since which the member has been away or offline, if it is.
    pub absent_since: Option<Timestamp>,
    /// Time at which the load last changed, or at which the seat was made.
    pub idle_since: Timestamp,
    /// Counts changes of the load.
    pub moves: u64,
    /// Version of the member that the seat was derived from.
    pub version: u64,
}

impl Seat {
    /// Whether conversations can be assigned here at all, by hand too.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.limit.is_some() && self.presence != Presence::Inactive
    }

    /// Whether the member may reply. A right that nobody has looked up does not count.
    #[must_use]
    pub fn may_reply(&self) -> bool {
        self.reply_right == ReplyRight::Held
    }

    /// Whether the member may answer a conversation of this client here.
    #[must_use]
    pub fn has_client(&self, demand: &Demand) -> bool {
        self.clients.contains(demand.client_id)
    }

    /// Whether the member has less than the limit.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.limit.is_some_and(|limit| self.load < limit)
    }
}

/// Whether a member works at a desk at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Takes conversations.
    Available,
    /// Takes none for now.
    Away,
    /// Does not work at present.
    Offline,
    /// Takes none on this channel for now.
    Paused,
    /// Is pending, suspended or removed.
    Inactive,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::seat;

    #[test]
    fn a_seat_has_room_below_its_limit_and_a_closed_one_never() {
        for (limit, load, room) in [
            (Some(2), 1, true),
            (Some(2), 2, false),
            (Some(2), 3, false),
            (Some(0), 0, false),
            (None, 0, false),
        ] {
            let seat = Seat {
                limit,
                load,
                ..seat("ana")
            };
            assert_eq!(seat.has_room(), room, "{limit:?} {load}");
            assert_eq!(seat.is_open(), limit.is_some());
        }
        let removed = Seat {
            presence: Presence::Inactive,
            ..seat("ana")
        };
        assert!(!removed.is_open());
    }
}
