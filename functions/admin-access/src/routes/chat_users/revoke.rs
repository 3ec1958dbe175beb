//! `POST /v1/projects/{project_id}/chat-users/{chat_user_id}/revoke`, and the end of an access in general.

use super::{ChatUserResponse, answer_with, approve::Asked, read};
use crate::{Deps, api_types::ChatUserPath};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, amend, log,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    ProjectScope,
    access::{direct_approval::approvals_of, request::Revocation, revocation::Revoking},
    chat::user::ChatUser,
    event::{Change, Event, told::Told},
    ids::{AccessRequestId, EnvironmentId},
};

/// The end of a chat user's access to an environment.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"environment_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "note": "Left the company."}))]
pub struct RevokeChatUserRequest {
    /// Environment to which the person loses access.
    #[schema(required = true, nullable = false, format = "id")]
    environment_id: Option<String>,
    /// Note for other admins, at most 4000 characters. The person does not see it.
    #[schema(max_length = 4000)]
    note: Option<String>,
}

/// Revoke a chat user's access
///
/// From their next message on, the person is a stranger in this environment: the message makes a new request,
/// without a cool-down. The requests whose approval gave the access show the revocation. A person without access
/// there stays as they are.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/chat-users/{chat_user_id}/revoke",
    tag = "Chat users",
    params(ChatUserPath),
    request_body = RevokeChatUserRequest,
    responses(
        (status = 200, description = "The chat user without the access.", body = ChatUserResponse, headers(("ETag" = String, description = "Version of the record."))),
        (status = 409, description = "Other callers keep changing the record, or the person writes meanwhile.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn revoke_chat_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ChatUserPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let mut errors = FieldErrors::default();
    let request: RevokeChatUserRequest = read_fields(body.0, &mut errors);
    let environment = request.environment_id.as_deref();
    let asked = Asked::checked(environment, request.note.as_deref(), errors)?;
    let scope = call.scope().project(path.project_id);
    let (id, deps, call) = (path.chat_user_id, &deps, &call);
    let ending = &Ending {
        deps,
        call,
        scope,
        environment_id: asked.environment_id,
        note: asked.note,
        event: Event::ChatUserRevoked(id),
        request_id: None,
    };
    let user = amend(
        &IfMatch::Absent,
        || read(deps, call, scope, id),
        |user| ending.end(user),
    )
    .await?;
    answer_with(deps, call, scope, user).await
}

/// The end of an access, as a call asks for it.
pub(in crate::routes) struct Ending<'a> {
    pub(in crate::routes) deps: &'a Deps,
    pub(in crate::routes) call: &'a Call,
    pub(in crate::routes) scope: ProjectScope,
    pub(in crate::routes) environment_id: EnvironmentId,
    pub(in crate::routes) note: Option<String>,
    /// The event under which it is recorded.
    pub(in crate::routes) event: Event,
    /// The request that the call names, if it names one.
    pub(in crate::routes) request_id: Option<AccessRequestId>,
}

impl Ending<'_> {
    /// Ends the access of this person, and returns the person as stored. Without access there, nothing changes.
    pub(in crate::routes) async fn end(&self, user: ChatUser) -> Result<ChatUser, ApiError> {
        let (call, scope) = (self.call, self.scope);
        let requests = self.deps.access_requests.as_ref();
        let places = requests.writing_places(scope, user.id).await?;
        let ids = approvals_of(&user, self.environment_id, &places).into_iter();
        let ids: BTreeSet<_> = ids.chain(self.request_id).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let given_by = requests.find_access_requests(scope, &ids).await?;
        let revocation = Revocation {
            by: call.actor().clone(),
            at: call.now(),
            note: self.note.clone(),
        };
        let revoking = Revoking::new(&user, &places, self.environment_id, given_by, revocation);
        let Some(revoking) = revoking else {
            return Ok(user);
        };
        let change = Change {
            event: self.event,
            before: json!({"status": user.status()}),
            after: json!({
                "status": revoking.after.status(),
                "note": self.note,
                "chat_user_id": user.id,
                "environment_id": self.environment_id,
            }),
        };
        let told = Told::in_project(scope).in_environment(self.environment_id);
        let entry = call.audit(change, revoking.revocation.at).about(told);
        requests.revoke(scope, &revoking, call.by(&entry)).await?;
        log(&entry);
        Ok(ChatUser {
            version: user.version + 1,
            ..revoking.after
        })
    }
}
