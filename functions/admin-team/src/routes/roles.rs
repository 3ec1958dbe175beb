//! Roles: sets of permissions that members hold (SPEC E27, E35, D26).

use super::members::{MEMBERS, NamedMembers};
use crate::{
    Deps,
    api_types::RolePath,
    by,
    rights::{check_grant, set_of},
};
use axum::{Json, extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IdempotencyKey, IfMatch, JsonBody, Nullable, amend,
    api_types::{IdempotencyHeader, IfMatchHeader, ListResponse, PermissionName, created, found},
    given, log,
    member_work::order_drains,
    problem::{ApiError, CHANGED_MEANWHILE, IDEMPOTENCY_KEY_REUSED, Problem},
    problem_types, read_fields, validation,
};
use vestibule_domain::{
    Timestamp,
    account::permission::{Permission, Permissions},
    event::{AuditEntry, Change, Event},
    ids::{MemberId, RoleId},
    team::{
        member::Member,
        role::{
            AGENT, AGENT_NAME, ROLE_DESCRIPTION_MAX_CHARS, ROLES_MAX, Role, RoleKey, Roles,
            SUPER_ADMIN_NAME,
        },
    },
    text::clean_line,
};

problem_types! {
    ROLE_IN_USE = "role-in-use", CONFLICT, "Members hold the role",
        "`members` lists some of them. Give them another role first.", [MEMBERS];
    TOO_MANY_ROLES = "too-many-roles", CONFLICT, "The account has as many roles as it can have",
        "An account can have 50 custom roles. Delete one first.";
}

/// Members that the refusal of a deletion names.
const NAMED_MAX: u16 = 20;
/// Members of a role whose conversations are requeued when it loses the right to reply, and whose desks are drained when
/// it gains it.
const HOLDERS_MAX: u16 = 1000;
/// Attempts to add a role while others change roles.
const ATTEMPTS: u32 = 4;

/// A role to create.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Approver", "description": "Lets people in.", "permissions": ["access_requests.decide"]}))]
pub struct CreateRoleRequest {
    /// Name, 1 to 100 characters; no other role of the account may have it.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    name: Option<String>,
    /// Purpose of the role, at most 200 characters.
    #[schema(max_length = 200)]
    description: Option<String>,
    /// Permissions: at least one, and only ones that the caller holds.
    #[schema(required = true, nullable = false, min_items = 1)]
    permissions: Option<Vec<PermissionName>>,
}

/// Changes to a role. Fields left out keep their values.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"permissions": ["access_requests.decide", "chat_users.block"]}))]
pub struct UpdateRoleRequest {
    /// Name, 1 to 100 characters; no other role of the account may have it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
    /// Purpose of the role, at most 200 characters; null removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    description: Nullable<String>,
    /// Permissions: at least one, and only ones that the caller holds.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_items = 1)]
    permissions: Option<Vec<PermissionName>>,
}

/// A role.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "key": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Approver", "description": "Lets people in.",
    "permissions": ["access_requests.decide"], "built_in": false,
    "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:00.000Z"
}))]
pub struct RoleResponse {
    /// Key, by which members name their role: `super_admin`, `agent` or the id.
    key: String,
    /// Id of a custom role; null for one that is built in.
    id: Option<String>,
    /// Name.
    name: String,
    /// Purpose of the role, if it is told.
    description: Option<String>,
    /// Permissions of the role.
    permissions: Vec<PermissionName>,
    /// Whether the role is built in; such a one cannot be changed.
    built_in: bool,
    /// Time of creation; null for one that is built in.
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Timestamp>,
    /// Time of the last change; null for one that is built in.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
}

impl From<&Role> for RoleResponse {
    fn from(role: &Role) -> Self {
        Self {
            key: role.id.to_string(),
            id: Some(role.id.to_string()),
            name: role.name.clone(),
            description: role.description.clone(),
            permissions: role.permissions.iter().copied().map(Into::into).collect(),
            built_in: false,
            created_at: Some(role.created_at),
            updated_at: Some(role.updated_at),
        }
    }
}

