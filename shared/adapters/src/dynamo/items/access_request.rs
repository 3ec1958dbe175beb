use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    ProjectScope, Timestamp,
    access::request::Revocation,
    access::request::{AccessRequest, RequestDecision},
    chat::conversation::ConversationRef,
    connector::Provider,
    ids::{AccessRequestId, ChatUserId, ConnectorId, EnvironmentId},
};

/// An access request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct AccessRequestItem {
    pk: String,
    sk: String,
    state_pk: String,
    state_sk: String,
    all_pk: String,
    all_sk: String,
    id: AccessRequestId,
    scope: ProjectScope,
    environment_id: EnvironmentId,
    connector_id: ConnectorId,
    connector_name: String,
    provider: Provider,
    chat_user_id: ChatUserId,
    identifier: String,
    conversation: ConversationRef,
    rejected_before: u32,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<RequestDecision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revocation: Option<Revocation>,
}

impl From<&AccessRequest> for AccessRequestItem {
    fn from(request: &AccessRequest) -> Self {
        let key = keys::access_request(request.scope, request.id);
        let order = keys::by_creation(request.created_at, request.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            state_pk: keys::access_requests(request.scope, Some(request.status())),
            state_sk: order.clone(),
            all_pk: keys::access_requests(request.scope, None),
            all_sk: order,
            id: request.id,
            scope: request.scope,
            environment_id: request.environment_id,
            connector_id: request.connector_id,
            connector_name: request.connector_name.clone(),
            provider: request.provider.clone(),
            chat_user_id: request.chat_user_id,
            identifier: request.identifier.clone(),
            conversation: request.conversation.clone(),
            rejected_before: request.rejected_before,
            created_at: request.created_at,
            decision: request.decision.clone(),
            revocation: request.revocation.clone(),
        }
    }
}

impl From<AccessRequestItem> for AccessRequest {
    fn from(item: AccessRequestItem) -> Self {
        Self {
            id: item.id,
            scope: item.scope,
            environment_id: item.environment_id,
            connector_id: item.connector_id,
            connector_name: item.connector_name,
            provider: item.provider,
            chat_user_id: item.chat_user_id,
            identifier: item.identifier,
            conversation: item.conversation,
            rejected_before: item.rejected_before,
            created_at: item.created_at,
            decision: item.decision,
            revocation: item.revocation,
        }
    }
}
