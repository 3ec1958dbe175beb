//! `POST /v1/members/{member_id}/suspend`, `/reinstate` and `/remove` (SPEC D19–D23).

use super::{MEMBER_NOT_ACTIVE, MemberResponse, facts, read};
use crate::{
    Deps,
    api_types::{MemberPath, MemberStatusName},
    by,
    rights::{LAST_SUPER_ADMIN, check_member},
};
use axum::{Json, extract::State, response::Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, OptionalJsonBody, amend,
    api_types::found,
    log,
    member_work::order_work,
    problem::{ApiError, Problem, STATUS},
    read_fields,
};
use vestibule_domain::{
    Timestamp,
    account::actor::Actor,
    account::api_key::KeyOwner,
    error::Chain,
    event::{Change, Event},
    ids::MemberId,
    page::{Order, PAGE_MAX, PageRequest},
    ports::MemberOutcome,
    routing::seat_of::MemberChange,
    team::{
        invitation::{Invitation, InvitationStatus},
        member::{Member, MemberStatus},
        role::Roles,
    },
};

/// Pages that are read to find what belongs to a member. An account has fewer invitations and keys.
const PAGES_MAX: usize = 20;
/// Invitations that one removal revokes: its transaction has room for no more.
const REVOKED_MAX: usize = 20;

