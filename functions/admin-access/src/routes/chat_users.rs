//! Chat users: everyone who wrote through a connector (SPEC A23–A33). They are blocked (A45) and erased (F07); a block
//! outlives the person.

pub mod approve;
pub mod counts;
pub mod erase;
pub mod export;
pub mod kept_blocks;
pub mod link;
pub mod revoke;

use super::{
    avatars::Avatars,
    providers::read_provider,
    user_names::{LinkedUsers, UserNameResponse},
};
use crate::{
    Deps,
    api_types::{ChatUserPath, ChatUserStatusName, ProjectPath},
    serving::serves_chat_user,
};
use axum::{Json, extract::State, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{slice, sync::Arc};
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, ListFilter, ListQuery, OptionalJsonBody, PageParams,
    amend,
    api_types::{ListResponse, found},
    log,
    problem::{ApiError, Problem},
    project_of_empty_list, read_fields,
    search::{self, MatchResponse},
    validation,
};
use vestibule_domain::{
    ProjectScope, Timestamp,
    chat::user::{Block, ChatUser},
    event::{Change, Event, told::Told},
    ids::ChatUserId,
    page::Page,
    ports::ChatUserFilter,
    search::texts_of_chat_user,
};

/// A person on a chat platform.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "provider": "slack", "platform_scope": "T0123456789", "identifier": "U0123456789", "other_identifier": null,
    "display_name": "Ada Lovelace", "first_name": "Ada", "last_name": "Lovelace", "avatar_url": null, "language": "en-GB", "status": "active",
    "environments": [{"environment_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X", "granted_at": "2026-11-22T10:00:00.000Z", "granted_by": "first key"}],
    "end_user": {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Y", "display_name": "Ada King Lovelace"}, "block": null,
    "matches": [], "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:00.000Z"
}))]
pub struct ChatUserResponse {
    /// Id.
    id: String,
    /// Key of the provider.
    provider: String,
    /// Scope within which the identifier is unique, such as a Slack team.
    platform_scope: String,
    /// Platform's own id of the person.
    identifier: String,
    /// Second id by which the platform knows the person: on WhatsApp, the business-scoped user id of a
    /// person whose `identifier` is a phone number. Null where there is none.
    other_identifier: Option<String>,
    /// Name to show; the identifier where the platform gives no name.
    display_name: String,
    /// First name, where the platform splits names.
    first_name: Option<String>,
    /// Last name, where the platform splits names.
    last_name: Option<String>,
    /// Address of the profile picture: at the platform, or, where we keep a copy, at `…/avatar` in this
    /// API, which requires an API key like every call.
    avatar_url: Option<String>,
    /// Language tag (BCP 47), where the platform tells the person's language.
    language: Option<String>,
    /// Standing in the project.
    status: ChatUserStatusName,
    /// Environments in which the person was approved.
    environments: Vec<GrantResponse>,
    /// User of the project to whom the person is linked; null for somebody who is not linked, and for callers who may
    /// not read users.
    end_user: Option<UserNameResponse>,
    /// Block; null while the person is not blocked.
    block: Option<BlockResponse>,
    /// Places at which the words of a search occur, in a list with `q`.
    matches: Vec<MatchResponse>,
    /// Time of the first message.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change of the record.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Access to the agent of one environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct GrantResponse {
    /// The environment.
    environment_id: String,
    /// Time of the approval.
    #[schema(value_type = String, format = DateTime)]
    granted_at: Timestamp,
    /// Name of the actor that approved.
    granted_by: String,
}

/// Block of a chat user.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockResponse {
    /// Time of the block.
    #[schema(value_type = String, format = DateTime)]
    blocked_at: Timestamp,
    /// Name of the actor that blocked the person.
    blocked_by: String,
    /// Reason given with the block, if any.
    note: Option<String>,
}

