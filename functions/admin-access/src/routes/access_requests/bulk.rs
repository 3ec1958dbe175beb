//! `POST /v1/projects/{project_id}/access-requests/decide`

use super::{
    super::projects,
    decide::{ALREADY_DECIDED, CHAT_USER_BLOCKED, follow_up, record_decision, settled},
    details::{AccessRequestDetailsResponse, rendered},
    directory::{self, DirectoryRequest},
};
use crate::{
    Deps,
    api_types::{ProjectPath, VerdictName},
    serving::{Served, served},
};
use axum::{Json, extract::State};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, JsonBody,
    jobs::enqueue_or_leave,
    problem::{ApiError, CHANGED_MEANWHILE, NOT_FOUND, Problem, RIGHT_CHANGED, UNAVAILABLE},
    read_fields, validation,
};
use vestibule_domain::{
    access::request::{AccessRequest, DecideOutcome, Verdict},
    account::permission::Permission,
    directory::registration::DirectoryChoice,
    error::Chain,
    ids::AccessRequestId,
    job::OnboardChatUser,
};

/// Maximum number of requests that one call decides (SPEC B32).
const IDS_MAX: usize = 100;
/// Time after which no further decision is begun: the HTTP API waits for 30 seconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// Number of jobs that are enqueued at a time.
const JOBS_AT_ONCE: usize = 10;

/// A decision about several access requests.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"decision": "approve", "ids": ["01JD3Q3Z9V8M4T6K2N7P5R1S0W"], "note": "The new team."}))]
pub struct BulkDecisionRequest {
    /// Decision, the same for all of them.
    #[schema(required = true, nullable = false)]
    decision: Option<VerdictName>,
    /// Ids of the requests, each once.
    #[schema(required = true, nullable = false, min_items = 1, max_items = 100)]
    ids: Option<Vec<String>>,
    /// Note for other admins, at most 4000 characters. The people do not see it.
    #[schema(max_length = 4000)]
    note: Option<String>,
    /// Place of approved people among the users of the project: `create_new` or `none`. By default, each is linked
    /// to the user with the phone number that the platform asserts, or becomes a new user.
    directory: Option<DirectoryRequest>,
}

/// The results of a decision about several access requests.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkDecisionResponse {
    /// One result for each id, in the order of the call.
    results: Vec<BulkResultResponse>,
}

/// The result for one access request.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkResultResponse {
    /// Id of the request.
    id: String,
    /// Outcome for this request.
    outcome: BulkOutcome,
    /// The request as it stands; null unless it is decided, and for callers who may not read it.
    request: Option<AccessRequestDetailsResponse>,
    /// Reason why this call did not decide the request; null if it did.
    problem: Option<Problem>,
}

/// Outcome for one of several access requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum BulkOutcome {
    /// This caller's decision stands, made by this call or by an earlier one like it.
    Decided,
    /// Another decision was made before.
    Already,
    /// Others kept changing the same records.
    Conflict,
    /// The person is blocked and must be unblocked first.
    Blocked,
    /// There is no such request, or this caller may not see it.
    NotFound,
    /// The caller lost the right to decide meanwhile.
    Forbidden,
    /// Something failed on our side, or time was up; the call can be repeated.
    Failed,
}

/// Decide several access requests
///
/// Approves or rejects up to 100 requests, each as if it were decided alone; one that cannot be decided does
/// not hold up the others. Repeating the call with the same API key changes nothing.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/access-requests/decide",
    tag = "Access requests",
    params(ProjectPath),
    request_body = BulkDecisionRequest,
    responses((status = 200, description = "A result for each request.", body = BulkDecisionResponse))
)]
pub async fn decide_access_requests(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    body: JsonBody,
) -> Result<Json<BulkDecisionResponse>, ApiError> {
    let asked = Asked::read(body.0)?;
    let scope = call.scope().project(path.project_id);
    let requests = deps.access_requests.as_ref();
    let found = requests.find_access_requests(scope, &asked.ids).await?;
    if found.is_empty() {
        projects::read(&deps, call.scope(), path.project_id).await?;
    }
    let deciding = Deciding {
        deps: &deps,
        call: &call,
        served: served(&deps, &call, scope).await?,
        asked: &asked,
    };
    let (results, jobs) = deciding.all(found).await;
    stream::iter(jobs)
        .for_each_concurrent(JOBS_AT_ONCE, |job| {
            enqueue_or_leave(deps.onboarding.as_ref(), job)
        })
        .await;
    let results = shown(&deps, &call, results).await;
    Ok(Json(BulkDecisionResponse { results }))
}

