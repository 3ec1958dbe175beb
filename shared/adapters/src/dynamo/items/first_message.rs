use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp, access::follow_up::HELD_MESSAGE_KEPT,
    access::request::Preview, ids::AccessRequestId, job::DeliverMessage,
};

/// The beginning of the message that made a request. It has a row of its own, so that it can expire alone.
#[derive(Serialize, Deserialize)]
pub(in crate::dynamo) struct PreviewItem {
    pk: String,
    sk: String,
    text: String,
    shown_until: Timestamp,
    expires_at: i64,
}

impl PreviewItem {
    pub(in crate::dynamo) fn new(
        scope: ProjectScope,
        id: AccessRequestId,
        preview: &Preview,
    ) -> Self {
        let key = keys::preview(scope, id);
        Self {
            pk: key.pk,
            sk: key.sk,
            text: preview.text.clone(),
            shown_until: preview.expires_at,
            expires_at: preview.expires_at.seconds(),
        }
    }
}

impl From<PreviewItem> for Preview {
    fn from(item: PreviewItem) -> Self {
        Self {
            text: item.text,
            expires_at: item.shown_until,
        }
    }
}

/// The message that made a request, as the job that hands it to the agent.
#[derive(Serialize, Deserialize)]
pub(in crate::dynamo) struct HeldMessageItem {
    pk: String,
    sk: String,
    job: String,
    expires_at: i64,
}

impl HeldMessageItem {
    pub(in crate::dynamo) fn new(
        scope: ProjectScope,
        id: AccessRequestId,
        held: &DeliverMessage,
    ) -> Result<Self, PortError> {
        let key = keys::held_message(scope, id);
        Ok(Self {
            pk: key.pk,
            sk: key.sk,
            job: serde_json::to_string(held)
                .map_err(|error| PortError::rejected("held message", error))?,
            expires_at: held.received_at.plus(HELD_MESSAGE_KEPT).seconds(),
        })
    }

    /// Reads the message. An error does not reveal its content.
    pub(in crate::dynamo) fn message(&self) -> Result<DeliverMessage, PortError> {
        serde_json::from_str(&self.job).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            PortError::corrupt("held message", place)
        })
    }
}
