//! The effects that a change of a connector would have, in numbers.

use serde::Serialize;
use utoipa::ToSchema;
use vestibule_admin::api_types::CountResponse;
use vestibule_domain::ports::PolicyEffects;

/// Effects that a change of a connector would have.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "pending_requests_closed": {"count": 12, "more": false},
    "chat_users_kept": {"count": 0, "more": false},
    "chat_users_needing_approval": {"count": 0, "more": false}
}))]
pub struct PolicyEffectsResponse {
    /// Pending requests that would be rejected, with the `reason_code` `policy_off`, or `connector_moved`
    /// where the connector goes to another environment.
    pending_requests_closed: CountResponse,
    /// People admitted because the connector was open who would keep their access.
    chat_users_kept: CountResponse,
    /// People admitted because the connector was open who would need approval.
    chat_users_needing_approval: CountResponse,
}

impl From<PolicyEffects> for PolicyEffectsResponse {
    fn from(effects: PolicyEffects) -> Self {
        Self {
            pending_requests_closed: effects.requests_closed.into(),
            chat_users_kept: effects.chat_users_kept.into(),
            chat_users_needing_approval: effects.chat_users_needing_approval.into(),
        }
    }
}
