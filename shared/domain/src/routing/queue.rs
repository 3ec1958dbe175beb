//! Queues of a desk, and a desk at one moment.

use super::{demand::Demand, seat::Seat};
use crate::{Timestamp, ids::QueueId};

/// The waiting cases of one demand at one desk, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Id of the queue.
    pub id: QueueId,
    /// The demand of its cases.
    pub demand: Demand,
    /// Number of cases that wait.
    pub waiting: u32,
    /// No case that waits was offered earlier. The first one may have been offered later.
    pub oldest: Timestamp,
    /// Counts changes.
    pub version: u64,
}

/// A queue without the case that a drain assigns, as the drain knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewPlace {
    /// Version of the queue before it was read.
    pub version: u64,
    /// Time of the offer of its next case, or of the case that was first if there is none.
    pub oldest: Timestamp,
}

/// A desk at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeskView {
    /// The seats, of closed ones too, in no particular order.
    pub seats: Vec<Seat>,
    /// The queues in which anything waits, or did lately.
    pub queues: Vec<Queue>,
}
