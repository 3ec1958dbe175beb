//! Drains: which waiting conversation of a desk is next, and who takes it (SPEC E22–E26, E33).
//!
//! First come is first served among what a member can take: a conversation that nobody can take blocks none behind it. A
//! [`Drain`] decides; whoever runs it reads and writes:
//!
//! ```text
//! let mut drain = Drain::new(store.desk(&desk)?, at);
//! loop {
//!     match drain.step() {
//!         Step::Read(page) => drain.read(page.queue_id, store.waiting(scope, page.queue_id, DRAIN_PAGE, page.after)?),
//!         Step::Assign(next) => drain.assigned(&next, &store.assign(&next.case, &next.assignment, by)?),
//!         Step::Done => break,
//!     }
//! }
//! ```

use crate::{
    Timestamp,
    ids::{ConversationId, QueueId},
    routing::{
        assignment::{Assignment, Changed},
        case::Case,
        demand::Demand,
        queue::{DeskView, NewPlace, Queue},
        routed::Verb,
        rule::{self, Choice},
        seat::{Presence, Seat},
    },
};
use std::collections::{BTreeSet, VecDeque};

/// Number of waiting cases that a drain reads at once.
pub const DRAIN_PAGE: u16 = 25;

/// The next thing to do for a drain.
#[derive(Debug, Clone)]
pub enum Step {
    /// Read a page of a queue.
    Read(QueuePage),
    /// Assign a case.
    Assign(Box<NextCase>),
    /// Nothing: nobody can take anything that waits.
    Done,
}

/// A page of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuePage {
    /// The queue.
    pub queue_id: QueueId,
    /// The [place](Case::place) behind which it begins.
    pub after: Option<(Timestamp, ConversationId)>,
}

/// A case that is to be assigned.
#[derive(Debug, Clone)]
pub struct NextCase {
    /// The queue.
    pub queue_id: QueueId,
    /// The case.
    pub case: Case,
    /// The assignment.
    pub assignment: Assignment,
}

/// A drain of a desk.
#[derive(Debug, Clone)]
pub struct Drain {
    seats: Vec<Seat>,
    lines: Vec<Line>,
    at: Timestamp,
    /// Whether a member has less room than when the queues were looked at.
    has_less_room: bool,
    orphaned: BTreeSet<QueueId>,
}

/// A queue as a drain goes through it.
#[derive(Debug, Clone)]
struct Line {
    queue: Queue,
    /// Cases that were read.
    read: VecDeque<Case>,
    /// The place of the last one of them.
    after: Option<(Timestamp, ConversationId)>,
    /// Whether there are none behind these.
    is_whole: bool,
    /// Time of the offer of the first case that nobody could take.
    passed_over: Option<Timestamp>,
}

impl Line {
    /// The place before which no case is left.
    fn place(&self) -> (Timestamp, Option<ConversationId>) {
        match (self.read.front(), self.after) {
            (Some(case), _) => (case.offered_at, Some(case.conversation_id)),
            // Cases behind it come later, and reading them is no decision.
            (None, Some((at, _))) => (at, None),
            (None, None) => (self.queue.oldest, None),
        }
    }

    /// The queue's new place once this case, the first one left, is gone.
    fn place_without(&self, case: &Case) -> NewPlace {
        let next = self
            .read
            .front()
            .map_or(case.offered_at, |next| next.offered_at);
        NewPlace {
            version: self.queue.version,
            oldest: self.passed_over.map_or(next, |passed| passed.min(next)),
        }
    }
}

impl Drain {
    /// Begins a drain of a desk at this time.
    #[must_use]
    pub fn new(desk: DeskView, at: Timestamp) -> Self {
        let waiting = desk.queues.into_iter().filter(|queue| queue.waiting > 0);
        let lines = waiting.map(|queue| Line {
            queue,
            read: VecDeque::new(),
            after: None,
            is_whole: false,
            passed_over: None,
        });
        Self {
            lines: lines.collect(),
            seats: desk.seats,
            at,
            has_less_room: true,
            orphaned: BTreeSet::new(),
        }
    }

