//! The case of a conversation on the wire: who has it, and why; or why it waits (SPEC E31, E39).

use super::ConversationResponse;
use crate::{Deps, names::Names};
use serde::Serialize;
use std::{
    collections::{HashMap, hash_map::Entry},
    fmt::Display,
};
use utoipa::ToSchema;
use vestibule_admin::{
    problem::ApiError,
    reasons::{Demanded, chosen, waits, waits_for_the_router},
};
use vestibule_domain::{
    ProjectScope, Timestamp,
    ids::ConversationId,
    ports::ConversationView,
    routing::{
        case::{Case, CaseState},
        demand::Desk,
        routed::{Facts, NamedMember, RunnerUp},
        rule::{Choice, WaitReason, choose},
        seat::Seat,
    },
};

/// State of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseStateName {
    /// Just offered: the router has not looked at it yet.
    Offered,
    /// Waiting in its queue.
    Waiting,
    /// With a member.
    Assigned,
    /// Over: nobody has the conversation, and nobody is looked for.
    Released,
}

impl From<&CaseState> for CaseStateName {
    fn from(state: &CaseState) -> Self {
        match state {
            CaseState::Offered => Self::Offered,
            CaseState::Waiting => Self::Waiting,
            CaseState::Assigned(_) => Self::Assigned,
            CaseState::Released { .. } => Self::Released,
        }
    }
}

/// Reason why a conversation waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitCode {
    /// No active member answers on the channel.
    NobodyHasChannel,
    /// None of them may reply to conversations.
    NobodyMayReply,
    /// None of them answers the client there.
    NobodyHasClient,
    /// None of them is in the team.
    NobodyInTeam,
    /// None of them has all skills.
    NobodyHasSkills,
    /// All of them put it back into the queue.
    AllDeclined,
    /// None of them is available.
    NobodyAvailable,
    /// All of them are at their limit.
    AllAtLimit,
    /// Somebody has room: the router is about to assign it.
    AboutToBeAssigned,
}

/// A record, by its id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Acme"}))]
pub struct NamedResponse {
    /// Id.
    id: String,
    /// Name; null if the record was deleted.
    name: Option<String>,
}

impl NamedResponse {
    /// Names a record.
    pub fn new(id: impl Display, name: Option<String>) -> Self {
        Self {
            id: id.to_string(),
            name,
        }
    }
}

impl From<&NamedMember> for NamedResponse {
    fn from(member: &NamedMember) -> Self {
        Self::new(member.id, Some(member.name.clone()))
    }
}

/// Reason why a conversation waits, by the rule that assigns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"code": "all_at_limit", "text": "3 people could take it; all are at their SMS limit", "fit": 3}))]
pub struct WaitResponse {
    /// Reason.
    code: WaitCode,
    /// Reason in words.
    text: String,
    /// Number of members who have all that it asks for; null where none has.
    fit: Option<u32>,
}

/// A member who was next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Bo", "load": 2, "limit": 3, "idle_seconds": 60}))]
pub struct RunnerUpResponse {
    /// Id of the member.
    id: String,
    /// Name at the time.
    name: String,
    /// Conversations that the member had.
    load: u32,
    /// Limit of the member.
    limit: u32,
    /// Seconds since the number of the member's conversations had changed.
    idle_seconds: u64,
}

impl RunnerUpResponse {
    fn of(runner_up: &RunnerUp, at: Timestamp) -> Self {
        Self {
            id: runner_up.member.id.to_string(),
            name: runner_up.member.name.clone(),
            load: runner_up.load,
            limit: runner_up.limit,
            idle_seconds: at.since(runner_up.idle_since).as_secs(),
        }
    }
}

/// Reason why the router chose a member: the facts of that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "text": "Ana: available, handles Acme on SMS, had 1 of 3, idle the longest (12 min)",
    "load": 1, "limit": 3, "idle_seconds": 720, "fit": 2,
    "runners_up": [{"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Bo", "load": 1, "limit": 3, "idle_seconds": 60}]
}))]
pub struct WhyResponse {
    /// Reason in words.
    text: String,
    /// Conversations that the member had before.
    load: u32,
    /// Limit of the member.
    limit: u32,
    /// Seconds since the number of the member's conversations had changed.
    idle_seconds: u64,
    /// Number of members who could have taken it.
    fit: u32,
    /// The next ones of these, three at most.
    runners_up: Vec<RunnerUpResponse>,
}

impl WhyResponse {
    /// Tells why a member was chosen at this time.
    #[must_use]
    pub fn of(member: &NamedMember, facts: &Facts, asked: &Demanded<'_>, at: Timestamp) -> Self {
        let runners_up = facts.runners_up.iter();
        Self {
            text: chosen(&member.name, facts, asked, at),
            load: facts.load,
            limit: facts.limit,
            idle_seconds: at.since(facts.idle_since).as_secs(),
            fit: facts.fit,
            runners_up: runners_up
                .map(|next| RunnerUpResponse::of(next, at))
                .collect(),
        }
    }
}

