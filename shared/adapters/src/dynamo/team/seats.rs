//! Seats of members, and the orders to requeue what they may no longer have, and to remove the seats that they leave: each
//! change of a member writes them in its own transaction, so that the router never sees another member than the one on
//! record.

use crate::dynamo::table::Table;
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    PortError, Timestamp,
    ports::OUTBOX_PATIENCE,
    routing::{demand::Desk, seat::Seat, seat_of::MemberChange},
};

impl Table {
    /// Makes the writes that go with the change of a member, whose versions are those that were read.
    pub(in crate::dynamo) fn routing_writes(
        &self,
        change: MemberChange<'_>,
        at: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let member = change.after;
        let scope = member.scope;
        let mut writes = Vec::new();
        let mut closed = Vec::new();
        for (channel, seat) in change.seats() {
            if seat.limit.is_none() {
                closed.push(channel.clone());
            }
            let desk = Desk { scope, channel };
            let seat = Seat {
                version: member.version + 1,
                ..seat
            };
            writes.push(self.seat_write(&desk, &seat)?);
        }
        if change.needs_requeue() || !closed.is_empty() {
            let due = at.plus(OUTBOX_PATIENCE);
            writes.push(self.seat_closing_write(scope, member.id, due, closed)?);
        }
        Ok(writes)
    }
}
