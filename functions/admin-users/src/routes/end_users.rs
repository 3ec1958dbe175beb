//! Users of a project: people whom it knows by name and phone number (SPEC C).

pub mod create;
pub mod delete;
pub mod export;
pub mod export_all;
mod input;
pub mod update;

use crate::{
    Deps,
    api_types::{EndUserPath, EndUserSourceName, ProjectPath},
    environments::Environments,
    serving::chat_users_of,
};
use axum::{Json, extract::State, response::Response};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, Call, FieldErrors, ListFilter, ListQuery, PlaceParams,
    api_types::{ListResponse, found},
    jobs::index_or_leave,
    problem::{ApiError, ProblemMember},
    problem_types, project_of_empty_list,
    search::{self, MatchResponse},
    validation,
};
use vestibule_domain::{
    ProjectScope, Timestamp,
    account::permission::Permission,
    chat::user::ChatUser,
    directory::end_user::EndUser,
    ids::EndUserId,
    ports::{CountUpTo, EndUserFilter},
    search::{IndexRecord, SearchTarget, texts_of_end_user},
};
use vestibule_phone as phone;

problem_types! {
    PHONE_TAKEN = "phone-taken", CONFLICT, "The phone number is taken",
        "`end_user` has this phone number, in this form or another one. It is left out for a caller who may not read users.", [END_USER];
}

/// The `end_user` member of problems about a taken phone number.
const END_USER: ProblemMember =
    ProblemMember::named::<NamedEndUser>("end_user", "The user who stands in the way.");

/// A user by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "display_name": "Ada Lovelace"}))]
pub struct NamedEndUser {
    /// Id.
    id: String,
    /// Name to show; the phone number or the e-mail address of a user without names.
    display_name: String,
}

/// A user of a project.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "source": "invited", "first_name": "Ada", "middle_name": null, "last_name": "Lovelace",
    "full_name": "Ada Lovelace", "email": "ada@example.com", "phone": "+4915123456789", "phone_display": "+49 1512 3456789",
    "phone_warning": false, "environments": [{"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X", "name": "Production"}],
    "matches": [], "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:00.000Z", "version": 1
}))]
pub struct EndUserResponse {
    /// Id.
    id: String,
    /// Way in which the user came into the project.
    source: EndUserSourceName,
    /// First name.
    first_name: Option<String>,
    /// Middle name.
    middle_name: Option<String>,
    /// Last name.
    last_name: Option<String>,
    /// The names in one text; empty without any.
    full_name: String,
    /// E-mail address. Several users may share one.
    email: Option<String>,
    /// Phone number: a plus sign and digits. A user who registered by writing may have none.
    phone: Option<String>,
    /// Phone number as its country writes it.
    phone_display: Option<String>,
    /// Whether the phone number is of a range that is not known to be in use.
    phone_warning: bool,
    /// Environments in which the user may talk to the agent, in the project's order.
    environments: Vec<EndUserEnvironment>,
    /// Places at which the words of a search occur, in a list with `q`. Those of the phone number are in `phone_display`.
    matches: Vec<MatchResponse>,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Version of the record, as in `ETag`.
    version: u64,
}

/// An environment in which a user may talk to the agent.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndUserEnvironment {
    /// Id.
    id: String,
    /// Name.
    name: String,
}

impl EndUserResponse {
    fn of(user: &EndUser, environments: &Environments) -> Self {
        let number = user.phone.as_ref();
        Self {
            id: user.id.to_string(),
            source: user.source.into(),
            first_name: user.names.first.clone(),
            middle_name: user.names.middle.clone(),
            last_name: user.names.last.clone(),
            full_name: user.names.full(),
            email: user.email.as_ref().map(ToString::to_string),
            phone: number.map(ToString::to_string),
            phone_display: number.map(phone::display),
            phone_warning: number.is_some_and(|number| !phone::is_valid(number)),
            environments: environments
                .of(&user.environments)
                .into_iter()
                .map(|environment| EndUserEnvironment {
                    id: environment.id.to_string(),
                    name: environment.name.clone(),
                })
                .collect(),
            matches: Vec::new(),
            created_at: user.created_at,
            updated_at: user.updated_at,
            version: user.version,
        }
    }
}

