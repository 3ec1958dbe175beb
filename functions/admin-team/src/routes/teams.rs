//! Teams: groups of members for routing (SPEC E12, E35).

use super::members::{MEMBERS, NamedMembers};
use crate::{Deps, api_types::TeamPath, by};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, ListQuery, PageParams, amend,
    api_types::{IfMatchHeader, ListResponse, created, found},
    log,
    problem::{ApiError, CHANGED_MEANWHILE, Problem},
    problem_types, read_fields, validation,
};
use vestibule_domain::{
    Timestamp,
    event::{Change, Event},
    ids::TeamId,
    page::{Order, PAGE_MAX, PageRequest},
    ports::{MemberFilter, TeamAdded, TeamOutcome},
    team::{member::Member, team_record::Team},
};

problem_types! {
    TEAM_IN_USE = "team-in-use", CONFLICT, "Members are in the team",
        "`members` lists some of them. Take them out of it first.", [MEMBERS];
}

/// Members that the refusal of a deletion names.
const NAMED_MAX: usize = 20;
/// Attempts to create a team while others create or rename one of its name.
const ATTEMPTS: u32 = 4;

/// Name of a team.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Night shift"}))]
pub struct TeamRequest {
    /// Name, 1 to 100 characters. Names that differ in case alone are one.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    name: Option<String>,
}

/// A team.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Night shift",
    "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:00.000Z"
}))]
pub struct TeamResponse {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Team> for TeamResponse {
    fn from(team: Team) -> Self {
        Self {
            id: team.id.to_string(),
            name: team.name,
            created_at: team.created_at,
            updated_at: team.updated_at,
        }
    }
}

/// List the teams
///
/// By name. The list of members has a filter for those of a team.
#[utoipa::path(
    get,
    path = "/v1/teams",
    tag = "Teams",
    params(PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<TeamResponse>))
)]
pub async fn list_teams(
    State(deps): State<Arc<Deps>>,
    call: Call,
    query: ListQuery<()>,
) -> Result<Json<ListResponse<TeamResponse>>, ApiError> {
    let page = deps.teams.list_teams(call.scope(), &query.page).await?;
    Ok(ListResponse::of(page, Into::into))
}

/// Read a team
#[utoipa::path(
    get,
    path = "/v1/teams/{team_id}",
    tag = "Teams",
    params(TeamPath),
    responses((status = 200, description = "The team.", body = TeamResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))))
)]
pub async fn get_team(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<TeamPath>,
) -> Result<Response, ApiError> {
    let team = read(&deps, &call, path.team_id).await?;
    Ok(found(team.version, TeamResponse::from(team)))
}

