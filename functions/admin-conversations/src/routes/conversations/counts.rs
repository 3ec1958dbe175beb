//! `GET /v1/projects/{project_id}/conversations/counts`

use crate::{Deps, api_types::ProjectPath, serving::serves_all};
use axum::{Json, extract::State};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{ApiPath, Call, api_types::CountResponse, problem::ApiError};
use vestibule_domain::ports::{CaseCounts, ConversationState};

/// Numbers of conversations, by view.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "mine": {"count": 2, "more": false}, "queue": {"count": 12, "more": false}, "assigned": {"count": 40, "more": false},
    "agent": {"count": 310, "more": false}, "all": {"count": 1000, "more": true}
}))]
pub struct ConversationCountsResponse {
    /// Those that the caller has.
    mine: CountResponse,
    /// Those that wait for a member.
    queue: CountResponse,
    /// Those that members have.
    assigned: CountResponse,
    /// Those that the agent has; null for a caller with access to some clients only.
    agent: Option<CountResponse>,
    /// All of them; null for a caller with access to some clients only.
    all: Option<CountResponse>,
}

/// Count the conversations
///
/// By view, of the clients whose records the caller may touch, up to 1,000 of each. Of conversations that were offered to
/// members and are not over, up to 1,000 are looked at. A key that is limited to an environment gets no numbers of
/// members' conversations: they are 0.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/conversations/counts",
    tag = "Conversations",
    params(ProjectPath),
    responses((status = 200, description = "The numbers.", body = ConversationCountsResponse))
)]
pub async fn count_conversations(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
) -> Result<Json<ConversationCountsResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let caller = &call.caller;
    // Cases name no environment.
    let knows_all = caller.environment_id.is_none();
    let cases = if knows_all {
        let own = caller.member_id;
        deps.cases.count_cases(scope, &caller.clients, own).await?
    } else {
        CaseCounts::default()
    };
    let (agent, all) = if knows_all && serves_all(&call) {
        let open = Some(ConversationState::Open);
        let agent = deps.conversations.count_conversations(scope, open).await?;
        let all = deps.conversations.count_conversations(scope, None).await?;
        (Some(agent), Some(all))
    } else {
        (None, None)
    };
    Ok(Json(ConversationCountsResponse {
        mine: cases.own.into(),
        queue: cases.unassigned.into(),
        assigned: cases.assigned.into(),
        agent: agent.map(Into::into),
        all: all.map(Into::into),
    }))
}