/// A user with the chat users that the user is.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndUserDetailsResponse {
    /// The user.
    #[serde(flatten)]
    user: EndUserResponse,
    /// Chat users that the user is, of the clients whose records the caller may touch.
    chat_users: Vec<LinkedChatUser>,
}

/// A chat user that a user is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "provider": "twilio", "display_name": "Ada", "identifier": "+4915123456789"}))]
pub struct LinkedChatUser {
    /// Id.
    id: String,
    /// Key of the provider.
    provider: String,
    /// Name to show; the identifier where the platform gives no name.
    display_name: String,
    /// Platform's own id of the person.
    identifier: String,
}

impl From<&ChatUser> for LinkedChatUser {
    fn from(user: &ChatUser) -> Self {
        Self {
            id: user.id.to_string(),
            provider: user.identity.provider.key().to_owned(),
            display_name: user.display_name().to_owned(),
            identifier: user.shown_id().identifier.clone(),
        }
    }
}

impl EndUserDetailsResponse {
    /// Reads what is shown beside a user.
    async fn read(deps: &Deps, call: &Call, user: &EndUser) -> Result<Self, ApiError> {
        let environments = Environments::read(deps, user.scope, &user.environments).await?;
        let chat_users = chat_users_of(deps, call, user).await?;
        Ok(Self::of(user, &environments, &chat_users))
    }

    fn of(user: &EndUser, environments: &Environments, chat_users: &[ChatUser]) -> Self {
        Self {
            user: EndUserResponse::of(user, environments),
            chat_users: chat_users.iter().map(Into::into).collect(),
        }
    }
}

/// Order of a list of users.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndUserOrderName {
    /// Latest first.
    Newest,
    /// Earliest first.
    Oldest,
    /// By name.
    Name,
}

/// The order of a list of users, for the documentation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes a parameter")]
pub struct EndUserOrderParams {
    /// Order: `newest` first (default), `oldest` first, or by `name`.
    #[param(required = false, inline)]
    order: EndUserOrderName,
}

/// Filters for users.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EndUserParams {
    /// Only users who hold this environment.
    #[param(nullable = false, format = "id")]
    environment_id: Option<String>,
    /// Only users who came in this way.
    #[param(value_type = Option<EndUserSourceName>, nullable = false)]
    source: Option<String>,
    /// Only users in whose names, e-mail address or phone number each of these words occurs, whatever case, accents and
    /// widths; phone numbers are compared by their digits. The list is then in the order of the search, and pages may be
    /// short.
    #[param(nullable = false, max_length = 200, example = "lovel")]
    q: Option<String>,
}

/// Validated filters.
#[derive(Debug, Default)]
pub struct EndUserQuery(EndUserFilter);

impl ListFilter for EndUserQuery {
    type Params = EndUserParams;
    const ORDERS: &'static [&'static str] = &["name"];

    fn read(params: EndUserParams, errors: &mut FieldErrors) -> Self {
        let environment = params.environment_id.as_deref();
        let source = validation::one_of(
            "source",
            params.source.as_deref(),
            EndUserSourceName::SPELLINGS,
            EndUserSourceName::parse,
            errors,
        );
        Self(EndUserFilter {
            environment_id: validation::id("environment_id", environment, errors),
            source: source.map(Into::into),
            by_name: false,
            query: search::query("q", params.q.as_deref(), errors),
        })
    }

    fn order_by(&mut self, _order: &str, _errors: &mut FieldErrors) {
        self.0.by_name = true;
    }
}

/// List the users
///
/// A page may be short, or empty, before the last one.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/end-users",
    tag = "Users",
    params(ProjectPath, EndUserParams, PlaceParams, EndUserOrderParams),
    responses((status = 200, description = "One page.", body = ListResponse<EndUserResponse>))
)]
pub async fn list_end_users(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ListQuery<EndUserQuery>,
) -> Result<Json<ListResponse<EndUserResponse>>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let page = deps
        .end_users
        .list_end_users(scope, &query.filter.0, &query.page)
        .await?;
    project_of_empty_list(deps.projects.as_ref(), scope, &query.page, &page).await?;
    let held: BTreeSet<_> = page
        .items
        .iter()
        .flat_map(|user| user.environments.iter().copied())
        .collect();
    let environments = Environments::read(&deps, scope, &held).await?;
    let words = query.filter.0.query.as_deref();
    Ok(ListResponse::of(page, |user| {
        let shown = user.phone.as_ref().map(phone::display);
        let texts = texts_of_end_user(&user, shown.as_deref());
        EndUserResponse {
            matches: search::matches(&texts, words),
            ..EndUserResponse::of(&user, &environments)
        }
    }))
}

