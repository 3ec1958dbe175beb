//! Whoever changes something, as the record and the admins see them.

use serde::{Deserialize, Serialize};

/// Who decides or changes something, as recorded and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The stable id of the member or API key.
    pub id: String,
    /// Their name at the time.
    pub name: String,
}
