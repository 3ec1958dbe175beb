//! `POST /v1/projects/{project_id}/access-requests/{access_request_id}/approve` and `/reject`
//!
//! The cost of this call is bounded (PERFORMANCE §2): credential and request are read concurrently, for an
//! approval the person and their place in the directory, then one transaction follows, for an approval one job that does the follow-up, and one read of what is
//! shown beside the request.

use super::{
    details::{AccessRequestDetailsResponse, details_of},
    directory::{self, DirectoryRequest},
};
use crate::{Deps, api_types::AccessRequestPath, serving::serves_connector};
use axum::{
    extract::{FromRequestParts, State},
    http::request::Parts,
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, OptionalJsonBody,
    api_types::found,
    jobs::enqueue_or_leave,
    log,
    problem::{ApiError, CHANGED_MEANWHILE, Problem, ProblemMember},
    problem_types, read_fields,
    routes::{Beside, ReadBeside},
    validation,
};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    access::request::{
        AccessRequest, DecideOutcome, ReasonCode, RequestDecision, RequestStatus, Verdict,
    },
    account::{permission::Permission, proof::CallerProof},
    directory::registration::DirectoryChoice,
    event::AuditEntry,
    ids::SystemIds,
    job::OnboardChatUser,
    retry::conflict_wait,
};
use vestibule_edge::logging::{Metric, measure};

/// Attempts at a decision that meets other writers of the same records. The table itself tries each of them
/// again while other transactions hold the rows, so a person would have to write without a pause for a second.
const ATTEMPTS: u32 = 6;

/// The `decision` member of problems about a request that is already decided.
const DECISION: ProblemMember = ProblemMember::named::<ProblemDecision>(
    "decision",
    "The decision that stands, for a request that was already decided.",
);

problem_types! {
    ALREADY_DECIDED = "already-decided", CONFLICT, "The access request was decided before",
        "`decision` is the decision that stands. A second one does not change it.", [DECISION];
    CHAT_USER_BLOCKED = "chat-user-blocked", CONFLICT, "The chat user is blocked",
        "Unblock the chat user first, then approve.";
}

/// The decision that stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDecision {
    /// `approve` or `reject`.
    #[schema(value_type = String, example = "approve")]
    verdict: Verdict,
    /// Name of the actor that decided.
    by: String,
    /// Time of the decision.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Reason given with the decision, if any.
    note: Option<String>,
    /// Reason code of a decision that followed from another change: `policy_off`, `connector_deleted`,
    /// `connector_moved`, `granted_elsewhere` or `merged`.
    #[schema(value_type = Option<String>, example = json!(null))]
    reason_code: Option<ReasonCode>,
}

/// The problem of a request that is already decided. The note is for callers who may read the request.
pub(in crate::routes) fn already_decided(decision: RequestDecision, may_read: bool) -> ApiError {
    let (decided, next) = match decision.verdict {
        Verdict::Approve => ("approved", ""),
        Verdict::Reject => (
            "rejected",
            " To let the person in all the same, approve the chat user. Else their next message makes a new request when the connector's `request_cooldown_seconds` are over.",
        ),
    };
    let detail = format!(
        "{} {decided} it on {}. That decision holds.{next}",
        decision.by.name, decision.at
    );
    let shown = ProblemDecision {
        verdict: decision.verdict,
        by: decision.by.name,
        at: decision.at,
        note: decision.note.filter(|_| may_read),
        reason_code: decision.reason,
    };
    // A struct of strings always serialises to JSON.
    let shown = serde_json::to_value(shown).unwrap_or_default();
    ApiError::new(&ALREADY_DECIDED)
        .with_detail(detail)
        .with_member(&DECISION, shown)
}

/// The request that a call decides, if there is one.
#[derive(Debug, Clone)]
pub struct RequestToDecide(pub(super) Option<AccessRequest>);

impl ReadBeside<Deps> for RequestToDecide {
    async fn read(deps: &Deps, parts: &mut Parts, claimed: AccountScope) -> Result<Self, ApiError> {
        let ApiPath(path) = ApiPath::<AccessRequestPath>::from_request_parts(parts, &()).await?;
        let scope = claimed.project(path.project_id);
        let request = deps
            .access_requests
            .find_access_request(scope, path.access_request_id)
            .await?;
        Ok(Self(request))
    }
}

/// A decision about an access request.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "A new colleague."}))]
pub struct DecideRequest {
    /// Note for other admins, at most 4000 characters. The person does not see it.
    #[schema(max_length = 4000)]
    note: Option<String>,
}

/// An approval of an access request.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "A new colleague.", "directory": {"action": "create_new"}}))]
pub struct ApproveRequest {
    /// Note for other admins, at most 4000 characters. The person does not see it.
    #[schema(max_length = 4000)]
    note: Option<String>,
    /// Place of the person among the users of the project.
    directory: Option<DirectoryRequest>,
}

