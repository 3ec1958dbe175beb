//! Access requests: one list for all connectors of a project, and the decision (SPEC B).

pub mod decide;
pub mod get;
pub mod list;

use super::avatars::Avatars;
use crate::api_types::{ChatUserStatusName, ReasonCodeName, RequestStatusName};
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_admin::api_types::{ActorResponse, ConversationKindName};
use vestibule_domain::{
    Timestamp, access::follow_up::notifiable_until, access::request::AccessRequest,
    chat::send_status::SendStatus, ports::AccessRequestView,
};
use vestibule_providers::catalogue::chat_provider;

/// An access request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "status": "approved", "provider": "slack", "identifier": "U0123456789",
    "connector": {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X", "name": "Support on Slack"},
    "environment_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Y", "chat_user_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Z",
    "conversation": {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S10", "kind": "direct", "provider_conversation_id": "D0123456789", "thread": null},
    "created_at": "2026-11-22T10:00:00.000Z", "rejected_before": 0,
    "processed_by": {"id": "api_key:01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "first key"},
    "processed_at": "2026-11-22T10:05:00.000Z", "processing_note": "A new colleague.", "reason_code": null
}))]
pub struct AccessRequestResponse {
    /// Id.
    id: String,
    /// State of the request.
    status: RequestStatusName,
    /// Key of the provider.
    provider: String,
    /// Platform's id of the person who asks.
    identifier: String,
    /// Connector through which the person wrote.
    connector: RequestConnectorResponse,
    /// Environment to which approval gives access.
    environment_id: String,
    /// Chat user who asks.
    chat_user_id: String,
    /// Conversation in which the person wrote.
    conversation: RequestConversationResponse,
    /// Time at which the request was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Number of earlier rejections of this person at this connector.
    rejected_before: u32,
    /// Actor that decided; null while the request is pending.
    processed_by: Option<ActorResponse>,
    /// Time of the decision; null while the request is pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    processed_at: Option<Timestamp>,
    /// Reason given with the decision, if any.
    processing_note: Option<String>,
    /// Reason code of a decision that was made without anybody reviewing the request. `processed_by` is
    /// then the actor that changed the connector or approved the person elsewhere.
    reason_code: Option<ReasonCodeName>,
}

/// Connector of a request, with its name at that time. The connector may have been deleted since.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestConnectorResponse {
    /// Id.
    id: String,
    /// Name when the request was made.
    name: String,
}

/// Conversation in which a request was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestConversationResponse {
    /// Id in this API.
    id: String,
    /// Kind of conversation, which says whether others read along.
    kind: ConversationKindName,
    /// Platform's own id of the conversation, such as a Slack channel.
    provider_conversation_id: String,
    /// Thread within the conversation.
    thread: Option<String>,
}

impl From<AccessRequest> for AccessRequestResponse {
    fn from(request: AccessRequest) -> Self {
        let status = request.status().into();
        let (by, at, note, reason) = match request.decision {
            Some(decision) => (
                Some((&decision.by).into()),
                Some(decision.at),
                decision.note,
                decision.reason,
            ),
            None => (None, None, None, None),
        };
        Self {
            id: request.id.to_string(),
            status,
            provider: request.provider.key().to_owned(),
            identifier: request.identifier,
            connector: RequestConnectorResponse {
                id: request.connector_id.to_string(),
                name: request.connector_name,
            },
            environment_id: request.environment_id.to_string(),
            chat_user_id: request.chat_user_id.to_string(),
            conversation: RequestConversationResponse {
                id: request.conversation.id.to_string(),
                kind: request.conversation.kind.into(),
                provider_conversation_id: request.conversation.provider_conversation_id,
                thread: request.conversation.thread,
            },
            created_at: request.created_at,
            rejected_before: request.rejected_before,
            processed_by: by,
            processed_at: at,
            processing_note: note,
            reason_code: reason.map(Into::into),
        }
    }
}

