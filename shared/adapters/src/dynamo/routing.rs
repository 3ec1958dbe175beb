//! The store of desks and cases.
//!
//! | module | contents |
//! |---|---|
//! | [`bounds`] | the demand with which a case waits again |
//! | [`writes`] | parts of transactions, also of those of other stores |
//! | [`change`] | a change of a case: its transaction, and the meaning of a refusal |
//! | [`ending`] | the end of a case that goes with its conversation |
//! | [`reading`] | queries |
//! | [`rights`] | who may reply, as the account's roles say |
//! | [`orders`] | orders to drain a queue or to requeue what a member has |
//! | [`counts`] | loads, counted |
//! | [`queue_counts`] | queues, counted |
//! | [`closed_seats`] | seats that members leave behind |
//! | [`rehoming`] | orders to look after the cases of a connector |

mod bounds;
mod change;
mod closed_seats;
mod counts;
mod ending;
mod orders;
mod queue_counts;
mod reading;
mod rehoming;
mod rights;
mod writes;

use super::{
    items::{SeatItem, read_case},
    keys,
    table::{Conditional, Table},
};
use async_trait::async_trait;
use change::Change;
use std::time::Duration;
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    account::actor::Actor,
    ids::{ConversationId, MemberId, QueueId},
    ports::{
        Assignment, Changed, DeskView, GivingBack, HandingOff, Recount, RequeueOrder, RoutedBy,
        RoutingStore, Settled,
    },
    routing::{
        case::{Assigned, Case, CaseState},
        demand::{Demand, Desk},
        queue::Queue,
        routed::{Routed, Verb},
        seat::Seat,
    },
};

const WHAT: &str = "case";

/// See [`RoutingStore`].
#[derive(Debug, Clone)]
pub struct DynamoRouting {
    table: Table,
}

impl DynamoRouting {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

fn done(case: &Case) -> Changed {
    Changed::Done(Box::new(case.clone()))
}

fn stale(case: &Case) -> Changed {
    Changed::Stale(Box::new(case.clone()))
}

#[async_trait]
impl RoutingStore for DynamoRouting {
    async fn case(
        &self,
        scope: ProjectScope,
        id: ConversationId,
    ) -> Result<Option<Case>, PortError> {
        let found = self.cases(scope, &[id]).await?;
        Ok(found.into_iter().next())
    }

    async fn cases(
        &self,
        scope: ProjectScope,
        ids: &[ConversationId],
    ) -> Result<Vec<Case>, PortError> {
        let wanted: Vec<_> = ids.iter().map(|id| keys::case(scope, *id)).collect();
        let rows = self.table.get_batch(&wanted).await?;
        rows.into_values().map(read_case).collect()
    }

    async fn routed(
        &self,
        scope: ProjectScope,
        id: ConversationId,
        after: u64,
        limit: u16,
    ) -> Result<Vec<Routed>, PortError> {
        self.lines(scope, id, after, limit).await
    }

    async fn desk(&self, desk: &Desk) -> Result<DeskView, PortError> {
        self.desk_rows(desk, "").await
    }

    async fn seats(&self, desk: &Desk) -> Result<Vec<Seat>, PortError> {
        Ok(self.desk_rows(desk, keys::SEAT_PREFIX).await?.seats)
    }

    async fn queues(&self, desk: &Desk) -> Result<Vec<Queue>, PortError> {
        Ok(self.desk_rows(desk, keys::QUEUE_PREFIX).await?.queues)
    }

    async fn seat(&self, desk: &Desk, member_id: MemberId) -> Result<Option<Seat>, PortError> {
        let key = keys::seat(desk, member_id);
        let item: Option<SeatItem> = self.table.get(&key, "seat").await?;
        let found = item.map(Seat::from).into_iter().collect();
        let mut seats = self.with_rights(desk.scope, found).await?;
        Ok(seats.pop())
    }

    async fn desk_of_queue(
        &self,
        scope: AccountScope,
        id: QueueId,
    ) -> Result<Option<Desk>, PortError> {
        self.ordered_desk(scope, id).await
    }

    async fn waiting(
        &self,
        scope: AccountScope,
        id: QueueId,
        limit: u16,
        after: Option<(Timestamp, ConversationId)>,
    ) -> Result<Vec<Case>, PortError> {
        self.waiting_cases(scope, id, limit, after).await
    }

