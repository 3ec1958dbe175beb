//! The writes that every decision on a request makes, manual or implied.

use super::{
    keys,
    table::{Table, s, to_value, update_write},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    PortError,
    access::request::{AccessRequest, RequestDecision},
};

impl Table {
    /// Writes the decision on the request, unless the request is already decided.
    pub(super) fn decision_write(
        &self,
        request: &AccessRequest,
        decision: &RequestDecision,
    ) -> Result<TransactWriteItem, PortError> {
        let list = keys::access_requests(request.scope, Some(decision.verdict.status()));
        let update = self.update_part(
            &keys::access_request(request.scope, request.id),
            "SET decision = :decision, state_pk = :list",
            "attribute_exists(pk) AND attribute_not_exists(decision)",
            &[],
            &[(":decision", to_value(decision)?), (":list", s(list))],
        )?;
        Ok(update_write(update))
    }
}
