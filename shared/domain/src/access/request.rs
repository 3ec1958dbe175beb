//! Access requests: a stranger's first message opens one, a person decides it (SPEC B).

use crate::{
    Timestamp,
    account::actor::Actor,
    chat::conversation::ConversationRef,
    chat::message::InboundMessage,
    connector::{Connector, Provider},
    directory::registration::Misplaced,
    event::{
        AuditEntry, Change, Event,
        catalogue::EventType,
        outgoing::OutgoingEvent,
        told::{EventData, Told},
    },
    ids::{AccessRequestId, AuditId, ChatUserId, ConnectorId, EnvironmentId},
    scope::ProjectScope,
    text::preview,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{fmt, time::Duration};

/// Maximum length of a note on a decision, in characters (SPEC B17).
pub const NOTE_MAX_CHARS: usize = 4000;

/// Status of a request (SPEC B13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    /// Awaits a decision.
    Pending,
    /// The person was let in.
    Approved,
    /// The person was not let in.
    Rejected,
}

/// The content of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Let the person in.
    Approve,
    /// Do not let the person in.
    Reject,
}

impl Verdict {
    /// The status that this verdict leads to.
    #[must_use]
    pub const fn status(self) -> RequestStatus {
        match self {
            Self::Approve => RequestStatus::Approved,
            Self::Reject => RequestStatus::Rejected,
        }
    }
}

/// The reason why a request was decided without a person looking at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// The connector no longer asks for approval (SPEC A42).
    PolicyOff,
    /// The connector was deleted (SPEC A46).
    ConnectorDeleted,
    /// The connector serves another environment now, so an approval would let nobody in (SPEC A41).
    ConnectorMoved,
    /// The person was approved at another connector of the environment (SPEC A41).
    GrantedElsewhere,
    /// The person turned out to be on record under another id (SPEC A29).
    Merged,
    /// Nobody decided in time (SPEC B36).
    Expired,
}

/// A recorded decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestDecision {
    /// The verdict.
    pub verdict: Verdict,
    /// The actor who decided (SPEC B15, B29).
    pub by: Actor,
    /// Time of the decision.
    pub at: Timestamp,
    /// The decider's own note, if any (SPEC B17).
    pub note: Option<String>,
    /// The reason, when the decision followed from something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
}

impl RequestDecision {
    /// The audit entry of this decision on `request`, which was pending. `request_id` is the API
    /// call that brought the decision, or the request whose approval implied it.
    #[must_use]
    pub fn audit_entry(
        &self,
        request: &AccessRequest,
        id: AuditId,
        request_id: String,
    ) -> AuditEntry {
        let event = match self.verdict {
            Verdict::Approve => Event::AccessRequestApproved(request.id),
            Verdict::Reject => Event::AccessRequestRejected(request.id),
        };
        AuditEntry {
            id,
            scope: request.scope.account(),
            at: self.at,
            actor: self.by.clone(),
            change: Change {
                event,
                before: json!({"status": request.status()}),
                after: json!({
                    "status": self.verdict.status(),
                    "note": self.note,
                    "reason_code": self.reason,
                    "chat_user_id": request.chat_user_id,
                    "environment_id": request.environment_id,
                }),
            },
            request_id,
            told: request.told(),
        }
    }
}

/// The end of an access: its author, time and reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The actor who took the access away.
    pub by: Actor,
    /// Time of the revocation.
    pub at: Timestamp,
    /// The actor's own note, if any.
    pub note: Option<String>,
}

/// A stranger's request to talk to the agent of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequest {
    /// Id of the request.
    pub id: AccessRequestId,
    /// Account and project.
    pub scope: ProjectScope,
    /// The environment that approval opens.
    pub environment_id: EnvironmentId,
    /// The connector that was written to.
    pub connector_id: ConnectorId,
    /// The connector's name at the time; requests outlive connectors (SPEC A46).
    pub connector_name: String,
    /// The platform.
    pub provider: Provider,
    /// The person who asks.
    pub chat_user_id: ChatUserId,
    /// The person who asks, as the platform identifies them.
    pub identifier: String,
    /// The conversation in which the person wrote (SPEC B12).
    pub conversation: ConversationRef,
    /// Number of earlier rejections here (SPEC B25).
    pub rejected_before: u32,
    /// Time of the request.
    pub created_at: Timestamp,
    /// The decision, once there is one.
    pub decision: Option<RequestDecision>,
    /// The end of the access that an approval gave, once an admin took it away.
    pub revocation: Option<Revocation>,
}

impl AccessRequest {
    /// The id of the request that the message with this event key makes, or would make. It is derived, so that a repeated
    /// attempt after a lost answer finds the request, and so does a change of the message.
    #[must_use]
    pub fn id_of(
        connector_id: ConnectorId,
        sender: ChatUserId,
        event_key: &str,
    ) -> AccessRequestId {
        AccessRequestId::derive(&[&connector_id.to_string(), &sender.to_string(), event_key])
    }

