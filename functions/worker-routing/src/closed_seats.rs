//! Seats that a member leaves behind, by being removed or by losing a channel: each goes once nothing is assigned there.

use crate::Deps;
use vestibule_domain::{PortError, job::RequeueMember};

/// Removes the seats that were closed with the order, as far as they have no load.
pub(crate) async fn remove_closed(deps: &Deps, job: RequeueMember) -> Result<(), PortError> {
    let seats = &deps.closed_seats;
    for desk in seats.closed_desks(job.scope, job.member_id).await? {
        seats.remove_closed(&desk, job.member_id).await?;
    }
    Ok(())
}
