//! Bounds of a desk: how many queues it has, and how often each is drained (SPEC E26, E33, E39).
//!
//! An agent may name any skills for a conversation, and each combination makes a queue: a row in the desk's one query, a
//! mark in the outbox, and drains. Clients and teams are made by people, so that only skills are bounded here.

use super::{
    demand::{Demand, Desk, Skill},
    queue::{DeskView, Queue},
    rule::{Obstacle, fit},
    seat::Seat,
};
use crate::Timestamp;
use std::{collections::BTreeSet, time::Duration};

/// Maximum number of a desk's queues that ask for skills. Every look at the desk reads them with its seats: 60 kB at a
/// typical 300 bytes each, and 2 MB at most. Teams tell apart a few dozen combinations.
pub const SKILL_QUEUES_MAX: usize = 200;
/// Maximum number of these that no member suits, so that skills which an agent made up leave room for those that members
/// have.
pub const UNSUITED_QUEUES_MAX: usize = 50;

/// Time between two sweeps.
const SWEEP: Duration = Duration::from_mins(1);
/// Time after which a queue is due for the next sweep.
pub const NEXT_SWEEP: Duration = Duration::from_secs(30);
/// The sweeps between two drains of a queue that no member suits and that is not the desk's first, while its first case has
/// waited for less than a time.
const BACK_OFF: [(Duration, u32); 3] = [
    (Duration::from_mins(5), 1),
    (Duration::from_mins(15), 2),
    (Duration::from_hours(1), 5),
];
/// The same after the last of these times.
const BACK_OFF_MAX: u32 = 15;

/// Whether some member could take a conversation with this demand if they were available and had room.
#[must_use]
pub fn is_suited(demand: &Demand, seats: &[Seat]) -> bool {
    let nobody = BTreeSet::new();
    let suits = |seat: &Seat| {
        matches!(
            fit(demand, &nobody, seat),
            Ok(()) | Err(Obstacle::Declined | Obstacle::Unavailable | Obstacle::NoRoom)
        )
    };
    seats.iter().any(suits)
}

/// The demand with which a conversation may wait at a desk: its own, if that has a queue or may have one. Else skills
/// that no member has are left out, and if that is not enough, all of them. Client and team stay: members whom they
/// exclude must not get the conversation.
#[must_use]
pub fn admitted(desk: &Desk, demand: &Demand, view: &DeskView) -> Demand {
    let with = |skills: BTreeSet<Skill>| Demand {
        skills,
        ..demand.clone()
    };
    let is_known = |skill: &Skill| {
        let mut seats = view.seats.iter();
        seats.any(|seat| seat.is_open() && seat.skills.contains(skill))
    };
    if may_join(desk, demand, view) {
        return demand.clone();
    }
    let known = demand.skills.iter().filter(|skill| is_known(skill));
    let known = with(known.cloned().collect());
    if may_join(desk, &known, view) {
        known
    } else {
        with(BTreeSet::new())
    }
}

/// Whether a conversation may wait with this demand. Two at once may both make the last queue.
fn may_join(desk: &Desk, demand: &Demand, view: &DeskView) -> bool {
    let id = desk.queue_id(demand);
    if demand.skills.is_empty() || view.queues.iter().any(|queue| queue.id == id) {
        return true;
    }
    let queues = view.queues.iter();
    let with_skills: Vec<&Queue> = queues
        .filter(|queue| !queue.demand.skills.is_empty())
        .collect();
    if with_skills.len() >= SKILL_QUEUES_MAX {
        return false;
    }
    let is_unsuited = |queue: &&&Queue| !is_suited(&queue.demand, &view.seats);
    is_suited(demand, &view.seats)
        || with_skills.iter().filter(is_unsuited).count() < UNSUITED_QUEUES_MAX
}

/// The note about the skills that a conversation waits without, if it waits without any.
#[must_use]
pub fn left_out(asked: &Demand, admitted: &Demand) -> Option<String> {
    let skills = asked.skills.difference(&admitted.skills);
    let skills: Vec<&str> = skills.map(Skill::as_str).collect();
    (!skills.is_empty()).then(|| {
        let skills = skills.join(", ");
        format!(
            "Skills left out, since conversations wait here for too many different ones: {skills}"
        )
    })
}

/// The queue of a desk that has waited the longest. It is due for every sweep.
#[must_use]
pub fn first_of(view: &DeskView) -> Option<&Queue> {
    let waiting = view.queues.iter().filter(|queue| queue.waiting > 0);
    waiting.min_by_key(|queue| (queue.oldest, queue.id))
}

/// Time after which a queue in which something waits is due to be drained again.
///
/// A drain goes through the whole desk, so one queue a sweep would be enough: the one that has waited the longest.
/// Queues that some member suits are due for every sweep too, and others less and less often.
#[must_use]
pub fn drained_again_after(queue: &Queue, view: &DeskView, now: Timestamp) -> Duration {
    if first_of(view).is_none_or(|first| first.id == queue.id)
        || is_suited(&queue.demand, &view.seats)
    {
        return NEXT_SWEEP;
    }
    let age = now.since(queue.oldest);
    let step = BACK_OFF.iter().find(|(until, _)| age < *until);
    let sweeps = step.map_or(BACK_OFF_MAX, |(_, sweeps)| *sweeps);
    (SWEEP * sweeps).saturating_sub(NEXT_SWEEP)
}

#[cfg(test)]
mod tests;
