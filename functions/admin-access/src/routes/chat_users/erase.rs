//! `DELETE /v1/projects/{project_id}/chat-users/{chat_user_id}`

use super::read;
use crate::{Deps, api_types::ChatUserPath, serving::serves_chat_user};
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, IfMatch, amend,
    api_types::IfMatchHeader,
    jobs::enqueue_or_leave,
    log,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    Timestamp, chat::user::ChatUser, erasure::Erasure, event::told::Told, ports::OUTBOX_PATIENCE,
};

/// The erasure of a chat user that is under way.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "erasing_since": "2026-11-22T10:00:00.000Z"}))]
pub struct ErasureResponse {
    /// Id of the chat user.
    id: String,
    /// Time of the call that ordered the erasure.
    #[schema(value_type = String, format = DateTime)]
    erasing_since: Timestamp,
}

/// Erase a chat user
///
/// With this answer the person is a stranger: record, access, names and picture are gone, and their next
/// message is that of somebody who never wrote. Their access requests, conversations and messages are
/// erased by a job, within minutes as a rule. In a conversation of several people, the person's own messages
/// and the texts that answer them are erased. A block stays, under keyed hashes of the person's ids, and a wish
/// for silence (STOP) with the id that it needs. Repeating the call while the job is under way gets the same answer.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project_id}/chat-users/{chat_user_id}",
    tag = "Chat users",
    params(ChatUserPath, IfMatchHeader),
    responses(
        (status = 202, description = "The person is a stranger, and the rest is being erased.", body = ErasureResponse),
        (status = 409, description = "Other callers keep changing the record, or the person writes meanwhile.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn erase_chat_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<ChatUserPath>,
) -> Result<(StatusCode, Json<ErasureResponse>), ApiError> {
    let scope = call.scope().project(path.project_id);
    let id = path.chat_user_id;
    let (deps, call) = (&deps, &call);
    if deps.chat_users.get_chat_user(scope, id).await?.is_none()
        && serves_chat_user(deps, call, scope, id).await?
        && let Some(erasure) = deps.chat_users.find_erasure(scope, id).await?
    {
        return Ok(accepted(id.to_string(), &erasure));
    }
    amend(
        &if_match,
        || read(deps, call, scope, id),
        |user: ChatUser| async move {
            let now = call.now();
            let told = Told::in_project(scope);
            let entry = call.audit(user.erasure(), now).about(told);
            let erasure = Erasure::of_chat_user(scope, &user, now);
            let due = now.plus(OUTBOX_PATIENCE);
            deps.chat_users
                .erase_chat_user(&user, &erasure, due, &entry)
                .await?;
            enqueue_or_leave(deps.onboarding.as_ref(), erasure.job()).await;
            log(&entry);
            Ok(accepted(user.id.to_string(), &erasure))
        },
    )
    .await
}

fn accepted(id: String, erasure: &Erasure) -> (StatusCode, Json<ErasureResponse>) {
    let erasing_since = erasure.since;
    let response = ErasureResponse { id, erasing_since };
    (StatusCode::ACCEPTED, Json(response))
}
