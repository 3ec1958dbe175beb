//! Members: the people who run the account (SPEC D19–D26, E02–E05).

pub mod availability;
pub mod end;
pub mod image;
pub mod update;
pub mod work;

use crate::{
    Deps,
    api_types::{MemberPath, MemberStatusName},
};
use availability::AvailabilityResponse;
use axum::{Json, extract::State, response::Response};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, Call, FieldErrors, ListFilter, ListQuery, PageParams,
    api_types::{ListResponse, PermissionName, found},
    problem::{ApiError, ProblemMember, STATUS},
    problem_types, validation,
};
use vestibule_domain::{
    AccountScope, Timestamp,
    ids::MemberId,
    ports::{LastSeen, MemberFilter},
    team::{
        client_access::ClientAccess,
        member::Member,
        role::{RoleKey, Roles},
        work::PrunedChannel,
    },
};
use work::{PrunedChannelResponse, WorkResponse};

problem_types! {
    MEMBER_NOT_ACTIVE = "member-not-active", CONFLICT, "The member is not in the account",
        "`state` is the member's status. Only active members are suspended, and only suspended ones reinstated.", [STATUS];
}

/// The member `members` of problems that name members.
pub(super) const MEMBERS: ProblemMember =
    ProblemMember::named::<NamedMembers>("members", "Members that stand in the way; 20 at most.");

/// Members, each with its name.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedMembers(Vec<NamedMember>);

impl NamedMembers {
    /// Members as the problem's member that names them.
    pub(super) fn value(members: Vec<Member>) -> Value {
        let named = members.into_iter().map(|member| NamedMember {
            id: member.id.to_string(),
            name: member.name,
        });
        // A list of structs of strings always serialises to JSON.
        serde_json::to_value(Self(named.collect())).unwrap_or_default()
    }
}

/// A member, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Grace Hopper"}))]
pub struct NamedMember {
    /// Id.
    id: String,
    /// Name.
    name: String,
}

/// The role of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"key": "agent", "name": "Agent"}))]
pub struct MemberRole {
    /// `super_admin`, `agent` or the id of a custom role.
    key: String,
    /// Name of the role.
    name: String,
}

/// Name of a role for people; `None` if there is no role.
pub(super) fn role_name(roles: &Roles, key: &RoleKey) -> Option<String> {
    if *key == RoleKey::None {
        return None;
    }
    // A role that was deleted meanwhile allows nothing (SPEC E35).
    Some(roles.name_of(key).unwrap_or("Deleted role").to_owned())
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "email": "grace@example.com", "name": "Grace Hopper",
    "role": {"key": "agent", "name": "Agent"}, "extra_permissions": ["access_requests.decide"],
    "permissions": ["access_requests.decide", "conversations.read"], "clients": "all",
    "work": {"channels": {"sms": 3}, "client_channels": {}, "teams": [], "skills": ["German"]},
    "availability": {"state": "available", "paused": [], "since": "2026-11-22T10:00:00.000Z"}, "status": "active",
    "invitation_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X", "is_you": false, "last_seen_at": "2026-11-24T09:00:00.000Z",
    "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:00.000Z"
}))]
pub struct MemberResponse {
    /// Id.
    id: String,
    /// E-mail address.
    email: String,
    /// Name.
    name: String,
    /// Role; null if the member has none.
    role: Option<MemberRole>,
    /// Permissions besides those of the role.
    extra_permissions: Vec<PermissionName>,
    /// All permissions that the member holds.
    permissions: Vec<PermissionName>,
    /// Clients whose records the member may touch: `"all"`, or a list of ids.
    clients: Value,
    /// Work that the member can be given.
    work: WorkResponse,
    /// Availability. It counts while the member is active.
    availability: AvailabilityResponse,
    /// Status.
    status: MemberStatusName,
    /// The latest invitation; null if there was none.
    invitation_id: Option<String>,
    /// Whether the caller is this member.
    is_you: bool,
    /// Time at which the person last used a session in this account, noted once an hour; null if they never did, or not
    /// in the last 400 days. Calls with an API key and those that the console makes by itself do not count.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen_at: Option<Timestamp>,
    /// Channels of clients that were taken away with an allowed channel or a client, only in the answer to the call that
    /// took them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pruned: Option<Vec<PrunedChannelResponse>>,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl MemberResponse {
    /// Renders a member, whom these last uses may name, for this caller.
    pub(super) fn of(member: Member, roles: &Roles, seen: &LastSeen, call: &Call) -> Self {
        let permissions = member.permissions(roles);
        Self {
            role: role_name(roles, &member.role).map(|name| MemberRole {
                key: member.role.to_string(),
                name,
            }),
            permissions: permissions.listed().into_iter().map(Into::into).collect(),
            extra_permissions: member.extra.into_iter().map(Into::into).collect(),
            clients: clients_value(&member.clients),
            work: (&member.work).into(),
            availability: member.availability.into(),
            status: member.status.into(),
            invitation_id: member.invitation_id.map(|id| id.to_string()),
            is_you: call.caller.member_id == Some(member.id),
            last_seen_at: seen.get(&member.id).copied(),
            pruned: None,
            id: member.id.to_string(),
            email: member.email.as_str().to_owned(),
            name: member.name,
            created_at: member.created_at,
            updated_at: member.updated_at,
        }
    }