    /// Status of the request, derived from its decision.
    #[must_use]
    pub fn status(&self) -> RequestStatus {
        self.decision
            .as_ref()
            .map_or(RequestStatus::Pending, |decision| decision.verdict.status())
    }

    /// The place of the request, for outgoing events.
    #[must_use]
    pub fn told(&self) -> Told {
        Told::in_project(self.scope)
            .in_environment(self.environment_id)
            .at_connector(self.connector_id)
    }

    /// The outgoing event that the request was made.
    #[must_use]
    pub fn creation(&self) -> OutgoingEvent {
        let data = EventData::new()
            .id("access_request_id", self.id)
            .id("chat_user_id", self.chat_user_id)
            .code("provider", self.provider.key());
        let (scope, id) = (self.scope.account(), self.id.to_string());
        let told = self.told().with(data);
        let kind = EventType::AccessRequestCreated;
        OutgoingEvent::new(kind, scope, self.created_at, &[&id], told)
    }

    /// Makes the request that `message` opens at `connector`.
    #[must_use]
    pub fn asked_by(
        message: &InboundMessage,
        connector: &Connector,
        id: AccessRequestId,
        rejected_before: u32,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            scope: connector.scope,
            environment_id: connector.environment_id,
            connector_id: connector.id,
            connector_name: connector.name.clone(),
            provider: connector.provider.clone(),
            chat_user_id: message.sender.chat_user_id(connector.scope),
            identifier: message.shown_id().identifier.clone(),
            conversation: message.conversation.clone(),
            rejected_before,
            created_at: now,
            decision: None,
            revocation: None,
        }
    }
}

/// Time for which a preview is kept and shown.
pub const PREVIEW_KEPT: Duration = Duration::from_hours(24 * 30);

/// The beginning of the message that opened a request, for the approver (SPEC A43). Its `Debug`
/// hides the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Preview {
    /// The text, clean and short.
    pub text: String,
    /// Time from which the preview is no longer shown.
    pub expires_at: Timestamp,
}

impl Preview {
    /// Makes the preview of a message's text; `None` when nothing visible is left of the text.
    #[must_use]
    pub fn of(text: &str, now: Timestamp) -> Option<Self> {
        Some(Self {
            text: preview(text)?,
            expires_at: now.plus(PREVIEW_KEPT),
        })
    }

    /// The text, while it may be shown.
    #[must_use]
    pub fn shown_at(&self, now: Timestamp) -> Option<&str> {
        (now < self.expires_at).then_some(self.text.as_str())
    }
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preview")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The outcome of deciding a request, which may already be decided (SPEC B30).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecideOutcome {
    /// The decision was recorded now.
    Recorded(Box<AccessRequest>),
    /// The same actor had already decided the same. Nothing changed.
    AlreadySame(Box<AccessRequest>),
    /// The request was already decided, and carries that decision.
    AlreadyDecided(Box<AccessRequest>),
    /// The person is blocked and must be unblocked first.
    ChatUserBlocked,
    /// The person cannot be linked as asked.
    Misplaced(Misplaced),
    /// There is no such request in this project.
    NotFound,
}

