//! `GET /v1/projects/{project_id}/conversations/{conversation_id}/routing`: the lines that routing left in a thread.

use crate::{
    Deps,
    api_types::ConversationPath,
    names::Names,
    routes::conversations::{
        case::{NamedResponse, WhyResponse},
        find_conversation,
    },
};
use axum::{Json, extract::State};
use serde::Serialize;
use std::{collections::BTreeSet, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, ListQuery, PageParams,
    api_types::{ActorResponse, ListResponse},
    problem::ApiError,
    wire_enum,
};
use vestibule_domain::{
    Timestamp,
    page::Page,
    routing::{
        case::Case,
        demand::Demand,
        routed::{Routed, Verb},
    },
};

wire_enum! {
    /// Change of who has a conversation.
    RoutedVerbName = Verb {
        /// It was offered to the team.
        Offer = "offer",
        /// It was assigned to a member, by the router or by hand.
        Assign = "assign",
        /// A member claimed it.
        Claim = "claim",
        /// The work on it ended.
        Release = "release",
        /// It was passed on to a member or a team.
        Transfer = "transfer",
        /// It waits again.
        Requeue = "requeue",
        /// It was given back to the agent.
        GiveBack = "give_back",
        /// No member replied within the client's limit.
        MissFirstReply = "miss_first_reply",
    }
}

/// A change of who has a conversation.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "1795341600002", "at": "2026-11-22T10:00:00.000Z", "by": {"id": "system", "name": "Vestibule"},
    "verb": "assign", "member": {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Ana"}, "team": null,
    "why": null, "over_limit": false, "note": null
}))]
pub struct RoutedResponse {
    /// Id, which no other change of the conversation has.
    id: String,
    /// Time of the change.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Author.
    by: ActorResponse,
    /// Change.
    verb: RoutedVerbName,
    /// Member who has the conversation since, or had it before; null if none did.
    member: Option<NamedResponse>,
    /// Team for which it waits since; null if for none in particular.
    team: Option<NamedResponse>,
    /// Reason why the router chose the member; null for any other change.
    why: Option<WhyResponse>,
    /// Whether the member was at the limit.
    over_limit: bool,
    /// Note of the author.
    note: Option<String>,
}

/// List the routing of a conversation
///
/// Changes of who has it, the latest first unless `order` says otherwise. They are kept for as long as messages, and for a
/// day at least.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/routing",
    tag = "Routing",
    params(ConversationPath, PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<RoutedResponse>))
)]
pub async fn list_routing(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ConversationPath>,
    query: ListQuery<()>,
) -> Result<Json<ListResponse<RoutedResponse>>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let id = path.conversation_id;
    find_conversation(&deps, &call, scope, id).await?;
    let found = deps.cases.list_routed(scope, id, &query.page).await?;
    let case = deps.routing.case(scope, id).await?;
    let mut names = Names::new(&deps, scope.account());
    let mut shown = Vec::with_capacity(found.items.len());
    for line in found.items {
        shown.push(show(&mut names, case.as_ref(), line).await?);
    }
    let page = Page {
        items: shown,
        next: found.next,
    };
    Ok(ListResponse::of(page, |line| line))
}

async fn show(
    names: &mut Names<'_>,
    case: Option<&Case>,
    line: Routed,
) -> Result<RoutedResponse, ApiError> {
    let team = match line.team_id {
        Some(id) => Some(NamedResponse::new(id, names.team(id).await?)),
        None => None,
    };
    let why = match (case, &line.member, &line.basis) {
        (Some(case), Some(member), Some(facts)) => {
            // A line does not repeat what was asked for, and a transfer may have changed team and skills since.
            let plain = Demand {
                team_id: None,
                skills: BTreeSet::new(),
                ..case.demand.clone()
            };
            let known = names.of(&case.desk(), &plain).await?;
            Some(WhyResponse::of(member, facts, &known.of(&plain), line.at))
        }
        _ => None,
    };
    Ok(RoutedResponse {
        id: line.number.to_string(),
        at: line.at,
        by: (&line.by).into(),
        verb: line.verb.into(),
        member: line.member.as_ref().map(Into::into),
        team,
        why,
        over_limit: line.over_limit,
        note: line.note,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_spelled_as_it_is_stored() {
        for spelling in RoutedVerbName::SPELLINGS {
            let name = RoutedVerbName::parse(spelling).unwrap();
            assert_eq!(serde_json::to_value(Verb::from(name)).unwrap(), *spelling);
            assert_eq!(serde_json::to_value(name).unwrap(), *spelling);
        }
    }
}
