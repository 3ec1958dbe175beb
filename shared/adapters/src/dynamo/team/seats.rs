//! Seats of members, and the orders to requeue what they may no longer have: each change of a member writes them in its own
//! transaction, so that the router never sees another member than the one on record.

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
        for (channel, seat) in change.seats() {
            let desk = Desk { scope, channel };
            let seat = Seat {
                version: member.version + 1,
                ..seat
            };
            writes.push(self.seat_write(&desk, &seat)?);
        }
        if change.needs_requeue() {
            let due = at.plus(OUTBOX_PATIENCE);
            writes.push(self.requeue_write(scope, member.id, due)?);
        }
        Ok(writes)
    }
}
