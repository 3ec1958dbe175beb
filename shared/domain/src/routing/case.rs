//! Cases: the routing record of one conversation, and its changes.

use crate::{
    ProjectScope, Timestamp,
    chat::history::HistoryDays,
    ids::{ConnectorId, ConversationId, MemberId, QueueId},
    routing::{
        demand::{Demand, Desk},
        routed::{Facts, NamedMember},
    },
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};

/// The routing record of one conversation, from its offer until its release. The next offer makes it anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The connector; `None` on a channel without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector_id: Option<ConnectorId>,
    /// Key of the channel.
    pub channel: String,
    /// Requirements for the member.
    pub demand: Demand,
    /// The state.
    pub state: CaseState,
    /// Time of the offer. It decides the place in the queue, and requeues keep it.
    pub offered_at: Timestamp,
    /// The members who declined the conversation in this wait.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub declined: BTreeSet<MemberId>,
    /// Time of the first assignment since the offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_assigned_at: Option<Timestamp>,
    /// Time of the first reply by a member since the offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_reply_at: Option<Timestamp>,
    /// Time before which the first reply is in time, by the client's limit at the offer; `None` without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_reply_due_at: Option<Timestamp>,
    /// The same time, set by the note that no reply came by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_reply_missed_at: Option<Timestamp>,
    /// The time for which the project keeps messages, and so the lines of this case.
    #[serde(default)]
    pub history: HistoryDays,
    /// Counts changes. It starts at the time of the first offer, so that a case that expired repeats no number.
    pub version: u64,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

/// The state of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CaseState {
    /// Its job is still to be done.
    Offered,
    /// It waits in its queue.
    Waiting,
    /// A member has it.
    Assigned(Assigned),
    /// It is over.
    Released {
        /// Time of the release.
        at: Timestamp,
    },
}

/// The assignment of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// The member, as named at the time.
    pub member: NamedMember,
    /// Time of the assignment.
    pub at: Timestamp,
    /// The facts, if the rule chose the member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Facts>,
    /// Whether the member was at the limit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over_limit: bool,
}

/// The parts of an offer.
#[derive(Debug, Clone)]
pub struct NewCase {
    /// Account and project.
    pub scope: ProjectScope,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The connector; `None` on a channel without one.
    pub connector_id: Option<ConnectorId>,
    /// Key of the channel.
    pub channel: String,
    /// Requirements for the member.
    pub demand: Demand,
    /// The time for which the project keeps messages.
    pub history: HistoryDays,
}

impl Case {
    /// Makes the case of an offer at this time. `before` is the conversation's case on record, which must be over.
    #[must_use]
    pub fn offered(new: NewCase, before: Option<&Self>, at: Timestamp) -> Self {
        let first = u64::try_from(at.millis()).unwrap_or(0);
        Self {
            scope: new.scope,
            conversation_id: new.conversation_id,
            connector_id: new.connector_id,
            channel: new.channel,
            demand: new.demand,
            state: CaseState::Offered,
            offered_at: at,
            declined: BTreeSet::new(),
            first_assigned_at: None,
            first_reply_at: None,
            first_reply_due_at: None,
            first_reply_missed_at: None,
            history: new.history,
            version: before.map_or(first, |before| before.version + 1),
            updated_at: at,
        }
    }

    /// The desk where the conversation asks for a member.
    #[must_use]
    pub fn desk(&self) -> Desk {
        Desk {
            scope: self.scope.account(),
            channel: self.channel.clone(),
        }
    }

    /// The queue in which it waits, or would.
    #[must_use]
    pub fn queue_id(&self) -> QueueId {
        self.desk().queue_id(&self.demand)
    }

    /// The assignment, while a member has it.
    #[must_use]
    pub const fn assigned(&self) -> Option<&Assigned> {
        match &self.state {
            CaseState::Assigned(assigned) => Some(assigned),
            CaseState::Offered | CaseState::Waiting | CaseState::Released { .. } => None,
        }
    }

    /// The member who has it.
    #[must_use]
    pub fn member_id(&self) -> Option<MemberId> {
        self.assigned().map(|assigned| assigned.member.id)
    }

