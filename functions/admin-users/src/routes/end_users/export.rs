//! `GET /v1/projects/{project_id}/end-users/{end_user_id}/export`: what is held on one person (SPEC C62).

use super::{EndUserResponse, read};
use crate::{
    Deps,
    api_types::EndUserPath,
    environments::Environments,
    serving::{chat_users_of, places_of},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header::CONTENT_DISPOSITION},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{ApiPath, Call, log, problem::ApiError};
use vestibule_domain::{
    ProjectScope, Timestamp,
    access::{direct_approval::WritingPlace, request::RequestStatus},
    account::permission::Permission,
    chat::{
        message::Identity,
        user::{ChatUser, ChatUserStatus},
    },
    event::{Change, Event},
    ports::AccessRequestView,
};

/// Permissions to read what an export contains besides the user.
const ALSO_NEEDED: [Permission; 2] = [Permission::ChatUsersRead, Permission::AccessRequestsRead];

/// What is held on one person.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndUserExportResponse {
    /// Time of the export.
    #[schema(value_type = String, format = DateTime)]
    exported_at: Timestamp,
    /// The user.
    user: EndUserResponse,
    /// Chat users that the user is, of the clients whose records the caller may touch.
    chat_users: Vec<HeldChatUser>,
}

/// A chat user.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldChatUser {
    /// Id.
    id: String,
    /// Key of the provider.
    provider: String,
    /// Ids by which the platform knows the person.
    identifiers: Vec<HeldIdentifier>,
    /// Name to show.
    display_name: String,
    /// First name, where the platform splits names.
    first_name: Option<String>,
    /// Last name, where the platform splits names.
    last_name: Option<String>,
    /// Address of the profile picture at the platform.
    avatar_url: Option<String>,
    /// Language tag (BCP 47), where the platform tells the person's language.
    language: Option<String>,
    /// Standing in the project: `onboarding`, `active` or `blocked`.
    #[schema(value_type = String)]
    status: ChatUserStatus,
    /// Environments in which the person may talk to the agent.
    environments: Vec<HeldGrant>,
    /// Time of the block; null while the person is not blocked.
    #[schema(value_type = Option<String>, format = DateTime)]
    blocked_at: Option<Timestamp>,
    /// Reason given with the block, if any.
    block_note: Option<String>,
    /// Time of the first message.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Standing at each connector through which the person wrote.
    standings: Vec<HeldStanding>,
    /// Latest access request and latest approved one at each of these connectors.
    requests: Vec<HeldRequest>,
}

/// An id by which a platform knows a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldIdentifier {
    /// Scope within which the identifier is unique, such as a Slack team.
    platform_scope: String,
    /// Platform's own id of the person.
    identifier: String,
}

/// Access to the agent of one environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldGrant {
    /// The environment.
    environment_id: String,
    /// Time of the approval.
    #[schema(value_type = String, format = DateTime)]
    granted_at: Timestamp,
    /// Name of the actor that approved.
    granted_by: String,
}

/// Standing of a chat user at a connector.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldStanding {
    /// Id of the connector.
    connector_id: String,
    /// Name of the connector.
    connector_name: String,
    /// Time of the person's first message there.
    #[schema(value_type = String, format = DateTime)]
    first_seen_at: Timestamp,
    /// Messages held since the latest request there was made.
    message_count: u64,
    /// Time of the last held message.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_message_at: Option<Timestamp>,
    /// Number of rejections there.
    rejections: u32,
    /// The person's wishes to get messages there or not, by channel.
    #[schema(value_type = Object)]
    consents: Value,
}

/// An access request.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldRequest {
    /// Id.
    id: String,
    /// State of the request: `pending`, `approved` or `rejected`.
    #[schema(value_type = String)]
    status: RequestStatus,
    /// Name of the connector when the request was made.
    connector_name: String,
    /// Environment to which approval gives access.
    environment_id: String,
    /// Platform's id of the person.
    identifier: String,
    /// Time of the request.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the decision; null while the request is pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    processed_at: Option<Timestamp>,
    /// Name of the actor that decided; null while the request is pending.
    processed_by: Option<String>,
    /// Reason given with the decision, if any.
    processing_note: Option<String>,
    /// Beginning of the message that made the request, if it is kept.
    preview: Option<String>,
}

