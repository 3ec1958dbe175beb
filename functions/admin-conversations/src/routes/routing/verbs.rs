//! `…/conversations/{conversation_id}/offer`, `claim`, `assign`, `transfer`, `requeue` and `release`.

use super::{Asked, MEMBERS_ONLY, asking::Asking, targets::may_exceed};
use crate::{
    Deps,
    api_types::ConversationPath,
    routes::conversations::{
        ConversationResponse,
        case::{Cases, shown},
        find_conversation,
    },
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IDEMPOTENCY_REPLAYED, IdempotencyKey, JsonBody, OptionalJsonBody,
    api_types::IdempotencyHeader,
    problem::{ApiError, Problem},
    read_fields, validation,
};
use vestibule_domain::{
    ids::{MemberId, TeamId},
    routing::routed::{RoutedCall, Verb},
};

/// An offer of a conversation to the team.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"skills": ["German"]}))]
pub struct OfferConversationRequest {
    /// Id of the team that is asked for, instead of the connector's.
    #[schema(format = "id")]
    team_id: Option<String>,
    /// Skills that it takes, beside those that the connector asks for: at most 50, each 1 to 50 characters.
    #[schema(max_items = 50)]
    skills: Option<Vec<String>>,
}

/// A claim of a conversation.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"override": true}))]
pub struct ClaimConversationRequest {
    /// Whether to exceed the limit if need be, which takes the permission `routing.override`; false by default.
    #[serde(rename = "override")]
    exceed: Option<bool>,
}

/// A member or team for a conversation. Exactly one of `member_id` and `team_id` is given.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"member_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W"}))]
pub struct GiveConversationRequest {
    /// Id of the member who gets it.
    #[schema(format = "id")]
    member_id: Option<String>,
    /// Id of the team for whose members it waits.
    #[schema(format = "id")]
    team_id: Option<String>,
    /// Whether to exceed the member's limit if need be, which takes the permission `routing.override`; false by default.
    #[serde(rename = "override")]
    exceed: Option<bool>,
}

/// A call without anything in its body.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// The member or team in a body.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    Member(MemberId),
    Team(TeamId),
}

fn read_target(fields: Map<String, Value>) -> Result<(Target, Option<bool>), ApiError> {
    let mut errors = FieldErrors::default();
    let request: GiveConversationRequest = read_fields(fields, &mut errors);
    let member = validation::id("member_id", request.member_id.as_deref(), &mut errors);
    let team = validation::id("team_id", request.team_id.as_deref(), &mut errors);
    let target = match (member, team) {
        (Some(id), None) => Some(Target::Member(id)),
        (None, Some(id)) => Some(Target::Team(id)),
        (Some(_), Some(_)) => {
            errors.add("team_id", "must not be given together with `member_id`");
            None
        }
        (None, None) => {
            // An id of the wrong form was told already.
            if errors.is_empty() {
                errors.add("member_id", "must be given, or `team_id`");
            }
            None
        }
    };
    match target {
        Some(target) if errors.is_empty() => Ok((target, request.exceed)),
        _ => Err(errors.into_validation()),
    }
}

