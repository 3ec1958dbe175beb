//! How far something that is sent to a person has got: an onboarding message, an approval notice, a replay.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// How far something that is to go out has got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum SendStatus {
    /// It is on its way.
    Queued,
    /// It went out: the platform, or the queue to the agent, took it.
    Sent {
        /// When.
        at: Timestamp,
        /// The platform's id of the message, by which it may report later that it did not arrive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
    },
    /// It cannot go out; an admin can see why.
    Failed {
        /// When that was known.
        at: Timestamp,
        /// Whose fault it is: see [`crate::ports::FailureClass`].
        class: String,
        /// The platform's own word for it.
        reason: String,
    },
    /// It was not tried.
    Skipped {
        /// When that was known.
        at: Timestamp,
        /// Why. Absent on an onboarding message, which is skipped for one reason only: its request was
        /// decided first (SPEC A22).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<SkipReason>,
    },
}

impl SendStatus {
    /// Whether it went out.
    #[must_use]
    pub const fn is_sent(&self) -> bool {
        matches!(self, Self::Sent { .. })
    }
}

/// Why something was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The connector does not do it.
    NotWanted,
    /// The connector was deleted.
    ConnectorDeleted,
    /// The person was erased, blocked, or the access taken away meanwhile.
    AccessEnded,
    /// The person does not want to be written to (an SMS STOP).
    OptedOut,
    /// The platform lets nobody write so long after the person's last message.
    WindowClosed,
    /// The message was not kept: the connector came to replay messages only after it, or it expired.
    NotKept,
    /// The message was too old when the request was approved.
    TooOld,
}

impl SkipReason {
    /// As stored and shown.
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