/// Suspend a member
///
/// The person may not call until they are reinstated, and their API keys rest. Suspending a suspended member
/// changes nothing.
#[utoipa::path(
    post,
    path = "/v1/members/{member_id}/suspend",
    tag = "Members",
    params(MemberPath),
    responses(
        (status = 200, description = "The suspended member.", body = MemberResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "The member holds more than the caller, is the last active super admin, or is not in the account.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn suspend_member(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<MemberPath>,
) -> Result<Response, ApiError> {
    turn(&deps, &call, path.member_id, MemberStatus::Suspended).await
}

/// Reinstate a member
///
/// Ends a suspension. Reinstating an active member changes nothing.
#[utoipa::path(
    post,
    path = "/v1/members/{member_id}/reinstate",
    tag = "Members",
    params(MemberPath),
    responses(
        (status = 200, description = "The active member.", body = MemberResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "The member holds more than the caller, or is not in the account.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn reinstate_member(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<MemberPath>,
) -> Result<Response, ApiError> {
    turn(&deps, &call, path.member_id, MemberStatus::Active).await
}

/// Suspends or reinstates a member.
async fn turn(
    deps: &Deps,
    call: &Call,
    id: MemberId,
    status: MemberStatus,
) -> Result<Response, ApiError> {
    let roles = deps.members.roles(call.scope()).await?;
    let roles = &roles;
    amend(
        &IfMatch::Absent,
        || read(deps, call.scope(), id),
        |member| async move {
            if !matches!(
                member.status,
                MemberStatus::Active | MemberStatus::Suspended
            ) {
                return Err(not_active(member.status));
            }
            check_member(call, roles, &member)?;
            let seen = deps.members.last_seen(&[&member]).await?;
            let version = member.version;
            if member.status == status {
                let body = MemberResponse::of(member, roles, &seen, call);
                return Ok(found(version, body));
            }
            let event = if status == MemberStatus::Suspended {
                Event::MemberSuspended(id)
            } else {
                Event::MemberReinstated(id)
            };
            let changed = end(deps, call, &member, (status, event), &[]).await?;
            let body = MemberResponse::of(changed, roles, &seen, call);
            Ok(found(version + 1, body))
        },
    )
    .await
}

fn not_active(status: MemberStatus) -> ApiError {
    let status = MemberStatusName::from(status).spelling();
    ApiError::new(&MEMBER_NOT_ACTIVE).with_member(&STATUS, status)
}

/// Stores another status of a member, and revokes these invitations.
pub(in crate::routes) async fn end(
    deps: &Deps,
    call: &Call,
    member: &Member,
    (status, event): (MemberStatus, Event),
    revoke: &[Invitation],
) -> Result<Member, ApiError> {
    let now = call.now();
    let changed = Member {
        status,
        updated_at: now,
        ..member.clone()
    };
    let change = Change {
        event,
        before: facts(member),
        after: facts(&changed),
    };
    let entry = call.audit(change, now);
    let outcome = deps
        .members
        .update_member(&changed, member, revoke, by(call, &entry))
        .await?;
    if outcome == MemberOutcome::LastSuperAdmin {
        return Err(ApiError::new(&LAST_SUPER_ADMIN));
    }
    log(&entry);
    order_work(deps.routing.as_ref(), MemberChange::new(member, &changed)).await;
    if status == MemberStatus::Removed {
        note_left(deps, &changed, now).await;
    }
    Ok(changed)
}

/// Notes that the login of a removed member has left its last account, if that is so. It is noted when the person
/// looks at the own login again, should it fail now.
pub(in crate::routes) async fn note_left(deps: &Deps, member: &Member, now: Timestamp) {
    let Some(login_id) = member.login_id else {
        return;
    };
    if let Err(error) = deps.own_logins.note_left(login_id, now).await {
        tracing::warn!(login.id = %login_id, error = %Chain(&error), "that a login left its last account is not noted yet");
    }
}

/// Options of a removal.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"revoke_invitations": true}))]
pub struct RemoveMemberRequest {
    /// Whether the pending invitations that the member made are revoked too; false by default, and then they stay
    /// valid. At most 20 are revoked.
    #[schema(nullable = false)]
    revoke_invitations: Option<bool>,
}

/// A removed member.
#[derive(Debug, Serialize, ToSchema)]
pub struct RemovedMemberResponse {
    /// The member.
    member: MemberResponse,
    /// Records that ended with the member.
    ended: EndedWithMember,
}

/// Records that ended with a member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"api_keys": 2, "invitations": 0}))]
pub struct EndedWithMember {
    /// Number of API keys that the member owned. They are refused from the next call on.
    api_keys: usize,
    /// Number of pending invitations by the member that were revoked.
    invitations: usize,
}

/// Remove a member
///
/// Ends the person's access to this account and their API keys at once. Their other accounts are untouched, and
/// they can be invited again. Removing oneself is leaving the account. A pending member's invitation is revoked.
/// Removing a removed member changes nothing.
#[utoipa::path(
    post,
    path = "/v1/members/{member_id}/remove",
    tag = "Members",
    params(MemberPath),
    request_body(content = Option<RemoveMemberRequest>, description = "Optional."),
    responses(
        (status = 200, description = "The removed member, and what ended with the membership.", body = RemovedMemberResponse),
        (status = 409, description = "The member holds more than the caller, or is the last active super admin.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn remove_member(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<MemberPath>,
    body: OptionalJsonBody,
) -> Result<Json<RemovedMemberResponse>, ApiError> {
    let mut errors = FieldErrors::default();
    let request: RemoveMemberRequest = read_fields(body.0, &mut errors);
    errors.check_body()?;
    let with_invitations = request.revoke_invitations.unwrap_or(false);
    let id = path.member_id;
    let roles = deps.members.roles(call.scope()).await?;
    let (deps, call, roles) = (&*deps, &call, &roles);
    let revoke = if with_invitations {
        invitations_by(deps, call, roles, id).await?
    } else {
        Vec::new()
    };
    let api_keys = keys_of(deps, call, id).await?;
    let revoke = &revoke;
    amend(
        &IfMatch::Absent,
        || read(deps, call.scope(), id),
        |member| async move {
            check_member(call, roles, &member)?;
            let seen = deps.members.last_seen(&[&member]).await?;
            let is_gone = member.status == MemberStatus::Removed;
            let removed = if is_gone {
                member
            } else {
                let event = if call.caller.member_id == Some(id) {
                    Event::MemberLeft(id)
                } else {
                    Event::MemberRemoved(id)
                };
                end(deps, call, &member, (MemberStatus::Removed, event), revoke).await?
            };
            Ok(Json(RemovedMemberResponse {
                member: MemberResponse::of(removed, roles, &seen, call),
                ended: EndedWithMember {
                    api_keys,
                    invitations: if is_gone { 0 } else { revoke.len() },
                },
            }))
        },
    )
    .await
}

/// A request for a page of a list that is read to its end.
fn first_page() -> PageRequest {
    PageRequest {
        limit: PAGE_MAX,
        cursor: None,
        order: Order::NewestFirst,
    }
}

/// The pending invitations that a member made, except for those of somebody above the caller.
async fn invitations_by(
    deps: &Deps,
    call: &Call,
    roles: &Roles,
    id: MemberId,
) -> Result<Vec<Invitation>, ApiError> {
    let inviter = Actor::member(id, String::new()).id;
    let now = call.now();
    let mut found = Vec::new();
    let mut request = first_page();
    for _ in 0..PAGES_MAX {
        let page = deps
            .invitations
            .list_invitations(call.scope(), &request)
            .await?;
        found.extend(
            page.items
                .into_iter()
                .filter(|view| view.invitation.invited_by.id == inviter)
                // The member's own invitation goes with the member.
                .filter(|view| view.member.id != id)
                .filter(|view| view.invitation.status(now) == InvitationStatus::Pending)
                .filter(|view| check_member(call, roles, &view.member).is_ok())
                .map(|view| view.invitation),
        );
        if page.next.is_none() || found.len() >= REVOKED_MAX {
            break;
        }
        request.cursor = page.next;
    }
    found.truncate(REVOKED_MAX);
    Ok(found)
}

/// The number of API keys that a member owns.
async fn keys_of(deps: &Deps, call: &Call, id: MemberId) -> Result<usize, ApiError> {
    let now = call.now();
    let mut count = 0;
    let mut request = PageRequest {
        order: Order::OldestFirst,
        ..first_page()
    };
    for _ in 0..PAGES_MAX {
        let page = deps.api_keys.list_keys(call.scope(), &request).await?;
        count += page
            .items
            .iter()
            .filter(|key| key.owner == KeyOwner::Member { id } && now < key.ends_at())
            .count();
        if page.next.is_none() {
            break;
        }
        request.cursor = page.next;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn who_is_not_in_the_account_is_told_by_status() {
        let problem = not_active(MemberStatus::Pending).problem("id");
        assert_eq!(problem.status, 409);
        assert_eq!(problem.members["state"], json!("pending"));
    }
}