/// The roles that every account has.
fn built_in() -> [RoleResponse; 2] {
    let role =
        |key: RoleKey, name: &str, description: &str, permissions: &[Permission]| RoleResponse {
            key: key.to_string(),
            id: None,
            name: name.to_owned(),
            description: Some(description.to_owned()),
            permissions: permissions.iter().copied().map(Into::into).collect(),
            built_in: true,
            created_at: None,
            updated_at: None,
        };
    [
        role(
            RoleKey::SuperAdmin,
            SUPER_ADMIN_NAME,
            "Everything, also what later versions add.",
            &Permission::ALL,
        ),
        role(
            RoleKey::Agent,
            AGENT_NAME,
            "Reads and answers conversations.",
            &AGENT,
        ),
    ]
}

/// List the roles
///
/// Built-in and custom ones, in one page.
#[utoipa::path(
    get,
    path = "/v1/roles",
    tag = "Roles",
    responses((status = 200, description = "All roles.", body = ListResponse<RoleResponse>))
)]
pub async fn list_roles(
    State(deps): State<Arc<Deps>>,
    call: Call,
) -> Result<Json<ListResponse<RoleResponse>>, ApiError> {
    let roles = deps.members.roles(call.scope()).await?;
    let custom = roles.custom.iter().map(RoleResponse::from);
    Ok(Json(ListResponse {
        items: built_in().into_iter().chain(custom).collect(),
        next_cursor: None,
    }))
}

/// Read a role
///
/// A custom one; the list shows those that are built in.
#[utoipa::path(
    get,
    path = "/v1/roles/{role_id}",
    tag = "Roles",
    params(RolePath),
    responses((status = 200, description = "The role.", body = RoleResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))))
)]
pub async fn get_role(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<RolePath>,
) -> Result<Response, ApiError> {
    let (role, _) = read(&deps, &call, path.role_id).await?;
    Ok(found(role.version, RoleResponse::from(&role)))
}

