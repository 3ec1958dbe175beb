//! What every decision on a request writes, whoever or whatever makes it.

use super::{
    keys,
    table::{Table, s, to_value, update_write},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    PortError,
    access::request::{AccessRequest, RequestDecision, Verdict},
    account::AuditEntry,
    ids::AuditId,
};

impl Table {
    /// The decision on the request, unless there is one.
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

/// The audit entry of a decision.
pub(super) fn decision_audit(
    request: &AccessRequest,
    decision: &RequestDecision,
    (id, request_id): (AuditId, &str),
) -> AuditEntry {
    AuditEntry {
        id,
        scope: request.scope.account(),
        at: decision.at,
        actor: decision.by.clone(),
        action: match decision.verdict {
            Verdict::Approve => "access_request.approved",
            Verdict::Reject => "access_request.rejected",
        },
        target: format!("access_request:{}", request.id),
        before: serde_json::json!({ "status": request.status() }),
        after: serde_json::json!({
            "status": decision.verdict.status(),
            "note": decision.note,
            "reason_code": decision.reason,
            "chat_user_id": request.chat_user_id,
            "environment_id": request.environment_id,
        }),
        request_id: request_id.to_owned(),
    }
}
