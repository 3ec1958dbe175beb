use crate::dynamo::{
    keys,
    marks::Marked,
    table::{Attributes, from_row},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat::history::HistoryDays,
    ids::{ConversationId, MemberId, TeamId},
    job::OfferConversation,
    ports::{OUTBOX_PATIENCE, Rehoming},
    routing::{
        case::{Case, CaseState},
        demand::{Demand, Desk, Skill},
        queue::Queue,
        reply_right::ReplyRight,
        routed::Routed,
        seat::{Presence, Seat},
    },
    team::client_access::ClientAccess,
};

/// Time for which routing remembers at least what is over, whatever the history.
const KEPT_AT_LEAST: Duration = Duration::from_hours(24);

/// The time from which what routing wrote at `at` can be forgotten.
fn kept_until(history: HistoryDays, at: Timestamp) -> i64 {
    history.kept_until(at).max(at.plus(KEPT_AT_LEAST)).seconds()
}

/// A case. One that is over expires with the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct CaseItem {
    pk: String,
    sk: String,
    all_pk: String,
    all_sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state_sk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outbox_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outbox_due: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(flatten)]
    case: Case,
}

impl From<&Case> for CaseItem {
    fn from(case: &Case) -> Self {
        let (scope, id) = (case.scope, case.conversation_id);
        let key = keys::case(scope, id);
        let by_offer = keys::by_creation(case.offered_at, id);
        let (list, place, by_state) = match &case.state {
            CaseState::Offered | CaseState::Waiting => {
                let waiting = keys::unassigned_cases(scope);
                (keys::open_cases(scope), by_offer, Some(waiting))
            }
            CaseState::Assigned(_) => {
                let assigned = keys::assigned_cases(scope);
                (keys::open_cases(scope), by_offer, Some(assigned))
            }
            CaseState::Released { at } => {
                let by_release = keys::by_creation(*at, id);
                (keys::released_cases(scope), by_release, None)
            }
        };
        // The router looks at a case that is offered, and again once its first reply is late.
        let due = match case.state {
            CaseState::Offered => Some(case.updated_at.plus(OUTBOX_PATIENCE)),
            CaseState::Waiting | CaseState::Assigned(_) | CaseState::Released { .. } => {
                case.reply_awaited_until()
            }
        };
        let mark = due.map(|due| {
            let job = OfferConversation {
                scope,
                conversation_id: id,
            };
            Marked::by(job.into()).waiting(due)
        });
        Self {
            pk: key.pk,
            sk: key.sk,
            state_sk: by_state.is_some().then(|| place.clone()),
            all_pk: list,
            all_sk: place,
            state_pk: by_state,
            outbox_due: mark.as_ref().map(|mark| mark.position.0),
            outbox_pk: mark.map(|mark| mark.partition),
            expires_at: (!case.is_open()).then(|| kept_until(case.history, case.updated_at)),
            case: case.clone(),
        }
    }
}

impl From<CaseItem> for Case {
    fn from(item: CaseItem) -> Self {
        item.case
    }
}

/// A case in its queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct WaitingItem {
    pk: String,
    sk: String,
    #[serde(flatten)]
    case: Case,
}

impl From<&Case> for WaitingItem {
    fn from(case: &Case) -> Self {
        let key = keys::waiting_case(case);
        Self {
            pk: key.pk,
            sk: key.sk,
            case: case.clone(),
        }
    }
}

impl From<WaitingItem> for Case {
    fn from(item: WaitingItem) -> Self {
        item.case
    }
}

/// A case among those that a member has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct HeldItem {
    pk: String,
    pub(in crate::dynamo) sk: String,
    pub(in crate::dynamo) scope: ProjectScope,
    pub(in crate::dynamo) conversation_id: ConversationId,
}

impl HeldItem {
    /// Makes the row of a case that this member has.
    pub(in crate::dynamo) fn new(case: &Case, member_id: MemberId) -> Self {
        let key = keys::held_case(case, member_id);
        Self {
            pk: key.pk,
            sk: key.sk,
            scope: case.scope,
            conversation_id: case.conversation_id,
        }
    }
}

/// A line that routing leaves in a conversation's thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct RoutedItem {
    pk: String,
    sk: String,
    expires_at: i64,
    #[serde(flatten)]
    line: Routed,
}

