//! `POST /v1/projects/{project_id}/explain`: whether somebody may talk to the agent, and why (SPEC A47).

use super::{chat_users, connectors};
use crate::{
    Deps,
    api_types::{ChangeActionName, FactName, ProjectPath},
    serving::serves_chat_user,
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, JsonBody, problem::ApiError, read_fields, validation,
};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::{
        decision::{Decision, DeliverReason, decide},
        explanation::{Asked, Explanation, explain},
        held_message::cool_down_ends,
        request::RequestStatus,
        standing::Standing,
    },
    chat::{message::Identity, user::ChatUser},
    connector::Connector,
    directory::end_user::LINKS_MAX,
    ids::{ChatUserId, ConnectorId},
    ports::Known,
};
use vestibule_edge::intake::{facts, look_up};
use vestibule_providers::catalogue::connector_kind;

/// Longest id that is looked up.
const IDENTIFIER_MAX_CHARS: usize = 200;

/// A person at a connector. Exactly one of `identifier` and `chat_user_id` is given.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"connector_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "identifier": "+1 555-123-4567"}))]
pub struct ExplainRequest {
    /// Connector to which the person would write.
    #[schema(required = true, nullable = false, format = "id")]
    connector_id: Option<String>,
    /// The platform's id of the person, at most 200 characters; on WhatsApp and for SMS, a phone number with its
    /// country code. It need not be on record.
    #[schema(nullable = false, max_length = 200)]
    identifier: Option<String>,
    /// Chat user, of the connector's provider.
    #[schema(nullable = false, format = "id")]
    chat_user_id: Option<String>,
}

/// Decision about a message that the person would write now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionName {
    /// The agent gets it.
    Deliver,
    /// The person is approved, because the directory vouches for them, and the agent gets it.
    ApproveAndDeliver,
    /// It is held, and makes or counts on a request.
    Onboard,
    /// It is acknowledged, without a request.
    Ignore,
    /// It is acknowledged, and nothing is written.
    Drop,
}

/// Reason for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionReasonName {
    /// An admin blocked the person.
    Blocked,
    /// The connector is open to everybody.
    OpenConnector,
    /// The person has access to the environment.
    Granted,
    /// The person was let in before the connector began to ask for approval.
    Kept,
    /// A user with the person's phone number has access to the environment.
    KnownPerson,
    /// The connector answers only people with access.
    NotOnAllowList,
    /// Nobody approved the person.
    NotApproved,
}

/// Explanation of a decision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "decision": "onboard", "reason": "not_approved",
    "sentence": "Ada cannot talk here yet: a request is pending since 10:02 UTC.",
    "facts": [{"fact": "blocked", "holds": false, "sentence": "Ada: not blocked."}],
    "changes": [{"sentence": "Approve Ada in Production.", "action": "approve"}]
}))]
pub struct ExplanationResponse {
    /// Decision about the person's next message.
    decision: DecisionName,
    /// Reason for it.
    reason: DecisionReasonName,
    /// Decision and reason in one sentence. Times are in UTC.
    sentence: String,
    /// Facts in the order in which they are heeded. The first that holds decides, apart from the last two, which say
    /// whether a message makes a request.
    facts: Vec<ExplainedFactResponse>,
    /// Changes that would lead to another decision.
    changes: Vec<PossibleChangeResponse>,
}

/// Fact that a decision depends on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"fact": "granted", "holds": true, "sentence": "Ada: approved in Production by Ana on 22 Nov."}))]
pub struct ExplainedFactResponse {
    /// Fact.
    fact: FactName,
    /// Whether it holds.
    holds: bool,
    /// Sentence about it.
    sentence: String,
}

/// Change that would lead to another decision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"sentence": "Approve Ada in Production.", "action": "approve"}))]
pub struct PossibleChangeResponse {
    /// Sentence about it.
    sentence: String,
    /// Action that makes it.
    action: ChangeActionName,
}

impl From<Explanation> for ExplanationResponse {
    fn from(explanation: Explanation) -> Self {
        let (decision, reason) = named(explanation.decision);
        Self {
            decision,
            reason,
            sentence: explanation.sentence,
            facts: explanation
                .facts
                .into_iter()
                .map(|fact| ExplainedFactResponse {
                    fact: fact.kind.into(),
                    holds: fact.holds,
                    sentence: fact.sentence,
                })
                .collect(),
            changes: explanation
                .changes
                .into_iter()
                .map(|change| PossibleChangeResponse {
                    sentence: change.sentence,
                    action: change.action.into(),
                })
                .collect(),
        }
    }
}

