//! `GET /v1/projects/{project_id}/chat-users/counts`

use super::super::projects;
use crate::{
    Deps,
    api_types::ProjectPath,
    serving::{serves_all, serves_chat_user},
};
use axum::{Json, extract::State};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{ApiPath, Call, api_types::CountResponse, problem::ApiError};
use vestibule_domain::{
    ProjectScope,
    chat::user::ChatUserStatus,
    page::{Order, PAGE_MAX, PageRequest},
    ports::{ChatUserFilter, CountUpTo},
};

/// Numbers of chat users.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "onboarding": {"count": 12, "more": false}, "active": {"count": 1000, "more": true}, "blocked": {"count": 0, "more": false}
}))]
pub struct ChatUserCountsResponse {
    /// People who wrote, and may not talk to the agent yet.
    onboarding: CountResponse,
    /// People who may talk to the agent somewhere in the project.
    active: CountResponse,
    /// People blocked by an admin.
    blocked: CountResponse,
}

/// Count the chat users
///
/// Up to 1,000 of each standing. For a caller with access to some clients, those among the latest hundred of each
/// standing who wrote through their connectors.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/chat-users/counts",
    tag = "Chat users",
    params(ProjectPath),
    responses((status = 200, description = "The numbers.", body = ChatUserCountsResponse))
)]
pub async fn count_chat_users(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
) -> Result<Json<ChatUserCountsResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    projects::read(&deps, call.scope(), path.project_id).await?;
    let onboarding = counted(&deps, &call, scope, ChatUserStatus::Onboarding).await?;
    let active = counted(&deps, &call, scope, ChatUserStatus::Active).await?;
    let blocked = counted(&deps, &call, scope, ChatUserStatus::Blocked).await?;
    Ok(Json(ChatUserCountsResponse {
        onboarding: onboarding.into(),
        active: active.into(),
        blocked: blocked.into(),
    }))
}

async fn counted(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    status: ChatUserStatus,
) -> Result<CountUpTo, ApiError> {
    if serves_all(call) {
        return Ok(deps.chat_users.count_chat_users(scope, status).await?);
    }
    let filter = ChatUserFilter {
        status: Some(status),
        ..ChatUserFilter::default()
    };
    let latest = PageRequest {
        limit: PAGE_MAX,
        cursor: None,
        order: Order::NewestFirst,
    };
    let page = deps
        .chat_users
        .list_chat_users(scope, &filter, &latest)
        .await?;
    let mut count = 0;
    for user in page.items {
        count += u32::from(serves_chat_user(deps, call, scope, user.id).await?);
    }
    Ok(CountUpTo {
        count,
        more: page.next.is_some(),
    })
}