    /// Whether it waits in its queue.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        matches!(self.state, CaseState::Waiting)
    }

    /// Whether it is not over.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, CaseState::Released { .. })
    }

    /// The place in its queue: the first one is served first.
    #[must_use]
    pub const fn place(&self) -> (Timestamp, ConversationId) {
        (self.offered_at, self.conversation_id)
    }

    /// The time before which a first reply is in time, while none has come and no miss was noted.
    #[must_use]
    pub fn reply_awaited_until(&self) -> Option<Timestamp> {
        let is_settled = self.first_reply_at.is_some() || self.first_reply_missed_at.is_some();
        self.first_reply_due_at
            .filter(|_| self.is_open() && !is_settled)
    }

    /// Whether no first reply has come in time, and that is yet to be noted.
    #[must_use]
    pub fn misses_first_reply(&self, now: Timestamp) -> bool {
        self.reply_awaited_until().is_some_and(|due| due <= now)
    }

    /// The case with the client's limit for the first reply. It counts from the offer.
    #[must_use]
    pub fn with_first_reply_within(self, minutes: Option<u32>) -> Self {
        let due = minutes.map(|minutes| {
            let limit = Duration::from_mins(u64::from(minutes));
            self.offered_at.plus(limit)
        });
        Self {
            first_reply_due_at: due,
            ..self
        }
    }

    /// Makes the case with the note that no first reply came in time.
    #[must_use]
    pub fn with_missed_reply(&self, at: Timestamp) -> Self {
        Self {
            first_reply_missed_at: self.first_reply_due_at,
            ..self.with_state(self.state.clone(), at)
        }
    }

    /// Makes the case as it is after a change at this time.
    #[must_use]
    pub fn with_state(&self, state: CaseState, at: Timestamp) -> Self {
        Self {
            state,
            version: self.version + 1,
            updated_at: at,
            ..self.clone()
        }
    }

    /// Makes the case as it waits from this time on, at the place of its offer.
    #[must_use]
    pub fn waiting(&self, at: Timestamp) -> Self {
        self.with_state(CaseState::Waiting, at)
    }

    /// Makes the case as a member has it from this time on. The wait is over, so the members who declined are forgotten.
    #[must_use]
    pub fn assigned_to(&self, assigned: Assigned) -> Self {
        let at = assigned.at;
        Self {
            declined: BTreeSet::new(),
            first_assigned_at: self.first_assigned_at.or(Some(at)),
            ..self.with_state(CaseState::Assigned(assigned), at)
        }
    }

    /// Makes the case as it is over from this time on.
    #[must_use]
    pub fn released(&self, at: Timestamp) -> Self {
        Self {
            declined: BTreeSet::new(),
            ..self.with_state(CaseState::Released { at }, at)
        }
    }

    /// Makes the case as it waits again, with another demand if one is given. It is not offered to `declined` in this
    /// wait.
    #[must_use]
    pub fn requeued(
        &self,
        demand: Option<Demand>,
        declined: Option<MemberId>,
        at: Timestamp,
    ) -> Self {
        let mut next = self.waiting(at);
        if let Some(demand) = demand {
            next.demand = demand;
        }
        next.declined.extend(declined);
        next
    }
}

#[cfg(test)]
mod tests {
    use crate::samples::{at, waiting_case};

    #[test]
    fn a_first_reply_is_in_time_within_the_limit_after_the_offer() {
        let case = waiting_case("a", 60).with_first_reply_within(Some(2));
        assert_eq!(case.first_reply_due_at, Some(at(180)));
        assert!(!case.misses_first_reply(at(179)));
        assert!(case.misses_first_reply(at(180)));
        let without = waiting_case("a", 60).with_first_reply_within(None);
        assert!(!without.misses_first_reply(at(100_000)));
    }

    #[test]
    fn a_miss_is_noted_once_and_not_after_a_reply_or_the_end() {
        let case = waiting_case("a", 60).with_first_reply_within(Some(2));
        let noted = case.with_missed_reply(at(200));
        assert_eq!(noted.first_reply_missed_at, Some(at(180)));
        assert_eq!(noted.version, case.version + 1);
        let mut replied = case.clone();
        replied.first_reply_at = Some(at(170));
        for settled in [
            noted.requeued(None, None, at(201)),
            replied,
            case.released(at(90)),
        ] {
            assert_eq!(settled.reply_awaited_until(), None, "{settled:?}");
            assert!(!settled.misses_first_reply(at(300)));
        }
    }
}
