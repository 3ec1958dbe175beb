//! Actions on an invitation: it is sent again or revoked, or its link is copied (SPEC D24, D25, D26).

use super::{
    AGAIN_AT, InvitationResponse, RESENDS_USED, check_address, read, shown, told, with_mail,
};
use crate::{
    Deps,
    api_types::{InvitationPath, InvitationStatusName},
    by,
    rights::check_member,
    routes::{account, members::role_name},
    tokens::{self, InvitationWords},
};
use axum::{Json, extract::State, response::Response};
use serde::Serialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, IfMatch, amend,
    api_types::found,
    log,
    problem::{ApiError, INVITATION_NOT_PENDING, Problem, STATUS},
};
use vestibule_domain::{
    Timestamp,
    account::Account,
    event::{AuditEntry, Change, Event},
    ids::InvitationId,
    ports::InvitationView,
    team::{
        invitation::{
            INVITATION_LIFE_DAYS_DEFAULT, Invitation, InvitationStatus, ResendRefused, TokenKind,
        },
        mail::Mail,
        member::{Member, MemberStatus},
        role::Roles,
    },
};

/// Time by which sending again extends an invitation.
const RESEND_LIFE: Duration = Duration::from_hours(24 * INVITATION_LIFE_DAYS_DEFAULT);

/// The problem of an invitation that cannot be accepted any more.
fn not_pending(status: InvitationStatus) -> ApiError {
    let status = InvitationStatusName::from(status).spelling();
    ApiError::new(&INVITATION_NOT_PENDING).with_member(&STATUS, status)
}

/// The records of an invitation, as a change reads them.
type Read = (Invitation, (Member, Vec<Mail>));

async fn read_for_change(deps: &Deps, call: &Call, id: InvitationId) -> Result<Read, ApiError> {
    let view = read(deps, call.scope(), id).await?;
    Ok((view.invitation, (view.member, view.mails)))
}

fn entry_of(call: &Call, event: Event, after: Value, now: Timestamp) -> AuditEntry {
    let before = Value::Null;
    let change = Change {
        event,
        before,
        after,
    };
    call.audit(change, now)
}

/// One call that sends an invitation again.
pub(super) struct Sending<'a> {
    pub deps: &'a Deps,
    pub call: &'a Call,
    pub account: &'a Account,
    pub roles: &'a Roles,
}

/// Sends an invitation again. Returns its version and what to answer.
pub(super) async fn resend(
    sending: &Sending<'_>,
    id: InvitationId,
) -> Result<(u64, InvitationResponse), ApiError> {
    let (deps, call) = (sending.deps, sending.call);
    amend(
        &IfMatch::Absent,
        || read_for_change(deps, call, id),
        |(invitation, (member, mails))| sending.again(invitation, member, mails),
    )
    .await
}

