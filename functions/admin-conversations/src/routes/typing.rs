//! `POST /v1/projects/{project_id}/conversations/{conversation_id}/typing`: the sign that the agent is writing.

use super::messages::create::reachable;
use crate::{Deps, api_types::ConversationPath, serving::check_served};
use axum::{extract::State, http::StatusCode};
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, Call,
    jobs::send_or_leave,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    chat::typing::ShowTyping,
    job::{SendMessages, SendMessagesJob},
    ports::WritingContext,
};

/// Show that a text is being written
///
/// The platform shows it for some seconds, or until the next text: for up to 5 seconds on Telegram, and 25 on
/// WhatsApp at 360dialog, where the person's last message is also marked as read. Teams shows it in chats.
/// Elsewhere nothing happens. It is tried once, behind the texts that are being sent, and never tried again.
///
/// A conversation shows it at most once in 3.5 seconds, and not while the platform wants no calls for the connector.
/// The answer is the same where it is not shown.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/typing",
    tag = "Conversations",
    params(ConversationPath),
    responses(
        (status = 204, description = "It will be tried, unless it was shown less than 3.5 seconds ago or the platform wants no calls."),
        (status = 409, description = "Nothing can be sent in this conversation now; the `type` says why.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn show_typing(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ConversationPath>,
) -> Result<StatusCode, ApiError> {
    let (scope, id) = (call.scope().project(path.project_id), path.conversation_id);
    check_served(&deps, &call, scope, id).await?;
    let now = call.now();
    let found = deps.writer.writing_context(scope, id, None, now).await?;
    let found = found.filter(|place| call.may_know_of(place.environment_id));
    let context = found.map(|place| place.context);
    // Without an `Idempotency-Key`, no call was made before.
    let Some(WritingContext::Open(open)) = context else {
        return Err(ApiError::not_found("conversation"));
    };
    let audience = reachable(&open, now)?;
    let order = SendMessages {
        scope,
        connector_id: open.connector_id,
        conversation_id: id,
    };
    if !deps.writer.take_typing_turn(order, now).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let typing = ShowTyping {
        conversation: open.conversation.outgoing.current(&audience.place),
        message_id: open.conversation.last_event_id.clone(),
        at: now,
    };
    let job = SendMessagesJob::from(order).with_typing(Some(typing));
    send_or_leave(deps.outgoing.as_ref(), job).await;
    Ok(StatusCode::NO_CONTENT)
}