/// Create a role
///
/// Nobody makes a role with permissions that they do not hold.
#[utoipa::path(
    post,
    path = "/v1/roles",
    tag = "Roles",
    params(IdempotencyHeader),
    request_body = CreateRoleRequest,
    responses(
        (status = 201, description = "The role was created, by this call or an earlier one with this Idempotency-Key.", body = RoleResponse),
        (status = 409, description = "The account has 50 roles, or other callers keep changing roles.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create_role(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let request_hash = idempotency.request_hash(&body.0);
    let id: RoleId = idempotency.id(&call, "roles");
    let mut errors = FieldErrors::default();
    let request: CreateRoleRequest = read_fields(body.0, &mut errors);
    let name = validation::required_name("name", request.name.as_deref(), &mut errors);
    let description = read_description(request.description.as_deref(), &mut errors);
    let permissions = errors.required("permissions", request.permissions);
    let permissions = read_permissions(permissions, &mut errors);
    let (Some(name), true) = (name, errors.is_empty()) else {
        return Err(errors.into_validation());
    };
    check_grant(&call, &Permissions::Only(permissions.clone()))?;
    let now = call.now();
    let role = Role {
        id,
        name,
        description,
        permissions,
        request_hash,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    for _ in 0..ATTEMPTS {
        let roles = deps.members.roles(call.scope()).await?;
        if let Some(existing) = roles.get(id) {
            return replay(existing, &role);
        }
        check_name(&roles, id, &role.name)?;
        if roles.custom.len() >= ROLES_MAX {
            return Err(ApiError::new(&TOO_MANY_ROLES));
        }
        let change = Change {
            event: Event::RoleCreated(id),
            before: Value::Null,
            after: facts(&role),
        };
        let entry = call.audit(change, now);
        let mut after = roles;
        after.custom.push(role.clone());
        match save(&deps, &call, (&after, &[]), &entry).await {
            Err(error) if *error.kind() == CHANGED_MEANWHILE => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(created(1, RoleResponse::from(&role), false)),
        }
    }
    Err(ApiError::new(&CHANGED_MEANWHILE))
}

/// Answers a repeated call with the role that the first one made.
fn replay(existing: &Role, asked: &Role) -> Result<Response, ApiError> {
    let is_equal = existing.request_hash == asked.request_hash && facts(existing) == facts(asked);
    if is_equal {
        Ok(created(
            existing.version,
            RoleResponse::from(existing),
            true,
        ))
    } else {
        Err(ApiError::new(&IDEMPOTENCY_KEY_REUSED))
    }
}

/// Change a role
///
/// Nobody gives a role, or changes one with, permissions that they do not hold. The change counts from each
/// member's next call on. Conversations of members who may not reply any more wait again within minutes, and those that wait
/// go to members who may reply from then on.
#[utoipa::path(
    patch,
    path = "/v1/roles/{role_id}",
    tag = "Roles",
    params(RolePath, IfMatchHeader),
    request_body = UpdateRoleRequest,
    responses(
        (status = 200, description = "The changed role.", body = RoleResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Other callers keep changing roles.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update_role(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<RolePath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let update = Update::read(body.0)?;
    let (deps, call, update) = (&*deps, &call, &update);
    amend(
        &if_match,
        || read(deps, call, path.role_id),
        |(role, roles)| async move {
            check_role(call, &role)?;
            let now = call.now();
            let changed = Role {
                updated_at: now,
                ..update.apply(&role)
            };
            if facts(&changed) == facts(&role) {
                return Ok(found(role.version, RoleResponse::from(&role)));
            }
            check_grant(call, &Permissions::Only(changed.permissions.clone()))?;
            check_name(&roles, role.id, &changed.name)?;
            let change = Change {
                event: Event::RoleUpdated(role.id),
                before: facts(&role),
                after: facts(&changed),
            };
            let entry = call.audit(change, now);
            // All roles are one row, whose version its store counts; a role's own is counted here.
            let changed = Role {
                version: role.version + 1,
                ..changed
            };
            let mut after = roles;
            for one in after.custom.iter_mut().filter(|one| one.id == role.id) {
                one.clone_from(&changed);
            }
            let turn = ReplyTurn::of(&role, &changed);
            let holders = holders(deps, call, role.id, turn).await?;
            let ids: Vec<MemberId> = holders.iter().map(|member| member.id).collect();
            let losing: &[MemberId] = match turn {
                Some(ReplyTurn::Lost) => &ids,
                Some(ReplyTurn::Gained) | None => &[],
            };
            save(deps, call, (&after, losing), &entry).await?;
            if turn == Some(ReplyTurn::Gained) {
                order_drains(deps.routing.as_ref(), call.scope(), &holders).await;
            }
            Ok(found(changed.version, RoleResponse::from(&changed)))
        },
    )
    .await
}

/// Delete a role
///
/// Refused while a member holds it. Deleting a role never widens anybody's access.
#[utoipa::path(
    delete,
    path = "/v1/roles/{role_id}",
    tag = "Roles",
    params(RolePath, IfMatchHeader),
    responses(
        (status = 204, description = "The role is deleted."),
        (status = 409, description = "Members hold the role, or other callers keep changing roles.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_role(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<RolePath>,
) -> Result<StatusCode, ApiError> {
    let (deps, call) = (&*deps, &call);
    amend(
        &if_match,
        || read(deps, call, path.role_id),
        |(role, roles)| async move {
            check_role(call, &role)?;
            check_unused(deps, call, role.id).await?;
            let change = Change {
                event: Event::RoleDeleted(role.id),
                before: facts(&role),
                after: Value::Null,
            };
            let entry = call.audit(change, call.now());
            let mut after = roles;
            after.custom.retain(|one| one.id != role.id);
            save(deps, call, (&after, &[]), &entry).await?;
            Ok(StatusCode::NO_CONTENT)
        },
    )
    .await
}

/// Checks that no member holds a role.
async fn check_unused(deps: &Deps, call: &Call, id: RoleId) -> Result<(), ApiError> {
    let holders = deps
        .members
        .members_with_role(call.scope(), &RoleKey::Custom(id), NAMED_MAX)
        .await?;
    if holders.is_empty() {
        return Ok(());
    }
    Err(ApiError::new(&ROLE_IN_USE).with_member(&MEMBERS, NamedMembers::value(holders)))
}

/// Checks that a role has no permission that the caller lacks.
fn check_role(call: &Call, role: &Role) -> Result<(), ApiError> {
    let permissions = Permissions::Only(role.permissions.clone());
    let held = &call.caller.permissions;
    held.check_act_on(&permissions)
        .map_err(ApiError::permissions_not_held)
}

/// A change of a role's right to reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReplyTurn {
    /// Conversations that wait may go to the members of the role.
    Gained,
    /// Conversations of the members wait again, except for those of members who hold the right themselves.
    Lost,
}

impl ReplyTurn {
    /// The change of the right by this change of a role, if there is one.
    fn of(before: &Role, after: &Role) -> Option<Self> {
        let replies = |role: &Role| role.permissions.contains(&Permission::ConversationsReply);
        match (replies(before), replies(after)) {
            (false, true) => Some(Self::Gained),
            (true, false) => Some(Self::Lost),
            _ => None,
        }
    }
}

/// The members of a role whose right to reply changes; none if it stays.
async fn holders(
    deps: &Deps,
    call: &Call,
    id: RoleId,
    turn: Option<ReplyTurn>,
) -> Result<Vec<Member>, ApiError> {
    if turn.is_none() {
        return Ok(Vec::new());
    }
    let holders = deps
        .members
        .members_with_role(call.scope(), &RoleKey::Custom(id), HOLDERS_MAX)
        .await?;
    Ok(holders)
}

/// Saves roles, with orders to requeue what these members have.
async fn save(
    deps: &Deps,
    call: &Call,
    (roles, requeue): (&Roles, &[MemberId]),
    entry: &AuditEntry,
) -> Result<(), ApiError> {
    deps.members
        .save_roles(roles, call.scope(), requeue, by(call, entry))
        .await?;
    log(entry);
    Ok(())
}

/// Reads a custom role, which must exist, with all roles.
async fn read(deps: &Deps, call: &Call, id: RoleId) -> Result<(Role, Roles), ApiError> {
    let roles = deps.members.roles(call.scope()).await?;
    let role = roles.get(id).cloned();
    role.map(|role| (role, roles))
        .ok_or_else(|| ApiError::not_found("role"))
}

/// Checks that no other role looks the same.
fn check_name(roles: &Roles, id: RoleId, name: &str) -> Result<(), ApiError> {
    let others = roles.custom.iter().filter(|role| role.id != id);
    let is_taken = others
        .map(|role| role.name.as_str())
        .chain([SUPER_ADMIN_NAME, AGENT_NAME])
        .any(|other| validation::same_name(other, name));
    let mut errors = FieldErrors::default();
    if is_taken {
        errors.add("name", "is the name of another role");
    }
    errors.check_body()
}

fn read_description(given: Option<&str>, errors: &mut FieldErrors) -> Option<String> {
    let given = given?;
    if given.chars().count() > ROLE_DESCRIPTION_MAX_CHARS {
        errors.add(
            "description",
            format!("must be at most {ROLE_DESCRIPTION_MAX_CHARS} characters"),
        );
        return None;
    }
    clean_line(given, ROLE_DESCRIPTION_MAX_CHARS)
}

fn read_permissions(
    given: Option<Vec<PermissionName>>,
    errors: &mut FieldErrors,
) -> BTreeSet<Permission> {
    let permissions = set_of(given.unwrap_or_default());
    // When no entry of a list could be read, each entry already has an error of its own.
    if permissions.is_empty() && errors.is_empty() {
        errors.add("permissions", "must name at least one permission");
    }
    permissions
}

/// Changes to a role, checked.
#[derive(Debug)]
struct Update {
    name: Option<String>,
    description: Nullable<String>,
    permissions: Option<BTreeSet<Permission>>,
}

impl Update {
    fn read(fields: Map<String, Value>) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: UpdateRoleRequest = read_fields(fields, &mut errors);
        let name = validation::name("name", request.name.as_deref(), &mut errors);
        let description = match request.description {
            Nullable::Value(text) => {
                read_description(Some(&text), &mut errors).map_or(Nullable::Null, Nullable::Value)
            }
            other => other,
        };
        let permissions = request
            .permissions
            .map(|list| read_permissions(Some(list), &mut errors));
        errors.check_body()?;
        Ok(Self {
            name,
            description,
            permissions,
        })
    }

    fn apply(&self, role: &Role) -> Role {
        Role {
            name: self.name.clone().unwrap_or_else(|| role.name.clone()),
            description: match &self.description {
                Nullable::Absent => role.description.clone(),
                Nullable::Null => None,
                Nullable::Value(text) => Some(text.clone()),
            },
            permissions: self
                .permissions
                .clone()
                .unwrap_or_else(|| role.permissions.clone()),
            ..role.clone()
        }
    }
}

/// The role as the audit log records it.
fn facts(role: &Role) -> Value {
    json!({"name": role.name, "description": role.description, "permissions": role.permissions})
}

#[cfg(test)]
mod tests;
