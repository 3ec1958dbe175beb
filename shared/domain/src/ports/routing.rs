//! The port of routing: desks, cases and their changes.

use crate::{
    AccountScope, PortError, ProjectScope, Timestamp,
    account::actor::Actor,
    chat::handoff::Handoff,
    event::AuditEntry,
    ids::{ConversationId, MemberId, QueueId},
    ports::{By, ConversationView},
    routing::{
        case::Case,
        demand::{Demand, Desk},
        queue::Queue,
        routed::{Routed, RoutedCall},
        seat::Seat,
    },
};
use async_trait::async_trait;
use std::time::Duration;

pub use crate::routing::{
    assignment::{Assignment, Changed},
    queue::{DeskView, NewPlace},
};

/// The author of a change of a case.
#[derive(Debug, Clone, Copy)]
pub struct RoutedBy<'a> {
    /// The author.
    pub actor: &'a Actor,
    /// Time of the change.
    pub at: Timestamp,
    /// A note, which the line keeps.
    pub note: Option<&'a str>,
    /// The call that asks for it, if it has an `Idempotency-Key`. The line keeps it.
    pub call: Option<&'a RoutedCall>,
    /// The audit entry and the right of whoever called the API. The change fails with
    /// [`CallerProof::LOST`](crate::account::proof::CallerProof::LOST) if the right was lost meanwhile.
    pub caller: Option<By<'a>>,
}

impl<'a> RoutedBy<'a> {
    /// A change by Vestibule itself.
    #[must_use]
    pub const fn itself(system: &'a Actor, at: Timestamp) -> Self {
        Self {
            actor: system,
            at,
            note: None,
            call: None,
            caller: None,
        }
    }
}

/// The handing off of a conversation that is offered.
#[derive(Debug, Clone, Copy)]
pub struct HandingOff<'a> {
    /// The conversation as it was read.
    pub read: &'a ConversationView,
    /// The handoff with its audit entry; `None` where the one on record stands.
    pub handoff: Option<(&'a Handoff, &'a AuditEntry)>,
}

/// The giving back of a conversation to the agent.
#[derive(Debug, Clone, Copy)]
pub struct GivingBack<'a> {
    /// The case.
    pub case: &'a Case,
    /// Version of the conversation that was read.
    pub conversation_version: u64,
    /// Whether the conversation is open afterwards; a closed one stays closed.
    pub opens: bool,
}

/// The outcome of going through what is to be drained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Nothing waits: the order is done.
    Empty,
    /// Something waits: the order is due again later.
    Waiting,
}

/// The outcome of counting a member's or a queue's cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recount {
    /// The number on record.
    pub recorded: u32,
    /// The number counted, which is on record since.
    pub counted: u32,
    /// Number of rows that named a case which is not there, or is elsewhere. They are removed.
    pub orphans: u32,
}

impl Recount {
    /// Whether the number on record was right.
    #[must_use]
    pub const fn agrees(&self) -> bool {
        self.recorded == self.counted && self.orphans == 0
    }
}

/// An order to requeue what a member may no longer have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequeueOrder {
    /// The member.
    pub member_id: MemberId,
    /// Number of times that it was given.
    pub orders: u64,
}

/// The store of desks and cases.
///
/// Each change is one transaction under the version of the case that was read. Made twice, by a retry or by two at once, it
/// takes effect once: the second finds the case at the next version in the very state that it asks for, and is
/// [`Changed::Done`] too. No automatic assignment, and none by hand without [`Assignment::may_exceed`], takes a member over
/// the limit: the transaction's own condition admits it.
///
/// `Conflict` means that other transactions kept the rows for too long: try again.
#[async_trait]
pub trait RoutingStore: Send + Sync {
    /// Returns the case of a conversation.
    async fn case(
        &self,
        scope: ProjectScope,
        id: ConversationId,
    ) -> Result<Option<Case>, PortError>;
    /// Returns the cases of these conversations, in any order. Conversations without one are left out.
    async fn cases(
        &self,
        scope: ProjectScope,
        ids: &[ConversationId],
    ) -> Result<Vec<Case>, PortError>;
    /// Returns the lines of a conversation's thread with numbers above `after`, the first ones first, at most `limit`.
    async fn routed(
        &self,
        scope: ProjectScope,
        id: ConversationId,
        after: u64,
        limit: u16,
    ) -> Result<Vec<Routed>, PortError>;

    /// Returns the seats and queues of a desk, consistently, in one query.
    async fn desk(&self, desk: &Desk) -> Result<DeskView, PortError>;
    /// Returns the seats of a desk, consistently, in one query.
    async fn seats(&self, desk: &Desk) -> Result<Vec<Seat>, PortError>;
    /// Returns the queues of a desk, consistently, in one query.
    async fn queues(&self, desk: &Desk) -> Result<Vec<Queue>, PortError>;
    /// Returns one seat.
    async fn seat(&self, desk: &Desk, member_id: MemberId) -> Result<Option<Seat>, PortError>;
    /// Returns the desk of a queue that is to be drained.
    async fn desk_of_queue(
        &self,
        scope: AccountScope,
        id: QueueId,
    ) -> Result<Option<Desk>, PortError>;
    /// Returns the cases that wait in a queue behind a [place](Case::place), consistently, the first ones first, at most
    /// `limit`.
    async fn waiting(
        &self,
        scope: AccountScope,
        id: QueueId,
        limit: u16,
        after: Option<(Timestamp, ConversationId)>,
    ) -> Result<Vec<Case>, PortError>;
    /// Returns cases that a member has, consistently: those behind a conversation in the order of channel and
    /// conversation, at most `limit`; of one channel, or of all.
    async fn cases_of(
        &self,
        scope: AccountScope,
        member_id: MemberId,
        channel: Option<&str>,
        after: Option<&Case>,
        limit: u16,
    ) -> Result<Vec<Case>, PortError>;

