//! `DELETE /v1/projects/{project_id}/environments/{environment_id}`

use super::{beside::all_connectors, facts, layout, read};
use crate::{Deps, api_types::EnvironmentPath};
use axum::{extract::State, http::StatusCode};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, IfMatch, amend,
    api_types::IfMatchHeader,
    jobs::enqueue_or_leave,
    log,
    problem::{ApiError, Problem, ProblemMember},
    problem_types,
};
use vestibule_domain::{
    account::{Environment, layout::ProjectLayout},
    connector::Connector,
    erasure::Erasure,
    event::{Change, Event},
    ids::ConnectorId,
    ports::{EnvironmentDeletion, EnvironmentNeed, OUTBOX_PATIENCE},
};

problem_types! {
    ENVIRONMENT_IN_USE = "environment-in-use", CONFLICT, "The environment is in use",
        "`leading_connectors` lists the connectors that lead to it, and `users` end users who hold no other environment. Point the connectors at another environment or delete them, and give the users another environment or delete them, first. `messages_wait` is true while messages wait for its agent, and `is_settling` while another deleted environment is still taken from the users who held it, for some minutes.",
        [CONNECTORS, OTHER_CONNECTORS, USERS, MESSAGES_WAIT, IS_SETTLING];
}

const CONNECTORS: ProblemMember = ProblemMember::named::<LeadingConnectors>(
    "leading_connectors",
    "Connectors that lead to the environment, of the clients whose records the caller may touch.",
);
const OTHER_CONNECTORS: ProblemMember = ProblemMember::of::<u32>(
    "other_connectors",
    "Number of connectors of other clients that lead to it.",
);
const USERS: ProblemMember =
    ProblemMember::named::<NeedingUsers>("users", "End users who hold no other environment.");
const MESSAGES_WAIT: ProblemMember =
    ProblemMember::of::<bool>("messages_wait", "Whether messages wait for its agent.");
const IS_SETTLING: ProblemMember = ProblemMember::of::<bool>(
    "is_settling",
    "Whether another deleted environment is still taken from the users who held it.",
);

/// Connectors that lead to an environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadingConnectors(Vec<LeadingConnector>);

/// A connector that leads to an environment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Support on Slack"}))]
pub struct LeadingConnector {
    /// Id.
    id: String,
    /// Name.
    name: String,
}

/// End users who need an environment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"count": 1, "more": false, "some": [{"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "display_name": "Ada Lovelace"}]}))]
pub struct NeedingUsers {
    /// Number counted, up to a thousand.
    count: u32,
    /// Whether there are more.
    more: bool,
    /// Some of them; 20 at most.
    some: Vec<NeedingUser>,
}

/// An end user who needs an environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct NeedingUser {
    /// Id.
    id: String,
    /// Name to show.
    display_name: String,
}

/// Delete an environment
///
/// Refused while a connector leads to it, an end user holds no other environment, or messages wait for its agent.
/// From this call on it opens the agent to nobody; the users who hold other environments too lose it within minutes
/// as a rule. An API key that is limited to it reaches nothing any more.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project_id}/environments/{environment_id}",
    tag = "Environments",
    params(EnvironmentPath, IfMatchHeader),
    responses(
        (status = 204, description = "The environment is deleted."),
        (status = 409, description = "The environment is in use, or other callers keep changing the project's environments.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_environment(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<EnvironmentPath>,
) -> Result<StatusCode, ApiError> {
    let scope = call.scope().project(path.project_id);
    let (deps, call) = (&deps, &call);
    amend(
        &if_match,
        || read(deps, scope, path.environment_id),
        |environment| async move {
            let layout = layout(deps, scope).await?;
            let leading = Leading::to(deps, call, &environment, &layout).await?;
            if !leading.is_empty() {
                let need = deps.environments.need_of(scope, environment.id).await?;
                return Err(in_use(leading, need));
            }
            let now = call.now();
            let change = Change {
                event: Event::EnvironmentDeleted(environment.id),
                before: facts(&environment),
                after: Value::Null,
            };
            let entry = call.audit(change, now);
            let erasure = Erasure::of_environment(scope, environment.id, now);
            let order = (&erasure, now.plus(OUTBOX_PATIENCE));
            let outcome = deps
                .environments
                .delete_environment(&environment, layout.version, order, &entry)
                .await?;
            if let EnvironmentDeletion::Needed(need) = outcome {
                return Err(in_use(leading, need));
            }
            enqueue_or_leave(deps.onboarding.as_ref(), erasure.job()).await;
            log(&entry);
            Ok(StatusCode::NO_CONTENT)
        },
    )
    .await
}

/// The connectors that lead to an environment.
#[derive(Debug, Default)]
struct Leading {
    /// Those that the caller may know.
    shown: Vec<LeadingConnector>,
    /// The number of others.
    others: u32,
}

impl Leading {
    /// Finds them in the layout and, for those of earlier releases, in the list.
    async fn to(
        deps: &Deps,
        call: &Call,
        environment: &Environment,
        layout: &ProjectLayout,
    ) -> Result<Self, ApiError> {
        let scope = environment.scope;
        let listed = all_connectors(deps, scope).await?;
        let is_known = |id: ConnectorId| layout.connectors.contains_key(&id);
        let listed = listed
            .into_iter()
            .filter(|one| one.environment_id == environment.id && !is_known(one.id));
        let mut found: Vec<Connector> = listed.collect();
        for id in layout.leading_to(environment.id) {
            found.extend(deps.connectors.get_connector(scope, id).await?);
        }
        let mut leading = Self::default();
        for connector in found {
            if call.may_serve(connector.client_id) {
                leading.shown.push(LeadingConnector {
                    id: connector.id.to_string(),
                    name: connector.name,
                });
            } else {
                leading.others += 1;
            }
        }
        Ok(leading)
    }

    fn is_empty(&self) -> bool {
        self.shown.is_empty() && self.others == 0
    }
}

/// The problem of an environment that these need.
fn in_use(leading: Leading, need: EnvironmentNeed) -> ApiError {
    let some = need.some.into_iter().map(|user| NeedingUser {
        id: user.id.to_string(),
        display_name: user.display_name(),
    });
    let users = NeedingUsers {
        count: need.users.count,
        more: need.users.more,
        some: some.collect(),
    };
    // Structs of strings and numbers always serialise to JSON.
    let users = serde_json::to_value(users).unwrap_or_default();
    let connectors = LeadingConnectors(leading.shown);
    let connectors = serde_json::to_value(connectors).unwrap_or_default();
    ApiError::new(&ENVIRONMENT_IN_USE)
        .with_member(&CONNECTORS, connectors)
        .with_member(&OTHER_CONNECTORS, leading.others)
        .with_member(&USERS, users)
        .with_member(&MESSAGES_WAIT, need.messages_wait)
        .with_member(&IS_SETTLING, need.is_settling)
}
