//! `POST /v1/projects/{project_id}/chat-users/{chat_user_id}/approve`

use super::{
    super::{
        access_requests::{
            AccessRequestResponse,
            decide::{CHAT_USER_BLOCKED, already_decided, decide, settled},
            directory::{self, DirectoryRequest},
        },
        connectors::check_environment,
    },
    read,
};
use crate::{Deps, api_types::ChatUserPath, serving::serves_connector};
use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, amend,
    jobs::enqueue_or_leave,
    log,
    problem::{ApiError, Problem},
    read_fields, validation,
};
use vestibule_domain::{
    ProjectScope,
    access::direct_approval::{DirectApproval, WritingPlace, approvals_of, place_of_approval},
    access::request::{
        AccessRequest, DecideOutcome, RequestDecision, RequestStatus, Verdict, on_decided_again,
    },
    account::actor::Actor,
    chat::user::{ChatUser, Grant},
    directory::registration::DirectoryChoice,
    ids::EnvironmentId,
    job::OnboardChatUser,
};

/// An approval of a chat user.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"environment_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "note": "The rejection was a mistake."}))]
pub struct ApproveChatUserRequest {
    /// Environment to which the person gets access.
    #[schema(required = true, nullable = false, format = "id")]
    environment_id: Option<String>,
    /// Note for other admins, at most 4000 characters. The person does not see it.
    #[schema(max_length = 4000)]
    note: Option<String>,
    /// Place of the person among the users of the project.
    directory: Option<DirectoryRequest>,
}

/// Validated body.
pub(super) struct Asked {
    pub(super) environment_id: EnvironmentId,
    pub(super) note: Option<String>,
    pub(super) choice: DirectoryChoice,
}

/// Approve a chat user
///
/// Gives the person access to an environment without a new request, also after a rejection. A pending
/// request for the environment is approved; without one, an approved request is recorded. What follows is
/// the same as for an approved request. Repeating the call with the same API key changes nothing and gets
/// the same answer.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/chat-users/{chat_user_id}/approve",
    tag = "Chat users",
    params(ChatUserPath),
    request_body = ApproveChatUserRequest,
    responses(
        (status = 200, description = "The approved request.", body = AccessRequestResponse),
        (status = 409, description = "The person was already approved for the environment (see `decision`), or is blocked and must be unblocked first; or other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn approve_chat_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ChatUserPath>,
    body: JsonBody,
) -> Result<Json<AccessRequestResponse>, ApiError> {
    let asked = Asked::read(body.0)?;
    let approving = Approving {
        deps: &deps,
        call: &call,
        scope: call.scope().project(path.project_id),
        environment_id: asked.environment_id,
        note: asked.note,
        choice: asked.choice,
    };
    directory::check_permission(&call, asked.choice)?;
    let (approving, deps) = (&approving, &deps);
    approving.check_environment().await?;
    let request = amend(
        &IfMatch::Absent,
        || read(deps, approving.call, approving.scope, path.chat_user_id),
        |user: ChatUser| async move { approving.approve(&user).await },
    )
    .await?;
    Ok(Json(request.into()))
}

impl Asked {
    fn read(fields: Map<String, Value>) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: ApproveChatUserRequest = read_fields(fields, &mut errors);
        let choice = directory::read(request.directory, &mut errors);
        let environment = request.environment_id.as_deref();
        let asked = Self::checked(environment, request.note.as_deref(), errors)?;
        Ok(Self { choice, ..asked })
    }

    /// Checks an environment and a note.
    pub(super) fn checked(
        environment: Option<&str>,
        note: Option<&str>,
        mut errors: FieldErrors,
    ) -> Result<Self, ApiError> {
        errors.required("environment_id", environment);
        let environment_id = validation::id("environment_id", environment, &mut errors);
        let note = validation::note("note", note, &mut errors);
        match environment_id {
            Some(environment_id) if errors.is_empty() => Ok(Self {
                environment_id,
                note,
                choice: DirectoryChoice::default(),
            }),
            _ => Err(errors.into_validation()),
        }
    }
}

/// Everything that an approval needs.
struct Approving<'a> {
    deps: &'a Deps,
    call: &'a Call,
    scope: ProjectScope,
    environment_id: EnvironmentId,
    note: Option<String>,
    choice: DirectoryChoice,
}

