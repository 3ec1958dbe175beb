//! The latest approval of a person at a connector, with the results of its follow-up.

use crate::{
    Timestamp,
    account::actor::Actor,
    chat::send_status::SendStatus,
    ids::{AccessRequestId, EnvironmentId},
};
use serde::{Deserialize, Serialize};

/// The latest approval of a chat user at a connector, with the results of its follow-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The request that was approved.
    pub request_id: AccessRequestId,
    /// The environment that it opened.
    pub environment_id: EnvironmentId,
    /// The approver.
    pub by: Actor,
    /// Time of the approval.
    pub at: Timestamp,
    /// Result of the approval notice.
    pub notice: SendStatus,
    /// Result of handing the held message to the agent.
    pub replay: SendStatus,
}

impl Approval {
    /// Makes an approval whose follow-up is still ahead.
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