    /// Tells what was taken away by the call.
    pub(super) fn with_pruned(mut self, pruned: Vec<PrunedChannel>) -> Self {
        self.pruned = Some(pruned.into_iter().map(Into::into).collect());
        self
    }
}

/// Access to clients on the wire.
pub(super) fn clients_value(clients: &ClientAccess) -> Value {
    // A word or a list of strings always serialises to JSON.
    serde_json::to_value(clients).unwrap_or_default()
}

/// The facts of a member that the audit log records.
pub(super) fn facts(member: &Member) -> Value {
    json!({
        "name": member.name,
        "role": member.role,
        "extra_permissions": member.extra,
        "clients": clients_value(&member.clients),
        "work": work::facts(&member.work),
        "status": member.status,
    })
}

/// Filters of a list of members, as received.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MemberParams {
    /// Only members with this role: `super_admin`, `agent`, `none` or the id of a custom role.
    #[param(nullable = false, example = "agent")]
    role: Option<String>,
    /// Only members with this status. Removed members are in no list.
    #[param(value_type = Option<MemberStatusName>, nullable = false)]
    status: Option<String>,
    /// Only members of this team.
    #[param(nullable = false, format = "id")]
    team_id: Option<String>,
}

/// Filters of a list of members.
#[derive(Debug, Default)]
pub struct MemberList(MemberFilter);

impl ListFilter for MemberList {
    type Params = MemberParams;

    fn read(params: MemberParams, errors: &mut FieldErrors) -> Self {
        let role = params.role.as_deref().and_then(|text| {
            let role = text.parse::<RoleKey>().ok();
            if role.is_none() {
                errors.add(
                    "role",
                    "must be `super_admin`, `agent`, `none` or a role's id",
                );
            }
            role
        });
        let status = validation::one_of(
            "status",
            params.status.as_deref(),
            MemberStatusName::SPELLINGS,
            MemberStatusName::parse,
            errors,
        );
        Self(MemberFilter {
            role,
            status: status.map(Into::into),
            team_id: validation::id("team_id", params.team_id.as_deref(), errors),
        })
    }
}

