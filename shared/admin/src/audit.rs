//! The record of every change: an audit entry that the store writes with it, and one log line.

use crate::CallOrigin;
use serde_json::Value;
use vestibule_domain::{
    AccountScope, Timestamp,
    account::{AuditEntry, actor::Actor},
    ids::{AuditId, IdSource},
};

/// What was done to what.
#[derive(Debug)]
pub struct Change {
    /// Past tense: `connector.created`.
    pub action: &'static str,
    /// `connector:01J…`.
    pub target: String,
    /// What it was before, without secrets; null when it was not.
    pub before: Value,
    /// What it is now, without secrets; null when it is no more.
    pub after: Value,
}

impl Change {
    /// The entry to store.
    pub fn entry(
        self,
        ids: &dyn IdSource,
        scope: AccountScope,
        actor: &Actor,
        origin: &CallOrigin,
        at: Timestamp,
    ) -> AuditEntry {
        AuditEntry {
            id: AuditId::new(ids.draw()),
            scope,
            at,
            actor: actor.clone(),
            action: self.action,
            target: self.target,
            before: self.before,
            after: self.after,
            request_id: origin.request_id.clone(),
        }
    }
}

/// The log line of a change that took effect.
pub fn log(entry: &AuditEntry) {
    log_as(entry.action, &entry.target, &entry.actor);
}

/// The log line of a change whose entry the store made.
pub fn log_as(action: &'static str, target: &str, actor: &Actor) {
    tracing::info!(change.action = action, change.target = target, actor.id = %actor.id, "{action}");
}