impl HeldChatUser {
    fn of(user: &ChatUser, places: &[WritingPlace], requests: Vec<HeldRequest>) -> Self {
        let identifiers = [Some(&user.identity), user.other_id.as_ref()];
        let profile = &user.profile;
        let block = user.block.as_ref();
        Self {
            id: user.id.to_string(),
            provider: user.identity.provider.key().to_owned(),
            identifiers: identifiers.into_iter().flatten().map(Into::into).collect(),
            display_name: user.display_name().to_owned(),
            first_name: profile.first_name.clone(),
            last_name: profile.last_name.clone(),
            avatar_url: profile.avatar_url.clone(),
            language: profile.language.as_ref().map(ToString::to_string),
            status: user.status(),
            environments: user
                .grants
                .iter()
                .map(|(id, grant)| HeldGrant {
                    environment_id: id.to_string(),
                    granted_at: grant.granted_at,
                    granted_by: grant.granted_by.clone(),
                })
                .collect(),
            blocked_at: block.map(|block| block.blocked_at),
            block_note: block.and_then(|block| block.note.clone()),
            created_at: user.created_at,
            updated_at: user.updated_at,
            standings: places.iter().map(Into::into).collect(),
            requests,
        }
    }
}

impl From<&Identity> for HeldIdentifier {
    fn from(identity: &Identity) -> Self {
        Self {
            platform_scope: identity.platform_scope.clone(),
            identifier: identity.identifier.clone(),
        }
    }
}

impl From<&WritingPlace> for HeldStanding {
    fn from(place: &WritingPlace) -> Self {
        let standing = &place.standing;
        Self {
            connector_id: place.connector.id.to_string(),
            connector_name: place.connector.name.clone(),
            first_seen_at: standing.first_seen_at,
            message_count: standing.message_count,
            last_message_at: standing.last_message_at,
            rejections: standing.rejections.map_or(0, |rejections| rejections.count),
            // A map of enums and times always serialises to JSON.
            consents: serde_json::to_value(&standing.consents).unwrap_or_default(),
        }
    }
}

impl HeldRequest {
    fn of(view: AccessRequestView, now: Timestamp) -> Self {
        let request = view.request;
        let preview = view.preview.filter(|preview| preview.expires_at > now);
        let status = request.status();
        let decision = request.decision;
        Self {
            id: request.id.to_string(),
            status,
            connector_name: request.connector_name,
            environment_id: request.environment_id.to_string(),
            identifier: request.identifier,
            created_at: request.created_at,
            processed_at: decision.as_ref().map(|decision| decision.at),
            processed_by: decision.as_ref().map(|decision| decision.by.name.clone()),
            processing_note: decision.and_then(|decision| decision.note),
            preview: preview.map(|preview| preview.text),
        }
    }
}

/// Export what is held on a user
///
/// The user, and the chat users that the user is, with their standings and access requests, as a file. Also needs
/// `chat_users.read` and `access_requests.read`. The audit log records the export without the data.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/end-users/{end_user_id}/export",
    tag = "Users",
    params(EndUserPath),
    responses((status = 200, description = "What is held on the user.", body = EndUserExportResponse, headers(("Content-Disposition" = String, description = "Lets a browser save the answer as a file."))))
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
    let mut chat_users = Vec::new();
    for chat_user in chat_users_of(&deps, &call, &user).await? {
        chat_users.push(exported(&deps, &call, scope, &chat_user).await?);
    }
    let now = call.now();
    let export = EndUserExportResponse {
        exported_at: now,
        user: EndUserResponse::of(&user, &environments),
        chat_users,
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

/// Reads what is held on a chat user.
async fn exported(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    user: &ChatUser,
) -> Result<HeldChatUser, ApiError> {
    let places = places_of(deps, call, scope, user).await?;
    let ids: BTreeSet<_> = places
        .iter()
        .flat_map(|place| {
            let approval = place.standing.approval.as_ref();
            let approved = approval.map(|approval| approval.request_id);
            [place.standing.request_id, approved]
        })
        .flatten()
        .collect();
    let mut requests = Vec::new();
    for id in ids {
        let view = deps.access_requests.get_access_request(scope, id).await?;
        requests.extend(view.map(|view| HeldRequest::of(view, call.now())));
    }
    Ok(HeldChatUser::of(user, &places, requests))
}
