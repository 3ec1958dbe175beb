//! The right to reply of members with roles of the account's own: their seats name the role, which changes apart from them.

use super::DynamoRouting;
use crate::dynamo::{items::RolesItem, keys};
use vestibule_domain::{
    AccountScope, PortError,
    routing::{reply_right::ReplyRight, seat::Seat},
    team::role::Roles,
};

impl DynamoRouting {
    /// Looks up what the account's roles say about seats, if any seat depends on it.
    pub(super) async fn with_rights(
        &self,
        scope: AccountScope,
        mut seats: Vec<Seat>,
    ) -> Result<Vec<Seat>, PortError> {
        let asks = |seat: &Seat| matches!(seat.reply_right, ReplyRight::OfRole(_));
        if !seats.iter().any(|seat| seat.is_open() && asks(seat)) {
            return Ok(seats);
        }
        let item: Option<RolesItem> = self.table.get(&keys::roles(scope), "roles").await?;
        let roles = item.map(Roles::from).unwrap_or_default();
        for seat in &mut seats {
            seat.reply_right = seat.reply_right.by(&roles);
        }
        Ok(seats)
    }
}
