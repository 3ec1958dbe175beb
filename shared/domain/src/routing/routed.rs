//! The lines that routing leaves in a conversation's thread.

use crate::{
    Timestamp,
    account::actor::Actor,
    ids::{MemberId, RoutedCallId, TeamId},
};
use serde::{Deserialize, Serialize};

/// A change of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// The conversation asks for a member.
    Offer,
    /// It was assigned to a member, by the rule or by hand.
    Assign,
    /// A member took it.
    Claim,
    /// Nobody has it any more, and nobody is looked for.
    Release,
    /// It was passed on to a member or a team.
    Transfer,
    /// It waits again.
    Requeue,
    /// The agent has it again.
    GiveBack,
    /// No member replied within the client's limit.
    MissFirstReply,
}

/// A member, as named in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedMember {
    /// The member.
    pub id: MemberId,
    /// Name of the member at the time.
    pub name: String,
}

/// The facts behind an automatic assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The member's load before it.
    pub load: u32,
    /// The member's limit.
    pub limit: u32,
    /// Time at which the member's load had last changed.
    pub idle_since: Timestamp,
    /// Number of members that could take the conversation.
    pub fit: u32,
    /// The next ones of these, at most [`RUNNERS_UP_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runners_up: Vec<RunnerUp>,
}

/// Number of members kept that were next.
pub const RUNNERS_UP_MAX: usize = 3;

/// A member who was next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunnerUp {
    /// The member.
    #[serde(flatten)]
    pub member: NamedMember,
    /// The member's load.
    pub load: u32,
    /// The member's limit.
    pub limit: u32,
    /// Time at which the member's load had last changed.
    pub idle_since: Timestamp,
}

/// A call to the API with an `Idempotency-Key` that changed a case. The line remembers it, so that the call made again
/// changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutedCall {
    /// Id of the call, derived from the key.
    pub id: RoutedCallId,
    /// Hash of the call, under its key.
    pub request_hash: String,
}

/// A line of a conversation's thread: a change of its case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routed {
    /// The version of the case that the change made: lines are ordered by it.
    pub number: u64,
    /// Time of the change.
    pub at: Timestamp,
    /// The author.
    pub by: Actor,
    /// The change.
    pub verb: Verb,
    /// The member who has the conversation since, or had it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<NamedMember>,
    /// The team that the conversation asks for since an offer or a transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// The facts, if the rule chose the member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Facts>,
    /// Whether the member was at the limit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over_limit: bool,
    /// A note of the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The call that made the change, if it has an `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<RoutedCall>,
}
