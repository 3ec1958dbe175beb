//! The demand with which a case waits again: its own, or a wider one at a desk with too many queues.

use super::DynamoRouting;
use vestibule_domain::{
    PortError,
    routing::{
        bounds::{admitted, left_out},
        demand::{Demand, Desk},
    },
};

impl DynamoRouting {
    /// Finds the demand with which a case may wait at a desk, and the note of the line about it: that of the author, and
    /// which skills are left out. Only skills can be too many, so that nothing is read without any.
    pub(super) async fn bounded(
        &self,
        desk: &Desk,
        demand: &Demand,
        note: Option<&str>,
    ) -> Result<(Demand, Option<String>), PortError> {
        let note = note.map(str::to_owned);
        if demand.skills.is_empty() {
            return Ok((demand.clone(), note));
        }
        let view = self.desk_rows(desk, "").await?;
        let wider = admitted(desk, demand, &view);
        let note = match (note, left_out(demand, &wider)) {
            (Some(own), Some(other)) => Some(format!("{own}\n{other}")),
            (own, other) => own.or(other),
        };
        Ok((wider, note))
    }
}