impl RoutedItem {
    /// Makes the row of a line about this case.
    pub(in crate::dynamo) fn new(case: &Case, line: Routed) -> Self {
        let key = keys::routed(case.scope, case.conversation_id, line.number);
        Self {
            pk: key.pk,
            sk: key.sk,
            expires_at: kept_until(case.history, line.at),
            line,
        }
    }
}

impl From<RoutedItem> for Routed {
    fn from(item: RoutedItem) -> Self {
        item.line
    }
}

/// A seat. It is written by updates only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in crate::dynamo) struct SeatItem {
    member_id: MemberId,
    name: String,
    #[serde(default)]
    limit: Option<u32>,
    load: u32,
    #[serde(default)]
    clients: ClientAccess,
    #[serde(default)]
    teams: BTreeSet<TeamId>,
    #[serde(default)]
    skills: BTreeSet<Skill>,
    #[serde(default)]
    reply_right: ReplyRight,
    presence: Presence,
    #[serde(default)]
    absent_since: Option<Timestamp>,
    idle_since: Timestamp,
    #[serde(default)]
    moves: u64,
    version: u64,
}

impl From<SeatItem> for Seat {
    fn from(item: SeatItem) -> Self {
        Self {
            member_id: item.member_id,
            name: item.name,
            limit: item.limit,
            load: item.load,
            clients: item.clients,
            teams: item.teams,
            skills: item.skills,
            reply_right: item.reply_right,
            presence: item.presence,
            absent_since: item.absent_since,
            idle_since: item.idle_since,
            moves: item.moves,
            version: item.version,
        }
    }
}

/// A queue, in numbers. It is written by updates only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in crate::dynamo) struct QueueItem {
    demand: Demand,
    waiting: u32,
    oldest: Timestamp,
    version: u64,
}

impl QueueItem {
    /// Makes the queue of this desk.
    pub(in crate::dynamo) fn at(self, desk: &Desk) -> Queue {
        Queue {
            id: desk.queue_id(&self.demand),
            demand: self.demand,
            waiting: self.waiting,
            oldest: self.oldest,
            version: self.version,
        }
    }
}

/// An order to drain a queue. It is written by updates only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in crate::dynamo) struct QueueOrderItem {
    pub(in crate::dynamo) channel: String,
}

/// An order to requeue what a member may no longer have. It is written by updates only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in crate::dynamo) struct RequeueItem {
    pub(in crate::dynamo) orders: u64,
    /// The channels at whose desks the member's seat was closed.
    #[serde(default)]
    pub(in crate::dynamo) closed_channels: BTreeSet<String>,
}

/// An order to look after the open cases of a connector. It is written by updates only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in crate::dynamo) struct RehomingItem {
    orders: u64,
    ordered_at: Timestamp,
    #[serde(default)]
    pass_began_at: Option<Timestamp>,
    #[serde(default)]
    behind: Option<String>,
}

impl From<RehomingItem> for Rehoming {
    fn from(item: RehomingItem) -> Self {
        Self {
            orders: item.orders,
            ordered_at: item.ordered_at,
            pass_began_at: item.pass_began_at,
            behind: item.behind,
        }
    }
}