    /// Makes the case of an offer, with its mark, which is due when the direct job counts as lost. `Stale` when an open
    /// case stands there, or one that is over and was not read.
    async fn offer(&self, case: &Case, by: RoutedBy<'_>) -> Result<Changed, PortError>;
    /// The same, together with the handoff of its conversation. `Conflict` when the conversation was changed, or, where its
    /// handoff is to stand, was given back.
    async fn offer_handing_off(
        &self,
        case: &Case,
        handing: HandingOff<'_>,
        by: RoutedBy<'_>,
    ) -> Result<Changed, PortError>;
    /// Queues an offered case, and orders the drain of its queue. The caller has to know that the desk may have that
    /// queue.
    async fn enqueue(&self, case: &Case, at: Timestamp) -> Result<Changed, PortError>;
    /// The same. The line about the offer gets the note, if there is one.
    async fn enqueue_noting(
        &self,
        case: &Case,
        note: Option<&str>,
        at: Timestamp,
    ) -> Result<Changed, PortError>;
    /// Assigns a case that is offered, waits, or is another member's. One that the member has is `Done` without a change.
    async fn assign(
        &self,
        case: &Case,
        assignment: &Assignment,
        by: RoutedBy<'_>,
    ) -> Result<Changed, PortError>;
    /// Ends an open case; one whose first reply was missed with a line that says so before. One that is over is `Done`
    /// without a change.
    async fn release(&self, case: &Case, by: RoutedBy<'_>) -> Result<Changed, PortError>;
    /// Queues an offered or assigned case, at its place, without the skills for which the desk has too many queues: see
    /// [`admitted`](crate::routing::bounds::admitted). It is not offered to `declined` in this wait. One that waits is
    /// `Done` without a change.
    async fn requeue(
        &self,
        case: &Case,
        declined: Option<MemberId>,
        by: RoutedBy<'_>,
    ) -> Result<Changed, PortError>;
    /// Queues an open case with another demand, at its place: a transfer to a team. Skills are left out as by
    /// [`requeue`](Self::requeue). It is not offered in this wait to the member who has it. One that waits with this
    /// demand is `Done` without a change.
    async fn transfer(
        &self,
        case: &Case,
        demand: &Demand,
        by: RoutedBy<'_>,
    ) -> Result<Changed, PortError>;
    /// Ends an open case, as [`release`](Self::release) does, and the handoff of its conversation. `Conflict` when the
    /// conversation was changed.
    async fn give_back(
        &self,
        giving: GivingBack<'_>,
        by: RoutedBy<'_>,
    ) -> Result<Changed, PortError>;
    /// Notes the first reply by a member, in an open case without one; before it, with a line, that it came too late, if it
    /// did. One that has one is `Done` without a change.
    async fn note_first_reply(&self, case: &Case, at: Timestamp) -> Result<Changed, PortError>;
    /// Notes, with a line, that no first reply came in time. A case that [misses](Case::misses_first_reply) none is `Done`
    /// without a change.
    async fn note_missed_reply(&self, case: &Case, at: Timestamp) -> Result<Changed, PortError>;
    /// Sets the limit for the first reply of an open case that was changed by hand before the router had looked at it. A
    /// case that has one is `Done` without a change.
    async fn limit_first_reply(
        &self,
        case: &Case,
        minutes: u32,
        at: Timestamp,
    ) -> Result<Changed, PortError>;

    /// Ends the order to drain a queue if nothing waits in it, or lets it be due at `again`.
    async fn settle_queue(
        &self,
        desk: &Desk,
        id: QueueId,
        again: Timestamp,
    ) -> Result<Settled, PortError>;
    /// Returns the order to requeue what a member may no longer have.
    async fn requeue_order(
        &self,
        scope: AccountScope,
        member_id: MemberId,
    ) -> Result<Option<RequeueOrder>, PortError>;
    /// Ends the order as it was read. `false` when it was given again meanwhile.
    async fn end_requeue(
        &self,
        scope: AccountScope,
        order: RequeueOrder,
    ) -> Result<bool, PortError>;
    /// Returns the time after which an account requeues what absent members have.
    async fn requeue_after(&self, scope: AccountScope) -> Result<Option<Duration>, PortError>;
    /// Lets the order be due at `again`, as it was read. `false` when it was given again meanwhile.
    async fn postpone_requeue(
        &self,
        scope: AccountScope,
        order: RequeueOrder,
        again: Timestamp,
    ) -> Result<bool, PortError>;

    /// Counts the cases that a member has at a desk, and corrects the load on record. Changes meanwhile are no
    /// differences. `Conflict` when they do not stop.
    async fn recount(&self, desk: &Desk, member_id: MemberId) -> Result<Recount, PortError>;
    /// Counts the cases that wait in a queue, and corrects the number on record, in the same way, with a bounded number of
    /// calls: of the rows whose case is gone it removes those near the front, and the others another time.
    async fn recount_queue(&self, desk: &Desk, id: QueueId) -> Result<Recount, PortError>;
}
