//! `POST /v1/invitations` (SPEC D03–D08, D15, D24).

use super::{
    ALREADY_INVITED, INVITATION, InvitationResponse,
    change::{Sending, resend},
    check_address,
    draft::{CreateInvitationRequest, Draft, Ground, OnConflict},
    read, shown, told,
};
use crate::{
    Deps, by,
    rights::{check_grant, check_member},
    routes::{
        account,
        members::{facts, role_name},
    },
    tokens::{self, InvitationWords},
};
use axum::{extract::State, response::Response};
use serde_json::{Value, json};
use std::sync::Arc;
use vestibule_admin::{
    Call, IdempotencyKey, JsonBody,
    api_types::{IdempotencyHeader, created},
    log,
    problem::{
        ALREADY_A_MEMBER, ApiError, CHANGED_MEANWHILE, IDEMPOTENCY_KEY_REUSED, Problem,
        TOO_MANY_ATTEMPTS,
    },
};
use vestibule_domain::{
    Timestamp,
    account::Account,
    event::{Change, Event},
    ids::{InvitationId, MemberId},
    ports::{Admission, InvitationView, Invited, NewInvitation},
    secret::Secret,
    team::{
        availability::Availability,
        invitation::{Invitation, InvitationStatus, TokenKind},
        mail::Mail,
        member::{Member, MemberStatus},
        role::Roles,
        throttle::ThrottleKind,
    },
};

