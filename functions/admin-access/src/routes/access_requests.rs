//! Access requests: one list for all connectors of a project, and the decision (SPEC B).

pub mod bulk;
pub mod counts;
pub mod decide;
pub mod details;
pub mod directory;
pub mod export;
pub mod follow_up;
pub mod get;
pub mod list;
pub mod revoke;

use crate::api_types::{ReasonCodeName, RequestStatusName};
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_admin::api_types::{ActorResponse, ConversationKindName};
use vestibule_domain::{Timestamp, access::request::AccessRequest};

/// An access request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "status": "approved", "provider": "slack", "identifier": "U0123456789",
    "connector": {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X", "name": "Support on Slack"},
    "environment_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Y", "chat_user_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Z",
    "conversation": {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S10", "kind": "direct", "provider_conversation_id": "D0123456789", "thread": null},
    "conversation_name": null,
    "created_at": "2026-11-22T10:00:00.000Z", "rejected_before": 0,
    "processed_by": {"id": "api_key:01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "first key"},
    "processed_at": "2026-11-22T10:05:00.000Z", "processing_note": "A new colleague.", "reason_code": null,
    "revoked_by": null, "revoked_at": null, "revocation_note": null
}))]
pub struct AccessRequestResponse {
    /// Id.
    id: String,
    /// State of the request.
    status: RequestStatusName,
    /// Key of the provider.
    provider: String,
    /// Platform's id of the person who asks.
    identifier: String,
    /// Connector through which the person wrote.
    connector: RequestConnectorResponse,
    /// Environment to which approval gives access.
    environment_id: String,
    /// Chat user who asks.
    chat_user_id: String,
    /// Conversation in which the person wrote.
    conversation: RequestConversationResponse,
    /// Name of the group or channel when the person wrote; null for a direct conversation, and where the platform tells
    /// none, as Slack does.
    conversation_name: Option<String>,
    /// Time at which the request was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Number of earlier rejections of this person at this connector.
    rejected_before: u32,
    /// Actor that decided; null while the request is pending.
    processed_by: Option<ActorResponse>,
    /// Time of the decision; null while the request is pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    processed_at: Option<Timestamp>,
    /// Reason given with the decision, if any.
    processing_note: Option<String>,
    /// Reason code of a decision that was made without anybody reviewing the request. `processed_by` is
    /// then the actor that changed the connector or approved the person elsewhere.
    reason_code: Option<ReasonCodeName>,
    /// Actor that took the access away again; null while nobody did.
    revoked_by: Option<ActorResponse>,
    /// Time at which the access was taken away.
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// Reason given with the revocation, if any.
    revocation_note: Option<String>,
}

/// Connector of a request, with its name at that time. The connector may have been deleted since.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestConnectorResponse {
    /// Id.
    id: String,
    /// Name when the request was made.
    name: String,
}

/// Conversation in which a request was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestConversationResponse {
    /// Id in this API.
    id: String,
    /// Kind of conversation, which says whether others read along.
    kind: ConversationKindName,
    /// Platform's own id of the conversation, such as a Slack channel.
    provider_conversation_id: String,
    /// Thread within the conversation.
    thread: Option<String>,
}

impl From<AccessRequest> for AccessRequestResponse {
    fn from(request: AccessRequest) -> Self {
        let status = request.status().into();
        let (by, at, note, reason) = match request.decision {
            Some(decision) => (
                Some((&decision.by).into()),
                Some(decision.at),
                decision.note,
                decision.reason,
            ),
            None => (None, None, None, None),
        };
        let revocation = request.revocation.as_ref();
        let (revoked_by, revoked_at) = (
            revocation.map(|revocation| (&revocation.by).into()),
            revocation.map(|revocation| revocation.at),
        );
        Self {
            id: request.id.to_string(),
            status,
            provider: request.provider.key().to_owned(),
            identifier: request.identifier,
            connector: RequestConnectorResponse {
                id: request.connector_id.to_string(),
                name: request.connector_name,
            },
            environment_id: request.environment_id.to_string(),
            chat_user_id: request.chat_user_id.to_string(),
            conversation_name: request.conversation.name,
            conversation: RequestConversationResponse {
                id: request.conversation.id.to_string(),
                kind: request.conversation.kind.into(),
                provider_conversation_id: request.conversation.provider_conversation_id,
                thread: request.conversation.thread,
            },
            created_at: request.created_at,
            rejected_before: request.rejected_before,
            processed_by: by,
            processed_at: at,
            processing_note: note,
            reason_code: reason.map(Into::into),
            revoked_by,
            revoked_at,
            revocation_note: request.revocation.and_then(|revocation| revocation.note),
        }
    }
}