impl Sending<'_> {
    async fn again(
        &self,
        mut invitation: Invitation,
        member: Member,
        mails: Vec<Mail>,
    ) -> Result<(u64, InvitationResponse), ApiError> {
        let (deps, call, now) = (self.deps, self.call, self.call.now());
        check_member(call, self.roles, &member)?;
        if member.status != MemberStatus::Pending {
            return Err(not_pending(invitation.status(now)));
        }
        let base = deps.link_base(&call.origin)?;
        match invitation.resend(now, RESEND_LIFE) {
            Ok(()) => {}
            Err(ResendRefused::NotPending) => return Err(not_pending(invitation.status(now))),
            Err(ResendRefused::TooMany { again_at }) => {
                return Err(ApiError::new(&RESENDS_USED)
                    .with_member(&AGAIN_AT, again_at.to_string())
                    .with_retry_after(again_at.since(now)));
            }
        }
        let is_sent = deps.mail_from.is_some();
        let kind = if is_sent {
            TokenKind::Mailed
        } else {
            TokenKind::Copied
        };
        let rights = member.given(self.roles);
        let token = tokens::add_link(deps, &mut invitation, (kind, &rights), now)?;
        let mail = if is_sent {
            let role_name = role_name(self.roles, &member.role).unwrap_or_default();
            let words = InvitationWords {
                account_name: &self.account.name,
                invited_by: &call.actor().name,
                role_name: &role_name,
            };
            let mail =
                tokens::invitation_mail(deps, &invitation, &member, &token, words, now).await?;
            check_address(deps, &mail).await?;
            Some(mail)
        } else {
            None
        };
        let event = Event::InvitationResent(invitation.id);
        let after = json!({"expires_at": invitation.expires_at, "sent": is_sent});
        let told = told(&invitation, mail.as_ref());
        let entry = entry_of(call, event, after, now).about(told);
        deps.invitations
            .update_invitation(&invitation, None, mail.as_ref(), by(call, &entry))
            .await?;
        log(&entry);
        tokens::send_or_leave(deps, mail.as_ref()).await;
        let version = invitation.version + 1;
        let view = InvitationView {
            invitation,
            member,
            mails: with_mail(mail, mails),
        };
        let link = (!is_sent).then(|| tokens::link(&base, &token));
        let body = shown(deps, call, self.roles, view).await?;
        Ok((version, body.with_link(link)))
    }
}

