//! The common traits of the records that admins create and change.

/// A record that counts its changes.
pub trait Record {
    /// Number of changes, the creation included.
    fn version(&self) -> u64;
}

/// A record together with values computed while reading it.
impl<R: Record, T> Record for (R, T) {
    fn version(&self) -> u64 {
        self.0.version()
    }
}

/// A record whose creation may be requested twice.
pub trait Repeatable: Record {
    /// A hash of the call that created the record, under that call's idempotency key; `None` if not kept.
    fn request_hash(&self) -> Option<&str> {
        None
    }
}