/// An access request with details about the person and the follow-up.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessRequestDetailsResponse {
    /// The request.
    #[serde(flatten)]
    request: AccessRequestResponse,
    /// Name to show; the identifier where the platform gives no name.
    user_name: String,
    /// Current standing of the person in the project; null once their record is erased.
    chat_user_status: Option<ChatUserStatusName>,
    /// Address of the profile picture: at the platform, or, where we keep a copy, at the chat user's
    /// `…/avatar` in this API, which requires an API key like every call.
    avatar_url: Option<String>,
    /// Messages held back since the request was made, including the one that made it. Null once the
    /// person has made a later request, which has its own count.
    message_count: Option<u64>,
    /// Time of the last message held back.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_message_at: Option<Timestamp>,
    /// Outcome of the onboarding message, which a person gets at most once per connector.
    onboarding_message: OnboardingMessageResponse,
    /// Beginning of the message that made the request, or its content in words, at most 280 characters.
    /// Null 30 days after it.
    preview: Option<String>,
    /// Time from which the person can no longer be notified of a decision: the platform allows no
    /// message so long after their last one, or they asked not to be written to. Null when there is no
    /// such time, and for a request that was followed by another.
    #[schema(value_type = Option<String>, format = DateTime)]
    notifiable_until: Option<Timestamp>,
    /// Outcome of the approval notice; null while this request is not approved.
    notice_status: Option<FollowUpResponse>,
    /// Outcome of handing the message that made the request to the agent; null while this request is not
    /// approved.
    replay_status: Option<FollowUpResponse>,
}

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

