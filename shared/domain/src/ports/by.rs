//! The author of a change.

use crate::{account::proof::CallerProof, event::AuditEntry};

/// The author of a change: its audit entry, and the right that must still hold. A change whose author lost
/// the right meanwhile fails with [`CallerProof::LOST`].
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The audit entry.
    pub audit: &'a AuditEntry,
    /// The right of the caller.
    pub proof: &'a CallerProof,
}
