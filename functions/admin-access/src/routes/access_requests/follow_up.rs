//! The outcome of what follows a request and its approval: messages to the person, and the hand-over to the agent.

use serde::Serialize;
use utoipa::ToSchema;
use vestibule_domain::{Timestamp, chat::send_status::SendStatus};

/// Outcome of a follow-up to an approval.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"status": "skipped", "at": "2026-11-22T10:00:01.000Z", "class": null, "reason": "window_closed"}))]
pub struct FollowUpResponse {
    /// Outcome so far: `queued`, `sent`, `failed` or `skipped`.
    status: FollowUpStatus,
    /// Time of this outcome.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Side at fault for a failure: `recipient`, `connector` or `request`; or `gave_up` after a day of
    /// attempts.
    class: Option<String>,
    /// Platform's own error code for a failure, followed by its words where the code says too little. For
    /// a skipped follow-up: `not_wanted` (the connector does not ask for it), `connector_deleted`,
    /// `access_ended` (access was revoked, or the person was blocked or erased), `opted_out`,
    /// `window_closed` (too long after their last message), `not_kept` (the message is no longer stored),
    /// or `too_old`.
    reason: Option<String>,
}

/// Outcome of a follow-up to an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum FollowUpStatus {
    /// Waiting to go out.
    Queued,
    /// Went out.
    Sent,
    /// Could not go out.
    Failed,
    /// Was not attempted.
    Skipped,
}

impl From<SendStatus> for FollowUpResponse {
    fn from(fate: SendStatus) -> Self {
        let of = |status, at, class, reason| Self {
            status,
            at,
            class,
            reason,
        };
        match fate {
            SendStatus::Queued => of(FollowUpStatus::Queued, None, None, None),
            SendStatus::Sent { at, .. } => of(FollowUpStatus::Sent, Some(at), None, None),
            SendStatus::Failed { at, class, reason } => {
                of(FollowUpStatus::Failed, Some(at), Some(class), Some(reason))
            }
            SendStatus::Skipped { at, reason } => {
                let reason = reason.map(|reason| reason.key().to_owned());
                of(FollowUpStatus::Skipped, Some(at), None, reason)
            }
        }
    }
}

/// Outcome of the onboarding message.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"status": "sent", "at": "2026-11-22T10:00:01.000Z", "class": null, "reason": null}))]
pub struct OnboardingMessageResponse {
    /// Outcome so far: `none` was due, or it is `queued`, `sent`, `failed`, or `skipped` for the `reason`.
    status: OnboardingMessageStatus,
    /// Time of this outcome.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Side at fault for a failure: `recipient`, `connector` or `request`; or `gave_up` after a day of
    /// attempts.
    class: Option<String>,
    /// Platform's own error code for a failure, followed by its words where the code says too little. At
    /// most 200 characters. `may_be_sent_already` for a message that an earlier request may have sent. For a
    /// message that was skipped, `opted_out` or `window_closed`: it is sent once the person sends START or
    /// writes again; or null, because the request was decided first.
    reason: Option<String>,
}

/// Outcome of an onboarding message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum OnboardingMessageStatus {
    /// None was due.
    None,
    /// On its way.
    Queued,
    /// The platform accepted it.
    Sent,
    /// The platform did not accept it.
    Failed,
    /// It was not tried.
    Skipped,
}

impl From<Option<SendStatus>> for OnboardingMessageResponse {
    fn from(message: Option<SendStatus>) -> Self {
        let of = |status, at| Self {
            status,
            at,
            class: None,
            reason: None,
        };
        match message {
            None => of(OnboardingMessageStatus::None, None),
            Some(SendStatus::Queued) => of(OnboardingMessageStatus::Queued, None),
            Some(SendStatus::Sent { at, .. }) => of(OnboardingMessageStatus::Sent, Some(at)),
            Some(SendStatus::Skipped { at, reason }) => Self {
                reason: reason.map(|reason| reason.key().to_owned()),
                ..of(OnboardingMessageStatus::Skipped, Some(at))
            },
            Some(SendStatus::Failed { at, class, reason }) => Self {
                class: Some(class),
                reason: Some(reason),
                ..of(OnboardingMessageStatus::Failed, Some(at))
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::chat::send_status::SkipReason;

    #[test]
    fn the_fate_of_the_onboarding_message_is_told() {
        let at = Timestamp::from_millis(0);
        let of = |message| OnboardingMessageResponse::from(Some(message)).status;
        assert_eq!(of(SendStatus::Queued), OnboardingMessageStatus::Queued);
        assert_eq!(
            of(SendStatus::Skipped { at, reason: None }),
            OnboardingMessageStatus::Skipped
        );
        let skipped = OnboardingMessageResponse::from(Some(SendStatus::Skipped {
            at,
            reason: Some(SkipReason::OptedOut),
        }));
        assert_eq!(skipped.status, OnboardingMessageStatus::Skipped);
        assert_eq!(skipped.reason.as_deref(), Some("opted_out"));
        let failed = OnboardingMessageResponse::from(Some(SendStatus::Failed {
            at,
            class: "connector".to_owned(),
            reason: "invalid_auth".to_owned(),
        }));
        assert_eq!(failed.class.as_deref(), Some("connector"));
        assert_eq!(failed.reason.as_deref(), Some("invalid_auth"));
    }
}
