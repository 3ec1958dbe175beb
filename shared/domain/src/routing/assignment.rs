//! Assignments that are asked for, and their outcome.

use super::{
    case::Case,
    queue::NewPlace,
    routed::{Facts, NamedMember, Verb},
};

/// An assignment that is asked for.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// [`Verb::Assign`], [`Verb::Claim`] or [`Verb::Transfer`].
    pub verb: Verb,
    /// The member.
    pub member: NamedMember,
    /// Version of the member's seat that was looked at.
    pub seat_version: u64,
    /// The facts, if the rule chose the member. Then the member must be available.
    pub facts: Option<Facts>,
    /// Whether the member may be at the limit: by hand only, with the right to it.
    pub may_exceed: bool,
    /// The queue without this case, if it is known: see [`NewPlace`].
    pub queue: Option<NewPlace>,
}

/// The outcome of a change of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It took effect, by this attempt or an earlier one; with the case as it is since.
    Done(Box<Case>),
    /// The case was changed meanwhile; with the case as it is. Nothing was changed.
    Stale(Box<Case>),
    /// The member is at the limit. Nothing was changed.
    NoRoom,
    /// The member's seat is closed, or is not available for an automatic assignment, or was changed since it was read.
    /// Nothing was changed.
    NotAvailable,
    /// There is no case. Nothing was changed.
    Gone,
}