impl Approving<'_> {
    async fn check_environment(&self) -> Result<(), ApiError> {
        let mut errors = FieldErrors::default();
        let id = Some(self.environment_id);
        check_environment(self.deps, self.scope, id, &mut errors).await?;
        errors.check_body()
    }

    /// Approves the pending request of the person, or records an approved one.
    async fn approve(&self, user: &ChatUser) -> Result<AccessRequest, ApiError> {
        if user.block.is_some() {
            return Err(ApiError::new(&CHAT_USER_BLOCKED));
        }
        let requests = &self.deps.access_requests;
        let mut places = requests.writing_places(self.scope, user.id).await?;
        places.retain(|place| self.call.may_serve(place.connector.client_id));
        if let Some(grant) = user.grants.get(&self.environment_id) {
            return self.approved_before(user, grant, &places).await;
        }
        if let Some(request) = self.pending(&places).await? {
            let (note, decided) = (self.note.clone(), (Verdict::Approve, self.choice));
            return decide(self.deps, self.call, request, note, decided).await;
        }
        let Some(place) = place_of_approval(&places, self.environment_id) else {
            return Err(nowhere());
        };
        let decision = RequestDecision {
            verdict: Verdict::Approve,
            by: self.call.actor().clone(),
            at: self.call.now(),
            note: self.note.clone(),
            reason: None,
        };
        let approval = DirectApproval::new(user, place, self.environment_id, decision);
        self.record(&approval).await
    }

    /// Finds the person's pending request for the environment.
    async fn pending(&self, places: &[WritingPlace]) -> Result<Option<AccessRequest>, ApiError> {
        let waiting = places
            .iter()
            .filter(|place| place.standing.request_pending)
            .filter_map(|place| place.standing.request_id);
        for id in waiting {
            let requests = &self.deps.access_requests;
            let found = requests.find_access_request(self.scope, id).await?;
            let pending = found.filter(|request| {
                request.environment_id == self.environment_id
                    && request.status() == RequestStatus::Pending
            });
            if pending.is_some() {
                return Ok(pending);
            }
        }
        Ok(None)
    }

    /// Answers with the request whose approval gave the access, like a second decision on it.
    async fn approved_before(
        &self,
        user: &ChatUser,
        grant: &Grant,
        places: &[WritingPlace],
    ) -> Result<AccessRequest, ApiError> {
        for id in approvals_of(user, self.environment_id, places) {
            let requests = &self.deps.access_requests;
            let found = requests.find_access_request(self.scope, id).await?;
            if let Some(request) = found
                && gives_access(&request, self.environment_id)
                && serves_connector(self.deps, self.call, self.scope, request.connector_id).await?
            {
                let again = on_decided_again(request, Verdict::Approve, self.call.actor());
                return settled(again, self.call);
            }
        }
        // The request is not known where the connector was deleted, or records were merged.
        let decision = RequestDecision {
            verdict: Verdict::Approve,
            by: Actor {
                id: String::new(),
                name: grant.granted_by.clone(),
            },
            at: grant.granted_at,
            note: None,
            reason: None,
        };
        Err(already_decided(decision, false))
    }

    async fn record(&self, approval: &DirectApproval) -> Result<AccessRequest, ApiError> {
        let (deps, call) = (self.deps, self.call);
        let request_id = call.origin.request_id.clone();
        let mut entry =
            approval
                .decision
                .audit_entry(&approval.request, call.audit_id(), request_id);
        // The request did not exist before.
        entry.change.before = Value::Null;
        let outcome = deps
            .access_requests
            .approve_directly(approval, self.choice, call.by(&entry))
            .await?;
        if let DecideOutcome::Recorded(request) = &outcome {
            log(&entry);
            if approval.is_followed_up {
                let job = OnboardChatUser {
                    scope: request.scope,
                    chat_user_id: request.chat_user_id,
                    connector_id: request.connector_id,
                };
                enqueue_or_leave(deps.onboarding.as_ref(), job).await;
            }
        }
        settled(outcome, call)
    }
}

/// Whether the approval of this request gives the access that the person has.
fn gives_access(request: &AccessRequest, environment_id: EnvironmentId) -> bool {
    request.environment_id == environment_id
        && request.status() == RequestStatus::Approved
        && request.revocation.is_none()
}

/// The problem of a person whom no connector reaches any more.
fn nowhere() -> ApiError {
    let mut errors = FieldErrors::default();
    errors.add(
        "environment_id",
        "cannot be opened to this person, because every connector that they wrote through was deleted",
    );
    errors.into_validation()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<Asked, Vec<String>> {
        let Value::Object(fields) = value else {
            panic!("not an object")
        };
        Asked::read(fields).map_err(|error| {
            let fields = error.errors().iter().map(|error| error.field.clone());
            fields.collect()
        })
    }

    #[test]
    fn an_approval_names_an_environment_and_may_have_a_note() {
        let id = EnvironmentId::derive(&["e"]);
        let asked = read(json!({"environment_id": id, "note": " a mistake "})).unwrap();
        assert_eq!(asked.environment_id, id);
        assert_eq!(asked.note.as_deref(), Some("a mistake"));
        for (body, field) in [
            (json!({}), "environment_id"),
            (json!({"environment_id": "production"}), "environment_id"),
            (
                json!({"environment_id": id, "note": "x".repeat(4001)}),
                "note",
            ),
        ] {
            assert_eq!(read(body).err(), Some(vec![field.to_owned()]));
        }
    }
}
