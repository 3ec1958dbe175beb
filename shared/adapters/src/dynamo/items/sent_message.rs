use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vestibule_domain::{
    ProjectScope,
    chat::send_status::SendStatus,
    ids::{ChatUserId, ConnectorId},
    ports::{LateFailure, SentMessage},
};

/// Retention of the row of a message that was sent. `WhatsApp` tries to deliver for 30 days (Meta, "Cloud
/// API: Messages", time to live), and 360dialog repeats a report for seven (PROVIDERS §4.3).
const SENT_MESSAGE_KEPT: Duration = Duration::from_hours(24 * 40);
/// Retention of a failure that was reported before its message was on record, which takes seconds. Reports
/// on an agent's replies are kept as well, because they look the same.
const EARLY_FAILURE_KEPT: Duration = Duration::from_hours(24);

/// A message that we sent, by the platform's id: the person, or the failure if its report came first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct SentMessageItem {
    pk: String,
    sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) chat_user_id: Option<ChatUserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) failure: Option<SendStatus>,
    expires_at: i64,
}

impl SentMessageItem {
    /// Makes the row of a message that the platform accepted.
    pub(in crate::dynamo) fn sent(sent: &SentMessage<'_>) -> Self {
        let key = keys::sent_message(sent.scope, sent.connector_id, sent.message_id);
        Self {
            pk: key.pk,
            sk: key.sk,
            chat_user_id: Some(sent.chat_user_id),
            failure: None,
            expires_at: sent.at.plus(SENT_MESSAGE_KEPT).seconds(),
        }
    }

    /// Makes the row of a message that is reported as failed before it is on record.
    pub(in crate::dynamo) fn failed(
        scope: ProjectScope,
        connector_id: ConnectorId,
        failure: &LateFailure<'_>,
    ) -> Self {
        let key = keys::sent_message(scope, connector_id, failure.message_id);
        Self {
            pk: key.pk,
            sk: key.sk,
            chat_user_id: None,
            failure: Some(failure.status()),
            expires_at: failure.at.plus(EARLY_FAILURE_KEPT).seconds(),
        }
    }
}