/// The routing of a conversation, from its offer to the team until it is over.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "state": "waiting", "offered_at": "2026-11-22T10:00:00.000Z",
    "client": {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Acme"}, "channel": "sms", "team": null, "skills": [],
    "waits_because": {"code": "all_at_limit", "text": "3 people could take it; all are at their SMS limit", "fit": 3},
    "assigned_to": null, "assigned_at": null, "over_limit": false, "why": null, "first_reply_at": null,
    "first_reply_due_at": "2026-11-22T10:30:00.000Z", "first_reply_missed_at": null
}))]
pub struct CaseResponse {
    /// State: `offered` until the router has looked at it, `waiting` in its queue, `assigned` to a member, or `released`.
    state: CaseStateName,
    /// Time of the offer, which decides the place in the queue.
    #[schema(value_type = String, format = DateTime)]
    offered_at: Timestamp,
    /// Client.
    client: NamedResponse,
    /// Key of the channel.
    channel: String,
    /// Team that is asked for; null if any member will do.
    team: Option<NamedResponse>,
    /// Skills that are asked for.
    skills: Vec<String>,
    /// Reason why it waits, computed at this call; null unless it waits.
    waits_because: Option<WaitResponse>,
    /// Member who has it; null unless one has.
    assigned_to: Option<NamedResponse>,
    /// Time of the assignment.
    #[schema(value_type = Option<String>, format = DateTime)]
    assigned_at: Option<Timestamp>,
    /// Whether the member was at the limit when it was assigned by hand.
    over_limit: bool,
    /// Reason why the router chose the member; null if it was assigned by hand.
    why: Option<WhyResponse>,
    /// Time of the first reply by a member.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_reply_at: Option<Timestamp>,
    /// Time before which the first reply is in time, by the client's limit at the offer; null without a limit.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_reply_due_at: Option<Timestamp>,
    /// The same time, once it was noted that no reply had come by then; null before, and if one had.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_reply_missed_at: Option<Timestamp>,
}

/// The names and seats that the cases of one call share, each read when it is first needed.
pub struct Cases<'a> {
    deps: &'a Deps,
    scope: ProjectScope,
    names: Names<'a>,
    seats: HashMap<String, Vec<Seat>>,
}

impl<'a> Cases<'a> {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(deps: &'a Deps, scope: ProjectScope) -> Self {
        Self {
            deps,
            scope,
            names: Names::new(deps, scope.account()),
            seats: HashMap::new(),
        }
    }

    /// Renders a conversation with this case.
    pub async fn show(
        &mut self,
        view: ConversationView,
        case: Option<&Case>,
    ) -> Result<ConversationResponse, ApiError> {
        let case = match case {
            Some(case) => Some(self.case(case).await?),
            None => None,
        };
        Ok(ConversationResponse::of(view, case))
    }

    /// Renders conversations, each with its case.
    pub async fn show_all(
        &mut self,
        views: Vec<ConversationView>,
    ) -> Result<Vec<ConversationResponse>, ApiError> {
        let ids: Vec<_> = views.iter().map(|view| view.id).collect();
        let cases = self.deps.routing.cases(self.scope, &ids).await?;
        let with_id = |case: Case| (case.conversation_id, case);
        let cases: HashMap<ConversationId, Case> = cases.into_iter().map(with_id).collect();
        let mut shown = Vec::with_capacity(views.len());
        for view in views {
            let case = cases.get(&view.id);
            shown.push(self.show(view, case).await?);
        }
        Ok(shown)
    }

    /// The seats of a desk.
    async fn seats(&mut self, desk: &Desk) -> Result<&[Seat], ApiError> {
        Ok(match self.seats.entry(desk.channel.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(self.deps.routing.seats(desk).await?),
        })
    }

    async fn case(&mut self, case: &Case) -> Result<CaseResponse, ApiError> {
        let (desk, demand) = (case.desk(), &case.demand);
        let names = self.names.of(&desk, demand).await?;
        let asked = names.of(demand);
        let waits_because = match &case.state {
            CaseState::Offered | CaseState::Waiting => {
                Some(waiting(choose(case, self.seats(&desk).await?), &asked))
            }
            CaseState::Assigned(_) | CaseState::Released { .. } => None,
        };
        let assigned = case.assigned();
        let basis = assigned.and_then(|assigned| Some((assigned, assigned.basis.as_ref()?)));
        let why = basis.map(|(to, facts)| WhyResponse::of(&to.member, facts, &asked, to.at));
        Ok(CaseResponse {
            state: (&case.state).into(),
            offered_at: case.offered_at,
            client: NamedResponse::new(demand.client_id, names.client.clone()),
            channel: case.channel.clone(),
            team: demand
                .team_id
                .map(|id| NamedResponse::new(id, names.team.clone())),
            skills: demand.skills.iter().map(ToString::to_string).collect(),
            waits_because,
            assigned_to: assigned.map(|assigned| (&assigned.member).into()),
            assigned_at: assigned.map(|assigned| assigned.at),
            over_limit: assigned.is_some_and(|assigned| assigned.over_limit),
            why,
            first_reply_at: case.first_reply_at,
            first_reply_due_at: case.first_reply_due_at,
            first_reply_missed_at: case.first_reply_missed_at,
        })
    }
}