impl ChatUserResponse {
    fn of(user: ChatUser, avatars: &Avatars, linked: &LinkedUsers) -> Self {
        Self {
            avatar_url: avatars.url(&user),
            end_user: linked.user_of(&user),
            id: user.id.to_string(),
            display_name: user.display_name().to_owned(),
            status: user.status().into(),
            environments: user
                .grants
                .iter()
                .map(|(id, grant)| GrantResponse {
                    environment_id: id.to_string(),
                    granted_at: grant.granted_at,
                    granted_by: grant.granted_by.clone(),
                })
                .collect(),
            provider: user.identity.provider.key().to_owned(),
            platform_scope: user.shown_id().platform_scope.clone(),
            identifier: user.shown_id().identifier.clone(),
            other_identifier: user.hidden_id().map(|id| id.identifier.clone()),
            first_name: user.profile.first_name,
            last_name: user.profile.last_name,
            language: user.profile.language.map(|language| language.to_string()),
            block: user.block.map(|block| BlockResponse {
                blocked_at: block.blocked_at,
                blocked_by: block.blocked_by,
                note: block.note,
            }),
            matches: Vec::new(),
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

/// Filters for chat users.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChatUserParams {
    /// Only chat users with this standing.
    #[param(value_type = Option<ChatUserStatusName>, nullable = false)]
    status: Option<String>,
    /// Only chat users of this provider.
    #[param(nullable = false, example = "slack")]
    provider: Option<String>,
    /// Only chat users in whose names or ids each of these words occurs, whatever case, accents and widths; phone numbers
    /// are compared by their digits. The list is then in the order of the search, and pages may be short.
    #[param(nullable = false, max_length = 200, example = "lovel")]
    q: Option<String>,
}

/// Validated filters.
#[derive(Debug, Default)]
pub struct ChatUserQuery(ChatUserFilter);

impl ListFilter for ChatUserQuery {
    type Params = ChatUserParams;

    fn read(params: ChatUserParams, errors: &mut FieldErrors) -> Self {
        let status = validation::one_of(
            "status",
            params.status.as_deref(),
            ChatUserStatusName::SPELLINGS,
            ChatUserStatusName::parse,
            errors,
        );
        Self(ChatUserFilter {
            status: status.map(Into::into),
            provider: read_provider("provider", params.provider.as_deref(), errors),
            query: search::query("q", params.q.as_deref(), errors),
        })
    }
}

/// List the chat users
///
/// Everyone who wrote through a connector of the project, of the clients whose records the caller may touch. A
/// page may be short, or empty, before the last one.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/chat-users",
    tag = "Chat users",
    params(ProjectPath, ChatUserParams, PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<ChatUserResponse>))
)]
pub async fn list_chat_users(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ListQuery<ChatUserQuery>,
) -> Result<Json<ListResponse<ChatUserResponse>>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let found = deps
        .chat_users
        .list_chat_users(scope, &query.filter.0, &query.page)
        .await?;
    project_of_empty_list(deps.projects.as_ref(), scope, &query.page, &found).await?;
    let mut page = Page {
        items: Vec::new(),
        next: found.next,
    };
    for user in found.items {
        if serves_chat_user(&deps, &call, scope, user.id).await? {
            page.items.push(user);
        }
    }
    let linked = LinkedUsers::of(&deps, &call, scope, &page.items).await?;
    let avatars = Avatars::of(&deps, &call.origin, path.project_id);
    let words = query.filter.0.query.as_deref();
    Ok(ListResponse::of(page, |user| {
        let matches = search::matches(&texts_of_chat_user(&user), words);
        ChatUserResponse {
            matches,
            ..ChatUserResponse::of(user, &avatars, &linked)
        }
    }))
}

/// Read a chat user
///
/// Includes the environments in which the person was approved.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/chat-users/{chat_user_id}",
    tag = "Chat users",
    params(ChatUserPath),
    responses((status = 200, description = "The chat user.", body = ChatUserResponse, headers(("ETag" = String, description = "Version of the record."))))
)]
pub async fn get_chat_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ChatUserPath>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let user = read(&deps, &call, scope, path.chat_user_id).await?;
    answer_with(&deps, &call, scope, user).await
}

/// A block of a chat user.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "Asked us to stop answering."}))]
pub struct BlockChatUserRequest {
    /// Note for other admins, at most 4000 characters. The person does not see it.
    #[schema(max_length = 4000)]
    note: Option<String>,
}