/// Invite a person
///
/// Makes a pending member with an invitation, and sends its link by e-mail. Whether the address has a login already
/// is not told: who has one signs in and accepts. Without a sender address, or with `send` set to false, the answer
/// has the link.
#[utoipa::path(
    post,
    path = "/v1/invitations",
    tag = "Invitations",
    params(IdempotencyHeader),
    request_body = CreateInvitationRequest,
    responses(
        (status = 201, description = "The invitation.", body = InvitationResponse),
        (status = 409, description = "The person is a member or invited already, or no mail goes to the address.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "The account invites too many people at once.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create_invitation(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let account = account::read(&deps, call.scope()).await?;
    let roles = deps.members.roles(call.scope()).await?;
    let request_hash = idempotency.request_hash(&body.0);
    let ground = Ground {
        roles: &roles,
        rules: &account.rules,
    };
    let draft = Draft::read(&deps, &call, ground, body.0).await?;
    check_grant(&call, &roles.effective(&draft.role, &draft.extra))?;
    admit(&deps, &call).await?;
    let inviting = Inviting {
        deps: &deps,
        call: &call,
        account: &account,
        roles: &roles,
    };
    let id: InvitationId = idempotency.id(&call, "invitations");
    let made = inviting.make(id, &draft, request_hash).await?;
    inviting.settle(made, draft.on_conflict).await
}

/// Counts an invitation of the account.
async fn admit(deps: &Deps, call: &Call) -> Result<(), ApiError> {
    let account_id = call.scope().account_id().to_string();
    let admission = deps
        .throttles
        .admit(ThrottleKind::Invite, &account_id, call.now())
        .await?;
    match admission {
        Admission::Admitted => Ok(()),
        Admission::Wait(wait) => Err(ApiError::new(&TOO_MANY_ATTEMPTS).with_retry_after(wait)),
    }
}

/// A new invitation with the link to show, if it is not sent.
struct Made {
    new: NewInvitation,
    link: Option<String>,
}

/// One call that invites.
struct Inviting<'a> {
    deps: &'a Deps,
    call: &'a Call,
    account: &'a Account,
    roles: &'a Roles,
}

impl Inviting<'_> {
    /// Makes the records of a new invitation.
    async fn make(
        &self,
        id: InvitationId,
        draft: &Draft,
        request_hash: Option<String>,
    ) -> Result<Made, ApiError> {
        let (deps, call, now) = (self.deps, self.call, self.call.now());
        let base = deps.link_base(&call.origin)?;
        let (mut invitation, member) = self.records(id, draft, request_hash, now);
        let is_sent = draft.send && deps.mail_from.is_some();
        let kind = if is_sent {
            TokenKind::Mailed
        } else {
            TokenKind::Copied
        };
        let rights = member.given(self.roles);
        let token = tokens::add_link(deps, &mut invitation, (kind, &rights), now)?;
        let mail = if is_sent {
            Some(self.mail(&invitation, &member, &token, now).await?)
        } else {
            None
        };
        Ok(Made {
            link: (!is_sent).then(|| tokens::link(&base, &token)),
            new: NewInvitation {
                invitation,
                member,
                mail,
                replaces: None,
            },
        })
    }

    fn records(
        &self,
        id: InvitationId,
        draft: &Draft,
        request_hash: Option<String>,
        now: Timestamp,
    ) -> (Invitation, Member) {
        let call = self.call;
        let member = Member {
            id: MemberId::new(call.ids().draw()),
            scope: call.scope(),
            login_id: None,
            email: draft.email.clone(),
            name: draft.name.clone(),
            role: draft.role.clone(),
            extra: draft.extra.clone(),
            clients: draft.clients.clone(),
            work: draft.work.clone(),
            availability: Availability::available(now),
            limit: None,
            status: MemberStatus::Pending,
            invitation_id: Some(id),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let invitation = Invitation {
            id,
            scope: call.scope(),
            member_id: member.id,
            email: draft.email.clone(),
            method: draft.method.clone(),
            invited_by: call.actor().clone(),
            tokens: Vec::new(),
            copied_rights: None,
            sends: 1,
            resent_at: Vec::new(),
            opened_at: None,
            accepted_at: None,
            revoked_at: None,
            expires_at: now.plus(draft.life),
            request_hash,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        (invitation, member)
    }

    /// Makes the mail, unless the address takes none (SPEC D25).
    async fn mail(
        &self,
        invitation: &Invitation,
        member: &Member,
        token: &Secret,
        now: Timestamp,
    ) -> Result<Mail, ApiError> {
        let role_name = role_name(self.roles, &member.role).unwrap_or_default();
        let words = InvitationWords {
            account_name: &self.account.name,
            invited_by: &self.call.actor().name,
            role_name: &role_name,
        };
        let mail =
            tokens::invitation_mail(self.deps, invitation, member, token, words, now).await?;
        check_address(self.deps, &mail).await?;
        Ok(mail)
    }

    /// Stores the invitation, and does as the caller asked if the person is invited already.
    async fn settle(
        &self,
        mut made: Made,
        on_conflict: Option<OnConflict>,
    ) -> Result<Response, ApiError> {
        let (member, existing) = match self.store(&made.new).await? {
            Invited::New => return self.answer(made).await,
            Invited::Existing(existing) => return self.replay(&made.new, &existing).await,
            Invited::Taken(member, existing) => (member, existing),
        };
        let Some(existing) = existing.filter(|_| member.status == MemberStatus::Pending) else {
            return Err(ApiError::new(&ALREADY_A_MEMBER));
        };
        let is_pending = existing.status(self.call.now()) == InvitationStatus::Pending;
        match on_conflict {
            Some(OnConflict::Resend) => self.resend(&existing).await,
            None if is_pending => Err(self.already_invited(&existing).await?),
            // An invitation that ended makes room for a new one.
            Some(OnConflict::Replace) | None => {
                check_member(self.call, self.roles, &member)?;
                made.new.replaces = Some(*existing);
                match self.store(&made.new).await? {
                    Invited::New => self.answer(made).await,
                    Invited::Existing(_) | Invited::Taken(..) => {
                        Err(ApiError::new(&CHANGED_MEANWHILE))
                    }
                }
            }
        }
    }

    async fn store(&self, new: &NewInvitation) -> Result<Invited, ApiError> {
        let mut after = facts(&new.member);
        if let Value::Object(after) = &mut after {
            after.insert("email".to_owned(), json!(new.invitation.email));
            after.insert("expires_at".to_owned(), json!(new.invitation.expires_at));
            after.insert("sent".to_owned(), json!(new.mail.is_some()));
        }
        let change = Change {
            event: Event::MemberInvited(new.member.id),
            before: Value::Null,
            after,
        };
        let told = told(&new.invitation, new.mail.as_ref());
        let entry = self.call.audit(change, new.invitation.created_at);
        let entry = entry.about(told);
        let outcome = self
            .deps
            .invitations
            .invite(new, by(self.call, &entry))
            .await?;
        if matches!(outcome, Invited::New) {
            log(&entry);
            tokens::send_or_leave(self.deps, new.mail.as_ref()).await;
        }
        Ok(outcome)
    }

    async fn answer(&self, made: Made) -> Result<Response, ApiError> {
        let view = InvitationView {
            invitation: made.new.invitation,
            member: made.new.member,
            mails: made.new.mail.into_iter().collect(),
        };
        let version = view.invitation.version;
        let body = shown(self.deps, self.call, self.roles, view).await?;
        Ok(created(version, body.with_link(made.link), false))
    }

    /// Answers a repeated call. A link is shown once; another one can be copied.
    async fn replay(
        &self,
        asked: &NewInvitation,
        existing: &Invitation,
    ) -> Result<Response, ApiError> {
        if existing.request_hash != asked.invitation.request_hash {
            return Err(ApiError::new(&IDEMPOTENCY_KEY_REUSED));
        }
        let view = read(self.deps, self.call.scope(), existing.id).await?;
        let version = view.invitation.version;
        let body = shown(self.deps, self.call, self.roles, view).await?;
        Ok(created(version, body, true))
    }

    async fn resend(&self, existing: &Invitation) -> Result<Response, ApiError> {
        let sending = Sending {
            deps: self.deps,
            call: self.call,
            account: self.account,
            roles: self.roles,
        };
        let (version, body) = resend(&sending, existing.id).await?;
        Ok(created(version, body, false))
    }

    async fn already_invited(&self, existing: &Invitation) -> Result<ApiError, ApiError> {
        let view = read(self.deps, self.call.scope(), existing.id).await?;
        let body = shown(self.deps, self.call, self.roles, view).await?;
        // A struct of strings, numbers and lists always serialises to JSON.
        let body = serde_json::to_value(body).unwrap_or_default();
        Ok(ApiError::new(&ALREADY_INVITED).with_member(&INVITATION, body))
    }
}