    /// Decides what is next.
    #[must_use]
    pub fn step(&mut self) -> Step {
        loop {
            self.lines
                .retain(|line| !(line.is_whole && line.read.is_empty()));
            if std::mem::take(&mut self.has_less_room) {
                let seats = &self.seats;
                self.lines
                    .retain(|line| is_served(&line.queue.demand, seats));
            }
            let Some(line) = self.lines.iter_mut().min_by_key(|line| line.place()) else {
                return Step::Done;
            };
            let queue_id = line.queue.id;
            let Some(case) = line.read.pop_front() else {
                let after = line.after;
                return Step::Read(QueuePage { queue_id, after });
            };
            if let Choice::Assign {
                member,
                seat_version,
                facts,
            } = rule::choose(&case, &self.seats)
            {
                let assignment = Assignment {
                    verb: Verb::Assign,
                    member,
                    seat_version,
                    facts: Some(facts),
                    may_exceed: false,
                    queue: Some(line.place_without(&case)),
                };
                return Step::Assign(Box::new(NextCase {
                    queue_id,
                    case,
                    assignment,
                }));
            }
            line.passed_over.get_or_insert(case.offered_at);
        }
    }

    /// Takes a page that was read.
    pub fn read(&mut self, page: QueuePage, cases: Vec<Case>) {
        let Some(line) = self.line(page.queue_id) else {
            return;
        };
        line.is_whole = cases.len() < usize::from(DRAIN_PAGE);
        line.after = cases.last().map(Case::place).or(page.after);
        line.read.extend(cases);
    }

    /// Takes the outcome of an assignment.
    pub fn assigned(&mut self, next: &NextCase, outcome: &Changed) {
        let at = self.at;
        let member_id = next.assignment.member.id;
        let seat = self
            .seats
            .iter_mut()
            .find(|seat| seat.member_id == member_id);
        if let Some(seat) = seat {
            match outcome {
                Changed::Done(_) => {
                    seat.load += 1;
                    seat.idle_since = at;
                }
                Changed::NoRoom => seat.load = seat.load.max(seat.limit.unwrap_or(0)),
                // The change of the seat ordered a drain, which sees it as it is since.
                Changed::NotAvailable => seat.presence = Presence::Inactive,
                Changed::Stale(_) | Changed::Gone => {}
            }
            self.has_less_room |= !seat.has_room() || seat.presence != Presence::Available;
        }
        let Some(line) = self.line(next.queue_id) else {
            return;
        };
        match outcome {
            Changed::Done(_) => line.queue.version += 1,
            Changed::NoRoom | Changed::NotAvailable => line.read.push_front(next.case.clone()),
            // The case changed without moving, and keeps its place.
            Changed::Stale(now) if now.is_waiting() && now.queue_id() == next.queue_id => {
                line.passed_over.get_or_insert(next.case.offered_at);
            }
            Changed::Stale(_) => {}
            Changed::Gone => {
                self.orphaned.insert(next.queue_id);
            }
        }
    }

    /// The queues that listed a case that is gone: they are to be recounted.
    #[must_use]
    pub const fn orphaned(&self) -> &BTreeSet<QueueId> {
        &self.orphaned
    }

    fn line(&mut self, id: QueueId) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.queue.id == id)
    }
}

/// Whether anybody could take a case of this demand that nobody declined.
fn is_served(demand: &Demand, seats: &[Seat]) -> bool {
    let nobody = BTreeSet::new();
    seats
        .iter()
        .any(|seat| rule::fit(demand, &nobody, seat).is_ok())
}

/// Makes the assignment of an offered case that does not wait, to a member who could take no case that waits: it
/// overtakes none.
#[must_use]
pub fn at_once(case: &Case, desk: &DeskView) -> Option<Assignment> {
    let Choice::Assign {
        member,
        seat_version,
        facts,
    } = rule::choose(case, &desk.seats)
    else {
        return None;
    };
    let seat = desk.seats.iter().find(|seat| seat.member_id == member.id)?;
    let nobody = BTreeSet::new();
    let mut waiting = desk.queues.iter().filter(|queue| queue.waiting > 0);
    let overtakes = waiting.any(|queue| rule::fit(&queue.demand, &nobody, seat).is_ok());
    (!overtakes).then_some(Assignment {
        verb: Verb::Assign,
        member,
        seat_version,
        facts: Some(facts),
        may_exceed: false,
        queue: None,
    })
}

#[cfg(test)]
mod tests;