const fn named(decision: Decision) -> (DecisionName, DecisionReasonName) {
    match decision {
        Decision::Drop(_) => (DecisionName::Drop, DecisionReasonName::Blocked),
        Decision::Deliver(reason) => (
            DecisionName::Deliver,
            match reason {
                DeliverReason::OpenConnector => DecisionReasonName::OpenConnector,
                DeliverReason::Granted => DecisionReasonName::Granted,
                DeliverReason::Kept => DecisionReasonName::Kept,
            },
        ),
        Decision::ApproveAndDeliver(_) => (
            DecisionName::ApproveAndDeliver,
            DecisionReasonName::KnownPerson,
        ),
        Decision::Ignore(_) => (DecisionName::Ignore, DecisionReasonName::NotOnAllowList),
        Decision::Onboard(_) => (DecisionName::Onboard, DecisionReasonName::NotApproved),
    }
}

/// Explain a decision
///
/// Tells what would happen to a message that the person wrote now, and why. Nothing is changed. The answer follows from
/// the same rule and the same records as the decision about a real message; only the limit on new requests is not
/// considered.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/explain",
    tag = "Chat users",
    params(ProjectPath),
    request_body = ExplainRequest,
    responses((status = 200, description = "The explanation.", body = ExplanationResponse))
)]
pub async fn explain_decision(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    body: JsonBody,
) -> Result<Json<ExplanationResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let (deps, call) = (&deps, &call);
    let wanted = Wanted::read(body.0)?;
    let connector = connectors::read(deps, call, scope, wanted.connector_id).await?;
    let subject = match wanted.person {
        Person::Identifier(typed) => Subject::typed(&connector, typed)?,
        Person::ChatUser(id) => {
            let user = chat_users::read(deps, call, scope, id).await?;
            Subject::on_record(&connector, &user)?
        }
    };
    let now = call.now();
    let also = subject.also_known_as.as_ref();
    let known = look_up(deps.intake.as_ref(), &connector, &subject.sender, also, now).await?;
    let known = without_full_holder(deps, &connector, known).await?;
    let explanation = explained(deps, call, &connector, &known, subject.typed, now).await?;
    Ok(Json(explanation.into()))
}

/// Leaves the sender's number out if its holder is as many chat users as can be: then the message is decided without.
async fn without_full_holder(
    deps: &Deps,
    connector: &Connector,
    known: Known,
) -> Result<Known, ApiError> {
    let holder = known
        .number
        .as_ref()
        .map(|number| number.holder.end_user_id);
    let decision = decide(&facts(connector, &known));
    let (Some(id), Decision::ApproveAndDeliver(_)) = (holder, decision) else {
        return Ok(known);
    };
    let person = deps.end_users.get_end_user(connector.scope, id).await?;
    let own = known.chat_user.as_ref().map(|user| user.id);
    let is_full = person.is_some_and(|person| {
        let is_linked = own.is_some_and(|own| person.chat_users.contains(&own));
        !is_linked && person.chat_users.len() >= LINKS_MAX
    });
    if !is_full {
        return Ok(known);
    }
    Ok(Known {
        number: None,
        ..known
    })
}

/// Explains the decision from the records.
async fn explained(
    deps: &Deps,
    call: &Call,
    connector: &Connector,
    known: &Known,
    typed: String,
    now: Timestamp,
) -> Result<Explanation, ApiError> {
    let scope = connector.scope;
    let environment = deps
        .environments
        .get_environment(scope, connector.environment_id)
        .await?
        .ok_or_else(|| PortError::corrupt("connector", "its environment is not there"))?;
    let person = match &known.chat_user {
        Some(user) if serves_chat_user(deps, call, scope, user.id).await? => {
            user.display_name().to_owned()
        }
        _ => typed,
    };
    let standing = known.standing.as_ref();
    let pending_since = pending_since(deps, scope, standing).await?;
    Ok(explain(&Asked {
        facts: facts(connector, known),
        connector,
        environment: &environment.name,
        person: &person,
        pending_since,
        cool_down_ends: standing.and_then(|standing| cool_down_ends(standing, connector)),
        now,
    }))
}

/// Time of the pending request at the connector, if there is one.
async fn pending_since(
    deps: &Deps,
    scope: ProjectScope,
    standing: Option<&Standing>,
) -> Result<Option<Timestamp>, ApiError> {
    let pending = standing.filter(|standing| standing.request_pending);
    let Some(id) = pending.and_then(|standing| standing.request_id) else {
        return Ok(None);
    };
    let found = deps.access_requests.find_access_request(scope, id).await?;
    let pending = found.filter(|request| request.status() == RequestStatus::Pending);
    Ok(pending.map(|request| request.created_at))
}

