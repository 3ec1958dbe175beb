//! Audit entries: written in the transaction of the change, never changed.

use super::{
    keys,
    table::{Table, put_write},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::Serialize;
use vestibule_domain::{PortError, Timestamp, account::actor::Actor, event::AuditEntry};

#[derive(Serialize)]
struct AuditItem<'a> {
    pk: String,
    sk: String,
    at: Timestamp,
    actor: &'a Actor,
    action: &'a str,
    target: String,
    before: &'a serde_json::Value,
    after: &'a serde_json::Value,
    request_id: &'a str,
}

impl Table {
    /// Makes the write of the audit entry, the last part of a transaction.
    pub(super) fn audit_write(&self, entry: &AuditEntry) -> Result<TransactWriteItem, PortError> {
        let key = keys::audit(entry.scope, entry.at, &entry.id.to_string());
        let item = AuditItem {
            pk: key.pk,
            sk: key.sk,
            at: entry.at,
            actor: &entry.actor,
            action: entry.change.event.key(),
            target: entry.change.event.target(),
            before: &entry.change.before,
            after: &entry.change.after,
            request_id: &entry.request_id,
        };
        self.put_part(&item, "attribute_not_exists(pk)", &[])
            .map(put_write)
    }
}
