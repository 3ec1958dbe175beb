//! The parts of conversations' writes that concern their cases.

use super::{
    keys,
    table::{Table, check_write},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{PortError, chat::offering::CaseStep, ports::RoutedBy};

/// Condition of a case that is open: one that is over is in no list by its state.
const OPEN: &str = "attribute_exists(state_pk)";

impl Table {
    /// Makes the writes of a step. They fail if the case is not as it was read.
    pub(super) fn case_step_writes(
        &self,
        step: &CaseStep,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        match step {
            CaseStep::Nothing => Ok(Vec::new()),
            CaseStep::Stands(case) => {
                let key = keys::case(case.scope, case.conversation_id);
                let check = self.check_part(&key, OPEN, &[], &[])?;
                Ok(vec![check_write(check)])
            }
            CaseStep::Offer(offer) => {
                let by = RoutedBy::itself(&offer.by, offer.case.offered_at);
                self.offer_writes(&offer.case, by)
            }
        }
    }
}
