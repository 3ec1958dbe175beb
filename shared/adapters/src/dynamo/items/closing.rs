use crate::dynamo::{keys, marks::Marked};
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    ProjectScope, Timestamp,
    access::closing::{Closing, ListPosition, Pass},
    access::request::ReasonCode,
    account::actor::Actor,
    ids::ConnectorId,
};

/// A closing and its outbox mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ClosingItem {
    pk: String,
    sk: String,
    scope: ProjectScope,
    connector_id: ConnectorId,
    reason: ReasonCode,
    by: Actor,
    request_id: String,
    since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pass_began_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pass_position: Option<String>,
    version: u64,
    outbox_pk: String,
    outbox_due: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<i64>,
}

impl ClosingItem {
    /// Makes the row of a closing whose job is enqueued. The job counts as lost if the row is still
    /// there at `due`.
    pub(in crate::dynamo) fn new(closing: &Closing, due: Timestamp) -> Self {
        let key = keys::closing(closing.scope, closing.connector_id);
        let pass = closing.pass.as_ref();
        let mark = Marked::by(closing.job().into()).waiting(due);
        Self {
            pk: key.pk,
            sk: key.sk,
            scope: closing.scope,
            connector_id: closing.connector_id,
            reason: closing.reason,
            by: closing.by.clone(),
            request_id: closing.request_id.clone(),
            since: closing.since,
            pass_began_at: pass.map(|pass| pass.began_at),
            pass_position: pass.map(|pass| pass.position.0.clone()),
            version: closing.version,
            outbox_due: mark.position.0,
            outbox_pk: mark.partition,
            not_before: None,
        }
    }

    /// Makes the row of a closing that no copy of its job continues before `at`.
    pub(in crate::dynamo) fn later(closing: &Closing, at: Timestamp) -> Self {
        Self {
            not_before: Some(at.millis()),
            ..Self::new(closing, at)
        }
    }
}

impl From<ClosingItem> for Closing {
    fn from(item: ClosingItem) -> Self {
        let pass = item.pass_began_at.zip(item.pass_position);
        Self {
            scope: item.scope,
            connector_id: item.connector_id,
            reason: item.reason,
            by: item.by,
            request_id: item.request_id,
            since: item.since,
            pass: pass.map(|(began_at, position)| Pass {
                began_at,
                position: ListPosition(position),
            }),
            version: item.version,
        }
    }
}
