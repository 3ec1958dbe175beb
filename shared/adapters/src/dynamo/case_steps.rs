//! The parts of conversations' writes that concern their cases.

use super::{
    items::{CaseItem, RoutedItem},
    keys,
    table::{Table, check_write, n, put_write},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    PortError,
    chat::offering::{CaseStep, Offer},
    routing::routed::{Routed, Verb},
};

/// Condition of a row that is written for the first time.
const FRESH: &str = "attribute_not_exists(pk)";
/// Condition of a case that is open: only one that is over expires.
const OPEN: &str = "attribute_exists(pk) AND attribute_not_exists(expires_at)";

impl Table {
    /// Makes the writes of a step. They fail if the case is not as it was read.
    pub(super) fn case_step_writes(
        &self,
        step: &CaseStep,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        Ok(match step {
            CaseStep::Nothing => Vec::new(),
            CaseStep::Stands(case) => {
                let key = keys::case(case.scope, case.conversation_id);
                vec![check_write(self.check_part(&key, OPEN, &[], &[])?)]
            }
            CaseStep::Offer(offer) => self.offering_writes(offer)?.into(),
        })
    }

    /// Makes the writes of an offer: the case with its mark, and the line in the thread.
    fn offering_writes(&self, offer: &Offer) -> Result<[TransactWriteItem; 2], PortError> {
        let item = CaseItem::from(&offer.case);
        let case = match offer.replaces {
            Some(version) => self.put_part(&item, "version = :read", &[(":read", n(version))])?,
            None => self.put_part(&item, FRESH, &[])?,
        };
        let line = Routed {
            number: offer.case.version,
            at: offer.case.offered_at,
            by: offer.by.clone(),
            verb: Verb::Offer,
            member: None,
            basis: None,
            over_limit: false,
            note: None,
        };
        let line = self.put_part(&RoutedItem::new(&offer.case, line), FRESH, &[])?;
        Ok([put_write(case), put_write(line)])
    }
}