/// A call that was checked.
#[derive(Debug)]
struct Asked {
    verdict: Verdict,
    ids: Vec<AccessRequestId>,
    note: Option<String>,
    choice: DirectoryChoice,
}

impl Asked {
    fn read(fields: Map<String, Value>) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: BulkDecisionRequest = read_fields(fields, &mut errors);
        let verdict = errors.required("decision", request.decision);
        let given = errors.required("ids", request.ids).unwrap_or_default();
        if given.len() > IDS_MAX || (given.is_empty() && !errors.names("ids")) {
            errors.add("ids", format!("must be 1 to {IDS_MAX} ids"));
        }
        let mut ids: Vec<AccessRequestId> = Vec::new();
        for (place, id) in given.iter().take(IDS_MAX).enumerate() {
            let id: Option<AccessRequestId> =
                validation::id(&format!("ids.{place}"), Some(id), &mut errors);
            ids.extend(id);
        }
        let unique: BTreeSet<_> = ids.iter().collect();
        if unique.len() < ids.len() {
            errors.add("ids", "must not name a request twice");
        }
        let note = validation::note("note", request.note.as_deref(), &mut errors);
        let choice = directory::read(request.directory, &mut errors);
        if let DirectoryChoice::AddToExisting(_) = choice {
            let rule = "must be one of `create_new`, `none`: several people are not one user";
            errors.add("directory.action", rule);
        }
        match verdict {
            Some(verdict) if errors.is_empty() => Ok(Self {
                verdict: verdict.into(),
                ids,
                note,
                choice,
            }),
            _ => Err(errors.into_validation()),
        }
    }
}

/// The result for one request, before it is shown.
struct Decided {
    id: AccessRequestId,
    outcome: BulkOutcome,
    request: Option<AccessRequest>,
    problem: Option<ApiError>,
}

/// Everything that the decisions need.
struct Deciding<'a> {
    deps: &'a Deps,
    call: &'a Call,
    served: Served,
    asked: &'a Asked,
}

impl Deciding<'_> {
    /// Decides the requests one after another, and returns the jobs that follow. Side by side, their transactions
    /// would meet at the rows that prove the caller's right.
    async fn all(&self, found: Vec<AccessRequest>) -> (Vec<Decided>, Vec<OnboardChatUser>) {
        let mut found: HashMap<_, _> = found
            .into_iter()
            .filter(|request| self.served.contains(request.connector_id))
            .map(|request| (request.id, request))
            .collect();
        let begun = Instant::now();
        let (mut results, mut jobs) = (Vec::new(), Vec::new());
        for id in &self.asked.ids {
            let outcome = match found.remove(id) {
                None => Err(ApiError::not_found("access request")),
                Some(_) if begun.elapsed() > PATIENCE => Err(ApiError::new(&UNAVAILABLE)),
                Some(request) => self.one(request).await,
            };
            if let Ok(outcome) = &outcome {
                jobs.extend(follow_up(outcome));
            }
            results.push(self.settle(*id, outcome));
        }
        (results, jobs)
    }

    async fn one(&self, request: AccessRequest) -> Result<DecideOutcome, ApiError> {
        let note = self.asked.note.clone();
        let decided = (self.asked.verdict, self.asked.choice);
        record_decision(self.deps, self.call, request, note, decided).await
    }

    fn settle(&self, id: AccessRequestId, outcome: Result<DecideOutcome, ApiError>) -> Decided {
        let earlier = match &outcome {
            Ok(DecideOutcome::AlreadyDecided(request)) => Some(request.as_ref().clone()),
            _ => None,
        };
        match outcome.and_then(|outcome| settled(outcome, self.call)) {
            Ok(request) => Decided {
                id,
                outcome: BulkOutcome::Decided,
                request: Some(request),
                problem: None,
            },
            Err(problem) => Decided {
                id,
                outcome: outcome_of(&problem),
                request: earlier,
                problem: Some(problem),
            },
        }
    }
}

