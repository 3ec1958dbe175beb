//! Status of something that is to be sent: an onboarding message, an approval notice, a replay, a text of
//! the agent.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// Status of something that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum SendStatus {
    /// Waiting to be sent.
    Queued,
    /// Accepted by the platform, or by the queue to the agent.
    Sent {
        /// Time of sending.
        at: Timestamp,
        /// The platform's id of the message; a later failure report names it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
    },
    /// Not sent, for a reason that an admin can see.
    Failed {
        /// Time of the failure.
        at: Timestamp,
        /// Class of the failure: see [`crate::ports::FailureClass`].
        class: String,
        /// The platform's own reason.
        reason: String,
    },
    /// Not attempted.
    Skipped {
        /// Time of skipping.
        at: Timestamp,
        /// The reason. Absent on an onboarding message whose request was decided first (SPEC A22).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<SkipReason>,
    },
}

impl SendStatus {
    /// The key as stored and shown.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent { .. } => "sent",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
        }
    }

    /// Whether the status is `Sent`.
    #[must_use]
    pub const fn is_sent(&self) -> bool {
        matches!(self, Self::Sent { .. })
    }

    /// Whether there was no way to the person, which only they can open: they never started the bot, blocked
    /// it, opted out, or wrote too long ago.
    #[must_use]
    pub fn found_no_way(&self) -> bool {
        match self {
            Self::Failed { class, .. } => class == RECIPIENT,
            Self::Skipped { reason, .. } => matches!(
                reason,
                Some(SkipReason::OptedOut | SkipReason::WindowClosed)
            ),
            Self::Queued | Self::Sent { .. } => false,
        }
    }
}

/// The class of a failure that lies with the person: see [`crate::ports::FailureClass::Recipient`].
const RECIPIENT: &str = "recipient";

/// The reason why something was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The connector's settings do not ask for it, or the approval needs none: the directory vouched for a person
    /// who had just written.
    NotWanted,
    /// The connector was deleted.
    ConnectorDeleted,
    /// The person was erased or blocked, or lost the access meanwhile.
    AccessEnded,
    /// The person opted out of messages (an SMS STOP).
    OptedOut,
    /// The platform's time for answers has passed since the person's last message.
    WindowClosed,
    /// The message was not kept: the connector began to replay messages only later, or the message expired
    /// or was deleted by its writer.
    NotKept,
    /// The message was already too old when the request was approved.
    TooOld,
}

impl SkipReason {
    /// The key as stored and shown.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::NotWanted => "not_wanted",
            Self::ConnectorDeleted => "connector_deleted",
            Self::AccessEnded => "access_ended",
            Self::OptedOut => "opted_out",
            Self::WindowClosed => "window_closed",
            Self::NotKept => "not_kept",
            Self::TooOld => "too_old",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_person_opens_a_way_to_them() {
        let at = Timestamp::from_millis(0);
        let failed = |class: &str| SendStatus::Failed {
            at,
            class: class.into(),
            reason: "blocked".into(),
        };
        let skipped = |reason| SendStatus::Skipped { at, reason };
        let sent = SendStatus::Sent {
            at,
            message_id: None,
        };
        for (status, no_way) in [
            (SendStatus::Queued, false),
            (sent, false),
            (failed("recipient"), true),
            (failed("connector"), false),
            (failed("request"), false),
            (failed("gave_up"), false),
            (skipped(None), false),
            (skipped(Some(SkipReason::OptedOut)), true),
            (skipped(Some(SkipReason::WindowClosed)), true),
            (skipped(Some(SkipReason::AccessEnded)), false),
        ] {
            assert_eq!(status.found_no_way(), no_way, "{status:?}");
        }
    }

    #[test]
    fn only_what_went_out_is_sent() {
        let at = Timestamp::from_millis(0);
        let sent = SendStatus::Sent {
            at,
            message_id: None,
        };
        let failed = SendStatus::Failed {
            at,
            class: "request".into(),
            reason: "too long".into(),
        };
        let skipped = SendStatus::Skipped { at, reason: None };
        for (status, is_sent) in [
            (SendStatus::Queued, false),
            (sent, true),
            (failed, false),
            (skipped, false),
        ] {
            assert_eq!(status.is_sent(), is_sent);
        }
    }
}
