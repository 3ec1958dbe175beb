//! An access request with what is shown beside it in lists and alone.

use super::{
    super::{avatars::Avatars, user_names::UserNameResponse},
    AccessRequestResponse,
    follow_up::{FollowUpResponse, OnboardingMessageResponse},
};
use crate::{Deps, api_types::ChatUserStatusName};
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_admin::{
    Call,
    problem::ApiError,
    search::{self, MatchResponse},
};
use vestibule_domain::{
    Timestamp,
    access::{
        follow_up::notifiable_until,
        held_message::cool_down_ends,
        request::{AccessRequest, RequestStatus},
        standing::Standing,
    },
    account::permission::Permission,
    connector::Policy,
    ports::AccessRequestView,
    search::{SearchField, texts_of_access_request},
};
use vestibule_providers::catalogue::{channel_of, chat_provider};

/// Fields of the person that are searched and shown.
const SEARCHED: [SearchField; 2] = [SearchField::UserName, SearchField::Identifier];
/// Reason for suggesting the holder of the person's phone number.
const SAME_PHONE: &str = "same_phone";

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
    /// Whether the person is blocked, and must be unblocked before an approval.
    blocked: bool,
    /// Name of the environment; null once it is deleted.
    environment_name: Option<String>,
    /// Channel of the conversation: `slack`, `teams`, `telegram`, `whatsapp` or `sms`.
    channel: Option<String>,
    /// Address of the profile picture: at the platform, or, where we keep a copy, at the chat user's
    /// `…/avatar` in this API, which requires an API key like every call.
    avatar_url: Option<String>,
    /// Messages held back since the request was made, including the one that made it. Null once the
    /// person has made a later request, which has its own count.
    message_count: Option<u64>,
    /// Time of the last message held back.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_message_at: Option<Timestamp>,
    /// Places at which the words of a search occur in `user_name` and `identifier`, in a list with `q`.
    matches: Vec<MatchResponse>,
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
    /// Time at which the person asked, on the channel of the conversation, not to be written to. Null for somebody who
    /// did not, and for a request that was followed by another.
    #[schema(value_type = Option<String>, format = DateTime)]
    opted_out_at: Option<Timestamp>,
    /// Time from which a message of the person makes a new request, for a request that was rejected. Null
    /// where the next message makes one at once, where none does, and for a request that was followed by
    /// another.
    #[schema(value_type = Option<String>, format = DateTime)]
    new_request_possible_at: Option<Timestamp>,
    /// Time from which a pending request is rejected with the `reason_code` `expired`, within minutes. Null where
    /// requests do not expire, and for a request that was decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// User of the project whom the person is; null for somebody who is none, and for callers who may not read
    /// users.
    end_user: Option<UserNameResponse>,
    /// User whom the person may be, while the request is pending; null under the same conditions, and for
    /// somebody who is linked.
    suggested_end_user: Option<SuggestedUserResponse>,
    /// Outcome of the approval notice; null while this request is not approved.
    notice_status: Option<FollowUpResponse>,
    /// Outcome of handing the message that made the request to the agent; null while this request is not
    /// approved.
    replay_status: Option<FollowUpResponse>,
}

/// User of the project whom a person may be.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestedUserResponse {
    /// The user.
    #[serde(flatten)]
    user: UserNameResponse,
    /// Reason for the suggestion: `same_phone`, the phone number that the platform asserts.
    #[schema(value_type = String, example = "same_phone")]
    reason: &'static str,
}

/// The view as this caller may read it.
pub(super) fn readable(call: &Call, view: AccessRequestView) -> AccessRequestView {
    if call.caller.may(Permission::EndUsersRead) {
        view
    } else {
        view.without_directory()
    }
}