/// The person whom the call is about.
#[derive(Debug, PartialEq, Eq)]
enum Person {
    Identifier(String),
    ChatUser(ChatUserId),
}

/// Validated body.
#[derive(Debug)]
struct Wanted {
    connector_id: ConnectorId,
    person: Person,
}

impl Wanted {
    fn read(fields: Map<String, Value>) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: ExplainRequest = read_fields(fields, &mut errors);
        errors.required("connector_id", request.connector_id.as_ref());
        let connector_id = request.connector_id.as_deref();
        let connector_id = validation::id("connector_id", connector_id, &mut errors);
        let identifier = request.identifier.as_deref().map(str::trim);
        if identifier
            .is_some_and(|text| text.is_empty() || text.chars().count() > IDENTIFIER_MAX_CHARS)
        {
            errors.add(
                "identifier",
                format!("must have 1 to {IDENTIFIER_MAX_CHARS} characters"),
            );
        }
        let id = request.chat_user_id.as_deref();
        let id = validation::id("chat_user_id", id, &mut errors);
        let person = match (identifier, &request.chat_user_id) {
            (Some(text), None) => Some(Person::Identifier(text.to_owned())),
            (None, Some(_)) => id.map(Person::ChatUser),
            (Some(_), Some(_)) => {
                errors.add("identifier", "cannot be given beside chat_user_id");
                None
            }
            (None, None) => {
                errors.add("identifier", "is required, or else chat_user_id");
                None
            }
        };
        match (connector_id, person) {
            (Some(connector_id), Some(person)) if errors.is_empty() => Ok(Self {
                connector_id,
                person,
            }),
            _ => Err(errors.into_validation()),
        }
    }
}

/// The person, by the ids that the platform would name.
struct Subject {
    sender: Identity,
    also_known_as: Option<Identity>,
    /// The id that was asked about.
    typed: String,
}

impl Subject {
    fn typed(connector: &Connector, typed: String) -> Result<Self, ApiError> {
        let kind = connector_kind(&connector.provider)
            .ok_or_else(|| PortError::corrupt("connector", "its provider is not known"))?;
        let Some(sender) = kind.person(connector, &typed) else {
            let mut errors = FieldErrors::default();
            let rule = format!("must be the id of a person on {}", kind.label());
            errors.add("identifier", rule);
            return Err(errors.into_validation());
        };
        Ok(Self {
            sender,
            also_known_as: None,
            typed,
        })
    }

    fn on_record(connector: &Connector, user: &ChatUser) -> Result<Self, ApiError> {
        if user.identity.provider != connector.provider {
            let mut errors = FieldErrors::default();
            errors.add(
                "chat_user_id",
                "must be a chat user of the connector's provider",
            );
            return Err(errors.into_validation());
        }
        // The id that is no phone number is the more stable one.
        let (sender, also_known_as) = match &user.other_id {
            Some(other) if user.identity.is_phone() => (other, Some(&user.identity)),
            other => (&user.identity, other.as_ref()),
        };
        Ok(Self {
            sender: sender.clone(),
            also_known_as: also_known_as.cloned(),
            typed: user.display_name().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<Person, Vec<String>> {
        let Value::Object(fields) = value else {
            panic!("not an object")
        };
        let wanted = Wanted::read(fields).map_err(|error| {
            let fields = error.errors().iter().map(|error| error.field.clone());
            fields.collect::<Vec<_>>()
        });
        wanted.map(|wanted| wanted.person)
    }

    /// SPEC A47.
    #[test]
    fn a_question_is_about_one_person_at_one_connector() {
        let connector = ConnectorId::derive(&["c"]);
        let user = ChatUserId::derive(&["u"]);
        assert_eq!(
            read(json!({"connector_id": connector, "identifier": " U1 "})),
            Ok(Person::Identifier("U1".to_owned()))
        );
        assert_eq!(
            read(json!({"connector_id": connector, "chat_user_id": user})),
            Ok(Person::ChatUser(user))
        );
        for (body, field) in [
            (json!({"identifier": "U1"}), "connector_id"),
            (
                json!({"connector_id": "x", "identifier": "U1"}),
                "connector_id",
            ),
            (json!({"connector_id": connector}), "identifier"),
            (
                json!({"connector_id": connector, "identifier": " "}),
                "identifier",
            ),
            (
                json!({"connector_id": connector, "identifier": "1".repeat(201)}),
                "identifier",
            ),
            (
                json!({"connector_id": connector, "identifier": "U1", "chat_user_id": user}),
                "identifier",
            ),
            (
                json!({"connector_id": connector, "chat_user_id": "x"}),
                "chat_user_id",
            ),
        ] {
            assert_eq!(read(body), Err(vec![field.to_owned()]));
        }
    }
}
