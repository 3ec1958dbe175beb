//! `PATCH /v1/members/{member_id}` (SPEC D13, D14, D26).

use super::{
    MemberResponse, facts, read,
    work::{WorkChange, WorkRequest},
};
use crate::{
    Deps,
    api_types::MemberPath,
    by,
    rights::{LAST_SUPER_ADMIN, check_clients, check_grant, check_member, set_of},
    routes::invitations::draft::{known_clients, read_clients, read_role},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeSet, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, Nullable, amend,
    api_types::{IfMatchHeader, PermissionName, found},
    given, log,
    member_work::order_work,
    problem::{ApiError, Problem, UNVERIFIED_LOGIN},
    read_fields, validation,
};
use vestibule_domain::{
    account::permission::Permission,
    event::{Change, Event},
    ports::MemberOutcome,
    routing::seat_of::MemberChange,
    team::{
        client_access::ClientAccess,
        member::{Member, MemberStatus},
        role::{RoleKey, Roles},
        work::PrunedChannel,
    },
};

/// Changes to a member. Fields left out keep their values.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "agent", "extra_permissions": ["access_requests.decide"], "clients": "all", "work": {"channels": {"sms": 3}}}))]
pub struct UpdateMemberRequest {
    /// Name, 1 to 100 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
    /// Role: `super_admin`, `agent`, the id of a custom role, or null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    role: Nullable<String>,
    /// Permissions besides those of the role. Only ones that the caller holds.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    extra_permissions: Option<Vec<PermissionName>>,
    /// Clients whose records the member may touch: `"all"`, or a list of ids.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    clients: Option<Value>,
    /// Work that the member can be given.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    work: Option<WorkRequest>,
}

/// Changes to a member, checked.
#[derive(Debug)]
struct Update {
    name: Option<String>,
    role: Option<RoleKey>,
    extra: Option<BTreeSet<Permission>>,
    clients: Option<ClientAccess>,
    work: WorkChange,
}

impl Update {
    async fn read(
        deps: &Deps,
        call: &Call,
        roles: &Roles,
        fields: Map<String, Value>,
    ) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: UpdateMemberRequest = read_fields(fields, &mut errors);
        let name = validation::name("name", request.name.as_deref(), &mut errors);
        let role = match &request.role {
            Nullable::Absent => None,
            Nullable::Null => Some(RoleKey::None),
            Nullable::Value(text) => read_role(text, roles, &mut errors),
        };
        let clients = request.clients.as_ref();
        let clients = clients.and_then(|value| read_clients(value, &mut errors));
        if let Some(clients) = &clients {
            check_clients(call, clients, &mut errors);
        }
        let work = request.work.unwrap_or_default();
        let work = WorkChange::read(deps, call.scope(), work, &mut errors).await?;
        errors.check_body()?;
        Ok(Self {
            name,
            role,
            extra: request.extra_permissions.map(set_of),
            clients,
            work,
        })
    }

    /// Makes the changed member, and tells which channels of clients were taken away.
    fn apply(&self, member: &Member) -> Result<(Member, Vec<PrunedChannel>), ApiError> {
        let mut changed = member.clone();
        if let Some(name) = &self.name {
            name.clone_into(&mut changed.name);
        }
        if let Some(role) = &self.role {
            changed.role.clone_from(role);
        }
        if let Some(extra) = &self.extra {
            changed.extra.clone_from(extra);
        }
        if let Some(clients) = &self.clients {
            changed.clients.clone_from(clients);
        }
        let (work, pruned) = self.work.apply(&member.work, &changed.clients)?;
        let paused = &mut changed.availability.paused;
        paused.retain(|channel| work.channels.contains_key(channel));
        changed.work = work;
        Ok((changed, pruned))
    }
}

/// Change a member
///
/// Name, role, further permissions, access to clients and work, before and after the invitation is accepted. A channel
/// that is taken away goes with its limit and from the channels of every client, and the answer tells from which.
/// Conversations that the member may no longer have wait again. Nobody
/// grants what they do not hold, nor changes somebody who holds more. A member whose login a copied link made gets no
/// more than that link could open, until a mailed link proves the invited address.
#[utoipa::path(
    patch,
    path = "/v1/members/{member_id}",
    tag = "Members",
    params(MemberPath, IfMatchHeader),
    request_body = UpdateMemberRequest,
    responses(
        (status = 200, description = "The changed member.", body = MemberResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "The member holds more than the caller, or is the last active super admin, or joined by a copied link and has not proven the address, or other callers keep changing the record.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update_member(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<MemberPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let roles = deps.members.roles(call.scope()).await?;
    let update = Update::read(&deps, &call, &roles, body.0).await?;
    if let Some(clients) = &update.clients {
        known_clients(&deps, call.scope(), clients).await?;
    }
    let (deps, call, update, roles) = (&deps, &call, &update, &roles);
    amend(
        &if_match,
        || read(deps, call.scope(), path.member_id),
        |member| async move {
            if member.status == MemberStatus::Removed {
                return Err(ApiError::not_found("member"));
            }
            check_member(call, roles, &member)?;
            let seen = deps.members.last_seen(&[&member]).await?;
            let now = call.now();
            let (changed, pruned) = update.apply(&member)?;
            let changed = Member {
                updated_at: now,
                ..changed
            };
            let version = member.version;
            if facts(&changed) == facts(&member) {
                let body = MemberResponse::of(member, roles, &seen, call);
                return Ok(found(version, body.with_pruned(pruned)));
            }
            check_grant(call, &roles.effective(&changed.role, &changed.extra))?;
            // Whoever copied the link may have made the login, so it is given nothing beyond what that link could open.
            if member.outgrows_limit(&changed, roles) {
                return Err(ApiError::new(&UNVERIFIED_LOGIN));
            }
            let change = Change {
                event: Event::MemberUpdated(member.id),
                before: facts(&member),
                after: facts(&changed),
            };
            let entry = call.audit(change, now);
            let outcome = deps
                .members
                .update_member(&changed, &member, &[], by(call, &entry))
                .await?;
            if outcome == MemberOutcome::LastSuperAdmin {
                return Err(ApiError::new(&LAST_SUPER_ADMIN));
            }
            log(&entry);
            let queue = deps.routing.as_ref();
            order_work(queue, MemberChange::new(&member, &changed)).await;
            let body = MemberResponse::of(changed, roles, &seen, call);
            Ok(found(version + 1, body.with_pruned(pruned)))
        },
    )
    .await
}
