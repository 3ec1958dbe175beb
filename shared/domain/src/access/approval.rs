//! The latest approval of a person at a connector, and what became of what followed it.

use crate::{
    Timestamp,
    account::actor::Actor,
    chat::send_status::SendStatus,
    ids::{AccessRequestId, EnvironmentId},
};
use serde::{Deserialize, Serialize};

/// The latest approval of a chat user at a connector, and what followed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The request that was approved.
    pub request_id: AccessRequestId,
    /// The environment that it opened.
    pub environment_id: EnvironmentId,
    /// By whom.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// What became of telling the person.
    pub notice: SendStatus,
    /// What became of the message that waited.
    pub replay: SendStatus,
}

impl Approval {
    /// An approval that nothing has followed yet.
    #[must_use]
    pub const fn new(
        request_id: AccessRequestId,
        environment_id: EnvironmentId,
        by: Actor,
        at: Timestamp,
    ) -> Self {
        Self {
            request_id,
            environment_id,
            by,
            at,
            notice: SendStatus::Queued,
            replay: SendStatus::Queued,
        }
    }
}