fn outcome_of(problem: &ApiError) -> BulkOutcome {
    let kinds = [
        (&ALREADY_DECIDED, BulkOutcome::Already),
        (&CHAT_USER_BLOCKED, BulkOutcome::Blocked),
        (&CHANGED_MEANWHILE, BulkOutcome::Conflict),
        (&NOT_FOUND, BulkOutcome::NotFound),
        (&RIGHT_CHANGED, BulkOutcome::Forbidden),
    ];
    let kind = problem.kind();
    let mut known = kinds.into_iter();
    let found = known.find(|(known, _)| *known == kind);
    found.map_or(BulkOutcome::Failed, |(_, outcome)| outcome)
}

/// Renders the results. The decisions stand, so a failure to read what is shown beside the requests is none of
/// the call.
async fn shown(deps: &Deps, call: &Call, results: Vec<Decided>) -> Vec<BulkResultResponse> {
    let requests = results.iter().filter_map(|one| one.request.clone());
    let requests: Vec<_> = requests
        .filter(|_| call.caller.may(Permission::AccessRequestsRead))
        .collect();
    let views = deps.access_requests.view_access_requests(requests).await;
    let views = views.unwrap_or_else(|error| {
        tracing::warn!(error = %Chain(&error), "the requests that were decided are not shown");
        Vec::new()
    });
    let mut views: HashMap<_, _> = views
        .into_iter()
        .map(|view| (view.request.id, view))
        .collect();
    results
        .into_iter()
        .map(|one| {
            if let Some(problem) = &one.problem {
                problem.log();
            }
            let view = views.remove(&one.id);
            let problem = one.problem.as_ref();
            BulkResultResponse {
                id: one.id.to_string(),
                outcome: one.outcome,
                request: view.map(|view| rendered(deps, call, view).1),
                problem: problem.map(|problem| problem.problem(&call.origin.request_id)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_domain::{PortError, account::proof::CallerProof};

    const ID: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";

    fn read(value: Value) -> Result<Asked, Vec<String>> {
        let Value::Object(fields) = value else {
            panic!("not an object")
        };
        Asked::read(fields).map_err(|error| {
            let fields = error.errors().iter().map(|error| error.field.clone());
            fields.collect()
        })
    }

    /// SPEC B32.
    #[test]
    fn a_call_names_one_decision_and_up_to_a_hundred_requests_each_once() {
        let asked = read(json!({"decision": "reject", "ids": [ID], "note": " spam "})).unwrap();
        assert_eq!(asked.verdict, Verdict::Reject);
        assert_eq!((asked.ids.len(), asked.note.as_deref()), (1, Some("spam")));
        let many = |count: u32| -> Vec<String> {
            let id = |one: u32| AccessRequestId::derive(&[&one.to_string()]).to_string();
            (0..count).map(id).collect()
        };
        assert!(read(json!({"decision": "approve", "ids": many(100)})).is_ok());
        for (body, fields) in [
            (json!({}), vec!["decision", "ids"]),
            (json!({"decision": "approve", "ids": []}), vec!["ids"]),
            (
                json!({"decision": "approve", "ids": many(101)}),
                vec!["ids"],
            ),
            (json!({"decision": "approve", "ids": [ID, ID]}), vec!["ids"]),
            (
                json!({"decision": "approve", "ids": [ID, "x"]}),
                vec!["ids.1"],
            ),
            (json!({"decision": "maybe", "ids": [ID]}), vec!["decision"]),
            (
                json!({"decision": "approve", "ids": [ID], "directory": {"action": "add_to_existing", "end_user_id": ID}}),
                vec!["directory.action"],
            ),
        ] {
            assert_eq!(read(body.clone()).err().unwrap(), fields, "{body}");
        }
    }

    #[test]
    fn every_problem_of_a_request_has_its_outcome() {
        for (problem, outcome) in [
            (ApiError::new(&ALREADY_DECIDED), BulkOutcome::Already),
            (ApiError::new(&CHAT_USER_BLOCKED), BulkOutcome::Blocked),
            (ApiError::not_found("access request"), BulkOutcome::NotFound),
            (
                PortError::Conflict { what: "standing" }.into(),
                BulkOutcome::Conflict,
            ),
            (CallerProof::LOST.into(), BulkOutcome::Forbidden),
            (
                PortError::rejected("store", "no").into(),
                BulkOutcome::Failed,
            ),
        ] {
            assert_eq!(outcome_of(&problem), outcome, "{problem}");
        }
    }
}