/// Offer a conversation to the team
///
/// Hands the conversation off, and looks for a member who can take it; it waits until there is one. A conversation that
/// is with the team already stays as it is. Client, channel, team and skills are those of its connector, unless the call
/// names another team or further skills.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/offer",
    tag = "Routing",
    params(ConversationPath, IdempotencyHeader),
    request_body(content = Option<OfferConversationRequest>, description = "Optional."),
    responses(
        (status = 200, description = "The conversation is with the team.", body = ConversationResponse),
        (status = 409, description = "It cannot be offered now; the `type` says why.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn offer_conversation(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    ApiPath(path): ApiPath<ConversationPath>,
    body: OptionalJsonBody,
) -> Result<Response, ApiError> {
    let mut errors = FieldErrors::default();
    let request: OfferConversationRequest = read_fields(body.0.clone(), &mut errors);
    let team_id = validation::id("team_id", request.team_id.as_deref(), &mut errors);
    let skills = request.skills.unwrap_or_default();
    let skills = validation::skills("skills", &skills, &mut errors);
    errors.check_body()?;
    let asking = Asking::Offer { team_id, skills };
    change(&deps, &call, path, (&idempotency, &body.0), asking).await
}

/// Claim a conversation
///
/// Gives a conversation that waits to the member who calls. If two claim it, one gets it, and the other is told who has it.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/claim",
    tag = "Routing",
    params(ConversationPath, IdempotencyHeader),
    request_body(content = Option<ClaimConversationRequest>, description = "Optional."),
    responses(
        (status = 200, description = "The caller has the conversation.", body = ConversationResponse),
        (status = 409, description = "Another member has it, or the caller cannot; the `type` says why.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn claim_conversation(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    ApiPath(path): ApiPath<ConversationPath>,
    body: OptionalJsonBody,
) -> Result<Response, ApiError> {
    let mut errors = FieldErrors::default();
    let request: ClaimConversationRequest = read_fields(body.0.clone(), &mut errors);
    errors.check_body()?;
    let Some(member_id) = call.caller.member_id else {
        let scope = call.scope().project(path.project_id);
        find_conversation(&deps, &call, scope, path.conversation_id).await?;
        return Err(ApiError::new(&MEMBERS_ONLY));
    };
    let asking = Asking::Give {
        verb: Verb::Claim,
        member_id,
        may_exceed: may_exceed(&call, request.exceed)?,
    };
    change(&deps, &call, path, (&idempotency, &body.0), asking).await
}

/// Assign a conversation
///
/// Gives a conversation that waits to a member, available or not, or to a team, for whose members it then waits.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/assign",
    tag = "Routing",
    params(ConversationPath, IdempotencyHeader),
    request_body = GiveConversationRequest,
    responses(
        (status = 200, description = "The member has the conversation, or it waits for the team.", body = ConversationResponse),
        (status = 409, description = "Another member has it, or this one cannot; the `type` says why.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn assign_conversation(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    ApiPath(path): ApiPath<ConversationPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let asking = read_giving(&call, Verb::Assign, body.0.clone())?;
    change(&deps, &call, path, (&idempotency, &body.0), asking).await
}

/// Transfer a conversation
///
/// Passes a conversation on, from whoever has it: to a member, available or not, or to a team. Then it waits at the place
/// of its offer, and the member who had it is not asked again in that wait.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/transfer",
    tag = "Routing",
    params(ConversationPath, IdempotencyHeader),
    request_body = GiveConversationRequest,
    responses(
        (status = 200, description = "The member has the conversation, or it waits for the team.", body = ConversationResponse),
        (status = 409, description = "The member cannot have it; the `type` says why.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn transfer_conversation(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    ApiPath(path): ApiPath<ConversationPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let asking = read_giving(&call, Verb::Transfer, body.0.clone())?;
    change(&deps, &call, path, (&idempotency, &body.0), asking).await
}

/// Requeue a conversation
///
/// Puts a conversation that a member has back in the queue, at the place of its offer. Only the member who calls is not
/// asked again in that wait: whoever requeues what another member has leaves that member in the running, and should use
/// `transfer` to give it to somebody else. A call with a key of the account leaves out nobody. One that waits stays as it
/// is.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/requeue",
    tag = "Routing",
    params(ConversationPath, IdempotencyHeader),
    responses(
        (status = 200, description = "The conversation waits.", body = ConversationResponse),
        (status = 409, description = "The conversation is not with the team, or others keep changing it.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn requeue_conversation(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    ApiPath(path): ApiPath<ConversationPath>,
    body: OptionalJsonBody,
) -> Result<Response, ApiError> {
    read_nothing(body.0.clone())?;
    let keyed = (&idempotency, &body.0);
    change(&deps, &call, path, keyed, Asking::Requeue).await
}

/// Release a conversation
///
/// Ends the work on a conversation: nobody has it, nobody is looked for, and the member has room for another one. It stays
/// handed off: the next message of a person offers it again, unless it was given back to the agent meanwhile. One that no
/// member has, and that waits for none, stays as it is.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/release",
    tag = "Routing",
    params(ConversationPath, IdempotencyHeader),
    responses(
        (status = 200, description = "Nobody has the conversation.", body = ConversationResponse),
        (status = 409, description = "Others keep changing it.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn release_conversation(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    ApiPath(path): ApiPath<ConversationPath>,
    body: OptionalJsonBody,
) -> Result<Response, ApiError> {
    read_nothing(body.0.clone())?;
    let keyed = (&idempotency, &body.0);
    change(&deps, &call, path, keyed, Asking::Release).await
}

fn read_nothing(fields: Map<String, Value>) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    let Nothing {} = read_fields(fields, &mut errors);
    errors.check_body()
}

fn read_giving(call: &Call, verb: Verb, fields: Map<String, Value>) -> Result<Asking, ApiError> {
    let (target, exceed) = read_target(fields)?;
    Ok(match target {
        Target::Member(member_id) => Asking::Give {
            verb,
            member_id,
            may_exceed: may_exceed(call, exceed)?,
        },
        Target::Team(team_id) => Asking::ToTeam { verb, team_id },
    })
}

/// Checks that the account has the team that is asked for.
async fn check_team(deps: &Deps, call: &Call, asking: &Asking) -> Result<(), ApiError> {
    let id = match asking {
        Asking::ToTeam { team_id, .. }
        | Asking::Offer {
            team_id: Some(team_id),
            ..
        } => *team_id,
        _ => return Ok(()),
    };
    if deps.teams.get_team(call.scope(), id).await?.is_some() {
        return Ok(());
    }
    let mut errors = FieldErrors::default();
    errors.add("team_id", "must be the id of a team of this account");
    Err(errors.into_validation())
}

/// Makes the change that a call asks for, once, and shows the conversation.
async fn change(
    deps: &Deps,
    call: &Call,
    path: ConversationPath,
    (idempotency, body): (&IdempotencyKey, &Map<String, Value>),
    asking: Asking,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let id = path.conversation_id;
    let mut view = find_conversation(deps, call, scope, id).await?;
    check_team(deps, call, &asking).await?;
    let route = format!(
        "projects/{}/conversations/{id}/{}",
        path.project_id,
        asking.key()
    );
    let request_hash = idempotency.request_hash(body);
    let asked = Asked {
        deps,
        call,
        scope,
        id,
        key: request_hash.map(|request_hash| RoutedCall {
            id: idempotency.id(call, &route),
            request_hash,
        }),
        asking,
    };
    let settled = Box::pin(asked.settle()).await?;
    if matches!(asked.asking, Asking::Offer { .. }) {
        // The offer handed it off, unless an earlier call did.
        view = find_conversation(deps, call, scope, id).await?;
    }
    let shown = match &settled.case {
        Some(case) => Cases::new(deps, scope).show(view, Some(case)).await?,
        None => shown(deps, scope, view).await?,
    };
    let mut response = Json(shown).into_response();
    if settled.replayed {
        response.headers_mut().extend([IDEMPOTENCY_REPLAYED]);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_admin::problem::VALIDATION;

    const ID: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";

    fn read(body: &Value) -> Result<(Target, Option<bool>), Vec<String>> {
        read_target(body.as_object().unwrap().clone()).map_err(|error| {
            assert_eq!(error.kind(), &VALIDATION, "{body}");
            let fields = error.errors().iter().map(|error| error.field.clone());
            fields.collect()
        })
    }

    #[test]
    fn a_conversation_is_given_to_a_member_or_to_a_team_and_to_nobody_else() {
        let member = Target::Member(ID.parse().unwrap());
        let team = Target::Team(ID.parse().unwrap());
        assert_eq!(read(&json!({"member_id": ID})), Ok((member, None)));
        assert_eq!(
            read(&json!({"team_id": ID, "override": true})),
            Ok((team, Some(true)))
        );
        for (body, field) in [
            (json!({}), "member_id"),
            (json!({"member_id": null}), "member_id"),
            (json!({"member_id": "ana"}), "member_id"),
            (json!({"team_id": "sales"}), "team_id"),
            (json!({"member_id": ID, "team_id": ID}), "team_id"),
            (json!({"member_id": ID, "override": "yes"}), "override"),
            (json!({"member_id": ID, "note": "x"}), "note"),
        ] {
            assert_eq!(read(&body), Err(vec![field.to_owned()]), "{body}");
        }
    }

    #[test]
    fn a_call_that_asks_for_nothing_more_has_an_empty_body() {
        assert!(read_nothing(Map::new()).is_ok());
        let body = json!({"member_id": ID});
        assert!(read_nothing(body.as_object().unwrap().clone()).is_err());
    }
}