impl AccessRequestDetailsResponse {
    /// Renders the request as of `now`.
    fn of(view: AccessRequestView, avatars: &Avatars, now: Timestamp) -> Self {
        let id = view.request.id;
        let counted = view
            .standing
            .as_ref()
            .filter(|standing| standing.request_id == Some(view.request.id));
        let user = view.chat_user.as_ref();
        let window = chat_provider(&view.request.provider)
            .and_then(|provider| provider.reply_window(&view.request.conversation));
        let notifiable = counted.and_then(|standing| notifiable_until(standing, window));
        let approval = view
            .standing
            .as_ref()
            .and_then(|standing| standing.approval.clone())
            .filter(|approval| approval.request_id == id);
        let (notice, replay) = match approval {
            Some(approval) => (Some(approval.notice), Some(approval.replay)),
            None => (None, None),
        };
        Self {
            user_name: user
                .map_or(view.request.identifier.as_str(), |user| user.display_name())
                .to_owned(),
            chat_user_status: user.map(|user| user.status().into()),
            avatar_url: user.and_then(|user| avatars.url(user)),
            message_count: counted.map(|standing| standing.message_count),
            last_message_at: counted.and_then(|standing| standing.last_message_at),
            onboarding_message: view
                .standing
                .and_then(|standing| standing.onboarding_message)
                .into(),
            preview: view
                .preview
                .as_ref()
                .and_then(|preview| preview.shown_at(now))
                .map(str::to_owned),
            notifiable_until: notifiable,
            notice_status: notice.map(Into::into),
            replay_status: replay.map(Into::into),
            request: view.request.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::{collections::BTreeSet, time::Duration};
    use vestibule_domain::{
        AccountScope,
        access::approval::Approval,
        access::consent::{Consents, Wish},
        access::request::{Preview, ReasonCode, RequestDecision, Verdict},
        access::standing::Standing,
        account::actor::Actor,
        chat::conversation::{ConversationKind, ConversationRef},
        chat::send_status::SkipReason,
        connector::Provider,
        ids::{AccessRequestId, AccountId, ChatUserId, ConnectorId, EnvironmentId, ProjectId},
    };

    fn view() -> AccessRequestView {
        let connector_id = ConnectorId::derive(&["c"]);
        let conversation = ConversationRef::new(
            connector_id,
            ConversationKind::Direct,
            "D1".to_owned(),
            None,
        );
        let request = AccessRequest {
            id: AccessRequestId::derive(&["r"]),
            scope: AccountScope::of_verified(AccountId::derive(&["a"]))
                .project(ProjectId::derive(&["p"])),
            environment_id: EnvironmentId::derive(&["e"]),
            connector_id,
            connector_name: "Support".to_owned(),
            provider: Provider::new("slack"),
            chat_user_id: ChatUserId::derive(&["u"]),
            identifier: "U1".to_owned(),
            conversation: conversation.clone(),
            rejected_before: 1,
            created_at: Timestamp::from_millis(0),
            decision: None,
        };
        let standing = Standing {
            connector_id,
            chat_user_id: request.chat_user_id,
            first_seen_at: Timestamp::from_millis(0),
            conversation,
            admitted_openly_at: None,
            request_id: Some(request.id),
            request_pending: true,
            message_count: 3,
            last_message_at: Some(Timestamp::from_millis(9)),
            recent_events: Vec::new(),
            rejections: None,
            onboarding_message: Some(SendStatus::Sent {
                at: Timestamp::from_millis(1),
                message_id: None,
            }),
            onboarding_in_doubt: false,
            consents: Consents::default(),
            approval: None,
            pending_tasks: BTreeSet::new(),
            awaits_content: false,
            content_key: None,
            merge_with: None,
            version: 1,
        };
        AccessRequestView {
            request,
            chat_user: None,
            standing: Some(standing),
            preview: Preview::of("Good morning", Timestamp::from_millis(0)),
        }
    }

    fn shown(view: AccessRequestView) -> serde_json::Value {
        shown_at(view, Timestamp::from_millis(10))
    }

    fn shown_at(view: AccessRequestView, now: Timestamp) -> serde_json::Value {
        let shown = AccessRequestDetailsResponse::of(view, &Avatars::nowhere(), now);
        serde_json::to_value(shown).unwrap()
    }

    #[test]
    fn a_pending_request_shows_who_asks_and_how_often_they_wrote() {
        let shown = shown(view());
        assert_eq!(shown["status"], "pending");
        assert_eq!(shown["user_name"], "U1");
        assert_eq!(shown["connector"]["name"], "Support");
        assert_eq!(shown["conversation"]["kind"], "direct");
        assert_eq!(shown["message_count"], 3);
        assert_eq!(shown["onboarding_message"]["status"], "sent");
        assert_eq!(shown["processed_by"], json!(null));
    }

    #[test]
    fn a_request_that_was_followed_by_another_does_not_show_the_other_s_count() {
        let mut view = view();
        if let Some(standing) = &mut view.standing {
            standing.request_id = Some(AccessRequestId::derive(&["later"]));
        }
        let shown = shown(view);
        assert_eq!(shown["message_count"], json!(null));
        assert_eq!(shown["last_message_at"], json!(null));
        assert_eq!(shown["onboarding_message"]["status"], "sent");
    }

    #[test]
    fn a_decided_request_shows_who_decided_when_and_why() {
        let mut view = view();
        view.request.decision = Some(RequestDecision {
            verdict: Verdict::Reject,
            by: Actor {
                id: "api_key:1".to_owned(),
                name: "Grace".to_owned(),
            },
            at: Timestamp::from_millis(0),
            note: Some("unknown".to_owned()),
            reason: Some(ReasonCode::PolicyOff),
        });
        view.standing = None;
        let shown = shown(view);
        assert_eq!(shown["status"], "rejected");
        assert_eq!(
            shown["processed_by"],
            json!({"id": "api_key:1", "name": "Grace"})
        );
        assert_eq!(shown["processing_note"], "unknown");
        assert_eq!(shown["reason_code"], "policy_off");
        assert_eq!(shown["onboarding_message"]["status"], "none");
    }

    #[test]
    fn a_preview_is_shown_for_thirty_days() {
        let day = Duration::from_hours(24);
        let start = Timestamp::from_millis(0);
        assert_eq!(
            shown_at(view(), start.plus(day * 29))["preview"],
            "Good morning"
        );
        assert_eq!(
            shown_at(view(), start.plus(day * 30))["preview"],
            json!(null)
        );
    }

    #[test]
    fn somebody_who_asked_not_to_be_written_to_cannot_be_told_from_then_on() {
        assert_eq!(shown(view())["notifiable_until"], json!(null));
        let mut view = view();
        if let Some(standing) = &mut view.standing {
            let stop = Wish {
                channel: None,
                may_write: false,
                at: Timestamp::from_millis(5),
                event_key: None,
            };
            standing.consents = standing.consents.with(&stop).unwrap();
        }
        assert_eq!(shown(view)["notifiable_until"], "1970-01-01T00:00:00.005Z");
    }

    #[test]
    fn what_followed_an_approval_is_shown_with_the_request_that_was_approved() {
        let mut view = view();
        let (id, environment) = (view.request.id, view.request.environment_id);
        let by = Actor {
            id: "api_key:1".to_owned(),
            name: "Grace".to_owned(),
        };
        let at = Timestamp::from_millis(0);
        let approval = Approval {
            notice: SendStatus::Skipped {
                at,
                reason: Some(SkipReason::WindowClosed),
            },
            ..Approval::new(id, environment, by, at)
        };
        if let Some(standing) = &mut view.standing {
            standing.approval = Some(approval);
        }
        let mut earlier = view.clone();
        let shown = shown(view);
        assert_eq!(shown["notice_status"]["status"], "skipped");
        assert_eq!(shown["notice_status"]["reason"], "window_closed");
        assert_eq!(shown["replay_status"]["status"], "queued");
        earlier.request.id = AccessRequestId::derive(&["earlier"]);
        assert_eq!(self::shown(earlier)["notice_status"], json!(null));
    }

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
