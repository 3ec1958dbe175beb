use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::follow_up::HELD_MESSAGE_KEPT,
    access::request::Preview,
    chat::change::{ChangeKind, MessageChange},
    ids::AccessRequestId,
    job::DeliverMessage,
};

/// The beginning of the message that made a request. It has a row of its own, so that it can expire alone.
#[derive(Serialize, Deserialize)]
pub(in crate::dynamo) struct PreviewItem {
    pk: String,
    sk: String,
    text: String,
    shown_until: Timestamp,
    expires_at: i64,
    /// Time of the latest change of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed_at: Option<Timestamp>,
    /// The row of a deleted message stays until it expires, so that an edit that comes late does not bring
    /// the message back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_deleted: bool,
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
            changed_at: None,
            is_deleted: false,
        }
    }

    /// The preview, unless the message was deleted.
    pub(in crate::dynamo) fn preview(self) -> Option<Preview> {
        (!self.is_deleted).then_some(Preview {
            text: self.text,
            expires_at: self.shown_until,
        })
    }

    /// Returns the row after this change. It expires when it would have.
    pub(in crate::dynamo) fn after(self, change: &MessageChange) -> Self {
        let text = match change.kind {
            ChangeKind::Deleted => None,
            ChangeKind::Edited => Preview::of(&change.message.words(), self.shown_until),
        };
        Self {
            text: text.map(|preview| preview.text).unwrap_or_default(),
            changed_at: Some(change.message.sent_at),
            is_deleted: change.kind == ChangeKind::Deleted,
            ..self
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
    /// Time of the latest change of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed_at: Option<Timestamp>,
    /// The row of a deleted message stays until it expires, so that an edit that comes late does not bring
    /// the message back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_deleted: bool,
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
            changed_at: None,
            is_deleted: false,
        })
    }

    /// Reads the message, unless it was deleted. An error does not reveal its content.
    pub(in crate::dynamo) fn message(&self) -> Result<Option<DeliverMessage>, PortError> {
        if self.is_deleted {
            return Ok(None);
        }
        self.job().map(Some)
    }

    /// Returns the row after this change. The message keeps its keys and times, and the row expires when it
    /// would have.
    pub(in crate::dynamo) fn after(self, change: &MessageChange) -> Result<Self, PortError> {
        let message = &change.message;
        let held = DeliverMessage {
            text: message.text.clone(),
            attachments: message.attachments.clone(),
            parts: message.parts.clone(),
            entities: message.entities.clone(),
            ..self.job()?
        };
        Ok(Self {
            job: serde_json::to_string(&held)
                .map_err(|error| PortError::rejected("held message", error))?,
            changed_at: Some(change.message.sent_at),
            is_deleted: change.kind == ChangeKind::Deleted,
            ..self
        })
    }

    fn job(&self) -> Result<DeliverMessage, PortError> {
        serde_json::from_str(&self.job).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            PortError::corrupt("held message", place)
        })
    }
}