/// Approve an access request
///
/// From their next message on, the person may talk to the environment's agent through each of its
/// connectors. The connector's `after_approval` says what else happens. The person's pending requests
/// at other connectors of the environment are approved too. The person is linked to a user of the project, or
/// becomes one, as `directory` says; linking to a user that the caller chooses requires `end_users.write`. Repeating the decision with the same API
/// key changes nothing.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/access-requests/{access_request_id}/approve",
    tag = "Access requests",
    params(AccessRequestPath),
    request_body(content = Option<ApproveRequest>, description = "Optional."),
    responses(
        (status = 200, description = "The request is approved.", body = AccessRequestDetailsResponse, headers(("ETag" = String, description = "Version of the request with what is shown beside it."))),
        (status = 409, description = "The request was already decided (see `decision`), or the chat user is blocked and must be unblocked first, or cannot be linked as asked.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn approve_access_request(
    State(deps): State<Arc<Deps>>,
    call: Call,
    Beside(RequestToDecide(request)): Beside<RequestToDecide>,
    body: OptionalJsonBody,
) -> Result<Response, ApiError> {
    let (note, choice) = read_approval(body.0)?;
    answer(&deps, &call, request, (note, choice), Verdict::Approve).await
}

/// Reject an access request
///
/// The person stays without access. The first message after the connector's cool-down makes a new
/// request. Repeating the decision with the same API key changes nothing.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/access-requests/{access_request_id}/reject",
    tag = "Access requests",
    params(AccessRequestPath),
    request_body(content = Option<DecideRequest>, description = "Optional."),
    responses(
        (status = 200, description = "The request is rejected.", body = AccessRequestDetailsResponse, headers(("ETag" = String, description = "Version of the request with what is shown beside it."))),
        (status = 409, description = "The request was already decided (see `decision`).", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn reject_access_request(
    State(deps): State<Arc<Deps>>,
    call: Call,
    Beside(RequestToDecide(request)): Beside<RequestToDecide>,
    body: OptionalJsonBody,
) -> Result<Response, ApiError> {
    let decided = (read_note(body.0)?, DirectoryChoice::default());
    answer(&deps, &call, request, decided, Verdict::Reject).await
}

async fn answer(
    deps: &Deps,
    call: &Call,
    request: Option<AccessRequest>,
    (note, choice): (Option<String>, DirectoryChoice),
    verdict: Verdict,
) -> Result<Response, ApiError> {
    let no_request = || ApiError::not_found("access request");
    let request = request.ok_or_else(no_request)?;
    if !serves_connector(deps, call, request.scope, request.connector_id).await? {
        return Err(no_request());
    }
    let decided = decide(deps, call, request, note, (verdict, choice)).await?;
    let (version, details) = details_of(deps, call, decided).await?;
    Ok(found(version, details))
}

/// Decides a request, and returns it with the decision.
pub(in crate::routes) async fn decide(
    deps: &Deps,
    call: &Call,
    request: AccessRequest,
    note: Option<String>,
    (verdict, choice): (Verdict, DirectoryChoice),
) -> Result<AccessRequest, ApiError> {
    let outcome = record_decision(deps, call, request, note, (verdict, choice)).await?;
    if let Some(job) = follow_up(&outcome) {
        enqueue_or_leave(deps.onboarding.as_ref(), job).await;
    }
    settled(outcome, call)
}

/// The job that does what follows a decision, if anything does.
pub(super) fn follow_up(outcome: &DecideOutcome) -> Option<OnboardChatUser> {
    let DecideOutcome::Recorded(request) = outcome else {
        return None;
    };
    (request.status() == RequestStatus::Approved).then_some(OnboardChatUser {
        scope: request.scope,
        chat_user_id: request.chat_user_id,
        connector_id: request.connector_id,
    })
}

/// Records a decision of the caller. Its follow-up is left to the caller of this function.
pub(super) async fn record_decision(
    deps: &Deps,
    call: &Call,
    request: AccessRequest,
    note: Option<String>,
    (verdict, choice): (Verdict, DirectoryChoice),
) -> Result<DecideOutcome, ApiError> {
    directory::check_permission(call, choice)?;
    let decision = RequestDecision {
        verdict,
        by: call.actor().clone(),
        at: call.now(),
        note,
        reason: None,
    };
    let (outcome, entry) = record(deps, call, request, (&decision, choice)).await?;
    if let DecideOutcome::Recorded(request) = &outcome {
        log(&entry);
        let waited = decision.at.since(request.created_at);
        measure(Metric::TimeToDecision, waited, decision.at);
    }
    Ok(outcome)
}

/// Converts the outcome of a decision to the decided request, or to the problem.
pub(in crate::routes) fn settled(
    outcome: DecideOutcome,
    call: &Call,
) -> Result<AccessRequest, ApiError> {
    match outcome {
        DecideOutcome::Recorded(request) | DecideOutcome::AlreadySame(request) => Ok(*request),
        DecideOutcome::AlreadyDecided(request) => Err(match request.decision {
            Some(decision) => {
                already_decided(decision, call.caller.may(Permission::AccessRequestsRead))
            }
            // Somebody reverted the decision between the refusal and the read.
            None => ApiError::new(&CHANGED_MEANWHILE),
        }),
        DecideOutcome::ChatUserBlocked => Err(ApiError::new(&CHAT_USER_BLOCKED)),
        DecideOutcome::Misplaced(reason) => Err(directory::misplaced(reason)),
        DecideOutcome::NotFound => Err(ApiError::not_found("access request")),
    }
}

/// Records the decision. Another writer of the same records (a message of the person, a merge) is no
/// reason to refuse it: the request is read again and decided as it is by then.
async fn record(
    deps: &Deps,
    call: &Call,
    mut request: AccessRequest,
    (decision, choice): (&RequestDecision, DirectoryChoice),
) -> Result<(DecideOutcome, AuditEntry), ApiError> {
    let requests = deps.access_requests.as_ref();
    let mut attempt = 1;
    loop {
        let request_id = call.origin.request_id.clone();
        let entry = decision.audit_entry(&request, call.audit_id(), request_id);
        let decided = requests.decide(&request, decision, choice, call.by(&entry));
        match decided.await {
            Err(error) if attempt < ATTEMPTS && has_met_another(&error) => {
                tokio::time::sleep(conflict_wait(attempt, &SystemIds)).await;
                attempt += 1;
                request = requests
                    .find_access_request(request.scope, request.id)
                    .await?
                    .ok_or_else(|| ApiError::not_found("access request"))?;
            }
            outcome => return Ok((outcome?, entry)),
        }
    }
}

/// Whether another writer of the same records came first. A caller who lost the right meanwhile does not decide.
fn has_met_another(error: &PortError) -> bool {
    matches!(error, PortError::Conflict { .. }) && !CallerProof::is_lost(error)
}

/// Reads the note of a call about one request.
pub(super) fn read_note(fields: Map<String, Value>) -> Result<Option<String>, ApiError> {
    let mut errors = FieldErrors::default();
    let request: DecideRequest = read_fields(fields, &mut errors);
    let note = validation::note("note", request.note.as_deref(), &mut errors);
    errors.check_body()?;
    Ok(note)
}

fn read_approval(
    fields: Map<String, Value>,
) -> Result<(Option<String>, DirectoryChoice), ApiError> {
    let mut errors = FieldErrors::default();
    let request: ApproveRequest = read_fields(fields, &mut errors);
    let note = validation::note("note", request.note.as_deref(), &mut errors);
    let choice = directory::read(request.directory, &mut errors);
    errors.check_body()?;
    Ok((note, choice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_domain::{access::request::NOTE_MAX_CHARS, account::actor::Actor};

    fn read(value: Value) -> Result<Option<String>, ApiError> {
        match value {
            Value::Object(fields) => read_note(fields),
            _ => panic!("not an object"),
        }
    }

    #[test]
    fn a_note_is_optional_and_has_at_most_4000_characters() {
        assert_eq!(read(json!({})).unwrap(), None);
        assert_eq!(read(json!({"note": null})).unwrap(), None);
        assert_eq!(
            read(json!({"note": " fine\u{0} "})).unwrap().as_deref(),
            Some("fine")
        );
        assert!(read(json!({"note": "x".repeat(NOTE_MAX_CHARS)})).is_ok());
        assert!(read(json!({"note": "x".repeat(NOTE_MAX_CHARS + 1)})).is_err());
        assert!(read(json!({"notes": "fine"})).is_err());
    }

    #[test]
    fn a_decision_is_tried_again_after_another_writer_and_not_after_a_lost_right() {
        let conflict = |what| PortError::Conflict { what };
        assert!(has_met_another(&conflict("standing")));
        assert!(!has_met_another(&CallerProof::LOST));
        assert!(!has_met_another(&PortError::rejected("store", "no")));
    }

    #[test]
    fn a_second_decision_is_told_the_first() {
        let decided = |verdict| RequestDecision {
            verdict,
            by: Actor {
                id: "api_key:1".to_owned(),
                name: "Grace".to_owned(),
            },
            at: Timestamp::from_millis(0),
            note: None,
            reason: None,
        };
        let problem = already_decided(decided(Verdict::Approve), true).problem("id");
        assert_eq!(
            problem.members["decision"],
            json!({"verdict": "approve", "by": "Grace", "at": "1970-01-01T00:00:00.000Z", "note": null, "reason_code": null})
        );
        assert_eq!(
            problem.detail,
            "Grace approved it on 1970-01-01T00:00:00.000Z. That decision holds."
        );
        let problem = already_decided(decided(Verdict::Reject), true).problem("id");
        assert!(problem.detail.starts_with("Grace rejected it on "));
        assert!(
            problem.detail.contains("request_cooldown_seconds"),
            "{}",
            problem.detail
        );
    }

    #[test]
    fn the_note_of_the_first_decision_is_for_those_who_may_read_the_request() {
        let decided = RequestDecision {
            verdict: Verdict::Reject,
            by: Actor {
                id: "api_key:1".to_owned(),
                name: "Grace".to_owned(),
            },
            at: Timestamp::from_millis(0),
            note: Some("private".to_owned()),
            reason: None,
        };
        for (may_read, note) in [(true, json!("private")), (false, Value::Null)] {
            let problem = already_decided(decided.clone(), may_read).problem("id");
            assert_eq!(problem.members["decision"]["note"], note);
        }
    }
}