/// Number of users, counted up to a limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"count": 1000, "more": true}))]
pub struct EndUserCountResponse {
    /// Number counted, at most 1000.
    count: u32,
    /// Whether there are more.
    more: bool,
}

/// Count the users
///
/// Counts up to 1000.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/end-users/counts",
    tag = "Users",
    params(ProjectPath),
    responses((status = 200, description = "The number of users.", body = EndUserCountResponse))
)]
pub async fn count_end_users(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
) -> Result<Json<EndUserCountResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let CountUpTo { count, more } = deps.end_users.count_end_users(scope).await?;
    if count == 0 {
        check_project(&deps, scope).await?;
    }
    Ok(Json(EndUserCountResponse { count, more }))
}

/// Read a user
///
/// Includes the chat users that the user is.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/end-users/{end_user_id}",
    tag = "Users",
    params(EndUserPath),
    responses((status = 200, description = "The user.", body = EndUserDetailsResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))))
)]
pub async fn get_end_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<EndUserPath>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let user = read(&deps, scope, path.end_user_id).await?;
    let body = EndUserDetailsResponse::read(&deps, &call, &user).await?;
    Ok(found(user.version, body))
}

/// Reads a user, who must exist.
async fn read(deps: &Deps, scope: ProjectScope, id: EndUserId) -> Result<EndUser, ApiError> {
    let user = deps.end_users.get_end_user(scope, id).await?;
    user.ok_or_else(|| ApiError::not_found("user"))
}

/// Has the search find a user as the record is now, without waiting for the sweeper.
async fn index(deps: &Deps, scope: ProjectScope, id: EndUserId) {
    let target = SearchTarget::EndUser(id);
    index_or_leave(deps.index.as_ref(), IndexRecord { scope, target }).await;
}

/// Checks that the project exists.
pub async fn check_project(deps: &Deps, scope: ProjectScope) -> Result<(), ApiError> {
    let project = deps
        .projects
        .get_project(scope.account(), scope.project_id())
        .await?;
    project
        .map(|_| ())
        .ok_or_else(|| ApiError::not_found("project"))
}

/// The problem of a phone number that this user has.
fn phone_taken(call: &Call, holder: &EndUser) -> ApiError {
    let problem = ApiError::new(&PHONE_TAKEN);
    if !call.caller.may(Permission::EndUsersRead) {
        return problem;
    }
    let named = NamedEndUser {
        id: holder.id.to_string(),
        display_name: holder.display_name(),
    };
    // A struct of strings always serialises to JSON.
    problem.with_member(&END_USER, serde_json::to_value(named).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_checked_and_the_order_may_be_by_name() {
        let mut errors = FieldErrors::default();
        let mut wanted = EndUserQuery::read(
            EndUserParams {
                environment_id: Some("01JD3Q3Z9V8M4T6K2N7P5R1S0W".to_owned()),
                source: Some("self_registered".to_owned()),
                q: Some(" Ada ".to_owned()),
            },
            &mut errors,
        );
        assert!(errors.is_empty());
        assert!(wanted.0.environment_id.is_some() && wanted.0.source.is_some());
        assert_eq!(wanted.0.query.as_deref(), Some("Ada"));
        assert!(!wanted.0.by_name);
        wanted.order_by("name", &mut errors);
        assert!(wanted.0.by_name && wanted.0.source.is_some());
        EndUserQuery::read(
            EndUserParams {
                environment_id: Some("production".to_owned()),
                source: Some("imported".to_owned()),
                q: Some("x".repeat(201)),
            },
            &mut errors,
        );
        assert!(errors.names("environment_id") && errors.names("source") && errors.names("q"));
    }
}