    async fn cases_of(
        &self,
        scope: AccountScope,
        member_id: MemberId,
        channel: Option<&str>,
        after: Option<&Case>,
        limit: u16,
    ) -> Result<Vec<Case>, PortError> {
        let after = after.map(|case| keys::held_case(case, member_id));
        self.held_cases((scope, member_id), channel, after, limit)
            .await
    }

    async fn offer(&self, case: &Case, by: RoutedBy<'_>) -> Result<Changed, PortError> {
        let change = Change::to(case.clone(), by).told_as(Verb::Offer);
        Box::pin(self.make(change)).await
    }

    async fn offer_handing_off(
        &self,
        case: &Case,
        handing: HandingOff<'_>,
        by: RoutedBy<'_>,
    ) -> Result<Changed, PortError> {
        let change = Change::to(case.clone(), by)
            .told_as(Verb::Offer)
            .handing_off(handing);
        Box::pin(self.make(change)).await
    }

    async fn enqueue(&self, case: &Case, at: Timestamp) -> Result<Changed, PortError> {
        self.enqueue_noting(case, None, at).await
    }

    async fn enqueue_noting(
        &self,
        case: &Case,
        note: Option<&str>,
        at: Timestamp,
    ) -> Result<Changed, PortError> {
        match case.state {
            CaseState::Offered => {}
            CaseState::Waiting => return Ok(done(case)),
            CaseState::Assigned(_) | CaseState::Released { .. } => return Ok(stale(case)),
        }
        let system = Actor::system();
        let by = RoutedBy {
            note,
            ..RoutedBy::itself(&system, at)
        };
        let mut change = Change::to(case.waiting(at), by).from(case);
        if note.is_some() {
            change = change.noting(self.offer_line(case).await?);
        }
        Box::pin(self.make(change)).await
    }

    async fn assign(
        &self,
        case: &Case,
        assignment: &Assignment,
        by: RoutedBy<'_>,
    ) -> Result<Changed, PortError> {
        if case.member_id() == Some(assignment.member.id) {
            return Ok(done(case));
        }
        let is_others = case.assigned().is_some();
        if !case.is_open() || is_others && assignment.facts.is_some() {
            return Ok(stale(case));
        }
        let assigned = Assigned {
            member: assignment.member.clone(),
            at: by.at,
            basis: assignment.facts.clone(),
            over_limit: false,
        };
        let change = Change::to(case.assigned_to(assigned), by)
            .from(case)
            .told_as(assignment.verb)
            .gaining(assignment);
        Box::pin(self.make(change)).await
    }

    async fn release(&self, case: &Case, by: RoutedBy<'_>) -> Result<Changed, PortError> {
        if !case.is_open() {
            return Ok(done(case));
        }
        let noted = match self.note_missed_reply(case, by.at).await? {
            Changed::Done(noted) => noted,
            other => return Ok(other),
        };
        let change = Change::to(noted.released(by.at), by)
            .from(&noted)
            .told_as(Verb::Release);
        Box::pin(self.make(change)).await
    }

    async fn requeue(
        &self,
        case: &Case,
        declined: Option<MemberId>,
        by: RoutedBy<'_>,
    ) -> Result<Changed, PortError> {
        match case.state {
            CaseState::Offered | CaseState::Assigned(_) => {}
            CaseState::Waiting => return Ok(done(case)),
            CaseState::Released { .. } => return Ok(stale(case)),
        }
        let (demand, note) = self.bounded(&case.desk(), &case.demand, by.note).await?;
        let by = RoutedBy {
            note: note.as_deref(),
            ..by
        };
        let change = Change::to(case.requeued(Some(demand), declined, by.at), by)
            .from(case)
            .told_as(Verb::Requeue);
        Box::pin(self.make(change)).await
    }

