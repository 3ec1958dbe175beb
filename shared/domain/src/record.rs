//! What the records have in common that admins create and change.

/// A record that counts its changes.
pub trait Record {
    /// How often it was changed, its creation included.
    fn version(&self) -> u64;
}

/// A record with what was worked out while it was read.
impl<R: Record, T> Record for (R, T) {
    fn version(&self) -> u64 {
        self.0.version()
    }
}

/// A record whose creation may be asked for twice.
pub trait Repeatable: Record {
    /// A hash of the call that made it, under that call's idempotency key; `None` where none is kept.
    fn request_hash(&self) -> Option<&str> {
        None
    }
}