/// List the members
///
/// Members who are invited, active or suspended, by name.
#[utoipa::path(
    get,
    path = "/v1/members",
    tag = "Members",
    params(PageParams, MemberParams),
    responses((status = 200, description = "One page.", body = ListResponse<MemberResponse>))
)]
pub async fn list_members(
    State(deps): State<Arc<Deps>>,
    call: Call,
    query: ListQuery<MemberList>,
) -> Result<Json<ListResponse<MemberResponse>>, ApiError> {
    let MemberList(filter) = query.filter;
    let page = deps
        .members
        .list_members(call.scope(), &filter, &query.page)
        .await?;
    let listed: Vec<&Member> = page.items.iter().collect();
    let (roles, seen) = try_join(
        deps.members.roles(call.scope()),
        deps.members.last_seen(&listed),
    )
    .await?;
    Ok(ListResponse::of(page, |member| {
        MemberResponse::of(member, &roles, &seen, &call)
    }))
}

/// Read a member
///
/// Members who were removed can still be read by their id.
#[utoipa::path(
    get,
    path = "/v1/members/{member_id}",
    tag = "Members",
    params(MemberPath),
    responses((status = 200, description = "The member.", body = MemberResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))))
)]
pub async fn get_member(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<MemberPath>,
) -> Result<Response, ApiError> {
    let member = read(&deps, call.scope(), path.member_id).await?;
    let (roles, seen) = try_join(
        deps.members.roles(call.scope()),
        deps.members.last_seen(&[&member]),
    )
    .await?;
    let version = member.version;
    let body = MemberResponse::of(member, &roles, &seen, &call);
    Ok(found(version, body))
}

/// Reads a member, who must exist.
pub(super) async fn read(
    deps: &Deps,
    scope: AccountScope,
    id: MemberId,
) -> Result<Member, ApiError> {
    deps.members
        .get_member(scope, id)
        .await?
        .ok_or_else(|| ApiError::not_found("member"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use vestibule_domain::{
        ids::{ClientId, RoleId},
        team::member::MemberStatus,
    };

    fn filter(role: Option<&str>, status: Option<&str>) -> Result<MemberFilter, ApiError> {
        let mut errors = FieldErrors::default();
        let params = MemberParams {
            role: role.map(str::to_owned),
            status: status.map(str::to_owned),
            team_id: None,
        };
        let MemberList(filter) = MemberList::read(params, &mut errors);
        errors.check_parameters().map(|()| filter)
    }

    #[test]
    fn members_are_filtered_by_role_and_status_and_an_unknown_one_is_named() {
        let found = filter(Some("super_admin"), Some("pending")).unwrap();
        assert_eq!(found.role, Some(RoleKey::SuperAdmin));
        assert_eq!(found.status, Some(MemberStatus::Pending));
        let id = RoleId::derive(&["r"]);
        let found = filter(Some(&id.to_string()), None).unwrap();
        assert_eq!(
            (found.role, found.status),
            (Some(RoleKey::Custom(id)), None)
        );
        let refused = filter(Some("boss"), Some("gone")).unwrap_err();
        let fields: Vec<_> = refused.errors().iter().map(|one| &one.field).collect();
        assert_eq!(fields, ["role", "status"]);
    }

    /// SPEC E35.
    #[test]
    fn a_role_is_shown_by_its_name_and_a_deleted_one_as_deleted() {
        let roles = Roles::default();
        let named = |key: RoleKey| role_name(&roles, &key);
        assert_eq!(named(RoleKey::SuperAdmin).as_deref(), Some("Super Admin"));
        assert_eq!(named(RoleKey::Agent).as_deref(), Some("Agent"));
        assert_eq!(named(RoleKey::None), None);
        let deleted = RoleKey::Custom(RoleId::derive(&["r"]));
        assert_eq!(named(deleted).as_deref(), Some("Deleted role"));
    }

    #[test]
    fn access_to_clients_is_a_word_or_a_list_on_the_wire() {
        assert_eq!(clients_value(&ClientAccess::All), "all");
        let id = ClientId::derive(&["c"]);
        let some = ClientAccess::Only(BTreeSet::from([id]));
        assert_eq!(clients_value(&some), json!([id]));
    }
}