/// Create a team, or find the one with its name
///
/// The call can be repeated: an account has one team of a name, whatever the case of its letters.
#[utoipa::path(
    post,
    path = "/v1/teams",
    tag = "Teams",
    request_body = TeamRequest,
    responses(
        (status = 200, description = "The team that has the name already.", body = TeamResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 201, description = "The team was created.", body = TeamResponse),
        (status = 409, description = "Other callers keep changing teams.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create_team(
    State(deps): State<Arc<Deps>>,
    call: Call,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let name = read_name(body.0)?;
    let now = call.now();
    let team = Team {
        id: TeamId::new(call.ids().draw()),
        scope: call.scope(),
        name,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let change = Change {
        event: Event::TeamCreated(team.id),
        before: Value::Null,
        after: facts(&team),
    };
    let entry = call.audit(change, now);
    for _ in 0..ATTEMPTS {
        if let Some(team) = deps.teams.team_named(call.scope(), &team.name).await? {
            return Ok(found(team.version, TeamResponse::from(team)));
        }
        let added = deps.teams.add_team(&team, by(&call, &entry)).await;
        match added.map_err(ApiError::from) {
            Ok(TeamAdded::New) => {
                log(&entry);
                return Ok(created(team.version, TeamResponse::from(team), false));
            }
            Ok(TeamAdded::Existing(team)) => {
                return Ok(found(team.version, TeamResponse::from(*team)));
            }
            Err(error) if *error.kind() == CHANGED_MEANWHILE => {}
            Err(error) => return Err(error),
        }
    }
    Err(ApiError::new(&CHANGED_MEANWHILE))
}

/// Rename a team
#[utoipa::path(
    patch,
    path = "/v1/teams/{team_id}",
    tag = "Teams",
    params(TeamPath, IfMatchHeader),
    request_body = TeamRequest,
    responses(
        (status = 200, description = "The changed team.", body = TeamResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update_team(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<TeamPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let name = read_name(body.0)?;
    let (deps, call, name) = (&*deps, &call, &name);
    amend(
        &if_match,
        || read(deps, call, path.team_id),
        |team| async move {
            if team.name == *name {
                return Ok(found(team.version, TeamResponse::from(team)));
            }
            let now = call.now();
            let changed = Team {
                name: name.clone(),
                updated_at: now,
                ..team.clone()
            };
            let change = Change {
                event: Event::TeamUpdated(team.id),
                before: facts(&team),
                after: facts(&changed),
            };
            let entry = call.audit(change, now);
            let outcome = deps
                .teams
                .update_team(&changed, &team, by(call, &entry))
                .await?;
            if outcome == TeamOutcome::NameTaken {
                return Err(name_taken());
            }
            log(&entry);
            Ok(found(team.version + 1, TeamResponse::from(changed)))
        },
    )
    .await
}

/// Delete a team
///
/// Refused while a member is in it. Deleting a team never widens anybody's access.
#[utoipa::path(
    delete,
    path = "/v1/teams/{team_id}",
    tag = "Teams",
    params(TeamPath, IfMatchHeader),
    responses(
        (status = 204, description = "The team is deleted."),
        (status = 409, description = "Members are in the team, or other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_team(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<TeamPath>,
) -> Result<StatusCode, ApiError> {
    let (deps, call) = (&*deps, &call);
    amend(
        &if_match,
        || read(deps, call, path.team_id),
        |team| async move {
            check_empty(deps, call, team.id).await?;
            let change = Change {
                event: Event::TeamDeleted(team.id),
                before: facts(&team),
                after: Value::Null,
            };
            let entry = call.audit(change, call.now());
            deps.teams.delete_team(&team, by(call, &entry)).await?;
            log(&entry);
            Ok(StatusCode::NO_CONTENT)
        },
    )
    .await
}

/// Checks that no member is in a team. One who joins it meanwhile keeps an id that leads to nothing: ids are not used
/// again.
async fn check_empty(deps: &Deps, call: &Call, id: TeamId) -> Result<(), ApiError> {
    let mut members: Vec<Member> = Vec::new();
    let mut wanted = PageRequest {
        limit: PAGE_MAX,
        cursor: None,
        order: Order::OldestFirst,
    };
    let filter = MemberFilter {
        team_id: Some(id),
        ..MemberFilter::default()
    };
    loop {
        let page = deps.members.list_members(call.scope(), &filter, &wanted);
        let page = page.await?;
        members.extend(page.items);
        wanted.cursor = page.next;
        if wanted.cursor.is_none() || members.len() >= NAMED_MAX {
            break;
        }
    }
    if members.is_empty() {
        return Ok(());
    }
    members.truncate(NAMED_MAX);
    Err(ApiError::new(&TEAM_IN_USE).with_member(&MEMBERS, NamedMembers::value(members)))
}

fn name_taken() -> ApiError {
    let mut errors = FieldErrors::default();
    errors.add("name", "is the name of another team");
    errors.into_validation()
}

fn read_name(fields: Map<String, Value>) -> Result<String, ApiError> {
    let mut errors = FieldErrors::default();
    let request: TeamRequest = read_fields(fields, &mut errors);
    let name = validation::required_name("name", request.name.as_deref(), &mut errors);
    match name {
        Some(name) if errors.is_empty() => Ok(name),
        _ => Err(errors.into_validation()),
    }
}

/// Reads a team, which must exist.
async fn read(deps: &Deps, call: &Call, id: TeamId) -> Result<Team, ApiError> {
    let found = deps.teams.get_team(call.scope(), id).await?;
    found.ok_or_else(|| ApiError::not_found("team"))
}

/// The team as the audit log records it.
fn facts(team: &Team) -> Value {
    json!({"name": team.name})
}
