//! The port of seats that members leave behind.

use crate::{AccountScope, PortError, ids::MemberId, routing::demand::Desk};
use async_trait::async_trait;

/// The store of seats that were closed since their member was removed, or lost the channel.
#[async_trait]
pub trait ClosedSeats: Send + Sync {
    /// Returns the desks where seats of the member were closed since the order to requeue was given.
    async fn closed_desks(
        &self,
        scope: AccountScope,
        member_id: MemberId,
    ) -> Result<Vec<Desk>, PortError>;
    /// Removes a seat that is closed and without load. One that is open, or still counts something, stays.
    async fn remove_closed(&self, desk: &Desk, member_id: MemberId) -> Result<(), PortError>;
}