    async fn transfer(
        &self,
        case: &Case,
        demand: &Demand,
        by: RoutedBy<'_>,
    ) -> Result<Changed, PortError> {
        match case.state {
            CaseState::Waiting if case.demand == *demand => return Ok(done(case)),
            CaseState::Offered | CaseState::Waiting | CaseState::Assigned(_) => {}
            CaseState::Released { .. } => return Ok(stale(case)),
        }
        let (demand, note) = self.bounded(&case.desk(), demand, by.note).await?;
        if case.is_waiting() && case.demand == demand {
            return Ok(done(case));
        }
        let by = RoutedBy {
            note: note.as_deref(),
            ..by
        };
        let next = case.requeued(Some(demand), case.member_id(), by.at);
        let change = Change::to(next, by).from(case).told_as(Verb::Transfer);
        Box::pin(self.make(change)).await
    }

    async fn give_back(
        &self,
        giving: GivingBack<'_>,
        by: RoutedBy<'_>,
    ) -> Result<Changed, PortError> {
        let case = giving.case;
        if !case.is_open() {
            return Ok(done(case));
        }
        let noted = match self.note_missed_reply(case, by.at).await? {
            Changed::Done(noted) => noted,
            other => return Ok(other),
        };
        let change = Change::to(noted.released(by.at), by)
            .from(&noted)
            .told_as(Verb::GiveBack)
            .giving_back(giving);
        Box::pin(self.make(change)).await
    }

    async fn note_first_reply(&self, case: &Case, at: Timestamp) -> Result<Changed, PortError> {
        if case.first_reply_at.is_some() {
            return Ok(done(case));
        }
        if !case.is_open() {
            return Ok(stale(case));
        }
        let noted = match self.note_missed_reply(case, at).await? {
            Changed::Done(noted) => noted,
            other => return Ok(other),
        };
        let next = Case {
            first_reply_at: Some(at),
            ..noted.with_state(noted.state.clone(), at)
        };
        let system = Actor::system();
        let change = Change::to(next, RoutedBy::itself(&system, at)).from(&noted);
        Box::pin(self.make(change)).await
    }

    async fn note_missed_reply(&self, case: &Case, at: Timestamp) -> Result<Changed, PortError> {
        if !case.misses_first_reply(at) {
            return Ok(done(case));
        }
        let system = Actor::system();
        let change = Change::to(case.with_missed_reply(at), RoutedBy::itself(&system, at))
            .from(case)
            .told_as(Verb::MissFirstReply);
        Box::pin(self.make(change)).await
    }

    async fn limit_first_reply(
        &self,
        case: &Case,
        minutes: u32,
        at: Timestamp,
    ) -> Result<Changed, PortError> {
        if case.first_reply_due_at.is_some() {
            return Ok(done(case));
        }
        if !case.is_open() {
            return Ok(stale(case));
        }
        let limited = case.clone().with_first_reply_within(Some(minutes));
        let next = limited.with_state(case.state.clone(), at);
        let system = Actor::system();
        let change = Change::to(next, RoutedBy::itself(&system, at)).from(case);
        Box::pin(self.make(change)).await
    }

    async fn settle_queue(
        &self,
        desk: &Desk,
        id: QueueId,
        again: Timestamp,
    ) -> Result<Settled, PortError> {
        self.settle(desk, id, again).await
    }

    async fn requeue_order(
        &self,
        scope: AccountScope,
        member_id: MemberId,
    ) -> Result<Option<RequeueOrder>, PortError> {
        self.order_to_requeue(scope, member_id).await
    }

    async fn end_requeue(
        &self,
        scope: AccountScope,
        order: RequeueOrder,
    ) -> Result<bool, PortError> {
        self.end_order_to_requeue(scope, order).await
    }

    async fn requeue_after(&self, scope: AccountScope) -> Result<Option<Duration>, PortError> {
        let account = self.table.account(scope).await?;
        Ok(account.and_then(|account| account.rules.requeue_after()))
    }

    async fn postpone_requeue(
        &self,
        scope: AccountScope,
        order: RequeueOrder,
        again: Timestamp,
    ) -> Result<bool, PortError> {
        let update = self.table.postponed_requeue((scope, order), again)?;
        match self.table.update(update).await? {
            Conditional::Done(_) => Ok(true),
            Conditional::Failed(_) => Ok(false),
        }
    }

    async fn recount(&self, desk: &Desk, member_id: MemberId) -> Result<Recount, PortError> {
        Box::pin(self.count_load(desk, member_id)).await
    }

    async fn recount_queue(&self, desk: &Desk, id: QueueId) -> Result<Recount, PortError> {
        Box::pin(self.count_waiting(desk, id)).await
    }
}