impl AccessRequestDetailsResponse {
    /// Renders the request as of `now`.
    pub(super) fn of(view: AccessRequestView, avatars: &Avatars, now: Timestamp) -> Self {
        let id = view.request.id;
        let counted = view
            .standing
            .as_ref()
            .filter(|standing| standing.request_id == Some(view.request.id));
        let user = view.chat_user.as_ref();
        let possible_at = new_request_possible_at(&view);
        let expires_at = expires_at(&view);
        let window = chat_provider(&view.request.provider)
            .and_then(|provider| provider.reply_window(&view.request.conversation));
        let notifiable = counted.and_then(|standing| notifiable_until(standing, window));
        let opted_out_at = counted.and_then(Standing::opted_out_at);
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
            blocked: user.is_some_and(|user| user.block.is_some()),
            environment_name: view.environment_name,
            channel: channel_of(&view.request.provider, &view.request.conversation),
            avatar_url: user.and_then(|user| avatars.url(user)),
            message_count: counted.map(|standing| standing.message_count),
            last_message_at: counted.and_then(|standing| standing.last_message_at),
            matches: Vec::new(),
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
            opted_out_at,
            new_request_possible_at: possible_at,
            expires_at,
            end_user: view.end_user.map(Into::into),
            suggested_end_user: view.suggested.map(|user| SuggestedUserResponse {
                user: user.into(),
                reason: SAME_PHONE,
            }),
            notice_status: notice.map(Into::into),
            replay_status: replay.map(Into::into),
            request: view.request.into(),
        }
    }

    /// Renders the request as of `now`, with the places of a search's words.
    pub(super) fn found(
        view: AccessRequestView,
        words: Option<&str>,
        avatars: &Avatars,
        now: Timestamp,
    ) -> Self {
        let texts = view
            .chat_user
            .as_ref()
            .map(|user| texts_of_access_request(&view.request, user));
        let matches = search::matches_in(&SEARCHED, &texts.unwrap_or_default(), words);
        Self {
            matches,
            ..Self::of(view, avatars, now)
        }
    }
}

/// Reads what is shown beside a request, and renders both with their version.
pub(super) async fn details_of(
    deps: &Deps,
    call: &Call,
    request: AccessRequest,
) -> Result<(u64, AccessRequestDetailsResponse), ApiError> {
    let requests = deps.access_requests.as_ref();
    let views = requests.view_access_requests(vec![request]).await?;
    let view = views.into_iter().next();
    let view = view.ok_or_else(|| ApiError::not_found("access request"))?;
    Ok(rendered(deps, call, view))
}

/// Renders a request and what is shown beside it, with their version.
pub(super) fn rendered(
    deps: &Deps,
    call: &Call,
    view: AccessRequestView,
) -> (u64, AccessRequestDetailsResponse) {
    let avatars = Avatars::of(deps, &call.origin, view.request.scope.project_id());
    let version = view.version();
    let view = readable(call, view);
    let details = AccessRequestDetailsResponse::of(view, &avatars, call.now());
    (version, details)
}

/// Time from which a pending request is closed (SPEC B36).
fn expires_at(view: &AccessRequestView) -> Option<Timestamp> {
    let is_pending = view.request.status() == RequestStatus::Pending;
    let connector = view.connector.as_ref().filter(|_| is_pending)?;
    connector.request_limits.expiry(view.request.created_at)
}

/// Time from which a message makes a new request after the rejection of this one.
fn new_request_possible_at(view: &AccessRequestView) -> Option<Timestamp> {
    let connector = view.connector.as_ref()?;
    let standing = view.standing.as_ref()?;
    let asks_again = view.request.status() == RequestStatus::Rejected
        && standing.request_id == Some(view.request.id)
        && connector.policy == Policy::OnBoarding
        && view.chat_user.as_ref().is_some_and(|user| {
            user.block.is_none() && !user.grants.contains_key(&connector.environment_id)
        });
    asks_again
        .then(|| cool_down_ends(standing, connector))
        .flatten()
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
        account::actor::Actor,
        chat::conversation::{ConversationKind, ConversationRef},
        chat::send_status::{SendStatus, SkipReason},
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
            revocation: None,
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
            environment_name: Some("Production".to_owned()),
            connector: None,
            end_user: None,
            suggested: None,
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
        assert_eq!(shown["environment_name"], "Production");
        assert_eq!(shown["channel"], "slack");
        assert_eq!(shown["blocked"], false);
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
        let before = shown(view());
        assert_eq!(before["notifiable_until"], json!(null));
        assert_eq!(before["opted_out_at"], json!(null));
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
        let after = shown(view);
        assert_eq!(after["notifiable_until"], "1970-01-01T00:00:00.005Z");
        assert_eq!(after["opted_out_at"], "1970-01-01T00:00:00.005Z");
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
}
