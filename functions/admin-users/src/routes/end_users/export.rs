//! `GET /v1/projects/{project_id}/end-users/{end_user_id}/export`: what is held on one person (SPEC C62).

use super::{EndUserResponse, LinkedChatUser, read};
use crate::{Deps, api_types::EndUserPath, environments::Environments, serving::chat_users_of};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header::CONTENT_DISPOSITION},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{ApiPath, Call, log, problem::ApiError};
use vestibule_domain::{
    ProjectScope, Timestamp,
    account::permission::Permission,
    chat::user::ChatUser,
    event::{Change, Event},
};

/// Permissions to read what belongs to an export besides the user. The exports of the chat users need them.
const ALSO_NEEDED: [Permission; 3] = [
    Permission::ChatUsersRead,
    Permission::AccessRequestsRead,
    Permission::ConversationsRead,
];

/// Everything that is on record about one person.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndUserExportResponse {
    /// Time of the export.
    #[schema(value_type = String, format = DateTime)]
    exported_at: Timestamp,
    /// The user.
    user: EndUserResponse,
    /// Chat users that the user is, of the clients whose records the caller may touch.
    chat_users: Vec<ExportedChatUser>,
}

/// A chat user, and the address of what is held on them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedChatUser {
    /// The chat user.
    #[serde(flatten)]
    chat_user: LinkedChatUser,
    /// Path of the export of the chat user: requests, conversations, messages.
    export: String,
}

impl ExportedChatUser {
    fn of(scope: ProjectScope, user: &ChatUser) -> Self {
        let project_id = scope.project_id();
        Self {
            chat_user: user.into(),
            export: format!("/v1/projects/{project_id}/chat-users/{}/export", user.id),
        }
    }
}

/// Export what is held on a user
///
/// The user as a file, with the address of the export of each chat user that the user is: there is what is held on the
/// person as one who chats. Also needs `chat_users.read`, `access_requests.read` and `conversations.read`. The audit log
/// records the export without the data.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/end-users/{end_user_id}/export",
    tag = "Users",
    params(EndUserPath),
    responses((status = 200, description = "The records about the user.", body = EndUserExportResponse, headers(("Content-Disposition" = String, description = "Lets a browser save the answer as a file."))))
)]
pub async fn export_end_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<EndUserPath>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let user = read(&deps, scope, path.end_user_id).await?;
    for permission in ALSO_NEEDED {
        if !call.caller.may(permission) {
            return Err(ApiError::permission_missing(permission));
        }
    }
    let environments = Environments::read(&deps, scope, &user.environments).await?;
    let linked = chat_users_of(&deps, &call, &user).await?;
    let chat_users = linked.iter();
    let now = call.now();
    let export = EndUserExportResponse {
        exported_at: now,
        user: EndUserResponse::of(&user, &environments),
        chat_users: chat_users
            .map(|chat_user| ExportedChatUser::of(scope, chat_user))
            .collect(),
    };
    let change = Change {
        event: Event::EndUserExported(user.id),
        before: Value::Null,
        after: json!({"chat_users": export.chat_users.len()}),
    };
    let entry = call.audit(change, now);
    deps.admin.audit.append(&entry).await?;
    log(&entry);
    let as_file = HeaderValue::from_static("attachment; filename=\"user.json\"");
    Ok(([(CONTENT_DISPOSITION, as_file)], Json(export)).into_response())
}