/// Send an invitation again
///
/// Extends it, and sends a further link; earlier ones keep working. At most three times a day. Without a sender
/// address, the answer has the link.
#[utoipa::path(
    post,
    path = "/v1/invitations/{invitation_id}/resend",
    tag = "Invitations",
    params(InvitationPath),
    responses(
        (status = 200, description = "The invitation.", body = InvitationResponse, headers(("ETag" = String, description = "Version of the record."))),
        (status = 409, description = "It was accepted or revoked, no mail goes to the address, or the invitee holds more than the caller.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "It was sent too often today.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn resend_invitation(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<InvitationPath>,
) -> Result<Response, ApiError> {
    let account = account::read(&deps, call.scope()).await?;
    let roles = deps.members.roles(call.scope()).await?;
    let sending = Sending {
        deps: &deps,
        call: &call,
        account: &account,
        roles: &roles,
    };
    let (version, body) = resend(&sending, path.invitation_id).await?;
    Ok(found(version, body))
}

/// Revoke an invitation
///
/// Its links no longer work, and the pending member is removed. The person can be invited again. Revoking a revoked
/// invitation changes nothing.
#[utoipa::path(
    post,
    path = "/v1/invitations/{invitation_id}/revoke",
    tag = "Invitations",
    params(InvitationPath),
    responses(
        (status = 200, description = "The revoked invitation.", body = InvitationResponse, headers(("ETag" = String, description = "Version of the record."))),
        (status = 409, description = "It was accepted or has expired, or the invitee holds more than the caller.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn revoke_invitation(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<InvitationPath>,
) -> Result<Response, ApiError> {
    let roles = deps.members.roles(call.scope()).await?;
    let (deps, call, roles) = (&*deps, &call, &roles);
    let (version, view) = amend(
        &IfMatch::Absent,
        || read_for_change(deps, call, path.invitation_id),
        |(mut invitation, (member, mails))| async move {
            let now = call.now();
            check_member(call, roles, &member)?;
            let version = invitation.version;
            if invitation.status(now) == InvitationStatus::Revoked {
                let view = InvitationView {
                    invitation,
                    member,
                    mails,
                };
                return Ok((version, view));
            }
            if !invitation.revoke(now) {
                return Err(not_pending(invitation.status(now)));
            }
            let removed = Member {
                status: MemberStatus::Removed,
                updated_at: now,
                ..member
            };
            let event = Event::InvitationRevoked(invitation.id);
            let entry = entry_of(call, event, json!({"member_id": removed.id}), now);
            deps.invitations
                .update_invitation(&invitation, Some(&removed), None, by(call, &entry))
                .await?;
            log(&entry);
            let view = InvitationView {
                invitation,
                member: removed,
                mails,
            };
            Ok((version + 1, view))
        },
    )
    .await?;
    Ok(found(version, shown(deps, call, roles, view).await?))
}

/// A link of an invitation.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationLinkResponse {
    /// The link. It is shown in this answer only.
    #[schema(example = "https://chat.example.com/console/invitation#vsi_…")]
    url: String,
}

/// Copy the link of an invitation
///
/// Draws a further link, to be handed over. It proves no mailbox: a login made by it is unverified until a mailed
/// link proves the address. It opens no more than the invitee has now: once they are given more, by a role that is
/// widened too, it is refused, and a new one can be copied, which ends it. It is on record who copied it.
#[utoipa::path(
    post,
    path = "/v1/invitations/{invitation_id}/link",
    tag = "Invitations",
    params(InvitationPath),
    responses(
        (status = 200, description = "The link.", body = InvitationLinkResponse),
        (status = 409, description = "The invitation is not pending, or the invitee holds more than the caller.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn copy_invitation_link(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<InvitationPath>,
) -> Result<Json<InvitationLinkResponse>, ApiError> {
    let roles = deps.members.roles(call.scope()).await?;
    let base = deps.link_base(&call.origin)?;
    let (deps, call, roles, base) = (&*deps, &call, &roles, &base);
    amend(
        &IfMatch::Absent,
        || read_for_change(deps, call, path.invitation_id),
        |(mut invitation, (member, _))| async move {
            let now = call.now();
            check_member(call, roles, &member)?;
            let status = invitation.status(now);
            if status != InvitationStatus::Pending || member.status != MemberStatus::Pending {
                return Err(not_pending(status));
            }
            let rights = member.given(roles);
            let link = (TokenKind::Copied, &rights);
            let token = tokens::add_link(deps, &mut invitation, link, now)?;
            invitation.updated_at = now;
            let event = Event::InvitationLinkCopied(invitation.id);
            let entry = entry_of(call, event, json!({"member_id": member.id}), now);
            deps.invitations
                .update_invitation(&invitation, None, None, by(call, &entry))
                .await?;
            log(&entry);
            Ok(Json(InvitationLinkResponse {
                url: tokens::link(base, &token),
            }))
        },
    )
    .await
}

/// Lift the block of an invitation's address
///
/// Mail of this account may go to the address again, after a hard bounce or a complaint. Without a block, nothing
/// changes.
#[utoipa::path(
    post,
    path = "/v1/invitations/{invitation_id}/lift-mail-block",
    tag = "Invitations",
    params(InvitationPath),
    responses((status = 200, description = "The invitation.", body = InvitationResponse, headers(("ETag" = String, description = "Version of the record."))))
)]
pub async fn lift_mail_block(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<InvitationPath>,
) -> Result<Response, ApiError> {
    let view = read(&deps, call.scope(), path.invitation_id).await?;
    let roles = deps.members.roles(call.scope()).await?;
    check_member(&call, &roles, &view.member)?;
    let event = Event::InvitationMailBlockLifted(view.invitation.id);
    let entry = entry_of(&call, event, Value::Null, call.now());
    let lifted = deps
        .mails
        .lift_block(call.scope(), &view.invitation.email, by(&call, &entry))
        .await?;
    if lifted {
        log(&entry);
    }
    let version = view.invitation.version;
    Ok(found(version, shown(&deps, &call, &roles, view).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SPEC D24.
    #[test]
    fn an_invitation_that_ended_is_told_by_its_status() {
        for (status, word) in [
            (InvitationStatus::Accepted, "accepted"),
            (InvitationStatus::Revoked, "revoked"),
            (InvitationStatus::Expired, "expired"),
        ] {
            let problem = not_pending(status).problem("id");
            assert_eq!(problem.status, 409);
            assert_eq!(problem.members["state"], json!(word));
        }
    }
}
