//! Access requests: a stranger's first message asks for one, a person decides it (SPEC B).

use crate::{
    Timestamp,
    access::standing::Standing,
    account::actor::Actor,
    chat::conversation::ConversationRef,
    chat::message::InboundMessage,
    connector::{Connector, Provider},
    ids::{AccessRequestId, ChatUserId, ConnectorId, EnvironmentId},
    scope::ProjectScope,
    text::preview,
};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// Longest note on a decision, in characters (SPEC B17).
pub const NOTE_MAX_CHARS: usize = 4000;

/// Where a request stands (SPEC B13).
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

/// What somebody decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Let the person in.
    Approve,
    /// Do not.
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

/// Why a request was decided although nobody looked at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// Its connector no longer asks for approval (SPEC A42).
    PolicyOff,
    /// Its connector was deleted (SPEC A46).
    ConnectorDeleted,
    /// Its connector serves another environment now: approving it would let nobody in (SPEC A41).
    ConnectorMoved,
    /// The person was approved at another connector of the environment (SPEC A41).
    GrantedElsewhere,
    /// The person turned out to be one who is on record under another id (SPEC A29).
    Merged,
}

/// A decision as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestDecision {
    /// What was decided.
    pub verdict: Verdict,
    /// By whom (SPEC B15, B29).
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why, if they said so (SPEC B17).
    pub note: Option<String>,
    /// Why, when it followed from something else that they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
}

/// A stranger's request to talk to the agent of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequest {
    /// Its id.
    pub id: AccessRequestId,
    /// Account and project.
    pub scope: ProjectScope,
    /// The environment that approval opens.
    pub environment_id: EnvironmentId,
    /// The connector that was written to.
    pub connector_id: ConnectorId,
    /// Its name at the time; requests outlive connectors (SPEC A46).
    pub connector_name: String,
    /// The platform.
    pub provider: Provider,
    /// Who asks.
    pub chat_user_id: ChatUserId,
    /// Who asks, as the platform identifies them.
    pub identifier: String,
    /// Where they wrote (SPEC B12).
    pub conversation: ConversationRef,
    /// How often they were rejected here before (SPEC B25).
    pub rejected_before: u32,
    /// When they asked.
    pub created_at: Timestamp,
    /// Set once somebody decided.
    pub decision: Option<RequestDecision>,
}

impl AccessRequest {
    /// Where the request stands; follows from its decision.
    #[must_use]
    pub fn status(&self) -> RequestStatus {
        self.decision
            .as_ref()
            .map_or(RequestStatus::Pending, |decision| decision.verdict.status())
    }

    /// The request that `message` makes at `connector`.
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
        }
    }
}

/// How long a preview is shown and kept.
pub const PREVIEW_KEPT: Duration = Duration::from_hours(24 * 30);

/// The beginning of the message that made a request, for the approver (SPEC A43). Its `Debug` does not
/// show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Preview {
    /// The text, clean and short.
    pub text: String,
    /// From then on it is not shown.
    pub expires_at: Timestamp,
}

impl Preview {
    /// The preview of a message's text; `None` when it says nothing.
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

/// What a held message leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldMessage {
    /// A new request, with the onboarding message if none was sent here yet.
    OpensRequest {
        /// Whether the onboarding message goes out with it (SPEC A21, B25).
        with_onboarding_message: bool,
    },
    /// It counts on the request that is pending already (SPEC B31).
    CountsOnPending(AccessRequestId),
    /// Nothing: the person was rejected too recently (SPEC B25).
    CoolsDown {
        /// From then on a message makes a new request.
        until: Timestamp,
    },
}

/// What a message of somebody not approved leads to, given how they stand.
#[derive(Debug)]
pub struct HeldFacts<'a> {
    /// How the sender stands at the connector, if they wrote before.
    pub standing: Option<&'a Standing>,
    /// The connector.
    pub connector: &'a Connector,
    /// The present.
    pub now: Timestamp,
}

/// The request state machine's entry: what a held message leads to.
#[must_use]
pub fn on_held_message(facts: &HeldFacts<'_>) -> HeldMessage {
    let Some(standing) = facts.standing else {
        return HeldMessage::OpensRequest {
            with_onboarding_message: true,
        };
    };
    if let (true, Some(request_id)) = (standing.request_pending, standing.request_id) {
        return HeldMessage::CountsOnPending(request_id);
    }
    if let Some(rejections) = standing.rejections {
        let until = rejections.last_at.plus(facts.connector.request_cooldown);
        if facts.now < until {
            return HeldMessage::CoolsDown { until };
        }
    }
    HeldMessage::OpensRequest {
        with_onboarding_message: standing.onboarding_message_due(),
    }
}

/// What deciding a request that may be decided already leads to (SPEC B30).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecideOutcome {
    /// The decision was recorded now.
    Recorded(Box<AccessRequest>),
    /// The same actor had decided the same before: nothing changed.
    AlreadySame(Box<AccessRequest>),
    /// Somebody decided before; here is what.
    AlreadyDecided(Box<AccessRequest>),
    /// The person is blocked: unblock first.
    ChatUserBlocked,
    /// There is no such request in this project.
    NotFound,
}

/// How an attempt to decide `request`, which was decided before, ends.
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
