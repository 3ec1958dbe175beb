use crate::dynamo::{keys, marks::Marked};
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    ProjectScope, Timestamp,
    access::{closing::ListPosition, expiry::Expiry},
    ids::ConnectorId,
};

/// The order to close the requests of a connector as they expire, and its outbox mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ExpiryItem {
    pk: String,
    sk: String,
    scope: ProjectScope,
    connector_id: ConnectorId,
    since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    position: Option<String>,
    version: u64,
    outbox_pk: String,
    outbox_due: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<i64>,
}

impl ExpiryItem {
    /// Makes the row of an order that is worked on from `due` on, or whose job counts as lost then.
    pub(in crate::dynamo) fn new(expiry: &Expiry, due: Timestamp) -> Self {
        let key = keys::expiry(expiry.scope, expiry.connector_id);
        let mark = Marked::by(expiry.job().into()).waiting(due);
        Self {
            pk: key.pk,
            sk: key.sk,
            scope: expiry.scope,
            connector_id: expiry.connector_id,
            since: expiry.since,
            position: expiry.position.as_ref().map(|position| position.0.clone()),
            version: expiry.version,
            outbox_due: mark.position.0,
            outbox_pk: mark.partition,
            not_before: None,
        }
    }

    /// Makes the row of an order that no copy of its job continues before `at`.
    pub(in crate::dynamo) fn later(expiry: &Expiry, at: Timestamp) -> Self {
        Self {
            not_before: Some(at.millis()),
            ..Self::new(expiry, at)
        }
    }
}

impl From<ExpiryItem> for Expiry {
    fn from(item: ExpiryItem) -> Self {
        Self {
            scope: item.scope,
            connector_id: item.connector_id,
            since: item.since,
            position: item.position.map(ListPosition),
            version: item.version,
        }
    }
}
