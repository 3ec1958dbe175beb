//! The rule that assigns conversations to members, and says why one waits (SPEC E31, E33, E39).

use crate::{
    ids::MemberId,
    routing::{
        case::Case,
        demand::Demand,
        routed::{Facts, NamedMember, RUNNERS_UP_MAX, RunnerUp},
        seat::{Presence, Seat},
    },
};
use std::{cmp::Ordering, collections::BTreeSet};

/// The reason why a seat cannot take a conversation by the rule: the first that applies, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Obstacle {
    /// The member does not answer on the channel, or is pending, suspended or removed.
    Channel,
    /// The member may not reply to conversations.
    Permission,
    /// The member does not answer the client there.
    Client,
    /// The member is not in the team.
    Team,
    /// The member lacks a skill.
    Skills,
    /// The member declined the conversation in this wait.
    Declined,
    /// The member is not available.
    Unavailable,
    /// The member is at the limit.
    NoRoom,
}

/// The outcome of the rule for a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// This member takes it.
    Assign {
        /// The member.
        member: NamedMember,
        /// Version of the seat that was looked at.
        seat_version: u64,
        /// The facts.
        facts: Facts,
    },
    /// It waits.
    Wait(WaitReason),
}

/// The reason why a conversation waits: the first thing that no member has, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitReason {
    /// No active member answers on the channel.
    NobodyHasChannel,
    /// None of them may reply to conversations.
    NobodyMayReply,
    /// None of them answers the client there.
    NobodyHasClient,
    /// None of them is in the team.
    NobodyInTeam,
    /// None of them has all skills.
    NobodyHasSkills,
    /// All of them declined it in this wait.
    AllDeclined,
    /// None of them is available.
    NobodyAvailable {
        /// Number of members who have all that it asks for and did not decline it.
        fit: u32,
    },
    /// All of them are at their limit.
    AllAtLimit {
        /// Number of members who have all that it asks for, did not decline it and are available.
        fit: u32,
    },
}

/// Whether a member can have a conversation at all, by hand too: whoever lacks the channel, the right to reply or the
/// client, or is not active, cannot.
pub fn may_have(demand: &Demand, seat: &Seat) -> Result<(), Obstacle> {
    if !seat.is_open() {
        Err(Obstacle::Channel)
    } else if !seat.may_reply() {
        Err(Obstacle::Permission)
    } else if !seat.has_client(demand) {
        Err(Obstacle::Client)
    } else {
        Ok(())
    }
}

/// Whether a seat can take a conversation by the rule.
pub fn fit(demand: &Demand, declined: &BTreeSet<MemberId>, seat: &Seat) -> Result<(), Obstacle> {
    may_have(demand, seat)?;
    let in_team = demand
        .team_id
        .is_none_or(|team_id| seat.teams.contains(&team_id));
    for (is_met, obstacle) in [
        (in_team, Obstacle::Team),
        (demand.skills.is_subset(&seat.skills), Obstacle::Skills),
        (!declined.contains(&seat.member_id), Obstacle::Declined),
        (seat.presence == Presence::Available, Obstacle::Unavailable),
        (seat.has_room(), Obstacle::NoRoom),
    ] {
        if !is_met {
            return Err(obstacle);
        }
    }
    Ok(())
}

/// Whether a seat may keep a conversation that it has: whoever lost the channel, the right to reply or the client, or is
/// not active any more, may not (SPEC E34).
#[must_use]
pub fn may_keep(demand: &Demand, seat: &Seat) -> bool {
    may_have(demand, seat).is_ok()
}

/// Chooses the member for a conversation: the lowest load ÷ limit, then the longest idle, then the smallest id.
#[must_use]
pub fn choose(case: &Case, seats: &[Seat]) -> Choice {
    let mut obstacles = Vec::new();
    let mut able: Vec<(&Seat, u32)> = Vec::new();
    for seat in seats {
        match (fit(&case.demand, &case.declined, seat), seat.limit) {
            (Ok(()), Some(limit)) => able.push((seat, limit)),
            (Ok(()), None) => obstacles.push(Obstacle::Channel),
            (Err(obstacle), _) => obstacles.push(obstacle),
        }
    }
    able.sort_by(|one, other| order(*one, *other));
    let mut able = able.into_iter();
    let count = number(able.len());
    let Some((first, limit)) = able.next() else {
        return Choice::Wait(reason(&obstacles));
    };
    let runners_up = able.take(RUNNERS_UP_MAX);
    Choice::Assign {
        member: named(first),
        seat_version: first.version,
        facts: Facts {
            load: first.load,
            limit,
            idle_since: first.idle_since,
            fit: count,
            runners_up: runners_up
                .map(|(seat, limit)| RunnerUp {
                    member: named(seat),
                    load: seat.load,
                    limit,
                    idle_since: seat.idle_since,
                })
                .collect(),
        },
    }
}

/// The reason why a conversation waits, by the rule and these seats; `None` if a member can take it.
#[must_use]
pub fn waits_because(case: &Case, seats: &[Seat]) -> Option<WaitReason> {
    match choose(case, seats) {
        Choice::Wait(reason) => Some(reason),
        Choice::Assign { .. } => None,
    }
}

/// The order of seats with their limits. Fractions are compared by their cross products: there is no rounding.
fn order((one, limit): (&Seat, u32), (other, other_limit): (&Seat, u32)) -> Ordering {
    let product = |load: u32, limit: u32| u64::from(load) * u64::from(limit);
    product(one.load, other_limit)
        .cmp(&product(other.load, limit))
        .then(one.idle_since.cmp(&other.idle_since))
        .then(one.member_id.cmp(&other.member_id))
}

fn named(seat: &Seat) -> NamedMember {
    NamedMember {
        id: seat.member_id,
        name: seat.name.clone(),
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Names the last obstacle that any seat got to: none got past it, so the conversation waits.
fn reason(obstacles: &[Obstacle]) -> WaitReason {
    let Some(last) = obstacles.iter().max() else {
        return WaitReason::NobodyHasChannel;
    };
    let from = |first: Obstacle| number(obstacles.iter().filter(|one| **one >= first).count());
    match last {
        Obstacle::Channel => WaitReason::NobodyHasChannel,
        Obstacle::Permission => WaitReason::NobodyMayReply,
        Obstacle::Client => WaitReason::NobodyHasClient,
        Obstacle::Team => WaitReason::NobodyInTeam,
        Obstacle::Skills => WaitReason::NobodyHasSkills,
        Obstacle::Declined => WaitReason::AllDeclined,
        Obstacle::Unavailable => WaitReason::NobodyAvailable {
            fit: from(Obstacle::Unavailable),
        },
        Obstacle::NoRoom => WaitReason::AllAtLimit {
            fit: from(Obstacle::NoRoom),
        },
    }
}

#[cfg(test)]
mod tests;
