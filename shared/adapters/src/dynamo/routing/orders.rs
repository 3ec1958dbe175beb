//! Orders to drain a queue, or to requeue what a member has.

use super::DynamoRouting;
use crate::dynamo::{
    items::RequeueItem,
    keys,
    marks::Marked,
    table::{Cancelled, Conditional, Transacted, delete_write, n},
};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    ids::{MemberId, QueueId},
    job::DrainQueue,
    ports::{RequeueOrder, RoutingStore as _, Settled},
    routing::{demand::Desk, seat::Seat},
};

impl DynamoRouting {
    /// Ends the order to drain a queue if nothing waits in it, or postpones it.
    pub(super) async fn settle(
        &self,
        desk: &Desk,
        id: QueueId,
        again: Timestamp,
    ) -> Result<Settled, PortError> {
        let is_empty = "attribute_not_exists(pk) OR waiting = :zero";
        let queue = keys::queue(desk, id);
        let order = keys::queue_order(desk.scope, id);
        let writes = vec![
            delete_write(
                self.table
                    .delete_part(&queue, is_empty, &[(":zero", n(0))])?,
            ),
            delete_write(self.table.removal_part(&order)?),
        ];
        let reasons = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(Settled::Empty),
            Transacted::Cancelled(reasons) => reasons,
        };
        if !matches!(reasons.first(), Some(Cancelled::Condition(_))) {
            return Err(PortError::Conflict { what: "queue" });
        }
        let job = DrainQueue {
            scope: desk.scope,
            queue_id: id,
        };
        let mark = Marked::by(job.into()).waiting(again);
        let update = self.table.update_part(
            &order,
            "SET outbox_pk = :part, outbox_due = :due, version = version + :one",
            "attribute_exists(outbox_pk)",
            &[],
            &[(":part", mark.pk()), (":due", mark.due()), (":one", n(1))],
        )?;
        // The condition fails when the queue was emptied and settled meanwhile.
        match self.table.update(update).await? {
            Conditional::Done(_) => Ok(Settled::Waiting),
            Conditional::Failed(_) => Ok(Settled::Empty),
        }
    }

    /// Reads the order to requeue what a member may no longer have.
    pub(super) async fn order_to_requeue(
        &self,
        scope: AccountScope,
        member_id: MemberId,
    ) -> Result<Option<RequeueOrder>, PortError> {
        let key = keys::requeue(scope, member_id);
        let item: Option<RequeueItem> = self.table.get(&key, "order to requeue").await?;
        Ok(item.map(|item| RequeueOrder {
            member_id,
            orders: item.orders,
        }))
    }

    /// Ends the order to requeue as it was read.
    pub(super) async fn end_order_to_requeue(
        &self,
        scope: AccountScope,
        order: RequeueOrder,
    ) -> Result<bool, PortError> {
        let key = keys::requeue(scope, order.member_id);
        let condition = "attribute_not_exists(pk) OR orders = :read";
        let delete = self
            .table
            .delete_part(&key, condition, &[(":read", n(order.orders))])?;
        match self.table.transact(vec![delete_write(delete)]).await? {
            Transacted::Done => Ok(true),
            Transacted::Cancelled(reasons) => {
                let is_other = matches!(reasons.first(), Some(Cancelled::Condition(_)));
                is_other
                    .then_some(false)
                    .ok_or(PortError::Conflict { what: "order" })
            }
        }
    }

    /// Writes a seat as it is derived from its member, outside the member's own transaction: a repair.
    pub async fn put_seat(&self, desk: &Desk, seat: &Seat) -> Result<bool, PortError> {
        let write = self.table.seat_write(desk, seat)?;
        match self.table.transact(vec![write]).await? {
            Transacted::Done => Ok(true),
            Transacted::Cancelled(_) => {
                let stored = self.seat(desk, seat.member_id).await?;
                Ok(stored.is_some_and(|stored| stored.version == seat.version))
            }
        }
    }

    /// Orders to requeue what a member may no longer have, outside the member's own transaction: a repair.
    pub async fn order_requeue(
        &self,
        scope: AccountScope,
        member_id: MemberId,
        due: Timestamp,
    ) -> Result<(), PortError> {
        let write = self.table.requeue_write(scope, member_id, due)?;
        match self.table.transact(vec![write]).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: "order" }),
        }
    }
}