/// Reads the case in a row.
pub(in crate::dynamo) fn read_case(row: Attributes) -> Result<Case, PortError> {
    from_row::<CaseItem>(row, "case").map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::to_row;
    use vestibule_domain::{
        AccountScope,
        account::actor::Actor,
        ids::{AccountId, ClientId, ProjectId, RoutedCallId},
        routing::{
            case::{Assigned, NewCase},
            routed::{Facts, NamedMember, RoutedCall, RunnerUp, Verb},
        },
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn named(name: &str) -> NamedMember {
        NamedMember {
            id: MemberId::derive(&[name]),
            name: name.to_owned(),
        }
    }

    fn facts() -> Facts {
        let runner_up = RunnerUp {
            member: named("ben"),
            load: 2,
            limit: 3,
            idle_since: at(2),
        };
        Facts {
            load: 1,
            limit: 2,
            idle_since: at(1),
            fit: 2,
            runners_up: vec![runner_up],
        }
    }

    /// A case with everything that a case can have.
    fn offered() -> Case {
        let scope =
            AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
        let new = NewCase {
            scope,
            conversation_id: ConversationId::derive(&["d"]),
            connector_id: None,
            channel: "slack".to_owned(),
            demand: Demand {
                client_id: ClientId::derive(&["c"]),
                team_id: Some(TeamId::derive(&["t"])),
                skills: ["German", "refunds"]
                    .into_iter()
                    .filter_map(Skill::new)
                    .collect(),
            },
            history: HistoryDays::default(),
        };
        Case {
            first_reply_at: Some(at(7)),
            ..Case::offered(new, None, at(5))
        }
    }

    fn assigned() -> Case {
        offered().assigned_to(Assigned {
            member: named("ana"),
            at: at(6),
            basis: Some(facts()),
            over_limit: true,
        })
    }

    #[test]
    fn a_case_reads_back_in_every_state_and_is_listed_by_it() {
        let declined = offered().requeued(None, Some(named("ana").id), at(6));
        for (case, list, all) in [
            (offered(), Some("waiting"), ""),
            (declined, Some("waiting"), ""),
            (assigned(), Some("assigned"), ""),
            (assigned().released(at(9)), None, "released"),
        ] {
            let item = CaseItem::from(&case);
            let row = to_row(&item).unwrap();
            assert_eq!(read_case(row).unwrap(), case);
            let list = list.map(|list| format!("{}#{list}", keys::open_cases(case.scope)));
            assert_eq!(item.state_pk, list);
            assert!(item.all_pk.ends_with(all));
            assert_eq!(item.outbox_pk.is_some(), case.state == CaseState::Offered);
            assert_eq!(item.expires_at.is_some(), !case.is_open());
        }
    }

    /// SPEC E37.
    #[test]
    fn a_case_is_looked_at_when_its_first_reply_is_late_until_that_is_noted_or_one_came() {
        let late = Case {
            first_reply_at: None,
            ..offered()
        };
        let limited = late.with_first_reply_within(Some(1));
        let replied = Case {
            first_reply_at: Some(at(7)),
            ..limited.clone()
        };
        for (case, due) in [
            (limited.waiting(at(6)), Some(65)),
            (limited.waiting(at(6)).requeued(None, None, at(7)), Some(65)),
            (limited.waiting(at(6)).with_missed_reply(at(70)), None),
            (replied.waiting(at(6)), None),
            (limited.released(at(7)), None),
        ] {
            let job = OfferConversation {
                scope: case.scope,
                conversation_id: case.conversation_id,
            };
            let expected = due.map(|due| Marked::by(job.into()).waiting(at(due)));
            let item = CaseItem::from(&case);
            let position = expected.as_ref().map(|mark| mark.position.0);
            assert_eq!(item.outbox_due, position, "{case:?}");
            assert_eq!(item.outbox_pk, expected.map(|mark| mark.partition));
            assert_eq!(read_case(to_row(&item).unwrap()).unwrap(), case);
        }
    }

    #[test]
    fn a_case_that_waits_and_a_line_read_back() {
        let case = offered().waiting(at(6));
        let row = to_row(&WaitingItem::from(&case)).unwrap();
        let read: WaitingItem = from_row(row, "waiting case").unwrap();
        assert_eq!(Case::from(read), case);
        let line = Routed {
            number: case.version,
            at: at(6),
            by: Actor::system(),
            verb: Verb::Assign,
            member: Some(named("ana")),
            team_id: Some(TeamId::derive(&["t"])),
            basis: Some(facts()),
            over_limit: true,
            note: Some("Hurry".to_owned()),
            call: Some(RoutedCall {
                id: RoutedCallId::derive(&["k"]),
                request_hash: "a1b2".to_owned(),
            }),
        };
        let row = to_row(&RoutedItem::new(&case, line.clone())).unwrap();
        let read: RoutedItem = from_row(row, "line").unwrap();
        assert_eq!(Routed::from(read), line);
    }

    #[test]
    fn what_is_over_is_kept_for_a_day_at_least() {
        let nothing = HistoryDays::new(0).unwrap();
        assert_eq!(kept_until(nothing, at(0)), 24 * 60 * 60);
        let month = HistoryDays::new(30).unwrap();
        assert_eq!(kept_until(month, at(0)), 30 * 24 * 60 * 60);
    }
}
