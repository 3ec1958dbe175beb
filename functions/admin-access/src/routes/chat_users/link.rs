//! `POST /v1/projects/{project_id}/chat-users/{chat_user_id}/link` and `/unlink`

use super::{super::access_requests::directory::misplaced, ChatUserResponse, answer_with, read};
use crate::{Deps, api_types::ChatUserPath};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, JsonBody, OptionalJsonBody, log,
    problem::{ApiError, Problem},
    read_fields, validation,
};
use vestibule_domain::{
    chat::user::ChatUser,
    directory::registration::Misplaced,
    event::{AuditEntry, Change, Event},
    ids::EndUserId,
    ports::{Linked, Unlinked},
};

/// A link of a chat user to a user of the project.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"end_user_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W"}))]
pub struct LinkChatUserRequest {
    /// User who this person is.
    #[schema(required = true, nullable = false, format = "id")]
    end_user_id: Option<String>,
}

/// The end of a link.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"keep_access": false}))]
pub struct UnlinkChatUserRequest {
    /// Whether the person keeps the access that they have. By default, they lose it.
    #[schema(nullable = false, default = false)]
    keep_access: Option<bool>,
}

/// Link a chat user
///
/// Says which user of the project the person is. From the person's next message on, both have the environments of
/// each. Linking to the same user again changes nothing.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/chat-users/{chat_user_id}/link",
    tag = "Chat users",
    params(ChatUserPath),
    request_body = LinkChatUserRequest,
    responses(
        (status = 200, description = "The chat user is linked.", body = ChatUserResponse, headers(("ETag" = String, description = "Version of the record."))),
        (status = 409, description = "The chat user is another user, the user is as many chat users as possible, or other callers keep changing the records.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn link_chat_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ChatUserPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let id = read_link(body.0)?;
    let scope = call.scope().project(path.project_id);
    let user = read(&deps, &call, scope, path.chat_user_id).await?;
    let entry = entry(&call, Event::EndUserLinked(id), &user);
    let by = call.by(&entry);
    match deps.end_users.link(scope, id, user.id, by).await? {
        Linked::Done(_, linked) => {
            log_change(&user, &linked, &entry);
            answer_with(&deps, &call, scope, *linked).await
        }
        Linked::LinkedTo(other) => Err(misplaced(Misplaced::LinkedTo(other))),
        Linked::TooMany => Err(misplaced(Misplaced::TooMany)),
        Linked::Missing => {
            let mut errors = FieldErrors::default();
            errors.add("end_user_id", "is no user of this project");
            Err(errors.into_validation())
        }
    }
}

/// Unlink a chat user
///
/// Says that the person is not the user whom they are linked to. From then on, only an admin links them, and they
/// have to ask like anybody who is not among the users. Unlinking somebody who is not linked changes nothing.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/chat-users/{chat_user_id}/unlink",
    tag = "Chat users",
    params(ChatUserPath),
    request_body(content = Option<UnlinkChatUserRequest>, description = "Optional."),
    responses(
        (status = 200, description = "The chat user is not linked.", body = ChatUserResponse, headers(("ETag" = String, description = "Version of the record."))),
        (status = 409, description = "Other callers keep changing the records.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn unlink_chat_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ChatUserPath>,
    body: OptionalJsonBody,
) -> Result<Response, ApiError> {
    let keeps_access = read_unlink(body.0)?;
    let scope = call.scope().project(path.project_id);
    let user = read(&deps, &call, scope, path.chat_user_id).await?;
    let Some(id) = user.end_user_id else {
        return answer_with(&deps, &call, scope, user).await;
    };
    let entry = entry(&call, Event::EndUserUnlinked(id), &user);
    let by = call.by(&entry);
    let unlinked = deps.end_users.unlink(scope, user.id, keeps_access, by);
    match unlinked.await? {
        Unlinked::Done(unlinked) => {
            log_change(&user, &unlinked, &entry);
            answer_with(&deps, &call, scope, *unlinked).await
        }
        Unlinked::Missing => Err(ApiError::not_found("chat user")),
    }
}

fn entry(call: &Call, event: Event, user: &ChatUser) -> AuditEntry {
    let change = Change {
        event,
        before: Value::Null,
        after: json!({"chat_user_id": user.id}),
    };
    call.audit(change, call.now())
}

/// Logs the entry of a call, unless the call changed nothing.
fn log_change(before: &ChatUser, after: &ChatUser, entry: &AuditEntry) {
    if before.end_user_id != after.end_user_id {
        log(entry);
    }
}

fn read_link(fields: Map<String, Value>) -> Result<EndUserId, ApiError> {
    let mut errors = FieldErrors::default();
    let request: LinkChatUserRequest = read_fields(fields, &mut errors);
    let given = errors.required("end_user_id", request.end_user_id.as_ref());
    let id = validation::id("end_user_id", given.map(String::as_str), &mut errors);
    id.filter(|_| errors.is_empty())
        .ok_or_else(|| errors.into_validation())
}

fn read_unlink(fields: Map<String, Value>) -> Result<bool, ApiError> {
    let mut errors = FieldErrors::default();
    let request: UnlinkChatUserRequest = read_fields(fields, &mut errors);
    errors.check_body()?;
    Ok(request.keep_access.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(fields) => fields,
            _ => panic!("not an object"),
        }
    }

    #[test]
    fn a_link_names_a_user_and_the_end_of_one_takes_the_access_unless_told_otherwise() {
        let id = EndUserId::derive(&["ada"]);
        assert_eq!(read_link(fields(json!({"end_user_id": id}))).unwrap(), id);
        for wrong in [
            json!({}),
            json!({"end_user_id": "ada"}),
            json!({"user": id}),
        ] {
            assert!(read_link(fields(wrong.clone())).is_err(), "{wrong}");
        }
        assert!(!read_unlink(fields(json!({}))).unwrap());
        assert!(read_unlink(fields(json!({"keep_access": true}))).unwrap());
        assert!(read_unlink(fields(json!({"keep": true}))).is_err());
    }
}