/// Tells what a conversation that no member has is waiting for.
fn waiting(choice: Choice, asked: &Demanded<'_>) -> WaitResponse {
    match choice {
        Choice::Assign { member, facts, .. } => WaitResponse {
            code: WaitCode::AboutToBeAssigned,
            text: waits_for_the_router(&member.name),
            fit: Some(facts.fit),
        },
        Choice::Wait(reason) => {
            let (code, fit) = match reason {
                WaitReason::NobodyHasChannel => (WaitCode::NobodyHasChannel, None),
                WaitReason::NobodyMayReply => (WaitCode::NobodyMayReply, None),
                WaitReason::NobodyHasClient => (WaitCode::NobodyHasClient, None),
                WaitReason::NobodyInTeam => (WaitCode::NobodyInTeam, None),
                WaitReason::NobodyHasSkills => (WaitCode::NobodyHasSkills, None),
                WaitReason::AllDeclined => (WaitCode::AllDeclined, None),
                WaitReason::NobodyAvailable { fit } => (WaitCode::NobodyAvailable, Some(fit)),
                WaitReason::AllAtLimit { fit } => (WaitCode::AllAtLimit, Some(fit)),
            };
            WaitResponse {
                code,
                text: waits(reason, asked),
                fit,
            }
        }
    }
}

/// Renders a conversation with its case, as it is now.
pub async fn shown(
    deps: &Deps,
    scope: ProjectScope,
    view: ConversationView,
) -> Result<ConversationResponse, ApiError> {
    let case = deps.routing.case(scope, view.id).await?;
    Cases::new(deps, scope).show(view, case.as_ref()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;
    use vestibule_domain::ids::MemberId;

    fn named(name: &str) -> NamedMember {
        NamedMember {
            id: MemberId::derive(&[name]),
            name: name.to_owned(),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn facts() -> Facts {
        Facts {
            load: 1,
            limit: 3,
            idle_since: at(0),
            fit: 2,
            runners_up: vec![RunnerUp {
                member: named("Bo"),
                load: 1,
                limit: 3,
                idle_since: at(660),
            }],
        }
    }

    /// SPEC E31: the facts of the assignment are shown as they were.
    #[test]
    fn an_assignment_shows_the_facts_that_it_was_made_on() {
        let skills = BTreeSet::new();
        let asked = Demanded {
            channel: "SMS",
            client: "Acme",
            team: None,
            skills: &skills,
        };
        let why = WhyResponse::of(&named("Ana"), &facts(), &asked, at(720));
        let bo = MemberId::derive(&["Bo"]);
        let expected = json!({
            "text": "Ana: available, handles Acme on SMS, had 1 of 3, idle the longest (12 min)",
            "load": 1, "limit": 3, "idle_seconds": 720, "fit": 2,
            "runners_up": [{"id": bo, "name": "Bo", "load": 1, "limit": 3, "idle_seconds": 60}],
        });
        assert_eq!(serde_json::to_value(why).unwrap(), expected);
    }

    /// SPEC E39.
    #[test]
    fn a_wait_shows_its_reason_in_a_word_and_in_a_sentence() {
        let skills = BTreeSet::new();
        let asked = Demanded {
            channel: "SMS",
            client: "Acme",
            team: None,
            skills: &skills,
        };
        let shown = |choice| serde_json::to_value(waiting(choice, &asked)).unwrap();
        let limit = WaitReason::AllAtLimit { fit: 3 };
        let text = "3 people could take it; all are at their SMS limit";
        assert_eq!(
            shown(Choice::Wait(limit)),
            json!({"code": "all_at_limit", "text": text, "fit": 3})
        );
        let text = "Nobody handles Acme on SMS";
        assert_eq!(
            shown(Choice::Wait(WaitReason::NobodyHasClient)),
            json!({"code": "nobody_has_client", "text": text, "fit": null})
        );
        let about = Choice::Assign {
            member: named("Ana"),
            seat_version: 1,
            facts: facts(),
        };
        assert_eq!(shown(about)["code"], "about_to_be_assigned");
    }
}