/// The outcome of an attempt to decide `request`, which was already decided.
#[must_use]
pub fn on_decided_again(request: AccessRequest, verdict: Verdict, by: &Actor) -> DecideOutcome {
    let same = request
        .decision
        .as_ref()
        .is_some_and(|first| first.verdict == verdict && first.by.id == by.id);
    if same {
        DecideOutcome::AlreadySame(Box::new(request))
    } else {
        DecideOutcome::AlreadyDecided(Box::new(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::message::{Identity, PHONE_SCOPE},
        samples::{actor, at, connector, decision, identity, message, request},
    };
    use serde_json::json;

    fn decided(verdict: Verdict, by: Actor) -> AccessRequest {
        AccessRequest {
            decision: Some(decision(verdict, by)),
            ..request()
        }
    }

    /// SPEC F04.
    #[test]
    fn a_request_and_its_decision_are_told_with_their_place() {
        let request = request();
        let creation = request.creation();
        assert_eq!(creation.missing(), Vec::<&str>::new());
        assert_eq!(creation.id, request.creation().id);
        let entry = decision(Verdict::Approve, actor("grace")).audit_entry(
            &request,
            AuditId::derive(&["x"]),
            "r".to_owned(),
        );
        let events = OutgoingEvent::of_entry(&entry);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].missing(), Vec::<&str>::new());
        for event in [&creation, &events[0]] {
            assert_eq!(event.told.environment_id, Some(request.environment_id));
            assert_eq!(event.told.connector_id, Some(request.connector_id));
        }
    }

    #[test]
    fn a_request_is_pending_until_a_verdict_gives_it_its_status() {
        let by = || actor("grace");
        for (request, status, stored) in [
            (request(), RequestStatus::Pending, "pending"),
            (
                decided(Verdict::Approve, by()),
                RequestStatus::Approved,
                "approved",
            ),
            (
                decided(Verdict::Reject, by()),
                RequestStatus::Rejected,
                "rejected",
            ),
        ] {
            assert_eq!(request.status(), status);
            assert_eq!(serde_json::to_value(status).unwrap(), stored);
        }
    }

    #[test]
    fn a_decision_is_stored_with_its_reason_if_nobody_looked_at_the_request() {
        let own = decision(Verdict::Approve, actor("grace"));
        let stored = json!({
            "verdict": "approve",
            "by": {"id": "member:grace", "name": "grace"},
            "at": "1970-01-01T00:00:06.000Z",
            "note": null,
        });
        assert_eq!(serde_json::to_value(&own).unwrap(), stored);
        assert_eq!(
            serde_json::from_value::<RequestDecision>(stored).unwrap(),
            own
        );
        for (reason, name) in [
            (ReasonCode::PolicyOff, "policy_off"),
            (ReasonCode::ConnectorDeleted, "connector_deleted"),
            (ReasonCode::ConnectorMoved, "connector_moved"),
            (ReasonCode::GrantedElsewhere, "granted_elsewhere"),
            (ReasonCode::Merged, "merged"),
            (ReasonCode::Expired, "expired"),
        ] {
            let followed = RequestDecision {
                reason: Some(reason),
                ..decision(Verdict::Reject, actor("grace"))
            };
            let stored = serde_json::to_value(&followed).unwrap();
            assert_eq!(stored["reason"], name);
            assert_eq!(stored["verdict"], "reject");
        }
    }

    #[test]
    fn a_request_is_made_by_the_sender_at_the_connector_under_the_id_that_is_shown() {
        let connector = connector();
        let sender: Identity = identity("whatsapp", "DE.1");
        let phone = identity(PHONE_SCOPE, "+4930123456");
        let username = identity("whatsapp", "grace");
        for (also_known_as, identifier) in [
            (None, "DE.1"),
            (Some(phone), "+4930123456"),
            (Some(username), "DE.1"),
        ] {
            let message = InboundMessage {
                sender: sender.clone(),
                also_known_as,
                ..message()
            };
            let id = AccessRequestId::derive(&["new"]);
            let made = AccessRequest::asked_by(&message, &connector, id, 2, at(9));
            let expected = AccessRequest {
                id,
                chat_user_id: sender.chat_user_id(connector.scope),
                identifier: identifier.to_owned(),
                rejected_before: 2,
                created_at: at(9),
                ..request()
            };
            assert_eq!(made, expected);
        }
    }

    #[test]
    fn a_preview_is_clean_and_shown_for_thirty_days() {
        let preview = Preview::of("Good\nmorning\u{202e}", at(100)).unwrap();
        let month = 30 * 24 * 3600;
        assert_eq!(preview.text, "Good morning");
        assert_eq!(preview.expires_at, at(100 + month));
        let last = Timestamp::from_millis(preview.expires_at.millis() - 1);
        for (now, shown) in [
            (at(100), true),
            (last, true),
            (preview.expires_at, false),
            (at(101 + month), false),
        ] {
            assert_eq!(preview.shown_at(now), shown.then_some("Good morning"));
        }
        for blank in ["", " \n\t", "\u{202e}\u{200b}"] {
            assert_eq!(Preview::of(blank, at(100)), None);
        }
    }

    #[test]
    fn a_preview_is_not_shown_by_debug() {
        let preview = Preview::of("my code is 1234", at(0)).unwrap();
        let expected = format!("Preview {{ expires_at: {:?}, .. }}", preview.expires_at);
        assert_eq!(format!("{preview:?}"), expected);
    }

    #[test]
    fn only_the_same_verdict_of_the_same_actor_is_the_same_decision() {
        let renamed = Actor {
            name: "Grace H.".into(),
            ..actor("grace")
        };
        let namesake = Actor {
            name: "grace".into(),
            ..actor("another")
        };
        for (first, verdict, by, same) in [
            (Verdict::Approve, Verdict::Approve, actor("grace"), true),
            (Verdict::Reject, Verdict::Reject, actor("grace"), true),
            (Verdict::Approve, Verdict::Approve, renamed, true),
            (Verdict::Approve, Verdict::Reject, actor("grace"), false),
            (Verdict::Reject, Verdict::Approve, actor("grace"), false),
            (Verdict::Approve, Verdict::Approve, namesake, false),
        ] {
            let request = decided(first, actor("grace"));
            let boxed = Box::new(request.clone());
            let expected = if same {
                DecideOutcome::AlreadySame(boxed)
            } else {
                DecideOutcome::AlreadyDecided(boxed)
            };
            assert_eq!(on_decided_again(request, verdict, &by), expected);
        }
    }
}