/// Block a chat user
///
/// From the person's next message on, nothing they write is answered, counted or stored, through any
/// connector of the project. A person who is already blocked stays so, with the earlier note.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/chat-users/{chat_user_id}/block",
    tag = "Chat users",
    params(ChatUserPath),
    request_body(content = Option<BlockChatUserRequest>, description = "Optional."),
    responses(
        (status = 200, description = "The chat user is blocked.", body = ChatUserResponse),
        (status = 409, description = "Other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn block_chat_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ChatUserPath>,
    body: OptionalJsonBody,
) -> Result<Response, ApiError> {
    let note = read_block(body.0)?;
    let blocked_by = call.actor().name.clone();
    let make = |user: &mut ChatUser, now| {
        user.block.get_or_insert_with(|| Block {
            blocked_at: now,
            blocked_by: blocked_by.clone(),
            note: note.clone(),
        });
    };
    change(&deps, &call, path, Event::ChatUserBlocked, make).await
}

fn read_block(fields: Map<String, Value>) -> Result<Option<String>, ApiError> {
    let mut errors = FieldErrors::default();
    let request: BlockChatUserRequest = read_fields(fields, &mut errors);
    let note = validation::note("note", request.note.as_deref(), &mut errors);
    errors.check_body()?;
    Ok(note)
}

/// Unblock a chat user
///
/// Restores the person's earlier access from their next message on.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/chat-users/{chat_user_id}/unblock",
    tag = "Chat users",
    params(ChatUserPath),
    responses(
        (status = 200, description = "The chat user is not blocked.", body = ChatUserResponse),
        (status = 409, description = "Other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn unblock_chat_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ChatUserPath>,
) -> Result<Response, ApiError> {
    let make = |user: &mut ChatUser, _| user.block = None;
    change(&deps, &call, path, Event::ChatUserUnblocked, make).await
}

/// Changes the current record, and tries again when another change came first.
async fn change(
    deps: &Deps,
    call: &Call,
    path: ChatUserPath,
    event: fn(ChatUserId) -> Event,
    make: impl Fn(&mut ChatUser, Timestamp) + Send + Sync,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let make = &make;
    amend(
        &IfMatch::Absent,
        || read(deps, call, scope, path.chat_user_id),
        |user| async move {
            let now = call.now();
            let mut changed = user.clone();
            make(&mut changed, now);
            if changed == user {
                return answer_with(deps, call, scope, user).await;
            }
            changed.updated_at = now;
            let change = Change {
                event: event(user.id),
                before: facts(&user),
                after: facts(&changed),
            };
            let entry = call.audit(change, now).about(Told::in_project(scope));
            deps.chat_users
                .update_chat_user(scope, &changed, &entry)
                .await?;
            log(&entry);
            changed.version += 1;
            answer_with(deps, call, scope, changed).await
        },
    )
    .await
}

/// Answers with a chat user as stored, and their version.
async fn answer_with(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    user: ChatUser,
) -> Result<Response, ApiError> {
    let version = user.version;
    Ok(found(version, shown(deps, call, scope, user).await?))
}

/// Renders a chat user with the user to whom they are linked.
async fn shown(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    user: ChatUser,
) -> Result<ChatUserResponse, ApiError> {
    let linked = LinkedUsers::of(deps, call, scope, slice::from_ref(&user)).await?;
    let avatars = Avatars::of(deps, &call.origin, scope.project_id());
    Ok(ChatUserResponse::of(user, &avatars, &linked))
}

pub(super) async fn read(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    id: ChatUserId,
) -> Result<ChatUser, ApiError> {
    let no_user = || ApiError::not_found("chat user");
    let user = deps.chat_users.get_chat_user(scope, id).await?;
    let user = user.ok_or_else(no_user)?;
    if serves_chat_user(deps, call, scope, id).await? {
        Ok(user)
    } else {
        Err(no_user())
    }
}

fn facts(user: &ChatUser) -> Value {
    json!({"status": user.status(), "block": user.block})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_on_a_block_is_optional_and_not_endless() {
        let read = |value| match value {
            Value::Object(fields) => read_block(fields),
            _ => panic!("not an object"),
        };
        assert_eq!(read(json!({})).unwrap(), None);
        assert_eq!(
            read(json!({"note": "spam"})).unwrap().as_deref(),
            Some("spam")
        );
        assert!(read(json!({"note": "x".repeat(4001)})).is_err());
        assert!(read(json!({"reason": "spam"})).is_err());
    }

    #[test]
    fn filters_are_checked() {
        let mut errors = FieldErrors::default();
        let wanted = ChatUserQuery::read(
            ChatUserParams {
                status: Some("blocked".to_owned()),
                provider: Some("slack".to_owned()),
                q: Some(" Ada ".to_owned()),
            },
            &mut errors,
        );
        assert!(errors.is_empty());
        assert!(wanted.0.status.is_some() && wanted.0.provider.is_some());
        assert_eq!(wanted.0.query.as_deref(), Some("Ada"));
        ChatUserQuery::read(
            ChatUserParams {
                status: Some("banned".to_owned()),
                provider: Some("pigeon".to_owned()),
                q: Some("x".repeat(201)),
            },
            &mut errors,
        );
        assert!(errors.names("status") && errors.names("provider") && errors.names("q"));
    }
}
